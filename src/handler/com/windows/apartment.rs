//! The apartment of the thread on which a handler's instance lives: a single-threaded one, as the manager's own. Messages come
//! in while the manager waits, and only then.

use std::cell::Cell;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{HANDLE, HWND, LPARAM, LRESULT, WPARAM};
use windows_sys::Win32::System::Com::{
    COINIT_APARTMENTTHREADED, COINIT_MULTITHREADED, CoCreateFreeThreadedMarshaler, CoInitializeEx,
};
use windows_sys::Win32::System::Threading::{CreateEventW, SetEvent};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DispatchMessageW, GWLP_USERDATA, GetWindowLongPtrW, HWND_MESSAGE, MSG,
    MWMO_INPUTAVAILABLE, MsgWaitForMultipleObjectsEx, PM_REMOVE, PeekMessageW, QS_ALLINPUT, RegisterClassW,
    SendNotifyMessageW, SetWindowLongPtrW, TranslateMessage, WM_APP, WNDCLASSW,
};

use super::wide;

/// Whether handlers live in the multi-threaded apartment.
static MULTI_THREADED: AtomicBool = AtomicBool::new(false);

/// From now on instances live in the multi-threaded apartment (`mta`), or each in a single-threaded one.
pub(crate) fn use_apartment(multi_threaded: bool) {
    MULTI_THREADED.store(multi_threaded, Ordering::Relaxed);
}

thread_local! {
    static ENTERED: Cell<bool> = const { Cell::new(false) };
}

/// The current thread enters its apartment, if it has not yet. It never leaves: what it created lives as long as the thread.
pub(crate) fn enter_apartment() {
    if ENTERED.replace(true) {
        return;
    }
    let kind = if MULTI_THREADED.load(Ordering::Relaxed) { COINIT_MULTITHREADED } else { COINIT_APARTMENTTHREADED };
    // SAFETY: it takes a number.
    let hr = unsafe { CoInitializeEx(std::ptr::null(), kind as u32) };
    tracing::debug!(hr = hr.cast_unsigned(), "CoInitializeEx");
}

/// Wakes a thread that waits in its apartment.
pub(crate) struct Doorbell(HANDLE);

// SAFETY: the handle of an event may be used by every thread.
unsafe impl Send for Doorbell {}
// SAFETY: as above.
unsafe impl Sync for Doorbell {}

impl Doorbell {
    /// A new one, which nobody has rung.
    pub(crate) fn new() -> Self {
        // SAFETY: an event without a name, which is set until somebody waited for it.
        Self(unsafe { CreateEventW(std::ptr::null(), 0, 0, std::ptr::null()) })
    }

    /// Wakes whoever waits, or whoever waits next.
    pub(crate) fn ring(&self) {
        // SAFETY: the event is there as long as this.
        unsafe { SetEvent(self.0) };
    }
}

impl Drop for Doorbell {
    fn drop(&mut self) {
        super::stack::close(self.0);
    }
}

/// Waits until the bell is rung, or so long, or until a message was taken care of.
pub(crate) fn sleep_in_apartment(bell: &Doorbell, most: Duration) {
    wait(&[bell.0], most);
    pump();
}

/// Waits so long, and takes care of messages meanwhile.
pub(crate) fn pump_for(time: Duration) {
    let begun = Instant::now();
    loop {
        wait(&[], time.saturating_sub(begun.elapsed()));
        pump();
        if begun.elapsed() >= time {
            return;
        }
    }
}

fn wait(events: &[HANDLE], most: Duration) {
    // Rounded up: whoever waits for a time does not spin through the last millisecond of it.
    let milliseconds = u32::try_from(most.as_micros().div_ceil(1000)).unwrap_or(u32::MAX - 1);
    let many = events.len() as u32;
    // SAFETY: there are so many handles, which are open.
    unsafe { MsgWaitForMultipleObjectsEx(many, events.as_ptr(), milliseconds, QS_ALLINPUT, MWMO_INPUTAVAILABLE) };
}

