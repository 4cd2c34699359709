//! Foreign text in messages.

use crate::protocol::plain;

/// Text of a file that may be of any length and hold anything, as it can stand in a message: made [`plain`], and the middle of
/// a long one is left out.
pub(crate) fn readable(text: &str) -> String {
    const HEAD: usize = 150;
    // The longest list of names that can stand there, and some of the word before it, escaped.
    const TAIL: usize = 260;
    let text = plain(text);
    let length = text.chars().count();
    if length <= HEAD + TAIL {
        return text.into_owned();
    }
    let (head, tail) = (text.chars().take(HEAD), text.chars().skip(length - TAIL));
    head.chain(" … ".chars()).chain(tail).collect()
}
