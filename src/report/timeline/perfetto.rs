//! A session for trace viewers: Chrome's trace-event format, which ui.perfetto.dev and chrome://tracing open.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{At, Timeline};
use crate::report::{FindingRow, plain};

/// The process in which the manager's tracks are shown.
const MANAGER: u64 = 1;
/// The process in which the handler's are.
const HANDLER: u64 = 2;

/// The timeline in the trace-event format: one track for each instance that the manager calls, and one for each thread. Where
/// spans on one thread overlap without one being in the other, as viewers do not allow it, the thread has further tracks.
/// `findings` are those of the report from which the timeline's are.
pub fn perfetto(timeline: &Timeline, findings: &[FindingRow]) -> Value {
    let mut tracks = Tracks { end: end(timeline), ..Tracks::default() };
    for bar in &timeline.bars {
        let name = format!("instance {}", bar.handler);
        let thread = timeline.lanes.get(bar.thread).map_or("", String::as_str);
        let args = json!({ "event": bar.from.seq, "thread": plain(thread), "notation": plain(&bar.line) });
        tracks.span((MANAGER, bar.handler.0 as usize, name), bar.method.name(), (bar.from, bar.to), args);
    }
    let lane = |lane: usize| (HANDLER, lane, timeline.lanes.get(lane).map_or("", String::as_str).to_owned());
    for mark in &timeline.marks {
        let reply = mark.reply.map(|hr| hr.to_string());
        let args = json!({
            "event": mark.from.seq, "notation": plain(&mark.line), "reply": reply, "held": mark.held,
        });
        tracks.span(lane(mark.lane), mark.method.name(), (mark.from, mark.to), args);
    }
    for note in &timeline.notes {
        tracks.instant(lane(note.lane), note.name.name(), note.at, json!({ "notation": plain(&note.line) }));
    }
    for found in &timeline.findings {
        let Some(row) = findings.get(found.finding) else { continue };
        let name = format!("{} {}", row.rule, row.name);
        let args = json!({ "level": row.level, "message": plain(&row.message), "events": found.events });
        tracks.instant(lane(found.lane), &name, found.at, args);
    }
    for (id, wait) in timeline.waits.iter().enumerate() {
        let name = format!("waiting for {} to be completed", wait.method);
        let to = wait.to.map_or(tracks.end, |to| to.ns);
        for (phase, ns) in [("b", wait.from.ns), ("e", to)] {
            tracks.events.push(json!({
                "ph": phase, "cat": "wait", "id": id, "name": name, "pid": MANAGER,
                "tid": 0, "ts": micros(ns.max(wait.from.ns)),
            }));
        }
    }
    tracks.finish(timeline)
}

/// The time of the last event.
fn end(timeline: &Timeline) -> u64 {
    let bars = timeline.bars.iter().map(|bar| bar.to.unwrap_or(bar.from));
    let marks = timeline.marks.iter().map(|mark| mark.to.unwrap_or(mark.from));
    bars.chain(marks).chain(timeline.notes.iter().map(|note| note.at)).map(|at| at.ns).max().unwrap_or_default()
}

/// Times are in microseconds there, with decimals.
fn micros(ns: u64) -> f64 {
    ns as f64 / 1000.0
}

/// A lane: its process, its place in it, and its name.
type Lane = (u64, usize, String);

#[derive(Default)]
struct Tracks {
    events: Vec<Value>,
    /// The tracks of each lane: for each the ends of the spans that are open where the last one began.
    lanes: BTreeMap<Lane, Vec<Vec<u64>>>,
    /// Where the session ends.
    end: u64,
}

impl Tracks {
    /// A span on a track where it lies within what is open there, or behind it.
    fn span(&mut self, lane: Lane, name: &str, (from, to): (At, Option<At>), args: Value) {
        let to_ns = to.map_or(self.end, |to| to.ns).max(from.ns);
        let tracks = self.lanes.entry(lane.clone()).or_default();
        let fits = |open: &mut Vec<u64>| {
            while open.last().is_some_and(|end| *end <= from.ns) {
                open.pop();
            }
            open.last().is_none_or(|end| to_ns <= *end)
        };
        let at = tracks.iter_mut().position(fits).unwrap_or_else(|| {
            tracks.push(Vec::new());
            tracks.len() - 1
        });
        tracks[at].push(to_ns);
        let mut args = args;
        if to.is_none() {
            args["open"] = json!("it never ended");
        }
        self.events.push(json!({
            "ph": "X", "name": name, "cat": "session", "pid": lane.0, "tid": tid(lane.1, at),
            "ts": micros(from.ns), "dur": micros(to_ns - from.ns), "args": args,
        }));
    }

    fn instant(&mut self, lane: Lane, name: &str, at: At, args: Value) {
        let tid = tid(lane.1, 0);
        let pid = lane.0;
        self.lanes.entry(lane).or_default();
        self.events.push(json!({
            "ph": "i", "s": "t", "name": name, "cat": "session", "pid": pid, "tid": tid, "ts": micros(at.ns), "args": args,
        }));
    }

    fn finish(self, timeline: &Timeline) -> Value {
        let mut names = Vec::new();
        let mut name = |what: &str, pid: u64, tid: u64, name: &str| {
            names.push(json!({ "ph": "M", "name": what, "pid": pid, "tid": tid, "args": { "name": plain(name) } }));
        };
        name("process_name", MANAGER, 0, "manager");
        name("process_name", HANDLER, 0, "handler");
        for ((pid, lane, of), tracks) in &self.lanes {
            for track in 0..tracks.len().max(1) {
                let more = if track == 0 { String::new() } else { format!(" ({})", track + 1) };
                name("thread_name", *pid, tid(*lane, track), &format!("{of}{more}"));
            }
        }
        let mut whole = Map::new();
        names.extend(self.events);
        whole.insert("displayTimeUnit".to_owned(), json!("ns"));
        whole
            .insert("otherData".to_owned(), json!({ "session": plain(&timeline.case), "left_out": timeline.left_out }));
        whole.insert("traceEvents".to_owned(), Value::Array(names));
        Value::Object(whole)
    }
}

/// The number of a track: its lane's, and room for further ones.
fn tid(lane: usize, track: usize) -> u64 {
    (lane * 1000 + track + 1) as u64
}
