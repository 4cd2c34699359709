//! Random sessions find bugs that need several things to happen together, and shrinking leaves just those.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use mobsync::conform::{self, Known, alphabet, shrink};
use mobsync::job::{Handler, HandlerSpec, Terms};
use mobsync::protocol::{Event, Profile, Session};
use mobsync::rules::Subject;
use mobsync::runner::{self, Judged, RunOptions, Watcher};
use mobsync::scenario::{self, Scenario};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A bug: what must happen for it to show, where in the good handler it sits, what it does then, and which rule that breaks.
struct Bug {
    needs: Value,
    at: Place,
    does: Value,
    breaks: &'static str,
}

#[derive(Clone, Copy)]
enum Place {
    /// When the thread of the item C ends, the last of the three.
    End,
    /// When an error is shown.
    ShowError,
    /// When an item is skipped.
    Skip,
}

impl Bug {
    fn new(needs: Value, at: Place, does: Value, breaks: &'static str) -> Self {
        Self { needs, at, does, breaks }
    }

    fn handler(&self) -> Handler {
        let mut script: Value = serde_json::from_str(&good()).expect("the good handler is JSON");
        let buggy = json!({ "when": { "is": self.needs, "do": [self.does] } });
        let (list, at) = match self.at {
            Place::End => ("/methods/Synchronize/0/threads/contacts", 1),
            Place::ShowError => ("/methods/ShowError/then", 0),
            Place::Skip => {
                script["methods"]["SetItemStatus"] = json!({ "do": [] });
                ("/methods/SetItemStatus/do", 0)
            }
        };
        let steps = script.pointer_mut(list).and_then(Value::as_array_mut).expect("the good handler has these steps");
        steps.insert(at, buggy);
        let spec = HandlerSpec::Script { file: "bug.json".into(), text: script.to_string() };
        spec.open().unwrap_or_else(|error| panic!("{error}\n{script:#}"))
    }
}

fn good() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/handlers/good.json");
    fs::read_to_string(file).expect("the good handler can be read")
}

/// Twenty bugs, each of which needs at least three actions of the user or the manager.
fn bugs() -> Vec<Bug> {
    use Place::{End, ShowError, Skip};
    let panic = || json!({ "panic": "a case that nobody thought of" });
    let hang = || json!({ "hang": true });
    let status = || json!({ "progress": { "item": "C", "status": 99, "force": true } });
    let level = || json!({ "log": { "text": "Oops.", "level": 9 } });
    let unknown = || json!({ "progress": { "item": "Z", "status": "UPDATING", "force": true } });
    let nothing = || json!({ "delete_log": "E9" });
    vec![
        Bug::new(json!({ "skipped": ["A", "B", "C"] }), End, panic(), "LIFE-02"),
        Bug::new(json!({ "skipped": ["A", "B", "C"] }), Skip, hang(), "LIFE-03"),
        Bug::new(json!({ "cancelled": ["A", "B", "C"] }), End, status(), "PROG-04"),
        Bug::new(json!({ "skipped": ["A", "B"], "cancelled": ["C"] }), End, level(), "LOG-01"),
        Bug::new(json!({ "skipped": ["A"], "cancelled": ["B", "C"] }), End, unknown(), "PROG-08"),
        Bug::new(json!({ "skipped": ["B"], "cancelled": ["A"], "dialog_refused": true }), End, nothing(), "LOG-08"),
        Bug::new(json!({ "skipped": ["C"], "cancelled": ["A"], "connection_failed": true }), End, panic(), "LIFE-02"),
        Bug::new(json!({ "skipped": ["A", "C"], "dialog_refused": true }), End, status(), "PROG-04"),
        Bug::new(json!({ "skipped": ["B", "C"], "connection_failed": true }), End, level(), "LOG-01"),
        Bug::new(json!({ "cancelled": ["A", "B"], "dialog_refused": true }), End, unknown(), "PROG-08"),
        Bug::new(json!({ "cancelled": ["A", "C"], "connection_failed": true }), End, nothing(), "LOG-08"),
        Bug::new(
            json!({ "skipped": ["A"], "dialog_refused": true, "connection_failed": true }),
            End,
            panic(),
            "LIFE-02",
        ),
        Bug::new(
            json!({ "skipped": ["C"], "dialog_refused": true, "connection_failed": true }),
            Skip,
            hang(),
            "STOP-04",
        ),
        Bug::new(
            json!({ "cancelled": ["B"], "dialog_refused": true, "connection_failed": true }),
            End,
            status(),
            "PROG-04",
        ),
        Bug::new(
            json!({ "cancelled_all": true, "dialog_refused": true, "connection_failed": true }),
            End,
            level(),
            "LOG-01",
        ),
        Bug::new(json!({ "cancelled_all": true, "skipped": ["A"], "dialog_refused": true }), End, nothing(), "LOG-08"),
        Bug::new(
            json!({ "cancelled_all": true, "skipped": ["B"], "connection_failed": true }),
            End,
            panic(),
            "LIFE-02",
        ),
        Bug::new(json!({ "skipped": ["A"], "cancelled": ["C"] }), ShowError, hang(), "ERRS-02"),
        Bug::new(json!({ "skipped": ["A", "C"] }), ShowError, level(), "LOG-01"),
        Bug::new(json!({ "cancelled": ["A"], "connection_failed": true }), ShowError, nothing(), "LOG-08"),
    ]
}

/// Runs a scenario, and says which rules were broken.
fn broken(handler: &Handler, scenario: &Scenario) -> Vec<(&'static str, Subject)> {
    run(handler, scenario, &mut ()).findings().map(|finding| (finding.rule.code, finding.rule.subject)).collect()
}

