//! The user at the screen of `mobsync sync`: while a session runs, a key skips an item or a handler or shows an error; when the
//! results are there, the errors are listed, and shown when they are chosen.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::keys::{Keys, give_back};
use super::live::Teller;
use crate::host::{Act, AskUser, Controls, has_results};
use crate::protocol::{
    Call, Callback, Event, EventKind, Guid, HResult, HandlerId, Instance, LiveError, Session, State as Phase, Status,
    plain,
};

/// How often it is looked whether a key came, or the results did.
const LOOK: Duration = Duration::from_millis(30);

/// How long a call that the user wants may take to begin.
const BEGINS: Duration = Duration::from_secs(2);

/// The user. Clones are the same one.
#[derive(Clone)]
pub(super) struct Desk(Arc<Inner>);

struct Inner {
    /// The handlers' names.
    names: Vec<String>,
    teller: Teller,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    handlers: Vec<OnScreen>,
    controls: Option<Controls>,
    over: bool,
    thread: Option<JoinHandle<()>>,
}

/// What the user sees of a handler.
#[derive(Clone, Default)]
struct OnScreen {
    /// The items that have not ended.
    running: Vec<(Guid, String)>,
    /// The errors that can be shown.
    errors: Vec<(Guid, String)>,
    /// It could be started.
    seen: bool,
    /// The results are there.
    results: bool,
    /// Nothing goes on any more: the results are there, or never come.
    rests: bool,
    /// The user is done with the results.
    closed: bool,
    /// When the user asked to see an error that is not shown yet.
    asked: Option<Instant>,
}

/// Something that the user can choose.
type Row<T> = (String, HandlerId, T);

impl Desk {
    /// Of a session with handlers of these names.
    pub(super) fn new(names: &[String], teller: Teller) -> Self {
        let handlers = vec![OnScreen::default(); names.len()];
        let state = Mutex::new(State { handlers, ..State::default() });
        Self(Arc::new(Inner { names: names.to_vec(), teller, state }))
    }

    /// Asks the user of a session in virtual time, which stands still meanwhile.
    pub(super) fn ask(&self) -> AskUser {
        let desk = self.clone();
        AskUser::new(move |instance: &Instance| {
            let name = desk.name(instance.id());
            let shown = instance.errors().filter(|error| error.jump);
            let rows: Vec<Row<Guid>> = shown
                .filter_map(|error| Some((desk.row(&name, &text_of(error, instance)), instance.id(), error.id?)))
                .collect();
            match desk.choose_error(&rows) {
                Some((_, _, error)) => Act::ShowError(*error),
                None => Act::Close,
            }
        })
    }

    /// The session can be reached: from now on the user can act.
    pub(super) fn begin(&self, controls: Controls) {
        let desk = self.clone();
        let thread = std::thread::Builder::new().name("keys".to_owned()).spawn(move || desk.attend());
        let mut state = self.0.state.lock();
        state.controls = Some(controls);
        // Without the thread, nobody would ever close the results.
        match thread {
            Ok(thread) => state.thread = Some(thread),
            Err(error) => {
                drop(state);
                self.0.teller.tell(&format!("mobsync: keys are not heard: {error}"));
                self.close_all();
            }
        }
    }

    /// The session is over.
    pub(super) fn end(&self, is_interrupted: bool) {
        let mut state = self.0.state.lock();
        (state.over, state.controls) = (true, None);
        let thread = state.thread.take();
        drop(state);
        let Some(thread) = thread else { return };
        // It ends soon, or when the user has closed a list; somebody who has ended the session elsewhere is not at the list.
        let begun = Instant::now();
        while !(thread.is_finished() || is_interrupted && begun.elapsed() > BEGINS) {
            std::thread::sleep(LOOK / 10);
        }
        if !thread.is_finished() {
            give_back();
            let _ = console::Term::stderr().show_cursor();
        }
    }

    fn name(&self, id: HandlerId) -> String {
        self.0.names.get((id.0 as usize).wrapping_sub(1)).cloned().unwrap_or_default()
    }

