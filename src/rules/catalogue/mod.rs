//! The catalogue: every rule, declared once.

mod declare;
mod dialogs_and_errors;
mod enumeration;
mod index;
mod lookup;
mod progress;
mod session_opening;
mod surroundings;
mod synchronization;
mod table;

pub use index::index_markdown;
pub use lookup::{UnknownRule, rule, select};
pub use table::{FAMILIES, Family, RULES, codes};
