//! Replies that the manager holds: what is bounded, what is not the handler's time, and what the suite finds by it every time.

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
#[cfg(unix)]
mod native;

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use mobsync::handler::{CreateError, EnumItems, HandlerFactory, ItemList, SyncCallback, SyncHandler};
use mobsync::job::{Handler, Terms};
use mobsync::protocol::*;
use mobsync::runner::{self, JudgedSession, RunOptions};
use mobsync::scenario;
use serde_json::{Value, json};

type Work = dyn Fn(&Arc<dyn SyncCallback>) -> HResult + Send + Sync;

/// A handler with two items; a test writes its `Synchronize`.
struct Tested(Arc<Work>);

struct Instance {
    work: Arc<Work>,
    callback: Option<Arc<dyn SyncCallback>>,
}

fn ids() -> [Guid; 2] {
    ["A", "B"].map(|name| Guid::from_alias(name).expect("it is a short name"))
}

impl HandlerFactory for Tested {
    fn name(&self) -> &str {
        "tested"
    }

    fn create(&self) -> Result<Box<dyn SyncHandler>, CreateError> {
        Ok(Box::new(Instance { work: Arc::clone(&self.0), callback: None }))
    }
}

impl SyncHandler for Instance {
    fn initialize(&mut self, _: u32, _: SyncFlags, _: Option<&[u8]>) -> HResult {
        HResult::S_OK
    }

    fn get_handler_info(&mut self) -> (HResult, Option<HandlerInfo>) {
        (HResult::S_OK, Some(HandlerInfo { name: "Tested".into(), ..HandlerInfo::default() }))
    }

    fn enum_sync_mgr_items(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        let item = |id: Guid| Item { id, name: format!("{id}").into(), state: ItemState::CHECKED, ..Item::default() };
        (HResult::S_OK, Some(Box::new(ItemList::new(ids().map(item)))))
    }

    fn show_properties(&mut self, _: u64, _: Guid) -> HResult {
        HResult::E_NOTIMPL
    }

    fn set_progress_callback(&mut self, callback: Option<Arc<dyn SyncCallback>>) -> HResult {
        self.callback = callback;
        HResult::S_OK
    }

    fn prepare_for_sync(&mut self, _: &[Guid], _: u64, _: u32) -> HResult {
        let callback = self.callback.as_ref().expect("the manager sets it first");
        callback.prepare_for_sync_completed(HResult::S_OK)
    }

    fn synchronize(&mut self, _: u64) -> HResult {
        (self.work)(self.callback.as_ref().expect("the manager sets it first"))
    }

    fn set_item_status(&mut self, _: Guid, _: Status) -> HResult {
        HResult::S_OK
    }

    fn show_error(&mut self, _: u64, _: Guid) -> HResult {
        HResult::E_NOTIMPL
    }
}

fn item(callback: &dyn SyncCallback, id: Guid) {
    callback.progress(id, ProgressItem::status(Status::UPDATING).at(0, 1));
    callback.progress(id, ProgressItem::status(Status::SUCCEEDED).at(1, 1));
}

