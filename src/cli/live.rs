//! What a person sees while a session runs: a bar an item on a terminal, plain lines otherwise. On standard error.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use parking_lot::Mutex;

use super::output::{is_dumb_terminal, tell};
use crate::protocol::{
    Call, Callback, Event, EventKind, Guid, HandlerId, Items, LogError, ProgressItem, Session, Status, padded,
};
use crate::report::plain;

/// How often a plain line is written for an item whose status stays the same.
const PLAIN_EVERY: Duration = Duration::from_millis(500);

/// How many characters of an item's name stand before its bar.
const NAME: usize = 30;

/// How many items get a bar each. More would not fit on a screen, and drawing them would take longer than the work.
const MOST_BARS: usize = 50;

pub(super) struct Live {
    teller: Teller,
    rows: Vec<Row>,
    row_of: BTreeMap<(HandlerId, Guid), usize>,
    /// The one bar of a session with many items.
    of_all: Option<ProgressBar>,
    quiet: bool,
    /// The names of the handlers, where there are several; those that have a line above their bars.
    handlers: Vec<String>,
    headed: BTreeSet<HandlerId>,
    /// Those lines. One that is dropped would vanish.
    heads: Vec<ProgressBar>,
}

struct Row {
    /// The handler's name, where there are several.
    handler: Option<String>,
    name: String,
    bar: Option<ProgressBar>,
    status: Option<Status>,
    value: i32,
    max: i32,
    text: String,
    printed: Option<Instant>,
}

/// Writes lines to standard error, above the bars where there are any. Clones write to the same place.
#[derive(Clone)]
pub(super) struct Teller {
    bars: Option<MultiProgress>,
    /// What is to be told when the bars are drawn again.
    kept: Arc<Mutex<Option<Vec<String>>>>,
}

impl Teller {
    /// Where there are no bars.
    pub(super) fn plain() -> Self {
        Self { bars: None, kept: Arc::default() }
    }

    pub(super) fn tell(&self, line: &str) {
        if let Some(kept) = &mut *self.kept.lock() {
            return kept.push(line.to_owned());
        }
        match &self.bars {
            // A terminal that has gone away is no reason to stop the session.
            Some(bars) => drop(bars.println(line)),
            None => tell(line),
        }
    }

    /// Does this while nothing is drawn or told. Whoever has something to show or to tell meanwhile does not wait.
    pub(super) fn aside<T>(&self, what: impl FnOnce() -> T) -> T {
        *self.kept.lock() = Some(Vec::new());
        if let Some(bars) = &self.bars {
            // Of a terminal that has gone away, nothing is left to clear.
            let _ = bars.clear();
            bars.set_draw_target(ProgressDrawTarget::hidden());
        }
        let done = what();
        if let Some(bars) = &self.bars {
            bars.set_draw_target(ProgressDrawTarget::stderr());
            // Draws them all.
            bars.suspend(|| ());
        }
        let kept = self.kept.lock().take();
        kept.into_iter().flatten().for_each(|line| self.tell(&line));
        done
    }
}

impl Live {
    /// With `quiet`, nothing of what happens is shown.
    pub(super) fn new(quiet: bool) -> Self {
        let bars = (!quiet && std::io::stderr().is_terminal() && !is_dumb_terminal()).then(MultiProgress::new);
        let (handlers, headed, heads) = (Vec::new(), BTreeSet::new(), Vec::new());
        Self {
            teller: Teller { bars, ..Teller::plain() },
            rows: Vec::new(),
            row_of: BTreeMap::new(),
            of_all: None,
            quiet,
            handlers,
            headed,
            heads,
        }
    }

    /// Of a session with handlers of these names.
    pub(super) fn of_several(quiet: bool, names: &[String]) -> Self {
        let handlers = if names.len() > 1 { names.to_vec() } else { Vec::new() };
        Self { handlers, ..Self::new(quiet) }
    }

    /// The name of a handler, where there are several.
    fn handler(&self, id: HandlerId) -> Option<&str> {
        self.handlers.get((id.0 as usize).wrapping_sub(1)).map(String::as_str)
    }

    pub(super) fn teller(&self) -> Teller {
        self.teller.clone()
    }

    /// Shows the next event; `session` is the session after it.
    pub(super) fn observe(&mut self, event: &Event, session: &Session) {
        let Some(instance) = session.instance(event.handler).filter(|_| !self.quiet) else { return };
        match &event.kind {
            EventKind::Call { what, .. } => {
                if let Call::PrepareForSync(prepare) = &**what {
                    self.begin(event.handler, &prepare.items, instance.items());
                }
            }
            EventKind::Callback { what: Callback::Progress(progress), .. } => {
                if let Some(info) = &progress.info {
                    self.progress((event.handler, progress.item), info, instance.items());
                }
            }
            EventKind::Callback { what: Callback::LogError(error), .. } => {
                self.log(event.handler, error);
            }
            _ => {}
        }
    }

    /// The session is over: bars stay as they are.
    pub(super) fn finish(&self) {
        let bars = self.heads.iter().chain(self.rows.iter().filter_map(|row| row.bar.as_ref())).chain(&self.of_all);
        bars.filter(|bar| !bar.is_finished()).for_each(ProgressBar::abandon);
    }

    /// Where the row of an item stands; an item that the handler did not enumerate has none.
    fn row(&mut self, id: (HandlerId, Guid), items: &Items) -> Option<usize> {
        if let Some(at) = self.row_of.get(&id) {
            return Some(*at);
        }
        let name = plain(&items.get(id.1)?.name.to_string()).into_owned();
        self.rows.push(Row {
            handler: self.handler(id.0).map(str::to_owned),
            name,
            bar: None,
            status: None,
            value: 0,
            max: 0,
            text: String::new(),
            printed: None,
        });
        self.row_of.insert(id, self.rows.len() - 1);
        Some(self.rows.len() - 1)
    }

