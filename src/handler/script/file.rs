//! The script format: the types of the file.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::condition::Condition;
use super::step::Steps;
use crate::json::Id;
use crate::protocol::{
    CallMethod, FileTime, HResult, HandlerFlags, HandlerInfo, Item, ItemFlags, ItemState, Status, Text,
};

/// A scripted handler. What is not described works as in a good handler, so a list of items is enough.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The schema that editors check the file against.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// `script`.
    pub kind: ScriptKind,
    /// The version of the format: 1.
    pub version: u32,
    /// The handler's name.
    pub name: Text,
    /// What the script is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// `SyncMgrHandlerFlags`.
    #[serde(default)]
    pub flags: HandlerFlags,
    /// The items, in the order of their enumeration.
    #[serde(default)]
    pub items: Vec<ScriptItem>,
    /// What a cancel in a reply to Progress causes.
    #[serde(default)]
    pub on_cancel: Answer,
    /// What a cancel of all items causes, if that is different.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_cancel_all: Option<Answer>,
    /// What SetItemStatus(SKIPPED) causes.
    #[serde(default)]
    pub on_skip: Answer,
    /// Threads continue after the last Release.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub survives_release: bool,
    /// What the enumerator does wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enumerator: Vec<Fault>,
    /// What each method does; a method that is not listed works as in a good handler.
    #[serde(default)]
    pub methods: Methods,
}

/// The file's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScriptKind {
    /// A scripted handler.
    Script,
}

/// An item of a script.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptItem {
    /// The ItemID.
    pub id: Id,
    /// The item's name.
    pub name: Text,
    /// The item's flags.
    #[serde(default)]
    pub flags: ItemFlags,
    /// Whether it is preselected.
    #[serde(default = "checked")]
    pub state: ItemState,
    /// The time of its last update; valid with the flag LASTUPDATETIME.
    #[serde(default)]
    pub last_update: FileTime,
}

fn checked() -> ItemState {
    ItemState::CHECKED
}

impl ScriptItem {
    /// As it is enumerated.
    pub fn to_item(&self) -> Item {
        Item {
            id: self.id.0,
            name: self.name.clone(),
            flags: self.flags,
            state: self.state,
            last_update: self.last_update,
            ..Item::default()
        }
    }
}

/// How the handler reacts to a cancel or a skip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// Ignores it.
    pub ignore: bool,
    /// The number of UPDATING reports that still follow.
    pub after: u32,
    /// The final status that is reported; null reports none.
    pub ends: Option<Status>,
}

impl Default for Answer {
    fn default() -> Self {
        Self { ignore: false, after: 0, ends: Some(Status::SKIPPED) }
    }
}

/// What an enumerator does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// `Next` returns E_NOTIMPL.
    NextNotImplemented,
    /// `Next` for more than one item returns E_NOTIMPL.
    NextManyNotImplemented,
    /// `Next` fails and delivers nothing.
    NextFails,
    /// `Next` returns S_OK although it delivers fewer items than requested.
    NextOkWhenShort,
    /// `Next` delivers one item, however many are requested, and returns S_OK.
    NextOneAtATime,
    /// `Next` returns S_FALSE although it delivers all requested items.
    NextFalseWhenFull,
    /// `Next` writes one item more than requested.
    NextOverDelivers,
    /// `Next` reports one item more than it delivers.
    NextMiscounts,
    /// `Next` delivers items and returns E_FAIL.
    NextFailsAndDelivers,
    /// `Next` returns E_OUTOFMEMORY when it delivers fewer items than requested.
    ShortFailsAndDelivers,
    /// Past the end, `Next` returns E_FAIL.
    EndFails,
    /// Past the end, `Next` starts again at once.
    EndWrapsAround,
    /// Past the end, `Next` returns S_FALSE once, and then starts again.
    EndBeginsAgain,
    /// `Reset` does nothing.
    ResetDoesNothing,
    /// `Reset` goes to the second item.
    ResetToSecond,
    /// `Reset` goes to the first item only from the end; elsewhere it does nothing.
    ResetOnlyAtEnd,
    /// `Reset` goes back to the beginning, and from then on the items come in reverse order. (This is not a fault.)
    ResetReverses,
    /// `Reset` fails and does nothing.
    ResetFails,
    /// `Skip` does nothing.
    SkipDoesNothing,
    /// `Skip` returns S_OK past the end.
    SkipAlwaysOk,
    /// `Skip` fails and does nothing.
    SkipFails,
    /// A clone starts at the first item.
    CloneAtBeginning,
    /// A clone and its original move together.
    CloneShares,
    /// `Clone` fails and returns nothing.
    CloneFails,
    /// Each enumeration gives new ItemIDs.
    NewIds,
}

