//! Which calls the manager may make now, and why not the others.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Instance, Interface, Phase, Session};
use crate::protocol::{
    Call, Enumerator, Guid, HResult, HandlerId, Initialize, PrepareForSync, SetItemStatus, SetProgressCallback,
    ShowError, ShowProperties, Status, SyncEvent, SyncFlags, Synchronize, Thread, Walk,
};

/// Why the manager may not make a call now.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// There is no such instance, or it was released, crashed or hangs.
    #[error("the instance has been released or has crashed")]
    Gone,
    /// Another call to the instance has not returned.
    #[error("another call to the handler is still open")]
    Busy,
    /// The first call must be `Initialize`.
    #[error("Initialize has not been called")]
    NotInitialized,
    /// `Initialize` is called once.
    #[error("Initialize was already called")]
    InitializedTwice,
    /// The handler declined or failed: only `Release` is left.
    #[error("Initialize did not return S_OK: only Release is legal")]
    Declined,
    /// `dwReserved` of `Initialize` is 0.
    #[error("dwReserved must be 0")]
    Reserved,
    /// One known event, and no unknown flags.
    #[error("the flags need exactly one event, and may have only SETTINGS and MAYBOTHERUSER beside it")]
    Flags,
    /// A cookie without INVOKE.
    #[error("only INVOKE may have a cookie")]
    Cookie,
    /// No enumerator of that number.
    #[error("the handler returned no such enumerator")]
    NoSuchEnumerator,
    /// The items must be enumerated again first.
    #[error("the items must be enumerated again first, as the handler asked")]
    EnumerationDue,
    /// A SETTINGS session never synchronizes.
    #[error("a SETTINGS session never synchronizes")]
    SettingsSession,
    /// The list of items is empty.
    #[error("no item is chosen")]
    NothingChosen,
    /// An item that the handler did not enumerate.
    #[error("item {0} was not enumerated")]
    NotEnumerated(Guid),
    /// An item twice in the list.
    #[error("item {0} is chosen twice")]
    ChosenTwice(Guid),
    /// The callback interface is not set.
    #[error("SetProgressCallback must be called first")]
    NoCallback,
    /// The handler refused the callback interface: only NULL and `Release` are left.
    #[error("SetProgressCallback failed: only SetProgressCallback(NULL) and Release are left")]
    CallbackRefused,
    /// The callback interface was taken back: only `Release` is left.
    #[error("SetProgressCallback(NULL) was called: only Release is legal")]
    Closed,
    /// The callback interface is still set.
    #[error("SetProgressCallback(NULL) must be called first")]
    CallbackStillSet,
    /// Another asynchronous method is under way.
    #[error("another method has not been completed")]
    NotCompleted,
    /// The round is over and nobody asked for another.
    #[error("the items were already prepared, and no retry is due")]
    NoRetryDue,
    /// A retry with other items than those asked for.
    #[error("a retry must prepare exactly the items of ShowErrorCompleted")]
    NotTheRetryItems,
    /// `PrepareForSync` was not called.
    #[error("PrepareForSync was not called")]
    NotPrepared,
    /// `PrepareForSync` has not returned, or is not completed.
    #[error("PrepareForSync has not returned and been completed with S_OK")]
    PrepareNotCompleted,
    /// `PrepareForSync` failed.
    #[error("PrepareForSync failed: the handler must be released")]
    PrepareFailed,
    /// `Synchronize` is called once a round.
    #[error("Synchronize was already called for this PrepareForSync")]
    SynchronizedTwice,
    /// `Synchronize` from inside a callback.
    #[error("Synchronize is never called from inside a callback")]
    InsideCallback,
    /// `SetItemStatus` outside its two windows.
    #[error("SetItemStatus may be called only between a method's return and its completion")]
    NoWindow,
    /// `SetItemStatus` with another status.
    #[error("SetItemStatus may be called only with SKIPPED")]
    OnlySkipped,
    /// `SetItemStatus` for an item that is not being synchronized.
    #[error("item {0} was not prepared")]
    ItemNotPrepared(Guid),
    /// `ShowError` for an error that is not live, or has no jump text.
    #[error("no live error {0} with ENABLEJUMPTEXT")]
    NoSuchError(Guid),
    /// `ShowProperties` without HASPROPERTIES.
    #[error("{0} has no HASPROPERTIES")]
    NoProperties(Guid),
}

