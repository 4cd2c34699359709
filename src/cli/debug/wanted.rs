//! What the user wants done, by the words of the commands.

use super::performed::Performed;
use crate::job::{Wanted, closing};
use crate::protocol::{
    Call, GUID_NULL, Guid, Instance, Items, Refusal, SetItemStatus, ShowError, ShowProperties, Status, Thread, cut_off,
    plain,
};
use crate::scenario::ItemRef;

/// How many characters of an item's name are shown.
const NAME: usize = 200;

/// Wants a call, and says when it will be made, or why not.
pub(super) fn want(wanted: &mut Wanted, call: Call, instance: &Instance) -> String {
    match instance.may(&Thread::APARTMENT, &call) {
        Ok(()) => {
            wanted.calls.push_back(call);
            "This is done when the session continues.".to_owned()
        }
        Err(Refusal::Busy) => {
            wanted.calls.push_back(call);
            let open = instance.open_call().map_or("the open call".to_owned(), |method| method.to_string());
            format!("This is done when {open} has returned, if it is legal then.")
        }
        Err(why) => format!("This is not legal now: {why}."),
    }
}

/// Wants the session closed.
pub(super) fn want_release(wanted: &mut Wanted, instance: &Instance) -> String {
    match instance.may(&Thread::APARTMENT, &closing(instance)) {
        Ok(()) | Err(Refusal::Busy) => {
            wanted.releasing = true;
            "The manager ends the session when it continues.".to_owned()
        }
        Err(why) => format!("This is not legal now: {why}."),
    }
}

/// The call that skips an item.
pub(super) fn skip(word: &str, items: &Items) -> Result<Call, String> {
    Ok(Call::SetItemStatus(SetItemStatus { item: item(word, items)?, status: Status::SKIPPED }))
}

/// The call that `show …` is.
pub(super) fn show(words: &str, performed: &Performed) -> Result<Call, String> {
    let (what, word) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
    let (what, word) = (what.to_ascii_lowercase(), word.trim());
    if word.is_empty() || what.is_empty() {
        return Err(
            "show what? `show error ID`, `show error first`, `show properties ITEM` or `show properties handler`"
                .to_owned(),
        );
    }
    if "error".starts_with(&what) {
        return Ok(Call::ShowError(ShowError { error: error(word, performed)?, hwnd: 0 }));
    }
    if "properties".starts_with(&what) {
        let whose = if word == "handler" { GUID_NULL } else { item(word, &performed.judged.items())? };
        return Ok(Call::ShowProperties(ShowProperties { item: whose, hwnd: 0 }));
    }
    Err(format!("`show {what}`: expected `show error` or `show properties`"))
}

fn error(word: &str, performed: &Performed) -> Result<Guid, String> {
    if word == "first" {
        let first = performed.instance().and_then(|instance| instance.jump_errors().next());
        return first.ok_or_else(|| "no live error has jump text".to_owned());
    }
    let id = Guid::from_alias(word).or_else(|| word.parse().ok());
    id.filter(|id| performed.instance().is_some_and(|instance| instance.error(*id).is_some()))
        .ok_or_else(|| format!("no live error {word}; `errors` lists them"))
}

/// The ID of an enumerated item.
pub(super) fn item(word: &str, items: &Items) -> Result<Guid, String> {
    let known = ItemRef(word.to_owned()).id(items).filter(|id| items.get(*id).is_some());
    known.ok_or_else(|| {
        if items.is_empty() {
            return "no items are enumerated yet".to_owned();
        }
        let names = items.iter().map(|item| name(item.id, items));
        let names: Vec<String> = names.collect();
        if word.is_empty() {
            format!("which item? Expected one of: {}", names.join(", "))
        } else {
            format!("no item {word}; the items are: {}", names.join(", "))
        }
    })
}

/// An item as people name it, with the short name of its ID where it has one.
pub(super) fn name(id: Guid, items: &Items) -> String {
    let named = items.get(id).and_then(|item| item.name.as_str());
    match (named, id.alias()) {
        (Some(name), Some(alias)) if name != alias => format!("{} ({alias})", cut_off(&plain(name), NAME)),
        (Some(name), _) if !name.is_empty() => cut_off(&plain(name), NAME).into_owned(),
        (_, Some(alias)) => alias,
        _ => id.to_string(),
    }
}
