//! The commands: their words, their help, and how a line is read.

use std::fmt::Write;

use crate::protocol::nearest;

/// What a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Step,
    Next,
    Continue,
    Break,
    Breaks,
    Delete,
    Skip,
    Cancel,
    Reply,
    Show,
    Hold,
    Release,
    State,
    Items,
    Errors,
    Trace,
    Findings,
    Threads,
    Where,
    Attach,
    Restart,
    Record,
    Help,
    Quit,
}

/// What is said of a command.
pub(super) struct Entry {
    pub(super) command: Command,
    /// The word; any beginning of it that begins no other is enough.
    pub(super) name: &'static str,
    /// A beginning that stands for this word although others begin so too.
    pub(super) short: Option<&'static str>,
    /// What follows the word.
    pub(super) arguments: &'static str,
    /// In a line.
    pub(super) summary: &'static str,
    /// More, for `help COMMAND`.
    pub(super) details: &'static str,
}

const fn entry(
    command: Command,
    name: &'static str,
    short: Option<&'static str>,
    arguments: &'static str,
    summary: &'static str,
    details: &'static str,
) -> Entry {
    Entry { command, name, short, arguments, summary, details }
}

/// Every command, in the order of the help.
pub(super) const COMMANDS: &[Entry] = &[
    entry(
        Command::Step,
        "step",
        Some("s"),
        "[N]",
        "run to the next call or callback, or the Nth",
        "Each of these counts: a call of the manager, its return, a callback with its reply, a note. An empty line repeats step.",
    ),
    entry(
        Command::Next,
        "next",
        Some("n"),
        "[N]",
        "run to the manager's next call, or the Nth",
        "It stops when the call is decided, before the handler receives it. An empty line repeats next.",
    ),
    entry(
        Command::Continue,
        "continue",
        Some("c"),
        "",
        "run to the next breakpoint, or the session's end",
        "Findings are printed at once. Ctrl-C stops at the next call or callback; if there is none, a second Ctrl-C ends the program.",
    ),
    entry(
        Command::Break,
        "break",
        Some("b"),
        "METHOD|RULE|STATE",
        "set a breakpoint",
        "METHOD: every call or callback of it. RULE: a finding; a code (SYNC-04), a family (SYNC), a rule's name, \
         or `finding` for any. STATE: when the session reaches it.",
    ),
    entry(Command::Breaks, "breaks", None, "", "list the breakpoints", ""),
    entry(Command::Delete, "delete", Some("d"), "N|all", "delete a breakpoint", ""),
    entry(
        Command::Skip,
        "skip",
        None,
        "ITEM",
        "the user skips the item",
        "SetItemStatus(SKIPPED), called when the session continues. ITEM is an ID, its short name, or the item's name.",
    ),
    entry(
        Command::Cancel,
        "cancel",
        None,
        "ITEM|all",
        "answer the next Progress with a cancel",
        "S_SYNCMGR_CANCELITEM for the next Progress of the item; with `all`, S_SYNCMGR_CANCELALL for the next of any item.",
    ),
    entry(
        Command::Reply,
        "reply",
        None,
        "refuse-dialog|fail-connection",
        "set the reply to the next such callback",
        "refuse-dialog: EnableModeless(TRUE) is answered S_FALSE. fail-connection: EstablishConnection is answered E_FAIL.",
    ),
    entry(
        Command::Show,
        "show",
        None,
        "error ID|first, properties ITEM|handler",
        "the user opens an error, or properties",
        "ShowError or ShowProperties, called when the session continues. `first` is the first live error with jump text.",
    ),
    entry(
        Command::Hold,
        "hold",
        None,
        "[ITEM]",
        "hold the reply to the next Progress, or to that of the item",
        "Its thread waits for the reply until `release reply`, and the other threads go on.",
    ),
    entry(
        Command::Release,
        "release",
        None,
        "[reply]",
        "the manager ends the session here, or lets a held reply go",
        "SetProgressCallback(NULL) and Release, in any state. `release reply` lets the oldest reply go that `hold` holds.",
    ),
    entry(Command::State, "state", None, "", "the session's state, and the calls that are legal now", ""),
    entry(Command::Items, "items", Some("i"), "", "list the items and their statuses", ""),
    entry(Command::Errors, "errors", Some("e"), "", "list the errors that were logged and not deleted", ""),
    entry(Command::Trace, "trace", Some("t"), "[N]", "print the last calls and callbacks (10, or N)", ""),
    entry(Command::Findings, "findings", Some("f"), "", "list the rules broken so far", ""),
    entry(Command::Threads, "threads", None, "", "list the threads, each with its last call or callback", ""),
    entry(
        Command::Where,
        "where",
        Some("w"),
        "",
        "print what the handler's threads do now",
        "The stack of every thread of a native handler, the innermost function first.",
    ),
    entry(
        Command::Attach,
        "attach",
        None,
        "",
        "print how to attach gdb or lldb, and wait for it",
        "The worker stands still meanwhile. When the debugger has attached, the prompt comes back; let the debugger continue first, then the session.",
    ),
    entry(
        Command::Restart,
        "restart",
        None,
        "",
        "start another session from the beginning",
        "The handler's file is read again; breakpoints stay. Threads that the handler of this session left running continue.",
    ),
    entry(
        Command::Record,
        "record",
        None,
        "FILE",
        "write what you did so far as a scenario",
        "Every action that an ordinary manager would not take becomes a step.",
    ),
    entry(Command::Help, "help", Some("h"), "[COMMAND]", "this list, or details of one command", ""),
    entry(
        Command::Quit,
        "quit",
        Some("q"),
        "",
        "quit the program",
        "The exit code is 1 if the last session broke a rule, else 0.",
    ),
];

