//! `--watch`: the command runs again whenever the handler, a scenario or the project's settings change.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use notify::{EventKind, RecursiveMode, Watcher, event::ModifyKind};

use super::args::Command;
use super::config::Config;
use super::ended::{Ended, Failure};
use super::output::tell;
use crate::protocol::plain_path;
use crate::runner;
use crate::scenario;

/// For how long nothing must change before the command runs: a linker and an editor write more than once.
const QUIET: Duration = Duration::from_millis(200);

/// What the watch waits for.
enum Change {
    /// Something was created, written, renamed or removed.
    Changed(PathBuf),
    /// The user wants an end.
    Interrupted,
}

/// Whether the command is to run again and again.
pub(super) fn is_wanted(command: &Command) -> bool {
    match command {
        Command::Run(args) => args.watch.watch,
        Command::Replay(args) => args.watch.watch,
        Command::Conform(args) => args.watch.watch,
        _ => false,
    }
}

/// Runs the command now and after each change, until the user ends it. It ends as the last run did.
pub(super) fn watch(command: &Command, config: Option<&Config>) -> Result<Ended, Failure> {
    let (send, came) = channel();
    let watched = Watched::of(command, config)?;
    let (interrupted, changed) = (send.clone(), send);
    // Whoever listens no longer is at the end of the program.
    ctrlc::set_handler(move || drop(interrupted.send(Change::Interrupted)))?;
    let _watcher = watched.watcher(changed)?;
    // What failed runs first the next time.
    let folder = tempfile::tempdir()?;
    let is_suite = matches!(command, Command::Conform(_));
    loop {
        let mut run = process::Command::new(std::env::current_exe()?);
        run.args(arguments());
        if is_suite {
            run.arg("--failing").arg(folder.path().join("failing.json"));
        }
        let status = run.status()?;
        tell(format_args!("mobsync: watching {}; press Ctrl-C to end", watched.words()));
        let Some(changed) = next_change(&came, &watched) else {
            return match status.code() {
                Some(0) => Ok(Ended::Well),
                Some(1) => Ok(Ended::Findings),
                _ => Err(Failure("the last run could not be finished".to_owned())),
            };
        };
        tell(format_args!("mobsync: {} has changed", plain_path(&changed)));
    }
}

/// The arguments of this program, without `--watch`.
fn arguments() -> Vec<OsString> {
    std::env::args_os().skip(1).filter(|word| word != "--watch").collect()
}

/// Waits for a change, and until nothing more changes; nothing when the user wants an end.
fn next_change(came: &Receiver<Change>, watched: &Watched) -> Option<PathBuf> {
    let mut changed = None;
    loop {
        let next = match &changed {
            // A library that is being linked anew may be gone for a moment.
            Some(_) if watched.are_there() => match came.recv_timeout(QUIET) {
                Ok(next) => next,
                Err(_) => return changed,
            },
            _ => came.recv().ok()?,
        };
        match next {
            Change::Changed(path) => changed = changed.or(Some(path)),
            Change::Interrupted => return None,
        }
    }
}

/// What is watched.
struct Watched {
    /// Files, with the folder resolved: what replaces a file is seen in its folder only.
    files: BTreeSet<PathBuf>,
    /// Folders of scenarios.
    folders: BTreeSet<PathBuf>,
}

impl Watched {
    fn of(command: &Command, config: Option<&Config>) -> Result<Self, Failure> {
        let mut watched = Self { files: BTreeSet::new(), folders: BTreeSet::new() };
        let mut handler = None;
        match command {
            Command::Run(args) => handler = args.handler.given().file(),
            Command::Conform(args) => handler = args.handler.given().file(),
            Command::Replay(args) => {
                handler = args.handler.given().and_then(|given| given.file());
                for place in &args.scenarios {
                    match place.is_dir() {
                        true => drop(watched.folders.insert(place.canonicalize()?)),
                        false => watched.add(place)?,
                    }
                }
                for file in runner::find_scenarios(&args.scenarios)? {
                    // One that cannot be read is watched itself, and says what is wrong when it is replayed.
                    let all = scenario::load(&file).map(|scenario| scenario.of_handlers()).unwrap_or_default();
                    let named = all.iter().filter_map(|one| runner::handler_name(&file, one)?.file());
                    for handler in named.collect::<Vec<_>>() {
                        watched.add(&handler)?;
                    }
                }
            }
            _ => {}
        }
        for file in handler.iter().map(PathBuf::as_path).chain(config.map(Config::file)) {
            watched.add(file)?;
        }
        match watched.files.is_empty() && watched.folders.is_empty() {
            true => Err(Failure("--watch: nothing to watch: this handler is not a file".to_owned())),
            false => Ok(watched),
        }
    }

    fn add(&mut self, file: &Path) -> Result<(), Failure> {
        let file = std::path::absolute(file)?;
        let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { return Ok(()) };
        self.files.insert(folder.canonicalize()?.join(name));
        Ok(())
    }

    fn watcher(&self, changed: Sender<Change>) -> Result<notify::RecommendedWatcher, Failure> {
        let (files, folders) = (self.files.clone(), self.folders.clone());
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            // To read a file is no change; a run does that itself.
            if matches!(event.kind, EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_))) {
                return;
            }
            let counts = |path: &&PathBuf| {
                files.contains(*path)
                    || folders.iter().any(|folder| path.starts_with(folder))
                        && path.extension().is_some_and(|extension| extension == "json")
            };
            if let Some(path) = event.paths.iter().find(counts) {
                let _ = changed.send(Change::Changed(path.clone()));
            }
        })?;
        let parents: BTreeSet<&Path> = self.files.iter().filter_map(|file| file.parent()).collect();
        for folder in parents {
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
        }
        for folder in &self.folders {
            watcher.watch(folder, RecursiveMode::Recursive)?;
        }
        Ok(watcher)
    }

    fn are_there(&self) -> bool {
        self.files.iter().all(|file| file.exists())
    }

    /// What is watched, for the user.
    fn words(&self) -> String {
        let all: Vec<&PathBuf> = self.files.iter().chain(&self.folders).collect();
        match all.as_slice() {
            [only] => plain_path(only).to_string(),
            [first, ..] => format!("{} and {} more", plain_path(first), all.len() - 1),
            [] => String::new(),
        }
    }
}
