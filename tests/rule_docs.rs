//! Every rule has a document, every document a rule, and both say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use mobsync::rules::{Basis, Checked, FAMILIES, Level, RULES, Rule, Wording, index_markdown, rule, select};

const INDEX: &str = "README.md";

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules")
}

/// A document cut at its headings.
struct Doc {
    title: &'static str,
    lead: &'static str,
    sections: Vec<(&'static str, &'static str)>,
}

impl Doc {
    fn of(rule: &'static Rule) -> Self {
        let (head, rest) = rule.doc.split_once("\n## ").unwrap_or((rule.doc, ""));
        let (title, lead) = head.split_once('\n').unwrap_or((head, ""));
        let sections = rest
            .split("\n## ")
            .map(|section| {
                let (name, text) = section.split_once('\n').unwrap_or((section, ""));
                (name, text.trim())
            })
            .collect();
        Self { title, lead: lead.trim(), sections }
    }

    fn names(&self) -> Vec<&'static str> {
        self.sections.iter().map(|(name, _)| *name).collect()
    }

    fn section(&self, name: &str) -> &'static str {
        self.sections.iter().find(|(found, _)| *found == name).map_or("", |(_, text)| text)
    }
}

/// The traces of a section: the fenced blocks marked `trace`.
fn traces(section: &str) -> Vec<&str> {
    let blocks = section.split("```trace\n").skip(1);
    blocks.map(|block| block.split_once("\n```").expect("a trace's block is closed").0).collect()
}

/// The codes marked on a trace's lines.
fn marks(trace: &str) -> Vec<&str> {
    let marked = trace.lines().filter_map(|line| line.split_once("!!"));
    marked.flat_map(|(_, codes)| codes.split(',').map(str::trim)).collect()
}

fn bullets(section: &str) -> usize {
    section.lines().filter(|line| line.starts_with("* ")).count()
}

