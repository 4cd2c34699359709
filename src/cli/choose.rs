//! The user chooses what a session synchronizes.

use super::ended::Failure;
use super::output::tell;
use crate::manager::{self, Choice, Choices, Request, Shown};
use crate::protocol::{Guid, plain};
use crate::runner::Isolation;
use crate::store::{Registration, Store};

/// What came of the choice.
pub(super) enum Chose {
    /// These items, by their IDs.
    These(Vec<String>),
    /// None.
    Nothing,
    /// There was nothing to choose from; that was told.
    NoChoice,
}

/// Lets the user choose the items of a handler. What can show properties can be opened from there, any number of times.
pub(super) fn choose(
    store: &Store,
    registration: &Registration,
    request: &Request,
    isolation: &Isolation,
) -> Result<Chose, Failure> {
    let name = plain(&registration.name()).into_owned();
    let mut kept: Option<Vec<(Guid, bool)>> = None;
    loop {
        let Choices { items, hidden, always_listed, has_properties } =
            manager::choices(store, registration, request, isolation.clone())?;
        if items.is_empty() && !always_listed {
            tell(format_args!("{name}: nothing to list, so it is not shown"));
            return Ok(Chose::NoChoice);
        }
        // Whose properties can be shown: the items in their order, then the handler itself.
        let mut whose: Vec<(Option<Guid>, &str)> =
            items.iter().filter(|item| item.has_properties).map(|item| (Some(item.id), item.name.as_str())).collect();
        whose.extend(has_properties.then_some((None, name.as_str())));
        if items.is_empty() && whose.is_empty() {
            tell(format_args!("{name}: listed always, and nothing to choose now"));
            return Ok(Chose::NoChoice);
        }
        let is_checked = |item: &Choice| {
            let kept = kept.as_ref().and_then(|kept| kept.iter().find(|(id, _)| *id == item.id));
            kept.map_or(item.checked, |(_, checked)| *checked)
        };
        let rows = items.iter().map(|item| (plain(&item.name).into_owned(), is_checked(item)));
        let more = whose.iter().map(|(_, name)| (format!("(show the properties of {})", plain(name)), false));
        let width = usize::from(console::Term::stderr().size().1).saturating_sub(8).max(20);
        let rows: Vec<(String, bool)> =
            rows.chain(more).map(|(row, on)| (console::truncate_str(&row, width, "…").into_owned(), on)).collect();
        let prompt = format!("{name}: what is synchronized? (space: check, Enter: start, Esc: skip)");
        let prompt = console::truncate_str(&prompt, width, "…");
        let dialog = dialoguer::MultiSelect::new().with_prompt(prompt).items_checked(rows).report(false);
        let Some(chosen) = dialog.interact_on_opt(&console::Term::stderr())? else { return Ok(Chose::Nothing) };
        let to_show: Vec<usize> = chosen.iter().filter_map(|at| at.checked_sub(items.len())).collect();
        if to_show.is_empty() {
            let ids = chosen.iter().filter_map(|at| items.get(*at)).map(|item| item.id).chain(hidden);
            let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
            return Ok(if ids.is_empty() { Chose::Nothing } else { Chose::These(ids) });
        }
        for (item, of) in to_show.into_iter().filter_map(|at| whose.get(at)) {
            let Shown { completed, broken } =
                manager::show_properties(registration, request, *item, isolation.clone())?;
            let how = completed.map_or("no completion came".to_owned(), |hr| format!("closed with {hr}"));
            let broken =
                if broken.is_empty() { String::new() } else { format!("; rules broken: {}", broken.join(", ")) };
            tell(format_args!("{name}: properties of {}: {how}{broken}", plain(of)));
        }
        kept = Some(items.iter().enumerate().map(|(at, item)| (item.id, chosen.contains(&at))).collect());
    }
}
