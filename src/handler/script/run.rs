//! Runs the steps of a script, on the apartment thread or on a logical thread of the scheduler.
//!
//! Each step says what it shares with other threads, so that whoever explores their orders knows which steps are independent. What
//! says nothing concerns the thread alone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::file::Script;
use super::notified::{Notified, Report, lock};
use super::step::{ProgressStep, ScriptStep, Steps, WaitFor, WorkStep};
use crate::handler::{HeldReply, Replied};
use crate::json::Id;
use crate::protocol::{
    CallMethod, Callback, CallbackMethod, Completed, DeleteLogError, EnableModeless, ErrorFlags, EstablishConnection,
    Guid, HResult, LogError, LogErrorInfo, LogMask, Progress, ProgressItem, ProgressMask, ShowErrorCompleted, Status,
    Text,
};
use crate::time::{Access, Next, Paused, Scheduler, Task};

/// What the steps of one call have in common.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) script: Arc<Script>,
    pub(super) scheduler: Scheduler,
    pub(super) told: Arc<Mutex<Notified>>,
    /// By which the scheduler stops the handler's threads.
    pub(super) owner: u64,
    pub(super) instance: u64,
    /// The method in which the steps stand.
    pub(super) method: CallMethod,
    /// The call's number, to know its return.
    pub(super) call: u64,
}

/// A list of steps, and where it stands.
pub(super) struct Runner {
    context: Context,
    frames: Vec<Frame>,
    /// Counted among the threads of which one is the last to complete.
    counted: bool,
    /// Not before the call has returned.
    after_return: bool,
    /// The callback that the manager has not answered yet.
    held: Option<(Box<dyn HeldReply>, Then)>,
    /// The values of shared variables that the thread has read or written last.
    read: BTreeMap<String, i64>,
}

/// What the reply to a callback is for.
#[derive(Clone, Copy)]
enum Then {
    /// It says whether the dialog is granted.
    Dialog,
    /// It says whether the connection is open.
    Connection,
    /// It says whether the item goes on.
    Progress(Guid),
    Nothing,
}

struct Frame {
    steps: Steps,
    at: usize,
    more: u32,
}

impl Runner {
    pub(super) fn new(context: Context, steps: Steps) -> Self {
        let frames = vec![Frame { steps, at: 0, more: 0 }];
        Self { context, frames, counted: false, after_return: false, held: None, read: BTreeMap::new() }
    }

    /// As one of the call's threads.
    pub(super) fn counted(mut self) -> Self {
        *lock(&self.context.told).running.entry(self.context.call).or_default() += 1;
        self.counted = true;
        self
    }

    /// To be begun once the call has returned.
    pub(super) fn after_return(mut self) -> Self {
        self.after_return = true;
        self
    }

    /// Runs to the end on the apartment thread. An abandoned call ends early: nobody listens any more.
    pub(super) fn run_here(&mut self) {
        let scheduler = self.context.scheduler.clone();
        while !scheduler.is_exhausted() {
            let paused = match self.step() {
                Next::Now => scheduler.yield_now(),
                Next::At(time) => scheduler.pause(Some(time), || false),
                Next::Blocked => scheduler.pause(None, || self.can_go_on()),
                Next::BlockedUntil(time) => scheduler.pause(Some(time), || self.is_answered()),
                Next::Hung => scheduler.pause(None, || false),
                Next::Done => return,
                Next::Crashed(what) => std::panic::resume_unwind(Box::new(what)),
            };
            match paused {
                Paused::Ready | Paused::Reached => {}
                Paused::Stuck | Paused::Abandoned | Paused::Crashed | Paused::Exhausted => return,
            }
        }
    }

    /// The next step, without passing it.
    fn peek(&mut self) -> Option<ScriptStep> {
        self.leave_ended_steps();
        let frame = self.frames.last()?;
        frame.steps.get(frame.at).cloned()
    }

