//! Native handlers: a good one, and one for each way to break a rule that only they can break.

#[path = "common/native.rs"]
mod native;

use std::collections::BTreeSet;

use mobsync::host::{Instruction, Plan, Selection, StandardPlan, View};
use mobsync::job::{self, Additions, Handler, HandlerSpec, Standard, Terms};
use mobsync::protocol::*;
use mobsync::rules::Finding;
use mobsync::runner::{self, JudgedSession, RunOptions};
use mobsync::trace::diff::diff;
use native::{notebook, notebook_in_c};

/// What came of a session.
struct Came {
    events: Vec<Event>,
    findings: Vec<Finding>,
    outcome: Outcome,
}

impl Came {
    fn codes(&self) -> BTreeSet<&'static str> {
        self.findings.iter().map(|finding| finding.rule.code).collect()
    }
}

fn run(handler: &Handler, flags: u32) -> Came {
    let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, flags));
    let mut terms =
        Terms::standard(Standard { initialize, selection: Selection::All, retries: 1, ..Standard::default() });
    // As much time as a busy machine needs.
    (terms.limits.timeout_ns, terms.limits.blocking_ns) = (60_000_000_000, 30_000_000_000);
    judged(handler, &terms, Additions::default())
}

fn judged(handler: &Handler, terms: &Terms, additions: Additions<'_>) -> Came {
    let mut events = Vec::new();
    let session = runner::run_with(handler, terms, &RunOptions::default(), additions, &mut events);
    let JudgedSession { judged, .. } = session.unwrap_or_else(|error| panic!("{error}"));
    let outcome = judged.session().instances().next().map_or(Outcome::Unfinished, Instance::outcome);
    Came { events, findings: judged.findings().cloned().collect(), outcome }
}

/// A manager that, before it prepares, gives the callback again, then another one, and looks for an item without counting.
struct Thorough {
    inner: StandardPlan,
    steps: Vec<Call>,
}

impl Thorough {
    fn new() -> Self {
        let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER));
        let give = |callback| Call::SetProgressCallback(SetProgressCallback { callback: Some(callback) });
        let uncounted = Call::Next(Walk { enumerator: 2, celt: 1, no_count: true });
        let steps = vec![give(1), give(1), give(2), Call::EnumSyncMgrItems, uncounted];
        Self { inner: StandardPlan::new(initialize, Selection::All), steps }
    }
}

impl Plan for Thorough {
    fn next(&mut self, view: View<'_>) -> Instruction {
        let next = self.inner.next(view);
        match next {
            Instruction::Call(Call::SetProgressCallback(_) | Call::PrepareForSync(_)) if !self.steps.is_empty() => {
                Instruction::Call(self.steps.remove(0))
            }
            next => next,
        }
    }

    fn observe(&mut self, event: &Event, session: &Session) -> bool {
        // What it looks at beside the ordinary is not for the ordinary plan.
        let beside = matches!(&event.kind, EventKind::Return { what, .. }
            if matches!(what.method, CallMethod::Next | CallMethod::EnumSyncMgrItems) && self.steps.len() < 2 && what.out.enumerator != Some(1));
        if beside { false } else { self.inner.observe(event, session) }
    }

    fn refused(&mut self, call: &Call, why: Refusal) {
        panic!("{call:?} is not legal: {why}");
    }
}

fn thorough(handler: &Handler) -> Came {
    let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER));
    let mut terms =
        Terms::standard(Standard { initialize, selection: Selection::All, retries: 1, ..Standard::default() });
    (terms.limits.timeout_ns, terms.limits.blocking_ns) = (60_000_000_000, 30_000_000_000);
    judged(handler, &terms, Additions { plan: Some(Box::new(Thorough::new())), ..Additions::default() })
}

#[test]
fn the_good_handlers_have_no_finding_in_any_session() {
    for probes in [false, true] {
        for (language, handler) in [("C++", notebook("", probes)), ("C", notebook_in_c(probes))] {
            for flags in [0, SyncFlags::MAYBOTHERUSER, SyncFlags::MAYBOTHERUSER | SyncFlags::SETTINGS] {
                let came = run(&handler, flags);
                assert_eq!(came.findings, [], "{language}, {flags:#x}");
            }
            let came = thorough(&handler);
            assert_eq!(came.findings, [], "{language}");
            assert_eq!(came.outcome, Outcome::Completed(HResult::S_OK), "{language}");
            let counts = came.events.iter().filter(|event| event.method_name() == "CallbackReferences").count();
            assert!(counts >= 6, "{language}: references were looked at after every SetProgressCallback: {counts}");
        }
    }
}

#[test]
fn the_handler_in_c_does_what_the_one_in_cpp_does() {
    for flags in [0, SyncFlags::MAYBOTHERUSER, SyncFlags::MAYBOTHERUSER | SyncFlags::SETTINGS] {
        let cpp = run(&notebook("", true), flags);
        let c = run(&notebook_in_c(true), flags);
        if let Some(difference) = diff(&cpp.events, &c.events) {
            panic!("{flags:#x}: {difference}");
        }
        assert_eq!(cpp.outcome, c.outcome);
    }
}

#[test]
fn what_looks_like_a_bug_and_is_none_has_no_finding() {
    for near in ["NEAR_INFO_05", "NEAR_ITEM_06"] {
        assert_eq!(thorough(&notebook(near, true)).findings, [], "{near}");
    }
}

