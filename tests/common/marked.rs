//! Traces in the notation whose lines are marked with the rules that they break.

use std::collections::BTreeMap;

use mobsync::rules::{Conditions, Finding, Monitor};
use mobsync::trace::notation::Notation;

/// What is found in a trace, in the order of its events, each with the line of the notation on which it was.
pub fn findings(notation: &Notation) -> Vec<(usize, Finding)> {
    let header = &notation.header;
    let conditions = Conditions { profile: header.profile, limits: header.limits, started: header.started };
    let mut monitor = Monitor::new(conditions);
    let mut found = Vec::new();
    let mut file = |seq: u64, monitor: &mut Monitor| {
        let line = notation.lines.iter().find(|line| line.seqs.contains(&seq)).map_or(0, |line| line.line);
        found.extend(monitor.take_findings().into_iter().map(|finding| (line, finding)));
    };
    let mut last = 0;
    for event in &notation.events {
        monitor.observe(event);
        file(event.seq, &mut monitor);
        last = event.seq;
    }
    monitor.finish();
    file(last, &mut monitor);
    found
}

/// The codes that fired, by the line of the notation on which they did.
pub fn fired(notation: &Notation) -> BTreeMap<usize, Vec<String>> {
    let mut by_line: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (line, finding) in findings(notation) {
        let codes = by_line.entry(line).or_default();
        if !codes.iter().any(|code| code == finding.rule.code) {
            codes.push(finding.rule.code.to_owned());
        }
    }
    by_line.values_mut().for_each(|codes| codes.sort_unstable());
    by_line
}

/// The codes that are marked, by line.
pub fn marked(notation: &Notation) -> BTreeMap<usize, Vec<String>> {
    let mut marks: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for line in notation.lines.iter().filter(|line| !line.marks.is_empty()) {
        let mut codes = line.marks.clone();
        codes.sort_unstable();
        marks.insert(line.line, codes);
    }
    marks
}
