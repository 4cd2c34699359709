//! The host: drives handlers through sessions, and records every crossing.

pub mod break_on;
mod clock;
mod driver;
mod plan;
mod run;
mod scheduler;
mod sequence;
mod shared;
mod tape;

#[cfg(unix)]
pub(crate) use clock::name_of_crashed_thread;
pub use plan::{Plan, Selection, StandardPlan, Step, View};
pub use run::{
    Another, Beside, Controls, Drain, Job, Lookout, Ran, Steer, run_real, run_real_with, run_virtual, run_virtual_with,
};
pub use scheduler::{Choice, MOST_STEPS, Next, Paused, Scheduler, SeededChoice, Task};
pub use sequence::Sequence;
pub use shared::{CallbackSink, Outlet};
pub(crate) use tape::{pack, unpack};
