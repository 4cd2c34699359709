//! Native handlers: COM classes in shared libraries (`.so`, `.dylib`, `.dll`).
//!
//! The only `unsafe` code of the crate is here, where a handler's memory and functions are used. What a handler gives is
//! copied at once, and no more of it than the contract (`mobsync.h`) allows.

mod abi;
mod callback;
mod crash;
#[cfg(unix)]
mod dll_main;
mod enumerator;
#[cfg(unix)]
mod file;
mod guarded;
mod handler;
mod library;
mod manager;
mod memory;
mod probe;
mod references;
#[cfg(target_os = "linux")]
mod sanitizer;
mod shared_memory;
#[cfg(unix)]
mod signals;
#[cfg(windows)]
mod windows;

pub(crate) use crash::CRASH_ROOM;
#[cfg(unix)]
pub(crate) use crash::MAPS_AT as CRASH_MAPS;
#[cfg(any(unix, windows))]
pub(crate) use crash::{Crash, crash};
pub use handler::ComFactory;
pub(crate) use library::{all_can_unload_now, end_process, loaded_files};
#[cfg(target_os = "linux")]
pub(crate) use sanitizer::{Sanitizer, is_any_runtime, summary as sanitizer_summary};
pub(crate) use shared_memory::SharedMemory;
#[cfg(target_os = "linux")]
pub(crate) use signals::get_ready_for_crashes;
#[cfg(unix)]
pub use signals::survive_size_limits;
#[cfg(unix)]
pub(crate) use signals::{
    AskableThread, is_forked_copy, leave_process, notice_forks, use_another_stack, write_crashes_to,
};
#[cfg(windows)]
pub(crate) use windows::{
    AskableThread, Door, Doorbell, JobObject, Standing, current_thread, debug_break, exception_name, is_forked_copy,
    leave_process, mapped_files, notice_forks, prepare_apartment, ran, sleep_in_apartment, threads, use_another_stack,
    use_apartment, write_crashes_to,
};

/// The files that are mapped into this process, in the form in which Linux lists them; nothing where the system does not say it.
#[cfg(unix)]
pub(crate) fn mapped_files() -> Option<String> {
    crate::handler::proc::read("/proc/self/maps").ok()
}
