//! What the handlers in `examples/python` and `examples/typescript` do when the user skips, cancels, and looks at an error: what became of
//! their items, and of the files. Both do the same.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::interpreter::{node, python};
use crate::mobsync;

/// Two folders with so many files each, of which none was copied yet.
struct Folders(TempDir);

impl Folders {
    fn new(photos: usize, letters: usize) -> Self {
        let folders = Self(tempfile::tempdir().unwrap());
        for (name, many) in [("photos", photos), ("letters", letters)] {
            fs::create_dir(folders.at(name)).unwrap();
            for nth in 0..many {
                fs::write(folders.at(name).join(format!("{nth:03}.txt")), name).unwrap();
            }
        }
        folders
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn pairs(&self) -> String {
        let pair = |name: &str| format!("{}={}", self.at(name).display(), self.at(&format!("copied-{name}")).display());
        format!("{} {}", pair("photos"), pair("letters"))
    }

    /// How many files were copied.
    fn copied(&self, name: &str) -> usize {
        let folder = fs::read_dir(self.at(&format!("copied-{name}")));
        folder.map_or(0, |entries| entries.filter(|entry| entry.as_ref().unwrap().path().is_file()).count())
    }

    /// Replays a scenario with these steps against the example; everything that is expected must come.
    #[track_caller]
    fn replay(&self, example: &Example, steps: &Value, expect: &Value) {
        let scenario = json!({
            "format": "mobsync-scenario", "version": 1, "title": "The example", "choose": "all",
            "timeout": "60s", "blocking": "30s", "steps": steps, "expect": expect,
        });
        let file = self.at("scenario.json");
        fs::write(&file, scenario.to_string()).unwrap();
        let command = format!("{} {}", example.command(), self.pairs());
        let ran = mobsync().args(["replay", "--strict", "--exec", &command]).arg(&file).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert_eq!(ran.status.code(), Some(0), "{}: {said}", example.command());
    }
}

/// An example, or a program that is made of one.
pub struct Example {
    interpreter: &'static str,
    program: PathBuf,
}

impl Example {
    fn of(interpreter: &'static str, program: &str) -> Self {
        Self { interpreter, program: Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(program) }
    }

    /// Whether its sessions take long, because the interpreter does.
    pub fn is_slow(&self) -> bool {
        self.interpreter != python()
    }

