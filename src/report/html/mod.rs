//! The report as a page for a browser: one file without anything from elsewhere, with a timeline of each session.
//!
//! What it says is text that is written here; the script only draws the timelines. Every text of a handler is escaped twice:
//! what acts on a reader (`plain`), and what is markup.

mod cause;
mod data;
mod doc;
mod excerpt;

use std::borrow::Cow;
use std::fmt::Write;

use super::human::{counted, flaky, not_judged_line, run_summary, verdict_line};
use super::{Case, CaseOutcome, Report, Style, Timeline, plain};
use crate::protocol::cut_off;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// How many characters of one text are shown.
const LONGEST: usize = 2000;

/// How much of a handler's output is shown, in characters from its end.
const OUTPUT: usize = 4000;

/// How many cases the page lists; the report as data has all.
const CASES: usize = 2000;

/// The page.
pub(super) fn html(report: &Report, style: Style<'_>) -> Result<String, serde_json::Error> {
    let mut page = String::new();
    let title = format!("{}: {}", outcome(report).1, text(&report.handler));
    // Nothing is fetched, whatever stands in the texts.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"generator\" content=\"mobsync {}\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        env!("CARGO_PKG_VERSION"),
    );
    head(&mut page, report);
    causes(&mut page, report, style);
    cases(&mut page, report);
    sessions(&mut page, report);
    let _ = write!(
        page,
        "</main>\n<script type=\"application/json\" id=\"data\">{}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        data::data(report)?
    );
    Ok(page)
}

/// A text from anywhere, as text of the page.
fn text(text: &str) -> String {
    markup(&cut_off(&plain(text), LONGEST)).into_owned()
}

