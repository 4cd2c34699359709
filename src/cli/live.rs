//! What a person sees while a session runs: a bar an item on a terminal, plain lines otherwise. On standard error.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::output::{is_dumb_terminal, tell};
use crate::protocol::{Call, CallMethod, Callback, Event, Guid, Item, Kind, LogError, ProgressItem, Status};
use crate::report::plain;

/// How often a plain line is written for an item whose status stays the same.
const PLAIN_EVERY: Duration = Duration::from_millis(500);

/// How many characters of an item's name stand before its bar.
const NAME: usize = 30;

pub(super) struct Live {
    teller: Teller,
    rows: Vec<Row>,
    row_of: BTreeMap<Guid, usize>,
    /// How wide the names of the bars are.
    width: usize,
}

struct Row {
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
pub(super) struct Teller(Option<MultiProgress>);

impl Teller {
    pub(super) fn tell(&self, line: &str) {
        match &self.0 {
            // A terminal that has gone away is no reason to stop the session.
            Some(bars) => drop(bars.println(line)),
            None => tell(line),
        }
    }
}

impl Live {
    pub(super) fn new() -> Self {
        let bars = (std::io::stderr().is_terminal() && !is_dumb_terminal()).then(MultiProgress::new);
        Self { teller: Teller(bars), rows: Vec::new(), row_of: BTreeMap::new(), width: 0 }
    }

    pub(super) fn teller(&self) -> Teller {
        self.teller.clone()
    }

    pub(super) fn observe(&mut self, event: &Event) {
        match &event.kind {
            Kind::Call { what, .. } => {
                if let Call::PrepareForSync(prepare) = &**what {
                    self.begin(&prepare.items);
                }
            }
            Kind::Return { what, .. } if what.method == CallMethod::Next => {
                what.out.items.iter().for_each(|item| self.add(item));
            }
            Kind::Callback { what: Callback::Progress(progress), .. } => {
                if let Some(info) = &progress.info {
                    self.progress(progress.item, info);
                }
            }
            Kind::Callback { what: Callback::LogError(error), .. } => self.log(error),
            _ => {}
        }
    }

    /// The session is over: bars stay as they are.
    pub(super) fn finish(&self) {
        for bar in self.rows.iter().filter_map(|row| row.bar.as_ref()).filter(|bar| !bar.is_finished()) {
            bar.abandon();
        }
    }

    fn add(&mut self, item: &Item) {
        self.row_of.entry(item.id).or_insert_with(|| {
            self.rows.push(Row {
                name: plain(&item.name.to_string()).into_owned(),
                bar: None,
                status: None,
                value: 0,
                max: 0,
                text: String::new(),
                printed: None,
            });
            self.rows.len() - 1
        });
    }

    /// The bars of a round stand in the order of its items, whichever begins first.
    fn begin(&mut self, items: &[Guid]) {
        let Teller(Some(bars)) = &self.teller else { return };
        let chosen: Vec<usize> = items.iter().filter_map(|id| self.row_of.get(id).copied()).collect();
        let length = |at: &usize| self.rows[*at].name.chars().count();
        self.width = chosen.iter().map(length).max().unwrap_or(0).max(self.width).min(NAME);
        for at in chosen {
            self.rows[at].begin(bars, self.width);
        }
    }

    fn progress(&mut self, item: Guid, info: &ProgressItem) {
        let Some(row) = self.row_of.get(&item).and_then(|at| self.rows.get_mut(*at)) else { return };
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
        match &self.teller.0 {
            Some(_) => row.draw(),
            None => row.print(before),
        }
    }

    fn log(&self, error: &LogError) {
        let text = error.text.as_ref().map(ToString::to_string).unwrap_or_default();
        self.teller.tell(&format!("{}: {}", error.level, plain(&text)));
    }
}

impl Row {
    fn begin(&mut self, bars: &MultiProgress, width: usize) {
        if let Some(bar) = &self.bar {
            // Another round: it begins again.
            (self.status, self.value, self.max) = (None, 0, 0);
            self.text.clear();
            bar.set_message("");
            return bar.reset();
        }
        let bar = bars.add(ProgressBar::new(0));
        // The template is a constant, and a wrong one only costs the looks.
        bar.set_style(
            ProgressStyle::with_template("{prefix} [{bar:24}] {pos:>5}/{len:<5} {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_prefix(shortened(&self.name, width));
        bar.tick();
        self.bar = Some(bar);
    }

    fn draw(&self) {
        let Some(bar) = &self.bar else { return };
        bar.set_length(u64::try_from(self.max).unwrap_or(0));
        bar.set_position(u64::try_from(self.value).unwrap_or(0));
        if self.status.is_some_and(Status::is_final) {
            bar.abandon_with_message(self.status_and_text());
        } else {
            bar.set_message(self.status_and_text());
        }
    }

    fn print(&mut self, before: Option<Status>) {
        let due = self.printed.is_none_or(|printed| printed.elapsed() >= PLAIN_EVERY);
        if before != self.status || due {
            self.printed = Some(Instant::now());
            let count = if self.max == 0 { String::new() } else { format!("{}/{} ", self.value, self.max) };
            tell(format_args!("{}: {count}{}", self.name, self.status_and_text()));
        }
    }

    fn status_and_text(&self) -> String {
        let status = self.status.map_or_else(String::new, |status| status.to_string());
        if self.text.is_empty() { status } else { format!("{status} {}", self.text) }
    }
}

/// The name at that width, its middle left out when it is longer.
fn shortened(name: &str, width: usize) -> String {
    let length = name.chars().count();
    if length <= width {
        return format!("{name:<width$}");
    }
    let head = width.saturating_sub(1) / 2;
    let tail = width.saturating_sub(1) - head;
    name.chars().take(head).chain("…".chars()).chain(name.chars().skip(length - tail)).collect()
}
