//! A manager of our own: it records every callback, answers as a test wants, and holds each round to the rules.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mobsync::handler::{FileSync, FolderPair, HandlerFactory, SyncCallback, SyncHandler};
use mobsync::protocol::{
    Callback, CallbackMethod, ErrorFlags, Guid, HResult, Item, ItemState, LogLevel, ProgressItem, Status, SyncEvent,
    SyncFlags, Text,
};

/// Far longer than any round here takes: only a handler that hangs needs it.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// What a test answers to a callback; the number counts the callbacks of the session from 0.
pub type Answer = dyn Fn(usize, &Callback) -> HResult + Send + Sync;

/// A callback and its reply.
#[derive(Clone, Debug)]
pub struct Crossing {
    pub callback: Callback,
    pub reply: HResult,
    pub thread: String,
}

/// The callback object.
pub struct Recorder {
    log: Mutex<Vec<Crossing>>,
    grown: Condvar,
    answer: Box<Answer>,
}

impl SyncCallback for Recorder {
    fn call(&self, callback: Callback) -> HResult {
        let number = self.log().len();
        let reply = (self.answer)(number, &callback);
        let thread = std::thread::current().name().unwrap_or_default().to_owned();
        self.log().push(Crossing { callback, reply, thread });
        self.grown.notify_all();
        reply
    }
}

impl Recorder {
    pub fn log(&self) -> MutexGuard<'_, Vec<Crossing>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the log is as a test wants it.
    pub fn wait_for(&self, what: &str, mut reached: impl FnMut(&[Crossing]) -> bool) {
        let (log, timeout) = self
            .grown
            .wait_timeout_while(self.log(), PATIENCE, |log| !reached(log))
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "waited in vain for {what}: {log:#?}");
    }
}

/// A session with one instance, up to the point where items can be prepared.
pub struct Session {
    pub handler: Box<dyn SyncHandler>,
    pub recorder: Arc<Recorder>,
    pub items: Vec<Item>,
    /// Where the newest round begins in the log.
    from: usize,
}

/// What a round came to.
pub struct RoundLog {
    pub hr: HResult,
    pub log: Vec<Crossing>,
}

impl Session {
    /// A session in which every callback is answered S_OK.
    pub fn open(factory: &FileSync) -> Self {
        Self::answering(factory, |_, _| HResult::S_OK)
    }

    pub fn answering(factory: &FileSync, answer: impl Fn(usize, &Callback) -> HResult + Send + Sync + 'static) -> Self {
        let mut handler = factory.create().unwrap();
        let flags = SyncFlags::new(SyncEvent::MANUAL, 0);
        assert_eq!(handler.initialize(0, flags, None), HResult::S_OK);
        let items = enumerate(&mut *handler);
        let recorder = Arc::new(Recorder { log: Mutex::default(), grown: Condvar::new(), answer: Box::new(answer) });
        let callback: Arc<dyn SyncCallback> = recorder.clone();
        assert_eq!(handler.set_progress_callback(Some(callback)), HResult::S_OK);
        Self { handler, recorder, items, from: 0 }
    }

    pub fn ids(&self) -> Vec<Guid> {
        self.items.iter().map(|item| item.id).collect()
    }

    /// Prepares and synchronizes `items`, without waiting for the end.
    pub fn start(&mut self, items: &[Guid]) {
        self.from = self.recorder.log().len();
        assert_eq!(self.handler.prepare_for_sync(items, 0, 7), HResult::S_OK);
        let prepared = Callback::prepare_completed(HResult::S_OK);
        assert_eq!(self.recorder.log().last().map(|crossing| crossing.callback.clone()), Some(prepared));
        assert_eq!(self.handler.synchronize(0), HResult::S_OK);
    }

    /// Waits for the end of the round, and holds it to the rules.
    pub fn finish(&mut self, items: &[Guid]) -> RoundLog {
        let from = self.from;
        self.recorder.wait_for("SynchronizeCompleted", |log| completion(&log[from..]).is_some());
        let log = self.recorder.log()[from..].to_vec();
        let hr = completion(&log).unwrap();
        check_rules(&log, items);
        RoundLog { hr, log }
    }

    /// A whole round with every item.
    pub fn run(&mut self) -> RoundLog {
        let items = self.ids();
        self.start(&items);
        self.finish(&items)
    }

