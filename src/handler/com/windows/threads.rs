//! The threads of this process, and of those that it starts.

use std::collections::BTreeSet;

use windows_sys::Win32::Foundation::{FILETIME, HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcessId, GetCurrentThreadId, GetThreadTimes, OpenThread, THREAD_QUERY_LIMITED_INFORMATION,
};

use super::stack::close;

/// The number of the current thread.
pub(crate) fn current() -> u32 {
    // SAFETY: it takes nothing.
    unsafe { GetCurrentThreadId() }
}

/// The numbers of all threads.
pub(crate) fn threads() -> Option<BTreeSet<u32>> {
    // SAFETY: it takes nothing.
    threads_of(unsafe { GetCurrentProcessId() })
}

/// The numbers of all threads of a process.
pub(super) fn threads_of(process: u32) -> Option<BTreeSet<u32>> {
    // SAFETY: it takes numbers.
    let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) };
    if snapshot == INVALID_HANDLE_VALUE {
        return None;
    }
    let mut entry = THREADENTRY32 { dwSize: size_of::<THREADENTRY32>() as u32, ..THREADENTRY32::default() };
    let mut found = BTreeSet::new();
    // SAFETY: the handle is a snapshot's, and the structure says its size.
    let mut more = unsafe { Thread32First(snapshot, &mut entry) };
    while more != 0 {
        if entry.th32OwnerProcessID == process {
            found.insert(entry.th32ThreadID);
        }
        // SAFETY: as above.
        more = unsafe { Thread32Next(snapshot, &mut entry) };
    }
    close(snapshot);
    Some(found)
}

/// How long a thread has run, in units of 100 ns; nothing where it is gone.
pub(crate) fn ran(thread: u32) -> Option<u64> {
    // SAFETY: it takes numbers.
    let handle = unsafe { OpenThread(THREAD_QUERY_LIMITED_INFORMATION, 0, thread) };
    if handle.is_null() {
        return None;
    }
    let time = time_of(handle);
    close(handle);
    time
}

/// As [`ran`], of a thread that is open.
pub(super) fn time_of(thread: HANDLE) -> Option<u64> {
    let mut times = [FILETIME::default(); 4];
    let [created, ended, kernel, user] = &mut times;
    // SAFETY: the handle is a thread's, and there are places for four times.
    let known = unsafe { GetThreadTimes(thread, created, ended, kernel, user) } != 0;
    let time = |time: FILETIME| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    known.then(|| time(times[2]).wrapping_add(time(times[3])))
}
