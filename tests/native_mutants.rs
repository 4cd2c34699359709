//! The suite is itself tested with native handlers: it finds what only they can do wrong, says of each just what is wrong with
//! it, and accuses none that only looks wrong. Each is a switch in `fixtures/handlers/cpp/notebook.cpp`.

#![cfg(unix)]

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::num::NonZero;
use std::path::Path;
use std::process::Command;

use mobsync::rules::{RULES, Subject};
use mobsync::runner::side_by_side;
use native::{NOTEBOOK_CPP, library};
use serde_json::Value;

/// A rule, what its bugs do, and what looks as if it broke the rule.
struct Mutants {
    rule: &'static str,
    bugs: &'static [&'static str],
    near: &'static str,
}

const MUTANTS: [Mutants; 27] = [
    Mutants {
        rule: "INFO-02",
        bugs: &["It comes from malloc.", "It is a variable of the library."],
        near: "The block is moved by CoTaskMemRealloc, and larger than it needs to be.",
    },
    Mutants {
        rule: "INFO-03",
        bugs: &["cbSize is 0.", "cbSize is the size of a pointer."],
        near: "The structure is the head of a larger one of the handler's own.",
    },
    Mutants {
        rule: "INFO-05",
        bugs: &["The name fills the field with one letter.", "The name is one unit too long."],
        near: "The name is as long as it can be.",
    },
    Mutants {
        rule: "ENUM-04",
        bugs: &["Next refuses a single item without the count.", "Next without the count delivers, and says S_FALSE."],
        near: "Next without the count refuses more than one item with E_POINTER.",
    },
    Mutants {
        rule: "ITEM-01",
        bugs: &["cbSize is 0.", "cbSize is that of a structure without its last field."],
        near: "Behind the end of the name the field is full of letters.",
    },
    Mutants {
        rule: "ITEM-06",
        bugs: &["No name has an end.", "The name of one item has no end."],
        near: "The name of one item is as long as it can be.",
    },
    Mutants {
        rule: "CB-01",
        bugs: &["It keeps the callback without a reference.", "It takes its reference when it prepares."],
        near: "Its reference comes from QueryInterface.",
    },
    Mutants {
        rule: "CB-02",
        bugs: &["It keeps the old callback when a new one comes.", "It keeps it when the same one comes again."],
        near: "It gives the old callback back before it takes the new one.",
    },
    Mutants {
        rule: "CB-03",
        bugs: &["It keeps the callback at NULL and at its end.", "A worker keeps its reference."],
        near: "It takes two references, and gives both back.",
    },
    Mutants {
        rule: "CB-04",
        bugs: &[
            "It gives its reference back when it synchronizes.",
            "It gives its reference back for the time of a LogError.",
        ],
        near: "The workers rely on the handler's reference.",
    },
    Mutants {
        rule: "CB-05",
        bugs: &["At NULL it releases twice.", "A worker releases twice."],
        near: "It takes a reference for the time of each report.",
    },
    Mutants {
        rule: "PROG-01",
        bugs: &["cbSize is 0.", "cbSize is too large, once."],
        near: "The mask names nothing but the status.",
    },
    Mutants {
        rule: "PROG-03",
        bugs: &["The mask names a text that is NULL.", "It does so when an item succeeded."],
        near: "The text goes nowhere, and the mask does not name it.",
    },
    Mutants {
        rule: "STOP-04",
        bugs: &[
            "SetItemStatus takes the lock that a worker holds while it calls back.",
            "SetItemStatus waits until the worker has stopped.",
        ],
        near: "SetItemStatus takes a lock that nobody holds while he calls back.",
    },
    Mutants {
        rule: "LOG-03",
        bugs: &["cbSize is 0.", "cbSize is too large."],
        near: "The item is there, and the mask does not name it.",
    },
    Mutants {
        rule: "COM-01",
        bugs: &["IUnknown is another object each time.", "IUnknown is another object the third time."],
        near: "IUnknown is another pointer than the interface, always the same.",
    },
    Mutants {
        rule: "COM-02",
        bugs: &["It loses its interface while it is in use.", "It loses IUnknown when it is much in use."],
        near: "IUnknown leads to the interface, and back, though they are two pointers.",
    },
    Mutants {
        rule: "COM-03",
        bugs: &["It has every interface.", "What it has not, it has not implemented."],
        near: "Asked without a place for the answer, it says E_INVALIDARG.",
    },
    Mutants {
        rule: "COM-04",
        bugs: &["It keeps a reference on itself.", "A worker keeps one on it."],
        near: "While it prepares, it takes a reference on itself.",
    },
    Mutants {
        rule: "COM-05",
        bugs: &["It has every class.", "A class that it has not is E_FAIL."],
        near: "It has another class.",
    },
    Mutants {
        rule: "COM-06",
        bugs: &["It takes no notice of the object that it is to be a part of.", "It refuses with E_FAIL."],
        near: "It can be a part of another object.",
    },
    Mutants {
        rule: "COM-07",
        bugs: &["It forgets to count instances down.", "It can be unloaded at any time."],
        near: "Its factory counts as an object, too.",
    },
    Mutants {
        rule: "COM-08",
        bugs: &[
            "All instances call back to whoever was given a callback last.",
            "Dialogs are the newest instance's.",
            "What one instance is told to stop, all stop.",
        ],
        near: "All instances count their sessions together.",
    },
    Mutants {
        rule: "COM-09",
        bugs: &["A factory that is refused is forgotten.", "It is counted before it is clear that there is one."],
        near: "Each caller has a factory of its own.",
    },
    Mutants {
        rule: "COM-10",
        bugs: &[
            "QueryInterface gives no reference.",
            "QueryInterface gives none for IUnknown.",
            "It releases itself once too often.",
        ],
        near: "CreateInstance hands over the first reference.",
    },
    Mutants {
        rule: "APT-01",
        bugs: &[
            "A worker holds the lock that SetProgressCallback takes while it calls back.",
            "SetProgressCallback(NULL) waits until the workers have ended.",
        ],
        near: "SetProgressCallback(NULL) takes its time, and waits for nobody.",
    },
    Mutants {
        rule: "LIFE-07",
        bugs: &["A thread that waits for changes is never ended.", "The destructor of a static object aborts."],
        near: "A worker takes a moment to end, and a static object is destroyed.",
    },
];

