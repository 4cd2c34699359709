//! filesync with two small folders, and the script that does as it does.

use std::fs;

use mobsync::job::Handler;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::sessions::Came;

/// The folders, and what is brought over, in this order.
const FOLDERS: [(&str, &[&str]); 2] =
    [("photos", &["photos", "one.txt", "two.txt"]), ("letters", &["letters", "answer.txt", "2025", "2025/june.txt"])];

/// Two folders, of which nothing was brought over yet.
pub struct Folders;

impl crate::BackEnd for Folders {
    fn name(&self) -> &'static str {
        "filesync"
    }

    fn items(&self) -> [&'static str; 2] {
        ["photos", "letters"]
    }

    fn handler(&self) -> (Handler, Option<TempDir>) {
        let root = TempDir::new().expect("a folder can be made");
        for (name, entries) in FOLDERS {
            let left = root.path().join(name);
            fs::create_dir(&left).expect("a folder can be made");
            for entry in &entries[1..] {
                match entry.ends_with(".txt") {
                    true => fs::write(left.join(entry), entry).expect("a file can be written"),
                    false => fs::create_dir(left.join(entry)).expect("a folder can be made"),
                }
            }
        }
        let pairs = FOLDERS.map(|(name, _)| format!("{0}/{name}={0}/copy of {name}", root.path().display()));
        (Handler::find("filesync", &pairs, None).unwrap_or_else(|error| panic!("{error}")), Some(root))
    }

    fn script(&self, _: &[String], came: &Came) -> Value {
        // They come of the folders' paths.
        let ids: Vec<String> = match &came.items()[..] {
            [] => ["A", "B"].map(str::to_owned).into(),
            items => items.iter().map(|item| item.id.to_string()).collect(),
        };
        let threads: serde_json::Map<String, Value> = FOLDERS
            .iter()
            .zip(&ids)
            .map(|((name, entries), id)| {
                let all = entries.len();
                let mut steps = vec![json!({"progress": {"item": id, "status": "PENDING"}})];
                steps.extend(entries.iter().enumerate().map(|(at, entry)| {
                    json!({"progress": {"item": id, "status": "UPDATING", "value": at, "max": all, "text": entry}})
                }));
                let text = format!("{all} copied");
                steps.push(
                    json!({"progress": {"item": id, "status": "SUCCEEDED", "value": all, "max": all, "text": text}}),
                );
                steps.push(json!({"complete_if_last": "S_OK"}));
                ((*name).to_owned(), Value::from(steps))
            })
            .collect();
        let mut synchronize = json!({"threads": threads});
        if !came.rounds_completed_before_the_return().is_empty() {
            synchronize["do"] = json!([{"wait": "1s"}]);
        }
        json!({
            "kind": "script", "version": 1, "name": "filesync",
            "items": [{"id": ids[0], "name": "photos"}, {"id": ids[1], "name": "letters"}],
            "on_cancel_all": {"ends": "STOPPED"},
            "methods": {
                "GetHandlerInfo": {"info": {"name": "File synchronization"}},
                "Synchronize": synchronize,
            },
        })
    }
}
