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

/// A scripted handler. What is not described is done well: a script of items alone is a good handler.
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
    /// What the script is for, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// `SyncMgrHandlerFlags`.
    #[serde(default)]
    pub flags: HandlerFlags,
    /// The items, in the order of their enumeration.
    #[serde(default)]
    pub items: Vec<ScriptItem>,
    /// What a cancel in a reply to Progress brings about.
    #[serde(default)]
    pub on_cancel: Answer,
    /// What a cancel of everything brings about, where that is something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_cancel_all: Option<Answer>,
    /// What SetItemStatus(SKIPPED) brings about.
    #[serde(default)]
    pub on_skip: Answer,
    /// Threads go on after the last Release.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub survives_release: bool,
    /// What the enumerator does wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enumerator: Vec<Fault>,
    /// What each method does; what is not there is done well.
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
    /// The time of its last update; means something with the flag LASTUPDATETIME.
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

/// How the handler answers being told to stop an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// Takes no notice at all.
    pub ignore: bool,
    /// How many more UPDATING reports are still made.
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
    /// `Next` fails, and delivers nothing.
    NextFails,
    /// `Next` returns S_OK although it delivers fewer items than asked for.
    NextOkWhenShort,
    /// `Next` returns S_FALSE although it delivers all that was asked for.
    NextFalseWhenFull,
    /// `Next` writes one item more than asked for.
    NextOverDelivers,
    /// `Next` says one item more than it delivers.
    NextMiscounts,
    /// `Next` delivers items and returns E_FAIL.
    NextFailsAndDelivers,
    /// `Next` returns E_OUTOFMEMORY where it delivers fewer items than asked for.
    ShortFailsAndDelivers,
    /// Past the end, `Next` returns E_FAIL.
    EndFails,
    /// Past the end, `Next` begins again at once.
    EndWrapsAround,
    /// Past the end, `Next` answers S_FALSE once, and then begins again.
    EndBeginsAgain,
    /// `Reset` does nothing.
    ResetDoesNothing,
    /// `Reset` goes to the second item.
    ResetToSecond,
    /// `Reset` fails, and does nothing.
    ResetFails,
    /// `Skip` does nothing.
    SkipDoesNothing,
    /// `Skip` says S_OK past the end.
    SkipAlwaysOk,
    /// `Skip` fails, and does nothing.
    SkipFails,
    /// A clone stands at the beginning.
    CloneAtBeginning,
    /// A clone and its original move together.
    CloneShares,
    /// `Clone` fails, and gives nothing.
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
    /// Only when this holds; otherwise the call does what a good handler does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_if: Option<Condition>,
    /// Done before the return, on the manager's own thread.
    #[serde(rename = "do", skip_serializing_if = "are_none")]
    pub steps: Steps,
    /// What is returned; by default what a good handler returns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returns: Option<HResult>,
    /// Done after the return, on a thread named `worker`.
    #[serde(skip_serializing_if = "are_none")]
    pub then: Steps,
    /// Done on threads of these names, which start with the call.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "threads")]
    pub threads: BTreeMap<String, Steps>,
    /// `GetHandlerInfo`: the structure instead of the script's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<HandlerInfo>,
    /// `GetHandlerInfo`, `EnumSyncMgrItems`: nothing comes back beside the result.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub null: bool,
    /// `EnumSyncMgrItems`: the items instead of the script's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<ScriptItem>>,
    /// `GetItemObject`: an object comes back.
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
