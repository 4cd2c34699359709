//! Sessions as jobs: which handler, and what the manager and the user do. A job can be written down, and be run by another
//! process of this program just as by this one.

mod apartment;
mod assemble;
mod call_sites;
#[cfg(any(unix, windows))]
mod channel;
mod command;
#[cfg(any(unix, windows))]
mod company;
mod error;
mod file;
mod find;
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "a process is forked, and descriptors are passed to it, here and nowhere else")]
mod fork_server;
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "a process is forked and waited for, here and nowhere else")]
mod guardian;
#[cfg(any(unix, windows))]
mod isolated;
#[cfg(any(unix, windows))]
mod late;
mod logging;
#[cfg(any(unix, windows))]
mod mark;
#[cfg(any(unix, windows))]
mod member;
mod name;
mod native;
#[cfg(any(unix, windows))]
mod output;
mod pdb;
#[cfg(any(unix, windows))]
#[cfg_attr(windows, path = "process_windows.rs")]
#[cfg_attr(not(windows), allow(unsafe_code, reason = "a process that was forked is waited for, here and nowhere else"))]
mod process;
#[cfg(any(unix, windows))]
mod received;
mod registered;
#[cfg(unix)]
mod ring_image;
mod run;
mod spec;
mod stack;
#[cfg(any(unix, windows))]
mod steer;
mod terms;
mod violations;
#[cfg(unix)]
mod wine;
#[cfg(unix)]
mod wine_prefix;
#[cfg(unix)]
mod wine_worker;
#[cfg(any(unix, windows))]
mod worker;

pub use apartment::{Apartment, apartment_used, use_apartment};
pub use command::{command_of, quoted};
#[cfg(any(unix, windows))]
pub use company::in_workers;
pub use error::HandlerError;
#[cfg(target_os = "linux")]
pub use fork_server::{FORK_SERVER, end_fork_server, fork_every_worker, fork_server, fork_workers};
#[cfg(target_os = "linux")]
pub use guardian::guard_program;
#[cfg(any(unix, windows))]
pub use isolated::{Workers, isolated};
pub use logging::{LOG, LOG_FORMAT, log_in_workers};
pub use name::HandlerName;
pub use registered::{made_clsid, registered};
#[cfg(unix)]
pub use ring_image::RingImage;
pub(crate) use run::in_order_of;
pub use run::{Additions, JobEnd, MakeObservers, in_process, in_process_with};
pub use spec::{Handler, HandlerSpec, Opened};
#[cfg(any(unix, windows))]
pub use steer::{BY_HAND, Steer, SteeredWorker, Wanted, closing, held_by_hand};
pub use terms::{Conduct, Opening, Standard, Terms};
#[cfg(unix)]
pub use wine::{EXE, Missing, WINE, WineOptions, use_wine, wine_used};
#[cfg(unix)]
pub use wine_prefix::leave_wine;
#[cfg(any(unix, windows))]
pub use worker::worker;
