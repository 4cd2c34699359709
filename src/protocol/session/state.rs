//! Where a session stands, in the words of people.

use std::fmt;

use crate::protocol::{CallMethod, HResult};

/// Where an asynchronous method stands: one that is called, returns, and is completed by a callback, in either order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Not called in this round.
    #[default]
    Idle,
    /// Called and not returned; a completion that came already is held until the return.
    Open {
        /// The held completion.
        held: Option<HResult>,
    },
    /// Returned with success and not completed: the window in which the manager may call `SetItemStatus`.
    Awaiting,
    /// Returned with success and completed.
    Done(HResult),
    /// Returned something that brings no completion; this wins over whatever was completed before.
    Refused(HResult),
    /// Its completion did not come within the limit.
    Overdue,
}

impl Phase {
    /// Called, and neither ended nor given up.
    pub const fn is_active(self) -> bool {
        matches!(self, Phase::Open { .. } | Phase::Awaiting)
    }

    /// Returned and completed with S_OK.
    pub const fn is_done_ok(self) -> bool {
        matches!(self, Phase::Done(HResult::S_OK))
    }

    /// Ended in any way.
    pub const fn has_ended(self) -> bool {
        matches!(self, Phase::Done(_) | Phase::Refused(_) | Phase::Overdue)
    }

    /// After the call.
    pub(super) fn called(&mut self) {
        *self = Phase::Open { held: None };
    }

    /// After the method's return.
    pub(super) fn returned(&mut self, method: CallMethod, hr: HResult) {
        if let Phase::Open { held } = *self {
            *self = match held {
                _ if !method.brings_completion(hr) => Phase::Refused(hr),
                Some(completed) => Phase::Done(completed),
                None => Phase::Awaiting,
            };
        }
    }

    /// After a completion that was due.
    pub(super) fn completed(&mut self, hr: HResult) {
        match *self {
            Phase::Open { held: None } => *self = Phase::Open { held: Some(hr) },
            Phase::Awaiting => *self = Phase::Done(hr),
            _ => {}
        }
    }
}

/// Where an instance stands in its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Created; `Initialize` comes next.
    Created,
    /// `Initialize` returned something other than S_OK: nothing but `Release`.
    Declined,
    /// Initialized with S_OK.
    Initialized,
    /// It gave an enumerator.
    Enumerated,
    /// The callback interface is set.
    Ready,
    /// Inside `PrepareForSync`.
    Preparing,
    /// `PrepareForSync` returned S_OK and is not completed: the first window of `SetItemStatus`.
    PrepareReturned,
    /// Prepared: returned and completed with S_OK.
    Prepared,
    /// `PrepareForSync` failed, was completed with a failure, or was never completed.
    PrepareFailed,
    /// Inside `Synchronize`.
    Synchronizing,
    /// `Synchronize` returned S_OK and is not completed: the second window of `SetItemStatus`.
    SynchronizeReturned,
    /// Synchronized: returned and completed.
    Synchronized,
    /// `Synchronize` failed, or was never completed.
    SynchronizeFailed,
    /// `ShowError` is called and not completed.
    ShowingError,
    /// `ShowErrorCompleted` asked for another round.
    RetryDue,
    /// `ShowProperties` is called and not completed.
    ShowingProperties,
    /// The callback interface was taken back, or the handler refused it.
    Closed,
    /// The last reference was released.
    Released,
    /// The handler crashed.
    Crashed,
    /// A call did not return within its limit.
    Hung,
}

impl State {
    /// Every state, in the order of a session.
    pub const ALL: &'static [Self] = &[
        State::Created,
        State::Declined,
        State::Initialized,
        State::Enumerated,
        State::Ready,
        State::Preparing,
        State::PrepareReturned,
        State::Prepared,
        State::PrepareFailed,
        State::Synchronizing,
        State::SynchronizeReturned,
        State::Synchronized,
        State::SynchronizeFailed,
        State::ShowingError,
        State::RetryDue,
        State::ShowingProperties,
        State::Closed,
        State::Released,
        State::Crashed,
        State::Hung,
    ];

    /// Nothing can follow.
    pub const fn is_end(self) -> bool {
        matches!(self, State::Released | State::Crashed | State::Hung)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            State::Created => "created",
            State::Declined => "declined",
            State::Initialized => "initialized",
            State::Enumerated => "enumerated",
            State::Ready => "ready",
            State::Preparing => "preparing",
            State::PrepareReturned => "prepare-returned",
            State::Prepared => "prepared",
            State::PrepareFailed => "prepare-failed",
            State::Synchronizing => "synchronizing",
            State::SynchronizeReturned => "synchronize-returned",
            State::Synchronized => "synchronized",
            State::SynchronizeFailed => "synchronize-failed",
            State::ShowingError => "showing-error",
            State::RetryDue => "retry-due",
            State::ShowingProperties => "showing-properties",
            State::Closed => "closed",
            State::Released => "released",
            State::Crashed => "crashed",
            State::Hung => "hung",
        })
    }
}

/// What came of a session with one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Not over, or the trace ends before it was.
    Unfinished,
    /// `Initialize` returned this instead of S_OK.
    Declined(HResult),
    /// `SetProgressCallback` returned this failure.
    CallbackRefused(HResult),
    /// No item was prepared: nothing chosen, or a session for configuration.
    NothingPrepared,
    /// `PrepareForSync` returned or was completed with this.
    PrepareFailed(HResult),
    /// Prepared, and released before `Synchronize` was called or completed.
    Abandoned,
    /// `Synchronize` returned this instead of S_OK.
    SynchronizeFailed(HResult),
    /// The last round was completed with this.
    Completed(HResult),
    /// The method's completion never came.
    Overdue(CallMethod),
    /// The handler crashed.
    Crashed,
    /// The method never returned.
    Hung(CallMethod),
}

impl Outcome {
    /// Whether the session failed: by what the handler returned or completed with, or because it crashed, hung or owes a
    /// completion. A handler that declines the event with S_FALSE has not failed.
    pub const fn is_failure(self) -> bool {
        match self {
            Outcome::Declined(hr) | Outcome::PrepareFailed(hr) | Outcome::SynchronizeFailed(hr) => {
                !matches!(hr, HResult::S_FALSE)
            }
            Outcome::Completed(hr) => !hr.is_success(),
            Outcome::CallbackRefused(_) | Outcome::Overdue(_) | Outcome::Crashed | Outcome::Hung(_) => true,
            Outcome::Unfinished | Outcome::NothingPrepared | Outcome::Abandoned => false,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Unfinished => f.write_str("unfinished"),
            Outcome::Declined(hr) => write!(f, "declined with {hr}"),
            Outcome::CallbackRefused(hr) => write!(f, "SetProgressCallback returned {hr}"),
            Outcome::NothingPrepared => f.write_str("nothing to synchronize"),
            Outcome::PrepareFailed(hr) => write!(f, "prepare failed with {hr}"),
            Outcome::Abandoned => f.write_str("released before it was completed"),
            Outcome::SynchronizeFailed(hr) => write!(f, "Synchronize returned {hr}"),
            Outcome::Completed(hr) => write!(f, "completed with {hr}"),
            Outcome::Overdue(method) => write!(f, "{method} was never completed"),
            Outcome::Crashed => f.write_str("crashed"),
            Outcome::Hung(method) => write!(f, "{method} never returned"),
        }
    }
}
