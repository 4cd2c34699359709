//! The JSON Schemas in docs/schema are what the program writes, and take what it reads and writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jsonschema::Validator;
use serde_json::{Value, json};

const SCHEMAS: [&str; 12] = [
    "trace",
    "script",
    "scenario",
    "report",
    "baseline",
    "config",
    "registration",
    "preferences",
    "preferences-export",
    "results",
    "schedule",
    "daemon",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn mobsync(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mobsync")).args(args).current_dir(root()).output().expect("the program starts")
}

fn file(name: &str) -> PathBuf {
    root().join(format!("docs/schema/{name}.schema.json"))
}

/// What `mobsync schema` prints.
fn schema(name: &str) -> String {
    let output = mobsync(&["schema", name]);
    assert!(output.status.success(), "mobsync schema {name}");
    String::from_utf8(output.stdout).expect("a schema is UTF-8")
}

fn validator(name: &str) -> Validator {
    let schema = serde_json::from_str(&schema(name)).expect("a schema is JSON");
    jsonschema::draft202012::new(&schema).expect("the schema is a schema")
}

/// Fails with everything that the schema has against the value.
#[track_caller]
fn takes(schema: &Validator, value: &Value, what: &str) {
    let complaints: Vec<String> =
        schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path)).collect();
    assert!(complaints.is_empty(), "{what}:\n{}", complaints.join("\n"));
}

/// The handler files of kind `script`, by their paths.
fn scripts() -> Vec<(PathBuf, Value)> {
    let entries = fs::read_dir(root().join("fixtures/handlers")).expect("fixtures/handlers is there");
    let paths = entries.map(|entry| entry.expect("fixtures/handlers can be listed").path());
    let read = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")).map(|path| {
        let text = fs::read_to_string(&path).expect("a handler file is text");
        (path, serde_json::from_str(&text).expect("a handler file is JSON"))
    });
    read.filter(|(_, json): &(PathBuf, Value)| json["kind"] == "script").collect()
}

#[test]
fn the_files_are_fresh() {
    let bless = std::env::var_os("MOBSYNC_BLESS").is_some_and(|bless| bless == "1");
    for name in SCHEMAS {
        let fresh = schema(name);
        if bless {
            fs::write(file(name), &fresh).expect("docs/schema can be written");
        }
        let written = fs::read_to_string(file(name)).unwrap_or_default().replace("\r\n", "\n");
        assert!(
            written == fresh,
            "docs/schema/{name}.schema.json does not say what `mobsync schema {name}` says; write it anew with \
             `MOBSYNC_BLESS=1 cargo test --test schema_files`"
        );
    }
}

#[test]
fn every_sample_script_keeps_the_schema_that_it_names() {
    let schema = validator("script");
    let scripts = scripts();
    assert!(scripts.len() > 30, "the sample scripts are there");
    for (path, script) in &scripts {
        assert_eq!(script["$schema"], "../../docs/schema/script.schema.json", "{}", path.display());
        takes(&schema, script, &path.display().to_string());
    }
}

