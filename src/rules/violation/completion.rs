//! Completions, and what must be true when one comes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::NamedItem;
use crate::protocol::{CallMethod, CallbackMethod, Delay, HResult, Status};

/// A completion that should not come, or does not come, and what is wrong when it comes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum CompletionViolation {
    /// A callback while no interface is set.
    #[error("{callback}{} was called while no callback interface was set", of(.item.as_ref()))]
    WithoutInterface {
        /// The callback.
        callback: CallbackMethod,
        /// Of `Progress`: the item.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<NamedItem>,
    },
    /// A callback through a pointer that the handler has no reference to.
    #[error(
        "{callback}{} was called through a callback interface to which the handler holds no reference",
        of(.item.as_ref())
    )]
    WithoutReference {
        /// The callback.
        callback: CallbackMethod,
        /// Of `Progress`: the item.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<NamedItem>,
    },
    /// A callback after NULL, in a session that was over.
    #[error(
        "{callback}{} was called after SetProgressCallback(NULL): the session is over",
        of(.item.as_ref())
    )]
    AfterNull {
        /// The callback.
        callback: CallbackMethod,
        /// Of `Progress`: the item.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<NamedItem>,
    },
    /// Callbacks after NULL, in a session that was left in the middle of work.
    #[error(
        "{callback}{} was called after SetProgressCallback(NULL): {many} callbacks of this thread since (one may be on its \
         way)",
        of(.item.as_ref())
    )]
    GoesOnAfterNull {
        /// The callback.
        callback: CallbackMethod,
        /// Of `Progress`: the item.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<NamedItem>,
        /// How many callbacks this thread made since.
        many: u32,
    },
    /// The completion came before.
    #[error("{method} is completed a second time")]
    Second {
        /// The method.
        method: CallMethod,
    },
    /// The method was not called.
    #[error("{method} is completed, but it was not called in this round")]
    NotCalled {
        /// The method.
        method: CallMethod,
    },
    /// The method returned something that brings no completion.
    #[error("{method} did not succeed, but is completed")]
    AfterFailure {
        /// The method.
        method: CallMethod,
    },
    /// The method was completed, and returned something that brings no completion.
    #[error("{method} was completed, and then returned {hr}")]
    BeforeFailure {
        /// The method.
        method: CallMethod,
        /// Its result.
        hr: HResult,
    },
    /// The session was over, and the completion had not come.
    #[error("{method} was never completed")]
    Never {
        /// The method.
        method: CallMethod,
    },
    /// The completion did not come within a limit: that of silence, or that of the session.
    #[error(
        "{method} was not completed{}, {}",
        .waited.map_or(String::new(), |waited| format!(" {waited} after its return")),
        match .heard {
            Some(heard) => format!("when mobsync ended the session at its limit; the handler's last callback was {heard} before"),
            None => "and the handler is silent".to_owned(),
        }
    )]
    Overdue {
        /// The method.
        method: CallMethod,
        /// How long ago it returned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waited: Option<Delay>,
        /// How long ago the handler was last heard, where that is less than the limit of silence: then the session had used up its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heard: Option<Delay>,
    },
    /// Nothing was said of an item.
    #[error("no Progress was reported for item {item}")]
    NoProgress {
        /// The item.
        item: NamedItem,
    },
    /// An item's end was not said.
    #[error(
        "the last status of item {item} is {}, which is not final",
        .status.map_or("none".to_owned(), |status| status.to_string())
    )]
    NotFinal {
        /// The item.
        item: NamedItem,
        /// Its last status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<Status>,
    },
    /// S_OK, although an item failed.
    #[error("Synchronize is completed with S_OK although item {item} FAILED")]
    SuccessWithFailed {
        /// The item.
        item: NamedItem,
    },
    /// A failure, although every item succeeded.
    #[error("Synchronize is completed with {hr} although every item SUCCEEDED")]
    FailureWithSucceeded {
        /// What it is completed with.
        hr: HResult,
    },
    /// A retry of an item that was not enumerated.
    #[error("ShowErrorCompleted asks to retry item {item}, which was not enumerated")]
    RetryOfUnknown {
        /// The item.
        item: NamedItem,
    },
    /// IDs without a retry that are no items.
    #[error("ShowErrorCompleted asks for no retry, but names item {item}, which was not enumerated")]
    IdsWithoutRetry {
        /// The ID.
        item: NamedItem,
    },
    /// A retry of nothing.
    #[error("ShowErrorCompleted asks for a retry, but names no item")]
    RetryOfNothing,
}

/// `of item A "Left"`, where there is one.
fn of(item: Option<&NamedItem>) -> String {
    item.map_or(String::new(), |item| format!(" of item {item}"))
}

impl CompletionViolation {
    pub(super) fn item(&self) -> Option<&NamedItem> {
        match self {
            CompletionViolation::NoProgress { item }
            | CompletionViolation::NotFinal { item, .. }
            | CompletionViolation::SuccessWithFailed { item }
            | CompletionViolation::RetryOfUnknown { item }
            | CompletionViolation::IdsWithoutRetry { item } => Some(item),
            CompletionViolation::WithoutInterface { item, .. }
            | CompletionViolation::WithoutReference { item, .. }
            | CompletionViolation::AfterNull { item, .. }
            | CompletionViolation::GoesOnAfterNull { item, .. } => item.as_ref(),
            CompletionViolation::Second { .. }
            | CompletionViolation::NotCalled { .. }
            | CompletionViolation::AfterFailure { .. }
            | CompletionViolation::BeforeFailure { .. }
            | CompletionViolation::Never { .. }
            | CompletionViolation::Overdue { .. }
            | CompletionViolation::FailureWithSucceeded { .. }
            | CompletionViolation::RetryOfNothing => None,
        }
    }

    pub(super) fn status(&self) -> Option<Status> {
        match self {
            CompletionViolation::NotFinal { status, .. } => *status,
            CompletionViolation::SuccessWithFailed { .. } => Some(Status::FAILED),
            CompletionViolation::FailureWithSucceeded { .. } => Some(Status::SUCCEEDED),
            _ => None,
        }
    }
}
