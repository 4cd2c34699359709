//! Scripted handlers: a JSON file says what a handler is and does, also wrongly.

mod condition;
mod file;
mod handler;
mod load;
mod place;
mod run;
mod sense;
mod step;
mod told;
mod wording;

pub use condition::Condition;
pub use file::{Answer, Behaviour, Behaviours, Fault, Id, Methods, Script, ScriptItem, ScriptKind};
pub use handler::ScriptFactory;
pub use load::{ScriptError, load, parse, schema};
pub(crate) use load::{check_version, from_json, nonsense, read};
pub(crate) use place::{Path as JsonPath, places_in_list};
pub use step::{
    CompleteAs, LogStep, ProgressStep, RawCallback, Repeat, Start, Step, Steps, WaitFor, When, WorkStep, Yes,
};
