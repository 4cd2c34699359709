//! Text of handlers, files and the command line, made fit for a terminal and for the log of a CI system.

use std::borrow::Cow;
use std::path::Path;

/// How wide a column may become by its longest text, in characters.
const WIDEST_COLUMN: usize = 60;

/// What some CI system takes for a command wherever it stands in a line.
const COMMANDS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// The text as one line that does nothing but stand there. Every text of foreign origin goes through this on its way out.
///
/// Escaped are control characters (C0, DEL, C1; newlines among them), line separators, characters that change the direction
/// of writing or are invisible, and what a CI system would take for a command: a colon at the beginning, as in `::error::`, and
/// `##[`.
///
/// ```
/// use mobsync::protocol::plain;
/// assert_eq!(plain("Inbox"), "Inbox");
/// assert_eq!(plain("a\nb\u{1b}[2J"), r"a\nb\u{1b}[2J");
/// assert_eq!(plain("\u{202e}txt"), r"\u{202e}txt");
/// assert_eq!(plain("::error::no"), r"\u{3a}:error::no");
/// ```
pub fn plain(text: &str) -> Cow<'_, str> {
    let starts_with_colon = text.trim_start().starts_with(':');
    let is_command = text.contains("##") && COMMANDS.iter().any(|command| text.contains(command));
    if !starts_with_colon && !is_command && !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len() + 8);
    let mut at_start = true;
    for (at, c) in text.char_indices() {
        let command = (c == ':' && at_start)
            || (c == '#' && is_command && COMMANDS.iter().any(|command| text[at..].starts_with(command)));
        at_start &= c.is_whitespace();
        match c {
            '\n' | '\r' | '\t' => visible.extend(c.escape_default()),
            c if command || is_escaped(c) => visible.extend(c.escape_unicode()),
            c => visible.push(c),
        }
    }
    Cow::Owned(visible)
}

/// As [`plain`], for text of several lines: newlines and tabs stay, and each line is made plain.
///
/// ```
/// assert_eq!(mobsync::protocol::plain_lines("a\n::error::b\n\tc"), "a\n\\u{3a}:error::b\n\tc");
/// ```
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    let is_fine = |line: &str| line.split('\t').all(|part| matches!(plain(part), Cow::Borrowed(_)));
    if text.split('\n').all(is_fine) {
        return Cow::Borrowed(text);
    }
    let line = |line: &str| line.split('\t').map(plain).collect::<Vec<_>>().join("\t");
    Cow::Owned(text.split('\n').map(line).collect::<Vec<_>>().join("\n"))
}

/// The name of a file or folder, as [`plain`] text.
pub fn plain_path(path: &Path) -> String {
    plain(&path.to_string_lossy()).into_owned()
}

/// The text as it is, or its first `most` characters and how many it has.
///
/// ```
/// assert_eq!(mobsync::protocol::cut_off("Inbox", 3), "Inb… (5 characters)");
/// ```
pub fn cut_off(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((at, _)) => Cow::Owned(format!("{}… ({} characters)", &text[..at], text.chars().count())),
        None => Cow::Borrowed(text),
    }
}

/// How wide a column of these texts is, in characters. One long text does not move all others aside.
pub fn column_width<'a>(texts: impl IntoIterator<Item = &'a str>) -> usize {
    let width = |text: &str| text.chars().take(WIDEST_COLUMN).count();
    texts.into_iter().map(width).max().unwrap_or(0)
}

/// The text with spaces up to the width of its column. (`{:width$}` panics where the width has more than 16 bits.)
pub fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().take(width).count());
    format!("{text}{}", " ".repeat(missing))
}

/// Whether a character must not reach a terminal or a log as it is.
pub(crate) fn is_escaped(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}
