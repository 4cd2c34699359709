//! One mistake on the page.

use std::fmt::Write;

use super::{doc, excerpt, markup, text};
use crate::protocol::Delay;
use crate::report::causes::CauseRows;
use crate::report::{FindingRow, Report, Style};

/// How many functions of a stack are shown.
const FRAMES: usize = 64;

pub(super) fn cause(page: &mut String, report: &Report, cause: &CauseRows, style: Style<'_>) {
    let (rule, example) = (cause.rule, &report.findings[cause.example]);
    let level = cause.level;
    let _ = write!(
        page,
        "<article class=\"{level}\" id=\"cause-{at}\">\n<h3><span class=\"level\">{level}</span> {} {}</h3>\n\
         <p class=\"rule\">{}</p>\n<p class=\"message\">{}</p>\n",
        rule.code,
        rule.name,
        markup(rule.summary),
        text(&example.message),
        at = cause.example,
    );
    if let Some(reason) = &cause.accepted {
        let _ = writeln!(page, "<p>Accepted: {}</p>", text(reason));
    }
    if let Some(extent) = report.extent(cause) {
        let _ = writeln!(page, "<p>{}</p>", markup(&extent));
    }
    place(page, report, cause.example);
    context(page, example);
    stack(page, example, style);
    let also = cause.consequence_codes();
    if !also.is_empty() {
        let _ = writeln!(page, "<p>Because of it, also broken: {}</p>", also.join(", "));
    }
    for (what, command) in
        [("Reproduce with", &example.replay), ("Debug with", &example.debug), ("Step with", &example.step)]
    {
        if let Some(command) = command {
            let _ = writeln!(page, "<p class=\"command\">{what}: <code>{}</code></p>", text(command));
        }
    }
    let _ = write!(
        page,
        "<details class=\"doc\">\n<summary>The rule: why, source, what to check</summary>\n{}</details>\n</article>\n",
        doc::html(rule.doc)
    );
}

/// Where it was seen, and where it stands in a picture.
fn place(page: &mut String, report: &Report, example: usize) {
    let finding = &report.findings[example];
    let event = finding.events.last().map_or(String::new(), |seq| format!("event #{seq}, "));
    let _ = write!(
        page,
        "<p class=\"place\">{}: {event}after {} on thread {}",
        text(&finding.case),
        Delay(finding.at_ns),
        text(&finding.thread)
    );
    let drawn = report.timelines.iter().enumerate().find_map(|(session, timeline)| {
        let mark = timeline.findings.iter().position(|mark| mark.finding == example)?;
        Some((session, mark))
    });
    if let Some((session, mark)) = drawn {
        let _ = write!(
            page,
            " <a class=\"show\" href=\"#session-{session}\" data-session=\"{session}\" data-finding=\"{mark}\">show in the \
             session</a>"
        );
    }
    page.push_str("</p>\n");
}

/// The events around it.
fn context(page: &mut String, finding: &FindingRow) {
    if finding.context.is_empty() {
        return;
    }
    page.push_str("<pre class=\"context\">");
    for line in &finding.context {
        let number = line.event.map_or(String::new(), |seq| format!("#{seq}"));
        let words = text(&line.line);
        let _ = match line.shows {
            true => writeln!(page, "<b>&gt; {number:<6} {words}</b>"),
            false => writeln!(page, "  {number:<6} {words}"),
        };
    }
    page.push_str("</pre>\n");
}

/// The handler's stack, with the lines of its source where they can be read.
fn stack(page: &mut String, finding: &FindingRow, style: Style<'_>) {
    let frames = finding.backtrace.as_deref().unwrap_or_default();
    if frames.is_empty() {
        return;
    }
    page.push_str("<ol class=\"stack\">\n");
    let mut shown = 0;
    for frame in frames.iter().take(FRAMES) {
        let _ = write!(page, "<li><code>{}</code>", text(frame));
        if shown < excerpt::MOST
            && let Some(lines) = excerpt::of_frame(frame, style)
        {
            shown += 1;
            page.push_str("<pre class=\"source\">");
            for line in &lines {
                let words = text(&line.text);
                let _ = match line.is_it {
                    true => writeln!(page, "<b>{:>5}  {words}</b>", line.number),
                    false => writeln!(page, "{:>5}  {words}", line.number),
                };
            }
            page.push_str("</pre>");
        }
        page.push_str("</li>\n");
    }
    if frames.len() > FRAMES {
        let _ = writeln!(page, "<li>… and {} more</li>", frames.len() - FRAMES);
    }
    page.push_str("</ol>\n");
}
