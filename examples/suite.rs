//! Runs the conformance suite over a handler in Rust, or over a native library, and prints the report.
//!
//! ```sh
//! cargo run --example suite
//! cargo run --example suite -- target/debug/examples/libnotebook.so '{6D6F6273-796E-4E6F-8001-000000000003}'
//! ```

#[path = "notes/mod.rs"]
mod notes;

use std::error::Error;
use std::process::ExitCode;

use mobsync::conform::Suite;
use mobsync::report::human;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // This program runs the sessions of a native library in processes of its own: it is started again for each.
    #[cfg(unix)]
    if std::env::args().skip(1).eq(["worker"]) {
        mobsync::job::worker();
    }
    let mut args = std::env::args().skip(1);
    let suite = match (args.next(), args.next()) {
        (Some(library), Some(clsid)) => Suite::of_library(library, clsid.parse()?)?.isolated(std::env::current_exe()?),
        _ => Suite::new(notes::Notes),
    };
    let report = suite.sessions(20).run()?;
    print!("{}", human(&report, false));
    Ok(ExitCode::from(u8::from(report.failed())))
}
