//! The host: drives handlers through sessions, and records every crossing.

pub mod break_on;
mod desk;
mod driver;
mod entry;
pub mod explore;
mod gate;
mod hold;
mod manager;
mod network;
mod observer;
mod order;
mod plan;
mod ran;
mod run;
mod seat;
mod settle;
mod shared;
mod sink;
mod state;
mod strategy;
mod tape;
mod together;
mod turns;
mod user_first;

pub use desk::{Act, AskUser, has_results};
pub use entry::EntryLog;
pub use hold::{Ends, Hold};
pub use network::{Connection, longest_opening_ns};
pub use observer::Observer;
pub use order::Order;
pub use plan::{Instruction, Plan, Selection, StandardPlan, View};
pub(crate) use run::{ApartmentObserver, LookForLeft, RealTimeOptions, run_real_with, run_virtual_to};
#[cfg(any(unix, windows))]
pub(crate) use run::{Controller, closing_notes};
pub use run::{Controls, Drain, Left, Ran, SessionSetup, run_real, run_virtual};
pub(crate) use settle::{HandlerThreads, OneThread};
pub(crate) use state::Outlet;
pub use strategy::Strategy;
pub(crate) use tape::pack;
#[cfg(any(unix, windows))]
pub(crate) use tape::unpack;
