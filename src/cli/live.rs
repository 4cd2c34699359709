//! What a person sees while a session runs: a bar an item on a terminal, plain lines otherwise. On standard error.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::protocol::{CallMethod, Callback, Event, Guid, Item, Kind, LogError, ProgressItem, Status};

/// How often a plain line is written for an item whose status stays the same.
const PLAIN_EVERY: Duration = Duration::from_millis(500);

pub(super) struct Live {
    bars: Option<MultiProgress>,
    rows: Vec<Row>,
}

struct Row {
    id: Guid,
    name: String,
    bar: Option<ProgressBar>,
    status: Option<Status>,
    value: i32,
    max: i32,
    text: String,
    printed: Option<Instant>,
}

impl Live {
    pub(super) fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { bars: terminal.then(MultiProgress::new), rows: Vec::new() }
    }

    pub(super) fn observe(&mut self, event: &Event) {
        match &event.kind {
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
        for bar in self.rows.iter().filter_map(|row| row.bar.as_ref()) {
            bar.abandon();
        }
    }

    fn add(&mut self, item: &Item) {
        if self.rows.iter().all(|row| row.id != item.id) {
            self.rows.push(Row {
                id: item.id,
                name: item.name.to_string(),
                bar: None,
                status: None,
                value: 0,
                max: 0,
                text: String::new(),
                printed: None,
            });
        }
    }

    fn progress(&mut self, item: Guid, info: &ProgressItem) {
        let Some(at) = self.rows.iter().position(|row| row.id == item) else { return };
        let width = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        let row = &mut self.rows[at];
        let before = row.status;
        row.status = info.given_status().or(row.status);
        row.value = info.given_value().unwrap_or(row.value);
        row.max = info.given_max().unwrap_or(row.max);
        match &info.text {
            Some(text) => row.text = text.to_string(),
            // What was said of one status says nothing of the next.
            None if row.status != before => row.text.clear(),
            None => {}
        }
        match &self.bars {
            Some(bars) => row.draw(bars, width),
            None => row.print(before),
        }
    }

    fn log(&self, error: &LogError) {
        let text = error.text.as_ref().map(ToString::to_string).unwrap_or_default();
        let line = format!("{}: {text}", error.level);
        match &self.bars {
            // A terminal that has gone away is no reason to stop the session.
            Some(bars) => drop(bars.println(line)),
            None => eprintln!("{line}"),
        }
    }
}

impl Row {
    fn draw(&mut self, bars: &MultiProgress, width: usize) {
        let name = format!("{:<width$}", self.name);
        let status = self.status_text();
        let bar = self.bar.get_or_insert_with(|| {
            let bar = bars.add(ProgressBar::new(0));
            let template = "{prefix} [{bar:30}] {pos:>5}/{len:<5} {msg}";
            // The template is a constant, and a wrong one only costs the looks.
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(name);
            bar
        });
        bar.set_length(u64::try_from(self.max).unwrap_or(0));
        bar.set_position(u64::try_from(self.value).unwrap_or(0));
        bar.set_message(format!("{status} {}", self.text));
        if self.status.is_some_and(Status::is_final) {
            bar.abandon();
        }
    }

    fn print(&mut self, before: Option<Status>) {
        let due = self.printed.is_none_or(|printed| printed.elapsed() >= PLAIN_EVERY);
        if before != self.status || due {
            self.printed = Some(Instant::now());
            let amount = if self.max == 0 { String::new() } else { format!(" {}/{}", self.value, self.max) };
            let text = if self.text.is_empty() { String::new() } else { format!(" {}", self.text) };
            eprintln!("{}: {}{amount}{text}", self.name, self.status_text());
        }
    }

    fn status_text(&self) -> String {
        self.status.map_or_else(String::new, |status| status.to_string())
    }
}