    /// Goes on to where the next step is, if there is one.
    fn leave_ended_steps(&mut self) {
        while let Some(frame) = self.frames.last_mut() {
            if frame.at < frame.steps.len() {
                return;
            }
            if frame.more > 0 && !frame.steps.is_empty() {
                frame.more -= 1;
                frame.at = 0;
            } else {
                self.frames.pop();
            }
        }
    }

    fn pass(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.at += 1;
        }
    }

    fn is_free(&self, name: &str) -> bool {
        !lock(&self.context.told).locked.contains(name)
    }

    /// The step shares this with other threads.
    fn touch(&self, access: Access) {
        self.context.scheduler.touch(access);
    }

    /// The number of something that threads of this instance share.
    fn thing(&self, kind: u8, name: &[u8]) -> u64 {
        let bytes = self.context.owner.to_le_bytes().into_iter().chain([kind]).chain(name.iter().copied());
        // FNV-1a. Two things of one number would only seem to be one.
        bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
    }

    fn item(&self, item: Guid) -> u64 {
        self.thing(b'i', &item.as_u128().to_le_bytes())
    }

    fn variable(&self, name: &str) -> u64 {
        self.thing(b'v', name.as_bytes())
    }

    /// The threads of this call that have not come to their `complete_if_last`.
    fn threads_of_call(&self) -> u64 {
        self.thing(b't', &self.context.call.to_le_bytes())
    }

    fn is_there(&self, what: &WaitFor) -> bool {
        let told = lock(&self.context.told);
        match what {
            WaitFor::Skip(item) => told.skipped.contains(&item.0),
            WaitFor::Cancel(item) => told.cancelled_all || told.cancelled.contains(&item.0),
            WaitFor::Return(_) => self.context.scheduler.has_ended(self.context.call),
            WaitFor::Release(_) => told.released,
        }
    }

    fn do_step(&mut self, step: ScriptStep) -> Next {
        match step {
            ScriptStep::Wait(delay) => {
                self.pass();
                return Next::At(self.context.scheduler.now_ns().saturating_add(delay.0));
            }
            ScriptStep::WaitFor(what) if !self.is_there(&what) => return Next::Blocked,
            ScriptStep::Lock(name) if !self.is_free(&name) => return Next::Blocked,
            ScriptStep::Hang(_) => return Next::Hung,
            ScriptStep::Panic(what) => return Next::Crashed(what),
            step => {
                self.pass();
                self.act(step);
            }
        }
        Next::Now
    }

    fn act(&mut self, step: ScriptStep) {
        match step {
            ScriptStep::Progress(step) => self.progress(&step),
            ScriptStep::Work(work) => self.push(unfold(&work).into(), 0),
            ScriptStep::Repeat(repeat) if repeat.times > 0 => self.push(repeat.steps, repeat.times - 1),
            ScriptStep::When(when) => {
                self.touch(Access::Session);
                let holds = when.condition.holds(&lock(&self.context.told), self.context.instance, &self.read);
                self.push(if holds { when.steps } else { when.otherwise }, 0);
            }
            ScriptStep::Start(start) => {
                self.touch(Access::Changes(0));
                self.touch(Access::Changes(self.threads_of_call()));
                let runner = Runner::new(self.context.clone(), start.steps).counted();
                self.context.scheduler.spawn(self.context.owner, &start.thread, runner);
            }
            ScriptStep::Dialog(true) => {
                // Without an interface nothing is granted.
                lock(&self.context.told).dialog = false;
                self.call(Callback::EnableModeless(EnableModeless { enable: true }), Then::Dialog);
            }
            ScriptStep::Dialog(false) => {
                self.touch(Access::Everything);
                let held = std::mem::take(&mut lock(&self.context.told).dialog);
                if held {
                    self.call(Callback::EnableModeless(EnableModeless { enable: false }), Then::Nothing);
                }
            }
            ScriptStep::ForceDialogEnd(_) => {
                self.call(Callback::EnableModeless(EnableModeless { enable: false }), Then::Nothing);
            }
            ScriptStep::Complete(hr) => self.complete(hr),
            ScriptStep::CompleteIfLast(hr) => {
                self.touch(Access::Changes(self.threads_of_call()));
                let left = {
                    let mut told = lock(&self.context.told);
                    let running = told.running.entry(self.context.call).or_default();
                    if std::mem::take(&mut self.counted) {
                        *running = running.saturating_sub(1);
                    }
                    *running
                };
                if left == 0 {
                    self.complete(hr);
                }
            }
            ScriptStep::Read(name) => {
                self.touch(Access::Sees(self.variable(&name)));
                let value = lock(&self.context.told).variables.get(&name).copied().unwrap_or_default();
                self.read.insert(name, value);
            }
            ScriptStep::Write(write) => {
                self.touch(Access::Changes(self.variable(&write.variable)));
                let last = self.read.get(&write.variable).copied().unwrap_or_default();
                let value = write.value.unwrap_or(last).saturating_add(write.add);
                lock(&self.context.told).variables.insert(write.variable.clone(), value);
                self.read.insert(write.variable, value);
            }
            ScriptStep::Add(add) => {
                self.touch(Access::Changes(self.variable(&add.variable)));
                let mut told = lock(&self.context.told);
                let value = told.variables.entry(add.variable.clone()).or_default();
                *value = value.saturating_add(add.by);
                self.read.insert(add.variable, *value);
            }
            ScriptStep::Lock(name) => {
                self.touch(Access::Changes(self.thing(b'l', name.as_bytes())));
                lock(&self.context.told).locked.insert(name);
            }
            ScriptStep::Unlock(name) => {
                self.touch(Access::Changes(self.thing(b'l', name.as_bytes())));
                lock(&self.context.told).locked.remove(&name);
            }
            ScriptStep::WaitFor(_) => self.touch(Access::Session),
            ScriptStep::Wait(_) | ScriptStep::Hang(_) | ScriptStep::Panic(_) | ScriptStep::Repeat(_) => {}
            other => {
                if let Some(callback) = to_callback(other) {
                    let connects = matches!(callback, Callback::EstablishConnection(_));
                    self.call(callback, if connects { Then::Connection } else { Then::Nothing });
                }
            }
        }
    }

    fn push(&mut self, steps: Steps, more: u32) {
        self.frames.push(Frame { steps, at: 0, more });
    }

    fn complete(&mut self, hr: HResult) {
        let completed = Completed { hr };
        let callback = match self.context.method {
            CallMethod::PrepareForSync => Callback::PrepareForSyncCompleted(completed),
            CallMethod::ShowProperties => Callback::ShowPropertiesCompleted(completed),
            CallMethod::ShowError => Callback::ShowErrorCompleted(ShowErrorCompleted { hr, items: Vec::new() }),
            // Loading refuses a bare completion in a method that has none; Synchronize is what is left.
            _ => Callback::SynchronizeCompleted(completed),
        };
        self.call(callback, Then::Nothing);
    }

    fn progress(&mut self, step: &ProgressStep) {
        let item = step.item.0;
        self.touch(Access::Changes(self.item(item)));
        let report = if step.force {
            Report::Made
        } else {
            lock(&self.context.told).report(item, step.status, &self.context.script)
        };
        let info = match report {
            Report::Made => to_progress(step),
            Report::LeftOut => return,
            Report::Over => return self.stop_repeating(),
            Report::Instead(status) => ProgressItem::status(status),
        };
        self.call(Callback::Progress(Progress { item, info: Some(info) }), Then::Progress(item));
    }

    /// Ends the repetition of steps that only wait and report of items that are over: nobody waits for work that was stopped.
    fn stop_repeating(&mut self) {
        // It looks at items of other threads.
        self.touch(Access::Everything);
        let Some(frame) = self.frames.last_mut() else { return };
        let told = lock(&self.context.told);
        let is_idle = |step: &ScriptStep| match step {
            ScriptStep::Wait(_) => true,
            ScriptStep::Progress(step) => !step.force && told.is_over(step.item.0),
            _ => false,
        };
        if frame.steps.iter().all(is_idle) {
            frame.more = 0;
        }
    }

    /// Makes a callback with the interface that the handler has; without one there is nothing to call. A reply that the
    /// manager holds is awaited before the next step.
    fn call(&mut self, callback: Callback, then: Then) {
        // Cloned out: the callback must not run under the handler's own lock.
        let interface = lock(&self.context.told).callback.clone();
        self.touch(Access::Session);
        match interface.map(|interface| interface.begin(None, callback)) {
            Some(Replied::Now(hr)) => {
                // A report of progress that is answered as usual is a matter of its item; all else is everybody's.
                if !(matches!(then, Then::Progress(_)) && hr == HResult::S_OK) {
                    self.touch(Access::Everything);
                }
                self.answered(then, hr);
            }
            Some(Replied::Held(held)) => {
                self.touch(Access::Everything);
                self.held = Some((held, then));
            }
            None => {}
        }
    }

    /// Takes in what the manager replied.
    fn answered(&self, then: Then, hr: HResult) {
        let mut told = lock(&self.context.told);
        match then {
            Then::Dialog => {
                told.dialog = hr == HResult::S_OK;
                told.dialog_refused |= hr == HResult::S_FALSE;
            }
            Then::Connection => told.connection_failed |= hr.is_failure(),
            Then::Progress(item) => told.replied(item, hr),
            Then::Nothing => {}
        }
    }

    /// Whether no reply is awaited any more.
    fn is_answered(&mut self) -> bool {
        let Some((held, then)) = &mut self.held else { return true };
        let then = *then;
        let Some(hr) = held.poll() else { return false };
        self.touch(Access::Everything);
        self.held = None;
        self.answered(then, hr);
        true
    }
}

