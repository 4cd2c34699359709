//! The interpreters of the example handlers, as themselves: on some machines `python3` is a shell script that looks for the one that is
//! meant, each time, which takes longer than a session.

use std::process::Command;
use std::sync::LazyLock;

/// The path of the program.
pub fn python() -> &'static str {
    static PYTHON: LazyLock<String> = LazyLock::new(|| {
        let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
        let output = asked.expect("python3 is needed to test out-of-process handlers");
        String::from_utf8(output.stdout).expect("its path is UTF-8").trim().to_owned()
    });
    &PYTHON
}

/// The path of a Node that runs TypeScript as it is: that of MOBSYNC_NODE, else `node`. None if the machine's is too old, or if there is
/// none; .ci/run installs one, and says what is missing if it cannot.
#[allow(dead_code, reason = "each test binary compiles this file and uses a part of it")]
pub fn node() -> Option<&'static str> {
    static NODE: LazyLock<Option<String>> = LazyLock::new(|| {
        let named = std::env::var("MOBSYNC_NODE").ok().filter(|named| !named.is_empty());
        let program = named.clone().unwrap_or_else(|| "node".to_owned());
        let folder = tempfile::tempdir().expect("a folder can be made");
        let file = folder.path().join("which.ts");
        std::fs::write(&file, "const path: string = process.execPath;\nconsole.log(path);\n").expect("it is written");
        let ran = Command::new(&program).arg(&file).output().ok().filter(|ran| ran.status.success());
        assert!(named.is_none() || ran.is_some(), "MOBSYNC_NODE={program} does not run TypeScript");
        Some(String::from_utf8(ran?.stdout).ok()?.trim().to_owned())
    });
    NODE.as_deref()
}
