//! A mutation fuzzer over everything that the program reads: file formats, the wire protocol of `--exec`, a worker's shared memory,
//! the debugger's commands. `scripts/fuzz` runs it.
//!
//! Inputs are tried in child processes, by the library itself where it has a function for that. A panic on any thread, an input
//! that takes more than 5 seconds for each 96 KiB, 500 MB of memory, and a wrong result (see `targets.rs`) are faults. Each is kept in
//! `target/fuzz`, with the command that reproduces it. A seed decides every input.

#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod mutate;
#[cfg(target_os = "linux")]
mod parent;
#[cfg(target_os = "linux")]
mod random;
#[cfg(target_os = "linux")]
mod targets;

fn main() -> std::process::ExitCode {
    #[cfg(target_os = "linux")]
    return parent::main();
    #[cfg(not(target_os = "linux"))]
    {
        eprintln!("fuzz: it needs Linux, for its limits of memory");
        std::process::ExitCode::from(2)
    }
}
