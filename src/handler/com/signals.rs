//! What a thread was doing: when a signal ends the process, and when it does not come back from a call.
//!
//! Runs in workers only: there the process is the handler's, and is thrown away afterwards.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Once, OnceLock};
use std::time::{Duration, Instant};

use nix::sys::pthread::{Pthread, pthread_kill, pthread_self};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::Pid;

use super::crash::{CrashSite, MOST_FRAMES, MOST_MAPS};
use super::shared_memory::SharedMemory;
use crate::protocol::Thread;

/// The signals that mean a fault of the program.
const FAULTS: [Signal; 6] =
    [Signal::SIGSEGV, Signal::SIGBUS, Signal::SIGILL, Signal::SIGFPE, Signal::SIGABRT, Signal::SIGSYS];

/// Asks a thread what it is doing. The system ignores it unless somebody wants it, and a handler hardly does.
const ASK: Signal = Signal::SIGURG;

static PLACE: OnceLock<CrashSite> = OnceLock::new();
/// The process that owns the place: a child that the handler forked has it too, and its faults are not the worker's.
static OWNER: AtomicI32 = AtomicI32::new(0);
/// The thread that records a fault: the first one, which is the one that is reported.
static WRITER: AtomicUsize = AtomicUsize::new(0);

/// How long a thread that faults waits while another one's fault is written down and ends the process.
const MOST_WAIT: Duration = Duration::from_secs(5);

/// From now on a fault is written down at that place before it ends the process. `thread` says what the current thread is
/// called in traces, without waiting for anything.
pub(crate) fn write_crashes_to(memory: &'static SharedMemory, at: usize, thread: fn() -> Option<Thread>) {
    if PLACE.set(CrashSite { memory, at, thread }).is_err() {
        return;
    }
    OWNER.store(Pid::this().as_raw(), Ordering::SeqCst);
    get_ready_for_crashes();
    use_another_stack();
    let action = SigAction::new(
        SigHandler::SigAction(on_fault),
        // Not SA_RESETHAND: a second thread's fault would end the process while the first one's is written down.
        SaFlags::SA_ONSTACK | SaFlags::SA_NODEFER,
        SigSet::empty(),
    );
    for signal in FAULTS {
        // SAFETY: the action only reads the stack, copies into memory that stays mapped, and raises the signal again.
        let _ = unsafe { sigaction(signal, &action) };
    }
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    super::guarded::recovers_with(on_fault as *const () as usize);
}

/// Looks at a stack once, so that nothing is loaded any more when it matters. A copy that this process forks is ready, too.
pub(crate) fn get_ready_for_crashes() {
    static READY: Once = Once::new();
    READY.call_once(|| {
        let _ = frames();
    });
}

/// Lets the current thread handle a fault of its own stack.
pub(crate) fn use_another_stack() {
    const SIZE: usize = 128 << 10;
    // Not touched before it is needed: each page would have to be found.
    let room = Box::leak(Box::<[u8]>::new_uninit_slice(SIZE));
    let stack = libc::stack_t { ss_sp: room.as_mut_ptr().cast(), ss_flags: 0, ss_size: SIZE };
    // SAFETY: the room is never freed.
    unsafe { libc::sigaltstack(&stack, std::ptr::null_mut()) };
}

