//! `mobsync.toml`, the settings of a project, and `mobsync config`, which shows them.

mod apply;
mod file;
mod show;

pub(super) use file::{Config, NAME, Settings};
pub(super) use show::show;