/// What the whole suite finds of the notebook with this switch.
struct Found {
    code: Option<i32>,
    /// The causes, each in a line.
    causes: Vec<String>,
    /// The rules of those that are worth more than a note.
    rules: Vec<String>,
    /// The first case that finds the first of them, and how many findings of the rule are in it.
    case: String,
    findings: usize,
}

fn found(switch: &str) -> Found {
    let built = library("fixtures/handlers/cpp/notebook.cpp", &[&format!("WITH_BUG=\"{switch}\"")]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.arg("conform").arg(built).args(["--clsid", NOTEBOOK_CPP, "--strict", "--format", "json"]);
    // Whoever does not hang has all the time that a busy machine needs.
    // But a reply is held for a little longer than a method may block, in every case that skips an item of a handler that waits.
    let waits = switch.starts_with("STOP_04") || switch.starts_with("APT_01");
    let limit = if waits { "2" } else { "30" };
    command.args(["--timeout", "60", "--blocking-limit", limit]);
    if switch.contains("APT_01") {
        command.args(["--apartment", "strict"]);
    }
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&said)
        .unwrap_or_else(|error| panic!("{switch}: {error}\n{said}{}", String::from_utf8_lossy(&output.stderr)));
    let causes = || report["causes"].as_array().into_iter().flatten();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let weighty = || causes().filter(|cause| cause["level"] != "note");
    let rules: Vec<String> = weighty().map(|cause| word(&cause["rule"])).collect();
    let findings = report["findings"].as_array().into_iter().flatten();
    for finding in findings.clone() {
        let debug = finding["debug"].as_str().unwrap_or_else(|| panic!("{finding:#}"));
        assert!(debug.contains(" mobsync conform ") && debug.contains(" --in-process --break-on "), "{debug}");
        let step = finding["step"].as_str().unwrap_or_else(|| panic!("{finding:#}"));
        assert!(
            step.starts_with("mobsync debug ") && step.contains(" --case ") && step.contains(" --break "),
            "{step}"
        );
    }
    let own = || findings.clone().filter(|finding| Some(&word(&finding["rule"])) == rules.first());
    let case = own().next().map(|finding| word(&finding["case"])).unwrap_or_default();
    let in_case = own().filter(|finding| finding["case"] == case.as_str()).count();
    Found {
        code: output.status.code(),
        causes: causes().map(Value::to_string).collect(),
        case,
        findings: in_case,
        rules,
    }
}

