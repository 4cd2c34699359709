//! Reports in every form: each is well-formed, valid by its schema, and says what came, whatever the handler's text is.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use mobsync::protocol::{
    CallMethod, CallbackMethod, Delay, FileTime, Guid, HandlerId, Limits, Method, Profile, Status, Thread,
};
use mobsync::report::{Baseline, CaseRecord, Cause, Filter, Format, Found, Omitted, Report, Scope, Style, render};
use mobsync::rules::{
    Conditions, Finding, Level, LifeViolation, Monitor, NamedItem, Occasion, ProgressViolation, RULES, Rule,
    StopViolation, Violation, is_stronger, rule,
};
use proptest::prelude::*;
use serde_json::Value;

const HOSTILE: &str =
    "a\u{0}b\u{1b}[2J ]]> <x a='1' b=\"2\"> & &amp; \r\n::error::no\u{85} 100%25 \u{fffe}\u{ffff}\u{200f} ü 🙂";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn mobsync(args: &[&str]) -> (String, Output) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_mobsync")).args(args).current_dir(root()).output().expect("it starts");
    (String::from_utf8(output.stdout.clone()).expect("a report is UTF-8"), output)
}

/// A finding whose message is `it: ` and that text.
fn found(code: &str, text: &str, backtrace: Option<Vec<String>>) -> Found {
    found_as(code, Violation::Message { what: "it".into(), text: text.into() }, backtrace)
}

fn found_as(code: &str, violation: impl Into<Violation>, backtrace: Option<Vec<String>>) -> Found {
    let rule = rule(code).expect("the rule is in the catalogue");
    let finding = Finding {
        rule,
        level: rule.level,
        handler: HandlerId(1),
        violation: violation.into(),
        method: Some(Method::Callback(CallbackMethod::Progress)),
        occasion: Occasion::Ordinary,
        number: 1,
        round: 1,
        consequence_of: None,
        events: vec![1, 2],
        thread: Thread::APARTMENT,
    };
    Found { finding, at_ns: 5_000_000, line: Some(7), context: Vec::new(), backtrace, site: None }
}

fn hung_for(seconds: u64) -> LifeViolation {
    LifeViolation::Hung { method: CallMethod::Synchronize, waited: Delay(seconds * 1_000_000_000) }
}

fn item(alias: &str) -> NamedItem {
    NamedItem { id: Guid::from_alias(alias).expect("an alias"), name: None }
}

fn record(name: &str, found: Vec<Found>, error: Option<&str>) -> CaseRecord {
    CaseRecord {
        instances: std::collections::BTreeMap::new(),
        name: name.to_owned(),
        handler: None,
        trace: None,
        found,
        omitted: Omitted::default(),
        nanos: 1_500_000_000,
        replay: Some(format!("mobsync check {name}")),
        debug: None,
        aims: Vec::new(),
        error: error.map(str::to_owned),
        expectations: None,
        output: None,
        repeats: None,
        events: None,
    }
}

fn report_of(handler: &str, cases: Vec<CaseRecord>) -> Report {
    let filter = Filter::default();
    let mut report = Report::new(handler, Profile::Xp, Some(3), &filter);
    let monitor =
        Monitor::new(Conditions { profile: Profile::Xp, limits: Limits::default(), started: FileTime::default() });
    cases.into_iter().for_each(|case| report.add_case(case, &monitor, &filter));
    report
}

fn rendered(report: &Report, format: Format) -> String {
    render(report, format, Style::default()).expect("it is rendered")
}

/// Fails with what the schema of CI systems has against the text.
#[track_caller]
fn valid_junit(xml: &str) {
    let schema = root().join("tests/schema/junit.xsd");
    let mut xmllint = Command::new("xmllint")
        .args(["--noout", "--nonet", "--huge", "--schema"])
        .arg(schema)
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint is needed to validate XML: install libxml2-utils (Debian), libxml2 (Homebrew)");
    xmllint.stdin.take().expect("it is piped").write_all(xml.as_bytes()).expect("xmllint reads");
    let output = xmllint.wait_with_output().expect("xmllint ends");
    assert!(output.status.success(), "{}\n{xml}", String::from_utf8_lossy(&output.stderr));
}

