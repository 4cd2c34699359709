//! From which lines a handler calls back. Many handlers report through one function of their own; a mistake is then where that
//! function is called, and not in it.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::stack;
use crate::protocol::{Callback, Stack, Text};

/// How many stacks are taken of callbacks that are alike: the same method, with the same status.
const OF_A_KIND: u8 = 6;

/// How many stacks are remembered.
const MOST_KNOWN: usize = 1024;

/// How many statuses are told apart.
const STATUSES: usize = 16;

/// How many methods a handler can call.
const METHODS: usize = 9;

/// The stacks of a session's callbacks.
#[derive(Default)]
pub(super) struct CallSites {
    /// How many stacks were taken of each kind of callback.
    taken: [[u8; STATUSES + 1]; METHODS],
    /// All of them together are taken.
    paths: Vec<Vec<usize>>,
    /// Their functions, in words, where those were needed. To find them takes some thousand times as long as to take a stack.
    known: HashMap<Vec<usize>, Vec<Text>>,
    files: stack::Files,
    /// The stacks that were noted, with the frame that was named in each.
    noted: Vec<Noted>,
}

/// A stack that stands in the trace.
struct Noted {
    event: u64,
    frames: Vec<Text>,
    site: Option<u32>,
}

impl CallSites {
    /// A callback is here, on its own thread: its stack is taken if such callbacks are new. True if it comes from a new place.
    pub(super) fn see(&mut self, callback: &Callback) -> bool {
        let status = match callback {
            Callback::Progress(progress) => {
                progress.info.as_ref().map_or(0, |info| usize::try_from(info.status.0).unwrap_or(STATUSES))
            }
            _ => 0,
        };
        let Some(taken) = self.taken.get_mut(callback.method() as usize) else { return false };
        let taken = &mut taken[status.min(STATUSES)];
        if *taken == OF_A_KIND {
            return false;
        }
        *taken += 1;
        let path = stack::addresses_here();
        let is_new = !self.paths.contains(&path);
        if is_new {
            self.paths.push(path);
        }
        is_new
    }

    /// The stack of the current thread, which is to be noted at this event.
    pub(super) fn note(&mut self, event: u64) -> Stack {
        let path = stack::addresses_here();
        self.resolve(std::slice::from_ref(&path));
        let frames = match self.known.get(&path) {
            Some(known) => known.clone(),
            None => self.files.of_this_process(&[&path]).pop().unwrap_or_default(),
        };
        let all = self.all();
        let site = site(&frames, all.iter().copied());
        if !self.noted.iter().any(|noted| noted.frames == frames) && self.noted.len() < MOST_KNOWN {
            self.noted.push(Noted { event, frames: frames.clone(), site });
        }
        Stack { event, frames, site }
    }

    /// The stacks that were noted and of which more is known since, because the handler called back from a new place.
    pub(super) fn more(&mut self) -> Vec<Stack> {
        if self.noted.is_empty() {
            return Vec::new();
        }
        self.resolve(&[]);
        let mut noted = std::mem::take(&mut self.noted);
        let all = self.all();
        let mut more = Vec::new();
        for one in &mut noted {
            let site = site(&one.frames, all.iter().copied());
            // The first frame is the one to look at until something else is known.
            if site.unwrap_or_default() != one.site.unwrap_or_default() {
                one.site = site;
                more.push(Stack { event: one.event, frames: one.frames.clone(), site });
            }
        }
        self.noted = noted;
        more
    }

    /// Finds the functions of all stacks that were taken, and of these.
    fn resolve(&mut self, more: &[Vec<usize>]) {
        let is_unknown = |path: &&Vec<usize>| !self.known.contains_key(*path);
        let unknown: HashSet<&[usize]> = self.paths.iter().chain(more).filter(is_unknown).map(Vec::as_slice).collect();
        if unknown.is_empty() || self.known.len() >= MOST_KNOWN {
            return;
        }
        let unknown: Vec<&[usize]> = unknown.into_iter().collect();
        let found = self.files.of_this_process(&unknown);
        let found: Vec<(Vec<usize>, Vec<Text>)> = unknown.into_iter().map(<[usize]>::to_vec).zip(found).collect();
        self.known.extend(found);
    }

