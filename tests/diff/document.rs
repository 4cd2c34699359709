//! What `docs/diff.md` shows is what comes out.

use mobsync::report::diff::{Compared, Layout, human};
use mobsync::trace::diff::diff;

use crate::base::events;

const DOCUMENT: &str = include_str!("../../docs/diff.md");

/// The fenced blocks, each with what stands behind its fence.
fn blocks() -> Vec<(&'static str, String)> {
    let mut blocks = Vec::new();
    let mut lines = DOCUMENT.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let block = lines.by_ref().take_while(|line| *line != "```");
            blocks.push((kind, block.map(|line| format!("{line}\n")).collect()));
        }
    }
    blocks
}

#[test]
fn the_examples_are_what_comes_out() {
    let blocks = blocks();
    let mut examples = 0;
    for window in blocks.windows(3) {
        if let [("trace A", a), ("trace B", b), (kind, expected)] = window {
            assert_eq!(*kind, "text");
            let (a, b) = (events(a), events(b));
            let found = diff(&a, &b);
            let of_a = Compared { file: "a.jsonl", events: a.len() };
            let of_b = Compared { file: "b.jsonl", events: b.len() };
            assert_eq!(human(of_a, of_b, found.as_ref(), Layout::Stacked, false), *expected);
            examples += 1;
        }
    }
    assert_eq!(examples, DOCUMENT.matches("```trace A").count());
    assert_eq!(examples, 4);
}

#[test]
fn the_json_in_the_document_has_the_keys_that_come_out() {
    let blocks = blocks();
    let (_, shown) = blocks.iter().find(|(kind, _)| *kind == "json").expect("an example");
    let shown: serde_json::Value = serde_json::from_str(shown).expect("it is JSON");
    let (a, b) = (events(&blocks[1].1), events(&blocks[2].1));
    let of = |events: usize, file| Compared { file, events };
    let written = mobsync::report::diff::json(of(a.len(), "a.jsonl"), of(b.len(), "b.jsonl"), diff(&a, &b).as_ref());
    let written: serde_json::Value = serde_json::from_str(&written.expect("it can be written")).expect("it is JSON");
    let keys = |value: &serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&shown), keys(&written));
    assert_eq!((&shown["a"], &shown["b"]), (&written["a"], &written["b"]));
    let (shown, written) = (&shown["difference"], &written["difference"]);
    assert_eq!(keys(shown), keys(written));
    for key in ["a", "b", "stream", "what", "aliases"] {
        assert_eq!(shown[key], written[key], "{key}");
    }
    assert_eq!(shown["fields"][0], written["fields"][0]);
    assert_eq!(keys(&shown["context"][0]), keys(&written["context"][0]));
    assert_eq!(keys(&shown["context"][0]["a"]), keys(&written["context"][0]["a"]));
}

#[test]
fn the_document_names_every_kind_of_difference_and_stream() {
    let names = ["changed", "missing-in-b", "only-in-b", "order", "instead"];
    let subjects = ["session", "item", "set-item-status", "dialogs", "connections", "error-log"];
    for name in names.into_iter().chain(subjects) {
        assert!(DOCUMENT.contains(&format!("`{name}`")), "{name}");
    }
}
