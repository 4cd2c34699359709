//! Scripted handlers: a JSON file says what a handler is and does, also wrongly.

mod condition;
mod file;
mod handler;
mod load;
mod notified;
mod run;
mod step;
mod validate;

pub use condition::Condition;
pub use file::{Answer, Behaviour, Behaviours, Fault, Methods, Script, ScriptItem, ScriptKind};
pub use handler::ScriptFactory;
pub use load::{load, parse, schema};
pub use step::{
    AddStep, CompleteAs, LogStep, ProgressStep, RawCallback, Repeat, ScriptStep, Start, Steps, WaitFor, When, WorkStep,
    WriteStep, Yes,
};
