//! What there is to see of a session, as text.

use std::fmt::Write;

use super::performed::Performed;
use super::wanted::name;
use crate::job::Wanted;
use crate::protocol::{Call, Instance, Thread, column_width, padded};
use crate::report::plain;
use crate::rules::Level;
use crate::scenario::Reply;

/// Where the session stands.
pub(super) fn state(performed: &Performed, wanted: &Wanted) -> String {
    let Some(instance) = performed.instance() else { return "The handler has not been created yet.".to_owned() };
    let mut text = String::new();
    let round = if instance.round() > 1 { format!(", round {}", instance.round()) } else { String::new() };
    line(&mut text, "state", &format!("{}{round}", instance.state()));
    match (instance.open_call(), instance.awaiting()) {
        (Some(method), _) => line(&mut text, "open", &format!("{method} has not returned")),
        (None, Some(method)) => line(&mut text, "waits for", &format!("the completion of {method}")),
        (None, None) => {}
    }
    for pending in instance.pending() {
        line(&mut text, "callback", &format!("number {} on {} has no reply yet", pending.call.0, pending.thread));
    }
    if let Some(handler) = performed.judged.session().dialog() {
        line(&mut text, "dialog", &format!("handler {handler} shows one"));
    }
    list(
        &mut text,
        "last on",
        performed.last.iter().map(|(thread, last)| {
            let crossing = last.split_once(": ").map_or(last.as_str(), |(_, crossing)| crossing);
            format!("{thread}: {crossing}")
        }),
    );
    list(&mut text, "items", item_lines(performed));
    let legal = instance.legal_calls();
    let busy = instance.open_call().map(|method| format!("nothing: {method} is open"));
    let mut legal = legal.iter().map(|call| in_words(call, performed)).collect::<Vec<_>>();
    if legal.iter().any(|words| words == RELEASE) {
        // Either of the two calls is the same command.
        legal.retain(|words| words != "release");
    }
    match busy {
        Some(busy) => line(&mut text, "legal now", &busy),
        None if legal.is_empty() => line(&mut text, "legal now", "nothing"),
        None => list(&mut text, "legal now", legal),
    }
    let calls = wanted.calls.iter().map(|call| in_words(call, performed));
    let release = wanted.releasing.then(|| "release".to_owned());
    let replies = wanted.replies.iter().map(|(reply, _)| format!("the next {}: {}", reply.answers(), answer(*reply)));
    let holds = wanted.holds.iter().map(|item| match item {
        Some(id) => format!("the next Progress of {} is held", name(*id, instance.items())),
        None => "the next Progress is held".to_owned(),
    });
    list(&mut text, "wanted", calls.chain(release).chain(replies).chain(holds));
    text
}

/// The replies that are held by hand, the oldest first, by their threads.
pub(super) fn held<'a>(threads: impl Iterator<Item = &'a Thread>, performed: Option<&Performed>) -> String {
    let instance = performed.and_then(Performed::instance);
    let pending: Vec<_> = instance.into_iter().flat_map(Instance::pending).collect();
    let replies = threads.map(|thread| {
        let item = pending.iter().find(|pending| pending.thread == *thread).and_then(|pending| pending.item());
        let of =
            item.zip(instance).map_or(String::new(), |(id, instance)| format!(" of {}", name(id, instance.items())));
        format!("the reply to Progress{of} on thread {thread} is held")
    });
    replies.collect::<Vec<_>>().join(", and ")
}

