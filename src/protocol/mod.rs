//! The protocol itself, pure: the vocabulary of `mobsync.h` as Rust types, the one event vocabulary, and [`Session`],
//! the one state machine. No I/O, no clock, no threads, no randomness.

mod call;
mod callback;
mod delay;
mod event;
mod filetime;
mod flags;
mod guid;
mod hresult;
mod item;
mod limits;
mod names;
mod plain;
mod progress;
mod registration;
mod scheduled_event;
mod session;
mod text;

pub use call::*;
pub use callback::*;
pub use delay::Delay;
pub use event::*;
pub use filetime::FileTime;
pub use flags::*;
pub use guid::*;
pub use hresult::HResult;
pub use item::{HandlerInfo, Item};
pub use limits::Limits;
pub use names::{UnknownName, nearest};
pub(crate) use plain::is_escaped;
pub use plain::{column_width, cut_off, padded, plain, plain_lines, plain_path};
pub use progress::{LogErrorInfo, ProgressItem};
pub use registration::*;
pub use scheduled_event::ScheduledEvent;
pub use session::*;
pub use text::Text;
