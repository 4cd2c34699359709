//! `mobsync diff`: two traces are compared by what they mean.

#[path = "../common/erratic.rs"]
mod erratic;

mod base;
mod cli;
mod document;
mod interleavings;
mod mutations;
mod properties;
