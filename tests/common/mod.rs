//! What several tests share.
#![allow(dead_code, reason = "each test binary compiles this file and uses a part of it")]

pub mod strategies;
