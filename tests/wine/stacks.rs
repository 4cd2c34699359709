//! Stacks of libraries that other compilers have built than GCC: by their PDB.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::native::{NOTEBOOK_CPP, of_repository};
use super::{NOTEBOOK, is_for_x86, json, mingw, mobsync};

/// Compiles the notebook as Visual Studio would: what is known of its functions is in a PDB, and not in the library. clang does it
/// with mingw-w64's headers.
fn with_pdb(folder: &Path, definition: &str) -> PathBuf {
    let built = folder.join("notebook.dll");
    let library = mingw("g++").arg("-print-libgcc-file-name").output().expect("mingw-w64 is installed").stdout;
    let library = PathBuf::from(String::from_utf8(library).unwrap().trim());
    let of_compiler = library.parent().expect("a file has a folder");
    let headers = of_compiler.join("include/c++");
    let processor = if is_for_x86() { "i686" } else { "x86_64" };
    let output = Command::new("clang++")
        .arg(format!("--target={processor}-w64-mingw32"))
        .args([
            "-std=c++17",
            "-g",
            "-gcodeview",
            "-O1",
            "-fno-omit-frame-pointer",
            "-shared",
            "-static",
            "-fuse-ld=lld",
        ])
        .arg(format!("-Wl,--pdb={},--kill-at", folder.join("notebook.pdb").display()))
        .arg(format!("-D{definition}"))
        .arg("-stdlib++-isystem")
        .arg(&headers)
        .arg("-isystem")
        .arg(headers.join(format!("{processor}-w64-mingw32")))
        .arg("-L")
        .arg(of_compiler)
        .arg(of_repository(NOTEBOOK))
        .arg("-o")
        .arg(&built)
        .args(["-lole32", "-luuid", "-lpthread"])
        .output()
        .expect("clang and lld are installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    built
}

#[test]
fn a_crash_and_a_broken_rule_have_functions_files_and_lines_by_a_pdb() {
    let folder = TempDir::new().unwrap();
    let built = with_pdb(folder.path(), "WITH_TORTURE=\"SEGFAULT\"");
    let crash = || mobsync("run", &built, NOTEBOOK_CPP, &json(&["--timeout", "60"])).first();
    let (message, frames) = crash();
    assert!(message.contains("access violation"), "{message}");
    let is_known = |frames: &str, function: &str| {
        frames.lines().any(|line| line.contains(function) && line.contains("notebook.cpp:"))
    };
    assert!(is_known(&frames, "CNotebook::Synchronize("), "{frames}");
    // It is found where the linker wrote it, when the library was copied; and one of another build is none.
    let other = TempDir::new().unwrap();
    let stranger = with_pdb(other.path(), "WITH_BUG=\"PROG_01_1\"");
    std::fs::copy(other.path().join("notebook.pdb"), folder.path().join("notebook.pdb")).unwrap();
    let (_, frames) = crash();
    assert!(!frames.contains("notebook.cpp:"), "{frames}");
    let moved = TempDir::new().unwrap();
    let copy = moved.path().join("notebook.dll");
    std::fs::copy(&stranger, &copy).unwrap();
    // In the worker, where a rule is broken by a callback.
    let (_, frames) = mobsync("run", &copy, NOTEBOOK_CPP, &json(&["--timeout", "60"])).first();
    assert!(is_known(&frames, "Progress") || is_known(&frames, "CNotebook::"), "{frames}");
}
