//! The manager around single sessions: it runs the sessions of registered handlers, by the user's preferences, and keeps what came
//! of them in the [store](crate::store).

mod choice;
mod invoke;
mod register;
mod session;

pub use choice::{Choice, choices};
pub use invoke::{LOG_FILE, UpdateAllError, invoked, update_all};
pub use register::{register, unregister};
pub use session::{Chosen, Request, SessionError, Synchronized, sessions, synchronize, synchronize_together};
