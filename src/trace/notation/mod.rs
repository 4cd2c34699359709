//! The compact notation: a session as text that a person can read aloud, one crossing a line.
//!
//! ```text
//! opening ready
//! manager PrepareForSync [A, B]
//! handler PrepareForSyncCompleted S_OK -> S_OK @apartment
//! manager PrepareForSync returns S_OK
//! manager Synchronize -> S_OK
//! handler Progress A UPDATING 1/3 "left.txt" -> S_SYNCMGR_CANCELITEM +5ms
//! ```
//!
//! `docs/notation.md` explains it. [`parse()`] reads it, [`print()`] and [`Printer`] write it.

mod arguments;
mod assemble;
mod error;
mod lexer;
mod line;
mod opening;
mod parse;
mod print;
mod shape;
mod value;
mod words;

pub use error::{NotationError, Problem};
pub(super) use parse::begins_line;
pub use parse::{Notation, NotationLine, parse};
pub use print::{Printer, print};
