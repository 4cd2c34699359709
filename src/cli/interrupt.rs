//! Ctrl-C: the first stops every item through the protocol, the second leaves the session.

use crate::host::Controls;

/// Listens for as long as the program runs.
pub(super) fn listen(controls: Controls) {
    let spawned = std::thread::Builder::new().name("ctrl-c".to_owned()).spawn(move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_io().build() {
            Ok(runtime) => runtime,
            Err(error) => return eprintln!("mobsync: Ctrl-C will end the program at once: {error}"),
        };
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                eprintln!("stopping every item; Ctrl-C again leaves the session at once");
                controls.cancel_all();
            }
            if tokio::signal::ctrl_c().await.is_ok() {
                controls.leave();
            }
        });
    });
    if let Err(error) = spawned {
        eprintln!("mobsync: Ctrl-C will end the program at once: {error}");
    }
}
