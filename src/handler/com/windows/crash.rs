//! What is written down of a crash: the exception, and the stack of its thread.
//!
//! Runs in workers only: there the process is the handler's, and is thrown away afterwards.

use std::ffi::c_int;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

use windows_sys::Win32::Foundation::{
    EXCEPTION_ACCESS_VIOLATION, EXCEPTION_BREAKPOINT, EXCEPTION_FLT_DIVIDE_BY_ZERO, EXCEPTION_ILLEGAL_INSTRUCTION,
    EXCEPTION_IN_PAGE_ERROR, EXCEPTION_INT_DIVIDE_BY_ZERO, EXCEPTION_PRIV_INSTRUCTION, EXCEPTION_STACK_OVERFLOW,
    HANDLE, NTSTATUS, STATUS_HEAP_CORRUPTION, STATUS_STACK_BUFFER_OVERRUN,
};
use windows_sys::Win32::System::Diagnostics::Debug::{
    AddVectoredExceptionHandler, CONTEXT, EXCEPTION_CONTINUE_SEARCH, EXCEPTION_POINTERS, EXCEPTION_RECORD,
    RtlCaptureContext, SetUnhandledExceptionFilter,
};
use windows_sys::Win32::System::Threading::{
    CreateEventW, GetCurrentProcess, GetCurrentThreadId, SetEvent, SetThreadStackGuarantee, TerminateProcess,
    WaitForSingleObject,
};

use super::modules::mapped_files;
use super::stack::walk;
use crate::handler::com::crash::CrashSite;
use crate::handler::com::shared_memory::SharedMemory;
use crate::protocol::Thread;

/// A function that Wine lacks was called; the exception names it.
const EXCEPTION_WINE_STUB: i32 = 0x8000_0100_u32.cast_signed();
/// An exception of C++ that nobody catches: of Visual C++, and of GCC.
const EXCEPTION_MSVC: i32 = 0xE06D_7363_u32.cast_signed();
const EXCEPTION_GCC: i32 = 0x2047_4343;
/// No exception: the process ends itself.
const ABORTED: i32 = 0;

const SIGABRT: c_int = 22;

/// How long a thread that has crashed waits until that is written down, in milliseconds.
const MOST_WAIT_MS: u32 = 5000;

/// How much of a stack is kept for what must be done when it is used up.
const LAST_STACK: u32 = 64 << 10;

/// A thread of the worker's own writes crashes down: the stack of the one that crashed may be used up.
struct Scribe {
    place: CrashSite,
    crashed: HANDLE,
    written: HANDLE,
}

// SAFETY: handles of events may be used by every thread, and the place is written by one.
unsafe impl Send for Scribe {}
// SAFETY: as above.
unsafe impl Sync for Scribe {}

static SCRIBE: OnceLock<Scribe> = OnceLock::new();
/// The thread that crashed first, which is the one that is reported.
static CRASHED: AtomicU32 = AtomicU32::new(0);
/// Its exception, while it waits.
static EXCEPTION: AtomicPtr<EXCEPTION_RECORD> = AtomicPtr::new(std::ptr::null_mut());
/// The process has come to its end: only the thread that ends it runs, and with it the destructors of libraries.
static ENDING: AtomicBool = AtomicBool::new(false);
/// The list of mapped files was written down with an exception of C++.
static MAPPED: AtomicBool = AtomicBool::new(false);
static CONTEXT_OF_IT: AtomicPtr<CONTEXT> = AtomicPtr::new(std::ptr::null_mut());

unsafe extern "C" {
    /// The C library's.
    fn signal(number: c_int, action: extern "C" fn(c_int)) -> usize;
}

/// From now on a crash is written down at that place before it ends the process. `thread` says what the current thread is
/// called in traces, without waiting for anything.
pub(crate) fn write_crashes_to(memory: &'static SharedMemory, at: usize, thread: fn() -> Option<Thread>) {
    // SAFETY: events without a name, set by hand.
    let event = || unsafe { CreateEventW(std::ptr::null(), 0, 0, std::ptr::null()) };
    let scribe = Scribe { place: CrashSite { memory, at, thread }, crashed: event(), written: event() };
    if SCRIBE.set(scribe).is_err() {
        return;
    }
    if std::thread::Builder::new().name("crashes".to_owned()).spawn(write_down).is_err() {
        return;
    }
    use_another_stack();
    // SAFETY: the functions have the types that are asked for, and are there as long as the process.
    unsafe {
        AddVectoredExceptionHandler(1, Some(on_throw));
        SetUnhandledExceptionFilter(Some(on_exception));
        signal(SIGABRT, on_abort);
    }
}

