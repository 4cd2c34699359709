//! The walk through LEFT that finds what is to be brought over.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::protocol::{ProgressItem, Status};

use super::copy::{Seen, conflict, metadata_of};
use super::places::{Clash, Names, Places, file_identity};
use super::same_time::SameTime;
use super::state::is_state_name;
use super::temp::{clear_up, is_temp_name};
use super::trouble::{EntryKind, Halt, Trouble};
use super::worker::Worker;

/// How many entries are looked at between two words to the manager, where that is quick.
const ENTRIES: u32 = 512;
/// The longest time between two words to the manager, where that is slow.
const SILENCE: Duration = Duration::from_secs(1);

/// Something to bring over.
#[derive(Debug)]
pub(super) struct Action {
    /// Where it stands, in LEFT and in RIGHT; empty for the folders themselves.
    pub path: PathBuf,
    /// What stands there on the left: a file, a link or a folder.
    pub kind: EntryKind,
    /// It replaces a newer file.
    pub replaces_newer: bool,
    /// What stands there on the right.
    pub seen: Seen,
}

/// How a file or link on the left compares with what is on the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    Same,
    Differs,
    /// The one on the right differs and is newer.
    RightIsNewer,
}

impl Compared {
    fn differs(differs: bool) -> Self {
        if differs { Self::Differs } else { Self::Same }
    }
}

/// Walks through LEFT and compares it with RIGHT: what is new or changed, each folder before what is in it, its files
/// and links before its folders, by name. What cannot be compared is logged and left out.
pub(super) fn survey(worker: &mut Worker<'_>) -> Result<Vec<Action>, Halt> {
    let times = SameTime::new(worker.item().pair.right());
    let mut survey = Survey {
        worker,
        times,
        actions: Vec::new(),
        places: Places::default(),
        blocked: Vec::new(),
        entries: 0,
        spoken: Instant::now(),
    };
    // A stack of our own: the depth of a tree is the user's choice, that of the thread's stack is not.
    let mut waiting = vec![PathBuf::new()];
    while let Some(folder) = waiting.pop() {
        let folders = survey.visit(&folder)?;
        waiting.extend(folders.into_iter().rev());
    }
    let Survey { mut actions, blocked, .. } = survey;
    actions.retain(|action| !blocked.iter().any(|folder| action.path.starts_with(folder)));
    Ok(actions)
}

struct Survey<'a, 'b> {
    worker: &'a mut Worker<'b>,
    times: SameTime<'b>,
    actions: Vec<Action>,
    places: Places,
    /// Right folders that nothing may be copied into.
    blocked: Vec<PathBuf>,
    entries: u32,
    spoken: Instant,
}

impl Survey<'_, '_> {
    /// Looks at a folder: the folders in it.
    fn visit(&mut self, folder: &Path) -> Result<Vec<PathBuf>, Halt> {
        self.tick(folder)?;
        let right = self.worker.right(folder);
        let here = metadata_of(&self.worker.left(folder)).ok().flatten();
        let exists = match metadata_of(&right) {
            Ok(None) => {
                if !self.meet(folder, here.as_ref(), None)? {
                    return Ok(Vec::new());
                }
                let (kind, seen) = (EntryKind::Folder, Seen::of(None));
                self.actions.push(Action { path: folder.to_owned(), kind, replaces_newer: false, seen });
                false
            }
            Ok(Some(there)) if there.is_dir() => {
                if !self.meet(folder, here.as_ref(), Some(&there))? {
                    return Ok(Vec::new());
                }
                self.clear_up(folder, &right)?;
                true
            }
            // Also a link to a folder: what it leads to is not ours to write into.
            Ok(Some(there)) => {
                let trouble = conflict(&self.worker.left(folder), EntryKind::Folder, &right, &there);
                self.worker.log(folder, &trouble)?;
                return Ok(Vec::new());
            }
            Err(why) => {
                self.worker.log(folder, &Trouble::Write { path: right, why })?;
                return Ok(Vec::new());
            }
        };
        let (mut folders, mut names) = (Vec::new(), Names::default());
        for (name, kind) in self.list(folder)? {
            let path = folder.join(&name);
            self.tick(&path)?;
            match kind {
                EntryKind::Folder => folders.push(path),
                EntryKind::Special(name) => {
                    let left = self.worker.left(&path);
                    self.worker.warn(&path, &format!("{} is a {name}; it is not synchronized", left.display()))?;
                }
                EntryKind::File | EntryKind::Link => {
                    let found = self.find(&path, exists);
                    let other = found.as_ref().ok().and_then(Option::as_ref);
                    if let Some((other, there)) =
                        other.and_then(|there| Some((names.enter(&name, &self.worker.right(&path), there)?, there)))
                    {
                        let kind = EntryKind::of(there.file_type());
                        self.worker.log(&path, &self.one_place(&path, &folder.join(other), kind))?;
                        continue;
                    }
                    let compared = found
                        .and_then(|there| Ok((self.compare(&path, kind, there.as_ref())?, Seen::of(there.as_ref()))));
                    match compared {
                        Ok((Compared::Same, _)) => {}
                        Ok((Compared::RightIsNewer, _)) if self.worker.item().pair.leaves_newer() => {
                            self.worker.newer_left += 1;
                        }
                        Ok((compared, seen)) => {
                            let replaces_newer = compared == Compared::RightIsNewer;
                            self.actions.push(Action { path, kind, replaces_newer, seen });
                        }
                        Err(trouble) => self.worker.log(&path, &trouble)?,
                    }
                }
            }
        }
        Ok(folders)
    }

