//! The host: drives handlers through sessions, and records every crossing.

pub mod break_on;
mod driver;
mod observer;
mod plan;
mod run;
mod shared;
mod tape;

pub use observer::Observer;
pub use plan::{Instruction, Plan, Selection, StandardPlan, View};
pub(crate) use run::closing_notes;
pub use run::{
    ApartmentObserver, Controller, Controls, Drain, Ran, RealTimeOptions, SessionSetup, run_real, run_real_with,
    run_virtual,
};
pub use shared::{CallbackSink, Outlet};
pub(crate) use tape::{pack, unpack};
