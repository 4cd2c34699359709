//! Native handlers: COM classes in shared libraries (`.so`, `.dylib`, `.dll`).
//!
//! The only `unsafe` code of the crate is here, where a handler's memory and functions are used. What a handler gives is
//! copied at once, and no more of it than the contract (`mobsync.h`) allows.

mod abi;
mod callback;
#[cfg(unix)]
mod dll_main;
mod enumerator;
mod handler;
mod library;
mod memory;
mod probe;
mod references;
mod shared_memory;
#[cfg(unix)]
mod signals;

pub use handler::ComFactory;
pub(crate) use shared_memory::SharedMemory;
#[cfg(unix)]
pub use signals::survive_size_limits;
#[cfg(unix)]
pub(crate) use signals::{
    AskableThread, CRASH_ROOM, MAPS_AT as CRASH_MAPS, crash, is_forked_copy, leave_process, notice_forks,
    use_another_stack, write_crashes_to,
};
