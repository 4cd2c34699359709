//! Python, as itself: on some machines `python3` is a shell script that looks for the one that is meant, each time, which takes longer than
//! a session.

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
