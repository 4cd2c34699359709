//! `mobsync` (draft)
#![forbid(unsafe_code)]
pub mod handler;
pub mod protocol;