impl Task for Runner {
    fn can_go_on(&mut self) -> bool {
        if self.after_return {
            return self.context.scheduler.has_ended(self.context.call);
        }
        if self.held.is_some() {
            return true;
        }
        self.leave_ended_steps();
        match self.frames.last().and_then(|frame| frame.steps.get(frame.at)) {
            Some(ScriptStep::WaitFor(what)) => self.is_there(what),
            Some(ScriptStep::Lock(name)) => self.is_free(name),
            _ => true,
        }
    }

    fn step(&mut self) -> Next {
        if self.after_return {
            if !self.context.scheduler.has_ended(self.context.call) {
                return Next::Blocked;
            }
            self.touch(Access::Session);
            self.after_return = false;
        }
        if !self.is_answered() {
            return Next::BlockedUntil(self.held.as_ref().map_or(0, |(held, _)| held.until_ns()));
        }
        match self.peek() {
            Some(step) => {
                self.context.scheduler.charge(carried(&step));
                self.do_step(step)
            }
            None => {
                if self.counted {
                    // Which of two ends comes first makes no difference: only `complete_if_last` looks at the number.
                    self.touch(Access::Sees(self.threads_of_call()));
                }
                if std::mem::take(&mut self.counted)
                    && let Some(running) = lock(&self.context.told).running.get_mut(&self.context.call)
                {
                    *running = running.saturating_sub(1);
                }
                Next::Done
            }
        }
    }
}