#[test]
fn what_is_no_script_does_not_keep_the_schema() {
    let schema = validator("script");
    let right = json!({ "kind": "script", "version": 1, "name": "H", "items": [{ "id": "A", "name": "A" }] });
    takes(&schema, &right, "a script");
    for (key, value) in [
        ("kind", json!("com")),
        ("version", json!("1")),
        ("name", Value::Null),
        ("itms", json!([])),
        ("items", json!([{ "name": "A" }])),
        ("methods", json!({ "Synchronise": {} })),
        ("methods", json!({ "Synchronize": { "do": [{ "sleep": "1s" }] } })),
        ("enumerator", json!(["next-lies"])),
    ] {
        let mut wrong = right.clone();
        wrong[key] = value;
        assert!(!schema.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn every_report_keeps_the_schema() {
    let schema = validator("report");
    for (path, _) in scripts() {
        let path = path.display().to_string();
        let output = mobsync(&["run", &path, "--format", "json"]);
        let report = serde_json::from_slice(&output.stdout).expect("a report is JSON");
        takes(&schema, &report, &path);
    }
}

#[test]
fn reports_of_parts_with_a_baseline_keep_the_schema() {
    let schema = validator("report");
    let conform = ["conform", "fixtures/handlers/completes-twice.json", "--format", "json", "--partition", "1/2"];
    let baseline = ["--baseline", "fixtures/baselines/completes-twice.json"];
    let output = mobsync(&[&conform[..], &baseline].concat());
    let mut report: Value = serde_json::from_slice(&output.stdout).expect("a report is JSON");
    for key in ["partition", "baseline"] {
        assert!(!report[key].is_null(), "{key} is there");
    }
    takes(&schema, &report, "a part");
    report["baseline"][0]["state"] = json!("perhaps");
    assert!(!schema.is_valid(&report));
}

#[test]
fn every_trace_keeps_the_schema() {
    let schema = validator("trace");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let trace = folder.path().join("trace.jsonl");
    for (path, _) in scripts() {
        // Its thousands of lines say the same of two events.
        if path.ends_with("enumerator-endless.json") {
            continue;
        }
        mobsync(&["run", &path.display().to_string(), "--trace", &trace.display().to_string()]);
        let text = fs::read_to_string(&trace).expect("the trace is there");
        for (at, line) in text.lines().enumerate() {
            let line = serde_json::from_str(line).expect("a line is JSON");
            takes(&schema, &line, &format!("{} line {}", path.display(), at + 1));
        }
    }
}

#[test]
fn the_files_of_the_store_keep_their_schemas() {
    use mobsync::json::Id;
    use mobsync::protocol::{FileTime, Guid, RegisterFlags, Status, SyncEvent};
    use mobsync::store::{
        Exchange, ExchangedHandler, ItemResult, Key, Registration, Results, Start, StartFolders, Store,
    };

    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = Store::at(folder.path());
    let clsid = Guid::from_u128(7);
    let folders = vec![StartFolders { left: "/a".into(), right: "/b".into() }];
    for start in [
        Start::Library { library: "/h.so".into(), multi_threaded: true },
        Start::Command { command: vec!["python3".to_owned(), "h.py".to_owned()], folder: Some("/h".into()) },
        Start::File { file: "/h.json".into() },
        Start::Filesync { folders, update: true },
    ] {
        let flags = RegisterFlags(5);
        let registration = Registration { clsid, description: Some("H".to_owned()), flags, start };
        store.register(&registration).expect("the store can be changed");
        let own = folder.path().join(format!("handlers/{clsid}"));
        let key = Key {
            item: Guid::from_alias("A"),
            event: Some(SyncEvent::IDLE.into()),
            connection: Some("Office".to_owned()),
        };
        store.change_preferences(clsid, |all| all.set(key, true)).expect("the store can be changed");
        let ask = |all: &mut mobsync::store::Preferences| all.set_ask(SyncEvent::IDLE.into(), true);
        store.change_preferences(clsid, ask).expect("the store can be changed");
        let preferences = store.preferences(clsid).expect("they can be read");
        let item = ItemResult {
            id: Id(Guid::from_u128(1)),
            name: "A".to_owned(),
            chosen: true,
            status: Some(Status::FAILED),
            errors: vec!["ERROR: full".to_owned()],
        };
        let results = Results {
            event: SyncEvent::IDLE,
            started: FileTime(7),
            ended: FileTime(8),
            outcome: "completed with S_OK".to_owned(),
            failed: true,
            items: vec![item],
            errors: vec!["WARNING: slow".to_owned()],
            broken: vec!["SYNC-04".to_owned()],
        };
        store.keep_results(clsid, &results).expect("the store can be changed");
        assert_eq!(store.results(clsid).expect("they can be read"), Some(results));
        let exchange = Exchange { handlers: vec![ExchangedHandler { clsid, description: None, preferences }] };
        fs::write(own.join("preferences-export.json"), exchange.text().expect("it has a text"))
            .expect("it can be written");
        for name in ["registration", "preferences", "preferences-export", "results"] {
            let text = fs::read_to_string(own.join(format!("{name}.json"))).expect("it is there");
            let mut value: Value = serde_json::from_str(&text).expect("it is JSON");
            takes(&validator(name), &value, name);
            value["version"] = json!(2);
            assert!(!validator(name).is_valid(&value), "{name}");
        }
        assert_eq!(Exchange::load(&own.join("preferences-export.json")).expect("it can be read"), exchange);
    }
}
