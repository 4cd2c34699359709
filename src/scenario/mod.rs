//! Scenarios: files that say what the manager and the user do in a session, and what must come of it.

mod bless;
mod event_pattern;
mod expect;
mod expectation;
mod file;
mod hold;
mod load;
mod make;
mod pattern;
mod plan;
mod record;
mod rewrite;
mod schema;
mod step;
mod survey;
mod write;

pub(crate) use bless::blessed_counted;
pub use bless::{blessed, observed};
pub use event_pattern::EventPattern;
pub(crate) use expect::{Counts, check_counted, may_look_at};
pub use expect::{ExpectationResult, Observed, check, check_members};
pub use expectation::{Expect, ExpectFindings, MemberExpect};
pub use file::{Another, Apartment, Choose, EventName, FORMAT, Member, Scenario, VERSION};
pub(crate) use hold::Counter;
pub use hold::{Hold, Until};
pub use load::{ScenarioError, load, parse};
pub use pattern::{CallbackPattern, ItemRef};
pub use plan::{ScenarioPlan, StepCame, StepOutcomes};
pub use record::{Recorder, Recording};
pub use rewrite::{RewriteError, rewrite};
pub use schema::schema;
pub use step::{Action, ErrorRef, Reply, Step, StepExpect, Trigger};
pub use survey::Survey;
pub(crate) use write::member;
pub use write::to_text;
