//! `protocol` and `rules` are pure: no I/O, no clock, no threads, no other module of the crate than each other, no
//! `unsafe`. Their sources are read as text, so that nothing has to be compiled in to be seen.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

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
    "crate::report",
    "crate::runner",
    "crate::scenario",
    "crate::trace",
];

/// Names of crates of which nothing may be renamed or taken as a whole: one could not see any more what is used.
const ROOTS: &[&str] = &["std", "core", "crate"];

/// Macros that do I/O, or make state of a thread's own.
const MACROS: &[&str] = &["print", "println", "eprint", "eprintln", "dbg", "thread_local"];

/// What is wrong with a source.
fn impurities(source: &str) -> BTreeSet<String> {
    let words = words(source);
    let mut found = BTreeSet::new();
    let mut imported_to = 0;
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).map(String::as_str);
        match word.as_str() {
            _ if at < imported_to => {}
            "unsafe" => {
                found.insert("unsafe".to_owned());
            }
            // Not the `use<'a>` of a type.
            "use" if next != Some("<") => {
                let end = words[at..].iter().position(|word| word == ";").map_or(words.len(), |len| at + len);
                for path in tree(&words[at + 1..end]) {
                    judge(&path, true, &mut found);
                }
                imported_to = end;
            }
            word if MACROS.contains(&word) && next == Some("!") => {
                found.insert(format!("{word}!"));
            }
            // A path in the code, which begins here.
            _ if next == Some("::")
                && (at == 0 || words[at - 1] != "::" || !is_name(words.get(at.wrapping_sub(2)))) =>
            {
                judge(&path(&words[at..]), false, &mut found);
            }
            _ => {}
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

fn is_name(word: Option<&String>) -> bool {
    word.is_some_and(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_'))
}

/// The path at the beginning of the words.
fn path(words: &[String]) -> Vec<String> {
    let mut path = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        path.push(word.clone());
        if words.next().is_none_or(|word| word != "::") {
            break;
        }
    }
    path
}

/// Every path of a `use` tree: `std::{fs, io::{self, Read as R}}` is `std::fs`, `std::io` and `std::io::Read`.
fn tree(words: &[String]) -> Vec<Vec<String>> {
    fn branch(words: &[String], at: &mut usize, prefix: &[String], paths: &mut Vec<Vec<String>>) {
        let mut path = prefix.to_vec();
        while let Some(word) = words.get(*at) {
            *at += 1;
            match word.as_str() {
                "::" => {}
                "{" => {
                    while words.get(*at).is_some_and(|word| word != "}") {
                        branch(words, at, &path, paths);
                        if words.get(*at).is_some_and(|word| word == ",") {
                            *at += 1;
                        }
                    }
                    *at += 1;
                    return;
                }
                "," | "}" => {
                    *at -= 1;
                    break;
                }
                // What it is called here does not matter.
                "as" => *at += 1,
                "self" if !path.is_empty() => {}
                name => path.push(name.to_owned()),
            }
        }
        if !path.is_empty() {
            paths.push(path);
        }
    }
    let mut paths = Vec::new();
    branch(words, &mut 0, &[], &mut paths);
    paths
}

/// The names and signs of a source, `::` as one, without comments, texts and lifetimes. `r#name` is `name`.
fn words(source: &str) -> Vec<String> {
    let chars: Vec<char> = source.chars().collect();
    let mut words = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        at += match rest {
            ['/', '/', ..] => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => block_comment(rest),
            ['b' | 'c', 'r', '"' | '#', ..] => 1,
            ['r', '"', ..] => raw_text(rest),
            ['r', '#', c, ..] if *c == '"' || *c == '#' => raw_text(rest),
            ['r', '#', ..] => 2,
            ['"', ..] => text(rest),
            ['\'', '\\', ..] => 3 + rest.iter().skip(3).position(|c| *c == '\'').map_or(rest.len(), |len| len + 1),
            ['\'', _, '\'', ..] => 3,
            [':', ':', ..] => {
                words.push("::".to_owned());
                2
            }
            [c, ..] if c.is_alphanumeric() || *c == '_' => {
                let word: String = rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
                let len = word.chars().count();
                words.push(word);
                len
            }
            [c, ..] => {
                if !c.is_whitespace() {
                    words.push(c.to_string());
                }
                1
            }
            [] => 1,
        };
    }
    words
}

/// How long a block comment is; they nest.
fn block_comment(chars: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < chars.len() {
        match &chars[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

/// How long a text in quotes is.
fn text(chars: &[char]) -> usize {
    let mut at = 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// How long a raw text is: `r#"…"#`.
fn raw_text(chars: &[char]) -> usize {
    let hashes = chars[1..].iter().take_while(|c| **c == '#').count();
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let begin = hashes + 2;
    let inside = chars.get(begin..).unwrap_or_default();
    inside.windows(end.len()).position(|window| window == end).map_or(chars.len(), |len| begin + len + end.len())
}

/// The Rust files below a folder.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn protocol_and_rules_are_pure() {
    let mut files = Vec::new();
    for module in ["protocol", "rules"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module), &mut files);
    }
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
