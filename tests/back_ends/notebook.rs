//! The notebook: the same handler in several languages, and the script that does as it does.

use std::path::PathBuf;
use std::sync::OnceLock;

use mobsync::job::{Handler, HandlerSpec};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::native::{NOTEBOOK_C, NOTEBOOK_CPP, library};
use crate::rust_handler::{NOTEBOOK_RUST, notebook_in_rust};
use crate::sessions::Came;

/// A notebook that is compiled.
pub struct Notebook {
    name: &'static str,
    library: fn() -> PathBuf,
    clsid: &'static str,
}

/// In C++.
pub const CPP: Notebook = Notebook {
    name: "the notebook in C++",
    library: || library("fixtures/handlers/cpp/notebook.cpp", &[]),
    clsid: NOTEBOOK_CPP,
};

/// In C.
pub const C: Notebook = Notebook {
    name: "the notebook in C",
    library: || library("fixtures/handlers/c/notebook.c", &[]),
    clsid: NOTEBOOK_C,
};

/// In Rust.
pub const RUST: Notebook = Notebook { name: "the notebook in Rust", library: rust_library, clsid: NOTEBOOK_RUST };

/// Built once: cargo takes a while to say that there is nothing to do.
fn rust_library() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(notebook_in_rust).clone()
}

/// The error that the calendar logs in the first round.
const ERROR: &str = "{6D6F6273-796E-6345-0000-000000000001}";

/// Its items: the ID, the name, and how many units of work there are.
const ITEMS: [(&str, &str, u32); 3] = [("A", "Mail", 4), ("B", "Calendar", 2), ("C", "Contacts", 6)];

impl crate::BackEnd for Notebook {
    fn name(&self) -> &'static str {
        self.name
    }

    fn items(&self) -> [&'static str; 2] {
        ["Mail", "Contacts"]
    }

    fn handler(&self) -> (Handler, Option<TempDir>) {
        let clsid = self.clsid.parse().expect("it is a GUID");
        let spec = HandlerSpec::Com {
            library: (self.library)(),
            clsid,
            name: "Notebook".into(),
            probes: false,
            multi_threaded: false,
        };
        (spec.open().expect("a library is opened when it is driven"), None)
    }

    fn script(&self, chosen: &[String], came: &Came) -> Value {
        let late = came.rounds_completed_before_the_return();
        let all = chosen.is_empty();
        let threads = ITEMS.iter().filter(|(_, name, _)| all || chosen.iter().any(|chosen| chosen == name));
        let calendar = all || chosen.iter().any(|chosen| chosen == "Calendar");
        let first: serde_json::Map<String, Value> = threads
            .map(|&(id, name, units)| {
                let end = match name {
                    "Calendar" => vec![
                        json!({"log": {"text": "The server has the same meeting twice.", "error": ERROR, "item": id, "jump": true}}),
                        report(id, "FAILED", units, units),
                    ],
                    _ => vec![report(id, "SUCCEEDED", units, units)],
                };
                let mut steps = work(id, name, units, 0, end);
                let complete = |hr: &str| vec![json!({"complete_if_last": hr})];
                steps.extend(match calendar {
                    true => vec![if_stopped("B", complete("S_OK"), complete("E_FAIL"))],
                    false => complete("S_OK"),
                });
                (name.to_lowercase(), Value::from(steps))
            })
            .collect();
        let mut again = vec![json!({"delete_log": ERROR})];
        again.extend(work("B", "Calendar", 2, 0, vec![report("B", "SUCCEEDED", 2, 2)]));
        again.push(json!({"complete_if_last": "S_OK"}));
        let round = |nth, threads: Value| match late.contains(&nth) {
            true => json!({"threads": threads, "do": [{"wait": "1s"}]}),
            false => json!({"threads": threads}),
        };
        let dialog = [json!({"dialog": true}), json!({"dialog": false})];
        json!({
            "kind": "script", "version": 1, "name": "Notebook",
            "flags": "HASPROPERTIES|MAYESTABLISHCONNECTION",
            "items": ITEMS.map(|(id, name, _)| {
                let flags = if name == "Mail" { "HASPROPERTIES" } else { "0x0" };
                json!({"id": id, "name": name, "flags": flags})
            }),
            // What it does about being told to stop is said step by step.
            "on_cancel": {"ignore": true},
            "on_skip": {"ignore": true},
            "methods": {
                "PrepareForSync": {"do": [
                    {"when": {"is": {"user": true}, "do": dialog}},
                    {"connect": "Notebooks"},
                    {"complete": "S_OK"},
                ]},
                "Synchronize": [round(0, first.into()), round(1, json!({"calendar": again}))],
                "ShowError": {"do": [{"retry": ["B"]}]},
                "ShowProperties": {"do": [dialog[0], dialog[1], {"complete": "S_OK"}]},
            },
        })
    }
}

pub fn report(item: &str, status: &str, value: u32, max: u32) -> Value {
    json!({"progress": {"item": item, "status": status, "value": value, "max": max}})
}

/// The work that is left at `value`, then the end.
fn work(id: &str, name: &str, units: u32, value: u32, end: Vec<Value>) -> Vec<Value> {
    let stopped = vec![report(id, "SKIPPED", value, units)];
    let go_on = match value == units {
        true => end,
        false => {
            let mut now = report(id, "UPDATING", value, units);
            if value == 0 {
                now["progress"]["text"] = name.into();
            }
            let mut steps = vec![now, json!({"wait": "1ms"})];
            steps.extend(work(id, name, units, value + 1, end));
            steps
        }
    };
    vec![if_stopped(id, stopped, go_on)]
}

/// One thing when the item was told to stop in any way, else another.
pub fn if_stopped(item: &str, stopped: Vec<Value>, otherwise: Vec<Value>) -> Value {
    let conditions = [json!({"skipped": [item]}), json!({"cancelled": [item]}), json!({"cancelled_all": true})];
    let mut steps = otherwise;
    for condition in conditions {
        steps = vec![json!({"when": {"is": condition, "do": stopped, "else": steps}})];
    }
    steps.remove(0)
}
