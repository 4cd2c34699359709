//! Which arguments stand without a name, and in which order. Their types are those of the trace.

use crate::protocol::{CallMethod, CallbackMethod, NoteName};

/// How the arguments of a method, or what it brings out, stand in a line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    /// Those that stand without a name, in order.
    pub positional: &'static [&'static str],
    /// How many of them must be given.
    pub required: usize,
    /// Those that are written `key=value`.
    pub keys: &'static [&'static str],
    /// The fields of the structure `info`; they stand beside the arguments.
    pub info: &'static [&'static str],
    /// What it means that no field of `info` is given.
    pub bare: Bare,
}

/// What it means that no field of `info` is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Bare {
    /// There is no structure; an empty one is `info={}`.
    #[default]
    Null,
    /// The structure is empty; none is `info=NULL`.
    Empty,
}

/// The keys of an item in a list of items.
pub(super) const ITEM: &[&str] = &["id", "name", "flags", "state", "last_update", "size", "unterminated"];

impl Shape {
    const fn positional(positional: &'static [&'static str]) -> Self {
        Self { positional, required: positional.len(), keys: &[], info: &[], bare: Bare::Null }
    }

    const fn optional(positional: &'static [&'static str]) -> Self {
        Self { required: 0, ..Self::positional(positional) }
    }

    const fn and(self, keys: &'static [&'static str]) -> Self {
        Self { keys, ..self }
    }

    /// Every key that may stand in front of `=`.
    pub fn all_keys(&self) -> impl Iterator<Item = &'static str> {
        let info = if self.info.is_empty() { &[][..] } else { &["info"] };
        // The fields of `info` may have the name of a positional one, as in what GetHandlerInfo brings.
        let fields = self.info.iter().filter(|key| !self.positional.contains(key));
        self.positional.iter().chain(self.keys).chain(fields).chain(info).copied()
    }

    /// The keys that an object may have which is the value of `key`, if objects are known there.
    pub fn inside(&self, key: &str) -> Option<&'static [&'static str]> {
        match key {
            "info" if !self.info.is_empty() => Some(self.info),
            "info" => Some(HANDLER_INFO),
            "items" => Some(ITEM),
            "name" | "text" | "what" | "description" | "until" | "crashed" => Some(&["utf16"]),
            _ => None,
        }
    }

    /// The arguments of a call.
    pub const fn of_call(method: CallMethod) -> Self {
        match method {
            CallMethod::Initialize => Self::positional(&["flags"]).and(&["reserved", "cookie", "probe"]),
            CallMethod::GetHandlerInfo | CallMethod::EnumSyncMgrItems | CallMethod::Release => Self::positional(&[]),
            CallMethod::GetItemObject => Self::positional(&["item", "iid"]),
            CallMethod::ShowProperties => Self::positional(&["item"]).and(&["hwnd"]),
            CallMethod::SetProgressCallback => Self::positional(&["callback"]),
            CallMethod::PrepareForSync => Self::positional(&["items"]).and(&["hwnd", "reserved"]),
            CallMethod::Synchronize => Self::positional(&[]).and(&["hwnd"]),
            CallMethod::SetItemStatus => Self::positional(&["item", "status"]),
            CallMethod::ShowError => Self::positional(&["error"]).and(&["hwnd"]),
            CallMethod::Next | CallMethod::Skip => Self::positional(&["enumerator", "celt"]).and(&["no_count"]),
            CallMethod::Reset | CallMethod::Clone => Self::positional(&["enumerator"]),
        }
    }

    /// What a call brings beside its result.
    pub const fn of_return(method: CallMethod) -> Self {
        const OUT: &[&str] = &["enumerator", "fetched", "items", "object", "refs"];
        match method {
            CallMethod::GetHandlerInfo => Self { info: HANDLER_INFO, ..Self::optional(&["name", "flags"]).and(OUT) },
            _ => Self::positional(&[]).and(&["info", "enumerator", "fetched", "items", "object", "refs"]),
        }
    }

    /// The arguments of a callback.
    pub const fn of_callback(method: CallbackMethod) -> Self {
        match method {
            CallbackMethod::ShowPropertiesCompleted
            | CallbackMethod::PrepareForSyncCompleted
            | CallbackMethod::SynchronizeCompleted => Self::positional(&["hr"]),
            CallbackMethod::ShowErrorCompleted => Self { required: 1, ..Self::positional(&["hr", "items"]) },
            CallbackMethod::EnableModeless => Self::positional(&["enable"]),
            CallbackMethod::Progress => Self {
                info: &["mask", "status", "value", "max", "text", "size"],
                bare: Bare::Empty,
                ..Self::positional(&["item"])
            },
            CallbackMethod::LogError => Self {
                required: 1,
                info: &["error", "item", "flags", "mask", "size"],
                ..Self::positional(&["level", "text"])
            },
            CallbackMethod::DeleteLogError => Self::positional(&["error"]).and(&["reserved"]),
            CallbackMethod::EstablishConnection => Self::optional(&["name"]).and(&["reserved"]),
        }
    }

    /// What a note says.
    pub const fn of_note(name: NoteName) -> Self {
        match name {
            NoteName::Created => Self::positional(&["name"]).and(&["native", "wire"]),
            NoteName::Crashed => Self::positional(&["what"]),
            NoteName::TimedOut => Self::positional(&["method", "waiting_for"]),
            NoteName::ConnectionClosed | NoteName::ConnectionLost => Self::optional(&["name"]),
            NoteName::CallbackReferences => Self::positional(&["callback", "count"]),
            NoteName::OverReleased => Self::positional(&["callback"]),
            NoteName::Queried => Self::positional(&["interface", "iid", "hr"]).and(&["object"]),
            NoteName::ClassAsked => Self::positional(&["clsid", "hr"]).and(&["object"]),
            NoteName::Aggregated => Self::positional(&["hr"]).and(&["works"]),
            NoteName::UnloadAsked => Self::positional(&["hr"]).and(&["in_use"]),
            NoteName::ClassRefused => Self::positional(&["hr", "before", "after"]),
            NoteName::Unloaded => Self::positional(&[]).and(&["threads", "crashed"]),
            NoteName::ReferenceSeen => Self::positional(&["at"]).and(&["held"]),
            NoteName::Stack => Self::positional(&["event", "frames"]).and(&["site"]),
            NoteName::Malformed => Self::positional(&["what", "text"]),
            NoteName::Held => Self::positional(&["method", "until"]),
            NoteName::LetGo => Self::positional(&["method", "why"]),
            NoteName::KeptOut => Self::positional(&["method", "waited"]).and(&["during", "returned"]),
            NoteName::RegisterSyncMgrHandler => Self::positional(&["clsid", "flags", "hr"]).and(&["description"]),
            NoteName::UnregisterSyncMgrHandler => Self::positional(&["clsid", "hr"]),
            NoteName::GetHandlerRegistrationInfo => Self::positional(&["clsid", "hr"]).and(&["flags"]),
            NoteName::UpdateItems => Self::positional(&["clsid", "flags", "hr"]).and(&["cookie", "starts"]),
            NoteName::UpdateAll => Self::positional(&["took", "hr"]),
            NoteName::DllRegisterServer | NoteName::DllUnregisterServer => Self::positional(&["hr"]),
            NoteName::ClassRegistered => Self::positional(&["clsid"]).and(&["library", "threading_model"]),
            NoteName::PreferencesStored => Self::positional(&["items"]).and(&["temporary"]),
        }
    }
}