    /// The next event, and the session after it.
    pub(super) fn observe(&self, event: &Event, session: &Session) {
        let Some(instance) = session.instance(event.handler) else { return };
        let mut state = self.0.state.lock();
        let Some(own) = state.handlers.get_mut((event.handler.0 as usize).wrapping_sub(1)) else { return };
        let mut line = None;
        match &event.kind {
            EventKind::Call { what, .. } => match &**what {
                Call::PrepareForSync(prepare) => {
                    let name = |id: &Guid| instance.items().get(*id).map(|item| (*id, item.name.to_string()));
                    (own.running, own.closed) = (prepare.items.iter().filter_map(name).collect(), false);
                }
                Call::ShowError(args) => {
                    own.asked = None;
                    let error = instance.error(args.error).map(|error| text_of(error, instance));
                    line = Some(format!("shows the error {}", error.unwrap_or_default()));
                }
                Call::SetItemStatus(args) if args.status == Status::SKIPPED => {
                    let name = instance.items().get(args.item).map(|item| item.name.to_string());
                    line = Some(format!("is told to skip {}", name.unwrap_or_default()));
                }
                _ => {}
            },
            EventKind::Callback { what: Callback::Progress(progress), .. } => {
                let is_over = instance.item(progress.item).and_then(|item| item.status).is_some_and(Status::is_final);
                if is_over {
                    own.running.retain(|(id, _)| *id != progress.item);
                }
            }
            EventKind::Callback { what: Callback::LogError(args), .. } => {
                let logged = args.info.as_ref().map(|info| info.error);
                let live = logged.and_then(|id| instance.error(id)).filter(|error| error.jump);
                if let Some((id, error)) = live.and_then(|error| Some((error.id?, error))) {
                    own.errors.retain(|(known, _)| *known != id);
                    own.errors.push((id, text_of(error, instance)));
                }
            }
            EventKind::Callback { what: Callback::DeleteLogError(_), .. } => {
                own.errors.retain(|(id, _)| instance.error(*id).is_some());
            }
            EventKind::Callback { what: Callback::ShowErrorCompleted(args), .. }
                if args.hr == HResult::S_SYNCMGR_RETRYSYNC =>
            {
                line = Some("synchronizes again".to_owned());
            }
            EventKind::Callback { .. } | EventKind::Return { .. } | EventKind::Reply { .. } | EventKind::Note(_) => {}
        }
        own.results = has_results(instance);
        own.seen = true;
        let state_now = instance.state();
        own.rests = own.results || state_now.is_end() || matches!(state_now, Phase::Closed | Phase::Declined);
        drop(state);
        if let Some(line) = line {
            self.0.teller.tell(&plain(&self.row(&self.name(event.handler), &line)));
        }
    }

    /// Reads keys and asks, until the session is over.
    fn attend(&self) {
        let keys = Keys::listen();
        if keys.is_some() {
            self.0.teller.tell("s: skip an item or a handler   e: look at an error   Ctrl-C: cancel everything");
        }
        while !self.0.state.lock().over {
            if let Some(rows) = self.results() {
                let chosen = self.choose_error(&rows).map(|(_, id, error)| (*id, *error));
                match chosen {
                    Some((id, error)) => self.show(id, error),
                    None => self.close_all(),
                }
                continue;
            }
            match keys.as_ref().map(|keys| keys.next(LOOK)) {
                Some(Some(b's' | b'S')) => self.skip(),
                Some(Some(b'e' | b'E')) => self.look(),
                Some(_) => {}
                None => std::thread::sleep(LOOK),
            }
        }
    }

    /// The errors to choose from, if all handlers have come to an end and the user is not done with the results.
    fn results(&self) -> Option<Vec<Row<Guid>>> {
        let mut state = self.0.state.lock();
        let mut gone = false;
        for own in &mut state.handlers {
            if own.asked.is_some_and(|asked| asked.elapsed() > BEGINS) {
                (own.asked, gone) = (None, true);
            }
        }
        let all_rest = state.handlers.iter().filter(|own| own.seen).all(|own| own.rests && own.asked.is_none());
        let open = |own: &&OnScreen| own.results && !own.closed && !own.errors.is_empty();
        let is_open = state.handlers.iter().any(|own| open(&own));
        drop(state);
        if gone {
            self.0.teller.tell("the error cannot be shown any more");
        }
        (all_rest && is_open).then(|| self.errors(|own| own.results && !own.closed))
    }

