//! Reads memory to which a handler points, and survives if it cannot be read. In the ordinary case without a system call.
//!
//! A page is first read by the system (`process_vm_readv` on this process), which says whether it is readable. A page that
//! was readable is *known*, and is read directly from then on. It may be gone by now. Then the read faults, and the fault
//! handler of the worker ([`recover`]) lets it end early, as the kernel does with its own reads: the two instructions that
//! may fault have a known address, and behind them the read says how far it came.
//!
//! The direct way exists while the worker's fault handler is installed, which is looked at whenever a page becomes known.
//! A handler that installs one of its own for SIGSEGV is read by system calls from then on.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(super) use direct::{recover, recovers_with};

/// The smallest size of a page of memory.
pub(super) const PAGE: usize = 4096;

/// How a read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// So much was read; if that is less than wanted, no more is readable.
    Copied(usize),
    /// The system cannot be asked.
    Unknown,
}

/// Copies bytes from there, as many as are readable.
pub(super) fn bytes(from: *const u8, into: &mut [u8]) -> Read {
    let mut done = 0;
    while done < into.len() {
        let at = from.addr().wrapping_add(done);
        let length = (PAGE - at % PAGE).min(into.len() - done);
        let part = &mut into[done..done + length];
        let copied = match direct::bytes(at, part) {
            Some(copied) => copied,
            None => match asked(at, part) {
                Read::Copied(copied) => copied,
                Read::Unknown => return Read::Unknown,
            },
        };
        done += copied;
        if copied < length {
            break;
        }
    }
    Read::Copied(done)
}

/// Copies units from there up to the first 0, which is not counted, or to the end of the page; `Unknown` if the page is not
/// known, and must be read in another way.
pub(super) fn units(from: *const u16, into: &mut [u16]) -> Read {
    direct::units(from.addr(), into).map_or(Read::Unknown, Read::Copied)
}

/// Copies bytes within a page, by asking the system.
#[cfg(target_os = "linux")]
fn asked(at: usize, into: &mut [u8]) -> Read {
    use nix::errno::Errno;
    use nix::sys::uio::{RemoteIoVec, process_vm_readv};
    let len = into.len();
    match process_vm_readv(
        nix::unistd::getpid(),
        &mut [std::io::IoSliceMut::new(into)],
        &[RemoteIoVec { base: at, len }],
    ) {
        Ok(read) => {
            if read == len {
                direct::know(at);
            }
            Read::Copied(read)
        }
        Err(Errno::EFAULT | Errno::ENOMEM) => Read::Copied(0),
        // A container may forbid it.
        Err(_) => Read::Unknown,
    }
}

/// Copies bytes within a page, by asking the system.
#[cfg(windows)]
fn asked(at: usize, into: &mut [u8]) -> Read {
    use windows_sys::Win32::System::Diagnostics::Debug::ReadProcessMemory;
    use windows_sys::Win32::System::Threading::GetCurrentProcess;
    let from = std::ptr::with_exposed_provenance(at);
    let mut read = 0;
    // SAFETY: there is room for so many bytes; where they cannot be read, the system says so.
    let known =
        unsafe { ReadProcessMemory(GetCurrentProcess(), from, into.as_mut_ptr().cast(), into.len(), &mut read) };
    Read::Copied(if known == 0 { 0 } else { read })
}