/// How many bytes of data a step carries into a callback, about.
fn carried(step: &ScriptStep) -> usize {
    fn of_text(text: &Option<Text>) -> usize {
        text.as_ref().map_or(0, |text| text.as_str().map_or_else(|| text.to_utf16().len() * 2, str::len))
    }
    fn of_value(value: &Value) -> usize {
        size_of::<Value>()
            + match value {
                Value::String(text) => text.len(),
                Value::Array(values) => values.iter().map(of_value).sum(),
                Value::Object(fields) => fields.iter().map(|(key, value)| key.len() + of_value(value)).sum(),
                Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            }
    }
    match step {
        ScriptStep::Progress(step) => of_text(&step.text),
        ScriptStep::Log(log) => of_text(&log.text),
        ScriptStep::Connect(name) => of_text(name),
        ScriptStep::Retry(items) => size_of_val(items.as_slice()),
        ScriptStep::CompleteAs(complete) => size_of_val(complete.items.as_slice()),
        ScriptStep::Callback(raw) => of_value(&raw.args),
        _ => 0,
    }
}

/// The reports of one piece of work.
fn unfold(work: &WorkStep) -> Vec<ScriptStep> {
    let report = |status, value| {
        let max = i32::from(work.units);
        ScriptStep::Progress(ProgressStep {
            item: work.item,
            status: Some(status),
            value: Some(value),
            max: Some(max),
            text: None,
            mask: None,
            force: false,
        })
    };
    let mut steps = vec![report(Status::UPDATING, 0)];
    for unit in 1..=i32::from(work.units) {
        steps.push(ScriptStep::Wait(work.each));
        steps.push(report(Status::UPDATING, unit));
    }
    steps.push(report(work.ends, i32::from(work.units)));
    steps
}

