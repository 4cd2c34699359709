//! The stack of a thread: of one that has crashed, and of one that does not come back from a call.

use std::time::Duration;

use windows_sys::Win32::Foundation::{CloseHandle, DUPLICATE_SAME_ACCESS, DuplicateHandle, HANDLE};
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, GetThreadContext, RtlCaptureContext};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, GetCurrentThread, GetCurrentThreadId, GetThreadId, OpenThread, ResumeThread, SuspendThread,
    THREAD_GET_CONTEXT, THREAD_QUERY_INFORMATION, THREAD_SUSPEND_RESUME,
};

use super::modules::{is_of_system, memory_at};
use super::threads::time_of;
use crate::handler::com::crash::MOST_FRAMES;

/// Room for what the processor has in its registers, aligned as the system wants it.
#[repr(C, align(16))]
struct Registers(CONTEXT);

/// A thread that can be asked what it is doing.
#[derive(Clone, Copy)]
pub(crate) struct AskableThread(HANDLE);

// SAFETY: the handle of a thread may be used by every thread; it stays open as long as the process runs.
unsafe impl Send for AskableThread {}

impl AskableThread {
    /// The current thread.
    pub(crate) fn current() -> Self {
        let mut handle = std::ptr::null_mut();
        // SAFETY: the current thread's own handle is copied into a place for one.
        unsafe {
            let process = GetCurrentProcess();
            DuplicateHandle(process, GetCurrentThread(), process, &mut handle, 0, 0, DUPLICATE_SAME_ACCESS);
        }
        Self(handle)
    }

    /// Another thread of this process; nothing where it is gone. Its handle stays open.
    pub(crate) fn numbered(thread: u32) -> Option<Self> {
        // SAFETY: it takes numbers.
        let handle =
            unsafe { OpenThread(THREAD_SUSPEND_RESUME | THREAD_GET_CONTEXT | THREAD_QUERY_INFORMATION, 0, thread) };
        (!handle.is_null()).then_some(Self(handle))
    }

    /// Lets go of it.
    pub(crate) fn close(self) {
        close(self.0);
    }

    /// The addresses of the functions in which it is, the innermost first; none where the system does not say it.
    pub(crate) fn frames(self, _: Duration) -> Vec<usize> {
        self.registers().map(|registers| walk(&registers.0)).unwrap_or_default()
    }

    fn is_current(self) -> bool {
        // SAFETY: the handle is a thread's, and the other function takes nothing.
        unsafe { GetThreadId(self.0) == GetCurrentThreadId() }
    }

    /// Where it stands now. Whoever is stopped has had the processor for that: one that was about to go on goes on before the next
    /// look, however busy the machine is.
    pub(crate) fn look(self) -> Option<Standing> {
        let registers = self.registers()?;
        let (at, stack) = place(&registers.0);
        Some(Standing { at, stack, ran: time_of(self.0)?, waits: is_of_system(at) })
    }

    /// The registers of the thread, which is stopped only while they are read: another one may wait for what it holds.
    fn registers(self) -> Option<Registers> {
        // SAFETY: all bytes of the structure may be zero.
        let mut registers: Registers = unsafe { std::mem::zeroed() };
        registers.0.ContextFlags = ALL_REGISTERS;
        if self.is_current() {
            // Whoever stops himself stands still for ever.
            // SAFETY: there is room for the registers.
            unsafe { RtlCaptureContext(&mut registers.0) };
            return Some(registers);
        }
        // SAFETY: the handle is one of a thread, and the thread goes on at once.
        let known = unsafe {
            if SuspendThread(self.0) == u32::MAX {
                return None;
            }
            let known = GetThreadContext(self.0, &mut registers.0) != 0;
            ResumeThread(self.0);
            known
        };
        known.then_some(registers)
    }
}

/// Where a thread stands. Of one that stands as before, and in a function of the system, nothing has happened since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The function.
    pub(crate) at: usize,
    /// The end of its stack.
    pub(crate) stack: usize,
    /// How long it has run, in units of 100 ns.
    pub(crate) ran: u64,
    /// It is in a function of the system's, as whoever waits is.
    pub(crate) waits: bool,
}

/// Lets go of a handle.
pub(super) fn close(handle: HANDLE) {
    // SAFETY: the handle is not used again.
    unsafe { CloseHandle(handle) };
}

