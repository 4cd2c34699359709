//! The program `mobsync`: see `mobsync --help`.

fn main() -> std::process::ExitCode {
    mobsync::cli::main()
}
