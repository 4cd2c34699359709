//! Crossings become events: numbers, times, and who answers whom.

use std::collections::HashMap;

use super::error::Problem;
use crate::protocol::{
    Call, CallId, CallMethod, Callback, CallbackMethod, Event, EventKind, HResult, HandlerId, Note, Return, Session,
    Thread, Wish,
};

/// The events of a document so far.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    pub events: Vec<Event>,
    /// The time of the last event, in nanoseconds.
    now: u64,
    calls: u64,
    open_calls: HashMap<(HandlerId, CallMethod), Vec<CallId>>,
    open_callbacks: HashMap<(HandlerId, Thread, CallbackMethod), Vec<CallId>>,
    /// The session machine, fed only when it is asked.
    session: Session,
    fed: usize,
}

impl Assembly {
    /// The number that the next event gets.
    pub fn next_seq(&self) -> u64 {
        self.events.len() as u64 + 1
    }

    /// Lets time pass.
    pub fn wait(&mut self, nanos: u64) -> Result<(), Problem> {
        self.now = self.now.checked_add(nanos).ok_or(Problem::TooLate)?;
        Ok(())
    }

    fn push(&mut self, handler: HandlerId, thread: &Thread, kind: EventKind) {
        let seq = self.next_seq();
        self.events.push(Event { seq, at_ns: self.now, thread: thread.clone(), handler, kind });
    }

    fn next_call(&mut self) -> CallId {
        self.calls += 1;
        CallId(self.calls)
    }

    pub fn note(&mut self, handler: HandlerId, thread: &Thread, note: Note) {
        self.push(handler, thread, EventKind::Note(Box::new(note)));
    }

    /// The manager calls; the call stays open.
    pub fn call(&mut self, handler: HandlerId, thread: &Thread, call: Call) {
        let id = self.next_call();
        self.open_calls.entry((handler, call.method())).or_default().push(id);
        self.push(handler, thread, EventKind::Call { call: id, what: Box::new(call) });
    }

    /// The newest open call of the method returns.
    pub fn returns(&mut self, handler: HandlerId, thread: &Thread, what: Return) -> Result<(), Problem> {
        let method = what.method;
        let call = self.open_calls.get_mut(&(handler, method)).and_then(Vec::pop);
        let call = call.ok_or(Problem::NoOpenCall { method, handler })?;
        self.push(handler, thread, EventKind::Return { call, what: Box::new(what) });
        Ok(())
    }

    /// The handler calls; no answer yet.
    pub fn callback(&mut self, handler: HandlerId, thread: &Thread, callback: Callback) {
        let id = self.next_call();
        self.open_callbacks.entry((handler, thread.clone(), callback.method())).or_default().push(id);
        self.push(handler, thread, EventKind::Callback { call: id, what: callback });
    }

    /// The newest unanswered callback of the method, from that thread, is answered.
    pub fn answer(
        &mut self,
        handler: HandlerId,
        thread: &Thread,
        method: CallbackMethod,
        hr: HResult,
    ) -> Result<(), Problem> {
        let call = self.open_callbacks.get_mut(&(handler, thread.clone(), method)).and_then(Vec::pop);
        let call = call.ok_or_else(|| Problem::NoOpenCallback { method, handler, thread: thread.clone() })?;
        self.push(handler, thread, EventKind::Reply { call, method, hr });
        Ok(())
    }

    /// What the session machine answers to a callback by itself.
    pub fn default_reply(&mut self, handler: HandlerId, callback: &Callback) -> HResult {
        for event in &self.events[self.fed..] {
            self.session.apply(event);
        }
        self.fed = self.events.len();
        self.session.reply(handler, callback, Wish::None)
    }
}
