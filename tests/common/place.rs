//! A store of its own for a test, and the program that works with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A store of its own, and a folder to stand in.
pub struct Place(pub TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the program: its exit code, and what it wrote to standard output and to standard error.
    pub fn mobsync(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
        command.args(args).current_dir(self.0.path()).env("MOBSYNC_STORE", self.path("store"));
        let output = command.output().expect("it starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    #[track_caller]
    pub fn done(&self, args: &[&str]) -> String {
        let (code, text, errors) = self.mobsync(args);
        assert_eq!(code, Some(0), "{args:?}: {errors}");
        text
    }

    #[track_caller]
    pub fn refused(&self, args: &[&str], complaint: &str) {
        let (code, text, errors) = self.mobsync(args);
        assert!(code == Some(2) && errors.contains(complaint), "{args:?}: {code:?} {text}{errors}");
    }

    pub fn handlers(&self) -> Vec<Value> {
        let list: Value = serde_json::from_str(&self.done(&["handlers", "--format", "json"])).expect("it is JSON");
        assert_eq!((&list["format"], &list["version"]), (&json!("mobsync-handlers"), &json!(1)));
        list["handlers"].as_array().expect("a list").clone()
    }

    pub fn preferences(&self, handler: &str) -> Value {
        let shown = self.done(&["prefs", "show", handler, "--format", "json"]);
        serde_json::from_str::<Value>(&shown).expect("it is JSON")["preferences"].clone()
    }
}

/// The path of a sample handler.
pub fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/handlers").join(name).display().to_string()
}

/// A script with these items, each with its flags, whose enumeration returns that.
pub fn script(place: &Place, items: &[(&str, &str, &str)], result: &str) {
    let items: Vec<Value> =
        items.iter().map(|(id, name, flags)| json!({ "id": id, "name": name, "flags": flags })).collect();
    let script = json!({
        "kind": "script", "version": 1, "name": "Mine", "items": items,
        "methods": { "EnumSyncMgrItems": { "returns": result } }
    });
    fs::write(place.path("mine.json"), script.to_string()).expect("it can be written");
}