/// The official schema of SARIF 2.1.0, as the crate serde-sarif carries it.
fn sarif_schema() -> jsonschema::Validator {
    let rustc = Command::new("rustc").arg("-vV").current_dir(root()).output().expect("rustc starts");
    let said = String::from_utf8_lossy(&rustc.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc says what it runs on");
    // Of this platform alone: the crates of other ones need not have been downloaded.
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("metadata is JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    let package = packages.iter().find(|package| package["name"] == "serde-sarif").expect("serde-sarif is there");
    let manifest = PathBuf::from(package["manifest_path"].as_str().expect("a path"));
    let text =
        std::fs::read_to_string(manifest.with_file_name("src").join("schema.json")).expect("the schema is there");
    let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    assert_eq!(schema["properties"]["version"]["enum"], serde_json::json!(["2.1.0"]));
    jsonschema::draft7::new(&schema).expect("the schema is a schema")
}

#[track_caller]
fn valid_sarif(schema: &jsonschema::Validator, text: &str) -> Value {
    let value: Value = serde_json::from_str(text).expect("SARIF is JSON");
    let complaints: Vec<String> =
        schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let _: serde_sarif::sarif::Sarif = serde_json::from_str(text).expect("its types take it");
    value
}

#[test]
fn the_schemas_refuse_what_is_wrong() {
    let report = report_of("h", vec![record("c", vec![found("SYNC-04", "twice", None)], None)]);
    let xml = rendered(&report, Format::Junit);
    for (right, wrong) in [("<testcase ", "<testcase odd=\"1\" "), ("<failure ", "<failing "), (" tests=\"1\"", "")] {
        assert!(xml.contains(right), "{xml}");
        let wrong = xml.replace(right, wrong);
        assert!(std::panic::catch_unwind(|| valid_junit(&wrong)).is_err(), "{wrong}");
    }
    let schema = sarif_schema();
    let mut sarif: Value = serde_json::from_str(&rendered(&report, Format::Sarif)).expect("JSON");
    sarif["runs"][0]["results"][0]["level"] = "terrible".into();
    assert!(!schema.is_valid(&sarif));
}

#[test]
fn a_session_that_hangs_is_reported_in_every_form() {
    let run = |format: &str| mobsync(&["run", "fixtures/handlers/hangs.json", "--format", format]);
    for format in ["junit", "sarif", "github"] {
        assert_eq!(run(format).1.status.code(), Some(1), "{format}");
    }
    let xml = run("junit").0;
    valid_junit(&xml);
    assert!(xml.contains("type=\"LIFE-03\"") || xml.contains("type=\"timed out\""), "{xml}");
    assert!(xml.contains("mobsync run fixtures/handlers/hangs.json --seed 0"), "{xml}");
    let sarif = valid_sarif(&sarif_schema(), &run("sarif").0);
    let run_of = &sarif["runs"][0];
    assert_eq!(run_of["tool"]["driver"]["rules"].as_array().map(Vec::len), Some(RULES.len()));
    let result = &run_of["results"][0];
    let at = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
    assert_eq!(run_of["tool"]["driver"]["rules"][at]["id"], "LIFE-03");
    let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(place, "fixtures/handlers/hangs.json");
    let github = run("github").0;
    let expected = "::error file=fixtures/handlers/hangs.json,title=LIFE-03 no-call-hangs::Synchronize had not returned after \
                    10s%0A";
    assert!(github.starts_with(expected), "{github}");
    assert!(github.lines().last().is_some_and(|line| line.starts_with("FAILED: 1 error")), "{github}");
}

#[test]
fn a_trace_gives_the_line_at_which_it_was_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("a b%,.jsonl");
    let trace = trace.to_str().expect("UTF-8");
    assert_eq!(mobsync(&["run", "fixtures/handlers/hangs.json", "--trace", trace]).1.status.code(), Some(1));
    let check = |format: &str| mobsync(&["check", trace, "--format", format]).0;
    valid_junit(&check("junit"));
    let sarif = valid_sarif(&sarif_schema(), &check("sarif"));
    let physical = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    let uri = physical["artifactLocation"]["uri"].as_str().expect("a URI");
    assert!(uri.starts_with("file://") && uri.ends_with("/a%20b%25%2C.jsonl"), "{uri}");
    let line = physical["region"]["startLine"].as_u64().expect("a line");
    let lines = std::fs::read_to_string(trace).expect("the trace is there");
    assert!(lines.lines().nth(usize::try_from(line).expect("small") - 1).is_some_and(|line| line.contains("TimedOut")));
    assert!(check("github").contains(&format!("a b%25%2C.jsonl,line={line},title=")));
}

#[test]
#[cfg(unix)]
fn a_finding_of_a_program_stands_at_its_file_and_without_one_nowhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("my handler.py");
    std::fs::write(&script, "raise SystemExit(3)").expect("it is written");
    let script = script.to_str().expect("UTF-8");
    let interpreter = which("python3");
    let schema = sarif_schema();
    for (command, file) in [
        (format!("python3 -u '{script}'"), Some(script)),
        (format!("{interpreter} '{script}'"), Some(script)),
        (format!("{interpreter} -c 'raise SystemExit(3)'"), None),
        ("python3 -c 'raise SystemExit(3)'".to_owned(), None),
    ] {
        for case in [&["run"][..], &["conform", "--case", "event-manual"]] {
            let args = |format| [case, &["--exec", &command, "--format", format]].concat();
            let (sarif, output) = mobsync(&args("sarif"));
            assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
            let result = &valid_sarif(&schema, &sarif)["runs"][0]["results"][0];
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str();
            let github = mobsync(&args("github")).0;
            match file {
                Some(file) => {
                    assert!(uri.is_some_and(|uri| uri.ends_with("/my%20handler.py")), "{command}: {sarif}");
                    assert!(github.starts_with(&format!("::error file={file},title=LIFE-02")), "{command}: {github}");
                }
                None => {
                    assert!(result["ruleId"].is_string() && result["locations"].is_null(), "{command}: {sarif}");
                    assert!(github.starts_with("::error title=LIFE-02"), "{command}: {github}");
                }
            }
        }
    }
    let program = ["run", "--exec", &format!("python3 '{script}'"), "--output", script];
    let (_, output) = mobsync(&program);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("this would overwrite the handler's file"));
}

