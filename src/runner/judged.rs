//! Judges events as they pass, and keeps what reports need of them.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use super::context::{self, AFTER, KEPT};
use super::found::{CaseRecord, Found, Omitted};
use super::kept::KeptEvents;
use crate::protocol::{Event, EventKind, HandlerId, Items, Note, Session, Stack, Thread};
use crate::rules::{Conditions, Finding, MOST_OF_A_RULE, Monitor, Rule, Violation, link_consequences};

/// How long the messages of the findings that are kept may be together, in bytes. The first of each rule is always kept.
const MOST_TEXT: usize = 4 << 20;

/// How many stacks wait for what is found at their events.
const MOST_STACKS: usize = 8;

/// A stack that was taken at an event.
struct StackAt {
    event: u64,
    frames: Vec<String>,
    /// Which of the frames to look at.
    site: Option<usize>,
}

/// A case while it is judged.
pub struct Judged {
    monitor: Monitor,
    recent: VecDeque<Event>,
    found: Vec<Found>,
    /// The findings that still wait for the events after them: where they stand in `found`, and how many more they want.
    open: VecDeque<(usize, usize)>,
    kept: BTreeMap<&'static str, usize>,
    omitted: Omitted,
    /// How long the messages of `found` are together.
    size: usize,
    /// A stack that belongs to what is found next.
    stack: Option<Vec<String>>,
    /// Stacks that belong to what will be found at their events.
    stacks: VecDeque<StackAt>,
    last_ns: u64,
    /// The trace file, where there is one, and the line of the newest event in it.
    file: Option<PathBuf>,
    line: u64,
    /// The newest event when what is around a finding was shown last.
    shown: Option<u64>,
    /// What the handler's process wrote.
    output: Option<String>,
    /// All events, where they are wanted.
    events: Option<KeptEvents>,
    /// The names of the instances.
    names: BTreeMap<HandlerId, String>,
}

impl Judged {
    /// Judges by these conditions.
    pub fn new(conditions: Conditions) -> Self {
        Self {
            monitor: Monitor::new(conditions),
            recent: VecDeque::with_capacity(KEPT),
            found: Vec::new(),
            open: VecDeque::new(),
            kept: BTreeMap::new(),
            omitted: Omitted::default(),
            size: 0,
            stack: None,
            stacks: VecDeque::new(),
            last_ns: 0,
            file: None,
            line: 0,
            shown: None,
            output: None,
            events: None,
            names: BTreeMap::new(),
        }
    }

    /// Whether the instances are of different handlers.
    fn has_different_handlers(&self) -> bool {
        let mut names = self.names.values();
        names.next().is_some_and(|first| names.any(|name| name != first))
    }

    /// The events stand in this file.
    pub fn of_file(self, file: Option<PathBuf>) -> Self {
        Self { file, ..self }
    }

    /// The events are kept, for a picture of the session, if they are wanted.
    pub fn keeping_events(self, wanted: bool) -> Self {
        Self { events: wanted.then(KeptEvents::default), ..self }
    }

    /// Takes the next event, and the line of the trace file in which it stands.
    pub fn observe(&mut self, event: Event, line: u64) {
        self.observe_with(event, line, |_, _| {});
    }

    /// As [`observe`](Self::observe); `see` gets the event, and the session after it.
    pub(super) fn observe_with(&mut self, event: Event, line: u64, see: impl FnOnce(&Event, &Session)) {
        let found = self.monitor.observe(&event);
        if let Some(events) = &mut self.events {
            events.push(&event);
        }
        see(&event, self.monitor.session());
        self.last_ns = event.at_ns;
        self.line = line;
        if let EventKind::Note(note) = &event.kind {
            match &**note {
                Note::Stack(stack) => self.take_stack(stack, &event.thread),
                Note::Created(created) => drop(self.names.insert(event.handler, created.name.to_string())),
                _ => {}
            }
        }
        // A stack is shown with what was found, and not among the events.
        let is_stack = matches!(&event.kind, EventKind::Note(note) if matches!(**note, Note::Stack(_)));
        let is_time_out = matches!(&event.kind, EventKind::Note(note) if matches!(**note, Note::TimedOut(_)));
        if !is_stack {
            self.recall(event);
        }
        if found > 0 {
            self.keep();
        }
        if is_time_out {
            // The stack was of this and of nothing that comes later.
            self.stack = None;
        }
    }

    /// Keeps the event for those around it.
    fn recall(&mut self, event: Event) {
        if self.recent.len() == KEPT {
            self.recent.pop_front();
        }
        self.recent.push_back(event);
        self.open.iter_mut().for_each(|(_, wanted)| *wanted -= 1);
        while let Some((at, _)) = self.open.pop_front_if(|(_, wanted)| *wanted == 0) {
            self.show(at);
        }
    }

