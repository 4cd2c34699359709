//! Scripted handlers: a JSON file says what a handler is and does, also wrongly.

mod file;
mod handler;
mod load;
mod place;
mod run;
mod sense;
mod told;
mod wording;

pub use file::{
    Answer, Behaviour, Behaviours, CompleteAs, Fault, Id, LogStep, Methods, ProgressStep, RawCallback, Repeat, Script,
    ScriptItem, ScriptKind, Start, Step, Steps, WaitFor, WorkStep, Yes,
};
pub use handler::ScriptFactory;
pub use load::{ScriptError, load, parse, schema};
pub(crate) use load::{check_version, from_json, read};
