//! `mobsync rules`: which rules there are, and what they say.

use assert_cmd::Command;
use mobsync::rules::RULES;

fn rules(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_mobsync")).arg("rules").args(args).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn codes(args: &[&str]) -> Vec<String> {
    let (code, said, errors) = rules(&[args, &["--format", "json"]].concat());
    assert_eq!(code, Some(0), "{args:?}: {errors}");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&said).expect("JSON");
    rows.iter().map(|row| row["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn rules_are_chosen_by_any_number_of_codes_families_and_names() {
    assert_eq!(codes(&[]).len(), RULES.len());
    assert_eq!(codes(&["SYNC-04", "CB-01"]), ["SYNC-04", "CB-01"], "in the order in which they are asked for");
    assert_eq!(codes(&["CB-01", "cb-01", "CB-01"]), ["CB-01"], "each once");
    let with_family = codes(&["LIFE-03", "CB"]);
    assert_eq!(with_family[0], "LIFE-03");
    assert!(with_family.len() > 5 && with_family[1..].iter().all(|code| code.starts_with("CB-")), "{with_family:?}");
    let (code, _, errors) = rules(&["SYNC-04", "SYNC-99"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("SYNC-99"), "{errors}");
}

#[test]
fn rules_asked_for_one_by_one_are_explained_and_families_are_listed() {
    let alone = |code| rules(&[code]).1;
    assert_eq!(rules(&["SYNC-04", "CB-01"]).1, alone("SYNC-04") + "\n" + &alone("CB-01"));
    let listed = rules(&["SYNC-04", "CB"]).1;
    assert!(listed.contains("explains a rule") && listed.lines().count() > 8, "{listed}");
}

#[test]
fn rules_are_searched_by_all_words_of_their_texts() {
    let found = codes(&["--search", "modeless DIALOG"]);
    assert!(found.iter().any(|code| code.starts_with("MODE-")), "{found:?}");
    assert!(found.len() < RULES.len() / 2, "not everything: {found:?}");
    let fewer = codes(&["MODE", "--search", "modeless dialog"]);
    assert!(
        !fewer.is_empty() && fewer.iter().all(|code| code.starts_with("MODE-") && found.contains(code)),
        "{fewer:?}"
    );
    assert!(codes(&["--search", "sync-04"]).contains(&"SYNC-04".to_owned()));
    let (code, said, errors) = rules(&["--search", "modeless zebra"]);
    assert_eq!((code, said.as_str()), (Some(2), ""));
    assert!(errors.contains("no rule has all these words"), "{errors}");
}