fn to_progress(step: &ProgressStep) -> ProgressItem {
    let bit = |given: bool, bit: ProgressMask| if given { bit.0 } else { 0 };
    let implied = bit(step.text.is_some(), ProgressMask::STATUSTEXT)
        | bit(step.status.is_some(), ProgressMask::STATUSTYPE)
        | bit(step.value.is_some(), ProgressMask::PROGVALUE)
        | bit(step.max.is_some(), ProgressMask::MAXVALUE);
    ProgressItem {
        mask: step.mask.unwrap_or(ProgressMask(implied)),
        text: step.text.clone(),
        status: step.status.unwrap_or_default(),
        value: step.value.unwrap_or_default(),
        max: step.max.unwrap_or_default(),
        size: None,
    }
}

fn guids(ids: &[Id]) -> Vec<Guid> {
    ids.iter().map(|id| id.0).collect()
}

/// The callback of a step that is one callback and nothing else.
fn to_callback(step: ScriptStep) -> Option<Callback> {
    Some(match step {
        ScriptStep::Log(log) => {
            let flags = log.flags.unwrap_or(if log.jump { ErrorFlags::ENABLEJUMPTEXT } else { ErrorFlags(0) });
            let bit = |given: bool, bit: LogMask| if given { bit.0 } else { 0 };
            let implied = bit(flags.0 != 0, LogMask::ERRORFLAGS)
                | bit(log.error.is_some(), LogMask::ERRORID)
                | bit(log.item.is_some(), LogMask::ITEMID);
            let mask = log.mask.unwrap_or(LogMask(implied));
            let info = LogErrorInfo {
                mask,
                flags,
                error: log.error.map(|id| id.0).unwrap_or_default(),
                item: log.item.map(|id| id.0).unwrap_or_default(),
                size: None,
            };
            let given = mask.0 != 0 || log.mask.is_some();
            Callback::LogError(LogError { level: log.level, text: log.text, info: given.then(|| Box::new(info)) })
        }
        ScriptStep::DeleteLog(id) => Callback::DeleteLogError(DeleteLogError { error: id.0, reserved: 0 }),
        ScriptStep::Connect(name) => Callback::EstablishConnection(EstablishConnection { name, reserved: 0 }),
        ScriptStep::Retry(items) => {
            Callback::ShowErrorCompleted(ShowErrorCompleted { hr: HResult::S_SYNCMGR_RETRYSYNC, items: guids(&items) })
        }
        ScriptStep::CompleteAs(complete) => match complete.method {
            CallbackMethod::PrepareForSyncCompleted => Callback::prepare_completed(complete.hr),
            CallbackMethod::SynchronizeCompleted => Callback::synchronize_completed(complete.hr),
            CallbackMethod::ShowPropertiesCompleted => Callback::ShowPropertiesCompleted(Completed { hr: complete.hr }),
            CallbackMethod::ShowErrorCompleted => {
                Callback::ShowErrorCompleted(ShowErrorCompleted { hr: complete.hr, items: guids(&complete.items) })
            }
            _ => return None,
        },
        ScriptStep::Callback(raw) => Callback::deserialize_args(raw.method, raw.args).ok()?,
        _ => return None,
    })
}
