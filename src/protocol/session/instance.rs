//! One handler instance: what the machine knows of it, and how events change that.

use std::collections::BTreeSet;

use super::errors::Errors;
use super::{Items, KnownItem, LiveError, Outcome, Pending, Phase, State};
use crate::protocol::{
    Call, CallMethod, Callback, Guid, HResult, HandlerFlags, HandlerId, Return, Status, SyncFlags, WaitingFor,
};

/// What the machine knows of one handler instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Instance {
    pub(super) id: HandlerId,
    pub(super) initialized: Option<HResult>,
    pub(super) flags: SyncFlags,
    pub(super) open: Option<CallMethod>,
    pub(super) handler_flags: HandlerFlags,
    pub(super) enumerators: BTreeSet<u32>,
    pub(super) enumeration_due: bool,
    pub(super) items: Items,
    /// What is known of each item of `items`, in the same order.
    pub(super) known: Vec<KnownItem>,
    pub(super) interface: Interface,
    pub(super) prepare: Phase,
    pub(super) synchronize: Phase,
    pub(super) show_error: Phase,
    pub(super) show_properties: Phase,
    pub(super) enumeration_failed: Option<HResult>,
    /// `ShowProperties` ended with its return, for the handler had no callback to say that it is done: it may say so later, once.
    pub(super) properties_unsaid: bool,
    asked_retry: Vec<Guid>,
    pub(super) retry: Option<Vec<Guid>>,
    pub(super) round: u32,
    pub(super) cancelled_all: bool,
    pub(super) errors: Errors,
    pub(super) pending: Vec<Pending>,
    pub(super) end: Option<State>,
}

/// The callback interface, as the handler has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Interface {
    /// Never given.
    #[default]
    NotGiven,
    /// Given: the number of the callback object.
    Given(u32),
    /// The handler refused it: `SetProgressCallback` returned this failure, and nothing is set.
    Refused(HResult),
    /// Taken back with NULL.
    TakenBack,
}

/// The asynchronous methods; first what the user looks at, which may be open while one of the others is.
const ASYNCHRONOUS: [CallMethod; 4] =
    [CallMethod::ShowError, CallMethod::ShowProperties, CallMethod::Synchronize, CallMethod::PrepareForSync];

impl Instance {
    /// A new instance, before its first call.
    pub fn created(id: HandlerId) -> Self {
        Self {
            id,
            initialized: None,
            flags: SyncFlags::default(),
            open: None,
            handler_flags: HandlerFlags::default(),
            enumerators: BTreeSet::new(),
            enumeration_due: false,
            items: Items::default(),
            known: Vec::new(),
            interface: Interface::NotGiven,
            prepare: Phase::Idle,
            synchronize: Phase::Idle,
            show_error: Phase::Idle,
            show_properties: Phase::Idle,
            properties_unsaid: false,
            enumeration_failed: None,
            asked_retry: Vec::new(),
            retry: None,
            round: 0,
            cancelled_all: false,
            errors: Errors::default(),
            pending: Vec::new(),
            end: None,
        }
    }

    /// The instance's number in its session.
    pub fn id(&self) -> HandlerId {
        self.id
    }

    /// The flags that `Initialize` was called with.
    pub fn flags(&self) -> SyncFlags {
        self.flags
    }

    /// What `Initialize` returned, once it has.
    pub fn initialized(&self) -> Option<HResult> {
        self.initialized
    }

    /// The flags that the handler gave of itself; none before `GetHandlerInfo`.
    pub fn handler_flags(&self) -> HandlerFlags {
        self.handler_flags
    }

    /// The call of the manager that has not returned.
    pub fn open_call(&self) -> Option<CallMethod> {
        self.open
    }

    /// The callback interface, as the handler has it.
    pub fn interface(&self) -> Interface {
        self.interface
    }

    /// Where an asynchronous method stands; `Idle` for any other.
    pub fn phase(&self, method: CallMethod) -> Phase {
        match method {
            CallMethod::PrepareForSync => self.prepare,
            CallMethod::Synchronize => self.synchronize,
            CallMethod::ShowError => self.show_error,
            CallMethod::ShowProperties => self.show_properties,
            _ => Phase::Idle,
        }
    }

