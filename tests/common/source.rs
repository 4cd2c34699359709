//! Reads Rust sources as text: which paths they import and name.
#![allow(dead_code, reason = "each test binary compiles this file and uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};

pub fn is_name(word: Option<&String>) -> bool {
    word.is_some_and(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_'))
}

/// The path at the beginning of the words.
pub fn path(words: &[String]) -> Vec<String> {
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
pub fn tree(words: &[String]) -> Vec<Vec<String>> {
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
pub fn words(source: &str) -> Vec<String> {
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

/// The Rust files below a folder of the project.
pub fn sources(folder: &str) -> Vec<PathBuf> {
    fn below(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder can be listed").path();
            if path.is_dir() {
                below(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    files.sort();
    files
}

/// A path that a source imports, or names in its code.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// Its names.
    pub path: Vec<String>,
    /// It stands in a `use`.
    pub imported: bool,
    /// How many modules stand around it in the file.
    pub inside: usize,
}

/// Every path that a source imports, or names in its code. Single names in the code are left out: nobody can tell what they
/// are names of.
pub fn paths(source: &str) -> Vec<Named> {
    let words = words(source);
    let is = |at: usize, word: &str| words.get(at).is_some_and(|there| there == word);
    let (mut found, mut at) = (Vec::new(), 0);
    // How deep the braces of the modules are that stand around.
    let (mut depth, mut modules): (usize, Vec<usize>) = (0, Vec::new());
    while at < words.len() {
        match words[at].as_str() {
            // Not the `use<'a>` of a type.
            "use" if !is(at + 1, "<") => {
                let end = words[at..].iter().position(|word| word == ";").map_or(words.len(), |len| at + len);
                let imported = tree(&words[at + 1..end]).into_iter();
                found.extend(imported.map(|path| Named { path, imported: true, inside: modules.len() }));
                at = end;
            }
            "mod" if is(at + 2, "{") => modules.push(depth),
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                modules.pop_if(|module| *module == depth);
            }
            // Where a thing can be seen is no use of it: `pub(in crate::cli)`.
            "in" if at >= 2 && is(at - 1, "(") && is(at - 2, "pub") => at += path(&words[at + 1..]).len() * 2 - 1,
            // A path begins here.
            _ if is(at + 1, "::") && (at == 0 || words[at - 1] != "::" || !is_name(words.get(at.wrapping_sub(2)))) => {
                found.push(Named { path: path(&words[at..]), imported: false, inside: modules.len() });
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The macros that a source calls by their names alone.
pub fn macros(source: &str) -> Vec<String> {
    let words = words(source);
    let called = words.windows(2).filter(|pair| pair[1] == "!" && is_name(Some(&pair[0])));
    called.map(|pair| pair[0].clone()).collect()
}