fn run(handler: &Handler, scenario: &Scenario, watcher: &mut dyn Watcher) -> Judged {
    let session = runner::run(handler, &Terms::scenario(scenario.clone()), &RunOptions::default(), watcher);
    session.unwrap_or_else(|error| panic!("{error}")).judged
}

fn breaks(handler: &Handler, scenario: &Scenario, code: &str) -> bool {
    broken(handler, scenario).iter().any(|(broken, _)| *broken == code)
}

/// What ordinary sessions show of the handler.
#[derive(Default)]
struct Survey(Known);

impl Watcher for Survey {
    fn event(&mut self, event: &Event, session: &Session) {
        self.0.observe(event, session);
    }
}

fn survey(handler: &Handler) -> Known {
    let mut survey = Survey::default();
    run(handler, &Scenario { choose: scenario::Choose::All, ..Scenario::titled("Survey") }, &mut survey);
    survey.0
}

/// The first failing random scenario.
fn find(handler: &Handler, known: &Known, code: &str) -> (u64, Scenario) {
    const MOST: u64 = 20_000;
    (0..MOST)
        .map(|seed| (seed, conform::scenario(seed, Profile::Xp, known)))
        .find(|(_, scenario)| breaks(handler, scenario, code))
        .unwrap_or_else(|| panic!("{MOST} random sessions did not break {code}"))
}

/// Whether any scenario with fewer steps fails under the circumstances of this one: all are tried.
fn some_shorter_fails(handler: &Handler, known: &Known, scenario: &Scenario, code: &str) -> Option<Scenario> {
    let steps = alphabet(known, scenario.settings);
    let fails = |chosen: &[usize]| {
        let chosen = chosen.iter().map(|at| steps[*at].clone()).collect();
        let shorter = Scenario { steps: chosen, ..scenario.clone() };
        breaks(handler, &shorter, code).then_some(shorter)
    };
    let many = scenario.steps.len();
    assert!(many <= 3, "more than three steps take too long to try all: {scenario:?}");
    let none = (many > 0).then(|| fails(&[])).flatten();
    let one = || (0..steps.len()).filter(|_| many > 1).find_map(|a| fails(&[a]));
    let two = || {
        let pairs = (0..steps.len()).flat_map(|a| (a + 1..steps.len()).map(move |b| [a, b]));
        pairs.filter(|_| many > 2).find_map(|pair| fails(&pair))
    };
    none.or_else(one).or_else(two)
}

#[test]
fn what_is_left_of_a_failing_scenario_cannot_be_shorter() {
    let bugs = Mutex::new(bugs().into_iter().enumerate().collect::<Vec<_>>());
    let lengths = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some((nth, bug)) = { bugs.lock().unwrap().pop() } {
                    let handler = bug.handler();
                    let known = survey(&handler);
                    let (seed, failing) = find(&handler, &known, bug.breaks);
                    // Too few sessions to try all shorter ones: the selection among its own steps has to do it.
                    let shrunk = shrink(&failing, &known, 500, &mut |scenario| breaks(&handler, scenario, bug.breaks));
                    let left = &shrunk.scenario;
                    assert!(breaks(&handler, left, bug.breaks), "bug {nth}: what is left does not fail: {left:?}");
                    let shorter = some_shorter_fails(&handler, &known, left, bug.breaks);
                    assert_eq!(shorter, None, "bug {nth}, seed {seed}: {} steps were left", left.steps.len());
                    lengths.lock().unwrap().push((nth, left.steps.len(), failing.steps.len()));
                }
            });
        }
    });
    let lengths = lengths.into_inner().unwrap();
    assert_eq!(lengths.len(), 20);
    println!("bug, steps left, steps before: {lengths:?}");
    assert!(lengths.iter().all(|(_, left, _)| *left == 3), "each of these bugs needs three: {lengths:?}");
    assert!(lengths.iter().any(|(_, left, before)| left < before), "there was nothing to shrink: {lengths:?}");
}

#[test]
fn what_is_left_is_a_file_that_fails_by_itself() {
    let bug = &bugs()[7];
    let handler = bug.handler();
    let known = survey(&handler);
    let (_, failing) = find(&handler, &known, bug.breaks);
    let shrunk = shrink(&failing, &known, 2000, &mut |scenario| breaks(&handler, scenario, bug.breaks));
    assert!(shrunk.least && shrunk.sessions <= 2000, "{} sessions", shrunk.sessions);
    let text = serde_json::to_string_pretty(&shrunk.scenario).expect("a scenario can be written");
    let read = scenario::parse(&text, Path::new("left.json")).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(breaks(&handler, &read, bug.breaks), "{text}");
}

#[test]
fn a_scenario_that_always_fails_is_left_with_nothing() {
    let handler = Handler::find("fixtures/handlers/wrong-log.json", &[], None).unwrap();
    let known = survey(&handler);
    let (_, failing) = find(&handler, &known, "LOG-01");
    let shrunk = shrink(&failing, &known, 100, &mut |scenario| breaks(&handler, scenario, "LOG-01"));
    assert_eq!(shrunk.scenario, Scenario::titled(failing.title));
    assert!(shrunk.least);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn random_scenarios_are_legal_and_good_handlers_pass_them(seed: u64, vista: bool, minimal: bool) {
        let file = if minimal { "fixtures/handlers/minimal.json" } else { "fixtures/handlers/good.json" };
        let handler = Handler::find(file, &[], None).unwrap();
        let profile = if vista { Profile::Vista } else { Profile::Xp };
        let scenario = conform::scenario(seed, profile, &survey(&handler));
        let again = conform::scenario(seed, profile, &survey(&handler));
        prop_assert_eq!(&scenario, &again, "the seed decides everything");
        prop_assert_eq!(broken(&handler, &scenario), []);
    }
}
