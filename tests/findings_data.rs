//! Findings are data: in every trace of the rules' documents, what is found is written and read back as it was, its sentence is
//! made from it, and items have the names that the handler gave them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mobsync::protocol::{EventKind, Guid, Text};
use mobsync::rules::{Conditions, Finding, Monitor, RULES, Violation};
use mobsync::trace::notation::parse;
use serde_json::Value;

/// What is found in a trace, and the names of its items.
struct Judged {
    name: String,
    findings: Vec<Finding>,
    names: BTreeMap<Guid, Text>,
}

fn judged() -> Vec<Judged> {
    let blocks = RULES.iter().flat_map(|rule| {
        let texts = rule.doc.split("```trace\n").skip(1).map(|text| text.split("\n```").next().unwrap_or_default());
        texts.enumerate().map(|(nth, text)| (format!("{}, trace {}", rule.code, nth + 1), text))
    });
    let judge = |(name, text): (String, &str)| {
        let notation = parse(text, &name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let header = &notation.header;
        let conditions = Conditions { profile: header.profile, limits: header.limits, started: header.started };
        let mut monitor = Monitor::new(conditions);
        let mut names = BTreeMap::new();
        for event in &notation.events {
            monitor.observe(event);
            if let EventKind::Return { what, .. } = &event.kind {
                names.extend(what.out.items.iter().map(|item| (item.id, item.name.clone())));
            }
        }
        monitor.finish();
        Judged { name, findings: monitor.take_findings(), names }
    };
    blocks.map(judge).collect()
}

#[test]
fn what_is_found_is_read_back_as_it_was_written() {
    let mut kinds = BTreeMap::new();
    for Judged { name, findings, .. } in judged() {
        for finding in findings {
            let written = serde_json::to_value(&finding.violation).expect("it is JSON");
            let read: Violation =
                serde_json::from_value(written.clone()).unwrap_or_else(|error| panic!("{name}: {error}: {written}"));
            assert_eq!(read, finding.violation, "{name}");
            assert_eq!(read.to_string(), finding.message(), "{name}");
            let word = |field: &str| written[field].as_str().map(str::to_owned);
            let about = word("about").unwrap_or_else(|| panic!("{name}: {written}"));
            assert!(about == "message" || word("what").is_some(), "{name}: {written}");
            kinds.insert((about, word("what")), finding.rule.code);
        }
    }
    assert!(kinds.len() > 80, "the traces show {} ways to break rules", kinds.len());
}

/// Every item in the value: an object of an `id`, and a `name` where one is known.
fn items<'a>(value: &'a Value, found: &mut Vec<(&'a str, Option<&'a Value>)>) {
    if let Some(object) = value.as_object() {
        match object.get("id").and_then(Value::as_str) {
            Some(id) => found.push((id, object.get("name"))),
            None => object.values().for_each(|value| items(value, found)),
        }
    }
}

#[test]
fn items_have_the_names_that_the_handler_gave_them() {
    let (mut named, mut listed) = (0, 0);
    for Judged { name, findings, names } in judged() {
        for finding in findings {
            let written = serde_json::to_value(&finding.violation).expect("it is JSON");
            let mut found = Vec::new();
            items(&written, &mut found);
            for (id, given) in &found {
                let id: Guid = id.parse().expect("a GUID");
                // Where two items share an ID, each has its own name.
                assert_eq!(given.is_some(), names.contains_key(&id), "{name}: {written}");
                named += usize::from(given.is_some());
            }
            assert_eq!(finding.items().len(), found.len(), "{name}: each item is listed: {written}");
            listed += found.len();
            let message = finding.message();
            for item in finding.items() {
                let shown = item.name.as_ref().filter(|name| !name.is_empty());
                let shown = shown.map_or_else(|| item.to_string(), |name| format!("{name:?}"));
                assert!(message.contains(&shown), "{name}: {shown} is not in `{message}`");
            }
        }
    }
    assert!(named > 20 && listed > named, "{named} items with a name of {listed}");
}

/// The files of Rust below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn a_rule_is_named_by_its_constant_and_not_by_its_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let codes: Vec<String> = RULES.iter().map(|rule| format!("\"{}\"", rule.code)).collect();
    let mut named = 0;
    let mut complaints = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("it is UTF-8");
        let (program, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
        let lines = program.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        let lines = lines.filter(|(_, line)| codes.iter().any(|code| line.contains(code.as_str())));
        for (at, line) in lines {
            // The declarations.
            if file.starts_with(root.join("src/rules/catalogue")) {
                named += 1;
            } else {
                complaints.push(format!("{}:{}: {}", file.display(), at + 1, line.trim()));
            }
        }
    }
    assert_eq!(named, RULES.len(), "each rule is declared once");
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
