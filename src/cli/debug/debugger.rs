//! Stops, reads commands, and does what they say.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::breakpoint::{Breakpoint, Moment};
use super::command::{self, Command};
use super::complete::Words;
use super::console::{Console, Input};
use super::performed::{Performed, Seen};
use super::show;
use super::stacks;
use super::wanted;
use crate::cli::ended::Failure;
use crate::cli::sessions;
use crate::host::{Controls, Hold};
use crate::job::{BY_HAND, SteeredWorker, Wanted, held_by_hand};
use crate::protocol::{Call, Event, EventKind, Instance, Items, Note, Refusal, Thread};
use crate::report::plain;
use crate::runner::Recorded;
use crate::scenario::{Expect, ItemRef, Recording, Reply};

/// How long a handler may make no crossing until the user who wants to stop gets a prompt all the same.
const PATIENCE: Duration = Duration::from_millis(300);

/// For how long nothing may happen while a reply is held by hand, until the user is reminded of it.
const HELD_PATIENCE: Duration = Duration::from_secs(1);

/// How far the session goes before it stops again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Go {
    /// So many crossings.
    Step(u64),
    /// To the manager's call of that number from here.
    Next(u64),
    /// To a breakpoint.
    Continue,
}

/// What follows a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// The session goes on, or begins.
    Go,
    /// Another session.
    Restart,
    /// The end of the program.
    Quit,
}

/// How a session is left before its end.
pub(super) enum Leave {
    /// By its controls; its threads go on by themselves.
    Real(Controls),
    /// Its one thread tells so, and then stands still for ever.
    Halt(Box<dyn Fn() + Send>),
}

/// Where the prompt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// No session has begun.
    Beginning,
    /// A session stands still.
    Crossing,
    /// The session is over.
    End,
}

pub(super) struct Debugger {
    console: Console,
    breakpoints: Vec<(u32, Breakpoint)>,
    set: u32,
    go: Go,
    /// What an empty line does again.
    again: Option<Go>,
    at: At,
    /// The number of the session that is on.
    number: u64,
    performed: Option<Performed>,
    recorded: Option<Recorded>,
    pub(super) wanted: Wanted,
    /// What a callback brought, whose reply has not come.
    callback: Option<Seen>,
    /// The worker in which the session runs, if it does not run in this process.
    worker: Option<SteeredWorker>,
    /// How many replies were held by hand, and up to which of them they were let go.
    held: u64,
    let_go: Arc<AtomicU64>,
    /// Those that are held by hand now: their numbers and their threads.
    holding: VecDeque<(u64, Thread)>,
    /// The session in a worker is to be stopped where it stands still.
    due: bool,
    /// The thread of the last crossing.
    last: Thread,
    /// When it was first seen that the user wants to stop a session in which nothing happens.
    wants_to_stop: Option<Instant>,
    /// When it was first seen that nothing happens while a reply is held by hand.
    quiet: Option<Instant>,
    leave: Option<Leave>,
    /// How the session is left before its end.
    leaving: Option<After>,
    interrupted: Arc<AtomicBool>,
}

impl Debugger {
    pub(super) fn new(console: Console, interrupted: Arc<AtomicBool>) -> Self {
        Self {
            console,
            breakpoints: Vec::new(),
            set: 0,
            go: Go::Continue,
            again: None,
            at: At::Beginning,
            number: 0,
            performed: None,
            recorded: None,
            wanted: Wanted::default(),
            callback: None,
            worker: None,
            held: 0,
            let_go: Arc::default(),
            holding: VecDeque::new(),
            due: false,
            last: Thread::APARTMENT,
            wants_to_stop: None,
            quiet: None,
            leave: None,
            leaving: None,
            interrupted,
        }
    }

    /// Sets a breakpoint where the word says, and tells its number.
    pub(super) fn set_breakpoint(&mut self, word: &str) -> Result<(), String> {
        let breakpoint = Breakpoint::read(word)?;
        self.set += 1;
        self.tell(&format!("Breakpoint {}, {breakpoint}.", self.set));
        self.breakpoints.push((self.set, breakpoint));
        Ok(())
    }

    /// The number that the next session has.
    pub(super) fn next_number(&self) -> u64 {
        self.number + 1
    }

