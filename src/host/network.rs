//! The network of a session, as it is scripted: named connections that open slowly, cannot be opened, or drop.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::hold::Hold;
use super::state::SharedState;
use crate::protocol::{
    Callback, ConnectionLost, Delay, EstablishConnection, EventKind, HResult, HandlerId, Note, Text, Thread, Wish,
};

/// A connection of the network. One that no network names is open at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// Its name; null is the default connection.
    #[serde(rename = "connection", deserialize_with = "name")]
    #[schemars(schema_with = "nullable_name")]
    pub name: Option<Text>,
    /// How long it takes until `EstablishConnection` is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<Delay>,
    /// It cannot be opened: E_FAIL.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fails: bool,
    /// So long after it was opened it drops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drops: Option<Delay>,
    /// So long after it dropped it can be opened again. Without it, not in this session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Delay>,
}

/// The name must be there, even if it is null.
fn name<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Text>, D::Error> {
    Option::deserialize(deserializer)
}

fn nullable_name(generator: &mut SchemaGenerator) -> Schema {
    let text = generator.subschema_for::<Text>();
    json_schema!({ "description": "Its name; null is the default connection.", "anyOf": [text, { "type": "null" }] })
}

/// For how long `EstablishConnection` waits at most in such a network, in nanoseconds.
pub fn longest_opening_ns(network: &[Connection]) -> u64 {
    network.iter().filter_map(|connection| connection.opens).map(|opens| opens.0).max().unwrap_or(0)
}

/// How a connection stands.
#[derive(Clone, Copy, Debug, Default)]
enum Line {
    /// Nobody has opened it.
    #[default]
    Closed,
    /// This instance has opened it, and it drops then.
    Open(HandlerId, Option<u64>),
    /// It has dropped, and can be opened from then on.
    Lost(Option<u64>),
}

/// The network of a session that runs.
#[derive(Default)]
pub(super) struct Network(Vec<(Connection, Line)>);

impl Network {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self(connections.into_iter().map(|connection| (connection, Line::default())).collect())
    }

    /// Whether a connection opens slowly, so that replies are held.
    pub(super) fn may_hold(&self) -> bool {
        self.0.iter().any(|(connection, _)| connection.opens.is_some())
    }

    fn wanted(&mut self, callback: &Callback) -> Option<&mut (Connection, Line)> {
        let Callback::EstablishConnection(EstablishConnection { name, .. }) = callback else { return None };
        self.0.iter_mut().find(|(connection, _)| connection.name == *name)
    }

    /// How long the reply is held: until the connection is open, or has failed.
    pub(super) fn hold(&mut self, callback: &Callback) -> Option<Hold> {
        let (Connection { opens, .. }, Line::Closed | Line::Lost(_)) = self.wanted(callback)? else { return None };
        let until: Text = "the connection is open, or has failed".into();
        let at_most_ns = Some(opens.as_ref()?.0);
        Some(Hold { until, call: None, for_time: true, at_most_ns, ends: Box::new(|_, _| false), by_hand: None })
    }

    /// What the callback is answered with. `wish` is what was decided so far.
    pub(super) fn wish(&mut self, callback: &Callback, wish: Wish, now_ns: u64) -> Wish {
        match self.wanted(callback) {
            Some((connection, _)) if connection.fails => Wish::FailConnection,
            Some((_, Line::Lost(back_ns))) if back_ns.is_none_or(|back_ns| now_ns < back_ns) => Wish::FailConnection,
            _ => wish,
        }
    }

    /// The callback was answered.
    pub(super) fn answered(&mut self, handler: HandlerId, callback: &Callback, hr: HResult, now_ns: u64) {
        if let Some((connection, line @ (Line::Closed | Line::Lost(_)))) = self.wanted(callback)
            && hr.is_success()
        {
            *line = Line::Open(handler, connection.drops.map(|drops| now_ns.saturating_add(drops.0)));
        }
    }

    /// When the next connection drops.
    pub(super) fn next_ns(&self) -> Option<u64> {
        let drops = |(_, line): &(Connection, Line)| if let Line::Open(_, drops_ns) = line { *drops_ns } else { None };
        self.0.iter().filter_map(drops).min()
    }

    /// The connections that have dropped by now, each with the instance that opened it.
    fn take_lost(&mut self, now_ns: u64) -> Vec<(HandlerId, Option<Text>)> {
        let mut lost = Vec::new();
        for (connection, line) in &mut self.0 {
            if let Line::Open(handler, Some(drops_ns)) = *line
                && drops_ns <= now_ns
            {
                lost.push((handler, connection.name.clone()));
                *line = Line::Lost(connection.back.map(|back| drops_ns.saturating_add(back.0)));
            }
        }
        lost
    }
}

impl SharedState {
    /// Connections that should have dropped by now do.
    #[inline]
    pub(super) fn network_until(&mut self, now_ns: u64) {
        if self.network.next_ns().is_some_and(|next_ns| next_ns <= now_ns) {
            for (handler, name) in self.network.take_lost(now_ns) {
                let note = Note::ConnectionLost(ConnectionLost { name });
                self.record(now_ns, Thread::APARTMENT, handler, EventKind::Note(Box::new(note)));
                self.wake_all();
            }
        }
    }
}