/// The size of a word.
const WORD: usize = size_of::<usize>();

/// Reads a word of a stack.
#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
fn word_at(address: usize) -> Option<usize> {
    let info = memory_at(address)?;
    let is_whole = address.is_multiple_of(WORD) && address + WORD <= info.BaseAddress.addr() + info.RegionSize;
    let is_readable = info.Protect & 0xff > windows_sys::Win32::System::Memory::PAGE_NOACCESS
        && info.Protect & windows_sys::Win32::System::Memory::PAGE_GUARD == 0;
    // SAFETY: the system says that the memory is there and may be read.
    (is_whole && is_readable).then(|| unsafe { std::ptr::with_exposed_provenance::<usize>(address).read_volatile() })
}

#[cfg(target_arch = "x86_64")]
fn place(context: &CONTEXT) -> (usize, usize) {
    (context.Rip as usize, context.Rsp as usize)
}

#[cfg(target_arch = "x86")]
fn place(context: &CONTEXT) -> (usize, usize) {
    (context.Eip as usize, context.Esp as usize)
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
fn place(_: &CONTEXT) -> (usize, usize) {
    (0, 0)
}

#[cfg(target_arch = "x86_64")]
const ALL_REGISTERS: u32 = windows_sys::Win32::System::Diagnostics::Debug::CONTEXT_FULL_AMD64;

/// The addresses of the functions on the stack that belongs to these registers, the innermost first.
#[cfg(target_arch = "x86_64")]
pub(super) fn walk(context: &CONTEXT) -> Vec<usize> {
    use windows_sys::Win32::System::Diagnostics::Debug::{RtlLookupFunctionEntry, RtlVirtualUnwind};
    let mut registers = Registers(*context);
    let mut frames = Vec::with_capacity(MOST_FRAMES);
    while frames.len() < MOST_FRAMES && registers.0.Rip != 0 {
        let (ip, sp) = (registers.0.Rip, registers.0.Rsp);
        frames.push(ip as usize);
        let Some(top) = word_at(sp as usize) else { break };
        let mut base = 0;
        // SAFETY: it is given an address to look up, and a place for a number.
        let entry = unsafe { RtlLookupFunctionEntry(ip, &mut base, std::ptr::null_mut()) };
        if entry.is_null() {
            // A function that uses no stack, or a call to where no function is: the way back is on top.
            registers.0.Rip = top as u64;
            registers.0.Rsp = sp + 8;
        } else {
            let (mut data, mut frame) = (std::ptr::null_mut(), 0);
            // SAFETY: the entry is the system's for this address, and there is a place for all that is given back. It reads the
            // stack, which is there.
            unsafe {
                RtlVirtualUnwind(0, base, ip, entry, &mut registers.0, &mut data, &mut frame, std::ptr::null_mut());
            }
        }
        if registers.0.Rsp <= sp {
            break;
        }
    }
    frames
}

#[cfg(target_arch = "x86")]
const ALL_REGISTERS: u32 = windows_sys::Win32::System::Diagnostics::Debug::CONTEXT_FULL_X86;

/// The addresses of the functions on the stack that belongs to these registers, the innermost first: by the chain of frames, in
/// which functions are missing that were compiled without a frame of their own.
#[cfg(target_arch = "x86")]
pub(super) fn walk(context: &CONTEXT) -> Vec<usize> {
    use super::modules::is_code;
    let (mut frame, at) = (context.Ebp as usize, context.Eip as usize);
    let mut frames = vec![at];
    if !is_code(at) {
        // A call to where no function is: the way back is on top.
        frames.extend(word_at(context.Esp as usize).filter(|back| is_code(*back)));
    }
    while frames.len() < MOST_FRAMES {
        let Some((next, back)) = word_at(frame).zip(word_at(frame.wrapping_add(WORD))) else { break };
        if !is_code(back) {
            break;
        }
        frames.push(back);
        // Older frames lie higher.
        if next <= frame {
            break;
        }
        frame = next;
    }
    frames
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
const ALL_REGISTERS: u32 = 0;

/// Other processors unwind otherwise: nothing is known there yet.
#[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
pub(super) fn walk(_: &CONTEXT) -> Vec<usize> {
    let _ = (MOST_FRAMES, memory_at);
    Vec::new()
}
