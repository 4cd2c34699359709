//! `mobsync prefs`.

use std::path::Path;

use serde::Serialize;

use super::args::{
    PreferenceName, PrefsArgs, PrefsCommand, PrefsExportArgs, PrefsImportArgs, PrefsSetArgs, PrefsShowArgs,
    ReportFormat,
};
use super::ended::{Ended, Failure};
use super::output::{print, tell};
use super::registered::aligned;
use super::sessions;
use crate::host::Selection;
use crate::job::Handler;
use crate::json::{Id, files};
use crate::protocol::{Guid, Items, Occasion, plain, plain_path};
use crate::runner::{Enumeration, NoSuchItem, WriteError};
use crate::store::{Exchange, ExchangedHandler, Key, Preferences, Registration, Store};

pub(super) fn prefs(args: &PrefsArgs) -> Result<Ended, Failure> {
    let store = Store::in_use()?;
    match &args.command {
        PrefsCommand::Show(args) => show(&store, args),
        PrefsCommand::Set(args) => set(&store, args),
        PrefsCommand::Export(args) => export(&store, args),
        PrefsCommand::Import(args) => import(&store, args),
    }
}

fn show(store: &Store, args: &PrefsShowArgs) -> Result<Ended, Failure> {
    #[derive(Serialize)]
    struct Shown {
        clsid: Guid,
        description: Option<String>,
        preferences: Preferences,
        ask: Vec<Occasion>,
    }
    let Registration { clsid, description, .. } = store.find(&args.handler)?;
    let preferences = store.preferences(clsid)?;
    let text = match args.format {
        ReportFormat::Json => {
            let ask = preferences.asks().collect();
            format!("{}\n", crate::json::to_string_pretty(&Shown { clsid, description, preferences, ask })?)
        }
        ReportFormat::Human if preferences.is_empty() => {
            tell("no preferences: the items that the handler preselects are synchronized");
            String::new()
        }
        ReportFormat::Human => table(&preferences),
    };
    print(text.as_bytes())?;
    Ok(Ended::Well)
}

fn table(preferences: &Preferences) -> String {
    let any = |text: Option<String>| text.unwrap_or_else(|| "any".to_owned());
    let row = |one: &crate::store::Preference| {
        let item = match (&one.name, one.key.item) {
            (Some(name), Some(id)) => Some(format!("{} {}", plain(name), Id(id))),
            (_, id) => id.map(|id| Id(id).to_string()),
        };
        let event = one.key.event.map(|event| event.to_string());
        let connection = one.key.connection.as_deref().map(|connection| plain(connection).into_owned());
        let checked = if one.checked { "checked" } else { "unchecked" };
        [any(item), any(event), any(connection), checked.to_owned()]
    };
    let head = ["ITEM", "EVENT", "CONNECTION", "PREFERENCE"].map(str::to_owned);
    let asks: Vec<String> = preferences.asks().map(|event| event.to_string()).collect();
    let asks = if asks.is_empty() { String::new() } else { format!("asks first at: {}\n", asks.join(", ")) };
    if preferences.iter().next().is_none() {
        return asks;
    }
    asks + &aligned(&std::iter::once(head).chain(preferences.iter().map(row)).collect::<Vec<_>>())
}

fn set(store: &Store, args: &PrefsSetArgs) -> Result<Ended, Failure> {
    let registration = store.find(&args.handler)?;
    if let PreferenceName::Ask | PreferenceName::DontAsk = args.preference {
        let Some(event) = args.event.filter(|_| args.item.is_empty() && args.connection.is_none()) else {
            let why = "ask and dont-ask need --event, and neither --item nor --connection: the user is asked for the whole handler";
            return Err(Failure(why.to_owned()));
        };
        let ask = args.preference == PreferenceName::Ask;
        store.change_preferences(registration.clsid, |all| all.set_ask(event.into(), ask))?;
        return Ok(Ended::Well);
    }
    let items = Named::find(store, &registration, &args.item)?;
    let keys = items.ids.into_iter().map(|item| Key {
        item,
        event: args.event.map(Occasion::from),
        connection: args.connection.clone(),
    });
    let missing = store.change_preferences(registration.clsid, |all| {
        let mut missing = 0;
        for key in keys {
            match args.preference {
                PreferenceName::Checked => all.set(key, true),
                PreferenceName::Unchecked => all.set(key, false),
                PreferenceName::Ask | PreferenceName::DontAsk => {}
                PreferenceName::Default => missing += usize::from(!all.unset(&key)),
            }
        }
        if let Some((result, items)) = items.enumeration.whole() {
            all.enumerated(result, items);
        }
        missing
    })?;
    if missing > 0 {
        tell(format_args!(
            "{missing} of the preferences to remove {} not set",
            if missing == 1 { "was" } else { "were" }
        ));
    }
    Ok(Ended::Well)
}

