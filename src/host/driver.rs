//! Drives one handler instance through one session, on its apartment thread.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::manager::Manager;
use super::seat::{Seat, wait};
use super::shared::{Decision, Shared};
use super::sink::{CallbackSink, InstanceChronicle};
use crate::handler::{CreateError, EnumItems, HandlerFactory, ServerCall, SyncHandler, SyncManager};
use crate::protocol::Limits;
use crate::protocol::{
    Call, CallId, CallMethod, Crashed, Created, DllRegisterServer, DllUnregisterServer, HResult, HandlerId, Note, Out,
    Return, Text, WaitingFor,
};
use crate::time::Clock;

/// How many calls in a row the plan may have refused before the session is given up: a plan that insists must not spin.
const MOST_REFUSALS: u32 = 100;

pub(super) struct Driver<'a> {
    shared: &'a Arc<Shared>,
    id: HandlerId,
    limits: Limits,
    handler: Option<Box<dyn SyncHandler>>,
    enumerators: BTreeMap<u32, Box<dyn EnumItems>>,
    next_enumerator: u32,
    /// What the handler had to note when it was released.
    last_notes: Vec<Note>,
    /// How many calls in a row were refused.
    refusals: u32,
    /// The handler reaches it for as long as it is driven.
    _manager: Arc<dyn SyncManager>,
}

/// Tells the library to register its classes, or to unregister them, and notes what came of it.
fn call_server(
    shared: &Shared,
    id: HandlerId,
    factory: &dyn HandlerFactory,
    call: ServerCall,
) -> Result<(), CreateError> {
    let Some(hr) = factory.call_server(call)? else { return Ok(()) };
    let note = match call {
        ServerCall::Register => Note::DllRegisterServer(DllRegisterServer { hr }),
        ServerCall::Unregister => Note::DllUnregisterServer(DllUnregisterServer { hr }),
    };
    shared.note(id, shared.clock.thread(), note);
    let classes = shared.registered().into_iter().chain(factory.class()).collect::<BTreeSet<_>>();
    for class in classes.into_iter().filter_map(|clsid| factory.class_registered(clsid)) {
        shared.note(id, shared.clock.thread(), Note::ClassRegistered(class));
    }
    Ok(())
}

/// What a turn came to.
pub(super) enum Turn {
    /// There may be more to do.
    Went,
    /// There is nothing to do until something happens, or until that time.
    Waits(Option<u64>),
    /// The session is over.
    Over,
}

/// What one call came to.
enum Called {
    Returned(Return),
    Panicked(String),
    Abandoned,
    /// The session is left in the middle of it.
    Left,
}

impl<'a> Driver<'a> {
    /// Creates the instance.
    pub(super) fn new(
        shared: &'a Arc<Shared>,
        id: HandlerId,
        factory: &dyn HandlerFactory,
        limits: Limits,
    ) -> Result<Self, CreateError> {
        if let Clock::Virtual(scheduler) = &shared.clock {
            scheduler.concerns(id);
        }
        let manager: Arc<dyn SyncManager> = Arc::new(Manager { shared: Arc::clone(shared), handler: id });
        factory.serve_manager(Arc::downgrade(&manager));
        for call in shared.server_calls(id) {
            call_server(shared, id, factory, call)?;
        }
        let mut handler = match catch_unwind(AssertUnwindSafe(|| factory.create())) {
            Ok(created) => created?,
            Err(panic) => {
                let why = format!("it panicked: {}", panic_text(panic.as_ref()));
                return Err(CreateError { handler: factory.name().to_owned(), why });
            }
        };
        let created =
            Created { name: factory.name().into(), native: handler.is_native(), wire: handler.is_out_of_process() };
        shared.note(id, shared.clock.thread(), Note::Created(created));
        handler.set_chronicle(Arc::new(InstanceChronicle { shared: Arc::clone(shared), handler: id }));
        if let Some(ender) = handler.ender() {
            shared.keep_ender(ender);
        }
        let mut driver = Self {
            shared,
            id,
            limits,
            handler: Some(handler),
            enumerators: BTreeMap::new(),
            next_enumerator: 1,
            last_notes: Vec::new(),
            refusals: 0,
            _manager: manager,
        };
        driver.take_notes();
        for note in shared.opening(id) {
            shared.note(id, shared.clock.thread(), note);
        }
        Ok(driver)
    }

