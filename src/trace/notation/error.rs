//! What can be wrong with a text in the notation.

use std::fmt;

use crate::json::readable;
use crate::protocol::{CallMethod, CallbackMethod, Guid, HandlerId, Thread, UnknownName};
use crate::protocol::{is_escaped, plain};

/// A text is not in the notation. Displayed as compilers do: the place, what is wrong, and the line with the place marked.
///
/// ```
/// use mobsync::trace::notation::parse;
/// let error = parse("manager Sychronize -> S_OK", "a.trace").unwrap_err();
/// assert_eq!(error.to_string(), "\
/// a.trace:1:9: `Sychronize` is not a method that the manager calls; expected a name such as Synchronize
///   |
/// 1 | manager Sychronize -> S_OK
///   |         ^^^^^^^^^^");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotationError {
    /// The document, as the caller named it.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    /// The first character that is meant, from 1.
    pub column: usize,
    /// How many characters are meant, at least 1.
    pub width: usize,
    /// The line's text.
    pub source_line: String,
    /// What is wrong.
    pub problem: Box<Problem>,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A name that nothing has.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// Something stands where something else belongs.
    #[error("found {found}, expected {expected}")]
    Unexpected {
        /// What stands there.
        found: String,
        /// What belongs there.
        expected: String,
    },
    /// An argument that a method needs is not given.
    #[error("{method} needs the argument `{key}`")]
    Missing {
        /// The method.
        method: &'static str,
        /// The argument.
        key: &'static str,
    },
    /// An argument or a directive is given twice.
    #[error("`{key}` is given twice")]
    Twice {
        /// What is given twice.
        key: String,
    },
    /// An argument has a value that its type does not take.
    #[error("{message}")]
    Value {
        /// What the type says.
        message: String,
    },
    /// The line names a method of the other side.
    #[error("`{method}` is called by the {caller}; write `{caller} {method} …`")]
    OtherSide {
        /// The method.
        method: &'static str,
        /// Who calls it: "manager" or "handler".
        caller: &'static str,
    },
    /// A return without its call.
    #[error("{method} returns, but instance {handler} has no open call of it")]
    NoOpenCall {
        /// The method.
        method: CallMethod,
        /// The instance.
        handler: HandlerId,
    },
    /// A reply without its callback.
    #[error(
        "no {method} of instance {handler} on thread {thread} waits for an answer; write `handler {method} … -> ?` to leave one open"
    )]
    NoOpenCallback {
        /// The method.
        method: CallbackMethod,
        /// The instance.
        handler: HandlerId,
        /// The thread.
        thread: Thread,
    },
    /// An alias that means another GUID already.
    #[error("`{alias}` already stands for {guid}")]
    AliasTaken {
        /// The alias.
        alias: String,
        /// What it means.
        guid: Guid,
    },
    /// A directive that must stand before the first crossing.
    #[error("`{directive}` must come before the first call or callback")]
    Late {
        /// The directive.
        directive: &'static str,
    },
    /// Delays add up to more than 2^64 nanoseconds.
    #[error("the delays add up to more than 584 years")]
    TooLate,
    /// Lists or objects inside each other beyond what any argument needs.
    #[error("values are nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
}

/// How much of a line an error shows before and behind the place.
const SHOWN: usize = 100;

impl fmt::Display for NotationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}:{}: {}", plain(&self.name), self.line, self.column, readable(&self.problem.to_string()))?;
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let skipped = (self.column - 1).saturating_sub(SHOWN);
        // A tab stays one in both lines, so that the mark stands under its place; other control characters only disturb.
        let visible = |c: char| if is_escaped(c) && c != '\t' { '\u{fffd}' } else { c };
        let width = self.width.clamp(1, SHOWN);
        let shown: String = self
            .source_line
            .chars()
            .skip(skipped)
            .take(self.column - 1 - skipped + width + SHOWN)
            .map(visible)
            .collect();
        let before: String =
            shown.chars().take(self.column - 1 - skipped).map(|c| if c == '\t' { c } else { ' ' }).collect();
        let cut = if skipped > 0 { "…" } else { "" };
        let under = if skipped > 0 { " " } else { "" };
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {cut}{}", shown.trim_end())?;
        write!(f, "{margin} | {under}{before}{}", "^".repeat(width))
    }
}

impl std::error::Error for NotationError {}
