//! What a script says that makes no sense where it stands, and what no type can refuse.

use super::file::{Behaviour, Behaviours, Script};
use super::step::ScriptStep;
use crate::json::JsonPath as Path;
use crate::protocol::{CallMethod, Callback, CallbackMethod};

/// The first thing that makes no sense: where it stands, why it does not, and what to do. `text` is the script's own.
pub(super) fn complaint(script: &Script, text: &str) -> Option<(Path, String)> {
    CallMethod::ALL.iter().find_map(|method| {
        let behaviours = script.methods.of(*method)?;
        of_method(*method, behaviours, text)
    })
}

fn of_method(method: CallMethod, behaviours: &Behaviours, text: &str) -> Option<(Path, String)> {
    let path = Path::default().key("methods").key(method.name());
    let is_list = path.find(text).is_some_and(|value| value.starts_with('['));
    behaviours.0.iter().enumerate().find_map(|(nth, behaviour)| {
        let path = if is_list { path.index(nth) } else { path.clone() };
        of_fields(method, behaviour, &path).or_else(|| of_steps(method, behaviour, &path))
    })
}

/// A field that has no meaning for the method would be passed over in silence.
fn of_fields(method: CallMethod, behaviour: &Behaviour, path: &Path) -> Option<(Path, String)> {
    use CallMethod::{EnumSyncMgrItems, GetHandlerInfo, GetItemObject, Release};
    let fields: [(&str, bool, &[CallMethod]); 4] = [
        ("info", behaviour.info.is_some(), &[GetHandlerInfo]),
        ("null", behaviour.null, &[GetHandlerInfo, EnumSyncMgrItems]),
        ("items", behaviour.items.is_some(), &[EnumSyncMgrItems]),
        ("object", behaviour.object, &[GetItemObject]),
    ];
    for (field, given, methods) in fields {
        if given && !methods.contains(&method) {
            let names: Vec<&str> = methods.iter().map(|method| method.name()).collect();
            return Some((path.key(field), format!("{method} has no such field; it belongs to {}", names.join(", "))));
        }
    }
    if method == Release && behaviour.returns.is_some() {
        return Some((path.key("returns"), "Release returns the number of references, not an HRESULT".to_owned()));
    }
    None
}

fn of_steps(method: CallMethod, behaviour: &Behaviour, path: &Path) -> Option<(Path, String)> {
    let threads = behaviour.threads.iter().map(|(name, steps)| (path.key("threads").key(name), steps));
    [(path.key("do"), &behaviour.steps), (path.key("then"), &behaviour.then)]
        .into_iter()
        .chain(threads)
        .find_map(|(path, steps)| first_of(method, steps, &path))
}

fn first_of(method: CallMethod, steps: &[ScriptStep], path: &Path) -> Option<(Path, String)> {
    steps.iter().enumerate().find_map(|(at, step)| of_step(method, step, &path.index(at)))
}

/// Why a step makes no sense in that method.
fn of_step(method: CallMethod, step: &ScriptStep, path: &Path) -> Option<(Path, String)> {
    match step {
        ScriptStep::Complete(_) | ScriptStep::CompleteIfLast(_) if !method.is_asynchronous() => {
            let key = if matches!(step, ScriptStep::Complete(_)) { "complete" } else { "complete_if_last" };
            let why = format!(
                "{method} has no completion of its own; use complete_as, for example {}",
                r#"{"complete_as": {"method": "SynchronizeCompleted", "hr": "S_OK"}}"#
            );
            Some((path.key(key), why))
        }
        ScriptStep::CompleteAs(complete) => {
            let path = path.key("complete_as");
            if complete.method.completes().is_none() {
                let all = CallbackMethod::ALL.iter().filter(|method| method.completes().is_some());
                let names: Vec<&str> = all.map(|method| method.name()).collect();
                let why = format!("{} is not a completion; expected one of {}", complete.method, names.join(", "));
                return Some((path.key("method"), why));
            }
            let takes_items = complete.method == CallbackMethod::ShowErrorCompleted;
            (!takes_items && !complete.items.is_empty())
                .then(|| (path.key("items"), format!("{} takes no items; ShowErrorCompleted does", complete.method)))
        }
        ScriptStep::Callback(raw) => {
            let mut track = serde_path_to_error::Track::new();
            let args = serde_path_to_error::Deserializer::new(&raw.args, &mut track);
            let error = Callback::deserialize_args(raw.method, args).err()?;
            let path = path.key("callback").key("args").join(&Path::from(&track.path()));
            Some((path, format!("not valid for {}: {}", raw.method, crate::json::reworded(&error.to_string()))))
        }
        ScriptStep::Repeat(repeat) => first_of(method, &repeat.steps, &path.key("repeat").key("do")),
        ScriptStep::Start(start) => first_of(method, &start.steps, &path.key("start").key("do")),
        ScriptStep::When(when) => {
            let path = path.key("when");
            first_of(method, &when.steps, &path.key("do"))
                .or_else(|| first_of(method, &when.otherwise, &path.key("else")))
        }
        _ => None,
    }
}
