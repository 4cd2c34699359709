//! Scenarios: files that say what the manager and the user do in a session, and what must come of it.

mod bless;
mod event_pattern;
mod expect;
mod file;
mod load;
mod look;
mod make;
mod pattern;
mod plan;
mod record;
mod schema;
mod write;

pub use bless::{blessed, observed};
pub use event_pattern::EventPattern;
pub use expect::{ExpectationResult, Observed, check};
pub use file::{
    Action, Another, Choose, ErrorRef, EventName, Expect, ExpectFindings, FORMAT, Reply, Scenario, Step, StepExpect,
    Trigger, VERSION,
};
pub use load::{ScenarioError, load, parse};
pub use look::Look;
pub use pattern::{CallbackPattern, ItemRef};
pub use plan::{ScenarioPlan, StepCame, Steps};
pub use record::{Recorder, Recording};
pub use schema::schema;
pub(crate) use write::member;
pub use write::to_text;
