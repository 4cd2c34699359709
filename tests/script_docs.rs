//! docs/scripts.md: its scripts are the sample files, its steps are steps, and it names all there is.

use std::fs;
use std::path::{Path, PathBuf};

use mobsync::handler::script::{self, Fault, ScriptStep};
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn document() -> String {
    fs::read_to_string(root().join("docs/scripts.md")).expect("docs/scripts.md is there").replace("\r\n", "\n")
}

/// The ```json blocks, each with the sample file that the paragraph before it names.
fn scripts(document: &str) -> Vec<(PathBuf, &str)> {
    let mut scripts = Vec::new();
    let mut rest = document;
    while let Some((before, after)) = rest.split_once("```json\n") {
        let (block, after) = after.split_once("```\n").expect("a block is closed");
        let paragraph = before.trim_end().rsplit("\n\n").next().unwrap_or_default();
        let named = paragraph.split('`').find(|word| word.starts_with("fixtures/")).expect("the file is named");
        scripts.push((root().join(named), block));
        rest = after;
    }
    scripts
}

#[test]
fn every_json_block_is_a_script_and_the_file_that_it_is_said_to_be() {
    let document = document();
    let scripts = scripts(&document);
    assert_eq!(scripts.len(), 3, "the document teaches from three scripts");
    for (path, block) in scripts {
        let file = fs::read_to_string(&path).expect("the file is there").replace("\r\n", "\n");
        assert_eq!(block, file, "{}", path.display());
        script::parse(block, &path).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn every_step_of_the_table_is_a_step_and_no_step_is_missing() {
    let document = document();
    let steps = document.split("\n## ").find(|section| section.starts_with("Steps\n")).expect("there are steps");
    let mut named = Vec::new();
    for row in steps.lines().filter(|line| line.starts_with("| `{")) {
        let cell = row.split(" | ").next().expect("a row has cells");
        for text in cell.split('`').filter(|text| text.starts_with('{')) {
            let whole = text.replace("[…]", "[]").replace("{…}", "{00000000-0000-0000-0000-000000000000}");
            let step: ScriptStep = serde_json::from_str(&whole).unwrap_or_else(|error| panic!("{text}: {error}"));
            let json = serde_json::to_value(&step).expect("a step is JSON");
            named.extend(json.as_object().expect("a step is an object").keys().cloned());
        }
    }
    let schema = script::schema();
    let all = variants(&schema["$defs"]["ScriptStep"]);
    assert!(all.len() > 15, "the schema lists the steps: {all:?}");
    for step in &all {
        assert!(named.contains(step), "the table does not name the step `{step}`");
    }
}

/// The keys of an enumeration's variants.
fn variants(schema: &Value) -> Vec<String> {
    let variants = schema["oneOf"].as_array().expect("an enumeration");
    let keys = variants.iter().flat_map(|variant| variant["required"].as_array().cloned().unwrap_or_default());
    keys.filter_map(|key| key.as_str().map(str::to_owned)).collect()
}

#[test]
fn every_fault_of_an_enumerator_is_named() {
    let document = document();
    let section = document.split("\n## ").find(|section| section.starts_with("The enumerator\n"));
    let section = section.expect("there are faults");
    let listed = section.split_once("file:").and_then(|(_, list)| list.split_once(". ")).expect("a list").0;
    let named: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    let schema = script::schema();
    let all = schema["$defs"]["Fault"]["oneOf"].as_array().expect("an enumeration").iter();
    let all: Vec<&str> = all.map(|fault| fault["const"].as_str().expect("a name")).collect();
    assert_eq!(named, all);
    for name in named {
        serde_json::from_value::<Fault>(Value::from(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