    /// Whether something may be written into a right folder. One that is a left one too must not be, nor one that another
    /// left folder goes to.
    fn meet(&mut self, folder: &Path, here: Option<&Metadata>, there: Option<&Metadata>) -> Result<bool, Halt> {
        let here = here.and_then(|found| file_identity(&self.worker.left(folder), found));
        let there = there.and_then(|found| file_identity(&self.worker.right(folder), found));
        match self.places.enter(folder, here, there) {
            None => Ok(true),
            Some(Clash::RightIsLeft(right, left)) => {
                let trouble = Trouble::RightIsLeft { right: self.worker.right(&right), left: self.worker.left(&left) };
                self.worker.log(&right, &trouble)?;
                let goes_on = !folder.starts_with(&right);
                self.blocked.push(right);
                Ok(goes_on)
            }
            Some(Clash::RightTwice(folder, other)) => {
                let trouble = self.one_place(&folder, &other, EntryKind::Folder);
                self.worker.log(&folder, &trouble)?;
                Ok(false)
            }
        }
    }

    fn one_place(&self, path: &Path, other: &Path, kind: EntryKind) -> Trouble {
        let (left, other) = (self.worker.left(path).into(), self.worker.left(other).into());
        Trouble::OnePlace { left, other, right: self.worker.right(path).into(), kind }
    }

    /// What stands on the right of a file or link.
    fn find(&self, path: &Path, folder_exists: bool) -> Result<Option<Metadata>, Trouble> {
        if !folder_exists {
            return Ok(None);
        }
        let right = self.worker.right(path);
        metadata_of(&right).map_err(|why| Trouble::Read { path: right, why })
    }

    /// What is in a left folder, by name, without what is ours. What cannot be listed is logged.
    fn list(&mut self, folder: &Path) -> Result<Vec<(OsString, EntryKind)>, Halt> {
        let left = self.worker.left(folder);
        let mut entries = Vec::new();
        let mut failed = None;
        let listing = match fs::read_dir(&left) {
            Ok(listing) => Some(listing),
            // Removed since its parent was listed.
            Err(why) if why.kind() == io::ErrorKind::NotFound && !folder.as_os_str().is_empty() => None,
            Err(why) => {
                failed = Some(why);
                None
            }
        };
        for entry in listing.into_iter().flatten() {
            self.tick(folder)?;
            match entry.and_then(|entry| Ok((entry.file_name(), EntryKind::of(entry.file_type()?)))) {
                Ok((name, _)) if is_temp_name(&name) || is_state_name(&name) => {}
                Ok(entry) => entries.push(entry),
                Err(why) => failed = Some(why),
            }
        }
        if let Some(why) = failed {
            self.worker.log(folder, &Trouble::Read { path: left, why })?;
        }
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(entries)
    }

    /// Whether a file or link is new or changed.
    fn compare(&mut self, path: &Path, kind: EntryKind, there: Option<&Metadata>) -> Result<Compared, Trouble> {
        let Some(there) = there else { return Ok(Compared::Differs) };
        let (left, right) = (self.worker.left(path), self.worker.right(path));
        let cannot_read = |path: &Path, why| Trouble::Read { path: path.to_owned(), why };
        match (kind, EntryKind::of(there.file_type())) {
            (EntryKind::File, EntryKind::File) => {
                let Some(here) = metadata_of(&left).map_err(|why| cannot_read(&left, why))? else {
                    return Ok(Compared::Same);
                };
                let here_time = here.modified().map_err(|why| cannot_read(&left, why))?;
                let there_time = there.modified().map_err(|why| cannot_read(&right, why))?;
                let same_time = self.times.same(here_time, there_time);
                Ok(match here.len() == there.len() && same_time {
                    true => Compared::Same,
                    false if !same_time && there_time > here_time => Compared::RightIsNewer,
                    false => Compared::Differs,
                })
            }
            (EntryKind::Link, EntryKind::Link) => {
                let here = fs::read_link(&left).map_err(|why| cannot_read(&left, why))?;
                let there = fs::read_link(&right).map_err(|why| cannot_read(&right, why))?;
                Ok(Compared::differs(here != there))
            }
            // A link has no content that could be compared, but the file that it replaces has one to lose.
            (EntryKind::Link, EntryKind::File) => {
                let here = metadata_of(&left).map_err(|why| cannot_read(&left, why))?;
                let here = here.and_then(|here| here.modified().ok());
                let there = there.modified().map_err(|why| cannot_read(&right, why))?;
                Ok(if here.is_none_or(|here| here < there) { Compared::RightIsNewer } else { Compared::Differs })
            }
            (_, EntryKind::File | EntryKind::Link) => Ok(Compared::Differs),
            _ => Err(conflict(&left, kind, &right, there)),
        }
    }

    /// Removes what a crashed run left in a right folder.
    fn clear_up(&mut self, folder: &Path, right: &Path) -> Result<(), Halt> {
        // What cannot be listed cannot be cleared up; if it cannot be written either, that will be told.
        for entry in fs::read_dir(right).into_iter().flatten().flatten() {
            if is_temp_name(&entry.file_name()) {
                clear_up(&entry.path());
            }
            self.tick(folder)?;
        }
        Ok(())
    }

    /// Counts an entry, and speaks to the manager now and then.
    fn tick(&mut self, path: &Path) -> Result<(), Halt> {
        self.entries += 1;
        if self.entries < ENTRIES && self.spoken.elapsed() < SILENCE {
            return self.worker.look_up();
        }
        self.entries = 0;
        self.spoken = Instant::now();
        self.worker.report(ProgressItem::status(Status::PENDING).text(self.worker.name(path)))
    }
}