#[test]
fn every_native_rule_is_broken_by_its_bugs_and_by_no_other() {
    let bugs = [
        "INFO_02_1",
        "INFO_02_2",
        "INFO_03_1",
        "INFO_03_2",
        "INFO_05_1",
        "INFO_05_2",
        "ENUM_04_1",
        "ENUM_04_2",
        "ITEM_01_1",
        "ITEM_01_2",
        "ITEM_06_1",
        "ITEM_06_2",
        "CB_01_1",
        "CB_01_2",
        "CB_02_1",
        "CB_02_2",
        "CB_03_1",
        "CB_03_2",
        "CB_05_1",
        "CB_05_2",
        "PROG_01_1",
        "PROG_01_2",
        "PROG_03_1",
        "PROG_03_2",
        "LOG_03_1",
        "LOG_03_2",
        "COM_01_1",
        "COM_01_2",
        "COM_02_1",
        "COM_02_2",
        "COM_03_1",
        "COM_03_2",
        "COM_04_1",
        "COM_04_2",
        "COM_05_1",
        "COM_05_2",
        "COM_06_1",
        "COM_06_2",
        "COM_07_1",
        "COM_07_2",
    ];
    let mut wrong = Vec::new();
    for bug in bugs {
        let code = bug.rsplit_once('_').map(|(code, _)| code.replace('_', "-")).unwrap();
        let came = thorough(&notebook(bug, true));
        let codes = came.codes();
        if codes != BTreeSet::from([code.as_str()]) {
            let said: Vec<String> = came.findings.iter().map(|f| format!("{}: {}", f.rule.code, f.message())).collect();
            wrong.push(format!("{bug}: {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Why no instance comes of a library with this source.
fn refused(source: &str) -> String {
    let folder = tempfile::TempDir::new().expect("a folder can be made");
    let (file, library) = (folder.path().join("source.c"), folder.path().join("library.so"));
    std::fs::write(&file, source).expect("it can be written");
    let words = [file.to_str(), Some("-o"), library.to_str()].map(|word| word.expect("it is UTF-8"));
    let output = native::compile(false, &[&["-fPIC", "-shared"], &words[..]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let clsid = native::NOTEBOOK_C.parse().expect("it is a GUID");
    let handler = HandlerSpec::Com { library, clsid, name: "refused".to_owned(), probes: false, multi_threaded: false }
        .open()
        .expect("it is opened");
    let terms = Terms::standard(Standard {
        initialize: Initialize::new(SyncFlags::new(SyncEvent::MANUAL, 0)),
        selection: Selection::All,
        retries: 0,
        ..Standard::default()
    });
    let held = job::in_process(&handler, &terms, |_| {}, &mut |_: Vec<Event>, _: &Session| {});
    held.map(|_| ()).expect_err("there is no handler").why
}

/// The notebook that gets ready in `DllMain`, compiled with these definitions.
fn with_dll_main(definitions: &[&str]) -> Handler {
    let library = native::library("fixtures/handlers/cpp/dll_main.cpp", definitions);
    native::class(library, native::NOTEBOOK_CPP, true)
}

#[test]
fn a_library_is_told_once_that_it_is_loaded() {
    for definitions in [&[][..], &["IN_CPP"][..]] {
        // Each handler loads the library for itself, and it is one library.
        for handler in [with_dll_main(definitions), with_dll_main(definitions)] {
            let came = run(&handler, SyncFlags::MAYBOTHERUSER);
            assert_eq!(came.findings, [], "{definitions:?}");
            assert_eq!(came.outcome, Outcome::Completed(HResult::S_OK), "{definitions:?}");
        }
    }
}

#[test]
fn a_library_that_refuses_to_be_loaded_is_no_handler() {
    let terms = Terms::standard(Standard {
        initialize: Initialize::new(SyncFlags::new(SyncEvent::MANUAL, 0)),
        selection: Selection::All,
        retries: 0,
        ..Standard::default()
    });
    for _ in 0..2 {
        let handler = with_dll_main(&["WITH_RESULT=FALSE"]);
        let held = job::in_process(&handler, &terms, |_| {}, &mut |_: Vec<Event>, _: &Session| {});
        let why = held.map(|_| ()).expect_err("there is no handler").why;
        assert!(why.contains(": DllMain returned FALSE for DLL_PROCESS_ATTACH"), "{why}");
        // It is unloaded. The next library is likely to lie where it lay, and is not taken for it.
        let came = run(&with_dll_main(&["NEXT"]), SyncFlags::MAYBOTHERUSER);
        assert_eq!(came.outcome, Outcome::Completed(HResult::S_OK));
    }
}

#[test]
fn a_library_that_is_no_handler_is_refused_with_the_reason() {
    let why = refused("int missing(void); int DllGetClassObject(void) { return missing(); }");
    assert!(why.contains("undefined symbol: missing") || why.contains("_missing"), "{why}");
    let why = refused("int DllGetClassObject(void) { return 0; }");
    assert!(why.ends_with("returned S_OK and no object: it must store a class factory"), "{why}");
    let why = refused("int DllGetClassObject(void) { return (int)0x80040111; }");
    assert!(why.ends_with("is --clsid the right one?"), "{why}");
    let why = refused("int something_else;");
    assert!(why.contains("DllGetClassObject"), "{why}");
}