/// Where PATH has the program.
#[cfg(unix)]
fn which(program: &str) -> String {
    let path = std::env::var_os("PATH").expect("there is a PATH");
    let file = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    file.and_then(|file| file.to_str().map(str::to_owned)).expect("the program is installed")
}

#[test]
fn a_finding_of_a_replay_stands_at_the_scenario() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = folder.path().join("s.json");
    let title = r#"{ "format": "mobsync-scenario", "version": 1, "title": "t" }"#;
    std::fs::write(&scenario, title).expect("it is written");
    let scenario = scenario.to_str().expect("UTF-8");
    let said =
        mobsync(&["replay", scenario, "--handler", "fixtures/handlers/completes-twice.json", "--format", "github"]).0;
    assert!(said.starts_with(&format!("::error file={scenario},title=SYNC-04")), "{said}");
}

#[test]
fn expectations_that_are_not_met_fail_a_test() {
    let scenario =
        ["replay", "fixtures/scenarios/an-ordinary-session.json", "--handler", "fixtures/handlers/hangs.json"];
    let replay = |format: &str| mobsync(&[&scenario[..], &["--format", format]].concat()).0;
    let xml = replay("junit");
    valid_junit(&xml);
    assert!(xml.contains("<failure type=\"expectation\"") || xml.contains("expectation not met"), "{xml}");
    valid_sarif(&sarif_schema(), &replay("sarif"));
    assert!(replay("github").contains("title=fixtures/scenarios/an-ordinary-session.json%3A expectation not met::"));
}

