//! Time: the clock of a session, and the deterministic scheduler that gives scripts their virtual time.

mod choice;
mod clock;
mod scheduler;
mod sequence;
mod slots;

pub(crate) use choice::{APARTMENT, Access, Choice, Turn};
#[cfg(any(unix, windows))]
pub(crate) use clock::name_of_crashed_thread;
#[cfg(target_os = "linux")]
pub(crate) use clock::name_of_numbered_thread;
pub(crate) use clock::{Clock, enter_apartment, wall_clock};
pub use scheduler::Scheduler;
pub(crate) use scheduler::{MOST_STEPS, Next, Paused, Task};
pub use sequence::Sequence;
