//! The handler in Rust, built as whoever reads the example builds it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The class of `examples/notebook`.
pub const NOTEBOOK_RUST: &str = "{6D6F6273-796E-4E6F-8001-000000000003}";

/// Builds `examples/notebook`, unless that was done before, and gives the path of its library.
pub fn notebook_in_rust() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(&cargo)
        .args(["build", "--locked", "--example", "notebook", "--message-format", "json-render-diagnostics"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", cargo.display()));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "the example does not build:\n{}", String::from_utf8_lossy(&output.stderr));
    let library = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
        let is_it = message["reason"] == "compiler-artifact" && message["target"]["name"] == "notebook";
        let files = is_it.then(|| message["filenames"].as_array().cloned())??;
        let is_library = |file: &&str| file.ends_with(std::env::consts::DLL_SUFFIX);
        files.iter().filter_map(Value::as_str).find(is_library).map(PathBuf::from)
    });
    library.unwrap_or_else(|| panic!("cargo does not say where the library is:\n{said}"))
}
