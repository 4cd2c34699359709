//! `mobsync replay`.

mod command;
mod show;

pub(super) use command::replay;
