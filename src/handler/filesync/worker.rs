//! The work on one item, on a thread of its own: look at both folders, bring over what is new or changed, say how it went.

use std::collections::BTreeSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::protocol::{Guid, LogLevel, ProgressItem, Status, plain_path};

use super::copy::{Way, copy_file, copy_link, make_folder};
use super::errors::error_id;
use super::items::FolderItem;
use super::round::{Ending, Round};
use super::state::{self, STATE};
use super::survey::{Action, survey};
use super::trouble::{EntryKind, Failure, Halt, Trouble, Watch};

/// Works on an item until it ends.
pub(super) fn work(round: &Round, index: usize) {
    // A panic would otherwise end the thread and leave the manager waiting. What is shared stands as it did before the
    // step that panicked: every lock is held for one step only.
    let ending = catch_unwind(AssertUnwindSafe(|| Worker::new(round, index).synchronize())).unwrap_or_else(|_| {
        let path = round.items()[index].pair.left().to_owned();
        fail(round, index, &Trouble::Panicked { path })
    });
    round.end(index, ending);
}

/// Ends an item that no thread could be started for.
pub(super) fn give_up(round: &Round, index: usize, why: io::Error) {
    let path = round.items()[index].pair.left().to_owned();
    let ending = fail(round, index, &Trouble::Thread { path, why });
    round.end(index, ending);
}

fn fail(round: &Round, index: usize, trouble: &Trouble) -> Result<Ending, Halt> {
    let mut worker = Worker::new(round, index);
    worker.log(Path::new(""), trouble)?;
    Ok(worker.ending(0))
}

/// One item of a round, and what went wrong with it.
pub(super) struct Worker<'a> {
    round: &'a Round,
    index: usize,
    /// Errors and warnings of this round.
    logged: BTreeSet<Guid>,
    failures: usize,
    /// How many newer files on the right were replaced, and how many were left.
    newer_replaced: usize,
    pub(super) newer_left: usize,
}

impl<'a> Worker<'a> {
    fn new(round: &'a Round, index: usize) -> Self {
        Self { round, index, logged: BTreeSet::new(), failures: 0, newer_replaced: 0, newer_left: 0 }
    }