#[test]
fn a_stack_gives_the_source_line() {
    let frames =
        vec!["start".to_owned(), "0x12 at /lib/x.so".to_owned(), "Note::Sync() at /repo/src/n b.cpp:42".to_owned()];
    let report = report_of("h", vec![record("c", vec![found("LIFE-02", "it crashed", Some(frames))], None)]);
    let style = Style { root: Some(Path::new("/repo")), ..Style::default() };
    let sarif = valid_sarif(&sarif_schema(), &render(&report, Format::Sarif, style).expect("rendered"));
    let result = &sarif["runs"][0]["results"][0];
    let physical = &result["locations"][0]["physicalLocation"];
    assert_eq!(physical["artifactLocation"]["uri"], "src/n%20b.cpp");
    assert_eq!(physical["region"]["startLine"], 42);
    assert_eq!(result["stacks"][0]["frames"].as_array().map(Vec::len), Some(3));
    let github = render(&report, Format::Github, style).expect("rendered");
    assert!(github.starts_with("::error file=src/n b.cpp,line=42,title=LIFE-02"), "{github}");
}

#[test]
fn the_same_finding_in_many_cases_is_one_annotation_that_counts_them() {
    let line = |line: u32| Some(vec![format!("Note::Sync() at n.cpp:{line}")]);
    let mut cases: Vec<CaseRecord> = (1..=45)
        .map(|nth| record(&format!("case-{nth}"), vec![found_as("SYNC-04", hung_for(nth), line(7))], None))
        .collect();
    cases.push(record("other", vec![found("SYNC-04", "elsewhere", line(8)), found("PROG-05", "x", line(7))], None));
    let not_prepared = |alias| found_as("CB-04", ProgressViolation::NotPrepared { item: item(alias) }, None);
    cases.push(record("twice", vec![not_prepared("A"), not_prepared("B")], None));
    let github = rendered(&report_of("h", cases), Format::Github);
    let of = |rule: &str| -> Vec<&str> {
        github.lines().filter(|line| line.starts_with("::") && line.contains(rule)).collect()
    };
    let [many, one] = of("title=SYNC-04")[..] else { panic!("{github}") };
    assert!(many.starts_with("::error file=n.cpp,line=7,"), "{many}");
    assert!(
        many.contains(
            "::Synchronize had not returned after 1s%0AFound in 45 of 47 cases: case-1, case-2, case-3 and 42 more%0A"
        ),
        "{many}"
    );
    assert!(many.ends_with("%0AReproduce with: mobsync check case-1"), "{many}");
    assert!(one.contains("line=8,") && one.contains("::it: elsewhere%0A") && !one.contains("Found"), "{one}");
    assert_eq!(of("title=PROG-05").len(), 1);
    let [twice] = of("title=CB-04")[..] else { panic!("{github}") };
    assert!(
        twice.contains("::the handler reports work on item A, which was not prepared%0AFound 2 times in twice%0A"),
        "{twice}"
    );
}

