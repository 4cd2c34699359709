//! The index of the rules' documents.

use std::fmt::Write;

use super::{FAMILIES, Family, RULES};
use crate::rules::{Checked, Rule};

const HEAD: &str = "\
# The rules

<!-- Written by `MOBSYNC_BLESS=1 cargo test --test rule_docs` from the catalogue in src/rules/catalogue. Do not edit. -->

Every rule has a document. An `error` breaks a *must* of the reference, a `warning` a *should*; a `note` is worth knowing.
The subject is who can break the rule. `native` rules apply only to handlers with COM vtables. A rule without a profile
applies to both profiles.

The basis is where a rule comes from: `documented` (a page of the reference), `com` (COM's rules), `header` (the SDK's
header) or `choice` (this project). The word after it says how strongly the source puts it: `must`, `should`, `states` (a
plain statement) or `silent`. If the level is stronger than the source, the basis is always `choice`.
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
