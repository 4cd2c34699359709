//! The traces of the rules' documents are tests: each "breaks the rule" fires exactly its marks, each "nearly does" nothing.

#[path = "common/marked.rs"]
#[allow(dead_code, reason = "shared with another test, which uses another part")]
mod marked;

use std::collections::BTreeMap;

use marked::{fired, marked};
use mobsync::rules::{Checked, RULES, Rule};
use mobsync::trace::notation::{Notation, parse};

/// One ```trace block: where it begins, and its text.
struct Block {
    line: usize,
    text: String,
}

/// The trace blocks under a heading of the second level.
fn blocks(doc: &str, heading: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut inside = false;
    let mut open: Option<Block> = None;
    for (at, line) in doc.lines().enumerate() {
        match &mut open {
            Some(_) if line.starts_with("```") => blocks.extend(open.take()),
            Some(block) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            None if line == "```trace" && inside => open = Some(Block { line: at + 2, text: String::new() }),
            None if line.starts_with("## ") => inside = line == format!("## {heading}"),
            None => {}
        }
    }
    assert!(open.is_none(), "a trace block is not closed");
    blocks
}

fn judge(rule: &Rule, block: &Block, problems: &mut Vec<String>) -> Option<Notation> {
    let name = format!("docs/rules/{}.md", rule.code);
    let notation = match parse(&block.text, &name) {
        Ok(notation) => notation,
        Err(error) => {
            problems.push(format!("{name}, block at line {}: {error}", block.line));
            return None;
        }
    };
    let fired = fired(&notation);
    let marked = marked(&notation);
    if fired != marked {
        let at = |by_line: &BTreeMap<usize, Vec<String>>| {
            let lines =
                by_line.iter().map(|(line, codes)| format!("line {}: {}", block.line + line - 1, codes.join(", ")));
            lines.collect::<Vec<_>>().join("; ")
        };
        problems.push(format!("{name}: marked [{}], fired [{}]", at(&marked), at(&fired)));
    }
    Some(notation)
}

#[test]
fn every_trace_of_a_rules_document_fires_what_it_marks_and_nothing_else() {
    let mut problems = Vec::new();
    for rule in RULES {
        let (breaks, near) = (blocks(rule.doc, "Breaks the rule"), blocks(rule.doc, "Nearly does"));
        if rule.checked == Checked::Monitor && (breaks.is_empty() || near.is_empty()) {
            problems.push(format!("{}: a checked rule has a trace that breaks it and one that nearly does", rule.code));
        }
        for block in &breaks {
            let Some(notation) = judge(rule, block, &mut problems) else { continue };
            let names_it = notation.lines.iter().any(|line| line.marks.iter().any(|mark| mark == rule.code));
            if !names_it {
                problems.push(format!("{}: the block at line {} marks other rules only", rule.code, block.line));
            }
        }
        for block in &near {
            let Some(notation) = judge(rule, block, &mut problems) else { continue };
            if !marked(&notation).is_empty() {
                problems.push(format!("{}: the near miss at line {} has marks", rule.code, block.line));
            }
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}
