//! The command line. `main.rs` only calls [`main`].

mod args;
mod baseline;
mod break_on;
mod check;
mod completions;
mod config;
mod conform;
mod debug;
mod diff;
mod ended;
mod explore;
mod failing;
mod init;
mod input;
mod interrupt;
mod judging;
mod live;
mod log;
mod main;
mod notation;
mod output;
mod prefs;
mod registered;
mod replay;
mod report;
mod reproduce;
mod rules;
mod run;
mod schema;
mod sessions;
mod sync;
mod timeline;
mod update;
mod watch;

pub use args::command;
pub use main::main;