/// The methods of a script, each with one behaviour, or a list: the first call, the second and so on; the last one stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(non_snake_case, reason = "the fields are the methods' names, as they stand in the file")]
pub struct Methods {
    /// `Initialize`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub Initialize: Option<Behaviours>,
    /// `GetHandlerInfo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub GetHandlerInfo: Option<Behaviours>,
    /// `EnumSyncMgrItems`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub EnumSyncMgrItems: Option<Behaviours>,
    /// `GetItemObject`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub GetItemObject: Option<Behaviours>,
    /// `ShowProperties`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ShowProperties: Option<Behaviours>,
    /// `SetProgressCallback`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub SetProgressCallback: Option<Behaviours>,
    /// `PrepareForSync`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub PrepareForSync: Option<Behaviours>,
    /// `Synchronize`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub Synchronize: Option<Behaviours>,
    /// `SetItemStatus`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub SetItemStatus: Option<Behaviours>,
    /// `ShowError`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ShowError: Option<Behaviours>,
    /// The last `Release`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub Release: Option<Behaviours>,
}

impl Methods {
    /// What the `nth` call (from 0) of a method does, where the script says it.
    pub fn behaviour(&self, method: CallMethod, nth: usize) -> Option<&Behaviour> {
        let list = &self.of(method)?.0;
        list.get(nth).or(list.last())
    }

    /// What the script says of a method.
    pub(super) fn of(&self, method: CallMethod) -> Option<&Behaviours> {
        match method {
            CallMethod::Initialize => &self.Initialize,
            CallMethod::GetHandlerInfo => &self.GetHandlerInfo,
            CallMethod::EnumSyncMgrItems => &self.EnumSyncMgrItems,
            CallMethod::GetItemObject => &self.GetItemObject,
            CallMethod::ShowProperties => &self.ShowProperties,
            CallMethod::SetProgressCallback => &self.SetProgressCallback,
            CallMethod::PrepareForSync => &self.PrepareForSync,
            CallMethod::Synchronize => &self.Synchronize,
            CallMethod::SetItemStatus => &self.SetItemStatus,
            CallMethod::ShowError => &self.ShowError,
            CallMethod::Release => &self.Release,
            CallMethod::Next | CallMethod::Skip | CallMethod::Reset | CallMethod::Clone => &None,
        }
        .as_ref()
    }
}

/// One behaviour, or one for each call in turn.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(with = "OneOrMany")]
#[serde(transparent)]
pub struct Behaviours(pub Vec<Behaviour>);

/// For the schema only.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "describes the two forms for the schema; reading is written out below for its errors")]
enum OneOrMany {
    One(Box<Behaviour>),
    Many(Vec<Behaviour>),
}

impl<'de> Deserialize<'de> for Behaviours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Behaviours;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("what the method does (an object), or a list of it for each call in turn")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Behaviours, A::Error> {
                Behaviour::deserialize(de::value::MapAccessDeserializer::new(map)).map(|one| Behaviours(vec![one]))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<Behaviours, A::Error> {
                Vec::deserialize(de::value::SeqAccessDeserializer::new(seq)).map(Behaviours)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// What one call does.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// Only if this condition is true; otherwise the call does what a good handler does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_if: Option<Condition>,
    /// Steps before the return, on the manager's own thread.
    #[serde(rename = "do", skip_serializing_if = "are_none")]
    pub steps: Steps,
    /// The result; by default that of a good handler.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returns: Option<HResult>,
    /// Steps after the return, on a thread named `worker`.
    #[serde(skip_serializing_if = "are_none")]
    pub then: Steps,
    /// Steps on threads with these names, which start with the call.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "threads")]
    pub threads: BTreeMap<String, Steps>,
    /// `GetHandlerInfo`: the structure instead of the script's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<HandlerInfo>,
    /// `GetHandlerInfo`, `EnumSyncMgrItems`: the out pointer is NULL.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub null: bool,
    /// `EnumSyncMgrItems`: the items instead of the script's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<ScriptItem>>,
    /// `GetItemObject`: returns an object.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub object: bool,
}

/// Threads by their names. A name that is given twice would lose a thread.
fn threads<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Steps>, D::Error> {
    struct Visitor;
    impl<'de> de::Visitor<'de> for Visitor {
        type Value = BTreeMap<String, Steps>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of threads, each a list of steps")
        }
        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut threads = BTreeMap::new();
            while let Some(name) = map.next_key::<String>()? {
                match threads.entry(name) {
                    Entry::Occupied(there) => {
                        return Err(de::Error::custom(format_args!("duplicate field `{}`", there.key())));
                    }
                    Entry::Vacant(free) => free.insert(map.next_value()?),
                };
            }
            Ok(threads)
        }
    }
    deserializer.deserialize_map(Visitor)
}

pub(super) fn are_none(steps: &Steps) -> bool {
    steps.is_empty()
}
