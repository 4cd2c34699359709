//! What became of the items of a session.

use std::collections::BTreeMap;

use crate::protocol::{CallMethod, Callback, Event, EventKind, Guid, LogErrorInfo, LogLevel, Session, Status};

/// How the items of earlier rounds ended: a retry prepares some of them anew, and the machine forgets the others.
#[derive(Debug, Clone, Default)]
pub struct EarlierRounds(BTreeMap<Guid, Option<Status>>);

impl EarlierRounds {
    /// The last status of an item that was prepared in an earlier round, if it had one.
    pub fn status(&self, item: Guid) -> Option<Option<Status>> {
        self.0.get(&item).copied()
    }

    /// Takes an event; `session` is the session before it.
    pub fn observe(&mut self, event: &Event, session: &Session) {
        if let EventKind::Call { what, .. } = &event.kind
            && what.method() == CallMethod::PrepareForSync
            && let Some(instance) = session.instance(event.handler)
        {
            self.0.extend(instance.prepared().map(|(id, item)| (id, item.status)));
        }
    }
}

/// What was logged in a session and not deleted, by item.
#[derive(Debug, Clone, Default)]
pub struct LiveErrors {
    /// In the order in which they were logged.
    logged: BTreeMap<u64, LiveError>,
    /// Where those that have an ErrorID stand.
    by_id: BTreeMap<Guid, u64>,
}

#[derive(Debug, Clone)]
struct LiveError {
    item: Option<Guid>,
    level: LogLevel,
    text: String,
}

impl LiveErrors {
    /// Takes an event.
    pub fn observe(&mut self, event: &Event) {
        let EventKind::Callback { what, .. } = &event.kind else { return };
        match what {
            Callback::LogError(args) => {
                let info = args.info.as_deref();
                let item = info.and_then(LogErrorInfo::given_item);
                let text = args.text.as_ref().map(ToString::to_string).unwrap_or_default();
                if let Some(error) = info.and_then(LogErrorInfo::given_error) {
                    self.delete(error);
                    self.by_id.insert(error, event.seq);
                }
                self.logged.insert(event.seq, LiveError { item, level: args.level, text });
            }
            Callback::DeleteLogError(args) if args.error.is_null() => *self = Self::default(),
            Callback::DeleteLogError(args) => self.delete(args.error),
            _ => {}
        }
    }

    fn delete(&mut self, error: Guid) {
        if let Some(seq) = self.by_id.remove(&error) {
            self.logged.remove(&seq);
        }
    }

    /// What is logged, by item; `None` for what is logged of no item.
    pub fn by_item(&self) -> BTreeMap<Option<Guid>, Vec<String>> {
        let mut by_item: BTreeMap<Option<Guid>, Vec<String>> = BTreeMap::new();
        for error in self.logged.values() {
            by_item.entry(error.item).or_default().push(format!("{}: {}", error.level, error.text));
        }
        by_item
    }
}
