//! What is asked of the manager stands in traces, and is judged: registration, invocation and preferences (REGI-01 to REGI-04).

#[cfg(unix)]
#[allow(dead_code, reason = "several tests share it, and each uses a part of it")]
#[path = "common/native.rs"]
mod native;
#[allow(dead_code, reason = "several tests share it, and each uses a part of it")]
#[path = "common/place.rs"]
mod place;

use std::fs;

use place::{Place, sample, script};

/// The lines of a trace that are notes of that name.
fn notes(place: &Place, trace: &str, name: &str) -> Vec<String> {
    let text = fs::read_to_string(place.path(trace)).expect("the trace is there");
    text.lines().filter(|line| line.contains(&format!("\"{name}\""))).map(str::to_owned).collect()
}

/// The rule held in the trace, and nothing was broken.
#[track_caller]
fn held(place: &Place, trace: &str, rule: &str) {
    let report = place.done(&["check", trace, "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).expect("it is JSON");
    let rules = report["rules"].as_array().expect("a list");
    let verdict = rules.iter().find(|row| row["rule"] == rule).map(|row| row["verdict"].clone());
    assert_eq!(verdict, Some("held".into()), "{rule} in {trace}");
}

#[test]
fn registering_and_unregistering_write_what_was_asked_and_answered() {
    let place = Place::new();
    script(&place, &[("A", "Photos", "0")], "S_OK");
    place.done(&["register", "mine.json", "--event", "idle", "--trace", "in.jsonl"]);
    held(&place, "in.jsonl", "REGI-01");
    assert!(notes(&place, "in.jsonl", "RegisterSyncMgrHandler")[0].contains("\"IDLE\""));
    assert_eq!(notes(&place, "in.jsonl", "GetHandlerRegistrationInfo").len(), 1);
    place.done(&["unregister", "Mine", "--trace", "out.jsonl"]);
    held(&place, "out.jsonl", "REGI-01");
    assert!(notes(&place, "out.jsonl", "GetHandlerRegistrationInfo")[0].contains("S_FALSE"));
    place.refused(&["unregister", "Mine", "--trace", "/nowhere/out.jsonl"], "--trace /nowhere/out.jsonl");
}

#[test]
fn a_session_is_traced_with_the_invocation_that_starts_it_and_the_preferences_around_it() {
    let place = Place::new();
    script(&place, &[("A", "Photos", "0"), ("B", "Letters", "0")], "S_OK");
    place.done(&["register", "mine.json"]);
    place.done(&["prefs", "set", "Mine", "checked", "--item", "A", "--item", "B"]);
    script(&place, &[("A", "Photos", "0")], "S_SYNCMGR_MISSINGITEMS");
    place.done(&["sync", "--quiet", "--trace", "missing.jsonl"]);
    held(&place, "missing.jsonl", "REGI-04");
    let stored = notes(&place, "missing.jsonl", "PreferencesStored");
    assert_eq!(stored.len(), 2, "before the session, and after it");
    script(&place, &[("A", "Photos", "0")], "S_OK");
    place.done(&["update", "--handler", "Mine", "--cookie", "00ff", "--start", "--trace", "gone.jsonl"]);
    held(&place, "gone.jsonl", "REGI-02");
    held(&place, "gone.jsonl", "REGI-04");
    let text = fs::read_to_string(place.path("gone.jsonl")).expect("it is there");
    assert!(text.contains("\"cookie\":\"00ff\""), "{text}");
    // A manager that changes the cookie, or does not drop what is gone, is seen to do so.
    let at = text.find("\"Initialize\"").expect("it is called");
    let changed = format!("{}{}", &text[..at], text[at..].replacen("00ff", "00fe", 1));
    fs::write(place.path("changed.jsonl"), changed).expect("it can be written");
    let (code, report, _) = place.mobsync(&["check", "changed.jsonl"]);
    assert!(code == Some(1) && report.contains("REGI-02"), "{report}");
}

#[test]
fn several_handlers_have_each_their_own_preferences_in_one_trace() {
    let place = Place::new();
    script(&place, &[("A", "Photos", "0")], "S_OK");
    place.done(&["register", "mine.json"]);
    place.done(&["register", &sample("office.json")]);
    place.done(&["prefs", "set", "Mine", "unchecked", "--item", "A"]);
    place.done(&["sync", "--quiet", "--trace", "both.jsonl"]);
    let stored = notes(&place, "both.jsonl", "PreferencesStored");
    let of = |handler: u32| stored.iter().filter(|line| line.contains(&format!("\"handler\":{handler}"))).count();
    assert_eq!((of(1), of(2)), (2, 2), "{stored:?}");
    place.done(&["update", "--all", "--trace", "all.jsonl"]);
    held(&place, "all.jsonl", "REGI-03");
}

/// The class of `fixtures/handlers/cpp/invokes.cpp`.
#[cfg(unix)]
const INVOKES: &str = "{6D6F6273-796E-4E6F-8001-0000000000D0}";

#[cfg(unix)]
fn invokes(definitions: &[&str]) -> String {
    native::library("fixtures/handlers/cpp/invokes.cpp", definitions).display().to_string()
}

/// It registers through CLSID_SyncMgr, asks the manager from inside Initialize, PrepareForSync and Synchronize and from a thread of
/// its own, and invokes itself. The handler compares each byte of the cookie.
#[cfg(unix)]
#[test]
fn a_library_registers_its_handler_itself_and_the_cookie_of_its_invocation_arrives_unchanged() {
    let place = Place::new();
    let said = place.done(&["register", &invokes(&[]), "--trace", "in.jsonl"]);
    assert_eq!(said, format!("Invokes itself {INVOKES}: registered\n"));
    held(&place, "in.jsonl", "REGI-01");
    assert_eq!(notes(&place, "in.jsonl", "DllRegisterServer").len(), 1);
    let row = &place.handlers()[0];
    assert_eq!((&row["clsid"], &row["flags"]), (&INVOKES.into(), &"IDLE".into()));

    place.done(&["sync", "--quiet", "--timeout", "1m", "--trace", "first.jsonl"]);
    let asked = notes(&place, "first.jsonl", "UpdateItems");
    assert!(asked.len() == 3 && asked[0].contains("\"S_OK\"") && asked[1].contains("\"E_INVALIDARG\""));
    assert!(asked[2].contains("\"E_FAIL\""), "of a class that is not registered");
    assert_eq!(notes(&place, "first.jsonl", "GetHandlerRegistrationInfo").len(), 3);
    // The session that it started: the same bytes, which the handler itself has compared, too.
    held(&place, "first-2.jsonl", "REGI-02");
    let initialize = notes(&place, "first-2.jsonl", "Initialize");
    let hex: String = (0..65_536_u32).map(|at| format!("{:02x}", (at * 31 + at / 256) as u8)).collect();
    assert!(initialize[0].contains(&format!("\"{hex}\"")) && initialize[1].contains("\"S_OK\""));
    let results = place.done(&["results"]);
    assert!(results.contains("completed with S_OK") && results.contains("INVOKE"), "{results}");

    place.done(&["unregister", "Invokes itself", "--trace", "out.jsonl"]);
    held(&place, "out.jsonl", "REGI-01");
    assert_eq!(notes(&place, "out.jsonl", "DllUnregisterServer").len(), 1);
    assert!(place.handlers().is_empty());
}

#[cfg(unix)]
#[test]
fn what_is_wrong_with_a_library_that_registers_itself_is_told() {
    let place = Place::new();
    place.refused(&["register", &invokes(&["REFUSES"])], "DllRegisterServer returned E_ACCESSDENIED");
    place.refused(&["register", &invokes(&["FORGETS_CLASS"])], "which cannot be started");
    let none = native::library("fixtures/handlers/c/notebook.c", &[]).display().to_string();
    place.refused(&["register", &none], "exports no DllRegisterServer");
    assert!(place.handlers().is_empty());
    // The class that the user names is registered all the same; the exit code says that something was told.
    let (code, said, errors) = place.mobsync(&["register", &invokes(&["FORGETS_CLASS"]), "--clsid", INVOKES]);
    assert!(
        code == Some(1) && said.ends_with(": registered\n") && errors.contains("but not"),
        "{code:?} {said}{errors}"
    );
    place.done(&["unregister", INVOKES, "--no-check"]);

    place.done(&["register", &invokes(&["KEEPS_REGISTRATION"])]);
    let (code, _, errors) = place.mobsync(&["unregister", INVOKES]);
    assert!(code == Some(1) && errors.contains("DllUnregisterServer did not unregister"), "{errors}");
    assert!(place.handlers().is_empty(), "it is removed all the same");
}

/// UpdateAll returns at once inside a handler; the process that it starts does not start another one.
#[cfg(unix)]
#[test]
fn update_all_from_inside_a_handler_starts_one_process() {
    let place = Place::new();
    place.done(&["register", &invokes(&["UPDATES_ALL"])]);
    place.done(&["sync", "--quiet", "--timeout", "1m", "--trace", "all.jsonl"]);
    held(&place, "all.jsonl", "REGI-03");
    assert!(place.path("store/update-all.log").exists());
}

#[test]
fn a_finding_of_a_session_with_different_handlers_names_its_own() {
    let place = Place::new();
    let script = |name: &str, file: &str| {
        let text = fs::read_to_string(sample(file)).expect("a sample");
        let mut script: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        script["name"] = name.into();
        fs::write(place.path(&format!("{name}.json")), script.to_string()).expect("it can be written");
    };
    script("Good", "good.json");
    script("Twice", "completes-twice.json");
    for name in ["Good", "Twice"] {
        place.done(&["register", &format!("{name}.json")]);
    }
    place.mobsync(&["sync", "--quiet", "--trace", "both.jsonl"]);
    let (code, report, _) = place.mobsync(&["check", "both.jsonl", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).expect("it is JSON");
    let findings = report["findings"].as_array().expect("a list");
    assert!(code == Some(1) && !findings.is_empty());
    assert!(findings.iter().all(|finding| finding["handler_name"] == "Twice"), "{findings:?}");
    assert!(place.mobsync(&["check", "both.jsonl"]).1.contains(" of Twice, "));
}

/// The shell itself asks: a name with a space is quoted.
#[cfg(unix)]
#[test]
fn a_shell_completes_the_names_of_registered_handlers() {
    let place = Place::new();
    place.done(&["register", &sample("office.json"), "--description", "My office"]);
    assert_eq!(place.done(&["registered-names"]), "My office\n");
    fs::write(place.path("bash"), place.done(&["completions", "bash"])).expect("it can be written");
    let ask = r#". ./bash; COMP_WORDS=("$MOBSYNC" run My); COMP_CWORD=2; _mobsync_with_registered "$MOBSYNC" My run; printf '%s\n' "${COMPREPLY[@]}""#;
    let mut bash = std::process::Command::new("bash");
    bash.args(["-c", ask]).current_dir(place.0.path()).env("MOBSYNC", env!("CARGO_BIN_EXE_mobsync"));
    let said = bash.env("MOBSYNC_STORE", place.path("store")).output().expect("there is a bash");
    assert!(String::from_utf8_lossy(&said.stdout).contains("My\\ office"), "{said:?}");
    let zsh = place.done(&["completions", "zsh"]);
    assert!(zsh.contains("compadd -a names") && zsh.matches(":_mobsync_registered'").count() > 5, "{zsh}");
    let fish = place.done(&["completions", "fish"]);
    assert!(fish.contains("using_subcommand sync\" -a \"(mobsync registered-names"), "{fish}");
}

/// A case: its name, what came of it, and all that the report says.
#[cfg(unix)]
type Case = (String, String, String);

/// What the suite says of this handler: its exit code, the rules that are broken, and each case with what came of it.
#[cfg(unix)]
fn conform(place: &Place, handler: &[&str], cases: &str) -> (Option<i32>, Vec<String>, Vec<Case>) {
    let args = [&["conform"], handler, &["--case", cases, "--strict", "--format", "json"]].concat();
    let (code, text, errors) = place.mobsync(&args);
    let report: serde_json::Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{errors}"));
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let list = |name: &str| report[name].as_array().cloned().unwrap_or_default();
    let rules = list("causes").iter().map(|cause| word(&cause["rule"])).collect();
    let all = list("cases");
    let cases = all.iter().map(|case| (word(&case["name"]), word(&case["outcome"]), case.to_string()));
    (code, rules, cases.collect())
}

#[cfg(unix)]
#[test]
fn the_suite_tests_a_library_that_registers_itself() {
    let place = Place::new();
    let suite =
        |definitions: &[&str], cases: &str| conform(&place, &[&invokes(definitions), "--clsid", INVOKES], cases);
    for cases in ["registration-*", "cookie-*"] {
        let (code, rules, cases) = suite(&[], cases);
        assert_eq!((code, rules.len()), (Some(0), 0), "{rules:?} {cases:?}");
        assert!(cases.iter().all(|(_, outcome, _)| outcome == "passed"), "{cases:?}");
        assert!(cases.len() >= 2, "{cases:?}");
    }
    for (definition, cases, rule) in [
        ("WRONG_FLAGS", "registration-twice", "REGI-05"),
        ("OTHER_FLAGS", "registration-twice", "REGI-05"),
        ("KEEPS_REGISTRATION", "registration-removed", "REGI-06"),
        ("TEXT_COOKIE", "cookie-of-odd-length", "RET-01"),
        ("TEXT_COOKIE", "cookie-of-one-byte", "RET-01"),
    ] {
        let (code, rules, cases) = suite(&[definition], cases);
        assert_eq!((code, rules.as_slice()), (Some(1), &[rule.to_owned()][..]), "{definition}: {cases:?}");
    }
}

/// The session that a handler starts itself has its cookie, and that is judged.
#[cfg(unix)]
#[test]
fn the_suite_runs_the_session_that_a_handler_starts_itself() {
    let place = Place::new();
    let handler = invokes(&[]);
    place.done(&[
        "conform",
        &handler,
        "--clsid",
        INVOKES,
        "--case",
        "registration-and-invocation",
        "--trace",
        "traces",
    ]);
    held(&place, "traces/registration-and-invocation.jsonl", "REGI-02");
    let text = fs::read_to_string(place.path("traces/registration-and-invocation.jsonl")).expect("it is there");
    let hex: String = (0..65_536_u32).map(|at| format!("{:02x}", (at * 31 + at / 256) as u8)).collect();
    // What UpdateItems was given, what the session that it starts notes, and what Initialize has.
    assert_eq!(text.matches(&format!("\"{hex}\"")).count(), 3);
}

#[cfg(unix)]
#[test]
fn the_suite_says_in_one_line_that_a_handler_does_not_register_itself() {
    let place = Place::new();
    let text = place.done(&["conform", &sample("good.json")]);
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("registration")).collect();
    assert_eq!(lines, ["registration: skipped because the handler does not register itself (DllRegisterServer)"]);
    assert_eq!(text.matches("DllRegisterServer").count(), 1, "{text}");
}

/// Preferences of items that are missing or temporary are kept rightly over two sessions; a handler whose items have other IDs in the
/// second one loses them.
#[cfg(unix)]
#[test]
fn the_suite_tests_preferences_of_missing_items() {
    let place = Place::new();
    let suite = || conform(&place, &["mine.json"], "preferences-of-missing-items");
    let outcome = |cases: &[(String, String, String)]| cases[0].1.clone();
    script(&place, &[("A", "Photos", "0")], "S_OK");
    assert_eq!(outcome(&suite().2), "skipped");
    for (flags, result) in [("0", "S_SYNCMGR_MISSINGITEMS"), ("TEMPORARY", "S_OK")] {
        script(&place, &[("A", "Photos", "0"), ("B", "Letters", flags)], result);
        let (code, rules, cases) = suite();
        assert_eq!((code, rules.len(), &*outcome(&cases)), (Some(0), 0, "passed"), "{rules:?} {cases:?}");
    }
    let items = |id: &str| serde_json::json!([{ "id": id, "name": "Photos" }, { "id": "C", "name": "Letters", "flags": "TEMPORARY" }]);
    let other_ids = serde_json::json!({
        "kind": "script", "version": 1, "name": "Mine", "items": items("A"),
        "methods": { "EnumSyncMgrItems": { "only_if": { "event": "IDLE" }, "items": items("B") } }
    });
    fs::write(place.path("mine.json"), other_ids.to_string()).expect("it can be written");
    let (code, rules, cases) = suite();
    assert_eq!((code, rules.as_slice()), (Some(1), &["ITEM-09".to_owned()][..]), "{cases:?}");
}