#[test]
fn what_follows_from_a_finding_stands_under_it_in_every_form() {
    let numbered = |number, found: Found, consequence_of| Found {
        finding: Finding { number, consequence_of, ..found.finding },
        ..found
    };
    let cases = vec![
        record(
            "a",
            vec![
                numbered(1, found("SYNC-09", "not final", None), Some(3)),
                numbered(2, found("PROG-05", "9 of 4", None), None),
                numbered(3, found("SYNC-04", "twice", None), None),
            ],
            None,
        ),
        record("b", vec![numbered(1, found("SYNC-04", "twice", None), None)], None),
        record("c", Vec::new(), None),
    ];
    let report = report_of("h", cases);
    let summary = &report.summary;
    assert_eq!((summary.errors, summary.warnings, summary.causes), (2, 1, 2), "{summary:?}");
    let causes: Vec<_> = report.causes.iter().map(|cause| (cause.rule, cause.cases, cause.count)).collect();
    assert_eq!(causes, [("SYNC-04", 2, 2), ("PROG-05", 1, 1)]);
    assert_eq!(report.findings[0].consequence_of, Some(2));
    assert_eq!((report.causes[0].consequences[0].0, report.causes[0].example), ("SYNC-09", 2));
    assert_eq!(report.cases[0].findings, 2);
    let human = rendered(&report, Format::Human);
    assert!(
        human.contains("\n    in 2 of 3 cases\n") && human.contains("because of it, also broken: SYNC-09"),
        "{human}"
    );
    assert_eq!(human.matches("SYNC-09").count(), 1, "{human}");
    assert_eq!(human.matches("reproduce with: mobsync check ").count(), 2, "{human}");
    assert!(human.contains("FAILED: 2 errors, 1 warning from 2 causes; "), "{human}");
    let xml = rendered(&report, Format::Junit);
    valid_junit(&xml);
    assert!(xml.contains("because of it, also broken: SYNC-09") && !xml.contains("not final"), "{xml}");
    let sarif = valid_sarif(&sarif_schema(), &rendered(&report, Format::Sarif));
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), 2);
    assert_eq!(results[0]["message"]["text"], "it: twice (in 2 of 3 cases)");
    assert_eq!((&results[0]["occurrenceCount"], &results[0]["ruleId"]), (&2.into(), &"SYNC-04".into()));
    let github = rendered(&report, Format::Github);
    assert_eq!(github.lines().filter(|line| line.starts_with("::")).count(), 2, "{github}");
    assert!(github.contains("%0ABecause of it, also broken: SYNC-09%0A"), "{github}");
}

#[test]
fn what_follows_from_a_rule_that_is_left_out_stands_for_itself() {
    let numbered = |number, found: Found, consequence_of| Found {
        finding: Finding { number, consequence_of, ..found.finding },
        ..found
    };
    let all = || {
        vec![
            numbered(1, found("SYNC-09", "not final", None), Some(2)),
            numbered(2, found("SYNC-04", "twice", None), None),
        ]
    };
    let monitor =
        Monitor::new(Conditions { profile: Profile::Xp, limits: Limits::default(), started: FileTime::default() });
    let causes = |ignored: &[String], baseline: &str| {
        let baseline = Baseline::parse(baseline, Path::new("b.json")).expect("it is read");
        let filter = Filter::new(&[], ignored, false).expect("all rules").accepting(baseline);
        let mut report = Report::new("h", Profile::Xp, None, &filter);
        report.add_case(record("c", all(), None), &monitor, &filter);
        let codes: Vec<&str> = report.causes.iter().map(|cause| cause.rule).collect();
        (codes, report.summary.accepted, report.failed())
    };
    let accepted =
        r#"{"format": "mobsync-baseline", "version": 1, "accepted": [{ "rule": "SYNC-04", "reason": "r" }]}"#;
    let none = r#"{"format": "mobsync-baseline", "version": 1, "accepted": []}"#;
    assert_eq!(causes(&[], none), (vec!["SYNC-04"], 0, true));
    assert_eq!(causes(&["SYNC-04".to_owned()], none), (vec!["SYNC-09"], 0, false));
    assert_eq!(causes(&[], accepted), (vec![], 1, false), "what is accepted is accepted with what follows from it");
}