    /// The asynchronous method that is called and not ended, if any. While `Synchronize` is under way the user may look at
    /// an error or at properties: then it is this one.
    pub fn active(&self) -> Option<CallMethod> {
        ASYNCHRONOUS.into_iter().find(|method| self.phase(*method).is_active())
    }

    /// What the user looks at now: `ShowError` or `ShowProperties`, called and not ended.
    pub fn shown(&self) -> Option<CallMethod> {
        self.active().filter(|method| matches!(method, CallMethod::ShowError | CallMethod::ShowProperties))
    }

    /// The asynchronous method whose completion the manager waits for, if any; of two, what the user looks at.
    pub fn awaiting(&self) -> Option<CallMethod> {
        ASYNCHRONOUS.into_iter().find(|method| self.phase(*method) == Phase::Awaiting)
    }

    /// Whether `SetItemStatus` may be called: `PrepareForSync` or `Synchronize` has returned, and is not completed.
    pub fn is_in_window(&self) -> bool {
        self.prepare == Phase::Awaiting || self.synchronize == Phase::Awaiting
    }

    /// Whether the round has come to its end: `Synchronize` has ended, or does not follow because `PrepareForSync` failed.
    pub fn has_ended_round(&self) -> bool {
        self.synchronize.has_ended() || (self.prepare.has_ended() && !self.prepare.is_done_ok())
    }

    /// The logged errors that were not deleted, in the order of their logging.
    pub fn errors(&self) -> impl Iterator<Item = &LiveError> {
        self.errors.iter()
    }

    /// How many live errors [`Instance::errors`] leaves out, because the handler logged very many without an ErrorID.
    pub fn errors_not_kept(&self) -> u64 {
        self.errors.not_kept()
    }

    /// The logged error with this ErrorID, unless it was deleted.
    pub fn error(&self, id: Guid) -> Option<&LiveError> {
        self.errors.get(id)
    }

    /// The ErrorIDs of the errors that the user can ask to see, in the order of their logging.
    pub fn jump_errors(&self) -> impl Iterator<Item = Guid> {
        self.errors().filter(|error| error.jump).filter_map(|error| error.id)
    }

    /// The items that `ShowErrorCompleted` asked to synchronize again, each once.
    pub fn retry_due(&self) -> Option<&[Guid]> {
        self.retry.as_deref()
    }

    /// How many times `PrepareForSync` was called.
    pub fn round(&self) -> u32 {
        self.round
    }

    /// Whether the handler was told to stop every item.
    pub fn cancelled_all(&self) -> bool {
        self.cancelled_all
    }

    /// Whether the items must be enumerated again before anything else is done with them.
    pub fn enumeration_due(&self) -> bool {
        self.enumeration_due
    }

    /// Whether `PrepareForSync` was called, or will not be called any more.
    pub(super) fn has_begun_preparing(&self) -> bool {
        self.round > 0 || self.has_finished_preparing()
    }

    /// Whether its prepare phase is over, or will not come any more.
    pub(super) fn has_finished_preparing(&self) -> bool {
        match self.state() {
            State::Declined | State::Closed => true,
            state => state.is_end() || self.prepare.has_ended(),
        }
    }

    /// Callbacks that are not answered yet, oldest first.
    pub fn pending(&self) -> &[Pending] {
        &self.pending
    }

    /// How many callbacks wait for their replies. Nobody waits in an instance that has ended.
    pub(super) fn unanswered(&self) -> usize {
        if self.end.is_some() { 0 } else { self.pending.len() }
    }

    /// Where the instance stands.
    pub fn state(&self) -> State {
        if let Some(end) = self.end {
            return end;
        }
        match self.initialized {
            None => return State::Created,
            Some(HResult::S_OK) => {}
            Some(_) => return State::Declined,
        }
        if matches!(self.interface, Interface::TakenBack | Interface::Refused(_)) {
            return State::Closed;
        }
        if self.show_error.is_active() {
            return State::ShowingError;
        }
        if self.show_properties.is_active() {
            return State::ShowingProperties;
        }
        // A retry that is asked for while the round goes on waits for its end.
        if self.retry.is_some() && self.has_ended_round() {
            return State::RetryDue;
        }
        match self.synchronize {
            Phase::Open { .. } => return State::Synchronizing,
            Phase::Awaiting => return State::SynchronizeReturned,
            Phase::Done(_) => return State::Synchronized,
            Phase::Refused(_) | Phase::Overdue => return State::SynchronizeFailed,
            Phase::Idle => {}
        }
        match self.prepare {
            Phase::Open { .. } => State::Preparing,
            Phase::Awaiting => State::PrepareReturned,
            Phase::Done(HResult::S_OK) => State::Prepared,
            Phase::Done(_) | Phase::Refused(_) | Phase::Overdue => State::PrepareFailed,
            Phase::Idle if self.interface != Interface::NotGiven => State::Ready,
            Phase::Idle if !self.enumerators.is_empty() => State::Enumerated,
            Phase::Idle => State::Initialized,
        }
    }