    /// Ends the session; the handler must have let go of the callback and made no call since its round ended.
    pub fn close(mut self) -> Vec<Crossing> {
        let before = self.recorder.log().len();
        assert_eq!(self.handler.set_progress_callback(None), HResult::S_OK);
        drop(self.handler);
        let recorder = Arc::into_inner(self.recorder).expect("the handler holds the callback no more");
        let log = recorder.log.into_inner().unwrap();
        assert_eq!(log.len(), before, "a callback after the end: {:?}", log.last());
        log
    }
}

/// One round with all items of a new instance, answered S_OK throughout.
pub fn run_once(factory: &FileSync) -> RoundLog {
    let mut session = Session::open(factory);
    let round = session.run();
    session.close();
    round
}

pub fn enumerate(handler: &mut dyn SyncHandler) -> Vec<Item> {
    let (hr, enumerator) = handler.enum_sync_mgr_items();
    assert_eq!(hr, HResult::S_OK);
    let (hr, fetched, items) = enumerator.unwrap().next(u32::MAX);
    assert_eq!((hr, fetched), (HResult::S_FALSE, Some(u32::try_from(items.len()).unwrap())));
    items
}

fn completion(log: &[Crossing]) -> Option<HResult> {
    log.iter()
        .find(|crossing| crossing.callback.method() == CallbackMethod::SynchronizeCompleted)
        .and_then(|crossing| crossing.callback.completion())
}

impl RoundLog {
    /// The progress reports of an item.
    pub fn progress(&self, item: Guid) -> Vec<ProgressItem> {
        progress(&self.log, item).map(|(info, _)| info.clone()).collect()
    }

    /// The item's last status.
    pub fn ended(&self, item: Guid) -> Status {
        self.progress(item).last().expect("an item has progress").status
    }

    /// The texts of an item's UPDATING reports.
    pub fn updating(&self, item: Guid) -> Vec<String> {
        let updating = self.progress(item).into_iter().filter(|info| info.status == Status::UPDATING);
        updating.map(|info| info.text.map(|text| text.to_string()).unwrap_or_default()).collect()
    }

    /// The texts of all reports.
    pub fn texts(&self) -> Vec<String> {
        let text = |crossing: &Crossing| match &crossing.callback {
            Callback::Progress(args) => Some(args.info.as_ref()?.text.as_ref()?.to_string()),
            _ => None,
        };
        self.log.iter().filter_map(text).collect()
    }

    /// What was logged: level, text, ErrorID.
    pub fn logged(&self) -> Vec<(LogLevel, String, Guid)> {
        self.log
            .iter()
            .filter_map(|crossing| match &crossing.callback {
                Callback::LogError(args) => {
                    let text = args.text.as_ref().map(Text::to_string).unwrap_or_default();
                    Some((args.level, text, args.info.as_ref()?.given_error()?))
                }
                _ => None,
            })
            .collect()
    }

    /// The ErrorIDs that were taken back.
    pub fn deleted(&self) -> Vec<Guid> {
        self.log
            .iter()
            .filter_map(|crossing| match &crossing.callback {
                Callback::DeleteLogError(args) => Some(args.error),
                _ => None,
            })
            .collect()
    }
}

fn progress(log: &[Crossing], item: Guid) -> impl Iterator<Item = (&ProgressItem, HResult)> {
    log.iter().filter_map(move |crossing| match &crossing.callback {
        Callback::Progress(args) if args.item == item => Some((args.info.as_ref()?, crossing.reply)),
        _ => None,
    })
}