    /// A session begins.
    pub(super) fn begin(&mut self, performed: Performed, recorded: Recorded) {
        self.number += 1;
        self.performed = Some(performed);
        self.recorded = Some(recorded);
        self.callback = None;
        self.worker = None;
        (self.held, self.holding, self.let_go) = (0, VecDeque::new(), Arc::default());
        self.due = false;
        (self.wants_to_stop, self.quiet) = (None, None);
        self.leave = None;
        self.leaving = None;
        self.at = At::Crossing;
    }

    /// The session runs in that worker; `recording` is what the user does in it.
    #[cfg_attr(not(unix), allow(dead_code, reason = "there a session that is debugged runs in this process"))]
    pub(super) fn runs_in(&mut self, worker: SteeredWorker, recording: Recording) {
        self.worker = Some(worker);
        if let Some(recorded) = &mut self.recorded {
            recorded.recording = recording;
        }
    }

    /// The session in a worker stands still. Returns what the user wants when it goes on.
    #[cfg_attr(not(unix), allow(dead_code, reason = "there a session that is debugged runs in this process"))]
    pub(super) fn stands_still(&mut self, number: u64) -> Wanted {
        if !self.is_on(number) {
            return Wanted::default();
        }
        (self.wants_to_stop, self.quiet) = (None, None);
        if std::mem::take(&mut self.due) {
            self.stop();
        }
        self.wanted.clone()
    }

    /// Nothing happens in a session in real time. If the user has wanted to stop it for a while, or a reply is held by hand,
    /// it is looked at as it runs.
    pub(super) fn is_idle(&mut self, number: u64) {
        if !self.is_on(number) {
            return;
        }
        if !self.holding.is_empty() && self.quiet.get_or_insert_with(Instant::now).elapsed() >= HELD_PATIENCE {
            self.quiet = None;
            let held = show::held(self.holding.iter().map(|(_, thread)| thread), self.performed.as_ref());
            self.console.say_painted("1", &format!("Nothing happens: {held}. `release reply` lets it go."));
            self.stop();
            return;
        }
        if !self.interrupted.load(Ordering::SeqCst) {
            return;
        }
        if self.wants_to_stop.get_or_insert_with(Instant::now).elapsed() < PATIENCE {
            return;
        }
        self.wants_to_stop = None;
        self.interrupted.store(false, Ordering::SeqCst);
        self.console
            .say_painted("1", "The handler makes no callback and does not return; `where` shows what its threads do.");
        self.stop();
    }

    /// A reply is held until the user lets it go, in this process.
    pub(super) fn holds_by_hand(&mut self) -> Hold {
        // Its note comes next, and counts it.
        let (let_go, number) = (Arc::clone(&self.let_go), self.held + 1);
        held_by_hand(move || let_go.load(Ordering::SeqCst) >= number)
    }

    /// A reply is held by hand, or is held no more: its time may be over, or the manager leaves.
    fn follow_holds(&mut self, note: &Note, thread: &Thread) {
        match note {
            Note::Held(held) if held.until.as_str() == Some(BY_HAND) => {
                self.held += 1;
                self.holding.push_back((self.held, thread.clone()));
            }
            Note::LetGo(_) => self.holding.retain(|(_, of)| of != thread),
            _ => {}
        }
    }

    /// Lets the oldest reply go that is held by hand.
    fn let_one_go(&mut self) -> Result<(), String> {
        self.session()?;
        let (number, _) = self.holding.pop_front().ok_or("No reply is held; `hold` holds the next one.")?;
        self.let_go.store(number, Ordering::SeqCst);
        if let Some(worker) = &self.worker {
            worker.let_go(number);
        }
        self.tell("The reply is let go when the session continues.");
        Ok(())
    }

    /// A call that the user wanted was refused.
    pub(super) fn was_refused(&mut self, call: &Call, why: Refusal) {
        self.wanted.was_refused(call);
        self.tell(&format!("{} was not called: {why}.", call.method()));
    }

    /// How the session can be left.
    pub(super) fn set_leave(&mut self, leave: Leave) {
        self.leave = Some(leave);
    }

