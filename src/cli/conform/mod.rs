//! `mobsync conform`.

mod command;
mod list;
mod suite;

pub(super) use command::conform;