/// The threads, each with its last crossing.
pub(super) fn threads(performed: &Performed) -> String {
    let names: Vec<String> = performed.last.keys().map(ToString::to_string).collect();
    let width = column_width(names.iter().map(String::as_str));
    let lines = performed.last.values().zip(&names).map(|(last, thread)| {
        let (number, crossing) = last.split_once(' ').unwrap_or_default();
        let crossing = crossing.split_once(": ").map_or(crossing, |(_, crossing)| crossing);
        format!("{}  {number} {crossing}", padded(thread, width))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The items and their statuses.
pub(super) fn items(performed: &Performed) -> String {
    let lines = item_lines(performed);
    if lines.is_empty() { "No items are enumerated yet.".to_owned() } else { lines.join("\n") }
}

const NO_ERRORS: &str = "No live errors.";

/// The errors that were logged and not deleted.
pub(super) fn errors(performed: &Performed) -> String {
    let Some(instance) = performed.instance() else { return NO_ERRORS.to_owned() };
    let lines = instance.errors().map(|error| {
        let id = error.id.map_or("no ErrorID".to_owned(), |id| id.alias().unwrap_or_else(|| id.to_string()));
        let text = error.text.as_ref().map(ToString::to_string).unwrap_or_default();
        let of = error.item.map_or(String::new(), |item| format!(" of {}", name(item, instance.items())));
        let jump = if error.jump && error.id.is_some() { ", can be shown" } else { "" };
        format!("{id}: {} {text:?}{of}{jump}", error.level)
    });
    let more = instance.errors_not_kept();
    let more = (more > 0).then(|| format!("and {more} more without an ErrorID"));
    let lines: Vec<String> = lines.chain(more).collect();
    if lines.is_empty() { NO_ERRORS.to_owned() } else { lines.join("\n") }
}

/// The last crossings.
pub(super) fn trace(performed: &Performed, count: usize) -> String {
    let lines = performed.lines.iter().skip(performed.lines.len().saturating_sub(count));
    lines.map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// The rules that were broken so far.
pub(super) fn findings(performed: &Performed) -> String {
    let mut text = String::new();
    for found in performed.judged.found() {
        let (finding, context) = (&found.finding, &found.context);
        let rule = finding.rule;
        let events: Vec<String> = finding.events.iter().map(|seq| format!("#{seq}")).collect();
        // Writing into a string does not fail.
        let _ = writeln!(text, "{} {} {}", finding.level, rule.code, rule.name);
        let _ = writeln!(text, "  {}", plain(&finding.message()));
        let _ = writeln!(text, "  at {} on thread {}", events.join(", "), finding.thread);
        for line in context {
            let _ = writeln!(text, "    | {}", line.line);
        }
        for frame in found.backtrace.iter().flatten() {
            let _ = writeln!(text, "    in {}", plain(frame));
        }
        let _ = writeln!(text, "  rule: {}", rule.summary);
    }
    if text.is_empty() { "No rule is broken so far.".to_owned() } else { text }
}

/// What the session came to.
pub(super) fn ending(performed: &Performed) -> String {
    let outcome = performed.instance().map_or("no instance".to_owned(), |instance| instance.outcome().to_string());
    let mut text = format!("The session is over: {outcome}.\n");
    text.push_str(&item_lines(performed).iter().map(|line| format!("  {line}\n")).collect::<String>());
    let found = performed.judged.found();
    let count = |level| found.iter().filter(|found| found.finding.level == level).count();
    let counts = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Note, "note")]
        .map(|(level, word)| (count(level), word))
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}{}", if number == 1 { "" } else { "s" }))
        .collect::<Vec<_>>();
    let mut codes: Vec<&str> = found.iter().map(|found| found.finding.rule.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let found = if counts.is_empty() {
        "No rule was broken.".to_owned()
    } else {
        format!("Found: {} ({}).", counts.join(", "), codes.join(", "))
    };
    text.push_str(&found);
    text
}

/// What a reply is in the protocol.
pub(super) fn answer(reply: Reply) -> &'static str {
    match reply {
        Reply::CancelItem => "S_SYNCMGR_CANCELITEM",
        Reply::CancelAll => "S_SYNCMGR_CANCELALL",
        Reply::RefuseDialog => "S_FALSE",
        Reply::FailConnection => "E_FAIL",
    }
}

fn item_lines(performed: &Performed) -> Vec<String> {
    let Some(instance) = performed.instance() else { return Vec::new() };
    let items = instance.items();
    let names: Vec<String> = items.iter().map(|item| name(item.id, items)).collect();
    let width = column_width(names.iter().map(String::as_str));
    let lines = instance.known_items().map(|(item, known)| {
        let (value, max, said) = performed.progress.get(&item.id).cloned().unwrap_or_default();
        let mut text = match (known.prepared, known.status, known.last_status) {
            (true, Some(status), _) => status.to_string(),
            (true, None, Some(earlier)) => format!("no status yet, {earlier} in an earlier round"),
            (true, None, None) => "no status yet".to_owned(),
            (false, _, Some(earlier)) if known.ever_prepared => format!("{earlier}, in an earlier round"),
            (false, _, None) if known.ever_prepared => "no status, prepared in an earlier round".to_owned(),
            (false, ..) => "not chosen".to_owned(),
        };
        let goes_on = known.prepared && known.status.is_some_and(|status| !status.is_final());
        if let (true, Some(value), Some(max)) = (goes_on, value, max) {
            let _ = write!(text, " {value}/{max}");
        }
        if goes_on && !said.is_empty() {
            let _ = write!(text, " {said:?}");
        }
        if known.cancelled {
            text.push_str(", cancelled");
        }
        if known.skipped {
            text.push_str(", skipped by the user");
        }
        format!("{}  {text}", padded(&name(item.id, items), width))
    });
    lines.collect()
}

/// What the command does while the handler has the callback.
const RELEASE: &str = "release (SetProgressCallback(NULL), then Release)";

/// A legal call, with the command that makes it where there is one.
fn in_words(call: &Call, performed: &Performed) -> String {
    let items = &performed.judged.items();
    let error = |id: crate::protocol::Guid| id.alias().unwrap_or_else(|| id.to_string());
    match call {
        Call::SetItemStatus(args) => format!("skip {}", name(args.item, items)),
        Call::ShowError(args) => format!("show error {}", error(args.error)),
        Call::ShowProperties(args) if args.item.is_null() => "show properties handler".to_owned(),
        Call::ShowProperties(args) => format!("show properties {}", name(args.item, items)),
        Call::SetProgressCallback(args) if args.callback.is_none() => RELEASE.to_owned(),
        Call::Release => "release".to_owned(),
        Call::PrepareForSync(args) => {
            let names: Vec<String> = args.items.iter().map(|item| name(*item, items)).collect();
            format!("PrepareForSync of {}", names.join(", "))
        }
        call => call.method().to_string(),
    }
}

fn line(text: &mut String, heading: &str, what: &str) {
    let _ = writeln!(text, "{heading:<10} {what}");
}

fn list(text: &mut String, heading: &str, lines: impl IntoIterator<Item = String>) {
    for (at, what) in lines.into_iter().enumerate() {
        line(text, if at == 0 { heading } else { "" }, &what);
    }
}
