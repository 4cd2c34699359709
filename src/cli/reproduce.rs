//! The command lines by which a user sees a finding again.

use std::path::Path;

use clap::ValueEnum;

use super::args::{
    ACTIONS, CheckArgs, ConformArgs, EventName, ExploreArgs, PREEMPTIONS, ProfileName, ReplayArgs, RunArgs,
};
use crate::conform::Reproduce;
use crate::host::explore::Deviation;
use crate::host::{Order, Strategy};
use crate::job::{self, HandlerName, quoted};
use crate::protocol::Limits;
use crate::runner::{self, DebugCommand, Replayed};

/// The command that runs the session again: with a scripted handler's seed event by event.
pub(super) fn of_run(args: &RunArgs, seed: Option<u64>) -> String {
    match &args.schedule {
        Some(schedule) => of_schedule(args, &schedule.0),
        None => session_line("run", args, seed),
    }
}

/// The command that runs the session of a script in this order.
pub(super) fn of_schedule(args: &RunArgs, schedule: &[Deviation]) -> String {
    let mut line = CommandLine(session_line("run", args, None));
    // A schedule is plain data: it can always be written.
    line.option("--schedule", &crate::json::to_string(&schedule).unwrap_or_default());
    line.0
}

/// The command that runs the session in a debugger.
pub(super) fn debug_run(args: &RunArgs, seed: Option<u64>, is_native: bool) -> DebugCommand {
    match is_native && cfg!(unix) {
        true => in_native_debugger(&of_run(args, seed), Some(session_line("debug", args, seed))),
        false => DebugCommand::Session(session_line("debug", args, seed)),
    }
}

/// The command in a debugger of native code: the handler runs in the command's own process.
fn in_native_debugger(command: &str, steps: Option<String>) -> DebugCommand {
    let debugger = if cfg!(target_os = "macos") { "lldb -o run --" } else { "gdb -ex run --args" };
    DebugCommand::Native(format!("{debugger} {command} --in-process"), steps)
}

fn session_line(command: &str, args: &RunArgs, seed: Option<u64>) -> String {
    let session = &args.session;
    let mut line = CommandLine::new(command);
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
    line.session_limit(session.session_limit);
    line.strategy(session.strategy);
    if session.retries != super::args::RETRIES {
        line.option("--retries", &session.retries.to_string());
    }
    line.0
}