impl Instance {
    /// Whether the manager may make this call, on this thread, now.
    ///
    /// # Errors
    /// Why not.
    pub fn may(&self, thread: &Thread, call: &Call) -> Result<(), Refusal> {
        if self.end.is_some() {
            return Err(Refusal::Gone);
        }
        if self.open.is_some() {
            return Err(Refusal::Busy);
        }
        if let Call::Initialize(args) = call {
            return self.may_initialize(args);
        }
        let closes = call.leaves();
        match self.initialized {
            Some(HResult::S_OK) => {}
            // NULL is passed before every release, also to a handler that declined.
            _ if closes => {}
            Some(_) => return Err(Refusal::Declined),
            None => return Err(Refusal::NotInitialized),
        }
        match self.interface {
            _ if closes => {}
            Interface::TakenBack => return Err(Refusal::Closed),
            Interface::Refused(_) => return Err(Refusal::CallbackRefused),
            Interface::NotGiven | Interface::Given(_) => {}
        }
        match call {
            Call::Initialize(_) | Call::GetHandlerInfo | Call::EnumSyncMgrItems | Call::GetItemObject(_) => Ok(()),
            Call::SetProgressCallback(_) => Ok(()),
            Call::Next(Walk { enumerator, .. })
            | Call::Skip(Walk { enumerator, .. })
            | Call::Reset(Enumerator { enumerator })
            | Call::Clone(Enumerator { enumerator }) => {
                self.enumerators.contains(enumerator).then_some(()).ok_or(Refusal::NoSuchEnumerator)
            }
            Call::PrepareForSync(args) => self.may_prepare(&args.items),
            Call::Synchronize(_) => self.may_synchronize(thread),
            Call::SetItemStatus(args) => self.may_set_status(args),
            Call::ShowError(args) => self.may_show_error(args.error),
            Call::ShowProperties(args) => self.may_show_properties(args.item),
            Call::Release if matches!(self.interface, Interface::Given(_)) => Err(Refusal::CallbackStillSet),
            Call::Release => Ok(()),
        }
    }

    fn may_initialize(&self, args: &Initialize) -> Result<(), Refusal> {
        if self.initialized.is_some() {
            Err(Refusal::InitializedTwice)
        } else if args.reserved != 0 {
            Err(Refusal::Reserved)
        } else if !args.flags.is_legal() && !args.probe {
            Err(Refusal::Flags)
        } else if args.cookie.is_some() && args.flags.event() != SyncEvent::INVOKE {
            Err(Refusal::Cookie)
        } else {
            Ok(())
        }
    }

    fn may_prepare(&self, ids: &[Guid]) -> Result<(), Refusal> {
        if self.flags.settings() {
            return Err(Refusal::SettingsSession);
        }
        if self.enumeration_due {
            return Err(Refusal::EnumerationDue);
        }
        if ids.is_empty() {
            return Err(Refusal::NothingChosen);
        }
        let mut chosen = BTreeSet::new();
        for id in ids {
            if !self.item(*id).is_some_and(|item| item.listed) {
                return Err(Refusal::NotEnumerated(*id));
            }
            if !chosen.insert(*id) {
                return Err(Refusal::ChosenTwice(*id));
            }
        }
        if !matches!(self.interface, Interface::Given(_)) {
            return Err(Refusal::NoCallback);
        }
        if self.active().is_some() {
            return Err(Refusal::NotCompleted);
        }
        match &self.retry {
            // Neither names an item twice; a retry may name them in any order.
            Some(due) if due.len() == ids.len() && due.iter().all(|id| chosen.contains(id)) => Ok(()),
            Some(_) => Err(Refusal::NotTheRetryItems),
            None if self.prepare == Phase::Idle => Ok(()),
            None => Err(Refusal::NoRetryDue),
        }
    }

