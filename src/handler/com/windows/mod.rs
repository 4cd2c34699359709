//! What is different for native handlers on Windows, and under Wine, which is Windows to this program.

mod apartment;
mod crash;
mod job_object;
mod library;
mod manager;
mod modules;
mod stack;
mod threads;

pub(crate) use apartment::{Door, Doorbell, sleep_in_apartment, use_apartment};
pub(super) use apartment::{enter_apartment, marshaler, pump_for};
pub(crate) use crash::{
    exception_name, expect_the_end, is_forked_copy, leave_process, notice_forks, use_another_stack, write_crashes_to,
};
pub(crate) use job_object::JobObject;
pub(super) use library::open;
use manager::register_class;
pub(super) use manager::{class_registered, give_marshaler};
pub(super) use modules::is_code;
pub(crate) use modules::mapped_files;
pub(crate) use stack::{AskableThread, Standing};
pub(crate) use threads::{current as current_thread, ran, threads};

/// The current thread enters its apartment, in which the manager's class is registered.
pub(crate) fn prepare_apartment() {
    enter_apartment();
    register_class();
}

/// A text for Windows, with its end.
fn wide(text: &std::ffi::OsStr) -> Vec<u16> {
    use std::os::windows::ffi::OsStrExt;
    text.encode_wide().chain([0]).collect()
}

/// A breakpoint in the calling thread: a debugger stops there, and without one the process ends.
pub(crate) fn debug_break() {
    // SAFETY: it only raises the exception of a breakpoint.
    unsafe { windows_sys::Win32::System::Diagnostics::Debug::DebugBreak() }
}
