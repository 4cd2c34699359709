//! `mobsync rules`.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Serialize;

use super::args::{ReportFormat, RulesArgs};
use super::ended::{Ended, Failure};
use crate::report::plain;
use crate::rules::{Checked, FAMILIES, RULES, Rule, select};

pub(super) fn rules(args: &RulesArgs) -> Result<Ended, Failure> {
    let mut chosen: Vec<&Rule> = Vec::new();
    // A word for one rule asks what the rule says; one for a family asks which rules there are.
    let mut explained = !args.rules.is_empty() && args.search.is_none();
    for word in &args.rules {
        let of_word = select(word).map_err(|error| {
            let words = plain(word);
            Failure(format!("{error}; `mobsync rules --search '{words}'` searches what the rules say"))
        })?;
        explained &= of_word.len() == 1;
        chosen.extend(of_word);
    }
    if args.rules.is_empty() {
        chosen.extend(RULES);
    }
    let mut seen = BTreeSet::new();
    chosen.retain(|rule| seen.insert(rule.code));
    if let Some(words) = &args.search {
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        chosen.retain(|rule| has_all(rule, &words));
        if chosen.is_empty() {
            return Err(Failure("--search: no rule has all these words; try fewer or other ones".to_owned()));
        }
    }
    let text = match args.format {
        ReportFormat::Json => {
            let rows: Vec<Row> = chosen.iter().map(|rule| Row::of(rule)).collect();
            format!("{}\n", crate::json::to_string_pretty(&rows)?)
        }
        ReportFormat::Human if explained => chosen.iter().map(|rule| explain(rule)).collect::<Vec<_>>().join("\n"),
        ReportFormat::Human => list(&chosen),
    };
    super::output::print(text.as_bytes())?;
    Ok(Ended::Well)
}

/// Whether the rule's code, name or document has all these words, which are in lower case.
fn has_all(rule: &Rule, words: &[String]) -> bool {
    let text = format!("{} {} {} {}", rule.code, rule.name, rule.summary, rule.doc).to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
}

fn list(rules: &[&Rule]) -> String {
    let mut text = String::new();
    for family in FAMILIES {
        let of_family: Vec<&&Rule> = rules.iter().filter(|rule| rule.family() == family.word).collect();
        if of_family.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}: {}", family.word, family.title);
        for rule in of_family {
            let _ = writeln!(text, "  {:<8} {:<7} {}{}", rule.code, rule.level.to_string(), rule.summary, marks(rule));
        }
    }
    let unchecked = rules.iter().filter(|rule| rule.checked != Checked::Monitor).count();
    let not_yet = if unchecked > 0 { format!(", {unchecked} of them not checked yet") } else { String::new() };
    let _ = writeln!(text, "{} rules{not_yet}. `mobsync rules CODE` explains a rule.", rules.len());
    text
}

fn marks(rule: &Rule) -> String {
    let mut marks = Vec::new();
    marks.extend((rule.subject == crate::rules::Subject::Manager).then(|| "manager".to_owned()));
    marks.extend(rule.profile.map(|profile| format!("{profile} only")));
    marks.extend(rule.native.then(|| "native".to_owned()));
    marks.extend((rule.checked != Checked::Monitor).then(|| "not checked yet".to_owned()));
    if marks.is_empty() { String::new() } else { format!(" [{}]", marks.join(", ")) }
}

fn explain(rule: &Rule) -> String {
    let mut text = format!("{}\n", rule.doc.trim_end());
    let profile = rule.profile.map_or("all profiles".to_owned(), |profile| format!("profile {profile} only"));
    let checked = match rule.checked {
        Checked::Monitor => "checked in every trace".to_owned(),
        Checked::NotYet(waits_for) => format!("not checked yet: {waits_for}"),
    };
    let _ = writeln!(text, "\nlevel {}, subject {}, {profile}, {checked}", rule.level, rule.subject);
    text
}

/// A rule as data.
#[derive(Serialize)]
struct Row {
    code: &'static str,
    name: &'static str,
    level: crate::rules::Level,
    subject: crate::rules::Subject,
    native: bool,
    basis: crate::rules::Basis,
    wording: crate::rules::Wording,
    source: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<crate::protocol::Profile>,
    summary: &'static str,
    checked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<&'static str>,
}

impl Row {
    fn of(rule: &'static Rule) -> Self {
        let waits_for = match rule.checked {
            Checked::Monitor => None,
            Checked::NotYet(waits_for) => Some(waits_for),
        };
        Self {
            code: rule.code,
            name: rule.name,
            level: rule.level,
            subject: rule.subject,
            native: rule.native,
            basis: rule.basis,
            wording: rule.wording,
            source: rule.source,
            profile: rule.profile,
            summary: rule.summary,
            checked: waits_for.is_none(),
            waits_for,
        }
    }
}
