//! How a crash is written down in the memory that a worker shares with its parent: the same on every system, for a worker may run
//! under Wine, and its parent on Linux.

use std::sync::atomic::Ordering;

use super::shared_memory::SharedMemory;
use crate::protocol::Thread;

/// How many functions of a stack are kept.
pub(crate) const MOST_FRAMES: usize = 64;

/// How much of the list of mapped files is kept.
pub(super) const MOST_MAPS: usize = 192 << 10;

/// How much of a thread's name is kept.
const MOST_NAME: usize = 64;

/// How much is kept of the words for what happened.
const MOST_WORDS: usize = 256;

// One after the other: the number of functions, their addresses, the list of mapped files, the thread's name, what happened.
// Each text stands behind its length.
/// Where the list of mapped files stands, behind the addresses.
pub(crate) const MAPS_AT: usize = 8 + 8 * MOST_FRAMES;
const NAME_AT: usize = MAPS_AT + 8 + MOST_MAPS;
const WORDS_AT: usize = NAME_AT + 8 + MOST_NAME;

/// How much room a crash takes in the shared memory.
pub(crate) const CRASH_ROOM: usize = WORDS_AT + 8 + MOST_WORDS;

/// Where a crash is written down.
pub(super) struct CrashSite {
    pub(super) memory: &'static SharedMemory,
    pub(super) at: usize,
    /// What the current thread is called in traces.
    pub(super) thread: fn() -> Option<Thread>,
}

impl CrashSite {
    /// The addresses of functions, the innermost first. With them there is a crash.
    pub(super) fn write_frames(&self, frames: &[usize]) {
        for (nth, frame) in frames.iter().take(MOST_FRAMES).enumerate() {
            self.memory.number(self.at + 8 + 8 * nth).store(*frame as u64, Ordering::Relaxed);
        }
        self.memory.number(self.at).store(frames.len().min(MOST_FRAMES) as u64, Ordering::Release);
    }

    /// A part of the list of mapped files. What does not fit is lost.
    pub(super) fn write_maps_at(&self, at: usize, part: &[u8]) {
        let room = MOST_MAPS.saturating_sub(at);
        self.memory.write(self.at + MAPS_AT + 8 + at.min(MOST_MAPS), &part[..part.len().min(room)]);
    }

    /// The length of the list of mapped files.
    pub(super) fn end_maps(&self, length: usize) {
        self.memory.number(self.at + MAPS_AT).store(length.min(MOST_MAPS) as u64, Ordering::Relaxed);
    }

    /// The name of the thread, where it has one.
    pub(super) fn write_thread(&self, name: Option<Thread>) {
        let name = name.as_ref().map(|name| name.0.as_str()).filter(|name| name.len() <= MOST_NAME);
        self.write_text(NAME_AT, name.unwrap_or_default(), MOST_NAME);
    }

    /// What happened, in words, where the system's status of the process does not say it.
    #[cfg_attr(not(windows), allow(dead_code, reason = "a signal is in the status of the process"))]
    pub(super) fn write_words(&self, words: &str) {
        self.write_text(WORDS_AT, words, MOST_WORDS);
    }

    fn write_text(&self, at: usize, text: &str, most: usize) {
        let length = text.len().min(most);
        self.memory.write(self.at + at + 8, &text.as_bytes()[..length]);
        self.memory.number(self.at + at).store(length as u64, Ordering::Release);
    }
}

/// What was written down about a crash.
pub(crate) struct Crash {
    /// The addresses of functions, the innermost first.
    pub(crate) addresses: Vec<usize>,
    /// The list of mapped files.
    pub(crate) maps: String,
    /// The thread, if it was in the session.
    pub(crate) thread: Option<Thread>,
    /// What happened, where the worker said it.
    pub(crate) words: Option<String>,
}

/// Reads what was written down.
pub(crate) fn crash(memory: &SharedMemory, at: usize) -> Option<Crash> {
    let text = |at: usize, most: usize| {
        let length = usize::try_from(memory.number(at).load(Ordering::Acquire)).unwrap_or(0).min(most);
        let mut text = vec![0; length];
        memory.read(at + 8, &mut text);
        Some(String::from_utf8_lossy(&text).into_owned()).filter(|text| !text.is_empty())
    };
    let words = text(at + WORDS_AT, MOST_WORDS);
    let many = usize::try_from(memory.number(at).load(Ordering::Acquire)).unwrap_or(0).min(MOST_FRAMES);
    if many == 0 && words.is_none() {
        return None;
    }
    let frame = |nth| usize::try_from(memory.number(at + 8 + 8 * nth).load(Ordering::Relaxed)).unwrap_or(0);
    let addresses = (0..many).map(frame).collect();
    let thread = text(at + NAME_AT, MOST_NAME).map(|name| Thread::from(name.as_str()));
    Some(Crash { addresses, maps: text(at + MAPS_AT, MOST_MAPS).unwrap_or_default(), thread, words })
}