    pub fn item(&self) -> &'a FolderItem {
        &self.round.items()[self.index]
    }

    /// A path in LEFT.
    pub fn left(&self, path: &Path) -> PathBuf {
        join(self.item().pair.left(), path)
    }

    /// A path in RIGHT.
    pub fn right(&self, path: &Path) -> PathBuf {
        join(self.item().pair.right(), path)
    }

    /// Tells the manager how it goes, and learns whether to go on.
    pub fn report(&self, info: ProgressItem) -> Result<(), Halt> {
        self.round.report(self.index, info)
    }

    /// Whether to go on, without a word to the manager.
    pub fn look_up(&self) -> Result<(), Halt> {
        self.round.look_up(self.index)
    }

    /// Logs what is wrong with a path; the item goes on with the others and ends FAILED.
    pub fn log(&mut self, path: &Path, trouble: &Trouble) -> Result<(), Halt> {
        self.failures += 1;
        self.note(path, LogLevel::ERROR, &trouble.to_string())
    }

    /// Logs what the user should know of a path, without the item being the worse for it.
    pub fn warn(&mut self, path: &Path, text: &str) -> Result<(), Halt> {
        self.note(path, LogLevel::WARNING, text)
    }

    fn note(&mut self, path: &Path, level: LogLevel, text: &str) -> Result<(), Halt> {
        let error = error_id(self.item().id, path);
        self.logged.insert(error);
        self.round.log_error(self.index, error, level, text)
    }

    /// Takes back what an earlier round logged of a path.
    fn mended(&self, path: &Path) -> Result<(), Halt> {
        let error = error_id(self.item().id, path);
        if self.logged.contains(&error) { Ok(()) } else { self.round.delete_error(self.index, error) }
    }

    fn synchronize(mut self) -> Result<Ending, Halt> {
        self.report(ProgressItem::status(Status::PENDING))?;
        let actions = survey(&mut self)?;
        let total = i32::try_from(actions.len()).unwrap_or(i32::MAX);
        self.carry_out(&actions, total)?;
        // Errors of an earlier round that did not come again, wherever they were.
        for error in self.round.errors_of(self.index) {
            if !self.logged.contains(&error) {
                self.round.delete_error(self.index, error)?;
            }
        }
        if self.failures == 0
            && let Err(why) = state::record(self.item().pair.right(), self.item().id)
        {
            let state = self.right(Path::new(STATE));
            let text = format!(
                "everything is up to date, but the time of this synchronization cannot be saved in {}: {why}",
                state.display()
            );
            self.warn(Path::new(STATE), &text)?;
        }
        Ok(self.ending(total))
    }

    fn carry_out(&mut self, actions: &[Action], total: i32) -> Result<(), Halt> {
        let mut buffer = Vec::new();
        let mut blocked: Option<&Path> = None;
        for (value, action) in (0..=i32::MAX).chain(std::iter::repeat(i32::MAX)).zip(actions) {
            // What belongs into a folder that could not be made: one error says it all.
            if blocked.is_some_and(|folder| action.path.starts_with(folder)) {
                continue;
            }
            let progress = ProgressItem::status(Status::UPDATING).at(value, total);
            self.report(progress.clone().text(self.name(&action.path)))?;
            let (left, right) = (self.left(&action.path), self.right(&action.path));
            let copying = Copying { worker: self, progress, path: &action.path };
            let done = match action.kind {
                EntryKind::Folder => make_folder(&left, &right),
                EntryKind::Link => copy_link(Way { left: &left, right: &right, seen: action.seen }),
                // Nothing special is ever among the actions, and this would refuse it.
                EntryKind::File | EntryKind::Special(_) => {
                    copy_file(Way { left: &left, right: &right, seen: action.seen }, &mut buffer, &copying)
                }
            };
            match done {
                Ok(()) if action.replaces_newer => {
                    self.newer_replaced += 1;
                    let text = format!(
                        "{} was newer and is replaced by {}; --update leaves newer files",
                        plain_path(&right),
                        plain_path(&left)
                    );
                    self.warn(&action.path, &text)?;
                }
                Ok(()) => self.mended(&action.path)?,
                Err(Failure::Halt(halt)) => return Err(halt),
                Err(Failure::Trouble(trouble)) => {
                    self.log(&action.path, &trouble)?;
                    if action.kind == EntryKind::Folder {
                        blocked = Some(&action.path);
                    }
                }
            }
        }
        Ok(())
    }

    /// What the user reads for a path.
    pub fn name(&self, path: &Path) -> String {
        if path.as_os_str().is_empty() { self.item().name.clone() } else { path.to_string_lossy().into_owned() }
    }

    /// The ending, and what became of newer files on the right.
    fn ended(&self, status: Status, mut text: String, total: i32) -> Ending {
        for (count, what) in [(self.newer_replaced, "replaced"), (self.newer_left, "left")] {
            if count > 0 {
                let files = if count == 1 { "file" } else { "files" };
                text += &format!(", {count} newer {files} {what}");
            }
        }
        Ending { status, text, total }
    }

    fn ending(&self, total: i32) -> Ending {
        match self.failures {
            0 if total == 0 => self.ended(Status::SUCCEEDED, "nothing has changed".to_owned(), total),
            0 => self.ended(Status::SUCCEEDED, format!("{total} copied"), total),
            count => self.ended(Status::FAILED, format!("{count} could not be copied"), total),
        }
    }
}

/// `folder` itself for the empty path: joining it would add a separator, and so follow a link at the folder's place.
fn join(folder: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { folder.to_owned() } else { folder.join(path) }
}

/// A file of a worker, being copied.
struct Copying<'a> {
    worker: &'a Worker<'a>,
    progress: ProgressItem,
    path: &'a Path,
}

impl Watch for Copying<'_> {
    fn look_up(&self) -> Result<(), Halt> {
        self.worker.look_up()
    }

    fn copied(&self, bytes: u64, size: u64) -> Result<(), Halt> {
        const MIB: u64 = 1 << 20;
        let text = format!("{} ({} of {} MiB)", self.worker.name(self.path), bytes / MIB, size.div_ceil(MIB));
        self.worker.report(self.progress.clone().text(text))
    }
}
