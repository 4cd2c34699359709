//! What the page's script draws.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::protocol::{CallMethod, cut_off};
use crate::report::{At, Report, Timeline, plain};
use crate::rules::rule;

/// How many characters of an event are shown.
const LONGEST: usize = 400;

/// The sessions and what was found in them, as JSON that can stand in a page.
pub(super) fn data(report: &Report) -> Result<String, serde_json::Error> {
    let drawn = report.timelines.iter().flat_map(|timeline| &timeline.findings);
    let findings: BTreeMap<usize, Finding> = drawn
        .filter_map(|mark| {
            let row = report.findings.get(mark.finding)?;
            let message = cut_off(&plain(&row.message), super::LONGEST).into_owned();
            let summary = rule(row.rule).map_or("", |rule| rule.summary);
            Some((mark.finding, Finding { rule: row.rule, name: row.name, level: row.level, message, summary }))
        })
        .collect();
    let sessions: Vec<Session> = report.timelines.iter().map(Session::of).collect();
    let json = serde_json::to_string(&Data { sessions, findings })?;
    // Nothing in a text ends the element in which it stands.
    Ok(json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
}

#[derive(Serialize)]
struct Data<'a> {
    sessions: Vec<Session>,
    /// By their places in the report.
    findings: BTreeMap<usize, Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    name: &'a str,
    level: crate::rules::Level,
    message: String,
    /// What the rule asks.
    summary: &'a str,
}

/// A session. Its parts are arrays, because there are many.
#[derive(Serialize)]
struct Session {
    case: String,
    lanes: Vec<String>,
    /// `[event, ns, return's event or 0, its ns, instance, lane of the thread, method, skips, notation]`
    bars: Vec<Value>,
    /// `[event, ns, reply's event or 0, its ns, instance, lane, method, kind, held, notation]`; kinds: 0 other, 1 tells to stop,
    /// 2 completion.
    marks: Vec<Value>,
    /// `[event, ns, completion's event or 0, its ns, instance, method]`
    waits: Vec<Value>,
    /// `[event, ns, lane, name, notation]`
    notes: Vec<Value>,
    /// `[event, ns, lane, finding, [events]]`
    findings: Vec<Value>,
    left_out: u64,
}

fn shown(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| cut_off(&plain(line), LONGEST).into_owned()).collect();
    lines.join("\n")
}

impl Session {
    fn of(timeline: &Timeline) -> Self {
        let end = |at: Option<At>| at.map_or((0, 0), |at| (at.seq, at.ns));
        let bars = timeline.bars.iter().map(|bar| {
            let (to, to_ns) = end(bar.to);
            let skips = bar.method == CallMethod::SetItemStatus;
            let method = bar.method.name();
            serde_json::json!([
                bar.from.seq,
                bar.from.ns,
                to,
                to_ns,
                bar.handler.0,
                bar.thread,
                method,
                u8::from(skips),
                shown(&bar.line)
            ])
        });
        let marks = timeline.marks.iter().map(|mark| {
            let (to, to_ns) = end(mark.to);
            let kind = match () {
                () if mark.is_cancel() => 1,
                () if mark.method.completes().is_some() => 2,
                () => 0,
            };
            let (method, held) = (mark.method.name(), u8::from(mark.held));
            serde_json::json!([
                mark.from.seq,
                mark.from.ns,
                to,
                to_ns,
                mark.handler.0,
                mark.lane,
                method,
                kind,
                held,
                shown(&mark.line)
            ])
        });
        let waits = timeline.waits.iter().map(|wait| {
            let (to, to_ns) = end(wait.to);
            serde_json::json!([wait.from.seq, wait.from.ns, to, to_ns, wait.handler.0, wait.method.name()])
        });
        let notes = timeline
            .notes
            .iter()
            .map(|note| serde_json::json!([note.at.seq, note.at.ns, note.lane, note.name.name(), shown(&note.line)]));
        let findings = timeline.findings.iter();
        let findings =
            findings.map(|mark| serde_json::json!([mark.at.seq, mark.at.ns, mark.lane, mark.finding, mark.events]));
        Self {
            case: shown(&timeline.case),
            lanes: timeline.lanes.iter().map(|lane| shown(lane)).collect(),
            bars: bars.collect(),
            marks: marks.collect(),
            waits: waits.collect(),
            notes: notes.collect(),
            findings: findings.collect(),
            left_out: timeline.left_out,
        }
    }
}
