//! Scripted handlers: a JSON file says what a handler is and does, also wrongly.

mod file;
mod handler;
mod load;
mod run;
mod told;

pub use file::{
    Answer, Behaviour, Behaviours, CompleteAs, Fault, Id, LogStep, Methods, ProgressStep, RawCallback, Repeat, Script,
    ScriptItem, ScriptKind, Start, Step, WaitFor, WorkStep,
};
pub use handler::ScriptFactory;
pub(crate) use load::from_json;
pub use load::{ScriptError, load, parse, schema};