#[cfg(not(any(target_os = "linux", windows)))]
fn asked(_: usize, _: &mut [u8]) -> Read {
    Read::Unknown
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod direct {
    use std::ffi::c_void;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::PAGE;

    /// How many pages can be known.
    const MANY: usize = 4096;

    /// Pages that were readable, each in the place that belongs to its number.
    static KNOWN: [AtomicUsize; MANY] = [const { AtomicUsize::new(0) }; MANY];

    /// The fault handler that calls [`recover`]; 0 if there is none.
    static FAULT_HANDLER: AtomicUsize = AtomicUsize::new(0);

    fn place(at: usize) -> (&'static AtomicUsize, usize) {
        let page = at / PAGE;
        (&KNOWN[page % MANY], page)
    }

    fn is_known(at: usize) -> bool {
        let (place, page) = place(at);
        // A place that is empty has 0 in it, which is the page of NULL.
        page != 0 && place.load(Ordering::Relaxed) == page
    }

    /// From now on a fault calls this, and it calls [`recover`].
    pub(in super::super) fn recovers_with(handler: usize) {
        FAULT_HANDLER.store(handler, Ordering::Relaxed);
    }

    /// The page is readable.
    pub(super) fn know(at: usize) {
        let ours = FAULT_HANDLER.load(Ordering::Relaxed);
        if ours == 0 {
            return;
        }
        for signal in [libc::SIGSEGV, libc::SIGBUS] {
            // SAFETY: zeroes are an action, and only that of the signal is asked for.
            let is_ours = unsafe {
                let mut now: libc::sigaction = std::mem::zeroed();
                libc::sigaction(signal, std::ptr::null(), &mut now) == 0 && now.sa_sigaction == ours
            };
            if !is_ours {
                // The handler has its own: nothing is read directly any more.
                FAULT_HANDLER.store(0, Ordering::Relaxed);
                KNOWN.iter().for_each(|place| place.store(0, Ordering::Relaxed));
                return;
            }
        }
        let (place, page) = place(at);
        place.store(page, Ordering::Relaxed);
    }

    fn forget(at: usize) {
        let (place, page) = place(at);
        let _ = place.compare_exchange(page, 0, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Copies bytes within a page; `None` if the page is not known, or not readable any more.
    pub(super) fn bytes(at: usize, into: &mut [u8]) -> Option<usize> {
        if !is_known(at) {
            return None;
        }
        // SAFETY: the room is that large, and the read ends early where there is nothing to read.
        let left = unsafe { mobsync_guarded_bytes(into.as_mut_ptr(), at, into.len()) };
        if left > 0 {
            forget(at);
            return None;
        }
        Some(into.len())
    }

    /// Copies units within a page, up to the first 0; `None` as for [`bytes`].
    pub(super) fn units(at: usize, into: &mut [u16]) -> Option<usize> {
        if !is_known(at) {
            return None;
        }
        // SAFETY: as above.
        let read = unsafe { mobsync_guarded_units(into.as_mut_ptr(), at, into.len()) };
        if read > into.len() {
            forget(at);
            return None;
        }
        Some(read)
    }

    /// Called for a fault, with its context. True if it was one of a read of this module, which then ends early.
    pub(in super::super) fn recover(context: *mut c_void) -> bool {
        // SAFETY: the system gives a function for a signal such a context, and nobody else uses it meanwhile.
        let at = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs[libc::REG_RIP as usize] };
        let reads = [
            (&raw const mobsync_guarded_bytes_fault, &raw const mobsync_guarded_bytes_end),
            (&raw const mobsync_guarded_units_fault, &raw const mobsync_guarded_units_end),
        ];
        let ends =
            reads.into_iter().find(|(faults, _)| faults.addr() as i64 == *at).map(|(_, ends)| ends.addr() as i64);
        if let Some(ends) = ends {
            *at = ends;
        }
        ends.is_some()
    }

    unsafe extern "C" {
        /// Copies; returns how much is left.
        fn mobsync_guarded_bytes(into: *mut u8, from: usize, length: usize) -> usize;
        /// Copies up to the first 0; returns how many stand before it, `most` if there is none, and one more after a fault.
        fn mobsync_guarded_units(into: *mut u16, from: usize, most: usize) -> usize;
        static mobsync_guarded_bytes_fault: u8;
        static mobsync_guarded_bytes_end: u8;
        static mobsync_guarded_units_fault: u8;
        static mobsync_guarded_units_end: u8;
    }

    // Each may fault in one instruction only, whose address has a name: `recover` goes on at its end.
    std::arch::global_asm!(
        ".pushsection .text.mobsync_guarded, \"ax\", @progbits",
        ".globl mobsync_guarded_bytes, mobsync_guarded_bytes_fault, mobsync_guarded_bytes_end",
        ".globl mobsync_guarded_units, mobsync_guarded_units_fault, mobsync_guarded_units_end",
        ".hidden mobsync_guarded_bytes, mobsync_guarded_bytes_fault, mobsync_guarded_bytes_end",
        ".hidden mobsync_guarded_units, mobsync_guarded_units_fault, mobsync_guarded_units_end",
        ".balign 16",
        "mobsync_guarded_bytes:",
        "mov rcx, rdx",
        "mobsync_guarded_bytes_fault:",
        "rep movsb",
        "mobsync_guarded_bytes_end:",
        "mov rax, rcx",
        "ret",
        ".balign 16",
        "mobsync_guarded_units:",
        "xor eax, eax",
        "2:",
        "cmp rax, rdx",
        "jae 3f",
        "mobsync_guarded_units_fault:",
        "movzx ecx, word ptr [rsi + 2*rax]",
        "mov word ptr [rdi + 2*rax], cx",
        "test cx, cx",
        "je 3f",
        "inc rax",
        "jmp 2b",
        "3:",
        "ret",
        "mobsync_guarded_units_end:",
        "lea rax, [rdx + 1]",
        "ret",
        ".popsection",
    );
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod direct {
    pub(super) fn bytes(_: usize, _: &mut [u8]) -> Option<usize> {
        None
    }

    pub(super) fn units(_: usize, _: &mut [u16]) -> Option<usize> {
        None
    }

    #[cfg(target_os = "linux")]
    pub(super) fn know(_: usize) {}
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use memmap2::MmapMut;

    use super::*;

    #[test]
    fn what_can_be_read_is_read_and_what_cannot_ends_the_read() {
        let text = b"a text of some length";
        let mut copy = [0; 21];
        assert_eq!(bytes(text.as_ptr(), &mut copy), Read::Copied(21));
        assert_eq!(&copy, text);
        for wild in [8, 0x1234_5678_9000, 0xffff_8880_0000_0000, 0x8000_0000_0000_0000] {
            assert_eq!(bytes(std::ptr::without_provenance(wild), &mut copy), Read::Copied(0), "{wild:#x}");
        }
    }

    #[test]
    fn a_read_ends_where_the_memory_ends() {
        let page = MmapMut::map_anon(PAGE).unwrap();
        let end = page.as_ptr().wrapping_add(PAGE);
        let mut copy = [0xff; 8];
        let read = bytes(end.wrapping_sub(3), &mut copy);
        // What lies behind it is another test's business.
        assert!(matches!(read, Read::Copied(3 | 8)), "{read:?}");
        assert_eq!(copy[..3], [0; 3]);
    }
}