    /// The bars of a round stand in the order of its items, whichever begins first.
    fn begin(&mut self, handler: HandlerId, chosen: &[Guid], items: &Items) {
        if self.teller.bars.is_none() {
            return;
        }
        let chosen: Vec<usize> = chosen.iter().filter_map(|id| self.row((handler, *id), items)).collect();
        let Some(bars) = &self.teller.bars else { return };
        chosen.iter().for_each(|at| self.rows[*at].begin_round());
        let bars_there_are = self.rows.iter().filter(|row| row.bar.is_some()).count();
        let too_many =
            chosen.len() > MOST_BARS || !self.handlers.is_empty() && bars_there_are + chosen.len() > MOST_BARS;
        if too_many || self.of_all.is_some() {
            let of_all = self.of_all.get_or_insert_with(|| new_bar(bars, "all items".to_owned()));
            if self.handlers.is_empty() {
                of_all.reset();
                of_all.set_length(chosen.len() as u64);
            } else if self.headed.is_empty() {
                of_all.set_length(chosen.len() as u64);
            } else if !self.headed.contains(&handler) {
                of_all.inc_length(chosen.len() as u64);
            }
            self.headed.insert(handler);
            return;
        }
        if let Some(name) = self.handler(handler)
            && !self.headed.contains(&handler)
        {
            let line = bars.add(ProgressBar::new(1));
            line.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar()));
            line.set_message(name.to_owned());
            line.tick();
            self.heads.push(line);
            self.headed.insert(handler);
        }
        let length = |at: &usize| self.rows[*at].name.chars().count();
        let width = chosen.iter().map(length).max().unwrap_or(0).min(NAME);
        for at in chosen {
            let row = &mut self.rows[at];
            match &row.bar {
                Some(bar) => bar.reset(),
                None => row.bar = Some(new_bar(bars, shortened(&row.name, width))),
            }
        }
    }

    fn progress(&mut self, item: (HandlerId, Guid), info: &ProgressItem, items: &Items) {
        let Some(row) = self.row(item, items).and_then(|at| self.rows.get_mut(at)) else { return };
        let before = row.status;
        row.status = info.given_status().or(row.status);
        row.value = info.given_value().unwrap_or(row.value);
        row.max = info.given_max().unwrap_or(row.max);
        match &info.text {
            Some(text) => row.text = plain(&text.to_string()).into_owned(),
            // What was said of one status says nothing of the next.
            None if row.status != before => row.text.clear(),
            None => {}
        }
        match (&self.teller.bars, &self.of_all) {
            (None, _) => row.print(before),
            (Some(_), None) => row.draw(),
            (Some(_), Some(of_all)) => {
                let is_end = |status: Option<Status>| status.is_some_and(Status::is_final);
                of_all.inc(u64::from(is_end(row.status) && !is_end(before)));
                of_all.set_message(format!(
                    "{}/{} done; {}: {}",
                    of_all.position(),
                    of_all.length().unwrap_or(0),
                    row.name,
                    row.message()
                ));
            }
        }
    }

    fn log(&self, handler: HandlerId, error: &LogError) {
        let text = error.text.as_ref().map(ToString::to_string).unwrap_or_default();
        let whose = self.handler(handler).map_or(String::new(), |name| format!("{name}: "));
        self.teller.tell(&format!("{whose}{}: {}", error.level, plain(&text)));
    }
}

impl Row {
    /// What was reported in the round before says nothing about this one.
    fn begin_round(&mut self) {
        (self.status, self.value, self.max) = (None, 0, 0);
        self.text.clear();
    }

    fn draw(&self) {
        let Some(bar) = &self.bar else { return };
        let (value, max) = (u64::try_from(self.value).unwrap_or(0), u64::try_from(self.max).unwrap_or(0));
        // A bar of length 0 would be full.
        bar.set_length(max.max(1));
        bar.set_position(if max == 0 && self.status == Some(Status::SUCCEEDED) { 1 } else { value });
        if self.status.is_some_and(Status::is_final) {
            bar.abandon_with_message(self.message());
        } else {
            bar.set_message(self.message());
        }
    }

    fn print(&mut self, before: Option<Status>) {
        let due = self.printed.is_none_or(|printed| printed.elapsed() >= PLAIN_EVERY);
        if before != self.status || due {
            self.printed = Some(Instant::now());
            let whose = self.handler.as_ref().map_or(String::new(), |name| format!("{name}: "));
            tell(format_args!("{whose}{}: {}", self.name, self.message()));
        }
    }

    /// `12/41 UPDATING name of a file`
    fn message(&self) -> String {
        let mut words = Vec::new();
        words.extend((self.max != 0).then(|| format!("{}/{}", self.value, self.max)));
        words.extend(self.status.map(|status| status.to_string()));
        words.extend((!self.text.is_empty()).then(|| self.text.clone()));
        words.join(" ")
    }
}

fn new_bar(bars: &MultiProgress, name: String) -> ProgressBar {
    let bar = bars.add(ProgressBar::new(1));
    // The template is a constant, and a wrong one only costs the looks.
    bar.set_style(
        ProgressStyle::with_template("{prefix} [{bar:24}] {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.set_prefix(name);
    bar.tick();
    bar
}

/// The name at that width, its middle left out when it is longer.
fn shortened(name: &str, width: usize) -> String {
    let length = name.chars().count();
    if length <= width {
        return padded(name, width);
    }
    let head = width.saturating_sub(1) / 2;
    let tail = width.saturating_sub(1) - head;
    name.chars().take(head).chain("…".chars()).chain(name.chars().skip(length - tail)).collect()
}
