//! What a handler's last enumeration gave: what the store may keep and drop preferences by.

use super::Watcher;
use crate::protocol::{CallMethod, Event, EventKind, HResult, HandlerId, Item, Session};

/// Watches the enumerations of one instance: the session's first, or a given one.
#[derive(Clone, Debug, Default)]
pub struct Enumeration {
    handler: Option<HandlerId>,
    result: Option<HResult>,
    items: Vec<Item>,
    is_whole: bool,
}

impl Enumeration {
    /// Those of this instance, whichever comes first.
    pub fn of(handler: HandlerId) -> Self {
        Self { handler: Some(handler), ..Self::default() }
    }

    /// What `EnumSyncMgrItems` returned and the items that came, if the last enumeration was walked to its end. One that broke
    /// off, by a crash or an error, says nothing about the items that it did not give.
    pub fn whole(&self) -> Option<(HResult, &[Item])> {
        self.result.filter(|_| self.is_whole).map(|result| (result, self.items.as_slice()))
    }

    /// Sees an event of the session.
    pub fn observe(&mut self, event: &Event) {
        let EventKind::Return { what, .. } = &event.kind else { return };
        if *self.handler.get_or_insert(event.handler) != event.handler {
            return;
        }
        match what.method {
            CallMethod::EnumSyncMgrItems => {
                let result = Some(what.hr).filter(|hr| hr.is_success() && what.out.enumerator.is_some());
                *self = Self { handler: self.handler, result, ..Self::default() };
            }
            CallMethod::Next if self.result.is_some() && !self.is_whole => {
                self.items.extend(what.out.items.iter().cloned());
                // As the manager sees it: S_FALSE, or nothing more.
                self.is_whole = what.hr == HResult::S_FALSE || what.hr == HResult::S_OK && what.out.items.is_empty();
            }
            _ => {}
        }
    }
}

impl Watcher for Enumeration {
    fn event(&mut self, event: &Event, _: &Session) {
        self.observe(event);
    }
}