#[test]
fn one_mistake_is_one_cause_whatever_the_occasion_and_whichever_form_of_the_rule() {
    let at = |code: &str, occasion, line: Option<u32>| {
        let stack = line.map(|line| vec!["0x12 at /lib/x.so".to_owned(), format!("Note::Sync() at n.cpp:{line}")]);
        let found = found_as(code, hung_for(1), stack);
        Found { finding: Finding { occasion, ..found.finding }, ..found }
    };
    let causes = |found: Vec<Found>| -> Vec<String> {
        let cases = found.into_iter().enumerate().map(|(nth, found)| record(&format!("{nth}"), vec![found], None));
        let report = report_of("h", cases.collect());
        let cause = |cause: &Cause| format!("{} {} {:?}", cause.rule, cause.cases, cause.occasion);
        report.causes.iter().map(cause).collect()
    };
    use Occasion::{CancelledAll, CancelledItem, Ordinary, Retry, Skipped};
    let sync = |occasion| at("SYNC-03", occasion, None);
    assert_eq!(causes(vec![sync(CancelledAll), sync(Ordinary), sync(Retry)]), ["SYNC-03 3 Ordinary"]);
    assert_eq!(causes(vec![sync(CancelledAll), sync(Skipped)]), ["SYNC-03 2 CancelledAll"], "of one kind");
    assert_eq!(causes(vec![sync(Skipped), sync(Retry)]), ["SYNC-03 1 Skipped", "SYNC-03 1 Retry"]);
    let lines = |one, other| causes(vec![at("SYNC-04", Ordinary, one), at("SYNC-04", Ordinary, other)]);
    assert_eq!(lines(Some(7), Some(7)), ["SYNC-04 2 Ordinary"]);
    assert_eq!(lines(Some(7), Some(8)), ["SYNC-04 1 Ordinary", "SYNC-04 1 Ordinary"], "two places");
    assert_eq!(lines(Some(7), None), ["SYNC-04 2 Ordinary"], "a stack is not always there");
    assert_eq!(lines(None, Some(7)), ["SYNC-04 2 Ordinary"]);
    let stops =
        vec![at("STOP-03", Skipped, None), at("STOP-02", CancelledAll, None), at("STOP-01", CancelledItem, None)];
    assert_eq!(causes(stops), ["STOP-01 3 CancelledItem"]);
    let never_released = vec![at("CB-03", Ordinary, None), at("CB-02", Ordinary, None)];
    assert_eq!(causes(never_released), ["CB-02 2 Ordinary"]);
    assert_eq!(causes(vec![at("STOP-03", Skipped, Some(7)), at("STOP-01", CancelledItem, Some(8))]).len(), 2);
}

#[test]
fn fingerprints_outlive_times_and_tell_findings_apart() {
    let prints = |found: Vec<Found>| -> Vec<String> {
        let text = rendered(&report_of("h", vec![record("c", found, None)]), Format::Sarif);
        let sarif: Value = serde_json::from_str(&text).expect("JSON");
        let results = sarif["runs"][0]["results"].as_array().expect("results").clone();
        results.iter().map(|result| result["partialFingerprints"]["mobsyncCause/v1"].to_string()).collect()
    };
    let hung = |seconds, line: Option<u32>| {
        found_as("LIFE-03", hung_for(seconds), line.map(|line| vec![format!("Note::Sync() at n.cpp:{line}")]))
    };
    let ends = |alias, occasion| {
        let found = found_as("STOP-06", StopViolation::OtherEnd { item: item(alias), status: Status::FAILED }, None);
        Found { finding: Finding { occasion, ..found.finding }, ..found }
    };
    let all = |seconds, alias, line| {
        let skipped = ends(alias, Occasion::Skipped);
        prints(vec![hung(seconds, Some(line)), hung(2, Some(9)), skipped, ends(alias, Occasion::Retry)])
    };
    let (first, again) = (all(9, "A", 7), all(10, "B", 8));
    assert_eq!(first, again, "values and lines change, and the mistake is the same");
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 4, "each is another one: {first:?}");
    let occasion = |occasion| prints(vec![ends("A", occasion)]);
    assert_ne!(occasion(Occasion::Skipped), occasion(Occasion::Ordinary));
}

#[test]
fn a_case_without_an_end_is_an_error_and_none_that_passed() {
    let report = report_of("h", vec![record("c", Vec::new(), Some("line 3: broken")), record("d", Vec::new(), None)]);
    let xml = rendered(&report, Format::Junit);
    valid_junit(&xml);
    assert!(xml.contains("<error message=\"line 3: broken\" type=\"incomplete\">"), "{xml}");
    assert!(xml.contains("tests=\"2\" failures=\"0\" errors=\"1\""), "{xml}");
    let sarif = valid_sarif(&sarif_schema(), &rendered(&report, Format::Sarif));
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);
    assert!(rendered(&report, Format::Github).starts_with("::error title=c%3A incomplete::line 3: broken\n"));
}

