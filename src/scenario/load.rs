//! Reads scenarios, and says what is wrong with one.

use std::path::Path;

use super::expectation::MemberExpect;
use super::file::{EventName, Member, Scenario};
use super::world::Happening;
use crate::host::Connection;
use crate::json::{self, FileError, JsonPath};
use crate::protocol::nearest;

/// A scenario could not be read. The messages name file, line, column and the path in the document.
pub type ScenarioError = FileError;

/// Reads a scenario from a file.
///
/// # Errors
/// When the file cannot be read or is not a valid scenario.
pub fn load(file: &Path) -> Result<Scenario, ScenarioError> {
    parse(&json::read(file)?, file)
}

/// Reads a scenario from text; `file` is named in errors.
///
/// # Errors
/// When the text is not a valid scenario.
pub fn parse(text: &str, file: &Path) -> Result<Scenario, ScenarioError> {
    json::check_version(text, file)?;
    let scenario: Scenario = json::from_json(text, file)?;
    match nonsense(&scenario) {
        None => Ok(scenario),
        Some((path, why)) => Err(json::nonsense(text, file, &path, &why)),
    }
}

/// Where a scenario makes no sense as a whole, and why.
fn nonsense(scenario: &Scenario) -> Option<(JsonPath, String)> {
    const NO_EVENT: &str =
        "only a session for configuration can do without an event: add `\"settings\": true`, or name an event";
    let path = JsonPath::default();
    if !scenario.handlers.is_empty()
        && let Some(member) = beside_handlers(scenario)
    {
        const BESIDE: &str = "cannot be beside `handlers`: write it for each handler there, or leave it out";
        return Some((member.iter().fold(path, |path, key| path.key(*key)), BESIDE.to_owned()));
    }
    if let Some((network, why)) = nonsense_of_network(&path.key("network"), &scenario.network) {
        return Some((network, why.to_owned()));
    }
    if let Some(wrong) = nonsense_of_world(scenario) {
        return Some(wrong);
    }
    if scenario.settings {
        return None;
    }
    let of_another = scenario.another.as_ref().and_then(|another| another.event);
    if scenario.event == EventName::None {
        Some((path.key("event"), NO_EVENT.to_owned()))
    } else {
        (of_another == Some(EventName::None)).then(|| (path.key("another").key("event"), NO_EVENT.to_owned()))
    }
}

/// Where a network makes no sense, and why.
fn nonsense_of_network(path: &JsonPath, network: &[Connection]) -> Option<(JsonPath, &'static str)> {
    network.iter().enumerate().find_map(|(at, connection)| {
        let Connection { name, fails, drops, back, .. } = connection;
        let path = path.index(at);
        if network[..at].iter().any(|earlier| earlier.name == *name) {
            Some((path.key("connection"), "an earlier entry is about the same connection; join the two"))
        } else if *fails && drops.is_some() {
            Some((path.key("drops"), "a connection that fails is never open, so it cannot drop"))
        } else if drops.is_none() && back.is_some() {
            Some((path.key("back"), "only a connection that `drops` comes back"))
        } else {
            None
        }
    })
}

