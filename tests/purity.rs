//! `protocol` and `rules` are pure: no I/O, no clock, no threads, no other module of the crate than each other, no
//! `unsafe`. Their sources are read as text, so that nothing has to be compiled in to be seen.

#[path = "common/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::fs;

use source::{Named, paths, sources, words};

/// What the pure modules do without, as paths; whatever lies below one is meant too.
const IMPURE: &[&str] = &[
    "std::thread",
    "std::time",
    "std::fs",
    "std::net",
    "std::process",
    "std::io",
    "std::env",
    "std::os",
    "core::time",
    "tokio",
    "serde_json",
    "crate::cli",
    "crate::conform",
    "crate::handler",
    "crate::host",
    "crate::job",
    "crate::json",
    "crate::report",
    "crate::runner",
    "crate::scenario",
    "crate::time",
    "crate::trace",
];

/// Names of crates of which nothing may be renamed or taken as a whole: one could not see any more what is used.
const ROOTS: &[&str] = &["std", "core", "crate"];

/// Macros that do I/O, or make state of a thread's own.
const MACROS: &[&str] = &["print", "println", "eprint", "eprintln", "dbg", "thread_local"];

/// What is wrong with a source.
fn impurities(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for Named { path, imported, .. } in paths(source) {
        judge(&path, imported, &mut found);
    }
    let words = words(source);
    for (at, word) in words.iter().enumerate() {
        if word == "unsafe" {
            found.insert("unsafe".to_owned());
        }
        if MACROS.contains(&word.as_str()) && words.get(at + 1).is_some_and(|next| next == "!") {
            found.insert(format!("{word}!"));
        }
    }
    found
}

/// Adds the path, if it is impure.
fn judge(path: &[String], imported: bool, found: &mut BTreeSet<String>) {
    let text = path.join("::");
    let below = |root: &&str| text.strip_prefix(*root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    if IMPURE.iter().any(below) {
        found.insert(text);
    } else if imported && ROOTS.contains(&path[0].as_str()) && (path.len() == 1 || path[1] == "*") {
        found.insert(format!("{text} as a whole"));
    }
}

#[test]
fn protocol_and_rules_are_pure() {
    let files: Vec<_> = ["src/protocol", "src/rules"].iter().flat_map(|folder| sources(folder)).collect();
    assert!(files.len() > 40, "only {} files: the modules are elsewhere", files.len());
    let problems: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let source = fs::read_to_string(file).expect("a source can be read");
            let found = impurities(&source).into_iter();
            found.map(|what| format!("{}: {what}", file.display())).collect::<Vec<_>>()
        })
        .collect();
    assert!(problems.is_empty(), "{} impurities:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn impurity_is_seen_however_it_is_written() {
    for (source, expected) in [
        ("use std::thread;", &["std::thread"][..]),
        ("pub(crate) use ::std::thread::sleep;", &["std::thread::sleep"]),
        ("use std::time as clock;", &["std::time"]),
        ("use std::{fmt, thread::{self, spawn as start}, fs};", &["std::fs", "std::thread", "std::thread::spawn"]),
        ("use std::{collections::{BTreeMap, BTreeSet}, process\n::Command};", &["std::process::Command"]),
        ("use r#std::net;", &["std::net"]),
        ("use std::/* why not */fs;", &["std::fs"]),
        ("fn f() { let _ = std::time::Instant::now(); }", &["std::time::Instant::now"]),
        ("type T = Vec<::std::fs::File>;", &["std::fs::File"]),
        ("fn f(x: &'static str) -> std::io::Result<()> { '\\'' }", &["std::io::Result"]),
        ("use std as s;", &["std as a whole"]),
        ("use std::{self as s};", &["std as a whole"]),
        ("use std::*;", &["std::* as a whole"]),
        ("use {tokio, serde_json::{json}};", &["serde_json::json", "tokio"]),
        ("fn f() -> serde_json::Value { tokio::spawn(()) }", &["serde_json::Value", "tokio::spawn"]),
        ("use crate::{host::Job, protocol::Event};", &["crate::host::Job"]),
        ("fn f() { unsafe { g() } } unsafe impl Send for T {}", &["unsafe"]),
        ("fn f() -> impl Fn() + use<> { std::fs::read }", &["std::fs::read"]),
        ("fn f() { println!(\"{}\", dbg!(1)); }", &["dbg!", "println!"]),
        ("const A: &str = r#\"\"#; use std::fs;", &["std::fs"]),
        ("const A: char = '\"'; use std::fs; const B: char = '\"';", &["std::fs"]),
    ] {
        let expected: BTreeSet<String> = expected.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(impurities(source), expected, "{source}");
    }
}

#[test]
fn what_only_looks_impure_is_left_alone() {
    for source in [
        "//! `std::thread` and unsafe\n/// use std::fs;\nfn f() {} // std::fs::read",
        "/* use std::fs; /* unsafe */ std::net */ fn f() {}",
        "const A: &str = \"use std::fs; \\\" unsafe\"; const B: &[u8] = br##\"unsafe \"# std::fs\"##;",
        "#![forbid(unsafe_code)]\nfn unsafely() {}",
        "use std::collections::BTreeMap as fs; use super::time; use time::OffsetDateTime;",
        "fn f<'a>(thread: &'a Thread, fs: u8) -> my::std::fs::X { thread.process(fs) }",
        "use std::{fmt, str::FromStr}; use crate::protocol::{Event, Thread}; use crate::rules::codes::*;",
        "const A: char = '\\''; // 'use std::fs;",
    ] {
        assert_eq!(impurities(source), BTreeSet::new(), "{source}");
    }
}
