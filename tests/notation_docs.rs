//! What `docs/notation.md` shows is in the notation, and it leaves no method and no directive out.

use mobsync::protocol::{CallMethod, CallbackMethod, NoteName};
use mobsync::trace::notation::{parse, print};

const DOCUMENT: &str = include_str!("../docs/notation.md");

/// The traces in a Markdown text, each with the number of the line before its first.
fn traces(markdown: &str) -> Vec<(usize, String)> {
    let mut traces = Vec::new();
    let mut lines = markdown.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if line == "```trace" {
            let block = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
            traces.push((at + 1, block.collect::<Vec<_>>().join("\n")));
        }
    }
    traces
}

#[test]
fn every_trace_in_the_document_reads_and_prints_back() {
    let traces = traces(DOCUMENT);
    assert_eq!(traces.len(), DOCUMENT.matches("```trace").count());
    assert!(traces.len() >= 5);
    for (before, trace) in traces {
        // The line numbers of an error are those of the document.
        let text = "\n".repeat(before) + &trace;
        let read = parse(&text, "docs/notation.md").unwrap_or_else(|error| panic!("{error}"));
        assert!(!read.events.is_empty());
        let printed = print(&read.header, &read.events);
        assert_eq!(parse(&printed, "printed").unwrap_or_else(|error| panic!("{error}")).events, read.events);
    }
}

#[test]
fn every_method_and_directive_is_in_the_document() {
    let calls = CallMethod::ALL.iter().map(|method| method.name());
    let callbacks = CallbackMethod::ALL.iter().map(|method| method.name());
    let notes = NoteName::ALL.iter().map(|name| name.name());
    let directives = ["profile", "started", "timeout", "blocking", "tolerance", "alias", "opening"];
    for name in calls.chain(callbacks).chain(notes).chain(directives) {
        // The three completions with a result only share a row.
        let shared = name.ends_with("Completed") && DOCUMENT.contains("…Completed");
        assert!(DOCUMENT.contains(name) || shared, "{name}");
    }
}