/// Takes care of the messages that are there. What other threads send comes in here as well.
fn pump() {
    let mut message = MSG::default();
    // SAFETY: there is room for a message, and what comes is passed on as it is.
    unsafe {
        while PeekMessageW(&mut message, std::ptr::null_mut(), 0, 0, PM_REMOVE) != 0 {
            TranslateMessage(&message);
            DispatchMessageW(&message);
        }
    }
}

/// A window of an apartment's thread that nobody sees. What is sent to it arrives when the thread takes care of messages, also inside
/// a handler's method; COM carries a callback to the thread in the same moment.
pub(crate) struct Door {
    window: HWND,
    /// The last number that has arrived. It is there as long as the process.
    answered: &'static AtomicU64,
    knocks: AtomicU64,
}

// SAFETY: every thread may send something to a window.
unsafe impl Send for Door {}
// SAFETY: as above.
unsafe impl Sync for Door {}

impl Door {
    /// That of the current thread, which lives in a single-threaded apartment; nothing where no window can be made.
    pub(crate) fn of_this_thread() -> Option<Self> {
        if MULTI_THREADED.load(Ordering::Relaxed) {
            return None;
        }
        let name = wide("mobsync door".as_ref());
        let class = WNDCLASSW { lpfnWndProc: Some(answer), lpszClassName: name.as_ptr(), ..WNDCLASSW::default() };
        let answered: &'static AtomicU64 = Box::leak(Box::default());
        let none = std::ptr::null_mut();
        // SAFETY: the names have their ends. A class that is there already is the same one.
        let window = unsafe {
            RegisterClassW(&class);
            CreateWindowExW(0, name.as_ptr(), name.as_ptr(), 0, 0, 0, 0, 0, HWND_MESSAGE, none, none, std::ptr::null())
        };
        if window.is_null() {
            tracing::debug!("no window can be made: nobody can tell whether messages are taken care of");
            return None;
        }
        // SAFETY: the window is this thread's, and the number is there as long as the process.
        unsafe { SetWindowLongPtrW(window, GWLP_USERDATA, std::ptr::from_ref(answered).expose_provenance() as _) };
        Some(Self { window, answered, knocks: AtomicU64::new(0) })
    }

    /// Sends something there, and does not wait: its number.
    pub(crate) fn knock(&self) -> u64 {
        let number = self.knocks.fetch_add(1, Ordering::Relaxed) + 1;
        // SAFETY: it takes numbers.
        unsafe { SendNotifyMessageW(self.window, WM_APP, 0, number as LPARAM) };
        number
    }

    /// Whether that has arrived.
    pub(crate) fn has_answered(&self, number: u64) -> bool {
        self.answered.load(Ordering::Acquire) >= number
    }
}

/// What is sent to the window of an apartment arrives here, on its thread.
unsafe extern "system" fn answer(window: HWND, message: u32, first: WPARAM, second: LPARAM) -> LRESULT {
    if message != WM_APP {
        // SAFETY: everything is passed on as it came.
        return unsafe { DefWindowProcW(window, message, first, second) };
    }
    // SAFETY: it takes a window and a number.
    let answered = unsafe { GetWindowLongPtrW(window, GWLP_USERDATA) };
    if answered != 0 {
        // SAFETY: what was put there is such a number, which is there as long as the process.
        let answered = unsafe { &*std::ptr::with_exposed_provenance::<AtomicU64>(answered as usize) };
        answered.fetch_max(second as u64, Ordering::Release);
    }
    0
}

/// The free-threaded marshaler of an object that may be called on every thread: its IUnknown, of which `outer` is the outer one.
pub(crate) fn marshaler(outer: *mut c_void) -> Option<*mut c_void> {
    let mut given = std::ptr::null_mut();
    // SAFETY: the caller's object is given, and a place for a pointer.
    let hr = unsafe { CoCreateFreeThreadedMarshaler(outer, &mut given) };
    (hr >= 0 && !given.is_null()).then_some(given)
}
