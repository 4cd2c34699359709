//! What is kept of a session that was judged.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kept::KeptEvents;
use crate::protocol::{HandlerId, Limits};
use crate::rules::codes::LIFE_02;
use crate::rules::{Finding, Level, Rule, TimeLimit};
use crate::scenario::ExpectationResult;

/// A judged case, as it goes into a report.
#[derive(Debug)]
pub struct CaseRecord {
    /// Its name.
    pub name: String,
    /// Whose it is, where the report is of several handlers.
    pub handler: Option<String>,
    /// The trace file, where there is one.
    pub trace: Option<String>,
    /// What was found.
    pub found: Vec<Found>,
    /// What was found and only counted.
    pub omitted: Omitted,
    /// How long it took, by its own clock, in nanoseconds.
    pub nanos: u64,
    /// A command that reproduces it.
    pub replay: Option<String>,
    /// A command that runs it in a debugger.
    pub debug: Option<DebugCommand>,
    /// The rules that it is there for, beside those that every session exercises.
    pub aims: Vec<&'static Rule>,
    /// Why it could not be judged to its end.
    pub error: Option<String>,
    /// What its scenario expected, and what of it came.
    pub expectations: Option<Vec<ExpectationResult>>,
    /// What the handler's process wrote to its standard output and standard error.
    pub output: Option<String>,
    /// What came of its runs, where it was run several times.
    pub repeats: Option<Repeats>,
    /// Its events, where they are kept.
    pub events: Option<KeptEvents>,
    /// The names of its instances, where they are of different handlers.
    pub instances: BTreeMap<HandlerId, String>,
}

/// What came of the runs of a case that was run several times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Repeats {
    /// How many runs there were.
    pub runs: usize,
    /// How many of them failed.
    pub failed: usize,
    /// The rules that made runs fail, by their codes, each with the number of these runs.
    pub rules: BTreeMap<String, usize>,
}

impl Repeats {
    /// Whether the runs differ: some failed and some did not, or they failed by other rules.
    pub fn is_flaky(&self) -> bool {
        self.failed > 0 && (self.failed < self.runs || self.rules.values().any(|runs| *runs < self.runs))
    }
}

/// A command that runs a session in a debugger, and can stop it where a rule is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DebugCommand {
    /// `mobsync debug`, which steps through the session.
    Session(String),
    /// A debugger of native code around a command that runs the handler in its own process, and `mobsync debug`, where it can
    /// step through the session as well.
    Native(String, Option<String>),
}

impl DebugCommand {
    /// The command that stops where the rule is broken. A crash stops a debugger by itself.
    pub fn at(&self, rule: &Rule) -> String {
        match self {
            DebugCommand::Session(command) => format!("{command} --break {}", rule.code),
            DebugCommand::Native(command, _) if rule == LIFE_02 => command.clone(),
            DebugCommand::Native(command, _) => format!("{command} --break-on {}", rule.code),
        }
    }

    /// The command that steps through the session of a native handler, which stays in its worker. There are no limits there but
    /// those that are given: it has the one without which the rule is never broken.
    pub fn steps_to(&self, rule: &Rule) -> Option<String> {
        let DebugCommand::Native(_, Some(steps)) = self else { return None };
        let usual = Limits::default();
        let limit = rule.time_limit().map(|limit| match limit {
            TimeLimit::Blocking => ("--blocking-limit", usual.blocking_ns),
            TimeLimit::Silence => ("--timeout", usual.timeout_ns),
            TimeLimit::Progress => ("--progress-limit", usual.progress_ns),
        });
        let given = limit.filter(|(option, _)| !steps.contains(option));
        let limit = given.map(|(option, nanos)| format!(" {option} {}", nanos / 1_000_000_000)).unwrap_or_default();
        Some(format!("{steps}{limit} --break {}", rule.code))
    }
}

/// A finding and its place.
#[derive(Debug)]
pub struct Found {
    /// The finding.
    pub finding: Finding,
    /// When it was seen, in nanoseconds since the trace began.
    pub at_ns: u64,
    /// The line of the trace file at which it was seen.
    pub line: Option<u64>,
    /// The events around it.
    pub context: Vec<ContextLine>,
    /// The handler's stack at that moment, where one was taken.
    pub backtrace: Option<Vec<String>>,
    /// Which frame of it to look at, from 0, where it is known ([`Stack::site`](crate::protocol::Stack::site)).
    pub site: Option<usize>,
}

/// A crossing near a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContextLine {
    /// The sequence number of its event, the first one of a call and its return; none where the line declares a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// The event in the compact notation.
    pub line: String,
    /// It is one of those that show the finding.
    pub shows: bool,
}

/// Findings that were counted and not kept: so many of one rule say no more than the first ones.
#[derive(Debug, Clone, Default)]
pub struct Omitted(Vec<(&'static Rule, Level, usize)>);

impl Omitted {
    /// Counts a finding.
    pub fn count(&mut self, finding: &Finding) {
        match self.0.iter_mut().find(|(rule, level, _)| *rule == finding.rule && *level == finding.level) {
            Some((.., count)) => *count += 1,
            None => self.0.push((finding.rule, finding.level, 1)),
        }
    }

    /// The rules, with the level and the number of their findings.
    pub fn rows(&self) -> &[(&'static Rule, Level, usize)] {
        &self.0
    }

    /// Forgets those of the rules that are not to be kept.
    pub fn retain(&mut self, keep: impl Fn(&Rule) -> bool) {
        self.0.retain(|(rule, ..)| keep(rule));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RULES;
    use crate::rules::codes::{LIFE_03, STOP_04, SYNC_04};

    fn steps(command: &str, rule: &Rule) -> String {
        DebugCommand::Native("gdb".to_owned(), Some(command.to_owned())).steps_to(rule).expect("it can step")
    }

    #[test]
    fn a_command_that_steps_to_a_rule_about_time_has_its_limit() {
        assert_eq!(steps("mobsync debug h.so", SYNC_04), "mobsync debug h.so --break SYNC-04");
        assert_eq!(steps("mobsync debug h.so", STOP_04), "mobsync debug h.so --blocking-limit 1 --break STOP-04");
        assert_eq!(steps("mobsync debug h.so", LIFE_03), "mobsync debug h.so --timeout 10 --break LIFE-03");
        let given = "mobsync debug h.so --blocking-limit 5";
        assert_eq!(steps(given, STOP_04), "mobsync debug h.so --blocking-limit 5 --break STOP-04");
    }

    #[test]
    fn every_rule_whose_document_names_a_limit_has_one() {
        let names = |rule: &&Rule| {
            ["--blocking-limit", "--timeout", "--progress-limit"].iter().any(|option| rule.doc.contains(option))
        };
        let rules: Vec<_> = RULES.iter().filter(names).collect();
        assert!(rules.len() >= 4, "{rules:?}");
        for rule in rules {
            assert!(rule.time_limit().is_some(), "{}", rule.code);
        }
    }
}