    /// Runs the session to its end. `between` is called whenever no call is open, to take the recorded events away.
    pub(super) fn run(mut self, between: &mut dyn FnMut()) {
        loop {
            between();
            self.shared.begin_looking();
            match self.turn() {
                Turn::Went => {}
                Turn::Waits(until_ns) if wait(self.seat(), until_ns) => {}
                Turn::Waits(_) | Turn::Over => break,
            }
        }
        self.let_go();
        between();
    }

    /// Where the instance stands in the session.
    pub(super) fn seat(&self) -> Seat<'a> {
        Seat { shared: self.shared, id: self.id, limits: self.limits }
    }

    /// Does what comes next.
    pub(super) fn turn(&mut self) -> Turn {
        match self.shared.decide(self.id) {
            Decision::Call(id, call) => {
                self.refusals = 0;
                if self.make(id, call) { Turn::Went } else { Turn::Over }
            }
            Decision::Wait(until_ns) => Turn::Waits(until_ns),
            Decision::Refused if self.refusals < MOST_REFUSALS => {
                self.refusals += 1;
                Turn::Went
            }
            Decision::Refused | Decision::Over => Turn::Over,
        }
    }

    /// An instance that did not come to its last `Release` (it crashed, or the plan left it) is dropped without a word.
    pub(super) fn let_go(&mut self) {
        let handler = self.handler.take();
        let enumerators = std::mem::take(&mut self.enumerators);
        // What a crashed handler does while it is dropped is no news.
        let _ = catch_unwind(AssertUnwindSafe(|| drop((enumerators, handler))));
    }

    /// Makes a call that is recorded already, and records its return, or what came instead. False when the session is left
    /// in the middle of it.
    fn make(&mut self, id: CallId, call: Call) -> bool {
        let method = call.method();
        let _span = tracing::debug_span!("call", %method, instance = self.id.0).entered();
        tracing::trace!("called");
        if let Clock::Virtual(scheduler) = &self.shared.clock {
            scheduler.concerns(self.id);
            scheduler.call_begins(scheduler.now_ns().saturating_add(self.limits.timeout_ns));
        }
        let takes_back = call.takes_callback_back();
        let called = match catch_unwind(AssertUnwindSafe(|| self.call(call))) {
            Ok(ret) => match &self.shared.clock {
                Clock::Virtual(scheduler) if scheduler.is_exhausted() => Called::Left,
                Clock::Virtual(scheduler) if scheduler.is_abandoned() => Called::Abandoned,
                _ => Called::Returned(ret),
            },
            Err(panic) => Called::Panicked(panic_text(panic.as_ref())),
        };
        match called {
            Called::Returned(ret) => {
                tracing::trace!(hr = %ret.hr, "returned");
                self.shared.end_call(self.id, id, ret);
                self.take_notes();
                if takes_back && let Some(handler) = &mut self.handler {
                    handler.wait_for_threads();
                }
            }
            Called::Panicked(what) => {
                tracing::info!(what, "the handler panicked");
                let note = Note::Crashed(Crashed { what: format!("panic: {what}").into() });
                self.shared.note(self.id, self.shared.clock.thread(), note);
            }
            Called::Abandoned => self.seat().time_out(method, WaitingFor::Return),
            Called::Left => return false,
        }
        if let Clock::Virtual(scheduler) = &self.shared.clock {
            scheduler.call_ended();
            self.shared.record_task_crashes();
        }
        true
    }

    fn call(&mut self, call: Call) -> Return {
        let method = call.method();
        match call {
            Call::Next(walk) => {
                let Some(enumerator) = self.enumerators.get_mut(&walk.enumerator) else { return gone(method) };
                if walk.no_count {
                    let (hr, items) = enumerator.next_uncounted();
                    return Return { method, hr, out: Out { items, ..Out::default() } };
                }
                let (hr, fetched, items) = enumerator.next(walk.celt);
                return Return { method, hr, out: Out { fetched, items, ..Out::default() } };
            }
            Call::Skip(walk) => {
                let Some(enumerator) = self.enumerators.get_mut(&walk.enumerator) else { return gone(method) };
                return Return::new(method, enumerator.skip(walk.celt));
            }
            Call::Reset(which) => {
                let Some(enumerator) = self.enumerators.get_mut(&which.enumerator) else { return gone(method) };
                return Return::new(method, enumerator.reset());
            }
            Call::Clone(which) => {
                let Some(enumerator) = self.enumerators.get_mut(&which.enumerator) else { return gone(method) };
                let (hr, clone) = enumerator.try_clone();
                return self.keep_enumerator(method, hr, clone);
            }
            Call::Release => {
                // Enumerators hold references to the handler in COM: they go first.
                self.enumerators.clear();
                let mut handler = self.handler.take();
                let refs = handler.as_mut().and_then(|handler| handler.release());
                self.last_notes = handler.as_mut().map(|handler| handler.take_notes()).unwrap_or_default();
                drop(handler);
                return Return { method, hr: HResult::S_OK, out: Out { refs, ..Out::default() } };
            }
            _ => {}
        }
        let Some(handler) = self.handler.as_mut() else { return gone(method) };
        let hr = match call {
            Call::Initialize(args) => {
                handler.initialize(args.reserved, args.flags, args.cookie.as_ref().map(|cookie| cookie.0.as_slice()))
            }
            Call::GetHandlerInfo => {
                let (hr, info) = handler.get_handler_info();
                return Return { method, hr, out: Out { info, ..Out::default() } };
            }
            Call::EnumSyncMgrItems => {
                let (hr, enumerator) = handler.enum_sync_mgr_items();
                return self.keep_enumerator(method, hr, enumerator);
            }
            Call::GetItemObject(args) => {
                let (hr, object) = handler.get_item_object(args.item, args.iid);
                return Return { method, hr, out: Out { object, ..Out::default() } };
            }
            Call::ShowProperties(args) => handler.show_properties(args.hwnd, args.item),
            Call::SetProgressCallback(args) => handler.set_progress_callback(args.callback.map(|number| {
                let sink = CallbackSink { shared: Arc::clone(self.shared), handler: self.id, number };
                Arc::new(sink) as Arc<dyn crate::handler::SyncCallback>
            })),
            Call::PrepareForSync(args) => handler.prepare_for_sync(&args.items, args.hwnd, args.reserved),
            Call::Synchronize(args) => handler.synchronize(args.hwnd),
            Call::SetItemStatus(args) => handler.set_item_status(args.item, args.status),
            Call::ShowError(args) => handler.show_error(args.hwnd, args.error),
            Call::Next(_) | Call::Skip(_) | Call::Reset(_) | Call::Clone(_) | Call::Release => gone(method).hr,
        };
        Return::new(method, hr)
    }

    /// Records what the handler has to note.
    fn take_notes(&mut self) {
        let notes = match &mut self.handler {
            Some(handler) => handler.take_notes(),
            None => std::mem::take(&mut self.last_notes),
        };
        for note in notes {
            self.shared.note(self.id, self.shared.clock.thread(), note);
        }
    }

    fn keep_enumerator(&mut self, method: CallMethod, hr: HResult, new: Option<Box<dyn EnumItems>>) -> Return {
        let enumerator = new.map(|new| {
            let number = self.next_enumerator;
            self.next_enumerator += 1;
            self.enumerators.insert(number, new);
            number
        });
        Return { method, hr, out: Out { enumerator, ..Out::default() } }
    }
}

/// The answer for an object that is not there; the session machine refuses such calls before they come here.
fn gone(method: CallMethod) -> Return {
    Return::new(method, HResult::E_UNEXPECTED)
}

/// A panic's message.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    let text = text.or_else(|| panic.downcast_ref::<Text>().map(ToString::to_string));
    text.unwrap_or_else(|| "a panic without a message".to_owned())
}