/// Where a scripted world makes no sense, and why.
fn nonsense_of_world(scenario: &Scenario) -> Option<(JsonPath, String)> {
    let path = JsonPath::default();
    let members = || scenario.handlers.iter().enumerate().map(|(at, member)| (path.key("handlers").index(at), member));
    if !scenario.has_world() {
        const ONLY: &str = "only means something in a scenario with a `world`";
        let of_member = |(path, member): (JsonPath, &Member)| {
            let there = [
                (member.name.is_some(), "name"),
                (member.registered.is_some(), "registered"),
                (!member.preferences.is_empty(), "preferences"),
            ];
            there.into_iter().find(|(there, _)| *there).map(|(_, key)| path.key(key))
        };
        let store = (!scenario.expect.store.is_empty()).then(|| path.key("expect").key("store"));
        return members().find_map(of_member).or(store).map(|path| (path, ONLY.to_owned()));
    }
    if scenario.handlers.is_empty() {
        return Some((path.key("world"), "needs `handlers`: what happens starts sessions of them".to_owned()));
    }
    if let Some((path, key)) = beside_world(scenario) {
        const BESIDE: &str = "cannot be beside `world`, in which every event starts a session of its own";
        return Some((path.key(key), BESIDE.to_owned()));
    }
    let names: Vec<String> = scenario.handlers.iter().map(Member::world_name).collect();
    for (at, (path, member)) in members().enumerate() {
        if names[..at].contains(&names[at]) {
            let why = format!("another handler is called {} too; give each a `name` of its own", names[at]);
            return Some((path.key(if member.name.is_some() { "name" } else { "handler" }), why));
        }
        if member.registered.is_none() && !member.preferences.is_empty() {
            let why = "it is not registered when the world begins (`registered`), so nothing is stored for it";
            return Some((path.key("preferences"), why.to_owned()));
        }
        if let Some(flags) = member.registered.filter(|flags| !flags.is_valid()) {
            return Some((path.key("registered"), format!("{flags} are not valid SYNCMGRREGISTERFLAGS")));
        }
    }
    let unknown = |name: &str| {
        let near = nearest(name, names.iter().map(String::as_str));
        let near = near.map_or_else(|| names.join(", "), |near| format!("did you mean {near}?"));
        format!("there is no handler {name}; {near}")
    };
    let mut last = None;
    for (at, happens) in scenario.world.iter().enumerate() {
        let path = path.key("world").index(at);
        if last.is_some_and(|last| happens.at < last) {
            return Some((
                path.key("at"),
                "comes before what stands above it; write them in the order of time".to_owned(),
            ));
        }
        last = Some(happens.at);
        if let Some(name) = happens.what.handlers().into_iter().find(|name| !names.iter().any(|known| known == name)) {
            return Some((path, unknown(name)));
        }
        if let Happening::Network(network) = &happens.what
            && let Some((path, why)) = nonsense_of_network(&path.key("network"), network)
        {
            return Some((path, why.to_owned()));
        }
    }
    let of_store = scenario.expect.store.keys().find(|name| !names.contains(name));
    of_store.map(|name| (path.key("expect").key("store").key(name), unknown(name)))
}

/// What says something of one session, where there is a world.
fn beside_world(scenario: &Scenario) -> Option<(JsonPath, &'static str)> {
    let path = JsonPath::default();
    let own = Scenario::titled("");
    let beside = [
        (scenario.event != own.event, "event"),
        (scenario.settings, "settings"),
        (scenario.cookie.is_some(), "cookie"),
        (scenario.choose != own.choose, "choose"),
        (scenario.reserved != 0, "reserved"),
        (!scenario.look.is_empty(), "look"),
        (scenario.probes, "probes"),
        (scenario.apartment != own.apartment, "apartment"),
        (scenario.order.is_some(), "order"),
        (scenario.schedule.is_some(), "schedule"),
    ];
    if let Some((_, key)) = beside.into_iter().find(|(there, _)| *there) {
        return Some((path, key));
    }
    scenario.handlers.iter().enumerate().find_map(|(at, member)| {
        let beside = [
            (member.choose.is_some(), "choose"),
            (!member.steps.is_empty(), "steps"),
            (member.expect != MemberExpect::default(), "expect"),
        ];
        let (_, key) = beside.into_iter().find(|(there, _)| *there)?;
        Some((path.key("handlers").index(at), key))
    })
}

/// A member that says something of one handler, where a scenario has several.
fn beside_handlers(scenario: &Scenario) -> Option<&'static [&'static str]> {
    let Scenario { handler, folders, clsid, another, steps, expect, .. } = scenario;
    let beside: [(bool, &[&str]); 7] = [
        (handler.is_some(), &["handler"]),
        (!folders.is_empty(), &["folders"]),
        (clsid.is_some(), &["clsid"]),
        (another.is_some(), &["another"]),
        (!steps.is_empty(), &["steps"]),
        (expect.outcome.is_some(), &["expect", "outcome"]),
        (!expect.items.is_empty(), &["expect", "items"]),
    ];
    beside.into_iter().find(|(there, _)| *there).map(|(_, member)| member)
}
