//! Text of handlers and files, made fit for a terminal.

use std::borrow::Cow;

/// The text with control characters made visible: a handler's name or message must not start a line of its own, or tell a
/// terminal what to do.
///
/// ```
/// assert_eq!(mobsync::protocol::plain("Inbox"), "Inbox");
/// assert_eq!(mobsync::protocol::plain("a\nb\u{1b}[2J"), r"a\nb\u{1b}[2J");
/// ```
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() {
            visible.extend(c.escape_default());
        } else {
            visible.push(c);
        }
    }
    Cow::Owned(visible)
}
