//! The manager around single sessions: it runs the sessions of registered handlers, by the user's preferences, and keeps what came
//! of them in the [store](crate::store).

mod asked;
mod choice;
mod invoke;
mod library;
mod register;
mod session;

pub use asked::{AskedError, Wanted};
pub use choice::{Choice, choices};
pub use invoke::{LOG_FILE, UpdateAllError, invoked, update_all};
pub use library::{ServerCalled, call_server};
pub use register::{register, unregister};
pub use session::{Chosen, Request, SessionError, Synchronized, sessions, synchronize, synchronize_together};