#[test]
fn crashed_hung_and_skipped_cases_are_kept_apart() {
    let cases = vec![
        record("a", vec![found("LIFE-02", "it crashed", None)], Some("the worker ended")),
        record("b", vec![found("LIFE-03", "it hangs", None)], None),
        record("c", vec![found("SYNC-04", "twice", None)], None),
    ];
    let mut report = report_of("h", cases);
    report.add_skipped("d", "it has no properties".to_owned());
    let xml = rendered(&report, Format::Junit);
    valid_junit(&xml);
    assert!(xml.contains("<error message=\"LIFE-02 it: it crashed\" type=\"crashed\">"), "{xml}");
    assert!(xml.contains("<error message=\"LIFE-03 it: it hangs\" type=\"timed out\">"), "{xml}");
    assert!(xml.contains("<failure message=\"SYNC-04 it: twice\" type=\"SYNC-04\">"), "{xml}");
    assert!(xml.contains("<skipped message=\"because it has no properties\" type=\"skipped\"/>"), "{xml}");
    assert!(xml.contains("tests=\"4\" skipped=\"1\" errors=\"2\" failures=\"1\""), "{xml}");
    let sarif = valid_sarif(&sarif_schema(), &rendered(&report, Format::Sarif));
    let told =
        sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().cloned().expect("notifications");
    assert!(
        told.iter()
            .any(|told| told["level"] == "note" && told["message"]["text"] == "d: skipped: it has no properties")
    );
    assert!(!rendered(&report, Format::Github).contains("it has no properties"));
}

#[test]
fn a_case_that_fails_is_named_after_what_is_not_accepted() {
    let accepted = r#"{"format": "mobsync-baseline", "version": 1,
        "accepted": [{ "rule": "LIFE-02", "reason": "known" }, { "rule": "SYNC-09", "reason": "once was" }]}"#;
    let baseline = Baseline::parse(accepted, Path::new("/repo/b.json")).expect("it is read");
    let filter = Filter::new(&[], &[], true).expect("all rules").accepting(baseline);
    let monitor =
        Monitor::new(Conditions { profile: Profile::Xp, limits: Limits::default(), started: FileTime::default() });
    let mut report = Report::new("h", Profile::Xp, None, &filter);
    let both = vec![found("LIFE-02", "it crashed", None), found("PROG-05", "9 of 4", None)];
    report.add_case(record("c", both, None), &monitor, &filter);
    report.add_case(record("d", vec![found("SYNC-04", "twice", None)], None), &monitor, &filter);
    report.judge_baseline(Scope::Suite);
    let xml = rendered(&report, Format::Junit);
    valid_junit(&xml);
    assert!(xml.contains("<failure message=\"PROG-05 it: 9 of 4\" type=\"PROG-05\">"), "{xml}");
    assert!(xml.contains("accepted error: LIFE-02"), "{xml}");
    let sarif = valid_sarif(&sarif_schema(), &rendered(&report, Format::Sarif));
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let suppressed: Vec<usize> =
        results.iter().map(|row| row["suppressions"].as_array().expect("a list").len()).collect();
    assert_eq!(suppressed, [0, 0, 1], "what is accepted comes last");
    assert_eq!(report.stale().count(), 0, "what would have come after the crash is not known");
    report.cases.remove(0);
    report.judge_baseline(Scope::Suite);
    assert_eq!(report.stale().map(|row| row.rule).collect::<Vec<_>>(), ["SYNC-09"]);
    let style = Style { root: Some(Path::new("/repo")), ..Style::default() };
    let sarif = valid_sarif(&sarif_schema(), &render(&report, Format::Sarif, style).expect("rendered"));
    let told = &sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(told["level"], "error");
    assert_eq!(told["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "b.json");
    report.unfinished.push("part 2 of 3 is missing".to_owned());
    valid_junit(&rendered(&report, Format::Junit));
    let sarif = valid_sarif(&sarif_schema(), &rendered(&report, Format::Sarif));
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);
}

