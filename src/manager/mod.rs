//! The manager around single sessions: it runs the sessions of registered handlers, by the user's preferences, and keeps what came
//! of them in the [store](crate::store).

mod session;

pub use session::{Request, SessionError, Synchronized, synchronize};