/// Keeps some of the current thread's stack for when it is used up.
pub(crate) fn use_another_stack() {
    let mut size = LAST_STACK;
    // SAFETY: it is given a place for a number.
    unsafe { SetThreadStackGuarantee(&mut size) };
}

/// From now on libraries run their destructors. Windows passes over an exception in one, and nothing of it would be known.
pub(crate) fn expect_the_end() {
    // What was thrown in the session and caught is no crash of the end.
    if let Some(scribe) = SCRIBE.get() {
        scribe.place.write_frames(&[]);
    }
    ENDING.store(true, Ordering::SeqCst);
}

/// Whether an exception is a fault, which no destructor has by intention.
fn is_fault(code: i32) -> bool {
    matches!(
        code,
        EXCEPTION_ACCESS_VIOLATION
            | EXCEPTION_IN_PAGE_ERROR
            | EXCEPTION_STACK_OVERFLOW
            | EXCEPTION_ILLEGAL_INSTRUCTION
            | EXCEPTION_PRIV_INSTRUCTION
            | EXCEPTION_INT_DIVIDE_BY_ZERO
            | STATUS_HEAP_CORRUPTION
            | STATUS_STACK_BUFFER_OVERRUN
    )
}

/// Notes where an exception of C++ was thrown last. One that leaves a method ends the process in a way that no filter sees, and
/// then its stack is gone.
unsafe extern "system" fn on_throw(exception: *mut EXCEPTION_POINTERS) -> i32 {
    // SAFETY: the system passes the exception, which is there until this returns.
    let (record, context) = unsafe { (&*(*exception).ExceptionRecord, &*(*exception).ContextRecord) };
    if ENDING.load(Ordering::SeqCst) && is_fault(record.ExceptionCode) {
        // SAFETY: as above.
        let (record, context) = unsafe { ((*exception).ExceptionRecord, (*exception).ContextRecord) };
        report(record, context);
        // SAFETY: as above.
        leave_process(unsafe { (*record).ExceptionCode })
    }
    if matches!(record.ExceptionCode, EXCEPTION_GCC | EXCEPTION_MSVC)
        && CRASHED.load(Ordering::SeqCst) == 0
        && let Some(scribe) = SCRIBE.get()
    {
        scribe.place.write_frames(&walk(context));
        scribe.place.write_thread((scribe.place.thread)());
        // Once: whoever throws often is not to pay for it each time.
        if !MAPPED.swap(true, Ordering::SeqCst) {
            write_maps(&scribe.place);
        }
    }
    EXCEPTION_CONTINUE_SEARCH
}

/// Nothing that runs after a fault uses more than a little of the stack.
unsafe extern "system" fn on_exception(exception: *const EXCEPTION_POINTERS) -> i32 {
    // SAFETY: the system passes the exception, which is there until this returns.
    let (record, context) = unsafe { ((*exception).ExceptionRecord, (*exception).ContextRecord) };
    report(record, context);
    // SAFETY: the record is there, as above.
    leave_process(unsafe { (*record).ExceptionCode })
}

extern "C" fn on_abort(_: c_int) {
    // The C library forgets it with the first call: a second thread's would end the process while the first one's is written down.
    // SAFETY: as in `write_crashes_to`.
    unsafe { signal(SIGABRT, on_abort) };
    let mut record = EXCEPTION_RECORD { ExceptionCode: ABORTED, ..EXCEPTION_RECORD::default() };
    #[repr(C, align(16))]
    struct Registers(CONTEXT);
    // SAFETY: all bytes of the structure may be zero, and it is filled from this thread's registers.
    let mut registers: Registers = unsafe { std::mem::zeroed() };
    // SAFETY: there is room for the registers.
    unsafe { RtlCaptureContext(&mut registers.0) };
    report(&mut record, &mut registers.0);
    leave_process(3)
}

/// Has the scribe write this thread's crash down, and waits for it. That of another thread that comes later is not written.
fn report(record: *mut EXCEPTION_RECORD, context: *mut CONTEXT) {
    let Some(scribe) = SCRIBE.get() else { return };
    // SAFETY: it takes nothing.
    let me = unsafe { GetCurrentThreadId() };
    if CRASHED.compare_exchange(0, me, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
        EXCEPTION.store(record, Ordering::SeqCst);
        CONTEXT_OF_IT.store(context, Ordering::SeqCst);
        scribe.place.write_thread((scribe.place.thread)());
        if ENDING.load(Ordering::SeqCst) {
            // The thread that would do it is gone.
            return scribe.write_down();
        }
        // SAFETY: the events are there as long as the process.
        unsafe { SetEvent(scribe.crashed) };
    }
    // SAFETY: as above. Whoever comes later waits for the end of the process.
    unsafe { WaitForSingleObject(scribe.written, MOST_WAIT_MS) };
}