    /// Whether the session of that number was left, and nothing but standing still for ever is left for its thread.
    pub(super) fn halts(&self, number: u64) -> bool {
        matches!(self.leave, Some(Leave::Halt(_))) && !self.is_on(number)
    }

    /// Whether the session of that number is on: running or standing still, and not left.
    pub(super) fn is_on(&self, number: u64) -> bool {
        self.number == number && self.leaving.is_none() && self.at == At::Crossing
    }

    pub(super) fn tell(&self, text: &str) {
        self.console.say(text);
    }

    /// What the last session came to.
    pub(super) fn performed(&self) -> Option<&Performed> {
        self.performed.as_ref()
    }

    /// The prompt before a session.
    pub(super) fn before(&mut self) -> After {
        self.at = At::Beginning;
        self.again = None;
        self.wanted = Wanted::default();
        self.prompt()
    }

    /// The session is over, or was left. Returns what follows.
    pub(super) fn over(&mut self, more: &[String]) -> After {
        if let Some(left) = self.leaving.take() {
            return left;
        }
        self.at = At::End;
        self.again = None;
        if let Some(performed) = &mut self.performed {
            let told = performed.judged.found().len();
            performed.judged.finish();
            for found in performed.judged.found().get(told..).unwrap_or_default() {
                self.console.say_painted("31", &plain(&found.finding.to_string()));
            }
            let text = show::ending(performed);
            self.console.say_painted("1", &text);
        }
        more.iter().for_each(|text| self.console.say(text));
        self.prompt()
    }

    /// Sees the next event of the session, and stops if it is time.
    pub(super) fn observe(&mut self, event: &Event) {
        if self.see(event) {
            self.stop();
        }
    }

    /// Sees the next event of a session in a worker, which is stopped where it stands still.
    #[cfg_attr(not(unix), allow(dead_code, reason = "there a session that is debugged runs in this process"))]
    pub(super) fn observe_worker(&mut self, event: &Event) {
        if let Some(performed) = &self.performed {
            self.wanted.has_come(event, performed.judged.session());
        }
        self.due |= self.see(event);
    }

    /// Sees the next event; true if it is time to stop.
    fn see(&mut self, event: &Event) -> bool {
        self.quiet = None;
        if let EventKind::Note(note) = &event.kind {
            self.follow_holds(note, &event.thread);
        }
        let Some(performed) = &mut self.performed else { return false };
        self.last.clone_from(&event.thread);
        let mut seen = performed.observe(event);
        if let Some(callback) = self.callback.take() {
            // A callback and its reply come under one lock: they are one crossing.
            seen.codes.splice(0..0, callback.codes);
            seen.findings.splice(0..0, callback.findings);
            seen.reached = seen.reached.or(callback.reached);
        }
        let Some(line) = &seen.line else {
            self.callback = Some(seen);
            return false;
        };
        let due = match &mut self.go {
            Go::Step(left) => {
                *left = left.saturating_sub(1);
                *left == 0
            }
            Go::Next(left) if matches!(event.kind, EventKind::Call { .. }) => {
                *left = left.saturating_sub(1);
                *left == 0
            }
            Go::Next(_) | Go::Continue => false,
        };
        let moment = Moment { event, codes: &seen.codes, reached: seen.reached };
        let hit = self.breakpoints.iter().find(|(_, breakpoint)| breakpoint.hits(&moment));
        let hit = hit.map(|(number, breakpoint)| format!("Breakpoint {number}, {breakpoint}."));
        let interrupted = self.interrupted.swap(false, Ordering::SeqCst);
        let stops = due || hit.is_some() || interrupted;
        if stops || self.go != Go::Continue || !seen.findings.is_empty() {
            self.console.say(line);
            seen.findings.iter().for_each(|text| self.console.say_painted("31", &format!("  {text}")));
        }
        if let Some(hit) = hit {
            self.console.say_painted("1", &hit);
        }
        stops
    }

    fn stop(&mut self) {
        match self.prompt() {
            After::Go => {}
            leave => {
                self.leaving = Some(leave);
                match &self.leave {
                    Some(Leave::Real(controls)) => {
                        // The session's lock is held here; whoever leaves needs it.
                        let controls = controls.clone();
                        // Where there is no thread, the session goes on; the next prompt can end the program.
                        drop(std::thread::Builder::new().spawn(move || controls.leave()));
                    }
                    Some(Leave::Halt(halted)) => halted(),
                    None => {}
                }
            }
        }
    }

