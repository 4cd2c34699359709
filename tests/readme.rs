//! What README.md and docs/scripts.md tell people to run, run: with the exit codes and the output that they promise.
#![cfg(unix)] // the commands are given to a shell

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mobsync::rules::{Checked, RULES};

/// A fenced block of a document.
struct Block {
    language: String,
    line: usize,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn blocks(document: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in document.lines().enumerate() {
        match &mut open {
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(block) => block.text.extend([line, "\n"]),
            None => {
                if let Some(language) = line.strip_prefix("```") {
                    open = Some(Block { language: language.to_owned(), line: at + 1, text: String::new() });
                }
            }
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// A copy of what the commands read, with a `target` folder, so that they leave no trace in the repository.
fn workplace() -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("a temporary folder can be written");
        for entry in fs::read_dir(from).expect("the samples are there") {
            let path: PathBuf = entry.expect("the samples can be listed").path();
            let to = to.join(path.file_name().expect("an entry has a name"));
            if path.is_dir() {
                copy(&path, &to);
            } else {
                fs::copy(&path, &to).expect("a sample can be copied");
            }
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    copy(&root().join("fixtures"), &folder.path().join("fixtures"));
    copy(&root().join("include"), &folder.path().join("include"));
    copy(&root().join("examples/python"), &folder.path().join("examples/python"));
    fs::create_dir(folder.path().join("target")).expect("a temporary folder can be written");
    folder
}

/// Whether the output is as shown. In what is shown, `…` stands for anything within a line, and as a line of its own for
/// any lines.
fn is_like(shown: &[&str], output: &[&str]) -> bool {
    match (shown, output) {
        ([], rest) => rest.is_empty(),
        (["…", rest @ ..], _) => (0..=output.len()).any(|skipped| is_like(rest, &output[skipped..])),
        ([one, shown @ ..], [line, output @ ..]) => line_is_like(one, line) && is_like(shown, output),
        _ => false,
    }
}

fn line_is_like(shown: &str, line: &str) -> bool {
    match shown.split_once('…') {
        None => shown == line,
        Some((begin, rest)) => line
            .strip_prefix(begin)
            .is_some_and(|line| line.char_indices().any(|(at, _)| line_is_like(rest, &line[at..])) || rest.is_empty()),
    }
}

/// Runs every command of the document's `sh` blocks; a `text` block behind one is the standard output of its last command.
/// Returns how many commands there were, and where they ran.
fn run_all(name: &str) -> (usize, tempfile::TempDir) {
    let document = fs::read_to_string(root().join(name)).expect("the document is there");
    let folder = workplace();
    let program = Path::new(env!("CARGO_BIN_EXE_mobsync"));
    let programs = program.parent().expect("the program is in a folder");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let mut commands = 0;
    let mut last = String::new();
    let mut before = "";
    let blocks = blocks(&document);
    for block in &blocks {
        match block.language.as_str() {
            // What a file is called stands in the text before: only README.md has such a block.
            "json" if name == "README.md" => {
                fs::write(folder.path().join("mine.json"), &block.text).expect("the script can be written");
            }
            "sh" => {
                for line in block.text.lines() {
                    let command = line.replace("cargo run --release -- ", "mobsync ");
                    let known = command.contains("mobsync ") || command.starts_with("c++ ");
                    assert!(known, "{name}:{}: `{line}` runs neither mobsync nor the compiler", block.line);
                    let expected = line.split_once("exits with ").map_or("0", |(_, code)| code.trim());
                    let mut shell = Command::new("sh");
                    let output = shell
                        .args(["-c", &command])
                        .current_dir(folder.path())
                        .env("PATH", &path)
                        .env_remove("NO_COLOR")
                        .output()
                        .expect("a shell starts");
                    let code = output.status.code().map_or("none".to_owned(), |code| code.to_string());
                    let error = String::from_utf8_lossy(&output.stderr);
                    assert_eq!(code, expected, "{name}:{}: the exit code of `{line}`; {error}", block.line);
                    last = String::from_utf8(output.stdout).expect("the output is UTF-8");
                    commands += 1;
                }
            }
            "text" if before == "sh" => {
                let (shown, output): (Vec<&str>, Vec<&str>) = (block.text.lines().collect(), last.lines().collect());
                assert!(is_like(&shown, &output), "{name}:{}: shown is\n{}\nbut it is\n{last}", block.line, block.text);
            }
            _ => {}
        }
        before = &block.language;
    }
    (commands, folder)
}

/// The files below a folder, with what is in them; but for what filesync keeps for itself.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("the folder is there") {
            let path = entry.expect("the folder can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != ".mobsync-filesync") {
                let name = path.strip_prefix(folder).expect("it is in the folder").to_owned();
                files.insert(name, fs::read(&path).expect("a file can be read"));
            }
        }
    }
    files
}

#[test]
fn the_readme_is_true() {
    let (commands, folder) = run_all("README.md");
    assert!(commands > 15, "the commands are found");
    let left = files(&root().join("fixtures/folders/left"));
    assert!(left.len() >= 10 && left.values().any(Vec::is_empty), "the sample is there");
    for (from, to) in [("left", "right"), ("left", "left"), ("recipes", "recipes")] {
        let from = files(&root().join("fixtures/folders").join(from));
        assert_eq!(files(&folder.path().join("target").join(to)), from, "target/{to}");
    }
}

#[test]
fn the_document_about_scripts_is_true() {
    assert!(run_all("docs/scripts.md").0 > 4, "the commands are found");
}

#[test]
fn shown_output_is_compared() {
    let output = ["  left  SUCCEEDED", "passed: no findings; 43 rules held, 75 not exercised"];
    for shown in [
        &output[..],
        &["  left  SUCCEEDED", "passed: no findings; … rules held, … not exercised"],
        &["…", "passed: …"],
        &["…"],
        &["  left  …", "…"],
    ] {
        assert!(is_like(shown, &output), "{shown:?}");
    }
    for shown in [
        &output[..1],
        &["  left  SUCCEEDED", "passed: no findings; … rules held"],
        &["  left  SUCCEEDED", "FAILED: …"],
        &["…", "  left  SUCCEEDED"],
        &["  left  FAILED", "…"],
        &[],
    ] {
        assert!(!is_like(shown, &output), "{shown:?}");
    }
}

#[test]
fn the_readme_counts_the_rules() {
    let document = fs::read_to_string(root().join("README.md")).expect("README.md is there");
    let waiting = RULES.iter().filter(|rule| rule.checked != Checked::Monitor).count();
    for says in [format!("{} rules of the protocol", RULES.len()), format!("{waiting} rules wait")] {
        assert!(document.contains(&says), "README.md does not say `{says}`");
    }
}

#[test]
fn the_readmes_links_lead_somewhere() {
    for name in ["README.md", "docs/scripts.md"] {
        let document = fs::read_to_string(root().join(name)).expect("the document is there");
        let base = root().join(name);
        let base = base.parent().expect("a document is in a folder");
        let anchors: Vec<String> = document
            .lines()
            .filter(|line| line.starts_with('#'))
            .map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"))
            .collect();
        for target in document.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            match target.strip_prefix('#') {
                Some(anchor) => assert!(anchors.iter().any(|there| there == anchor), "{name}: no section #{anchor}"),
                None => assert!(base.join(target).exists(), "{name}: no file {target}"),
            }
        }
    }
}