    /// The failure of the last `EnumSyncMgrItems`, where no item is known: why there was nothing to synchronize.
    pub fn enumeration_failed(&self) -> Option<HResult> {
        self.enumeration_failed.filter(|_| self.items.is_empty())
    }

    /// What came of the session so far.
    pub fn outcome(&self) -> Outcome {
        match self.end {
            Some(State::Crashed) => return Outcome::Crashed,
            Some(State::Hung) => return self.open.map_or(Outcome::Unfinished, Outcome::Hung),
            Some(_) => {}
            None => return Outcome::Unfinished,
        }
        if let Interface::Refused(hr) = self.interface {
            return Outcome::CallbackRefused(hr);
        }
        match (self.initialized, self.prepare, self.synchronize) {
            (None, ..) => Outcome::Unfinished,
            (Some(hr), ..) if hr != HResult::S_OK => Outcome::Declined(hr),
            (_, _, Phase::Done(hr)) => Outcome::Completed(hr),
            (_, _, Phase::Refused(hr)) => Outcome::SynchronizeFailed(hr),
            (_, _, Phase::Overdue) => Outcome::Overdue(CallMethod::Synchronize),
            (_, Phase::Idle, _) => Outcome::NothingPrepared,
            (_, Phase::Overdue, _) => Outcome::Overdue(CallMethod::PrepareForSync),
            (_, Phase::Refused(hr), _) => Outcome::PrepareFailed(hr),
            (_, Phase::Done(hr), _) if hr != HResult::S_OK => Outcome::PrepareFailed(hr),
            _ => Outcome::Abandoned,
        }
    }

    pub(super) fn apply_call(&mut self, call: &Call) {
        self.open = Some(call.method());
        match call {
            Call::Initialize(args) if self.initialized.is_none() => self.flags = args.flags,
            Call::SetProgressCallback(args) => {
                if let Some(number) = args.callback {
                    self.interface = Interface::Given(number);
                }
            }
            Call::PrepareForSync(args) => self.begin_round(&args.items),
            Call::Synchronize(_) => self.synchronize.called(),
            Call::ShowError(_) => {
                self.asked_retry.clear();
                self.show_error.called();
            }
            Call::ShowProperties(_) => {
                self.show_properties.called();
                self.properties_unsaid = false;
            }
            _ => {}
        }
    }

    fn begin_round(&mut self, ids: &[Guid]) {
        self.round += 1;
        self.retry = None;
        self.cancelled_all = false;
        self.synchronize = Phase::Idle;
        self.prepare.called();
        self.prepare_items(ids);
    }