/// The items that the user names.
struct Named {
    /// Their IDs; every item, if none is named.
    ids: Vec<Option<Guid>>,
    /// What the handler enumerated, if it had to be asked.
    enumeration: Enumeration,
}

impl Named {
    /// Asks the handler only for names that no preference knows.
    fn find(store: &Store, registration: &Registration, words: &[String]) -> Result<Self, Failure> {
        if words.is_empty() {
            return Ok(Self { ids: vec![None], enumeration: Enumeration::default() });
        }
        let known = store.preferences(registration.clsid)?;
        let ids: Option<Vec<_>> = words.iter().map(|word| known.item_named(word).map(Some)).collect();
        if let Some(ids) = ids {
            return Ok(Self { ids, enumeration: Enumeration::default() });
        }
        let handler = Handler::of_registration(registration)?;
        let survey = sessions::survey(&handler)?;
        let items: Items = survey.items.iter().cloned().collect();
        if let Some(missing) = NoSuchItem::find(&Selection::Named(words.to_owned()), &items) {
            return Err(Failure(format!("--item {missing}")));
        }
        let of_word = |word: &String| {
            let id = Guid::from_alias(word).or_else(|| word.parse().ok());
            let named = items.named(word).map(|item| item.id);
            id.into_iter().chain(named).map(Some).collect::<Vec<_>>()
        };
        let ids = words.iter().flat_map(of_word).collect();
        Ok(Self { ids, enumeration: survey.enumeration })
    }
}

fn export(store: &Store, args: &PrefsExportArgs) -> Result<Ended, Failure> {
    let mut failures = Vec::new();
    let chosen = if args.handlers.is_empty() {
        let registered = store.handlers()?;
        failures.extend(registered.damaged.iter().map(ToString::to_string));
        registered.handlers
    } else {
        args.handlers.iter().map(|word| store.find(word)).collect::<Result<_, _>>()?
    };
    let mut handlers: Vec<ExchangedHandler> = Vec::new();
    for Registration { clsid, description, .. } in chosen {
        let preferences = store.preferences(clsid)?;
        if handlers.iter().all(|other| other.clsid != clsid) {
            handlers.push(ExchangedHandler { clsid, description, preferences });
        }
    }
    let text = Exchange { handlers }.text()?;
    match &args.output {
        None => print(text.as_bytes())?,
        Some(file) => files::write_whole(file, text.as_bytes())
            .map_err(|error| Failure(format!("--output {}", WriteError::new(file, &error))))?,
    }
    Ended::after(&failures, false)
}

fn import(store: &Store, args: &PrefsImportArgs) -> Result<Ended, Failure> {
    let exchange = Exchange::load(&args.file)?;
    let mut failures = Vec::new();
    for handler in &exchange.handlers {
        let change = |all: &mut Preferences| {
            if args.replace {
                all.clear();
            }
            all.merge(&handler.preferences);
        };
        match store.change_preferences(handler.clsid, change) {
            Ok(()) => tell(imported(handler)),
            Err(error) => failures.push(format!("{}: {error}", file_name(&args.file))),
        }
    }
    Ended::after(&failures, false)
}

fn imported(handler: &ExchangedHandler) -> String {
    let name = handler.description.as_deref().map(|name| format!("{} ", plain(name))).unwrap_or_default();
    match handler.preferences.iter().count() {
        1 => format!("{name}{}: 1 preference", handler.clsid),
        many => format!("{name}{}: {many} preferences", handler.clsid),
    }
}

fn file_name(file: &Path) -> String {
    plain_path(file).to_string()
}
