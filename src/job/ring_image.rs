//! A worker's shared memory as bytes that were put there beforehand, and what the parent makes of it. A handler can write
//! anything there; a fuzzer uses this to try it without a process.

use super::channel::{Channel, RecordKind};
use super::received::WorkerSession;
use super::{Handler, Terms};
use crate::host;
use crate::protocol::{Event, Session};

/// The shared memory of a worker that is gone.
#[derive(Clone, Debug, Default)]
pub struct RingImage {
    /// How many bytes the worker says that it wrote, and how many the parent says that it read.
    pub positions: (u64, u64),
    /// What stands where a crash is written down: the number of addresses, and the addresses.
    pub crash: Vec<u8>,
    /// What stands behind: the length of the list of mapped files, and the list.
    pub maps: Vec<u8>,
    /// The beginning of the ring.
    pub ring: Vec<u8>,
}

impl RingImage {
    /// The memory of a worker that wrote these events.
    ///
    /// # Errors
    /// When the system gives no memory to share.
    pub fn of(events: &[Event]) -> std::io::Result<Self> {
        let (channel, _file) = Channel::new(b"")?;
        let mut buffer = Vec::new();
        for event in events {
            buffer.clear();
            host::pack(event, None, &mut buffer);
            channel.write(RecordKind::Event, &buffer, || true);
        }
        Ok(channel.image())
    }

    /// The events that the parent of a worker takes from this memory, as often as a session may look, and what it says of the end.
    ///
    /// # Errors
    /// When the system gives no memory to share.
    pub fn received(&self, handler: &Handler, terms: &Terms) -> std::io::Result<Vec<Event>> {
        let (channel, _file) = Channel::new(b"")?;
        channel.put_image(self);
        let mut events = Vec::new();
        let mut drain = |new: Vec<Event>, _: &Session| events.extend(new);
        let mut session = WorkerSession::new(handler, terms, None);
        session.receive_last(&channel, &mut drain);
        Ok(events)
    }
}