    fn prompt(&mut self) -> After {
        loop {
            match self.console.line(self.words()) {
                Input::End => return After::Quit,
                Input::Interrupted => {}
                Input::Text(line) => match self.perform(&line) {
                    Ok(Some(after)) => return after,
                    Ok(None) => {}
                    Err(why) => self.console.say(&why),
                },
            }
        }
    }

    fn words(&self) -> Words {
        let Some(performed) = &self.performed else { return Words::default() };
        let items = performed.judged.items();
        let errors = performed.instance().into_iter().flat_map(Instance::errors).filter_map(|error| error.id);
        Words {
            items: items.iter().map(|item| ItemRef::to(item.id, &items).0).collect(),
            errors: errors.map(|id| id.alias().unwrap_or_else(|| id.to_string())).collect(),
            breakpoints: self.breakpoints.iter().map(|(number, _)| number.to_string()).collect(),
        }
    }

    /// Does what a line says; what follows, if the prompt ends with it.
    fn perform(&mut self, line: &str) -> Result<Option<After>, String> {
        if line.is_empty() {
            return match self.again {
                Some(go) => self.go_on(go).map(Some),
                None => Ok(None),
            };
        }
        let (command, rest) = command::read(line)?;
        match command {
            Command::Step => return self.go_on(Go::Step(count(rest)?)).map(Some),
            Command::Next => return self.go_on(Go::Next(count(rest)?)).map(Some),
            Command::Continue => return self.go_on(Go::Continue).map(Some),
            Command::Restart => return Ok(Some(After::Restart)),
            Command::Quit => return Ok(Some(After::Quit)),
            Command::Break if rest.is_empty() => self.tell(&self.list_breakpoints()),
            Command::Break => {
                self.set_breakpoint(rest)?;
            }
            Command::Breaks => self.tell(&self.list_breakpoints()),
            Command::Delete => self.delete(rest)?,
            Command::Skip => {
                let call = wanted::skip(rest, &self.session()?.judged.items())?;
                self.want(call)?;
            }
            Command::Show => {
                let call = wanted::show(rest, self.session()?)?;
                self.want(call)?;
            }
            Command::Hold => {
                let item = match rest {
                    "" => None,
                    word => Some(wanted::item(word, &self.items_ahead()?)?),
                };
                self.items_ahead()?;
                self.wanted.holds.push(item);
                self.tell("The reply to the next such Progress is held; `release reply` lets it go.");
            }
            Command::Release if rest == "reply" => self.let_one_go()?,
            Command::Release if !rest.is_empty() => {
                return Err("release what? `release` ends the session, `release reply` lets a held reply go".to_owned());
            }
            Command::Release => {
                let instance =
                    self.performed.as_ref().and_then(Performed::instance).filter(|_| self.at == At::Crossing);
                let said = wanted::want_release(&mut self.wanted, instance.ok_or(NO_SESSION)?);
                self.tell(&said);
            }
            Command::Cancel => {
                let (reply, item) = match rest {
                    "all" => (Reply::CancelAll, None),
                    word => (Reply::CancelItem, Some(wanted::item(word, &self.items_ahead()?)?)),
                };
                self.want_reply(reply, item)?;
            }
            Command::Reply => match rest {
                "refuse-dialog" => self.want_reply(Reply::RefuseDialog, None)?,
                "fail-connection" => self.want_reply(Reply::FailConnection, None)?,
                _ => return Err("reply what? `reply refuse-dialog` or `reply fail-connection`".to_owned()),
            },
            Command::State => self.tell(&show::state(self.any()?, &self.wanted)),
            Command::Items => self.tell(&show::items(self.any()?)),
            Command::Errors => self.tell(&show::errors(self.any()?)),
            Command::Trace => {
                let lines = if rest.is_empty() { 10 } else { count(rest)? };
                self.tell(&show::trace(self.any()?, usize::try_from(lines).unwrap_or(usize::MAX)));
            }
            Command::Threads => self.tell(&show::threads(self.any()?)),
            Command::Where => {
                let worker = self.worker()?;
                self.tell(&stacks::in_words(&worker.stacks(), &self.last));
            }
            Command::Attach => {
                let worker = self.worker()?.clone();
                self.tell(&stacks::attach(&worker)?);
                self.tell(stacks::wait_for_debugger(&worker, &self.interrupted));
            }
            Command::Findings => self.tell(&show::findings(self.any()?)),
            Command::Record => {
                self.any()?;
                let recorded = self.recorded.as_ref().ok_or(NOT_BEGUN)?;
                if rest.is_empty() {
                    return Err("record to which file?".to_owned());
                }
                let said = sessions::record(recorded, Path::new(rest), Expect::default());
                self.tell(&said.map_err(|Failure(why)| why)?);
            }
            Command::Help => self.tell(&command::help(rest)?),
        }
        Ok(None)
    }

