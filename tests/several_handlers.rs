//! Different handlers in one session, in real time. Those in virtual time are `fixtures/scenarios/several-handlers.json`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, ThreadId};

use mobsync::handler::{CreateError, EnumItems, HandlerFactory, SyncCallback, SyncHandler};
use mobsync::job::{Conduct, Handler, Standard, Terms};
use mobsync::protocol::*;
use mobsync::runner::{self, JudgedSession, RunOptions};

/// What `Synchronize` does; it must complete.
type Work = dyn Fn(Arc<dyn SyncCallback>) + Send + Sync;

/// A handler with one item.
#[derive(Clone)]
struct Tested {
    name: &'static str,
    /// None: it cannot be created.
    work: Option<Arc<Work>>,
    threads: Threads,
}

/// On which threads each handler was created, called and dropped.
type Threads = Arc<Mutex<HashSet<(&'static str, ThreadId)>>>;

impl Tested {
    fn new(
        name: &'static str,
        threads: &Threads,
        work: impl Fn(Arc<dyn SyncCallback>) + Send + Sync + 'static,
    ) -> Self {
        Self { name, work: Some(Arc::new(work)), threads: Arc::clone(threads) }
    }

    fn handler(self) -> Handler {
        Handler::from_factory(Arc::new(self))
    }

    fn touch(&self) {
        self.threads.lock().expect("nobody panics with it").insert((self.name, thread::current().id()));
    }
}

impl HandlerFactory for Tested {
    fn name(&self) -> &str {
        self.name
    }

    fn create(&self) -> Result<Box<dyn SyncHandler>, CreateError> {
        self.touch();
        match self.work {
            Some(_) => Ok(Box::new(Instance { tested: self.clone(), callback: None })),
            None => Err(CreateError { handler: self.name.to_owned(), why: "it is not there".to_owned() }),
        }
    }
}

struct Instance {
    tested: Tested,
    callback: Option<Arc<dyn SyncCallback>>,
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.tested.touch();
    }
}

impl SyncHandler for Instance {
    fn initialize(&mut self, _: u32, _: SyncFlags, _: Option<&[u8]>) -> HResult {
        self.tested.touch();
        HResult::S_OK
    }

    fn get_handler_info(&mut self) -> (HResult, Option<HandlerInfo>) {
        (HResult::S_OK, Some(HandlerInfo { name: self.tested.name.into(), ..HandlerInfo::default() }))
    }

    fn enum_sync_mgr_items(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        (HResult::S_OK, Some(Box::new(Items(0))))
    }

    fn show_properties(&mut self, _: u64, _: Guid) -> HResult {
        HResult::E_INVALIDARG
    }

    fn set_progress_callback(&mut self, callback: Option<Arc<dyn SyncCallback>>) -> HResult {
        self.callback = callback;
        HResult::S_OK
    }

    fn prepare_for_sync(&mut self, _: &[Guid], _: u64, _: u32) -> HResult {
        self.callback.as_ref().expect("it is set").prepare_for_sync_completed(HResult::S_OK);
        HResult::S_OK
    }

    fn synchronize(&mut self, _: u64) -> HResult {
        self.tested.touch();
        let callback = Arc::clone(self.callback.as_ref().expect("it is set"));
        (self.tested.work.as_ref().expect("it was created"))(callback);
        HResult::S_OK
    }

    fn set_item_status(&mut self, _: Guid, _: Status) -> HResult {
        HResult::S_OK
    }

    fn show_error(&mut self, _: u64, _: Guid) -> HResult {
        HResult::E_INVALIDARG
    }
}

fn item() -> Guid {
    Guid::from_alias("A").expect("A is a short name")
}

struct Items(usize);

impl EnumItems for Items {
    fn next(&mut self, celt: u32) -> (HResult, Option<u32>, Vec<Item>) {
        let all = [Item { id: item(), name: "A".into(), state: ItemState::CHECKED, ..Item::default() }];
        let items: Vec<Item> = all.into_iter().skip(self.0).take(celt as usize).collect();
        self.0 += items.len();
        let hr = if items.len() == celt as usize { HResult::S_OK } else { HResult::S_FALSE };
        (hr, u32::try_from(items.len()).ok(), items)
    }

    fn skip(&mut self, _: u32) -> HResult {
        HResult::S_OK
    }

    fn reset(&mut self) -> HResult {
        self.0 = 0;
        HResult::S_OK
    }

    fn try_clone(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        (HResult::S_OK, Some(Box::new(Items(self.0))))
    }
}

/// Synchronizes the item.
fn works(callback: &dyn SyncCallback) {
    callback.progress(item(), ProgressItem::status(Status::UPDATING).at(0, 1));
    callback.progress(item(), ProgressItem::status(Status::SUCCEEDED).at(1, 1));
    callback.synchronize_completed(HResult::S_OK);
}

/// Works on a thread of its own.
fn works_apart(callback: Arc<dyn SyncCallback>) {
    thread::spawn(move || works(callback.as_ref()));
}

