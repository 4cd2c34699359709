//! Foreign text in messages.

/// Text of a file that may be of any length and hold anything, as it can stand in a message: the middle of a long one is
/// left out, and control characters are made visible.
pub(crate) fn readable(text: &str) -> String {
    const HEAD: usize = 150;
    const TAIL: usize = 250;
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let length = text.chars().count();
    if length <= HEAD + TAIL {
        return text.chars().map(visible).collect();
    }
    let (head, tail) = (text.chars().take(HEAD), text.chars().skip(length - TAIL));
    head.map(visible).chain(" … ".chars()).chain(tail.map(visible)).collect()
}