    fn all(&self) -> Vec<&[Text]> {
        self.known.values().map(Vec::as_slice).collect()
    }
}

/// The frame to look at, of a stack at whose top the handler calls back: the innermost function that does so, itself or through
/// functions that do nothing else, from more than one line. None if there is no such function: then it is the innermost one.
fn site<'a>(stack: &[Text], all: impl Iterator<Item = &'a [Text]> + Clone) -> Option<u32> {
    let stack: Vec<String> = stack.iter().map(ToString::to_string).collect();
    let mut alike: Vec<Vec<String>> = all.map(|frames| frames.iter().map(ToString::to_string).collect()).collect();
    alike.push(stack.clone());
    for (at, frame) in stack.iter().enumerate() {
        let function = Function::of(frame)?;
        let lines: BTreeSet<u64> = alike
            .iter()
            .filter_map(|frames| Function::of(frames.get(at)?))
            .filter(|other| (other.name, other.file) == (function.name, function.file))
            .map(|other| other.line)
            .collect();
        if lines.len() > 1 {
            return u32::try_from(at).ok();
        }
        alike.retain(|frames| frames.get(at) == Some(frame));
    }
    None
}

/// A frame whose source is known.
struct Function<'a> {
    name: &'a str,
    file: &'a str,
    line: u64,
}

impl<'a> Function<'a> {
    fn of(frame: &'a str) -> Option<Self> {
        let (file, line) = Stack::source(frame)?;
        let (name, _) = frame.rsplit_once(" at ")?;
        Some(Self { name, file, line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack_of(frames: &[&str]) -> Vec<Text> {
        frames.iter().map(|frame| Text::from(*frame)).collect()
    }

    fn sites(stacks: &[&[&str]]) -> Vec<Option<u32>> {
        let stacks: Vec<Vec<Text>> = stacks.iter().map(|frames| stack_of(frames)).collect();
        stacks.iter().map(|stack| site(stack, stacks.iter().map(Vec::as_slice))).collect()
    }

    #[test]
    fn a_helper_is_passed_over_and_a_function_that_calls_back_from_two_lines_is_not() {
        let (begin, end) = ("Run() at a.cpp:10", "Run() at a.cpp:20");
        assert_eq!(sites(&[&["Say() at a.cpp:3", begin], &["Say() at a.cpp:3", end]]), [Some(1), Some(1)]);
        // Through two helpers.
        let through = |line| ["Send() at a.cpp:1", "Say() at a.cpp:3", line];
        assert_eq!(sites(&[&through(begin), &through(end)]), [Some(2), Some(2)]);
        // It calls back itself, from two lines, and is called from two lines.
        assert_eq!(sites(&[&["Run() at a.cpp:3", begin], &["Run() at a.cpp:4", end]]), [Some(0), Some(0)]);
        // One line, in two threads.
        assert_eq!(
            sites(&[&["Work() at a.cpp:3", "one at a.cpp:8"], &["Work() at a.cpp:3", "two at a.cpp:9"]]),
            [None; 2]
        );
        assert_eq!(sites(&[&["Work() at a.cpp:3", begin]]), [None]);
        // The same function of another file is another one, and without a source nothing is known.
        assert_eq!(sites(&[&["Say() at a.cpp:3", begin], &["Say() at b.cpp:3", end]]), [None; 2]);
        assert_eq!(sites(&[&["Say()", begin], &["Say()", end]]), [None; 2]);
        // What two different functions call is no part of either.
        let (work, finish) = (&["Work() at a.cpp:3", begin][..], &["Finish() at a.cpp:5", end][..]);
        assert_eq!(sites(&[work, finish]), [None; 2]);
    }
}