/// How many suites run at a time: those of handlers that wait take no processor time.
const AT_A_TIME: NonZero<u16> = NonZero::new(4).unwrap();

/// What is found of each of these, in their order.
fn found_of_all(switches: &[String]) -> impl Iterator<Item = Found> {
    side_by_side(Some(AT_A_TIME), switches.len(), |at| found(&switches[at])).into_iter()
}

#[test]
fn every_native_bug_is_found_and_nothing_else_is() {
    let (mut wrong, mut table) = (Vec::new(), String::new());
    let switches_of = |of: &Mutants| {
        let name = of.rule.replace('-', "_");
        (1..=of.bugs.len()).map(move |nth| format!("{name}_{nth}"))
    };
    let switches: Vec<String> = MUTANTS.iter().flat_map(switches_of).collect();
    let mut all_found = found_of_all(&switches);
    for Mutants { rule, bugs, near } in MUTANTS {
        for ((nth, bug), found) in (1..).zip(bugs).zip(&mut all_found) {
            let Found { code, causes, rules, case, findings } = found;
            if code != Some(1) || rules != [rule] {
                wrong.push(format!("{rule} {nth}: {code:?}\n    {}", causes.join("\n    ")));
            }
            // Writing to a String cannot fail.
            let _ = writeln!(table, "| {rule} {nth}: {bug} | `{case}` | {} | {findings} |", causes.len());
        }
        let _ = writeln!(table, "| {rule} nearly: {near} | nothing (correct) | 0 | 0 |");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    coverage(&table);
}

#[test]
fn what_looks_like_a_native_bug_and_is_none_passes_the_whole_suite() {
    let mut wrong = Vec::new();
    // Of COM-01 and COM-02 it is the same one.
    let name = |rule: &str| if rule == "COM-02" { "COM_01".to_owned() } else { rule.replace('-', "_") };
    let switches: Vec<String> = MUTANTS.iter().map(|of| format!("NEAR_{}", name(of.rule))).collect();
    for (Mutants { rule, near, .. }, found) in MUTANTS.into_iter().zip(found_of_all(&switches)) {
        let Found { code, causes, .. } = found;
        if code != Some(0) || !causes.is_empty() {
            wrong.push(format!("{rule} nearly ({near}): {code:?}\n    {}", causes.join("\n    ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_for_native_handlers_alone_has_mutants() {
    let covered: BTreeSet<&str> = MUTANTS.iter().filter(|of| of.bugs.len() >= 2).map(|of| of.rule).collect();
    let wanted = RULES.iter().filter(|rule| rule.subject == Subject::Handler && rule.native);
    let missing: Vec<&str> = wanted.map(|rule| rule.code).filter(|code| !covered.contains(*code)).collect();
    assert_eq!(missing, [""; 0]);
}

/// `docs/coverage-native.md` says what was found.
fn coverage(table: &str) {
    let mutants: usize = MUTANTS.iter().map(|of| of.bugs.len()).sum();
    let text = format!(
        "# What the suite finds of native handlers\n\nGenerated by `MOBSYNC_BLESS=1 cargo test --test native_mutants`. A *mutant* is\n\
         `fixtures/handlers/cpp/notebook.cpp`, compiled with one of its switches (`BUG(COM_04_1)` is the first of COM-04). *Found \
         by*\nis the first case that finds the fault, with so many *findings* there when the page was written; *causes* are those of the whole suite.\n\nThe suite finds {mutants} \
         of {mutants} mutants, each as one cause of its own rule, and accuses none of {} that only look wrong.\n[coverage.md](coverage.md) has the rules for handlers of any kind.\n\n\
         | rule and fault | found by | causes | findings |\n| --- | --- | --- | --- |\n{table}",
        MUTANTS.len(),
    );
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coverage-native.md");
    if std::env::var_os("MOBSYNC_BLESS").is_some() {
        std::fs::write(&file, &text).expect("docs/coverage-native.md can be written");
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        certain(&there) == certain(&text),
        "docs/coverage-native.md is stale; write it anew with `MOBSYNC_BLESS=1 cargo test --test native_mutants`"
    );
}

/// The page without the numbers of findings: how often threads that run freely show their fault in one session is for the machine
/// to say.
fn certain(page: &str) -> Vec<&str> {
    page.lines()
        .map(|line| line.strip_suffix(" |").and_then(|row| row.rsplit_once(" | ")).map_or(line, |(row, _)| row))
        .collect()
}
