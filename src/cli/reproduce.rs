//! The command lines by which a user sees a finding again.

use std::borrow::Cow;
use std::path::Path;

use clap::ValueEnum;

use super::args::{CheckArgs, ConformArgs, EventName, ProfileName, ReplayArgs, RunArgs};
use crate::conform::Reproduce;
use crate::job::HandlerName;
use crate::protocol::Limits;

/// The command that runs the session again: with a scripted handler's seed event by event.
pub(super) fn of_run(args: &RunArgs, seed: Option<u64>) -> String {
    let session = &args.session;
    let mut line = Line::new("run");
    line.handler(&args.handler.given());
    if let Some(seed) = seed {
        line.option("--seed", &seed.to_string());
    }
    if session.event != EventName::Manual {
        line.option("--event", &name(session.event));
    }
    line.flag("--settings", session.settings);
    line.flag("--no-user", session.no_user);
    session.item.iter().for_each(|item| line.option("--item", item));
    if let Some(cookie) = &session.cookie {
        line.option("--cookie", &cookie.to_string());
    }
    line.profile(session.profile);
    let usual = Limits::default();
    if let Some(timeout) = session.timeout.filter(|timeout| *timeout != usual.timeout_ns) {
        line.option("--timeout", &seconds(timeout));
    }
    if let Some(limit) = session.blocking_limit.filter(|limit| *limit != usual.blocking_ns) {
        line.option("--blocking-limit", &seconds(limit));
    }
    if let Some(limit) = session.progress_limit.filter(|limit| *limit != usual.progress_ns) {
        line.option("--progress-limit", &seconds(limit));
    }
    if session.retries != super::args::RETRIES {
        line.option("--retries", &session.retries.to_string());
    }
    line.0
}

/// The commands that reproduce what the suite finds.
pub(super) fn of_conform(args: &ConformArgs) -> impl Fn(Reproduce<'_>) -> String + Send + Sync + 'static {
    let handler = args.handler.given();
    let (profile, timeout) = (args.profile, args.timeout);
    let (blocking, progress) = (args.blocking_limit, args.progress_limit);
    move |reproduce| {
        if let Reproduce::Scenario(file) = reproduce {
            return of_recorded(file, &handler);
        }
        let mut line = Line::new("conform");
        line.handler(&handler);
        match reproduce {
            Reproduce::Case(case) => line.option("--case", case),
            Reproduce::Random(seed) => {
                line.option("--seed", &seed.to_string());
                line.option("--sessions", "1");
            }
            Reproduce::Scenario(_) => {}
        }
        line.profile(profile);
        if let Some(timeout) = timeout {
            line.option("--timeout", &seconds(timeout));
        }
        if let Some(limit) = blocking {
            line.option("--blocking-limit", &seconds(limit));
        }
        if let Some(limit) = progress {
            line.option("--progress-limit", &seconds(limit));
        }
        line.0
    }
}

/// The command that replays a recorded scenario, which names no handler, against the one that was given.
pub(super) fn of_recorded(file: &Path, given: &HandlerName) -> String {
    let mut line = Line::new("replay");
    line.word(&file.display().to_string());
    line.other_handler(given);
    line.0
}

/// The command that replays a scenario again.
pub(super) fn of_replay(args: &ReplayArgs, scenario: &Path) -> String {
    let mut line = Line::new("replay");
    line.word(&scenario.display().to_string());
    if let Some(given) = args.handler.given() {
        line.other_handler(&given);
    }
    if let Some(timeout) = args.timeout {
        line.option("--timeout", &seconds(timeout));
    }
    if let Some(limit) = args.blocking_limit {
        line.option("--blocking-limit", &seconds(limit));
    }
    if let Some(limit) = args.progress_limit {
        line.option("--progress-limit", &seconds(limit));
    }
    line.0
}

/// The command that shows a recorded session with its findings marked.
pub(super) fn of_trace(trace: &Path, profile: Option<ProfileName>) -> String {
    let mut line = Line::new("check");
    line.word(&trace.display().to_string());
    line.profile(profile);
    line.option("--format", "notation");
    line.0
}

/// As [`of_trace`]; standard input cannot be read again.
pub(super) fn of_check(trace: &Path, args: &CheckArgs) -> Option<String> {
    (trace.as_os_str() != "-").then(|| of_trace(trace, args.profile))
}

struct Line(String);

impl Line {
    fn new(command: &str) -> Self {
        Self(format!("mobsync {command}"))
    }

    fn word(&mut self, word: &str) {
        self.0.push(' ');
        self.0.push_str(&quoted(word));
    }

    /// The handler in its place.
    fn handler(&mut self, given: &HandlerName) {
        if let HandlerName::Word { word, .. } = given {
            self.word(word);
        }
        self.handler_options(given);
    }

    /// The handler in place of a scenario's.
    fn other_handler(&mut self, given: &HandlerName) {
        if let HandlerName::Word { word, .. } = given {
            self.option("--handler", word);
        }
        self.handler_options(given);
    }

    fn handler_options(&mut self, given: &HandlerName) {
        match given {
            HandlerName::Exec(command) => self.option("--exec", command),
            HandlerName::Word { folders, clsid, .. } => {
                folders.iter().for_each(|folder| self.option("--folder", folder));
                if let Some(clsid) = clsid {
                    self.option("--clsid", &clsid.to_string());
                }
            }
        }
    }

    fn option(&mut self, option: &str, value: &str) {
        self.0.push(' ');
        self.0.push_str(option);
        // A value that begins with a dash would be taken for an option.
        self.0.push(if value.starts_with('-') { '=' } else { ' ' });
        self.0.push_str(&quoted(value));
    }

    fn flag(&mut self, flag: &str, given: bool) {
        if given {
            self.0.push(' ');
            self.0.push_str(flag);
        }
    }

    fn profile(&mut self, profile: Option<ProfileName>) {
        if let Some(profile) = profile {
            self.option("--profile", &name(profile));
        }
    }
}

/// A value of the command line as it is typed.
fn name<T: ValueEnum>(value: T) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// A span of time as `--timeout` takes it.
fn seconds(nanos: u64) -> String {
    let whole = nanos / 1_000_000_000;
    match nanos % 1_000_000_000 {
        0 => whole.to_string(),
        part => format!("{whole}.{part:09}").trim_end_matches('0').to_owned(),
    }
}

/// A word as a POSIX shell takes it.
fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::{quoted, seconds};

    #[test]
    fn words_are_quoted_as_a_shell_reads_them() {
        assert_eq!(quoted("a/b.json"), "a/b.json");
        assert_eq!(quoted("my handler.json"), "'my handler.json'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("$(rm)"), "'$(rm)'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn times_are_written_as_the_options_take_them() {
        assert_eq!(seconds(10_000_000_000), "10");
        assert_eq!(seconds(500_000_000), "0.5");
        assert_eq!(seconds(1), "0.000000001");
    }
}
