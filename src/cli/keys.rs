//! Single keys from the terminal while a session runs: they come at once, are not echoed, and Ctrl-C is a signal as ever.

#[cfg(unix)]
pub(super) use of_unix::{Keys, give_back};

#[cfg(unix)]
mod of_unix {
    use std::io::{IsTerminal, stdin};
    use std::os::fd::AsFd;
    use std::time::Duration;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
    use parking_lot::Mutex;

    /// How the terminal was, while keys are listened to.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    /// The keys, until this is dropped.
    pub(in crate::cli) struct Keys(());

    /// The terminal is again as it was. Called where the program ends without dropping anything.
    pub(in crate::cli) fn give_back() {
        if let Some(before) = BEFORE.lock().take() {
            // A terminal that has gone away needs nothing.
            let _ = tcsetattr(stdin(), SetArg::TCSANOW, &before);
        }
    }

    impl Keys {
        /// Nothing, if there is no terminal to listen to.
        pub(in crate::cli) fn listen() -> Option<Self> {
            let before = stdin().is_terminal().then(|| tcgetattr(stdin()).ok()).flatten()?;
            let mut now = before.clone();
            now.local_flags.remove(LocalFlags::ICANON | LocalFlags::ECHO);
            *BEFORE.lock() = Some(before);
            tcsetattr(stdin(), SetArg::TCSANOW, &now).ok()?;
            Some(Self(()))
        }

        /// The next key, if one comes within so much time.
        pub(in crate::cli) fn next(&self, within: Duration) -> Option<u8> {
            let input = stdin();
            let mut wanted = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
            let timeout = PollTimeout::try_from(within).unwrap_or(PollTimeout::ZERO);
            let came = matches!(poll(&mut wanted, timeout), Ok(1))
                && wanted[0].revents().is_some_and(|events| events.contains(PollFlags::POLLIN));
            if !came {
                // An end of the terminal must not make a busy loop.
                if wanted[0].revents().is_some_and(|events| !events.is_empty()) {
                    std::thread::sleep(within);
                }
                return None;
            }
            let mut key = [0];
            // Not by the standard library, which would keep more than one key for itself.
            matches!(nix::unistd::read(stdin(), &mut key), Ok(1)).then_some(key[0])
        }
    }

    impl Drop for Keys {
        fn drop(&mut self) {
            give_back();
        }
    }
}

/// Where single keys cannot be had without echo and without changing what Ctrl-C does, there are none.
#[cfg(not(unix))]
pub(super) struct Keys(std::convert::Infallible);

#[cfg(not(unix))]
impl Keys {
    pub(super) fn listen() -> Option<Self> {
        None
    }

    pub(super) fn next(&self, _: std::time::Duration) -> Option<u8> {
        match self.0 {}
    }
}

#[cfg(not(unix))]
pub(super) fn give_back() {}
