//! Replays one scenario.

use std::path::{Path, PathBuf};

use crate::cli::again;
use crate::cli::args::ReplayArgs;
use crate::cli::exit::Failure;
use crate::cli::hold::Hold;
use crate::cli::watcher::{Watched, Watcher};
use crate::host::Controls;
use crate::job::{Handler, Terms};
use crate::protocol::{Event, Session};
use crate::report::Filter;
use crate::rules::{Finding, Rule};
use crate::runner::Judged;
use crate::scenario::{self, Expect, ExpectFindings, ExpectationResult, Observed, Scenario, Steps};
use crate::trace::Header;

/// A scenario that was replayed.
pub(super) struct Replayed {
    pub(super) file: PathBuf,
    pub(super) scenario: Scenario,
    pub(super) header: Header,
    pub(super) handler: String,
    pub(super) judged: Judged,
    pub(super) expectations: Vec<ExpectationResult>,
    /// The expectations that hold of what came, and what is different in them; with `--bless`.
    pub(super) blessed: Option<(Expect, Vec<String>)>,
    /// Why it did not come to its end.
    pub(super) broken_off: Option<String>,
    /// What went wrong beside the session: the trace is not whole.
    pub(super) trouble: Option<String>,
    /// The command that shows it again.
    pub(super) again: String,
}

impl Replayed {
    /// Whether everything that was expected came.
    pub(super) fn held(&self) -> bool {
        self.broken_off.is_none() && self.expectations.iter().all(|expectation| expectation.held)
    }

    /// Whether the scenario expects that the rule is broken.
    pub(super) fn expects(&self, rule: &Rule) -> bool {
        expects(&self.scenario, rule)
    }
}

fn expects(scenario: &Scenario, rule: &Rule) -> bool {
    let expected = scenario.expect.findings.as_ref().map_or(&[][..], ExpectFindings::codes);
    expected.iter().any(|code| code == rule.code)
}

/// Which case findings are of.
struct OfCase<'a> {
    file: &'a Path,
    handler: &'a str,
}

/// How scenarios are replayed.
pub(super) struct Replay<'a> {
    pub(super) args: &'a ReplayArgs,
    pub(super) filter: &'a Filter,
    pub(super) break_on: &'a [&'static Rule],
}

impl Replay<'_> {
    /// Replays it. `started` gets the controls of a session in real time.
    pub(super) fn of(
        &self,
        file: &Path,
        trace: Option<&Path>,
        started: impl FnOnce(Controls),
    ) -> Result<Replayed, Failure> {
        let mut scenario = scenario::load(file)?;
        let handler = self.handler(file, &scenario)?;
        let mut terms = Terms::scenario(scenario.clone());
        terms.limits.timeout_ns = self.args.timeout.unwrap_or(terms.limits.timeout_ns);
        terms.limits.blocking_ns = self.args.blocking_limit.unwrap_or(terms.limits.blocking_ns);
        let header = terms.header(&handler);
        let mut watcher = Watcher::new(&header, trace, None)?;
        let mut events = Vec::new();
        let mut drain = |new: Vec<Event>, _: &Session| {
            events.extend(new.iter().cloned());
            watcher.take(new);
        };
        let hold = Hold { in_process: self.args.in_process, break_on: self.break_on };
        let launched = hold.session(&handler, &terms, started, &mut drain)?;
        let Watched { judged, trace_failure } = watcher.end();

        let broken_off = if launched.ran.exhausted {
            Some("the script does not come to an end".to_owned())
        } else {
            launched.ran.left.then(|| "the session was left before its end".to_owned())
        };
        self.keep_only_what_is_spoken_of(&mut scenario);
        let steps = launched.steps.unwrap_or_default();
        let case = OfCase { file, handler: &handler.name() };
        let (expectations, blessed) = self.compare(case, &scenario, &judged, &events, &steps);
        Ok(Replayed {
            again: again::of_replay(self.args, file),
            file: file.to_owned(),
            handler: handler.name(),
            scenario,
            header,
            judged,
            expectations,
            blessed,
            broken_off,
            trouble: trace_failure,
        })
    }

    fn handler(&self, file: &Path, scenario: &Scenario) -> Result<Handler, Failure> {
        if let Some(given) = self.args.handler.given() {
            return Ok(given.find()?);
        }
        let Some(word) = &scenario.handler else {
            let why = "the scenario names no handler; give one with --handler HANDLER or --exec 'COMMAND ARG…'";
            return Err(Failure(format!("{}: {why}", file.display())));
        };
        let base = file.parent().unwrap_or(Path::new(""));
        let in_base = |word: &str| base.join(word).to_string_lossy().into_owned();
        let folders: Vec<String> = scenario
            .folders
            .iter()
            .map(|pair| match pair.split_once('=') {
                Some((left, right)) => format!("{}={}", in_base(left), in_base(right)),
                None => pair.clone(),
            })
            .collect();
        let word = if word == "filesync" { word.clone() } else { in_base(word) };
        Handler::find(&word, &folders, scenario.clsid)
            .map_err(|error| Failure(format!("{}: handler: {error}", file.display())))
    }

    /// With `--select` and `--ignore`, nothing is expected of the other rules.
    fn keep_only_what_is_spoken_of(&self, scenario: &mut Scenario) {
        let spoken_of = |code: &String| crate::rules::rule(code).is_none_or(|rule| self.filter.keeps(rule));
        if let Some(ExpectFindings::Exactly(codes) | ExpectFindings::AtLeast { at_least: codes }) =
            &mut scenario.expect.findings
        {
            codes.retain(spoken_of);
        }
    }

    fn compare(
        &self,
        case: OfCase<'_>,
        scenario: &Scenario,
        judged: &Judged,
        events: &[Event],
        steps: &Steps,
    ) -> (Vec<ExpectationResult>, Option<(Expect, Vec<String>)>) {
        let found = judged.found().iter().map(|found| &found.finding);
        let file = case.file.display().to_string();
        let accepts = |finding: &Finding| self.filter.baseline.accepts(case.handler, &file, finding);
        // What is accepted is as if it had not come, but where the scenario asks for it.
        let counts = |finding: &&Finding| {
            self.filter.keeps(finding.rule) && (expects(scenario, finding.rule) || !accepts(finding))
        };
        let findings: Vec<Finding> = found.filter(counts).cloned().collect();
        let came = Observed { events, session: judged.session(), items: judged.items(), findings: &findings, steps };
        let blessed = self.args.bless.then(|| scenario::blessed(scenario, &came));
        // What is rewritten holds from now on; a step that was not taken stays as it is, and is told.
        let expect = blessed.as_ref().map_or(&scenario.expect, |(expect, _)| expect);
        (scenario::check(expect, &came), blessed)
    }
}