/// A line, as far as its first word goes: the command and the rest. `Err` says what is wrong with the word.
pub(super) fn read(line: &str) -> Result<(Command, &str), String> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    find(word).map(|entry| (entry.command, rest.trim()))
}

/// The command that a word means.
pub(super) fn find(word: &str) -> Result<&'static Entry, String> {
    let word = word.to_ascii_lowercase();
    if word == "?" {
        return find("help");
    }
    let exact = |entry: &&Entry| entry.name == word || entry.short == Some(word.as_str());
    if let Some(entry) = COMMANDS.iter().find(exact) {
        return Ok(entry);
    }
    let fits: Vec<&Entry> = COMMANDS.iter().filter(|entry| entry.name.starts_with(&word)).collect();
    match fits.as_slice() {
        [entry] => Ok(entry),
        [] => {
            let near = nearest(&word, COMMANDS.iter().map(|entry| entry.name));
            let near = near.map_or(".".to_owned(), |name| format!("; did you mean {name}?"));
            let all: Vec<&str> = COMMANDS.iter().map(|entry| entry.name).collect();
            Err(format!("unknown command `{word}`{near} Expected one of: {}", all.join(", ")))
        }
        fits => {
            let names: Vec<&str> = fits.iter().map(|entry| entry.name).collect();
            Err(format!("`{word}` can be: {}", names.join(", ")))
        }
    }
}

/// The shortest beginning that means the command.
fn shortest(entry: &Entry) -> &'static str {
    if let Some(short) = entry.short {
        return short;
    }
    let lengths = 1..=entry.name.len();
    let fits = |length: &usize| find(&entry.name[..*length]).is_ok_and(|found| found.command == entry.command);
    lengths.into_iter().find(fits).map_or(entry.name, |length| &entry.name[..length])
}

/// All commands, or more of one.
pub(super) fn help(word: &str) -> Result<String, String> {
    let mut text = String::new();
    if word.is_empty() {
        for entry in COMMANDS {
            let usage = format!("{} {}", entry.name, entry.arguments);
            // Writing into a string does not fail.
            let _ = writeln!(text, "  {:<6} {usage:<46} {}", shortest(entry), entry.summary);
        }
        text.push_str("You can shorten a command to any unique beginning. An empty line repeats step or next.\n");
        return Ok(text);
    }
    let entry = find(word)?;
    let _ = writeln!(text, "{} {}", entry.name, entry.arguments);
    let _ = writeln!(text, "  {}{}.", entry.summary[..1].to_uppercase(), &entry.summary[1..]);
    if !entry.details.is_empty() {
        let _ = writeln!(text, "  {}", entry.details);
    }
    let _ = writeln!(text, "  Short: {}", shortest(entry));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_word_and_its_short_form() {
        for entry in COMMANDS {
            assert_eq!(find(entry.name).map(|found| found.command), Ok(entry.command));
            assert_eq!(find(shortest(entry)).map(|found| found.command), Ok(entry.command), "{}", entry.name);
            assert!(help(entry.name).is_ok_and(|text| text.contains(entry.summary.get(1..).unwrap_or_default())));
        }
    }

    #[test]
    fn an_ambiguous_or_unknown_word_says_which_there_are() {
        assert_eq!(read("re"), Err("`re` can be: reply, release, restart, record".to_owned()));
        assert_eq!(read("sk  A "), Ok((Command::Skip, "A")));
        let unknown = read("stop").expect_err("no such command");
        assert!(unknown.contains("did you mean step?") && unknown.contains("quit"), "{unknown}");
        assert!(
            read("xyzzy").is_err_and(|text| text.starts_with("unknown command `xyzzy`. Expected one of: step, next"))
        );
    }
}