/// The fields of `SYNCMGRHANDLERINFO`; the name stands first.
const HANDLER_INFO: &[&str] = &["name", "flags", "size", "unterminated", "foreign"];

/// What kind of value a key has, whatever the method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// GUIDs: aliases stand for them.
    Guid,
    /// Text: always in quotes.
    Text,
    /// Hexadecimal digits, which are no number.
    Cookie,
    /// Names, flags and numbers.
    Plain,
}

/// The sort of the values of `key`.
pub(super) fn sort(key: &str) -> Sort {
    match key {
        "item" | "items" | "temporary" | "id" | "error" | "iid" | "interface" | "clsid" => Sort::Guid,
        "name" | "text" | "what" | "description" | "last_update" | "library" | "threading_model" | "frames"
        | "until" | "crashed" => Sort::Text,
        "cookie" => Sort::Cookie,
        _ => Sort::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::schema;
    use serde_json::Value;
    use std::collections::BTreeSet;

    type Keys = BTreeSet<String>;

    fn resolve<'a>(schema: &'a Value, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(path) => &schema["$defs"][path.rsplit('/').next().unwrap()],
            None => value,
        }
    }

    fn keys(schema: &Value, value: &Value) -> Keys {
        let properties = resolve(schema, value).get("properties").and_then(Value::as_object);
        properties.map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    }

    /// The keys of the arguments, and those of the structure `info`, that the trace's schema names.
    fn expected(schema: &Value, title: &str) -> (Keys, Keys) {
        let lines = schema["oneOf"].as_array().unwrap();
        let line = lines.iter().find(|line| line["title"] == title).expect(title);
        let args = &line["properties"]["args"];
        let info = &resolve(schema, args)["properties"]["info"];
        let structure = info.get("anyOf").map_or(info, |either| &either[0]);
        (keys(schema, args), keys(schema, structure))
    }

    fn given(keys: &[&str]) -> Keys {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    /// The shape names what the trace's type has, no more and no less.
    fn check(title: &str, shape: Shape) {
        let (args, info) = expected(&schema(), title);
        let mut all: Keys = shape.all_keys().map(str::to_owned).collect();
        if !shape.info.is_empty() {
            assert_eq!(given(shape.info), info, "{title}");
            all.retain(|key| args.contains(key) || !info.contains(key));
        }
        assert_eq!(all, args, "{title}");
        assert!(shape.required <= shape.positional.len());
    }

    /// Whether the trace's schema says that the value is a text.
    fn is_text(value: &Value) -> bool {
        let own = value.get("$ref").and_then(Value::as_str).is_some_and(|path| path.ends_with("/Text"));
        let either = value.get("anyOf").and_then(Value::as_array);
        own || either.is_some_and(|all| all.iter().any(is_text)) || value.get("items").is_some_and(is_text)
    }

    #[test]
    fn every_text_of_the_trace_stands_in_quotes() {
        let schema = schema();
        let lines = schema["oneOf"].as_array().unwrap();
        let arguments = lines.iter().filter_map(|line| resolve(&schema, &line["properties"]["args"]).get("properties"));
        let texts: Keys = arguments
            .filter_map(Value::as_object)
            .flatten()
            .filter(|(_, value)| is_text(value))
            .map(|(key, _)| key.clone())
            .collect();
        assert!(texts.contains("what") && texts.contains("crashed") && texts.contains("frames"), "{texts:?}");
        let others: Vec<&String> = texts.iter().filter(|key| sort(key) != Sort::Text).collect();
        assert_eq!(others, [&""; 0]);
    }

    #[test]
    fn shapes_name_what_the_trace_has() {
        for method in CallMethod::ALL {
            check(&format!("call {method}"), Shape::of_call(*method));
            check("return", Shape::of_return(*method));
        }
        for method in CallbackMethod::ALL {
            check(&format!("callback {method}"), Shape::of_callback(*method));
        }
        for name in NoteName::ALL {
            check(&format!("note {name}"), Shape::of_note(*name));
        }
        let schema = schema();
        assert_eq!(given(ITEM), keys(&schema, &schema["$defs"]["Item"]));
        assert_eq!(given(HANDLER_INFO), keys(&schema, &schema["$defs"]["HandlerInfo"]));
    }
}