/// Waits for a crash, and writes it down.
fn write_down() {
    let Some(scribe) = SCRIBE.get() else { return };
    // SAFETY: the event is there as long as the process.
    unsafe { WaitForSingleObject(scribe.crashed, u32::MAX) };
    scribe.write_down();
    // SAFETY: as above.
    unsafe { SetEvent(scribe.written) };
}

impl Scribe {
    /// Writes the crash down.
    fn write_down(&self) {
        let (record, context) = (EXCEPTION.load(Ordering::SeqCst), CONTEXT_OF_IT.load(Ordering::SeqCst));
        // SAFETY: the thread that crashed waits, and with it both stay where they are.
        unsafe {
            self.place.write_words(&words(&*record));
            self.place.write_frames(&walk(&*context));
        }
        // Last: whoever crashed may hold what the loader needs.
        write_maps(&self.place);
    }
}

fn write_maps(place: &CrashSite) {
    let maps = mapped_files().unwrap_or_default();
    place.write_maps_at(0, maps.as_bytes());
    place.end_maps(maps.len());
}

/// What a code of an exception means, which Windows makes of an error.
pub(crate) fn exception_name(code: NTSTATUS) -> Option<&'static str> {
    Some(match code {
        EXCEPTION_ACCESS_VIOLATION => "access violation",
        EXCEPTION_IN_PAGE_ERROR => "memory that could not be loaded",
        EXCEPTION_STACK_OVERFLOW => "stack overflow",
        EXCEPTION_ILLEGAL_INSTRUCTION => "illegal instruction",
        EXCEPTION_PRIV_INSTRUCTION => "privileged instruction",
        EXCEPTION_INT_DIVIDE_BY_ZERO | EXCEPTION_FLT_DIVIDE_BY_ZERO => "division by zero",
        EXCEPTION_BREAKPOINT => "breakpoint",
        STATUS_STACK_BUFFER_OVERRUN => "the process ended itself (fast fail)",
        STATUS_HEAP_CORRUPTION => "heap corruption",
        _ => return None,
    })
}

/// What happened.
fn words(record: &EXCEPTION_RECORD) -> String {
    let code = record.ExceptionCode;
    match code {
        ABORTED => return "the process called abort (SIGABRT)".to_owned(),
        EXCEPTION_WINE_STUB => return missing_function(record),
        EXCEPTION_MSVC | EXCEPTION_GCC => return "an exception of C++ that nobody caught".to_owned(),
        _ => {}
    }
    let name = exception_name(code).unwrap_or("exception");
    let mut text = format!("{name} ({:#010X})", code.cast_unsigned());
    if code == EXCEPTION_ACCESS_VIOLATION && record.NumberParameters >= 2 {
        let what = match record.ExceptionInformation[0] {
            0 => "reading",
            1 => "writing",
            _ => "running code at",
        };
        text += &format!(", {what} address {:#x}", record.ExceptionInformation[1]);
    }
    text
}

/// Wine passes the names of the library and of the function.
fn missing_function(record: &EXCEPTION_RECORD) -> String {
    let name = |nth: usize| {
        let text = std::ptr::with_exposed_provenance::<std::ffi::c_char>(record.ExceptionInformation[nth]);
        // A function without a name has a small number in its place.
        if text.addr() < 0x1_0000 {
            return format!("#{}", text.addr());
        }
        // SAFETY: Wine passes texts of its own, with their end.
        unsafe { std::ffi::CStr::from_ptr(text) }.to_string_lossy().into_owned()
    };
    if record.NumberParameters < 2 {
        return "a function that Wine does not have was called".to_owned();
    }
    format!("{}!{} was called, which Wine does not have", name(0), name(1))
}

/// Ends the process at once: nothing that a library registered for the end is run.
pub(crate) fn leave_process(code: c_int) -> ! {
    // SAFETY: it ends the process.
    unsafe { TerminateProcess(GetCurrentProcess(), code.cast_unsigned()) };
    std::process::abort()
}

/// No process of Windows is a copy of another.
pub(crate) fn notice_forks() {}

/// No process of Windows is a copy of another.
pub(crate) fn is_forked_copy() -> bool {
    false
}