/// The text with every run of white space as one space, so that line breaks do not matter.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Fails with all complaints at once.
#[track_caller]
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// What `check` complains of in any rule, each with the rule's document.
fn complaints<I: IntoIterator<Item = String>>(check: impl Fn(&'static Rule, &Doc) -> I) -> Vec<String> {
    let all = RULES.iter().flat_map(|rule| {
        let found = check(rule, &Doc::of(rule)).into_iter();
        found.map(|complaint| format!("docs/rules/{}.md: {complaint}", rule.code)).collect::<Vec<_>>()
    });
    all.collect()
}

#[test]
fn codes_run_from_one_within_each_family_and_names_are_unique() {
    let by_family: Vec<&Rule> = FAMILIES.iter().flat_map(|family| family.rules()).collect();
    assert_eq!(by_family, RULES.iter().collect::<Vec<_>>(), "families in the table's order hold every rule");
    for family in FAMILIES {
        for (at, rule) in family.rules().enumerate() {
            assert_eq!(rule.code, format!("{}-{:02}", family.word, at + 1));
        }
    }
    let mut seen = BTreeMap::new();
    for rule in RULES {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(rule.name.chars().all(kebab), "{}: the name {} is not in kebab case", rule.code, rule.name);
        assert_eq!(seen.insert(rule.name, rule.code), None, "{} has the name of another rule", rule.code);
    }
}

#[test]
fn every_summary_is_one_sentence() {
    let bad = RULES
        .iter()
        .filter(|rule| !rule.summary.ends_with('.') || rule.summary.contains(". ") || rule.summary.contains('|'));
    none(&bad.map(|rule| format!("{}: {}", rule.code, rule.summary)).collect::<Vec<_>>());
}

#[test]
fn every_word_that_names_rules_selects_them() {
    for family in FAMILIES {
        let selected = select(&family.word.to_lowercase()).expect("a family selects");
        assert_eq!(selected, family.rules().collect::<Vec<_>>());
    }
    for one in RULES {
        assert_eq!(rule(one.code), Some(one));
        assert_eq!(select(one.code), Ok(vec![one]));
        assert_eq!(select(one.name), Ok(vec![one]));
    }
}

#[test]
fn an_unknown_word_is_told_its_nearest() {
    let error = select("synchronise-completed-once").unwrap_err();
    assert_eq!(error.nearest, Some("synchronize-completed-once"));
    assert_eq!(
        error.to_string(),
        "`synchronise-completed-once` is not a rule: expected a code such as SYNC-04, a family such as SYNC, \
         or a rule's name; did you mean synchronize-completed-once?"
    );
    for far in ["", "nothing like it at all", "SYNC-04-05-06-07"] {
        assert_eq!(select(far).unwrap_err().nearest, None, "{far}");
    }
}

#[test]
fn every_document_belongs_to_a_rule() {
    let rules: BTreeSet<String> = RULES.iter().map(|rule| format!("{}.md", rule.code)).collect();
    let files: BTreeSet<String> = fs::read_dir(directory())
        .expect("docs/rules is there")
        .map(|entry| entry.expect("docs/rules can be listed").file_name().to_string_lossy().into_owned())
        .filter(|name| name != INDEX)
        .collect();
    let stray = files.difference(&rules).map(|name| format!("docs/rules/{name} belongs to no rule"));
    none(&stray.collect::<Vec<_>>());
}

#[test]
fn every_document_has_its_rules_title_and_sections() {
    none(&complaints(|rule, doc| {
        let mut bad = Vec::new();
        let title = format!("# {}: {}", rule.code, rule.name);
        if doc.title != title {
            bad.push(format!("the first line is not `{title}`"));
        }
        if doc.lead.is_empty() {
            bad.push("nothing says what is asked".to_owned());
        }
        let mut expected = vec!["Why", "Source", "If this fails, check…"];
        match rule.checked {
            Checked::Monitor => expected.extend(["Breaks the rule", "Nearly does"]),
            Checked::NotYet(_) => expected.push("Checked"),
        }
        if doc.names() != expected {
            bad.push(format!("the sections are {:?}, not {expected:?}", doc.names()));
        }
        bad.extend(doc.sections.iter().filter(|(_, text)| text.is_empty()).map(|(name, _)| format!("{name} is empty")));
        bad
    }));
}

#[test]
fn every_document_names_the_sources_and_the_basis_of_the_declaration() {
    none(&complaints(|rule, doc| {
        let source = doc.section("Source");
        let named = |stem: &&str| source.contains(&format!("* `{stem}`: "));
        let mut bad: Vec<String> =
            rule.source.iter().filter(|stem| !named(stem)).map(|stem| format!("no bullet of `{stem}`")).collect();
        if bullets(source) != rule.source.len() {
            bad.push(format!("{} sources, but {} are declared", bullets(source), rule.source.len()));
        }
        let basis = format!("\nBasis: {}.", rule.basis);
        if !source.contains(&basis) {
            bad.push(format!("no line begins with `{}`", basis.trim()));
        }
        bad
    }));
}

#[test]
fn no_rule_is_stricter_than_the_words_of_its_source() {
    let bad = RULES.iter().filter(|rule| rule.basis != Basis::Choice && !rule.wording.carries(rule.level));
    none(
        &bad.map(|rule| format!("{}: {} and \"{}\" carry no {}", rule.code, rule.basis, rule.wording, rule.level))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn a_rule_that_is_stricter_than_its_page_quotes_both_words() {
    let is_stricter = |rule: &Rule| rule.wording != Wording::Silent && !rule.wording.carries(rule.level);
    assert!(RULES.iter().any(is_stricter));
    none(&complaints(|rule, doc| {
        let level = if rule.level == Level::Error { "must" } else { "should" };
        let says = format!("says \"{}\"; the level is \"{level}\"", rule.wording);
        let quotes = flowing(doc.section("Source")).replace("pages say", "page says").contains(&says);
        (is_stricter(rule) && !quotes).then(|| format!("Source does not say `The page {says}`"))
    }));
}

#[test]
fn every_document_gives_two_to_four_things_to_check_and_reads_in_a_minute() {
    none(&complaints(|_, doc| {
        let mut bad = Vec::new();
        let things = bullets(doc.section("If this fails, check…"));
        if !(2..=4).contains(&things) {
            bad.push(format!("{things} things to check"));
        }
        let prose = ["Why", "Source", "If this fails, check…", "Checked"].map(|name| doc.section(name));
        let words = prose.iter().chain([&doc.lead]).map(|text| text.split_whitespace().count()).sum::<usize>();
        if words > 300 {
            bad.push(format!("{words} words beside the traces"));
        }
        bad
    }));
}

#[test]
fn every_checked_rule_shows_a_trace_that_breaks_it_and_one_that_does_not() {
    none(&complaints(|rule, doc| {
        let mut bad = Vec::new();
        if rule.checked != Checked::Monitor {
            return bad;
        }
        let (breaks, nearly) = (traces(doc.section("Breaks the rule")), traces(doc.section("Nearly does")));
        if breaks.is_empty() || nearly.is_empty() {
            bad.push(format!("{} traces break the rule, {} nearly do", breaks.len(), nearly.len()));
        }
        for trace in breaks {
            let marks = marks(trace);
            if !marks.contains(&rule.code) {
                bad.push(format!("no line is marked `!! {}` in\n{trace}", rule.code));
            }
            bad.extend(
                marks
                    .iter()
                    .filter(|code| mobsync::rules::rule(code).is_none())
                    .map(|code| format!("{code} is no rule")),
            );
        }
        bad.extend(nearly.iter().filter(|trace| trace.contains("!!")).map(|trace| format!("a mark in\n{trace}")));
        bad
    }));
}

#[test]
fn every_unchecked_rule_says_what_it_waits_for() {
    none(&complaints(|rule, doc| match rule.checked {
        Checked::NotYet(waits_for) if !flowing(doc.section("Checked")).contains(waits_for) => {
            Some(format!("Checked does not say `{waits_for}`"))
        }
        _ => None,
    }));
}

#[test]
fn the_index_is_fresh() {
    let path = directory().join(INDEX);
    let fresh = index_markdown();
    if std::env::var_os("MOBSYNC_BLESS").is_some_and(|bless| bless == "1") {
        fs::write(&path, &fresh).expect("docs/rules/README.md can be written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == fresh,
        "docs/rules/README.md does not say what the catalogue says; write it anew with \
         `MOBSYNC_BLESS=1 cargo test --test rule_docs`"
    );
}
