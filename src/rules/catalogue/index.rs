//! The index of the rules' documents.

use std::fmt::Write;

use super::{FAMILIES, Family, RULES};
use crate::rules::{Checked, Rule};

const HEAD: &str = "\
# The rules

<!-- Written by `MOBSYNC_BLESS=1 cargo test --test rule_docs` from the catalogue in src/rules/catalogue. Do not edit. -->

Every rule by which a session is judged, with a document each. A *must* of the reference is an `error`, a *should* a
`warning`; a `note` is worth knowing. The subject is who is judged. `native` rules hold for handlers with COM vtables
only; a rule without a profile holds for both.

The basis says what a rule rests on: `documented` (a page of the reference), `com`, `header`, or `choice` (this project's
reading). The last word is how strongly that source puts it: `must`, `should`, `states` (it says so plainly) or `silent`. A
level above the word of its source is always a `choice`.
";

/// The text of `docs/rules/README.md`.
pub fn index_markdown() -> String {
    let mut text = HEAD.to_owned();
    let monitored = RULES.iter().filter(|rule| rule.checked == Checked::Monitor).count();
    line(&mut text, format_args!("\n{} rules, {monitored} of them checked by the monitor.", RULES.len()));
    for family in FAMILIES {
        table(&mut text, *family);
    }
    text
}

fn table(text: &mut String, family: Family) {
    line(text, format_args!("\n## {}: {}\n", family.word, family.title));
    line(
        text,
        format_args!("| code | name | level | basis, wording | subject | profile | native | checked | summary |"),
    );
    line(text, format_args!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |"));
    for rule in family.rules() {
        row(text, rule);
    }
}

fn row(text: &mut String, rule: &Rule) {
    let Rule { code, name, level, basis, wording, subject, summary, .. } = rule;
    let profile = rule.profile.map(|profile| profile.to_string()).unwrap_or_default();
    let native = if rule.native { "native" } else { "" };
    let checked = match rule.checked {
        Checked::Monitor => "yes".to_owned(),
        Checked::NotYet(waits_for) => format!("not yet: {waits_for}"),
    };
    line(
        text,
        format_args!(
            "| [{code}]({code}.md) | {name} | {level} | {basis}, {wording} | {subject} | {profile} | {native} | {checked} | {summary} |"
        ),
    );
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a String cannot fail");
}