#[test]
fn the_suite_is_reported_as_a_test_for_each_case() {
    let conform = ["conform", "fixtures/handlers/completes-twice.json", "--case"];
    let (list, _) = mobsync(&["conform", "fixtures/handlers/completes-twice.json", "--list", "--format", "json"]);
    let list: Value = serde_json::from_str(&list).expect("a list is JSON");
    let case =
        list.as_array().expect("cases").iter().find(|case| case["skipped"].is_null()).expect("a case that applies");
    let name = case["name"].as_str().expect("a name");
    let (xml, output) = mobsync(&[&conform[..], &[name, "--format", "junit"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    valid_junit(&xml);
    assert!(xml.contains(&format!("<testcase name=\"{name}\"")) && xml.contains("type=\"SYNC-04\""), "{xml}");
}

#[test]
fn very_long_messages_are_cut_where_lists_show_them_and_whole_below() {
    let long = "x%\n".repeat(50_000);
    let report = report_of("h", vec![record("c", vec![found("SYNC-04", &long, None)], None)]);
    let xml = rendered(&report, Format::Junit);
    valid_junit(&xml);
    assert!(xml.len() > long.len(), "the whole text is there");
    let message = xml.split_once("message=\"").and_then(|(_, rest)| rest.split_once('"')).expect("a message").0;
    assert!(message.chars().count() < 1000, "{} characters", message.chars().count());
    assert!(rendered(&report, Format::Github).lines().all(|line| line.len() < 20_000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_text_makes_a_well_formed_report(
        handler in any::<String>(),
        name in any::<String>(),
        messages in proptest::collection::vec((0..RULES.len(), any::<String>()), 0..4),
        frame in proptest::option::of(any::<String>()),
        error in proptest::option::of(any::<String>()),
        hostile in any::<bool>(),
    ) {
        let worse = |text: &str| if hostile { format!("{text}{HOSTILE}") } else { text.to_owned() };
        let found: Vec<Found> = messages
            .iter()
            .map(|(at, message)| found(RULES[*at].code, &worse(message), frame.as_deref().map(|frame| vec![worse(frame)])))
            .collect();
        let rules: BTreeSet<&str> = found.iter().map(|found| found.finding.rule.code).collect();
        let named: Vec<_> = rules.iter().filter_map(|code| rule(code)).collect();
        let is_weaker = |weak: &&&Rule| named.iter().any(|strong| is_stronger(strong, weak));
        let (causes, errors) = (named.len() - named.iter().filter(is_weaker).count(), found.iter().filter(|found| found.finding.level == Level::Error).count());
        // A crash and a hang are errors of a test, not failures.
        let ended = found.iter().any(|found| matches!(found.finding.rule.code, "LIFE-02" | "LIFE-03"));
        let report = report_of(&worse(&handler), vec![record(&worse(&name), found, error.as_deref())]);
        let xml = rendered(&report, Format::Junit);
        valid_junit(&xml);
        let read = quick_junit::Report::deserialize_from_str(&xml).expect("it is read back");
        // Each warning is a test of its own, which fails nothing.
        let warnings = report.causes.iter().filter(|cause| cause.level == Level::Warning).count();
        prop_assert_eq!((read.tests, read.test_suites[0].skipped), (1 + warnings, warnings));
        prop_assert_eq!(read.failures, usize::from(errors > 0 && !ended));
        let sarif: Value = serde_json::from_str(&rendered(&report, Format::Sarif)).expect("JSON");
        let _: serde_sarif::sarif::Sarif = serde_json::from_value(sarif.clone()).expect("its types take it");
        prop_assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(causes));
        // A line a rule, for all are at one place, one for a case without an end, and the verdict: nothing of the text begins a line of its own.
        let github = rendered(&report, Format::Github);
        let commands = github.split_inclusive(['\n', '\r']).filter(|line| line.starts_with("::")).count();
        prop_assert_eq!(commands, causes + usize::from(error.is_some()));
        prop_assert_eq!(github.split_inclusive(['\n', '\r']).count(), commands + 1);
    }
}
