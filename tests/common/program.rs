//! The program, as somebody's CI runs it.

use std::path::Path;
use std::process::Command;

/// Every form of a report.
pub const FORMATS: [&str; 5] = ["human", "json", "junit", "sarif", "github"];

/// Runs it at the root of the repository: its exit code, and what it wrote to standard output and to standard error.
pub fn ran(args: &[&str]) -> (Option<i32>, String, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_mobsync")).args(args).current_dir(root).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}
