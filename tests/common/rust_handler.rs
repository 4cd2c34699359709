//! Examples, built as whoever reads them builds them.
#![allow(dead_code, reason = "each test binary compiles this file and uses a part of it")]

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The class of `examples/notebook`.
pub const NOTEBOOK_RUST: &str = "{6D6F6273-796E-4E6F-8001-000000000003}";

/// Builds `examples/notebook`, unless that was done before, and gives the path of its library.
pub fn notebook_in_rust() -> PathBuf {
    example("notebook")
}

/// Builds an example, unless that was done before, and gives the path of its library or program.
pub fn example(name: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(&cargo)
        .args(["build", "--locked", "--example", name, "--message-format", "json-render-diagnostics"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", cargo.display()));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "the example does not build:\n{}", String::from_utf8_lossy(&output.stderr));
    let built = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
        let is_it = message["reason"] == "compiler-artifact" && message["target"]["name"] == name;
        if let Some(program) = message["executable"].as_str().filter(|_| is_it) {
            return Some(PathBuf::from(program));
        }
        let files = is_it.then(|| message["filenames"].as_array().cloned())??;
        let is_library = |file: &&str| file.ends_with(std::env::consts::DLL_SUFFIX);
        files.iter().filter_map(Value::as_str).find(is_library).map(PathBuf::from)
    });
    built.unwrap_or_else(|| panic!("cargo does not say where the example {name} is:\n{said}"))
}
