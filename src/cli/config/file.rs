//! `mobsync.toml`: what stands in it, and where it is found.

use std::io::Read;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::cli::args::ApartmentName;
use crate::cli::ended::Failure;
use crate::host::Strategy;
use crate::json::{files, place_of};
use crate::protocol::{Delay, Guid, Profile, plain, plain_path};

/// What the file is called.
pub(in crate::cli) const NAME: &str = "mobsync.toml";

/// The settings of a project. The command line wins over them. Paths are relative to the file.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[schemars(title = "mobsync.toml")]
pub(in crate::cli) struct Settings {
    /// The handler: `filesync`, a native library, or a .json handler file.
    #[schemars(with = "Option<String>")]
    pub(super) handler: Option<Spanned<String>>,
    /// Instead of `handler`: the command of a program that speaks the wire protocol. It is started in the current folder.
    #[schemars(with = "Option<String>")]
    pub(super) exec: Option<Spanned<String>>,
    /// For a native library: the handler's class.
    #[schemars(with = "Option<Guid>")]
    pub(super) clsid: Option<Spanned<Guid>>,
    /// For filesync: LEFT=RIGHT pairs.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) folders: Option<Spanned<Vec<String>>>,
    /// The Windows version that the manager emulates.
    #[schemars(with = "Option<Profile>")]
    pub(super) profile: Option<Spanned<Profile>>,
    /// How callbacks are bound to the manager's apartment.
    #[schemars(with = "Option<ApartmentName>")]
    pub(super) apartment: Option<Spanned<ApartmentName>>,
    /// Report only these rules: codes, families or names.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) select: Option<Spanned<Vec<String>>>,
    /// Do not report these rules.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) ignore: Option<Spanned<Vec<String>>>,
    /// Fail on warnings too.
    #[schemars(with = "Option<bool>")]
    pub(super) strict: Option<Spanned<bool>>,
    /// The file of accepted findings.
    #[schemars(with = "Option<PathBuf>")]
    pub(super) baseline: Option<Spanned<PathBuf>>,
    /// Time limits.
    pub(super) limits: LimitSettings,
    /// Settings of `conform` alone.
    pub(super) conform: ConformSettings,
    /// How far `--explore` goes.
    pub(super) explore: ExploreSettings,
}

/// How far `--explore` goes, in `run` and `conform`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct ExploreSettings {
    /// How often at most a thread is interrupted although it could go on.
    #[schemars(with = "Option<u32>")]
    pub(super) preemptions: Option<Spanned<u32>>,
    /// How many things at most the user does at any legal point.
    #[schemars(with = "Option<u32>")]
    pub(super) actions: Option<Spanned<u32>>,
    /// How many sessions run at most, for each case.
    #[schemars(with = "Option<u64>")]
    pub(super) schedules: Option<Spanned<u64>>,
    /// How long it takes at most, for each case, with its unit: `30s`.
    #[schemars(with = "Option<Delay>")]
    pub(super) time: Option<Spanned<Delay>>,
}

/// Time limits, each with its unit: `2s`, `500ms`, `5m`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct LimitSettings {
    /// Of a call, and of silence while a completion is due.
    #[schemars(with = "Option<Delay>")]
    pub(super) timeout: Option<Spanned<Delay>>,
    /// Within which an asynchronous method should return.
    #[schemars(with = "Option<Delay>")]
    pub(super) blocking: Option<Spanned<Delay>>,
    /// For which an item's reports may repeat the same value.
    #[schemars(with = "Option<Delay>")]
    pub(super) progress: Option<Spanned<Delay>>,
    /// Of a whole session.
    #[schemars(with = "Option<Delay>")]
    pub(super) session: Option<Spanned<Delay>>,
}

/// Settings of `conform`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct ConformSettings {
    /// Cases to leave out: names, or patterns.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) skip: Option<Spanned<Vec<String>>>,
    /// How many random sessions to run after the fixed cases.
    #[schemars(with = "Option<u64>")]
    pub(super) sessions: Option<Spanned<u64>>,
    /// In which order callbacks are taken in the random sessions.
    #[schemars(with = "Option<Strategy>")]
    pub(super) strategy: Option<Spanned<Strategy>>,
    /// How many sessions run in parallel.
    #[schemars(with = "Option<std::num::NonZeroU16>")]
    pub(super) jobs: Option<Spanned<std::num::NonZeroU16>>,
    /// A shell command to run before each session, in the current folder.
    #[schemars(with = "Option<String>")]
    pub(super) before_case: Option<Spanned<String>>,
    /// A shell command to run after each session.
    #[schemars(with = "Option<String>")]
    pub(super) after_case: Option<Spanned<String>>,
    /// Further reports, each FORMAT=FILE.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) reports: Option<Spanned<Vec<String>>>,
}

/// A file that was read.
pub(in crate::cli) struct Config {
    /// Where it is.
    pub(super) file: PathBuf,
    pub(super) text: String,
    pub(super) settings: Settings,
}

impl Config {
    /// The file that was named, or the one that is found upwards from the current folder.
    pub(in crate::cli) fn find(named: Option<&Path>) -> Result<Option<Self>, Failure> {
        if let Some(file) = named {
            return Self::read(file).map(Some);
        }
        let here = std::env::current_dir()
            .map_err(|error| Failure(format!("the current folder: {error}; change to one that exists")))?;
        let Some(file) = here.ancestors().map(|folder| folder.join(NAME)).find(|file| file.is_file()) else {
            return Ok(None);
        };
        // It names commands that are run: whoever can write a folder above must not choose them.
        if is_of_another(&file) {
            let why = "the file belongs to another user; name it with --config if you trust it, or leave it out with --no-config";
            return Err(Failure(format!("{}: {why}", plain_path(&file))));
        }
        let file = pathdiff::diff_paths(&file, &here).unwrap_or(file);
        Self::read(&file).map(Some)
    }

    fn read(file: &Path) -> Result<Self, Failure> {
        let mut text = String::new();
        files::open(file)
            .and_then(|mut opened| opened.read_to_string(&mut text))
            .map_err(|error| Failure(format!("{}: cannot be read: {error}", plain_path(file))))?;
        let settings = toml::from_str(&text).map_err(|error| {
            let (line, column) = place_of(&text, error.span().map_or(0, |span| span.start));
            Failure(format!("{}:{line}:{column}: {}", plain_path(file), plain(error.message())))
        })?;
        let config = Self { file: file.to_owned(), text, settings };
        match (&config.settings.handler, &config.settings.exec) {
            (Some(_), Some(exec)) => {
                Err(config.wrong(exec, "`exec` and `handler` name one handler each; keep one of them"))
            }
            _ => Ok(config),
        }
    }

    /// Where it is.
    pub(in crate::cli) fn file(&self) -> &Path {
        &self.file
    }

    /// What is wrong with a value.
    pub(super) fn wrong<T>(&self, value: &Spanned<T>, why: &str) -> Failure {
        Failure(format!("{}:{}: {why}", plain_path(&self.file), self.line(value)))
    }

    /// The line in which a value stands.
    pub(super) fn line<T>(&self, value: &Spanned<T>) -> usize {
        place_of(&self.text, value.span().start).0
    }

    /// A path of the file, from the current folder.
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        match self.file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.join(path),
            _ => path.to_owned(),
        }
    }
}

#[cfg(unix)]
fn is_of_another(file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let own = nix::unistd::geteuid().as_raw();
    file.metadata().is_ok_and(|about| about.uid() != own && about.uid() != 0)
}

#[cfg(not(unix))]
fn is_of_another(_: &Path) -> bool {
    false
}