    fn errors(&self, of: impl Fn(&OnScreen) -> bool) -> Vec<Row<Guid>> {
        let state = self.0.state.lock();
        let rows = state.handlers.iter().zip(1..).filter(|(own, _)| of(own)).flat_map(|(own, number)| {
            let id = HandlerId(number);
            own.errors.iter().map(move |(error, text)| (id, *error, text.clone()))
        });
        rows.map(|(id, error, text)| (self.row(&self.name(id), &text), id, error)).collect()
    }

    /// The line of something that belongs to a handler.
    fn row(&self, name: &str, what: &str) -> String {
        format!("{name}: {what}")
    }

    fn act(&self, id: HandlerId, act: Act) {
        let controls = self.0.state.lock().controls.clone();
        if let Some(controls) = controls {
            controls.act(id, act);
        }
    }

    fn show(&self, id: HandlerId, error: Guid) {
        if let Some(own) = self.0.state.lock().handlers.get_mut((id.0 as usize).wrapping_sub(1)) {
            own.asked = Some(Instant::now());
        }
        self.act(id, Act::ShowError(error));
    }

    fn close_all(&self) {
        let all = self.0.state.lock().handlers.len();
        for number in (1..).take(all) {
            self.0.state.lock().handlers[number as usize - 1].closed = true;
            self.act(HandlerId(number), Act::Close);
        }
    }

    /// The user chooses what to skip.
    fn skip(&self) {
        let handlers = self.0.state.lock().handlers.clone();
        let mut rows: Vec<Row<Act>> = Vec::new();
        for (own, number) in handlers.iter().zip(1..) {
            let (id, name) = (HandlerId(number), self.name(HandlerId(number)));
            if own.running.len() > 1 {
                rows.push((self.row(&name, &format!("all {} items", own.running.len())), id, Act::SkipAll));
            }
            rows.extend(own.running.iter().map(|(item, text)| (self.row(&name, text), id, Act::Skip(*item))));
        }
        if rows.is_empty() {
            return self.0.teller.tell("nothing runs that could be skipped");
        }
        let chosen = self.choose("Skip (Enter: this one, Esc: nothing)", None, &rows);
        if let Some((_, id, act)) = chosen {
            self.act(*id, *act);
        }
    }

    /// The user chooses an error while the session runs.
    fn look(&self) {
        let rows = self.errors(|_| true);
        if rows.is_empty() {
            return self.0.teller.tell("no error was logged that can be shown");
        }
        if let Some((_, id, error)) = self.choose("Look at (Enter: this one, Esc: none)", None, &rows) {
            self.show(*id, *error);
        }
    }

    fn choose_error<'a>(&self, rows: &'a [Row<Guid>]) -> Option<&'a Row<Guid>> {
        let prompt = "Errors (Enter: look at this one, Esc: close)";
        self.choose(prompt, Some("close the results"), rows)
    }

    /// The row that the user chooses; none by `none`, the first line, or by Esc.
    fn choose<'a, T>(&self, prompt: &str, none: Option<&str>, rows: &'a [Row<T>]) -> Option<&'a Row<T>> {
        let width = usize::from(console::Term::stderr().size().1).saturating_sub(4).max(20);
        let lines = none.into_iter().map(str::to_owned).chain(rows.iter().map(|(line, ..)| plain(line).into_owned()));
        let lines: Vec<String> = lines.map(|line| console::truncate_str(&line, width, "…").into_owned()).collect();
        let dialog = dialoguer::Select::new().with_prompt(prompt).items(&lines).default(0).report(false);
        let chosen = self.0.teller.aside(|| dialog.interact_on_opt(&console::Term::stderr()));
        // A list that was left by Ctrl-C chooses nothing, and what else Ctrl-C does is done elsewhere.
        let at = chosen.ok().flatten()?;
        rows.get(at.checked_sub(usize::from(none.is_some()))?)
    }
}

/// What is logged, with the item that it is about.
fn text_of(error: &LiveError, instance: &Instance) -> String {
    let item = error.item.and_then(|item| instance.items().get(item)).map(|item| format!("{}: ", item.name));
    let text = error.text.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("{}{}: {text}", item.unwrap_or_default(), error.level)
}