    /// A stack belongs to what was found at its event, or will be; without an event, to what is found next.
    fn take_stack(&mut self, stack: &Stack, thread: &Thread) {
        let frames: Vec<String> = stack.frames.iter().map(ToString::to_string).collect();
        let site = stack.site.and_then(|site| usize::try_from(site).ok());
        if stack.event == 0 {
            self.stack = Some(frames.into_iter().map(|frame| self.with_last_word(frame)).collect());
            return;
        }
        // Of a stack that was noted before, more may be known now.
        for found in self.found.iter_mut().filter(|found| found.backtrace.as_ref() == Some(&frames)) {
            found.site = site;
        }
        let of_event = |found: &&mut Found| found.finding.events.last() == Some(&stack.event);
        let mut any = false;
        for found in self.found.iter_mut().rev().take_while(of_event) {
            (found.backtrace, found.site) = (Some(frames.clone()), site);
            any = true;
        }
        if any {
            return;
        }
        match self.stacks.iter_mut().find(|known| known.event == stack.event) {
            // Known already, and the place in it is new.
            Some(known) if known.frames == frames => known.site = site,
            // Another thread, at the same event.
            Some(known) => {
                known.frames.push(format!("thread {thread}:"));
                known.frames.extend(frames);
            }
            None => {
                if self.stacks.len() == MOST_STACKS {
                    self.stacks.pop_front();
                }
                self.stacks.push_back(StackAt { event: stack.event, frames, site });
            }
        }
    }

    /// The line that names a thread also says what it did last, if that was not long ago.
    fn with_last_word(&self, frame: String) -> String {
        let Some(name) = frame.strip_prefix("thread ").and_then(|rest| rest.strip_suffix(':')) else { return frame };
        let called = self.recent.iter().rev().find_map(|event| match &event.kind {
            EventKind::Callback { what, .. } if event.thread.0 == name => Some(what.method()),
            _ => None,
        });
        called.map_or_else(|| frame.clone(), |method| format!("thread {name}, which last called {method}:"))
    }

    /// The trace has ended.
    pub fn finish(&mut self) {
        if self.monitor.finish() > 0 {
            self.keep();
        }
        self.cut();
    }

    /// The trace broke off: nothing is known of what would have come.
    pub fn cut(&mut self) {
        while let Some((at, _)) = self.open.pop_front() {
            self.show(at);
        }
        link_consequences(self.found.iter_mut().map(|found| &mut found.finding));
    }

    fn keep(&mut self) {
        let stack = self.stack.take();
        for finding in self.monitor.take_findings() {
            let kept = self.kept.entry(finding.rule.code).or_default();
            let size = finding.message().len();
            if *kept == MOST_OF_A_RULE || *kept > 0 && self.size + size > MOST_TEXT {
                self.omitted.count(&finding);
                continue;
            }
            *kept += 1;
            self.size += size;
            let noted = self.stacks.iter().find(|known| finding.events.contains(&known.event));
            let (backtrace, site) = noted.map(|known| (known.frames.clone(), known.site)).unzip();
            self.open.push_back((self.found.len(), AFTER));
            self.found.push(Found {
                finding,
                at_ns: self.last_ns,
                line: self.file.is_some().then_some(self.line),
                context: Vec::new(),
                backtrace: backtrace.or_else(|| stack.clone()),
                site: site.flatten(),
            });
        }
    }

    fn show(&mut self, at: usize) {
        let newest = self.recent.back().map(|event| event.seq);
        // One event may show thousands of findings, and a list of thousands of items is long.
        let same = at.checked_sub(1).map(|before| &self.found[before]).filter(|before| {
            self.shown == newest && before.finding.events == self.found[at].finding.events && !before.context.is_empty()
        });
        let context = match same {
            Some(before) => before.context.clone(),
            None => context::lines(&self.recent, &self.found[at].finding.events, &self.items()),
        };
        self.found[at].context = context;
        self.shown = newest;
    }

    /// Takes back what was found of a rule that whoever drives the session broke on purpose; only when the trace has ended.
    pub(crate) fn acquit(&mut self, rule: &Rule) {
        self.acquit_of(rule, |_| true);
    }

    /// As [`acquit`](Self::acquit), of the findings of which `takes_back` says so.
    pub(crate) fn acquit_of(&mut self, rule: &Rule, takes_back: impl Fn(&Violation) -> bool) {
        let of_rule = |found: &Found| found.finding.rule == rule;
        let before = self.found.len();
        self.found.retain(|found| !(of_rule(found) && takes_back(&found.finding.violation)));
        if !self.found.iter().any(of_rule) {
            self.monitor.acquit(rule);
        }
        if self.found.len() < before {
            link_consequences(self.found.iter_mut().map(|found| &mut found.finding));
        }
    }

    /// What the handler's process wrote to its standard output and standard error.
    pub(crate) fn set_output(&mut self, output: Option<String>) {
        self.output = output;
    }

    /// What was found and kept so far.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// The findings so far, without what is kept around them.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.found.iter().map(|found| &found.finding)
    }

    /// The session so far.
    pub fn session(&self) -> &Session {
        self.monitor.session()
    }

    /// The items that the handler enumerated.
    pub fn items(&self) -> Items {
        self.monitor.session().items()
    }

    /// The newest event.
    pub fn last(&self) -> Option<&Event> {
        self.recent.back()
    }

    /// What judges.
    pub fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// Takes away what goes into a report. `replay` is a command that shows the case again.
    pub fn take_record(&mut self, name: &str, replay: Option<String>) -> CaseRecord {
        let items = self.items();
        let events = self.events.take().map(|events| events.naming(items));
        CaseRecord {
            name: name.to_owned(),
            handler: None,
            trace: self.file.as_ref().map(|file| file.display().to_string()),
            found: std::mem::take(&mut self.found),
            omitted: std::mem::take(&mut self.omitted),
            nanos: self.last_ns,
            replay,
            debug: None,
            aims: Vec::new(),
            error: None,
            expectations: None,
            output: self.output.take(),
            repeats: None,
            events,
            instances: if self.has_different_handlers() { self.names.clone() } else { BTreeMap::new() },
        }
    }
}