    fn may_synchronize(&self, thread: &Thread) -> Result<(), Refusal> {
        if self.flags.settings() {
            return Err(Refusal::SettingsSession);
        }
        if self.pending.iter().any(|pending| pending.thread == *thread) {
            return Err(Refusal::InsideCallback);
        }
        match self.prepare {
            Phase::Idle => Err(Refusal::NotPrepared),
            Phase::Open { .. } | Phase::Awaiting => Err(Refusal::PrepareNotCompleted),
            Phase::Done(HResult::S_OK) if self.synchronize == Phase::Idle => Ok(()),
            Phase::Done(HResult::S_OK) => Err(Refusal::SynchronizedTwice),
            Phase::Done(_) | Phase::Refused(_) | Phase::Overdue => Err(Refusal::PrepareFailed),
        }
    }

    fn may_set_status(&self, args: &SetItemStatus) -> Result<(), Refusal> {
        if args.status != Status::SKIPPED {
            return Err(Refusal::OnlySkipped);
        }
        if !self.is_in_window() {
            return Err(Refusal::NoWindow);
        }
        match self.item(args.item) {
            Some(item) if item.prepared => Ok(()),
            _ => Err(Refusal::ItemNotPrepared(args.item)),
        }
    }

    fn may_show_error(&self, error: Guid) -> Result<(), Refusal> {
        // The user may look at an error as soon as it is logged, whether or not the session goes on; at one thing at a time.
        if self.shown().is_some() {
            return Err(Refusal::NotCompleted);
        }
        if !self.error(error).is_some_and(|error| error.jump) {
            return Err(Refusal::NoSuchError(error));
        }
        Ok(())
    }

    fn may_show_properties(&self, item: Guid) -> Result<(), Refusal> {
        if self.enumeration_due {
            return Err(Refusal::EnumerationDue);
        }
        // In the choice, in a session for configuration, and while items are synchronized.
        if self.shown().is_some() {
            return Err(Refusal::NotCompleted);
        }
        if !self.has_properties(item) {
            return Err(Refusal::NoProperties(item));
        }
        Ok(())
    }

    /// The calls that the manager may make now on its apartment thread, one example for each choice: every error that can
    /// be shown, every item that can be skipped, and so on. Calls to enumerators are left out.
    pub fn legal_calls(&self) -> Vec<Call> {
        let mut candidates = vec![
            Call::Initialize(Initialize::new(SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER))),
            Call::GetHandlerInfo,
            Call::EnumSyncMgrItems,
            Call::SetProgressCallback(SetProgressCallback { callback: Some(1) }),
        ];
        let listed = || self.items.listed().map(|item| item.id);
        let items = self.retry.clone().unwrap_or_else(|| listed().collect());
        candidates.push(Call::PrepareForSync(PrepareForSync { items, hwnd: 0, reserved: 0 }));
        candidates.push(Call::Synchronize(Synchronize::default()));
        candidates.extend(
            self.prepared().map(|(item, _)| Call::SetItemStatus(SetItemStatus { item, status: Status::SKIPPED })),
        );
        candidates.extend(self.jump_errors().map(|error| Call::ShowError(ShowError { error, hwnd: 0 })));
        let with_properties = std::iter::once(crate::protocol::GUID_NULL).chain(listed());
        candidates.extend(with_properties.map(|item| Call::ShowProperties(ShowProperties { item, hwnd: 0 })));
        candidates.push(Call::SetProgressCallback(SetProgressCallback { callback: None }));
        candidates.push(Call::Release);
        candidates.retain(|call| self.may(&Thread::APARTMENT, call).is_ok());
        candidates
    }
}

impl Session {
    /// Whether the manager may make this call, on this thread, now.
    ///
    /// # Errors
    /// Why not.
    pub fn may(&self, handler: HandlerId, thread: &Thread, call: &Call) -> Result<(), Refusal> {
        self.instance(handler).ok_or(Refusal::Gone)?.may(thread, call)
    }

    /// Whether every instance has come to its end, so that connections can be closed.
    pub fn is_over(&self) -> bool {
        self.instances().all(|instance| instance.state().is_end())
    }
}
