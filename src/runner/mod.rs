//! Runs sessions, judges them, and keeps what reports need of them; many at a time.

mod context;
mod found;
mod items;
mod judged;
mod names;
mod parallel;

pub use found::{CaseRecord, ContextLine, Found, Omitted};
pub use items::{EarlierRounds, LiveErrors};
pub use judged::Judged;
pub use names::Names;
pub use parallel::{Stop, in_order, side_by_side};