/// A text with nothing in it that is markup.
fn markup(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// The class of the page's colours, and the word.
fn outcome(report: &Report) -> (&'static str, &'static str) {
    match (report.failed(), report.is_whole()) {
        (true, _) => ("bad", "FAILED"),
        (false, true) => ("good", "passed"),
        (false, false) => ("middling", "incomplete"),
    }
}

fn head(page: &mut String, report: &Report) {
    let (class, word) = outcome(report);
    let verdict = verdict_line(report);
    let verdict = verdict.trim_end().split_once(": ").map_or("", |(_, rest)| rest);
    let _ = write!(
        page,
        "<header class=\"{class}\">\n<h1><span class=\"verdict\">{word}</span> {}</h1>\n<p>{}</p>\n",
        text(&report.handler),
        markup(verdict)
    );
    if report.cases.len() > 1 {
        let _ = writeln!(page, "<p>{}</p>", markup(run_summary(report).trim_end()));
    }
    if let Some(outcome) = &report.outcome {
        let _ = writeln!(page, "<p>The session: {}</p>", text(outcome));
    }
    if !report.items.is_empty() {
        page.push_str("<ul class=\"items\">\n");
        for item in &report.items {
            let status = match item.status {
                Some(status) if item.prepared => status.to_string(),
                None if item.prepared => "no status".to_owned(),
                _ => "not chosen".to_owned(),
            };
            let _ = write!(page, "<li>{}: {}", text(&item.name.to_string()), markup(&status));
            item.errors.iter().for_each(|error| {
                let _ = write!(page, "<br><small>{}</small>", text(error));
            });
            page.push_str("</li>\n");
        }
        page.push_str("</ul>\n");
    }
    for why in report.incomplete().iter().chain(&report.failure) {
        let _ = writeln!(page, "<p class=\"why\">{}</p>", text(why));
    }
    let not_judged = not_judged_line(report);
    if !not_judged.is_empty() {
        let _ = writeln!(page, "<p class=\"why\">{}</p>", markup(not_judged.trim_end()));
    }
    page.push_str("</header>\n<main>\n");
}

fn causes(page: &mut String, report: &Report, style: Style<'_>) {
    let all = report.all_causes();
    let (accepted, open): (Vec<_>, Vec<_>) = all.iter().partition(|cause| cause.accepted.is_some());
    for (heading, causes) in [("What is wrong", open), ("Accepted", accepted)] {
        if causes.is_empty() {
            continue;
        }
        let _ = writeln!(page, "<section>\n<h2>{heading}</h2>");
        causes.into_iter().for_each(|one| cause::cause(page, report, one, style));
        page.push_str("</section>\n");
    }
}

fn cases(page: &mut String, report: &Report) {
    if report.cases.len() < 2 && report.cases.iter().all(|case| case.output.is_none()) {
        return;
    }
    let _ = write!(
        page,
        "<section>\n<details{}>\n<summary><h2>{}</h2></summary>\n<table>\n\
         <tr><th>Case</th><th>Result</th><th>Findings</th><th>Time</th></tr>\n",
        if report.cases.len() <= 20 { " open" } else { "" },
        counted(report.cases.len(), "case")
    );
    report.cases.iter().take(CASES).for_each(|one| case(page, report, one));
    page.push_str("</table>\n");
    if report.cases.len() > CASES {
        let _ = writeln!(page, "<p>… and {} more</p>", report.cases.len() - CASES);
    }
    page.push_str("</details>\n</section>\n");
}

fn case(page: &mut String, report: &Report, case: &Case) {
    let class = match case.outcome {
        CaseOutcome::Passed => "good",
        CaseOutcome::Skipped => "skipped",
        CaseOutcome::Incomplete => "middling",
        _ => "bad",
    };
    let name = match report.timelines.iter().position(|timeline| timeline.case == case.name) {
        Some(at) => format!("<a href=\"#session-{at}\">{}</a>", text(&case.name)),
        None => text(&case.name),
    };
    let _ = write!(page, "<tr><td>{name}");
    for more in case.error.iter().cloned().chain(flaky(case)) {
        let _ = write!(page, "<br><small>{}</small>", text(&more));
    }
    for unmet in case.expectations.iter().flatten().filter(|expectation| !expectation.held) {
        let _ = write!(page, "<br><small>not met: {}: {}</small>", text(&unmet.what), text(&unmet.difference));
    }
    if let Some(output) = case.output.as_deref().filter(|output| !output.trim().is_empty()) {
        let at = output.char_indices().rev().nth(OUTPUT - 1).map_or(0, |(at, _)| at);
        let lines: Vec<String> = output[at..].trim_end().lines().map(|line| plain(line).into_owned()).collect();
        let _ = write!(
            page,
            "<details><summary>output of the handler</summary><pre>{}</pre></details>",
            markup(&lines.join("\n"))
        );
    }
    let _ = writeln!(
        page,
        "</td><td class=\"{class}\">{}</td><td>{}</td><td>{:.3} s</td></tr>",
        case.outcome.words(),
        case.findings,
        case.seconds
    );
}

/// The sessions, each with room for its picture.
fn sessions(page: &mut String, report: &Report) {
    page.push_str("<section id=\"sessions\">\n<h2>Sessions</h2>\n");
    let judged = report.cases.iter().filter(|case| case.outcome != CaseOutcome::Skipped).count();
    match (report.timelines.len(), judged) {
        (0, _) => page.push_str(
            "<p>This page was made of a report that has no events. To see the sessions as timelines, write it with the \
             command that runs or checks them: <code>--report html=FILE</code>.</p>\n",
        ),
        (drawn, judged) if drawn < judged => {
            let _ = writeln!(
                page,
                "<p>{drawn} of {judged} sessions are drawn, those with findings first. <code>--case NAME</code> draws \
                 another one.</p>"
            );
        }
        _ => {}
    }
    page.push_str("<noscript><p>The timelines are drawn by the page's script.</p></noscript>\n");
    for (at, timeline) in report.timelines.iter().enumerate() {
        session(page, at, timeline);
    }
    page.push_str("</section>\n");
}

fn session(page: &mut String, at: usize, timeline: &Timeline) {
    let found = match timeline.findings.len() {
        0 => String::new(),
        many => format!(", {}", counted(many, "finding")),
    };
    let left_out = match timeline.left_out {
        0 => String::new(),
        many => format!(" ({many} more in the middle are left out)"),
    };
    let _ = writeln!(
        page,
        "<details class=\"session\" id=\"session-{at}\" data-session=\"{at}\"{}>\n<summary><h3>{}</h3> {}{left_out}{found}\
         </summary>\n</details>",
        if at == 0 { " open" } else { "" },
        text(&timeline.case),
        counted(timeline.events, "event"),
    );
}