    /// `call` is the matching call where it is known; a return without one changes what it can.
    pub(super) fn apply_return(&mut self, what: &Return, call: Option<&Call>) {
        if self.open == Some(what.method) {
            self.open = None;
        }
        let hr = what.hr;
        match what.method {
            CallMethod::Initialize if self.initialized.is_none() => self.initialized = Some(hr),
            CallMethod::GetHandlerInfo => {
                if let Some(info) = &what.out.info {
                    self.handler_flags = info.flags;
                }
            }
            CallMethod::EnumSyncMgrItems => {
                self.enumeration_failed = Some(hr).filter(|hr| hr.is_failure());
                if hr.is_success() {
                    self.begin_enumeration(what.out.enumerator);
                }
            }
            CallMethod::Clone => self.enumerators.extend(what.out.enumerator),
            CallMethod::Next if hr.is_success() => what.out.items.iter().for_each(|item| self.list(item)),
            CallMethod::SetProgressCallback => match call {
                // There is nothing to take back of one that was refused.
                Some(Call::SetProgressCallback(_)) if matches!(self.interface, Interface::Refused(_)) => {}
                Some(Call::SetProgressCallback(args)) if args.callback.is_none() => {
                    self.interface = Interface::TakenBack;
                }
                Some(Call::SetProgressCallback(_)) if hr.is_failure() => self.interface = Interface::Refused(hr),
                _ => {}
            },
            CallMethod::PrepareForSync => self.prepare.returned(what.method, hr),
            CallMethod::Synchronize => self.synchronize.returned(what.method, hr),
            CallMethod::ShowProperties => {
                self.show_properties.returned(what.method, hr);
                if !matches!(self.interface, Interface::Given(_)) && self.show_properties == Phase::Awaiting {
                    // In the choice, before it has the callback, the handler cannot say when it is done: it is done now.
                    self.show_properties.completed(hr);
                    self.properties_unsaid = true;
                }
                self.properties_ended();
            }
            CallMethod::ShowError => {
                self.show_error.returned(what.method, hr);
                self.error_ended();
            }
            CallMethod::SetItemStatus if hr.is_success() => {
                if let Some(Call::SetItemStatus(args)) = call
                    && args.status == Status::SKIPPED
                    && let Some(item) = self.item_mut(args.item)
                {
                    item.skipped = true;
                }
            }
            CallMethod::Release => self.end = Some(State::Released),
            _ => {}
        }
    }

    fn properties_ended(&mut self) {
        if let Phase::Done(HResult::S_SYNCMGR_ITEMDELETED | HResult::S_SYNCMGR_ENUMITEMS) = self.show_properties {
            self.enumeration_due = true;
        }
    }

    fn error_ended(&mut self) {
        if self.show_error == Phase::Done(HResult::S_SYNCMGR_RETRYSYNC) {
            // What was asked for before, for another error, and has not been done yet, is asked for still.
            let mut asked = self.retry.take().unwrap_or_default();
            asked.append(&mut self.asked_retry);
            let mut seen = BTreeSet::new();
            // The handler may name an item twice, or one that it never enumerated; neither can be prepared.
            asked.retain(|id| self.item(*id).is_some() && seen.insert(*id));
            self.retry = (!asked.is_empty()).then_some(asked);
        }
    }

    /// The effect of a callback that is in the protocol; one that is not has none. `seq` is its event's sequence number.
    pub(super) fn apply_callback(&mut self, callback: &Callback, seq: u64) {
        match callback {
            Callback::PrepareForSyncCompleted(args) => self.prepare.completed(args.hr),
            Callback::SynchronizeCompleted(args) => self.synchronize.completed(args.hr),
            Callback::ShowPropertiesCompleted(args) => {
                if std::mem::take(&mut self.properties_unsaid) {
                    self.show_properties = Phase::Done(args.hr);
                } else {
                    self.show_properties.completed(args.hr);
                }
                self.properties_ended();
            }
            Callback::ShowErrorCompleted(args) => {
                self.asked_retry.clone_from(&args.items);
                self.show_error.completed(args.hr);
                self.error_ended();
            }
            Callback::Progress(args) => {
                let at = self.items.position(args.item);
                self.reported(at, args);
            }
            Callback::LogError(args) => self.errors.log(args, seq),
            Callback::DeleteLogError(args) => self.errors.delete(args.error),
            Callback::EnableModeless(_) | Callback::EstablishConnection(_) => {}
        }
    }

    pub(super) fn apply_time_out(&mut self, method: CallMethod, waiting_for: WaitingFor) {
        match (waiting_for, method) {
            (WaitingFor::Return, _) => {
                self.open = Some(method);
                self.end = Some(State::Hung);
            }
            (WaitingFor::Completion, CallMethod::PrepareForSync) => self.prepare = Phase::Overdue,
            (WaitingFor::Completion, CallMethod::Synchronize) => self.synchronize = Phase::Overdue,
            (WaitingFor::Completion, CallMethod::ShowError) => self.show_error = Phase::Overdue,
            (WaitingFor::Completion, CallMethod::ShowProperties) => self.show_properties = Phase::Overdue,
            (WaitingFor::Creation, _) => self.end = Some(State::Hung),
            (WaitingFor::Completion, _) => {}
        }
    }
}