/// The commands that reproduce what the suite finds.
pub(super) fn of_conform(args: &ConformArgs) -> impl Fn(Reproduce<'_>) -> String + Send + Sync + 'static {
    let handler = args.handler.given();
    let (profile, timeout, session) = (args.profile, args.timeout, args.session_limit);
    let strategy = args.strategy;
    let (blocking, progress) = (args.blocking_limit, args.progress_limit);
    let explore = args.explore;
    let hooks = [("--before-case", args.before_case.clone()), ("--after-case", args.after_case.clone())];
    move |reproduce| {
        if let Reproduce::Scenario(file) = reproduce {
            return of_recorded(file, &handler);
        }
        let mut line = CommandLine::new("conform");
        line.handler(&handler);
        match reproduce {
            Reproduce::Case(case) => line.option("--case", case),
            Reproduce::Random(seed) => {
                line.option("--seed", &seed.to_string());
                line.option("--sessions", "1");
                line.strategy(strategy);
            }
            Reproduce::Orders(case, seed) => {
                match seed {
                    Some(seed) => {
                        line.option("--seed", &seed.to_string());
                        line.option("--sessions", "1");
                        line.option("--skip", "*");
                    }
                    None => line.option("--case", case),
                }
                line.explore(&explore);
            }
            Reproduce::InOrder(case, seed, order) => {
                match seed {
                    Some(seed) => {
                        line.option("--seed", &seed.to_string());
                        line.option("--sessions", "1");
                        line.strategy(Some(order.strategy));
                        line.option("--skip", "*");
                    }
                    None => line.option("--case", case),
                }
                // An order is plain data: it can always be written.
                let forced = Order { shows: None, ..order.clone() };
                line.option("--order", &crate::json::to_string(&forced).unwrap_or_default());
            }
            Reproduce::Scenario(_) => {}
        }
        line.profile(profile);
        line.limits(timeout, blocking, progress);
        line.session_limit(session);
        for (option, command) in &hooks {
            command.iter().for_each(|command| line.option(option, command));
        }
        line.0
    }
}

/// The commands that debug what the suite finds.
pub(super) fn debug_conform(
    args: &ConformArgs,
    is_native: bool,
) -> impl Fn(Reproduce<'_>) -> Option<DebugCommand> + Send + Sync + 'static {
    let handler = args.handler.given();
    let (profile, timeout) = (args.profile, args.timeout);
    let (blocking, progress) = (args.blocking_limit, args.progress_limit);
    let reproduce = of_conform(args);
    move |found| {
        let mut line = CommandLine::new("debug");
        line.handler(&handler);
        match found {
            Reproduce::Case(case) | Reproduce::InOrder(case, ..) => line.option("--case", case),
            Reproduce::Random(seed) => line.option("--case", &format!("random-{seed}")),
            // The debugger follows one order, which a scenario says: --scenarios writes it. Only scripts have them.
            Reproduce::Orders(..) => return None,
            Reproduce::Scenario(file) => line.option("--scenario", &file.display().to_string()),
        }
        if !matches!(found, Reproduce::Scenario(_)) {
            line.profile(profile);
        }
        line.limits(timeout, blocking, progress);
        match is_native && cfg!(unix) {
            true => Some(in_native_debugger(&reproduce(found), Some(line.0))),
            false => Some(DebugCommand::Session(line.0)),
        }
    }
}

/// The command that debugs the scenario of a file.
pub(super) fn debug_replay(args: &ReplayArgs, replayed: &Replayed) -> Option<DebugCommand> {
    let given = args.handler.given();
    let is_native = match &given {
        Some(HandlerName::Word { clsid, .. }) => clsid.is_some(),
        Some(HandlerName::Exec(_)) => false,
        None => replayed.scenario.clsid.is_some(),
    };
    let given = given.or_else(|| runner::handler_name(&replayed.file, &replayed.scenario));
    let needs_wine = || given.as_ref().and_then(|given| given.find().ok()).is_some_and(|found| found.needs_wine());
    let steps = given.as_ref().map(|given| {
        let mut line = CommandLine::new("debug");
        line.handler(given);
        line.option("--scenario", &replayed.file.display().to_string());
        line.limits(args.timeout, args.blocking_limit, args.progress_limit);
        line.0
    });
    match is_native && cfg!(unix) && !needs_wine() {
        true => Some(in_native_debugger(&of_replay(args, &replayed.file), steps)),
        false => steps.map(DebugCommand::Session),
    }
}

/// The command that replays a recorded scenario, which names no handler, against the one that was given.
pub(super) fn of_recorded(file: &Path, given: &HandlerName) -> String {
    let mut line = CommandLine::new("replay");
    line.word(&file.display().to_string());
    line.other_handler(given);
    line.0
}

/// The command that replays a scenario again.
pub(super) fn of_replay(args: &ReplayArgs, scenario: &Path) -> String {
    let mut line = CommandLine::new("replay");
    line.word(&scenario.display().to_string());
    if let Some(given) = args.handler.given() {
        line.other_handler(&given);
    }
    line.limits(args.timeout, args.blocking_limit, args.progress_limit);
    line.session_limit(args.session_limit);
    if args.strategy.is_some() {
        line.strategy(args.strategy);
        line.option("--seed", &args.seed.to_string());
    }
    line.0
}

/// The command that shows a recorded session with its findings marked.
pub(super) fn of_trace(trace: &Path, profile: Option<ProfileName>) -> String {
    let mut line = CommandLine::new("check");
    line.word(&trace.display().to_string());
    line.profile(profile);
    line.option("--format", "notation");
    line.0
}

/// As [`of_trace`]; standard input cannot be read again.
pub(super) fn of_check(trace: &Path, args: &CheckArgs) -> Option<String> {
    (trace.as_os_str() != "-").then(|| of_trace(trace, args.profile))
}

struct CommandLine(String);

impl CommandLine {
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

    fn strategy(&mut self, strategy: Option<Strategy>) {
        if let Some(strategy) = strategy {
            self.option("--strategy", strategy.name());
        }
    }

    fn handler_options(&mut self, given: &HandlerName) {
        if job::apartment_used() == Some(job::Apartment::Strict) {
            self.option("--apartment", job::Apartment::Strict.name());
        }
        match given {
            HandlerName::Exec(command) => self.option("--exec", command),
            HandlerName::Word { folders, clsid, update, .. } => {
                folders.iter().for_each(|folder| self.option("--folder", folder));
                self.flag("--update", *update);
                if given.registered().is_some() {
                    if let Some(folder) = crate::store::folder_used() {
                        self.option("--store", &folder.display().to_string());
                    }
                    self.windows_options();
                }
                if let Some(clsid) = clsid {
                    self.option("--clsid", &clsid.to_string());
                    self.windows_options();
                }
            }
        }
    }

    /// How a library for Windows is run.
    fn windows_options(&mut self) {
        if let Some(apartment) = job::apartment_used().filter(|apartment| *apartment != job::Apartment::Strict) {
            self.option("--apartment", apartment.name());
        }
        #[cfg(unix)]
        for (option, path) in job::wine_used().options() {
            self.option(option, &path.display().to_string());
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

    fn limits(&mut self, timeout: Option<u64>, blocking: Option<u64>, progress: Option<u64>) {
        let limits = [("--timeout", timeout), ("--blocking-limit", blocking), ("--progress-limit", progress)];
        for (option, limit) in limits {
            if let Some(limit) = limit {
                self.option(option, &seconds(limit));
            }
        }
    }

    fn explore(&mut self, args: &ExploreArgs) {
        self.flag("--explore", args.explore);
        let options = [
            ("--preemptions", args.preemptions.filter(|many| *many != PREEMPTIONS).map(u64::from)),
            ("--actions", args.actions.filter(|many| *many != ACTIONS).map(u64::from)),
            ("--schedules", args.schedules),
        ];
        for (option, many) in options {
            if let Some(many) = many {
                self.option(option, &many.to_string());
            }
        }
        if let Some(time) = args.explore_time {
            self.option("--explore-time", &seconds(time));
        }
    }

    fn session_limit(&mut self, limit: Option<u64>) {
        if let Some(limit) = limit {
            self.option("--session-limit", &seconds(limit));
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

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn times_are_written_as_the_options_take_them() {
        assert_eq!(seconds(10_000_000_000), "10");
        assert_eq!(seconds(500_000_000), "0.5");
        assert_eq!(seconds(1), "0.000000001");
    }
}
