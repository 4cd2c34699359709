//! What the user can choose before a session.

use super::session::{Request, SessionError, preferred};
use crate::host::Selection;
use crate::job::Handler;
use crate::protocol::{Guid, ItemState};
use crate::runner::{self, Isolation};
use crate::store::{Registration, Store};

/// An item that the user can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The item.
    pub id: Guid,
    /// Its name.
    pub name: String,
    /// Whether it is checked before the user chooses: by the preferences, or else by the handler.
    pub checked: bool,
}

/// The items that the user can choose for such a session, as the handler enumerates them in a session in which nothing is chosen.
///
/// # Errors
/// When that session cannot begin, or the store cannot be read.
pub fn choices(
    store: &Store,
    registration: &Registration,
    request: &Request,
    isolation: Isolation,
) -> Result<Vec<Choice>, SessionError> {
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
    let choice = |item: &crate::protocol::Item| Choice {
        id: item.id,
        name: item.name.to_string(),
        checked: is_checked(item.id, item.state),
    };
    Ok(survey.items.iter().map(choice).collect())
}
