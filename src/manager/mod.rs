//! The manager around single sessions: it runs the sessions of registered handlers, by the user's preferences, and keeps what came
//! of them in the [store](crate::store).

mod agenda;
mod asked;
mod choice;
mod daemon;
mod event;
mod invoke;
mod library;
mod play;
mod register;
mod schedule;
mod session;
mod world;

pub use agenda::{Agenda, Due, Told};
pub use asked::{AskedError, Wanted};
pub use choice::{Choice, Choices, Shown, choices, show_properties};
pub use daemon::{DaemonError, DaemonState, Doing, DueEvent, STATE_FILE, daemon, daemon_schema, daemon_state};
pub use event::{EventEnd, MOST_WANTED, is_for, numbered};
pub use invoke::{LOG_FILE, UpdateAllError, invoked, update_all};
pub use library::{ServerCalled, call_server};
pub use play::{Play, PlayError, play};
pub use register::{register, unregister};
pub use schedule::{Missed, Schedule, Scheduled, Zone, schedule_schema};
pub use session::{Chosen, Request, SessionError, Synchronized, sessions, synchronize, synchronize_together};
pub use world::{WorldError, play_world_of, replay};