/// What came of a session with these fields of a scenario.
struct Came {
    /// The notes of held replies, as they were let go.
    let_go: Vec<WhyLetGo>,
    findings: Vec<(&'static str, String)>,
    outcome: Outcome,
}

fn hold(work: impl Fn(&Arc<dyn SyncCallback>) -> HResult + Send + Sync + 'static, fields: Value) -> Came {
    let mut whole = json!({ "format": "mobsync-scenario", "version": 1, "title": "held", "choose": "all" });
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let scenario = scenario::parse(&whole.to_string(), "held".as_ref()).unwrap_or_else(|error| panic!("{error}"));
    let mut events: Vec<Event> = Vec::new();
    let handler = Handler::from_factory(Arc::new(Tested(Arc::new(work))));
    let session = runner::run(&handler, &Terms::scenario(scenario), &RunOptions::default(), &mut events);
    let JudgedSession { judged, .. } = session.expect("it runs");
    let let_go = events.iter().filter_map(|event| match &event.kind {
        EventKind::Note(note) => match &**note {
            Note::LetGo(let_go) => Some(let_go.why),
            _ => None,
        },
        _ => None,
    });
    Came {
        let_go: let_go.collect(),
        findings: judged.findings().map(|finding| (finding.rule.code, finding.message())).collect(),
        outcome: judged.session().instance(HandlerId::FIRST).expect("it was created").outcome(),
    }
}

const NOTHING: Vec<(&str, String)> = Vec::new();

/// Two threads that report one at a time: while one is inside a report, the other one waits for it.
fn one_at_a_time(callback: &Arc<dyn SyncCallback>) -> HResult {
    let (lock, callback) = (Arc::new(Mutex::new(2)), Arc::clone(callback));
    for id in ids() {
        let (lock, callback) = (Arc::clone(&lock), Arc::clone(&callback));
        thread::spawn(move || {
            let mut running = lock.lock().unwrap();
            item(callback.as_ref(), id);
            *running -= 1;
            if *running == 0 {
                callback.synchronize_completed(HResult::S_OK);
            }
        });
    }
    HResult::S_OK
}

#[test]
fn a_handler_that_waits_for_another_of_its_own_callbacks_is_let_go() {
    let step = |item: &str, other: &str| {
        json!({"when": {"callback": "Progress", "item": item}, "do":
            {"hold": {"until": {"callback": "Progress", "item": other}, "at_most": "100ms"}}})
    };
    // Whichever is first is held for the other one, which waits for the first.
    let came = hold(one_at_a_time, json!({"steps": [step("A", "B"), step("B", "A")]}));
    assert_eq!(came.let_go, [WhyLetGo::TimeOver, WhyLetGo::TimeOver]);
    assert_eq!((came.findings, came.outcome), (NOTHING, Outcome::Completed(HResult::S_OK)));
}

#[test]
fn the_time_of_a_held_reply_is_not_the_handlers() {
    let works_inside = |callback: &Arc<dyn SyncCallback>| {
        ids().into_iter().for_each(|id| item(callback.as_ref(), id));
        callback.synchronize_completed(HResult::S_OK)
    };
    // Longer than a method may block, than a call may take at all, and than a handler may be silent.
    let held = json!({"timeout": "2s", "blocking": "1s", "steps":
        [{"when": {"callback": "Progress", "nth": 2}, "do": {"hold": {"until": {"time": "3s"}}}}]});
    let came = hold(works_inside, held.clone());
    assert_eq!((came.let_go, came.findings), (vec![WhyLetGo::Reached], NOTHING), "on the manager's own thread");
    let came = hold(one_at_a_time, held);
    assert_eq!((came.let_go, came.findings), (vec![WhyLetGo::Reached], NOTHING), "on another thread");
    assert_eq!(came.outcome, Outcome::Completed(HResult::S_OK));
}

#[test]
fn what_is_held_is_let_go_when_the_manager_leaves() {
    let began = Instant::now();
    let came = hold(
        one_at_a_time,
        json!({"timeout": "60s", "steps": [
            {"when": {"callback": "Progress"}, "do": {"hold": {"until": {"return": "SetItemStatus"}, "at_most": "50s"}}},
            {"when": {"callback": "Progress"}, "do": "release"},
        ]}),
    );
    assert_eq!(came.let_go, [WhyLetGo::Leaving]);
    assert!(began.elapsed().as_secs() < 50, "it waited for what could not come");
}

#[test]
fn an_item_is_skipped_before_a_quick_handler_is_done_with_it() {
    let quick = |callback: &Arc<dyn SyncCallback>| {
        let callback = Arc::clone(callback);
        thread::spawn(move || {
            ids().into_iter().for_each(|id| item(callback.as_ref(), id));
            callback.synchronize_completed(HResult::S_OK);
        });
        HResult::S_OK
    };
    let first = json!({"callback": "Progress", "item": "A"});
    let steps = json!([
        {"when": first, "do": {"hold": {"until": {"return": "SetItemStatus", "item": "A"}}}},
        {"when": first, "do": {"skip": "A"}},
    ]);
    for _ in 0..20 {
        let came = hold(quick, json!({"timeout": "60s", "blocking": "30s", "steps": steps}));
        let rules: Vec<&str> = came.findings.iter().map(|(rule, _)| *rule).collect();
        assert_eq!((came.let_go, rules), (vec![WhyLetGo::Reached], vec!["STOP-03"]));
    }
}

#[cfg(unix)]
mod of_native_handlers {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::process::Command;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use serde_json::Value;

    use crate::native::{NOTEBOOK_CPP, library};

    fn conform(switch: &str, more: &[&str]) -> Value {
        let built = library("fixtures/handlers/cpp/notebook.cpp", &[&format!("WITH_BUG=\"{switch}\"")]);
        conform_class(&built, NOTEBOOK_CPP, more)
    }

