//! What the apartment thread and the thread that reads share.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::process::ChildStdin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::message::{self, Answer, Bad, excerpt};
use super::process::Process;
use crate::handler::{Chronicle, Replied, SyncCallback};
use crate::protocol::{
    Call, CallMethod, Callback, Crashed, HResult, Malformed, Note, Out, Thread, TimedOut, WaitingFor, cut_off,
};

/// How long the program may take to end when its standard input is closed.
const GRACE: Duration = Duration::from_secs(2);

/// After how many bad messages the program is ended.
const MOST_BAD: u32 = 100;

/// How many ids of callbacks are remembered, to find one that is used again.
const REMEMBERED: usize = 1024;

/// How many characters of the last line of its standard error stand in the note of a program's end.
const LAST_LINE: usize = 300;

/// The file that gets every line, both ways.
const LOG: &str = "MOBSYNC_WIRE_LOG";

/// The connection to one program.
pub(super) struct Link {
    pub(super) process: Process,
    stdin: Mutex<Option<ChildStdin>>,
    state: Mutex<LinkState>,
    changed: Condvar,
    /// Held while what the program wrote is handed over.
    handing: Mutex<()>,
    log: Option<Mutex<File>>,
}

#[derive(Default)]
struct LinkState {
    chronicle: Option<Arc<dyn Chronicle>>,
    /// What happened before there was a chronicle.
    early: Vec<(Thread, Note)>,
    callback: Option<Arc<dyn SyncCallback>>,
    last_id: u64,
    /// The call that is not answered.
    open: Option<u64>,
    answer: Option<Result<Answer, String>>,
    /// Ids of callbacks, the newest last.
    ids: VecDeque<Value>,
    bad: u32,
    /// `Release` was answered: the program may end.
    released: bool,
    /// The open call is the last one, `Release`.
    releasing: bool,
    /// The program is ended by us: how it ends is no news.
    ending: bool,
    /// The connection is over.
    over: bool,
}

impl LinkState {
    /// Whether the program has answered `Release`, so that it may end; also when whoever called has not seen the answer yet.
    fn may_end(&self) -> bool {
        self.released || self.releasing && matches!(self.answer, Some(Ok(_)))
    }
}

impl Link {
    pub(super) fn new(process: Process, stdin: ChildStdin) -> io::Result<Self> {
        let log = match std::env::var_os(LOG) {
            Some(path) if !path.is_empty() => Some(Mutex::new(File::options().create(true).append(true).open(path)?)),
            _ => None,
        };
        let (stdin, state) = (Mutex::new(Some(stdin)), Mutex::default());
        Ok(Self { process, stdin, state, changed: Condvar::new(), handing: Mutex::default(), log })
    }

