//! References, interfaces and class objects, and instances that mix up what belongs to each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NamedItem, object};
use crate::protocol::{CallMethod, CallbackMethod, Guid, HResult, ReferencePoint, Status};

/// What breaks a rule of COM.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum ComViolation {
    /// The new callback was not AddRef'd.
    #[error("SetProgressCallback returned without a reference to the callback object {callback}")]
    NotReferenced {
        /// The callback object's number.
        callback: u32,
    },
    /// The callback that was there was not released for the same one again.
    #[error(
        "SetProgressCallback received the callback object {callback} again: {before} references before, {after} after"
    )]
    GivenAgain {
        /// The callback object's number.
        callback: u32,
        /// The references before.
        before: u32,
        /// The references after.
        after: u32,
    },
    /// The callback that was there was not released for another one.
    #[error("another callback object was set, but {count} references to callback object {callback} are left")]
    NotReplaced {
        /// The callback object's number.
        callback: u32,
        /// The references that are left.
        count: u32,
    },
    /// The handler is gone and its reference is not.
    #[error("the handler is gone, but {count} references to the callback object {callback} are left")]
    NotReleased {
        /// The callback object's number.
        callback: u32,
        /// The references that are left.
        count: u32,
    },
    /// More releases than references.
    #[error("the callback object {callback} was released more often than it was AddRef'd")]
    OverReleased {
        /// The callback object's number.
        callback: u32,
    },
    /// The last `Release` did not return 0.
    #[error("the last Release returned {references}: something still holds a reference to the handler")]
    Leaked {
        /// What it returned.
        references: u32,
    },
    /// An interface that must be there is not.
    #[error("QueryInterface of {interface} for {iid} returned {hr}")]
    NoInterface {
        /// The interface that was asked.
        interface: Guid,
        /// The interface that was asked for.
        iid: Guid,
        /// The result.
        hr: HResult,
    },
    /// An interface that nobody has was given.
    #[error(
        "QueryInterface for an unknown interface returned {hr} and {}",
        if *.pointer { "a pointer" } else { "NULL" }
    )]
    UnknownInterface {
        /// The result.
        hr: HResult,
        /// Whether a pointer came with it.
        pointer: bool,
    },
    /// `IUnknown` is another pointer than before.
    #[error("QueryInterface for IUnknown returned a different pointer than the first time")]
    OtherIdentity,
    /// A class that nobody has was given.
    #[error("DllGetClassObject for an unknown class returned {hr} and {}", object(.given))]
    UnknownClass {
        /// The result.
        hr: HResult,
        /// Whether an object came with it.
        given: bool,
    },
    /// Aggregation was taken, and does not work.
    #[error("CreateInstance accepted an outer object, but the new object does not use its identity")]
    OuterIgnored,
    /// Aggregation was refused with a wrong result.
    #[error("CreateInstance with an outer object returned {hr}")]
    OuterRefused {
        /// The result.
        hr: HResult,
    },
    /// A wrong answer about unloading.
    #[error(
        "DllCanUnloadNow returned {hr} {}",
        if *.in_use { "while an object lives" } else { "when everything is released" }
    )]
    Unload {
        /// The result.
        hr: HResult,
        /// Whether an object of the library lives.
        in_use: bool,
    },
    /// A refusal that leaves an object behind.
    #[error(
        "DllGetClassObject returned {hr} for an unknown interface, and DllCanUnloadNow returns {after} from then on: the class factory is leaked"
    )]
    LeakedClass {
        /// The result of `DllGetClassObject`.
        hr: HResult,
        /// That of `DllCanUnloadNow` after it.
        after: HResult,
    },
    /// A pointer without a reference of its own, or to an object that is gone.
    #[error("{}", unreferenced(*.at))]
    Unreferenced {
        /// Where the pointer was looked at.
        at: ReferencePoint,
    },
    /// A callback through the interface of another instance.
    #[error("{callback} used the callback interface of this idle instance, from inside {inside} of another one")]
    OtherInstance {
        /// The callback.
        callback: CallbackMethod,
        /// What was called on the other instance.
        inside: CallMethod,
    },
    /// An item stops that another instance was told to stop.
    #[error("item {item} ends {status} here, although only another instance was told to stop it")]
    StoppedElsewhere {
        /// The item.
        item: NamedItem,
        /// How it ended.
        status: Status,
    },
}

/// What is wrong with a pointer to which the manager has no reference.
fn unreferenced(at: ReferencePoint) -> &'static str {
    match at {
        ReferencePoint::Creation => {
            "CreateInstance returned a pointer without a reference: nothing keeps the object, or it is freed already"
        }
        ReferencePoint::Query => "QueryInterface returned S_OK and a pointer, but did not AddRef the object",
        ReferencePoint::Call => "the object was freed while the manager still held a reference to it",
        ReferencePoint::Callback => "the handler calls back through a pointer to which it holds no reference",
    }
}

impl ComViolation {
    pub(super) fn item(&self) -> Option<&NamedItem> {
        match self {
            ComViolation::StoppedElsewhere { item, .. } => Some(item),
            ComViolation::NotReferenced { .. }
            | ComViolation::GivenAgain { .. }
            | ComViolation::NotReplaced { .. }
            | ComViolation::NotReleased { .. }
            | ComViolation::OverReleased { .. }
            | ComViolation::Leaked { .. }
            | ComViolation::NoInterface { .. }
            | ComViolation::UnknownInterface { .. }
            | ComViolation::OtherIdentity
            | ComViolation::UnknownClass { .. }
            | ComViolation::OuterIgnored
            | ComViolation::OuterRefused { .. }
            | ComViolation::Unload { .. }
            | ComViolation::LeakedClass { .. }
            | ComViolation::Unreferenced { .. }
            | ComViolation::OtherInstance { .. } => None,
        }
    }

    pub(super) fn status(&self) -> Option<Status> {
        match self {
            ComViolation::StoppedElsewhere { status, .. } => Some(*status),
            _ => None,
        }
    }
}
