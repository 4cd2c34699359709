//! `mobsync` (draft)
#![forbid(unsafe_code)]
pub mod cli;
pub mod handler;
pub mod host;
pub mod protocol;
pub mod report;
pub mod rules;
pub mod scenario;
pub mod trace;