    fn lock(&self) -> MutexGuard<'_, LinkState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_chronicle(&self, chronicle: Arc<dyn Chronicle>) {
        let mut state = self.lock();
        // Under the lock: what comes now comes after it.
        for (thread, note) in std::mem::take(&mut state.early) {
            chronicle.note(thread, note);
        }
        state.chronicle = Some(chronicle);
    }

    pub(super) fn set_callback(&self, callback: Arc<dyn SyncCallback>) {
        self.lock().callback = Some(callback);
    }

    fn note(&self, note: Note) {
        let mut state = self.lock();
        match state.chronicle.clone() {
            Some(chronicle) => {
                drop(state);
                chronicle.note(Thread::APARTMENT, note);
            }
            None => state.early.push((Thread::APARTMENT, note)),
        }
    }

    /// Makes a call and waits for its answer. What comes back when the program has ended is not recorded.
    pub(super) fn call(&self, call: &Call) -> (HResult, Out) {
        const GONE: (HResult, Out) = (HResult::E_FAIL, NO_OUT);
        let id = {
            let mut state = self.lock();
            state.last_id += 1;
            state.open = Some(state.last_id);
            state.answer = None;
            state.releasing = call.method() == CallMethod::Release;
            state.last_id
        };
        let method = call.method();
        let line = message::request(id, call);
        let written = self.write(&line);
        let mut state = self.lock();
        let since = Instant::now();
        loop {
            if let Some(answer) = state.answer.take() {
                state.released |= method == CallMethod::Release;
                drop(state);
                let returned = answer.and_then(|answer| answer.returned(method));
                return returned.unwrap_or_else(|what| {
                    // The answer cannot be read, and there will be no other one.
                    self.bad(&Bad::new(what), format!("the answer to {method}, id {id}").as_bytes());
                    GONE
                });
            }
            if state.over {
                return GONE;
            }
            // The one who reads finds out whether the program has ended.
            if written.is_err() && since.elapsed() > GRACE {
                drop(state);
                self.crashed("the program closed its standard input".to_owned());
                return GONE;
            }
            state = self.changed.wait_timeout(state, GRACE).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The last call. Closes the standard input when it is answered, and waits for the program's end.
    pub(super) fn release(&self) -> Option<u32> {
        let (_, out) = self.call(&Call::Release);
        {
            let state = self.lock();
            if state.over {
                return out.refs.filter(|_| state.released);
            }
        }
        *self.stdin.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let until = Instant::now() + GRACE;
        let mut state = self.lock();
        while !state.over {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.ending = true;
                drop(state);
                let method = CallMethod::Release;
                self.note(Note::TimedOut(TimedOut { method, waiting_for: WaitingFor::Return }));
                self.process.end();
                return None;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        out.refs
    }

    /// Ends the program, whatever it is doing. Whoever waits for it waits no longer.
    pub(super) fn end(&self) {
        self.lock().ending = true;
        self.process.end();
        self.finish();
    }

    fn finish(&self) {
        // Whoever comes second finds that all was handed over.
        let handing = self.handing.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(said), Some(chronicle)) = (self.process.take_said().text(), self.lock().chronicle.clone()) {
            chronicle.output(&said);
        }
        drop(handing);
        self.lock().over = true;
        self.changed.notify_all();
    }

    /// The program has ended, or cannot be reached any more.
    pub(super) fn gone(&self, what: String, is_good: bool) {
        let state = self.lock();
        let is_news = !(state.over || state.ending || state.may_end() && is_good);
        drop(state);
        if is_news {
            self.crashed(what);
        }
        self.finish();
    }

    /// Whether it is the program's turn to end.
    pub(super) fn is_ending(&self) -> bool {
        let state = self.lock();
        state.may_end() || state.ending
    }

    fn crashed(&self, mut what: String) {
        if let Some(last) = self.process.last_line() {
            what.push_str("; its standard error ends with: ");
            what.push_str(&cut_off(&last, LAST_LINE));
        }
        self.note(Note::Crashed(Crashed { what: what.into() }));
        self.lock().ending = true;
        self.process.end();
        self.finish();
    }

    /// An answer came.
    pub(super) fn answered(&self, id: &Value, answer: Result<Answer, String>) -> Result<(), Bad> {
        let mut state = self.lock();
        let open = state.open;
        if id.as_u64().is_some_and(|id| Some(id) == open) {
            state.open = None;
            state.answer = Some(answer);
            self.changed.notify_all();
            return Ok(());
        }
        let earlier = id.as_u64().is_some_and(|id| (1..=state.last_id).contains(&id));
        Err(Bad::new(match earlier {
            true => format!("a second answer: the call with the id {id} was already answered"),
            false => format!("an answer without a request: no call with the id {id} is open"),
        }))
    }

    /// A callback came.
    pub(super) fn called_back(self: &Arc<Self>, id: Value, thread: &Thread, callback: Callback) -> Result<(), Bad> {
        let sink = {
            let mut state = self.lock();
            if state.ids.contains(&id) {
                return Err(Bad::new(format!("the id {id} was already used")).asked(id));
            }
            if state.ids.len() == REMEMBERED {
                state.ids.pop_front();
            }
            state.ids.push_back(id.clone());
            state.callback.clone()
        };
        let Some(sink) = sink else {
            return Err(
                Bad::new(format!("{} before SetProgressCallback has set the callback", callback.method())).asked(id)
            );
        };
        match sink.begin(Some(thread), callback) {
            Replied::Now(hr) => self.reply(&id, hr),
            Replied::Held(held) => {
                // The thread that reads must go on: what lets the reply go may be the answer to a call.
                let link = Arc::clone(self);
                let reply = move || link.reply(&id, held.wait());
                // Without a thread the reply does not come, as from a manager that is out of memory.
                drop(std::thread::Builder::new().name("held reply".to_owned()).spawn(reply));
            }
        }
        Ok(())
    }

    fn reply(&self, id: &Value, hr: HResult) {
        // Who does not read any more has no use for it.
        let _ = self.write(&message::reply(id, hr));
    }

    /// Something came that is no message.
    pub(super) fn bad(&self, bad: &Bad, line: &[u8]) {
        let count = {
            let mut state = self.lock();
            state.bad += 1;
            state.bad
        };
        if count > MOST_BAD {
            return;
        }
        self.note(Note::Malformed(Malformed { what: bad.what.as_str().into(), text: excerpt(line).as_str().into() }));
        if count == MOST_BAD {
            self.crashed(format!("ended after {MOST_BAD} malformed messages"));
        } else if let Some(answer) = bad.answer() {
            let _ = self.write(&answer);
        }
    }

    pub(super) fn log(&self, direction: &str, line: &[u8]) {
        if let Some(log) = &self.log {
            let whole = [direction.as_bytes(), b" ", line, b"\n"].concat();
            // A full disk is no reason to disturb the session.
            let _ = log.lock().unwrap_or_else(PoisonError::into_inner).write_all(&whole);
        }
    }

    fn write(&self, line: &str) -> io::Result<()> {
        let mut stdin = self.stdin.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pipe) = stdin.as_mut() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        self.log(">", line.as_bytes());
        pipe.write_all(format!("{line}\n").as_bytes())
    }
}

/// Nothing beside the result.
const NO_OUT: Out = Out { info: None, enumerator: None, fetched: None, items: Vec::new(), object: false, refs: None };
