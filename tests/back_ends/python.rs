//! The handler of `examples/python` with two small folders, and the script that does as it does.

use std::fs;

use mobsync::job::{Handler, HandlerSpec};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::interpreter::python;
use crate::native::of_repository;
use crate::notebook::{if_stopped, report};
use crate::sessions::Came;

/// The folders, and the files that are copied, in this order.
const FOLDERS: [(&str, &[&str]); 2] =
    [("photos", &["four.txt", "one.txt", "three.txt", "two.txt"]), ("letters", &["2025/june.txt", "answer.txt"])];

/// Two folders, of which nothing was copied yet; the handler is a process wherever the session is held.
pub struct Python;

impl crate::BackEnd for Python {
    fn name(&self) -> &'static str {
        "the example in Python"
    }

    fn items(&self) -> [&'static str; 2] {
        ["photos", "letters"]
    }

    fn handler(&self) -> (Handler, Option<TempDir>) {
        let root = TempDir::new().expect("a folder can be made");
        let program = of_repository("examples/python/folders.py");
        let mut command = vec![python().to_owned(), program.display().to_string()];
        for (name, files) in FOLDERS {
            for file in files {
                let file = root.path().join(name).join(file);
                fs::create_dir_all(file.parent().expect("it lies in a folder")).expect("a folder can be made");
                fs::write(file, name).expect("a file can be written");
            }
            command.push(format!("{0}/{name}={0}/copy of {name}", root.path().display()));
        }
        let spec = HandlerSpec::Exec { command, folder: None, name: "Folders".to_owned() };
        (spec.open().expect("a program is started when it is driven"), Some(root))
    }

    fn script(&self, chosen: &[String], came: &Came) -> Value {
        // They come of the folders' paths.
        let ids: Vec<String> = match &came.items()[..] {
            [] => ["A", "B"].map(str::to_owned).into(),
            items => items.iter().map(|item| item.id.to_string()).collect(),
        };
        let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|chosen| chosen == name);
        let work = FOLDERS.iter().zip(&ids).filter(|((name, _), _)| is_chosen(name));
        let threads: serde_json::Map<String, Value> = work
            .map(|((name, files), id)| {
                let mut steps = begin(id, files);
                steps.push(json!({"complete_if_last": "S_OK"}));
                ((*name).to_owned(), Value::from(steps))
            })
            .collect();
        let mut synchronize = json!({"threads": threads});
        if !came.rounds_completed_before_the_return().is_empty() {
            synchronize["do"] = json!([{"wait": "1s"}]);
        }
        json!({
            "kind": "script", "version": 1, "name": "Folders",
            "items": [{"id": ids[0], "name": "photos"}, {"id": ids[1], "name": "letters"}],
            // What it does about being told to stop is said step by step.
            "on_cancel": {"ignore": true},
            "on_skip": {"ignore": true},
            "methods": {"Synchronize": synchronize},
        })
    }
}

/// What is done from the beginning: the item is announced, and left alone if the reply says so.
fn begin(id: &str, files: &[&str]) -> Vec<Value> {
    let stopped = || vec![report(id, "SKIPPED", 0, 0)];
    let unless =
        |condition: Value, steps: Vec<Value>| json!({"when": {"is": condition, "do": stopped(), "else": steps}});
    let unless_cancelled = unless(json!({"cancelled": [id]}), copy(id, files, 0));
    vec![report(id, "PENDING", 0, 0), unless(json!({"cancelled_all": true}), vec![unless_cancelled])]
}

/// What is left to do when `done` files were copied.
fn copy(id: &str, files: &[&str], done: usize) -> Vec<Value> {
    let (value, all) = (done as u32, files.len() as u32);
    let Some(file) = files.get(done) else { return vec![report(id, "SUCCEEDED", all, all)] };
    let stopped = || vec![report(id, "SKIPPED", value, all)];
    let mut now = report(id, "UPDATING", value, all);
    now["progress"]["text"] = (*file).into();
    let told = if_stopped(id, stopped(), copy(id, files, done + 1));
    vec![if_stopped(id, stopped(), vec![now, told])]
}