    fn conform_class(built: &Path, class: &str, more: &[&str]) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
        command.arg("conform").arg(built).args(["--clsid", class, "--format", "json"]).args(more);
        let output = command.output().expect("it runs");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{}: {error}\n{}", built.display(), String::from_utf8_lossy(&output.stderr)))
    }

    /// A lock that is held across Progress and taken in SetItemStatus: in a manager that calls SetItemStatus before it has answered,
    /// nothing goes on any more.
    #[test]
    fn a_deadlock_of_set_item_status_is_found_with_the_stacks_of_both_threads() {
        let report = conform("STOP_04_1", &["--case", "skip-A-at-the-first-report", "--timeout", "60"]);
        let findings = report["findings"].as_array().expect("there are findings");
        let found =
            findings.iter().find(|finding| finding["rule"] == "STOP-04").unwrap_or_else(|| panic!("{report:#}"));
        let frames: Vec<&str> = found["backtrace"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let other = frames.iter().position(|frame| frame.starts_with("thread ")).expect("the other thread is told");
        let has = |frames: &[&str], name: &str| frames.iter().any(|frame| frame.contains(name));
        assert!(has(&frames[..other], "CNotebook::SetItemStatus"), "{frames:#?}");
        assert!(has(&frames[other..], "CNotebook::Report"), "{frames:#?}");
        assert!(!has(&frames[other..], "CNotebook::SetItemStatus"), "{frames:#?}");
        assert_eq!(findings.iter().filter(|finding| finding["rule"] != "STOP-04").count(), 0, "{findings:#?}");
    }

    /// The causes of a report, each with the number of its cases, and the cases in which something was found.
    fn causes(report: &Value) -> (BTreeSet<(String, String, u64)>, BTreeSet<String>) {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let all = |name: &str| report[name].as_array().cloned().unwrap_or_default();
        let cause = |cause: &Value| (word(&cause["rule"]), word(&cause["place"]), cause["cases"].as_u64().unwrap_or(0));
        (all("causes").iter().map(cause).collect(), all("findings").iter().map(|found| word(&found["case"])).collect())
    }

    /// How often each is run: `MOBSYNC_RUNS` says otherwise. Twenty take some minutes.
    fn runs() -> usize {
        std::env::var("MOBSYNC_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(2)
    }

    /// Does something while both processors have something else to do.
    fn busy(work: impl FnOnce() + std::panic::UnwindSafe) {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        std::hint::spin_loop();
                    }
                });
            }
            let done = std::panic::catch_unwind(work);
            over.store(true, Ordering::Relaxed);
            done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        });
    }

    /// Runs the suite over and over.
    fn the_same_every_time(switch: &str, wanted: &[&str]) {
        alike(runs(), wanted, || conform(switch, &["--timeout", "60"]));
    }

    fn alike(runs: usize, wanted: &[&str], conform: impl Fn() -> Value + std::panic::RefUnwindSafe) {
        busy(|| {
            let first = causes(&conform());
            let rules: BTreeSet<&str> = first.0.iter().map(|(rule, ..)| rule.as_str()).collect();
            assert_eq!(rules, wanted.iter().copied().collect());
            for _ in 1..runs {
                assert_eq!(causes(&conform()), first, "found otherwise");
            }
        });
    }

    /// It makes a few callbacks more, as quickly as it can: whether they come before `SetProgressCallback` has returned is not left to
    /// chance.
    #[test]
    fn a_quick_handler_that_goes_on_after_null_is_judged_alike_in_every_run() {
        let built = library("benches/support/stopwatch.c", &["CALLBACKS=1"]);
        let class = "{6D6F6273-796E-4E6F-80FF-000000000001}";
        let case = ["--case", "release-when-synchronize-returned", "--timeout", "60"];
        alike(8, &["CB-08"], || conform_class(&built, class, &case));
    }

    #[test]
    fn the_reference_handler_is_judged_alike_in_every_run() {
        the_same_every_time("", &[]);
    }

    #[test]
    fn a_quick_handler_that_ignores_set_item_status_is_judged_alike_in_every_run() {
        the_same_every_time("STOP_03_1", &["STOP-03"]);
    }

    /// What its threads do after the first completion is chance, and follows from it: it is never a cause of its own.
    #[test]
    fn a_handler_whose_workers_all_complete_is_judged_alike_in_every_run() {
        the_same_every_time("SYNC_04_1", &["SYNC-04"]);
    }
}