    pub fn command(&self) -> String {
        format!("{} {}", self.interpreter, self.program.display())
    }
}

fn in_python() -> Example {
    Example::of(python(), "python/folders.py")
}

/// The examples that this machine can run.
pub fn examples() -> Vec<Example> {
    let in_typescript = node().map(|node| Example::of(node, "typescript/folders.ts"));
    [Some(in_python()), in_typescript].into_iter().flatten().collect()
}

fn expect(photos: &str, letters: &str, outcome: &str) -> Value {
    json!({ "outcome": outcome, "items": { "photos": photos, "letters": letters }, "findings": [] })
}

#[test]
fn the_example_stops_the_item_that_is_skipped() {
    for example in examples() {
        // So many that the manager says so long before they are copied.
        let folders = Folders::new(600, 3);
        let skip = json!([{ "when": { "state": "synchronize-returned" }, "do": { "skip": "photos" } }]);
        let mut expect = expect("SKIPPED", "SUCCEEDED", "completed with S_OK");
        expect["counts"] = json!({ "SetItemStatus": 1 });
        folders.replay(&example, &skip, &expect);
        assert!(folders.copied("photos") < 600);
        assert_eq!(folders.copied("letters"), 3);
    }
}

#[test]
fn the_example_stops_the_item_that_is_cancelled() {
    for example in examples() {
        let folders = Folders::new(5, 3);
        // The first report announces the item.
        let third_file = json!({ "callback": "Progress", "item": "photos", "nth": 4 });
        let cancel = json!([{ "when": third_file, "do": { "reply": "cancel-item" } }]);
        folders.replay(&example, &cancel, &expect("SKIPPED", "SUCCEEDED", "completed with S_OK"));
        assert_eq!((folders.copied("photos"), folders.copied("letters")), (2, 3), "what was reported before is copied");
    }
}

#[test]
fn the_example_stops_everything_when_all_is_cancelled() {
    for example in examples() {
        let folders = Folders::new(600, 600);
        let second_file = json!({ "callback": "Progress", "item": "letters", "nth": 3 });
        let cancel = json!([{ "when": second_file, "do": { "reply": "cancel-all" } }]);
        folders.replay(&example, &cancel, &expect("SKIPPED", "SKIPPED", "completed with S_OK"));
        assert_eq!(folders.copied("letters"), 1);
        assert!(folders.copied("photos") < 600);
    }
}

/// A file cannot be copied, because a folder is in its place.
fn with_an_obstacle() -> (Folders, PathBuf) {
    let folders = Folders::new(3, 3);
    let obstacle = folders.at("copied-photos").join("001.txt");
    fs::create_dir_all(&obstacle).unwrap();
    (folders, obstacle)
}

/// What must come of a session in which the photos alone were tried again.
fn of_the_retry(photos: &str, outcome: &str) -> Value {
    json!({ "outcome": outcome, "items": { "photos": photos }, "findings": [] })
}

fn show_the_error() -> Value {
    json!([{ "when": { "state": "synchronized" }, "do": { "show_error": "first" } }])
}

#[test]
fn the_example_logs_what_fails_and_copies_the_rest() {
    for example in examples() {
        let (folders, _obstacle) = with_an_obstacle();
        let mut expect = expect("FAILED", "SUCCEEDED", "completed with E_FAIL");
        expect["counts"] = json!({ "Synchronize": 1, "LogError": 1, "DeleteLogError": 0 });
        folders.replay(&example, &json!([]), &expect);
        assert_eq!((folders.copied("photos"), folders.copied("letters")), (2, 3));
    }
}

#[test]
fn the_example_tries_again_when_the_error_is_shown_and_says_that_it_still_holds() {
    for example in examples() {
        let (folders, _obstacle) = with_an_obstacle();
        let mut expect = of_the_retry("FAILED", "completed with E_FAIL");
        expect["counts"] = json!({ "ShowError": 1, "Synchronize": 2, "LogError": 2, "DeleteLogError": 1 });
        folders.replay(&example, &show_the_error(), &expect);
        assert_eq!(folders.copied("photos"), 2);
    }
}

#[test]
fn the_example_succeeds_when_what_was_in_the_way_is_gone_at_the_retry() {
    let (folders, obstacle) = with_an_obstacle();
    // The user, who mends it while the error is shown.
    let user = format!(
        r#"
import os, sys
sys.path.insert(0, {example:?})
import folders
from mobsync_wire import serve
class Mended(folders.Folders):
    def ShowError(self, error, hwnd=0):
        os.rmdir({obstacle:?})
        return super().ShowError(error, hwnd)
pairs = [folders.Pair(word) for word in sys.argv[1:]]
serve(lambda manager: Mended(manager, pairs))
"#,
        example = in_python().program.parent().unwrap().display().to_string(),
        obstacle = obstacle.display().to_string(),
    );
    let program = folders.at("mended.py");
    fs::write(&program, user).unwrap();
    let mut expect = of_the_retry("SUCCEEDED", "completed with S_OK");
    expect["events"] = json!([
        { "callback": "Progress", "item": "photos", "status": "FAILED" },
        { "call": "ShowError" },
        { "callback": "ShowErrorCompleted", "hr": "S_SYNCMGR_RETRYSYNC" },
        { "callback": "DeleteLogError" },
        { "callback": "Progress", "item": "photos", "status": "SUCCEEDED" },
    ]);
    expect["counts"] = json!({ "Synchronize": 2, "LogError": 1, "DeleteLogError": 1 });
    folders.replay(&Example { interpreter: python(), program }, &show_the_error(), &expect);
    assert_eq!((folders.copied("photos"), folders.copied("letters")), (3, 3));
}
