//! The commands in README.md and in the documents run, with the exit codes and the output that they show; links lead somewhere.
#![cfg(unix)] // the commands are given to a shell

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mobsync::rules::{Checked, RULES};

/// The documents whose `sh` blocks are run, each with how many commands it has at least.
const RUN: [(&str, usize); 11] = [
    ("README.md", 5),
    ("docs/running.md", 14),
    ("docs/handlers.md", 6),
    ("docs/conformance.md", 5),
    ("docs/checking.md", 4),
    ("docs/pictures.md", 4),
    ("docs/project.md", 6),
    ("docs/manager.md", 9),
    ("docs/ci.md", 3),
    ("docs/scenarios.md", 4),
    ("docs/scripts.md", 5),
];

/// A fenced block of a document.
struct Block {
    language: String,
    line: usize,
    text: String,
    /// The file as which the paragraph before it says to save it.
    save_as: Option<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn blocks(document: &str) -> Vec<Block> {
    let lines: Vec<&str> = document.lines().collect();
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in lines.iter().copied().enumerate() {
        match &mut open {
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(block) => block.text.extend([line, "\n"]),
            None => {
                if let Some(language) = line.strip_prefix("```") {
                    let save_as = save_as(&lines[..at]);
                    open = Some(Block { language: language.to_owned(), line: at + 1, text: String::new(), save_as });
                }
            }
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The file that the paragraph at the end of these lines says to save the next block as.
fn save_as(before: &[&str]) -> Option<String> {
    let text = before.join("\n");
    let paragraph = text.trim_end().rsplit("\n\n").next()?.replace('\n', " ");
    let (_, name) = paragraph.split_once("Save this as `")?;
    Some(name.split_once('`')?.0.to_owned())
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
            "json" if block.save_as.is_some() => {
                let file = folder.path().join(block.save_as.as_deref().unwrap_or_default());
                fs::write(file, &block.text).expect("the script can be written");
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
                        .env("MOBSYNC_STORE", folder.path().join("target/store"))
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

/// Runs one of the documents.
#[track_caller]
fn runs(name: &str) -> tempfile::TempDir {
    let (commands, folder) = run_all(name);
    let at_least = RUN.iter().find(|(run, _)| *run == name).expect("it is one of those that are run").1;
    assert!(commands >= at_least, "{name} has {commands} commands, fewer than {at_least}");
    folder
}

/// What filesync copied is what it was to copy.
#[track_caller]
fn copied(folder: &tempfile::TempDir, pairs: &[(&str, &str)]) {
    let left = files(&root().join("fixtures/folders/left"));
    assert!(left.len() >= 10 && left.values().any(Vec::is_empty), "the sample is there");
    for (from, to) in pairs {
        let from = files(&root().join("fixtures/folders").join(from));
        assert_eq!(files(&folder.path().join("target").join(to)), from, "target/{to}");
    }
}

#[test]
fn the_readme_is_true() {
    runs("README.md");
}

#[test]
fn the_document_about_running_is_true() {
    copied(&runs("docs/running.md"), &[("left", "right")]);
}

#[test]
fn the_document_about_handlers_is_true() {
    let folder = runs("docs/handlers.md");
    copied(&folder, &[("left", "right"), ("left", "left"), ("recipes", "recipes"), ("left", "from-python")]);
}

#[test]
fn the_document_about_conformance_is_true() {
    runs("docs/conformance.md");
}

#[test]
fn the_document_about_traces_is_true() {
    runs("docs/checking.md");
}

#[test]
fn the_commands_about_projects_run() {
    runs("docs/project.md");
}

#[test]
fn the_commands_about_registered_handlers_run() {
    runs("docs/manager.md");
}

#[test]
fn the_commands_about_pictures_run() {
    runs("docs/pictures.md");
}

#[test]
fn the_document_about_ci_is_true() {
    runs("docs/ci.md");
}

#[test]
fn the_document_about_scenarios_is_true() {
    runs("docs/scenarios.md");
}

#[test]
fn the_document_about_scripts_is_true() {
    runs("docs/scripts.md");
}

/// The Markdown files of a folder.
fn documents(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("it can be listed").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> =
        names.filter(|name| name.ends_with(".md")).map(|name| format!("{folder}/{name}")).collect();
    names.sort();
    assert!(names.len() > 10, "{folder} has documents");
    names
}

#[test]
fn the_index_names_every_document() {
    let index = fs::read_to_string(root().join("docs/README.md")).expect("docs/README.md is there");
    for document in documents("docs") {
        let name = document.strip_prefix("docs/").expect("it is in docs");
        assert!(name == "README.md" || index.contains(&format!("]({name})")), "docs/README.md does not link {name}");
    }
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
    let says = format!("{} rules of the protocol", RULES.len());
    assert!(document.contains(&says), "README.md does not say `{says}`");
    // None of them waits for something, or the document says how many do.
    let says = format!("{waiting} rules wait");
    assert_eq!(document.contains(&says), waiting > 0, "README.md: `{says}`");
    assert_eq!(document.contains("rules wait"), waiting > 0, "README.md: {waiting} rules wait");
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(document: &str) -> Vec<String> {
    let headings = document.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || "- _".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let mut links = 0;
    let all = ["README.md", "CHANGELOG.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned).into_iter();
    for name in all.chain(documents("docs")).chain(documents("docs/rules")) {
        let path = root().join(&name);
        let document = fs::read_to_string(&path).expect("the document is there");
        for target in document.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.starts_with("https://") {
                continue;
            }
            links += 1;
            let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
            let file = if file.is_empty() { path.clone() } else { path.parent().expect("a folder").join(file) };
            assert!(file.exists(), "{name}: no file {target}");
            if let Some(anchor) = anchor {
                let linked = fs::read_to_string(&file).expect("the linked document can be read");
                assert!(anchors(&linked).iter().any(|there| there == anchor), "{name}: no section {target}");
            }
        }
    }
    assert!(links > 150, "the links are found");
}

#[test]
fn every_word_of_the_glossary_has_one_meaning() {
    let glossary = fs::read_to_string(root().join("docs/glossary.md")).expect("docs/glossary.md is there");
    let rows = glossary.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let mut words: Vec<&str> =
        rows.filter_map(|row| row.split(" | ").next()).filter(|word| *word != "| word").collect();
    let all = words.len();
    assert!(all > 50, "the words are found");
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), all, "a word stands in the glossary twice");
}

/// The paths of the repository that a document names in code: what begins with one of its folders, or is a file in its root.
fn named_paths(document: &str) -> Vec<&str> {
    const FOLDERS: [&str; 10] =
        ["src/", "tests/", "docs/", "fixtures/", "include/", "examples/", "benches/", "scripts/", ".ci/", ".github/"];
    let code = document.split('`').skip(1).step_by(2).flat_map(str::split_whitespace);
    code.filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder) || format!("{word}/") == *folder)).collect()
}

#[test]
fn the_architecture_and_the_instructions_name_files_that_exist() {
    for (name, at_least) in [("ARCHITECTURE.md", 40), ("CONTRIBUTING.md", 40)] {
        let document = fs::read_to_string(root().join(name)).expect("the document is there");
        let paths = named_paths(&document);
        assert!(paths.len() >= at_least, "{name} names {} paths: {paths:?}", paths.len());
        let missing: Vec<_> =
            paths.into_iter().filter(|path| !root().join(path.replace("<CODE>", "SYNC-04")).exists()).collect();
        assert!(missing.is_empty(), "{name} names what does not exist: {missing:?}");
    }
}