    fn go_on(&mut self, go: Go) -> Result<After, String> {
        if self.at == At::End {
            return Err("The session is over; `restart` starts another one, `quit` ends the program.".to_owned());
        }
        self.go = go;
        self.again = (go != Go::Continue).then_some(go);
        Ok(After::Go)
    }

    /// The worker in which the session runs.
    fn worker(&self) -> Result<&SteeredWorker, String> {
        self.session()?;
        self.worker.as_ref().ok_or_else(|| stacks::NO_WORKER.to_owned())
    }

    /// The session, while actions can be taken.
    fn session(&self) -> Result<&Performed, String> {
        self.performed.as_ref().filter(|_| self.at == At::Crossing).ok_or_else(|| NO_SESSION.to_owned())
    }

    /// The items of the session, or of the one before, while callbacks are to come: what is wanted of them may be said before
    /// the session begins.
    fn items_ahead(&self) -> Result<Items, String> {
        match self.at {
            At::End => Err(NO_SESSION.to_owned()),
            At::Beginning | At::Crossing => {
                Ok(self.performed.as_ref().map(|performed| performed.judged.items()).unwrap_or_default())
            }
        }
    }

    /// The session, also when it is over.
    fn any(&self) -> Result<&Performed, String> {
        self.performed.as_ref().filter(|_| self.at != At::Beginning).ok_or_else(|| NOT_BEGUN.to_owned())
    }

    fn want(&mut self, call: Call) -> Result<(), String> {
        let instance = self.performed.as_ref().and_then(Performed::instance).ok_or(NO_SESSION)?;
        let said = wanted::want(&mut self.wanted, call, instance);
        self.tell(&said);
        Ok(())
    }

    fn want_reply(&mut self, reply: Reply, item: Option<crate::protocol::Guid>) -> Result<(), String> {
        self.items_ahead()?;
        self.wanted.replies.push((reply, item));
        let of = item.map_or(String::new(), |id| {
            let items = self.performed.as_ref().map(|performed| performed.judged.items()).unwrap_or_default();
            format!(" of {}", wanted::name(id, &items))
        });
        self.tell(&format!("The next {}{of} will be answered {}.", reply.answers(), show::answer(reply)));
        Ok(())
    }

    fn list_breakpoints(&self) -> String {
        if self.breakpoints.is_empty() {
            return "No breakpoints; `break METHOD|RULE|STATE` sets one.".to_owned();
        }
        let lines = self.breakpoints.iter().map(|(number, breakpoint)| format!("{number}: {breakpoint}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn delete(&mut self, word: &str) -> Result<(), String> {
        if word == "all" {
            self.breakpoints.clear();
            return Ok(());
        }
        let at = word.parse().ok().and_then(|number: u32| self.breakpoints.iter().position(|(of, _)| *of == number));
        let at = at.ok_or_else(|| format!("delete which breakpoint?\n{}", self.list_breakpoints()))?;
        self.breakpoints.remove(at);
        Ok(())
    }
}

const NO_SESSION: &str = "No session is stopped here; `step` starts one, `restart` another.";
const NOT_BEGUN: &str = "The session has not started; `step`, `next` or `continue` starts it.";

/// A number from 1; 1 when there is none.
fn count(word: &str) -> Result<u64, String> {
    match word.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ if word.is_empty() => Ok(1),
        _ => Err(format!("`{word}` is not a number of at least 1")),
    }
}
