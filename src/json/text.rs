//! Foreign text in messages.

use crate::protocol::plain;

/// Text of a file that may be of any length and hold anything, as it can stand in a message: made [`plain`], and the middle of
/// a long one is left out.
pub(crate) fn readable(text: &str) -> String {
    const HEAD: usize = 150;
    const TAIL: usize = 250;
    let length = text.chars().count();
    if length <= HEAD + TAIL {
        return plain(text).into_owned();
    }
    // What is escaped is longer than what it stands for: it takes nothing from the room of the rest.
    let (head, tail): (String, String) =
        (text.chars().take(HEAD).collect(), text.chars().skip(length - TAIL).collect());
    format!("{} … {}", plain(&head), plain(&tail))
}
