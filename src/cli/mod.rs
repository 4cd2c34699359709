//! The command line. `main.rs` only calls [`main`].

mod args;
mod break_on;
mod check;
mod completions;
mod context;
mod debug;
mod diff;
mod exit;
mod interrupt;
mod judged;
mod live;
mod notation;
mod output;
mod replay;
mod rules;
mod run;
mod schema;

pub use args::command;
pub use exit::main;