extern "C" fn on_fault(signal: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    if super::guarded::recover(context) {
        return;
    }
    #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
    let _ = context;
    if Pid::this().as_raw() == OWNER.load(Ordering::SeqCst)
        && let Some(place) = PLACE.get()
    {
        // SAFETY: it only tells the thread's name for itself.
        let me = unsafe { libc::pthread_self() } as usize;
        match WRITER.compare_exchange(0, me, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => write_down(place),
            // Writing a fault down has faulted itself: what is there must do.
            Err(writer) if writer == me => {}
            Err(_) => {
                let nap = libc::timespec { tv_sec: MOST_WAIT.as_secs() as libc::time_t, tv_nsec: 0 };
                // SAFETY: the time to sleep is there, and what is left of it is not asked for.
                unsafe { libc::nanosleep(&nap, std::ptr::null_mut()) };
            }
        }
    }
    // SAFETY: the signal's own action ends the process, and the signal is sent to the process itself.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

fn write_down(place: &CrashSite) {
    let (frames, many) = frames();
    place.write_frames(&frames[..many]);
    write_maps(place);
    // Last, for it may fault.
    place.write_thread((place.thread)());
}

/// Copies the list of mapped files, with calls that may be made in a signal's action.
fn write_maps(place: &CrashSite) {
    let mut buffer = [0_u8; 4096];
    let mut length = 0;
    // SAFETY: the path is terminated, and the buffer as large as is said.
    unsafe {
        let file = libc::open(c"/proc/self/maps".as_ptr(), libc::O_RDONLY);
        while file >= 0 && length + buffer.len() <= MOST_MAPS {
            let read = libc::read(file, buffer.as_mut_ptr().cast(), buffer.len());
            let Ok(read) = usize::try_from(read) else { break };
            if read == 0 {
                break;
            }
            place.write_maps_at(length, &buffer[..read]);
            length += read;
        }
    }
    place.end_maps(length);
}

/// The addresses of the current thread's functions, the innermost first.
fn frames() -> ([usize; MOST_FRAMES], usize) {
    let mut frames = [0; MOST_FRAMES];
    let mut many = 0;
    // SAFETY: nothing else of this library runs in this thread at the same time; a worker is thrown away if it does.
    unsafe {
        backtrace::trace_unsynchronized(|frame| {
            frames[many] = frame.ip().addr();
            many += 1;
            many < MOST_FRAMES
        });
    }
    (frames, many)
}

static ASKED: [AtomicUsize; MOST_FRAMES] = [const { AtomicUsize::new(0) }; MOST_FRAMES];
static ANSWERED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn on_asked(_: c_int) {
    let (frames, many) = frames();
    for (place, frame) in ASKED.iter().zip(frames) {
        place.store(frame, Ordering::Relaxed);
    }
    ANSWERED.store(many, Ordering::Release);
}

/// A thread that can be asked what it is doing.
#[derive(Clone, Copy)]
pub(crate) struct AskableThread(Address);

/// To whom a thread's signal is sent.
#[derive(Clone, Copy)]
enum Address {
    Own(Pthread),
    /// By the number that the system gives it. Nothing happens when it has ended.
    #[cfg(target_os = "linux")]
    Numbered(i32),
}

impl AskableThread {
    /// The current thread.
    pub(crate) fn current() -> Self {
        let action =
            SigAction::new(SigHandler::Handler(on_asked), SaFlags::SA_RESTART | SaFlags::SA_ONSTACK, SigSet::empty());
        // SAFETY: the action only reads the stack and writes to atomic numbers.
        let _ = unsafe { sigaction(ASK, &action) };
        Self(Address::Own(pthread_self()))
    }

    /// Another thread of this process. Somebody must have asked for [`AskableThread::current`] before.
    #[cfg(target_os = "linux")]
    pub(crate) fn numbered(thread: i32) -> Self {
        Self(Address::Numbered(thread))
    }

    /// The bit of the signal by which a thread is asked, in a mask: whoever blocks it does not answer.
    #[cfg(target_os = "linux")]
    pub(crate) const MASK: u64 = 1 << (ASK as u64 - 1);

    fn ask(self) -> bool {
        match self.0 {
            Address::Own(thread) => pthread_kill(thread, ASK).is_ok(),
            #[cfg(target_os = "linux")]
            Address::Numbered(thread) => {
                // SAFETY: it sends a signal, for which a function is called, to a thread of this process.
                unsafe { libc::syscall(libc::SYS_tgkill, Pid::this().as_raw(), thread, ASK as c_int) == 0 }
            }
        }
    }

    /// The addresses of the functions in which it is, the innermost first; none if it does not answer in time.
    pub(crate) fn frames(self, within: Duration) -> Vec<usize> {
        ANSWERED.store(0, Ordering::SeqCst);
        if !self.ask() {
            return Vec::new();
        }
        let asked = Instant::now();
        while asked.elapsed() < within {
            let many = ANSWERED.load(Ordering::Acquire);
            if many > 0 {
                return ASKED.iter().take(many).map(|frame| frame.load(Ordering::Relaxed)).collect();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Vec::new()
    }
}

/// Ends the process at once: nothing that a library registered for the end is run.
pub(crate) fn leave_process(code: c_int) -> ! {
    // SAFETY: it ends the process.
    unsafe { libc::_exit(code) }
}

/// This process is a copy that the handler forked.
static FORKED: AtomicBool = AtomicBool::new(false);

extern "C" fn in_forked_child() {
    FORKED.store(true, Ordering::SeqCst);
}

/// From now on [`is_forked_copy`] is true in the processes that this one forks.
pub(crate) fn notice_forks() {
    // SAFETY: the function only sets a flag.
    unsafe { libc::pthread_atfork(None, None, Some(in_forked_child)) };
}

/// Whether this process is a copy that the handler forked: it runs the same code, and is not the worker.
pub(crate) fn is_forked_copy() -> bool {
    FORKED.load(Ordering::Relaxed)
}

/// A file that grows beyond the limit of its size is an error for whoever writes it, and does not end the process.
pub fn survive_size_limits() {
    // SAFETY: no function is called for the signal.
    let _ = unsafe { nix::sys::signal::signal(Signal::SIGXFSZ, SigHandler::SigIgn) };
}
