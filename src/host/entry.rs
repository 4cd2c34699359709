//! How the entries of an [order](super::Order) are written down, and read again: which thread calls back, and what it says.

use crate::protocol::{Call, Callback, Event, EventKind, Guid, HandlerId, Instance, ProgressItem, Session, Thread};

/// The threads of a session by numbers: the manager's own is 0, the others count from 1 as their first callbacks are taken. So a
/// thread has the same number when the same order is forced again.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers(Vec<(HandlerId, Thread)>);

impl Numbers {
    /// The number of the thread; nothing before its first callback is taken.
    fn known(&self, handler: HandlerId, thread: &Thread) -> Option<usize> {
        if *thread == Thread::APARTMENT {
            return Some(0);
        }
        self.0.iter().position(|(of, known)| *of == handler && known == thread).map(|at| at + 1)
    }

    /// The number that the thread has, or has when its next callback is taken.
    fn next(&self, handler: HandlerId, thread: &Thread) -> usize {
        self.known(handler, thread).unwrap_or(self.0.len() + 1)
    }

    /// A callback of the thread is taken.
    pub(super) fn take(&mut self, handler: HandlerId, thread: &Thread) -> usize {
        let number = self.next(handler, thread);
        if number > self.0.len() {
            self.0.push((handler, thread.clone()));
        }
        number
    }

    /// The entry of a callback that waits.
    pub(super) fn entry(
        &self,
        handler: HandlerId,
        thread: &Thread,
        callback: &Callback,
        instance: Option<&Instance>,
    ) -> String {
        entry(self.next(handler, thread), callback, instance)
    }
}

/// The item of which the callback says something.
pub(super) fn item_of(callback: &Callback) -> Option<Guid> {
    match callback {
        Callback::Progress(args) => Some(args.item),
        Callback::LogError(args) => args.info.as_ref().and_then(|info| info.given_item()),
        _ => None,
    }
}

/// Thread, method, item and status.
fn entry(thread: usize, callback: &Callback, instance: Option<&Instance>) -> String {
    let mut words = format!("{thread}: {}", callback.method());
    if let Some(item) = item_of(callback) {
        words.push(' ');
        words += &named(item, instance);
    }
    if let Callback::Progress(args) = callback
        && let Some(status) = args.info.as_ref().and_then(ProgressItem::given_status)
    {
        words.push(' ');
        words += &status.to_string();
    }
    words
}

/// What an entry says without the thread.
pub(super) fn without_thread(entry: &str) -> &str {
    entry.split_once(": ").map_or(entry, |(_, words)| words)
}

/// The entry of a skip that the order makes itself.
fn skip(item: Guid, instance: Option<&Instance>) -> String {
    format!("skip {}", named(item, instance))
}

/// Whether the entry is that of a skip.
pub(super) fn is_skip(entry: &str) -> bool {
    entry.starts_with("skip ")
}

/// The item that the entry skips, among those that are prepared; nothing where the entry is of a callback.
pub(super) fn item_to_skip(entry: &str, instance: &Instance) -> Option<Option<Guid>> {
    let name = entry.strip_prefix("skip ")?;
    Some(instance.prepared().map(|(id, _)| id).find(|id| named(*id, Some(instance)) == name))
}

fn named(item: Guid, instance: Option<&Instance>) -> String {
    instance.map_or_else(|| item.to_string(), |instance| instance.items().word(item))
}

/// Writes down in which order the callbacks of a session are taken.
#[derive(Clone, Debug, Default)]
pub struct EntryLog {
    numbers: Numbers,
    /// Each with the number of its event.
    entries: Vec<(u64, String)>,
    skips: bool,
}

impl EntryLog {
    /// Empty. `skips` says that the order itself makes skips ([`Strategy::SkipAtEnd`](super::Strategy::SkipAtEnd)).
    pub fn new(skips: bool) -> Self {
        Self { skips, ..Self::default() }
    }

    /// Takes the next event, and the session after it.
    pub fn take(&mut self, event: &Event, session: &Session) {
        let instance = session.instance(event.handler);
        let words = match &event.kind {
            EventKind::Callback { what, .. } => entry(self.numbers.take(event.handler, &event.thread), what, instance),
            EventKind::Call { what, .. } if self.skips => match &**what {
                Call::SetItemStatus(args) => skip(args.item, instance),
                _ => return,
            },
            _ => return,
        };
        self.entries.push((event.seq, words));
    }

    /// What was taken up to that event.
    pub fn until(&self, seq: u64) -> Vec<String> {
        self.entries.iter().take_while(|(at, _)| *at <= seq).map(|(_, words)| words.clone()).collect()
    }
}