/// The rules that this handler could break, as assertions on one round. Errors live within a round here.
pub fn check_rules(log: &[Crossing], prepared: &[Guid]) {
    let last = log.last().unwrap();
    let hr = last.callback.completion().expect("the completion is the last callback");
    assert_eq!(last.callback.method(), CallbackMethod::SynchronizeCompleted);
    let completions = log.iter().filter(|crossing| crossing.callback.method() == CallbackMethod::SynchronizeCompleted);
    assert_eq!(completions.count(), 1);

    let mut all_cancelled = false;
    let mut cancelled: BTreeMap<Guid, bool> = BTreeMap::new();
    for crossing in log {
        match &crossing.callback {
            Callback::Progress(args) => {
                assert!(prepared.contains(&args.item), "progress of an item that was not prepared");
                let status = args.info.as_ref().unwrap().given_status().unwrap();
                let stopped = all_cancelled || cancelled.get(&args.item) == Some(&true);
                assert!(!stopped || status.is_final(), "no work after a cancel, not even one report: {status}");
                match crossing.reply {
                    HResult::S_SYNCMGR_CANCELALL => all_cancelled = true,
                    HResult::S_SYNCMGR_CANCELITEM => drop(cancelled.insert(args.item, true)),
                    _ => {}
                }
            }
            Callback::LogError(args) => {
                let info = args.info.as_ref().expect("every error names its item");
                assert!(!args.text.as_ref().unwrap().is_empty());
                assert!(prepared.contains(&info.given_item().unwrap()));
                let error = info.given_error().unwrap();
                let jump = info.given_flags().has(ErrorFlags::ENABLEJUMPTEXT);
                assert_eq!(jump, args.level == LogLevel::ERROR);
                let earlier = log.iter().take_while(|other| !std::ptr::eq(*other, crossing));
                let same = |other: &&Crossing| matches!(&other.callback, Callback::LogError(o) if o.info.as_ref().unwrap().given_error() == Some(error));
                let taken_back =
                    |other: &&Crossing| matches!(&other.callback, Callback::DeleteLogError(o) if o.error == error);
                let (logged, deleted) = (earlier.clone().filter(same).count(), earlier.filter(taken_back).count());
                assert!(logged <= deleted, "an ErrorID is used for two live errors");
            }
            Callback::EnableModeless(_) | Callback::EstablishConnection(_) => panic!("neither dialogs nor connections"),
            _ => {}
        }
    }

    let mut statuses = Vec::new();
    for item in prepared {
        let reports: Vec<_> = progress(log, *item).collect();
        let (first, _) = reports.first().expect("every prepared item has progress");
        assert!(matches!(first.status, Status::PENDING | Status::SKIPPED | Status::STOPPED), "{first:?}");
        let (end, _) = reports.last().unwrap();
        assert!(end.status.is_final(), "the item is left as {}", end.status);
        assert_eq!(reports.iter().filter(|(info, _)| info.status.is_final()).count(), 1);
        let mut before = 0;
        for (info, _) in &reports {
            if let (Some(value), Some(max)) = (info.given_value(), info.given_max()) {
                assert!(before <= value && value <= max, "{value} of {max} after {before}");
                before = value;
            }
        }
        let stopped_by_reply = reports.iter().rev().skip(1).any(|(_, reply)| *reply != HResult::S_OK);
        if stopped_by_reply {
            assert!(matches!(end.status, Status::SKIPPED | Status::STOPPED), "{}", end.status);
        }
        statuses.push(end.status);
    }
    let failed = statuses.contains(&Status::FAILED);
    assert_eq!(hr, if failed { HResult::E_FAIL } else { HResult::S_OK });
}

/// Two empty folders, LEFT and RIGHT, and their pair.
pub struct Folders {
    root: tempfile::TempDir,
}

impl Folders {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("left")).unwrap();
        fs::create_dir(root.path().join("right")).unwrap();
        Self { root }
    }

    pub fn root(&self) -> &Path {
        self.root.path()
    }

    pub fn left(&self, path: &str) -> PathBuf {
        self.root().join("left").join(path)
    }

    pub fn right(&self, path: &str) -> PathBuf {
        self.root().join("right").join(path)
    }

    pub fn pair(&self) -> FolderPair {
        FolderPair::new(self.root().join("left"), self.root().join("right")).unwrap()
    }

    pub fn factory(&self) -> FileSync {
        FileSync::new(vec![self.pair()]).unwrap()
    }
}

/// Every name in a folder and below it, relative, in order; links are not followed.
pub fn names(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(at) = waiting.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let entry = entry.unwrap();
            found.push(entry.path().strip_prefix(folder).unwrap().to_owned());
            if entry.file_type().unwrap().is_dir() {
                waiting.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// Fails if a temporary file of the handler is left anywhere in a folder.
pub fn assert_no_temporary(folder: &Path) {
    let is_temporary = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "tmp");
    let left: Vec<_> = names(folder).into_iter().filter(is_temporary).collect();
    assert!(left.is_empty(), "left over: {left:?}");
}

/// Content that no other seed or length has.
pub fn content(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ length as u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&(state >> 32).to_le_bytes()[..4]);
    }
    bytes.truncate(length);
    bytes
}

/// An item as it is enumerated first: preselected.
pub fn assert_plain_item(item: &Item) {
    assert!(!item.id.is_null());
    assert_eq!(item.state, ItemState::CHECKED);
    assert!(item.name.is_well_formed() && !item.name.is_empty() && item.name.to_utf16().len() <= 127);
}
