//! What the user can choose before a session, and the properties that can be shown from there.

use super::session::{Request, SessionError, broken, preferred};
use crate::host::Selection;
use crate::job::{Handler, Standard, Terms};
use crate::protocol::{
    Callback, Event, EventKind, Guid, HResult, HandlerFlags, HandlerId, Initialize, Item, ItemFlags, ItemState,
    Profile, SyncFlags,
};
use crate::runner::{self, Isolation, RunOptions};
use crate::store::{Registration, Store};

/// What a handler has to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// Its items, without hidden ones.
    pub items: Vec<Choice>,
    /// The items that are not shown (HIDDEN, from Windows Vista on), and are checked.
    pub hidden: Vec<Guid>,
    /// It is listed although it has no items (ALWAYSLISTHANDLER).
    pub always_listed: bool,
    /// The handler itself has properties (HASPROPERTIES).
    pub has_properties: bool,
}

/// An item that the user can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The item.
    pub id: Guid,
    /// Its name.
    pub name: String,
    /// Whether it is checked before the user chooses: by the preferences, or else by the handler.
    pub checked: bool,
    /// It has properties (HASPROPERTIES).
    pub has_properties: bool,
}

/// What the user can choose for such a session, as the handler enumerates it in a session in which nothing is chosen.
///
/// # Errors
/// When that session cannot begin, or the store cannot be read.
pub fn choices(
    store: &Store,
    registration: &Registration,
    request: &Request,
    isolation: Isolation,
) -> Result<Choices, SessionError> {
    let preferences = store.preferences(registration.clsid)?;
    let wanted = preferred(&preferences, request.event, request.connection.as_deref());
    let handler = Handler::of_registration(registration)?;
    let survey = runner::survey(&handler, &request.initialize(), isolation)?;
    let is_checked = |id: Guid, state: ItemState| {
        match &wanted {
            Selection::Preferred { items, others } => items.get(&id).copied().or(*others),
            _ => None,
        }
        .unwrap_or(state == ItemState::CHECKED)
    };
    let choice = |item: &Item| Choice {
        id: item.id,
        name: item.name.to_string(),
        checked: is_checked(item.id, item.state),
        has_properties: item.flags.has(ItemFlags::HASPROPERTIES),
    };
    let is_hidden = |item: &&Item| request.profile == Profile::Vista && item.flags.has(ItemFlags::HIDDEN);
    let (hidden, shown): (Vec<&Item>, Vec<&Item>) = survey.items.iter().partition(is_hidden);
    let hidden = hidden.into_iter().filter(|item| is_checked(item.id, item.state)).map(|item| item.id);
    Ok(Choices {
        items: shown.into_iter().map(choice).collect(),
        hidden: hidden.collect(),
        always_listed: survey.flags.has(HandlerFlags::ALWAYSLISTHANDLER),
        has_properties: survey.flags.has(HandlerFlags::HASPROPERTIES),
    })
}

/// How properties were shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The result of `ShowPropertiesCompleted`; none where it never came.
    pub completed: Option<HResult>,
    /// The codes of the rules that the handler broke meanwhile.
    pub broken: Vec<String>,
}

/// Lets the handler show its properties, or with `item` those of an item, in a session for settings. Nothing is synchronized in it.
///
/// # Errors
/// When that session cannot begin.
pub fn show_properties(
    registration: &Registration,
    request: &Request,
    item: Option<Guid>,
    isolation: Isolation,
) -> Result<Shown, SessionError> {
    let handler = Handler::of_registration(registration)?;
    let user = if request.user { SyncFlags::MAYBOTHERUSER } else { 0 };
    let flags = SyncFlags::new(request.event.event(), SyncFlags::SETTINGS | user);
    let initialize = Initialize { cookie: request.cookie.clone(), ..Initialize::new(flags) };
    let selection = item.map_or(Selection::Checked, |item| Selection::Named(vec![item.to_string()]));
    let standard = Standard { initialize, selection, retries: 0, ..Standard::default() };
    let terms = Terms { profile: request.profile, limits: request.limits, ..Terms::standard(standard) };
    let mut events: Vec<Event> = Vec::new();
    let session = runner::run(&handler, &terms, &RunOptions { isolation, ..RunOptions::default() }, &mut events)?;
    let completed = events.iter().find_map(|event| match &event.kind {
        EventKind::Callback { what: Callback::ShowPropertiesCompleted(args), .. } => Some(args.hr),
        _ => None,
    });
    Ok(Shown { completed, broken: broken(&session, HandlerId::FIRST) })
}
