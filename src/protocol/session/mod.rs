//! The one state machine. Events go in; it says where the session stands, which calls the manager may make now, and how
//! a callback is answered. Nobody else keeps a second copy of a transition.

mod errors;
mod instance;
mod items;
mod known;
mod legal;
mod machine;
mod pending;
mod reply;
mod reports;
mod side_by_side;
mod state;

pub use errors::LiveError;
pub use instance::{Instance, Interface};
pub use items::Items;
pub use known::KnownItem;
pub use legal::Refusal;
pub use machine::Session;
pub use pending::Pending;
pub use reply::{Standing, Wish};
pub use side_by_side::{Preparations, Preparing};
pub use state::{Outcome, Phase, State};