fn run(handlers: Vec<Tested>, timeout_ms: u64) -> (JudgedSession, Vec<Event>) {
    let conduct = Conduct::Several(handlers.iter().map(|_| Standard::default()).collect());
    let handler = Handler::several(handlers.into_iter().map(Tested::handler).collect()).expect("all run in real time");
    let limits = Limits { timeout_ns: timeout_ms * 1_000_000, blocking_ns: 60_000_000_000, ..Limits::default() };
    let terms = Terms { conduct, limits, ..Terms::default() };
    let mut events = Vec::new();
    let session = runner::run(&handler, &terms, &RunOptions::default(), &mut events).expect("it can begin");
    (session, events)
}

fn outcomes(session: &JudgedSession, many: u32) -> Vec<Option<Outcome>> {
    let of = |number| Some(session.judged.session().instance(HandlerId(number))?.outcome());
    (1..=many).map(of).collect()
}

#[test]
fn a_call_that_never_returns_holds_up_only_its_own_handler() {
    let threads = Threads::default();
    let (go_on, waits) = mpsc::channel::<()>();
    let waits = Mutex::new(waits);
    // The others synchronize when the first one's call was given up: they are called after it, in turn.
    let hangs = Tested::new("hangs", &threads, move |_| {
        let _ = waits.lock().expect("nobody panics with it").recv();
    });
    let others = ["second", "third"].map(|name| Tested::new(name, &threads, works_apart));
    let (session, events) = run([vec![hangs], others.to_vec()].concat(), 3_000);
    let completed = Some(Outcome::Completed(HResult::S_OK));
    assert_eq!(outcomes(&session, 3), [Some(Outcome::Hung(CallMethod::Synchronize)), completed, completed]);
    let found: Vec<_> = session.judged.findings().map(|finding| (finding.rule.code, finding.handler)).collect();
    assert_eq!(found, [("LIFE-03", HandlerId(1))]);
    let at = |wanted: &dyn Fn(&Event) -> bool| events.iter().position(wanted).expect("it is there");
    let given_up = at(&|event| matches!(&event.kind, EventKind::Note(note) if matches!(**note, Note::TimedOut(_))));
    let synchronizes =
        |event: &Event| matches!(&event.kind, EventKind::Call { what, .. } if matches!(**what, Call::Synchronize(_)));
    assert!(given_up < at(&|event| event.handler == HandlerId(2) && synchronizes(event)));
    drop(go_on);
}

#[test]
fn each_handler_has_an_apartment_thread_of_its_own() {
    let threads = Threads::default();
    let handlers =
        ["first", "second", "third"].map(|name| Tested::new(name, &threads, |callback| works(callback.as_ref())));
    let (session, _) = run(handlers.to_vec(), 60_000);
    assert_eq!(outcomes(&session, 3), [Some(Outcome::Completed(HResult::S_OK)); 3]);
    assert_eq!(session.judged.findings().count(), 0);
    let threads = threads.lock().expect("nobody panics with it");
    // One each, from its creation to its end, and none is another's.
    assert_eq!(threads.len(), 3, "{threads:?}");
    assert_eq!(threads.iter().map(|(_, thread)| *thread).collect::<HashSet<_>>().len(), 3, "{threads:?}");
}

#[test]
fn a_handler_that_crashes_or_cannot_be_created_leaves_the_others_alone() {
    let threads = Threads::default();
    let missing = Tested { work: None, ..Tested::new("missing", &threads, |_| {}) };
    let panics = Tested::new("panics", &threads, |_| panic!("out of bounds"));
    let good = Tested::new("good", &threads, works_apart);
    let (session, events) = run(vec![missing, panics, good], 60_000);
    let not_created: Vec<_> = session.not_created.iter().map(|(id, error)| (*id, error.to_string())).collect();
    assert_eq!(not_created, [(HandlerId(1), "cannot create an instance of missing: it is not there".to_owned())]);
    let completed = Outcome::Completed(HResult::S_OK);
    assert_eq!(outcomes(&session, 3), [None, Some(Outcome::Crashed), Some(completed)]);
    assert!(events.iter().all(|event| event.handler != HandlerId(1)), "nothing is said of it");
    let found: Vec<_> = session.judged.findings().map(|finding| (finding.rule.code, finding.handler)).collect();
    assert_eq!(found, [("LIFE-02", HandlerId(2))]);
}

#[test]
fn a_session_without_any_handler_that_can_be_created_does_not_begin() {
    let missing = Tested { work: None, ..Tested::new("missing", &Threads::default(), |_| {}) };
    let handler = Handler::several(vec![missing.clone().handler(), missing.handler()]).expect("both run in real time");
    let terms = Terms { conduct: Conduct::Several(Vec::new()), ..Terms::default() };
    let error = runner::run(&handler, &terms, &RunOptions::default(), &mut ()).err().expect("nothing can run");
    assert_eq!(error.to_string(), "cannot create an instance of missing: it is not there");
}

#[test]
fn scripts_and_handlers_in_real_time_cannot_be_in_one_session() {
    let script = r#"{"kind": "script", "version": 1, "name": "One", "items": []}"#;
    let script = mobsync::handler::script::parse(script, "one.json".as_ref()).expect("it is a script");
    let good = Tested::new("good", &Threads::default(), works_apart).handler();
    let error = Handler::several(vec![good, Handler::from_script(script)]).err().expect("there are two clocks");
    let why = "One is a script and runs in virtual time; good runs in real time: they cannot be in one session, which has one clock";
    assert_eq!(error.to_string(), why);
}
