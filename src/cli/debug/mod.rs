//! `mobsync debug`: a session step by step.
//!
//! A [`plan::DebugPlan`] sees every event under the session's lock, on the thread that made it. To stop is to read
//! commands there: whoever else wants to call back waits for that lock, so the world stands still.

mod breakpoint;
mod command;
mod complete;
mod console;
mod debugger;
mod in_worker;
mod interrupted;
mod observer;
mod performed;
mod session;
mod show;
mod stacks;
mod wanted;

pub(super) use session::debug;
