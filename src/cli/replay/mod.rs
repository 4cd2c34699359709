//! `mobsync replay`.

mod blessed;
mod command;
mod files;
mod one;
mod show;

pub(super) use command::replay;
