//! The host: drives handlers through sessions, and records every crossing.

pub mod break_on;
mod driver;
mod plan;
mod run;
mod shared;
mod tape;

pub use plan::{Instruction, Plan, Selection, StandardPlan, View};
pub use run::{
    Another, ApartmentObserver, Controller, Controls, Drain, Job, Ran, RealTimeOptions, run_real, run_real_with,
    run_virtual, run_virtual_with,
};
pub use shared::{CallbackSink, Outlet};
pub(crate) use tape::{pack, unpack};
