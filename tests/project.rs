//! The settings of a project (`mobsync.toml`), `init`, `config`, `baseline write` and `man`.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the program in that folder with these answers on standard input.
fn answered(folder: &Path, args: &[&str], answers: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.args(args).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    // A program that asks nothing may be gone already.
    let _ = child.stdin.take().expect("it has one").write_all(answers.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it writes UTF-8");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn mobsync(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    answered(folder, args, "")
}

/// A project with a handler that completes twice, and these settings.
fn project(settings: &str) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::create_dir_all(folder.path().join("src/deep")).expect("folders");
    let handler = root().join("fixtures/handlers/completes-twice.json");
    fs::copy(handler, folder.path().join("handler.json")).expect("a handler");
    if !settings.is_empty() {
        fs::write(folder.path().join("mobsync.toml"), settings).expect("settings");
    }
    folder
}

#[test]
fn settings_are_found_upwards_and_the_command_line_wins() {
    let folder = project(
        "handler = 'handler.json'\nprofile = 'vista'\nignore = ['SYNC']\n[limits]\ntimeout = '7s'\n[conform]\nskip = ['cancel-*']\n",
    );
    let deep = folder.path().join("src/deep");
    let report = |args: &[&str]| -> (Option<i32>, Value) {
        let (code, text, errors) = mobsync(&deep, &[args, &["--format", "json"]].concat());
        (code, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {errors}")))
    };
    let (code, set) = report(&["conform"]);
    assert_eq!((code, &set["profile"], &set["findings"]), (Some(0), &json!("vista"), &json!([])));
    let skipped = |report: &Value, name: &str| {
        let cases = report["cases"].as_array().unwrap().iter();
        cases.filter(|case| case["name"].as_str().unwrap().starts_with(name)).all(|case| case["outcome"] == "skipped")
    };
    assert!(skipped(&set, "cancel-") && !skipped(&set, "event-"));
    let (code, won) =
        report(&["conform", "--profile", "xp", "--ignore", "PROG-01", "--case", "cancel-all-at-the-first-report"]);
    assert_eq!((code, &won["profile"], &won["cases"][0]["outcome"]), (Some(1), &json!("xp"), &json!("failed")));
    // The command that reproduces it says everything that it takes.
    let reproduce = won["findings"][0]["reproduce"].as_str().unwrap();
    assert!(
        reproduce.starts_with("mobsync conform ../../handler.json ") && reproduce.ends_with(" --timeout 7"),
        "{reproduce}"
    );
    let (code, run) = report(&["run"]);
    assert_eq!((code, &run["profile"]), (Some(0), &json!("vista")));
    let (code, other) = report(&["run", root().join("fixtures/handlers/minimal.json").to_str().unwrap()]);
    assert_eq!((code, &other["handler"]), (Some(0), &json!("Minimal")));
    let (code, _, errors) = mobsync(&deep, &["run", "--no-config"]);
    assert!(code == Some(2) && errors.starts_with("mobsync: no handler: "), "{errors}");
}

#[test]
fn the_settings_say_how_far_orders_are_explored_and_which_are_tried() {
    let races = root().join("fixtures/handlers/races.json");
    let text = "[explore]\npreemptions = 1\nactions = 0\nschedules = 5\ntime = '1m'\n[conform]\nstrategy = 'pct-2'\n";
    let folder = project(text);
    let (_, text, errors) = mobsync(folder.path(), &["run", races.to_str().unwrap(), "--explore", "--format", "json"]);
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {errors}"));
    let explored = &report["exploration"][0];
    assert_eq!(
        (&explored["preemptions"], &explored["actions"], &explored["all"]),
        (&json!(1), &json!(0), &json!(false))
    );
    let run = explored["schedules"].as_u64().unwrap() + explored["given_up"].as_u64().unwrap();
    assert_eq!(run, 5, "{explored:#}");
    // The command line wins.
    let more = ["run", races.to_str().unwrap(), "--explore", "--format", "json", "--schedules", "20000"];
    let (_, text, _) = mobsync(folder.path(), &more);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["exploration"][0]["all"], true, "{}", report["exploration"]);
    // A script has no such orders: what is random in it says the same.
    let (_, text, _) = mobsync(folder.path(), &["config"]);
    assert!(text.lines().any(|line| line.starts_with("conform.strategy") && line.contains("pct-2")), "{text}");
    let (code, _, errors) = mobsync(project("[conform]\nstrategy = 'luck'\n").path(), &["config"]);
    assert!(code == Some(2) && errors.contains("luck") && errors.contains("pct-2"), "{errors}");
}

#[test]
fn a_command_of_the_settings_is_used_unless_a_handler_is_named() {
    let folder = project("exec = 'no-such-program-anywhere'\n");
    let (code, _, errors) = mobsync(folder.path(), &["run"]);
    assert!(code == Some(2) && errors.contains("no-such-program-anywhere"), "{errors}");
    assert_eq!(mobsync(folder.path(), &["run", "handler.json", "--ignore", "SYNC-04"]).0, Some(0));
}

#[test]
fn reports_and_hooks_of_the_settings_belong_to_conform() {
    let folder = project(
        "handler = 'handler.json'\nselect = ['PROG']\n[conform]\nreports = ['json=out.json']\nbefore-case = 'echo $MOBSYNC_CASE >> log'\n",
    );
    let (code, _, errors) = mobsync(folder.path(), &["conform", "--case", "event-manual"]);
    assert_eq!(code, Some(0), "{errors}");
    let report: Value = serde_json::from_str(&fs::read_to_string(folder.path().join("out.json")).unwrap()).unwrap();
    assert_eq!(report["cases"][0]["name"], "event-manual");
    if cfg!(unix) {
        assert_eq!(fs::read_to_string(folder.path().join("log")).unwrap(), "survey\nevent-manual\n");
    }
    fs::remove_file(folder.path().join("out.json")).unwrap();
    assert_eq!(mobsync(folder.path(), &["run"]).0, Some(0));
    assert!(!folder.path().join("out.json").exists());
}

#[test]
fn wrong_settings_are_named_with_their_place() {
    for (settings, complaint) in [
        ("handler = 'a'\nprofil = 'xp'\n", "mobsync.toml:2:1: unknown field `profil`"),
        ("[limits]\ntimeout = '5 parsecs'\n", "mobsync.toml:2:11: "),
        ("[limits]\ntimeout = 5\n", "mobsync.toml:2:11: "),
        ("profile = 'nt'\n", "mobsync.toml:1:11: unknown variant `nt`"),
        ("handler = 'a'\nexec = 'b'\n", "mobsync.toml:2: `exec` and `handler` name one handler each"),
        ("handler = 'handler.json'\n[conform]\nreports = ['pdf=a']\n", "mobsync.toml:3: `pdf=a`: expected FORMAT"),
        ("a = \"\\u001b[31m", "mobsync.toml:1:"),
        ("", "no handler: "),
    ] {
        let folder = project(settings);
        let (code, _, errors) = mobsync(folder.path(), &["conform"]);
        assert!(code == Some(2) && errors.contains(complaint), "{settings:?}: {errors}");
        assert!(!errors.contains('\u{1b}'), "{errors}");
    }
    let folder = project("");
    let (code, _, errors) = mobsync(folder.path(), &["run", "handler.json", "--config", "nowhere.toml"]);
    assert!(code == Some(2) && errors.starts_with("mobsync: nowhere.toml: "), "{errors}");
}

#[cfg(unix)]
#[test]
fn settings_of_another_user_are_refused_unless_they_are_named() {
    let folder = project("handler = 'handler.json'\n");
    // Only the superuser can give a file away.
    if std::os::unix::fs::chown(folder.path().join("mobsync.toml"), Some(54_321), None).is_err() {
        return;
    }
    let (code, _, errors) = mobsync(folder.path(), &["run"]);
    assert!(code == Some(2) && errors.contains("belongs to another user"), "{errors}");
    assert_eq!(mobsync(folder.path(), &["run", "--config", "mobsync.toml"]).0, Some(1));
    assert_eq!(mobsync(folder.path(), &["run", "handler.json", "--no-config"]).0, Some(1));
}

#[test]
fn config_shows_where_each_value_comes_from() {
    let folder = project("# a comment\nhandler = 'handler.json'\n\n[limits]\ntimeout = '2m'\n");
    let (code, text, _) = mobsync(folder.path(), &["config"]);
    let line = |key: &str| {
        text.lines().find(|line| line.starts_with(key)).unwrap_or_default().split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(code, Some(0));
    assert_eq!(line("handler"), ["handler", "handler.json", "mobsync.toml:2"]);
    assert_eq!(line("limits.timeout"), ["limits.timeout", "120s", "mobsync.toml:5"]);
    assert_eq!(line("profile"), ["profile", "xp", "default"]);
    let (_, text, _) = mobsync(&folder.path().join("src"), &["config", "--format", "json"]);
    let settings: Vec<Value> = serde_json::from_str(&text).unwrap();
    let timeout = settings.iter().find(|setting| setting["key"] == "limits.timeout").unwrap();
    assert_eq!(*timeout, json!({ "key": "limits.timeout", "value": "120s", "from": "../mobsync.toml", "line": 5 }));
    // Every setting of the schema is shown.
    let (_, schema, _) = mobsync(folder.path(), &["schema", "config"]);
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let keys = |object: &Value, prefix: &str| -> Vec<String> {
        let keys = object["properties"].as_object().unwrap().keys();
        keys.filter(|key| !["limits", "conform", "explore"].contains(&key.as_str()))
            .map(|key| format!("{prefix}{key}"))
            .collect()
    };
    let mut all = keys(&schema, "");
    all.extend(keys(&schema["$defs"]["LimitSettings"], "limits."));
    all.extend(keys(&schema["$defs"]["ConformSettings"], "conform."));
    all.extend(keys(&schema["$defs"]["ExploreSettings"], "explore."));
    let mut shown: Vec<&str> = settings.iter().filter_map(|setting| setting["key"].as_str()).collect();
    all.sort();
    shown.sort_unstable();
    assert_eq!(all, shown);
    let (code, text, _) = mobsync(TempDir::new().unwrap().path(), &["config"]);
    assert!(code == Some(0) && text.starts_with("there is no mobsync.toml"), "{text}");
}

#[test]
fn init_asks_writes_settings_that_work_and_writes_nothing_over() {
    let folder = project("");
    // A wrong answer is asked for again, with the reason.
    let answers = "\nno-such.so\nhandler.json\nvist\nvista\ngithub\nperhaps\n\nnot an owner!\nsomebody/mobsync\n";
    let (code, text, asked) = answered(folder.path(), &["init"], answers);
    assert_eq!(code, Some(0), "{asked}");
    for why in [
        "A handler is needed",
        "no-such.so: there is no such file.",
        "`vist` is not one of xp, vista.",
        "`perhaps` is neither",
        "`not an owner!` is no owner on GitHub",
    ] {
        assert!(asked.contains(why), "{asked}");
    }
    assert_eq!(asked.matches('?').count(), 10, "{asked}");
    assert!(asked.lines().chain(text.lines()).all(|line| line.chars().count() <= 80), "{asked}{text}");
    assert!(fs::read_to_string(folder.path().join("mobsync.toml")).unwrap().contains("\nstrict = true\n"));
    assert!(text.contains("mobsync.toml: written\n") && text.ends_with("next: mobsync conform\n"), "{text}");
    let workflow = fs::read_to_string(folder.path().join(".github/workflows/mobsync.yml")).unwrap();
    assert!(workflow.contains("mobsync conform "), "{workflow}");
    assert!(workflow.contains("github.com/somebody/mobsync/") && !workflow.contains("OWNER"), "{workflow}");
    let (_, report, errors) = mobsync(folder.path(), &["conform", "--case", "event-manual", "--format", "json"]);
    let report: Value = serde_json::from_str(&report).unwrap_or_else(|error| panic!("{error}: {errors}"));
    assert_eq!((&report["profile"], &report["findings"][0]["rule"]), (&json!("vista"), &json!("SYNC-04")));
    let before = fs::read(folder.path().join("mobsync.toml")).unwrap();
    let (code, _, errors) = mobsync(folder.path(), &["init", "--handler", "other.json"]);
    assert!(code == Some(2) && errors.contains("mobsync.toml: the file already exists"), "{errors}");
    assert_eq!(fs::read(folder.path().join("mobsync.toml")).unwrap(), before);
}

#[test]
fn init_does_without_questions_and_says_which_option_answers_one() {
    let command = "python3 \"my handler.py\" \\ 'x'";
    let folder = project("");
    let (code, _, asked) = mobsync(folder.path(), &["init", "--exec", command, "--ci", "gitlab"]);
    assert_eq!((code, asked.as_str()), (Some(0), ""));
    let (_, settings, _) = mobsync(folder.path(), &["config", "--format", "json"]);
    let settings: Vec<Value> = serde_json::from_str(&settings).unwrap();
    assert_eq!(settings.iter().find(|setting| setting["key"] == "exec").unwrap()["value"], command);
    assert!(fs::read_to_string(folder.path().join(".gitlab-ci.yml")).unwrap().contains("mobsync conform "));
    for (args, message) in [
        (&["init"][..], "give --handler HANDLER or --exec COMMAND"),
        (&["init", "--handler", "build/libnotes.so"], "give --clsid {GUID}"),
    ] {
        let folder = project("");
        let (code, _, errors) = mobsync(folder.path(), args);
        assert!(code == Some(2) && errors.contains(message), "{errors}");
        assert!(!folder.path().join("mobsync.toml").exists());
    }
}

#[test]
fn a_written_baseline_accepts_everything_that_was_found() {
    let folder = TempDir::new().unwrap();
    let (report, baseline) = (folder.path().join("r.json"), folder.path().join("b.json"));
    let (report, baseline) = (report.to_str().unwrap(), baseline.to_str().unwrap());
    for handler in ["completes-twice", "office", "hangs", "ignores-stop", "works-on-unprepared"] {
        let handler = format!("fixtures/handlers/{handler}.json");
        let _ = fs::remove_file(baseline);
        let conform = |more: &[&str]| mobsync(root(), &[&["conform", &handler, "--strict"], more].concat());
        assert_eq!(conform(&["--format", "json", "--output", report]).0, Some(1), "{handler}");
        let (code, said, errors) =
            mobsync(root(), &["baseline", "write", report, "--output", baseline, "--reason", "for now"]);
        assert!(code == Some(0) && said.contains(" added; "), "{handler}: {said}{errors}");
        let (code, text, errors) = conform(&["--baseline", baseline]);
        assert_eq!(code, Some(0), "{handler}: {text}{errors}{}", fs::read_to_string(baseline).unwrap());
        // All that is left is accepted already.
        conform(&["--baseline", baseline, "--format", "json", "--output", report]);
        let written = fs::read(baseline).unwrap();
        let (code, said, _) =
            mobsync(root(), &["baseline", "write", report, "--output", baseline, "--reason", "again"]);
        assert_eq!((code, said.as_str()), (Some(0), "nothing to accept\n"), "{handler}");
        assert_eq!(fs::read(baseline).unwrap(), written);
    }
}

#[test]
fn each_reason_is_asked_for_and_entries_that_are_there_stay() {
    let folder = TempDir::new().unwrap();
    let report = folder.path().join("r.json");
    let office = "fixtures/handlers/office.json";
    mobsync(root(), &["conform", office, "--format", "json", "--output", report.to_str().unwrap()]);
    let before = "{\n  \"format\": \"mobsync-baseline\",\n  \"version\": 1,\n  \"accepted\": [\n    { \"rule\": \"PROG-05\", \"reason\": \"cosmetic\", \"handler\": \"Notes\" }\n  ]\n}\n";
    fs::write(folder.path().join("mobsync-baseline.json"), before).unwrap();
    let (code, said, asked) = answered(folder.path(), &["baseline", "write", "r.json"], "no archive \"yet\"\n\n\n");
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "mobsync-baseline.json: 1 entry added; use it with --baseline\n"),
        "{asked}"
    );
    assert_eq!(asked.matches("why is it accepted?").count(), 3, "{asked}");
    let written = fs::read_to_string(folder.path().join("mobsync-baseline.json")).unwrap();
    let begin = before.trim_end().trim_end_matches("\n  ]\n}");
    assert!(written.starts_with(begin), "{written}");
    let entries: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(entries["accepted"].as_array().unwrap().len(), 2);
    assert_eq!(entries["accepted"][1]["reason"], "no archive \"yet\"");
    let (code, _, errors) = answered(folder.path(), &["baseline", "write", "r.json"], "one reason only\n");
    assert!(code == Some(2) && errors.contains("give one for all with --reason TEXT"), "{errors}");
    assert_eq!(
        fs::read_to_string(folder.path().join("mobsync-baseline.json")).unwrap(),
        written,
        "nothing is written by halves"
    );
    fs::write(folder.path().join("mobsync-baseline.json"), "{}").unwrap();
    let (code, _, errors) = answered(folder.path(), &["baseline", "write", "r.json", "--reason", "x"], "");
    assert!(code == Some(2) && errors.starts_with("mobsync: --output mobsync-baseline.json"), "{errors}");
    assert_eq!(fs::read_to_string(folder.path().join("mobsync-baseline.json")).unwrap(), "{}");
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let folder = TempDir::new().unwrap();
    let (code, said, errors) = mobsync(folder.path(), &["man", "man1"]);
    assert_eq!((code, said.as_str(), errors.as_str()), (Some(0), "", ""));
    let (_, help, _) = mobsync(folder.path(), &["help"]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Long descriptions go on in lines of their own, further to the right.
    let commands = commands.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<&str> =
        commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect();
    assert!(names.len() > 15 && names.contains(&"conform"), "{help}");
    for name in names {
        let page = fs::read_to_string(folder.path().join(format!("man1/mobsync-{name}.1"))).unwrap_or_default();
        assert!(page.contains(".SH SYNOPSIS") || page.contains(".SH \"SYNOPSIS\""), "{name}: {page}");
    }
    assert!(folder.path().join("man1/mobsync.1").exists());
    assert!(!folder.path().join("man1/mobsync-worker.1").exists(), "what is hidden has none");
}

#[cfg(unix)]
#[test]
fn everything_is_installed_in_its_place() {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("target");
    fs::create_dir_all(target.join("windows")).unwrap();
    fs::create_dir_all(target.join("windows/x86")).unwrap();
    fs::write(target.join("windows/mobsync.exe"), "built").unwrap();
    fs::write(target.join("windows/x86/mobsync.exe"), "built").unwrap();
    let mut script = Command::new(root().join("scripts/install"));
    script.arg("/usr").env("DESTDIR", folder.path()).env("MOBSYNC", env!("CARGO_BIN_EXE_mobsync"));
    let output = script.env("CARGO_TARGET_DIR", &target).current_dir(folder.path()).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let to = folder.path().join("usr");
    for file in [
        "bin/mobsync.exe",
        "bin/x86/mobsync.exe",
        "include/mobsync/mobsync.h",
        "share/man/man1/mobsync-conform.1",
        "share/bash-completion/completions/mobsync",
        "share/zsh/site-functions/_mobsync",
        "share/fish/vendor_completions.d/mobsync.fish",
    ] {
        assert!(fs::metadata(to.join(file)).is_ok_and(|about| about.len() > 0), "{file}");
    }
    let version = Command::new(to.join("bin/mobsync")).arg("--version").output().expect("it is a program");
    assert!(version.status.success());
}

#[cfg(target_os = "linux")]
#[test]
fn a_package_for_debian_has_everything_in_its_place() {
    if Command::new("dpkg-deb").arg("--version").output().is_err() {
        // .ci/run says what the machine lacks.
        return;
    }
    let folder = TempDir::new().unwrap();
    let mut script = Command::new(root().join("scripts/deb"));
    script.arg(folder.path()).env("MOBSYNC", env!("CARGO_BIN_EXE_mobsync")).env("COMPRESSION", "none");
    script.env("CARGO_TARGET_DIR", folder.path());
    let output = script.output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let package = String::from_utf8(output.stdout).unwrap();
    let shown = |option: &str| {
        let shown = Command::new("dpkg-deb").args([option, package.trim()]).output().expect("it starts");
        String::from_utf8(shown.stdout).unwrap()
    };
    let about = shown("--info");
    for line in [" Package: mobsync", &format!(" Version: {}", env!("CARGO_PKG_VERSION")), " Depends: libc6 (>= 2."] {
        assert!(about.lines().any(|of| of.starts_with(line)), "{line}: {about}");
    }
    let files = shown("--contents");
    for file in [
        "./usr/bin/mobsync",
        "./usr/include/mobsync/mobsync.h",
        "./usr/share/man/man1/mobsync-conform.1.gz",
        "./usr/share/bash-completion/completions/mobsync",
        "./usr/share/zsh/vendor-completions/_mobsync",
        "./usr/share/doc/mobsync/docs/windows.md",
    ] {
        assert!(files.lines().any(|line| line.contains(" root/root ") && line.ends_with(file)), "{file}: {files}");
    }
}

/// What a release has for each system: `target: NAME` in the matrix of the job of that name.
fn targets(workflow: &str, job: &str) -> Vec<String> {
    let (_, of_job) = workflow.split_once(&format!("\n  {job}:\n")).expect("there is such a job");
    let (matrix, _) = of_job.split_once("runs-on:").expect("it runs on something");
    let targets: Vec<&str> =
        matrix.split("target: ").skip(1).filter_map(|rest| rest.split([' ', ',']).next()).collect();
    targets.into_iter().map(str::to_owned).collect()
}

#[test]
fn the_documents_and_init_install_what_a_release_has() {
    let read = |file: &str| fs::read_to_string(root().join(file)).unwrap();
    let workflow = read(".github/workflows/release.yml");
    let archives = targets(&workflow, "archive");
    assert_eq!(archives.len(), 5, "{archives:?}");
    let document = read("docs/ci.md");
    let mut files: Vec<String> = archives.iter().map(|target| format!("mobsync-{target}.tar.gz")).collect();
    files.extend(targets(&workflow, "deb").iter().map(|target| format!("mobsync_VERSION_{target}.deb")));
    files.push("mobsync-wine.tar.gz".to_owned());
    assert!(workflow.contains("tar -czf dist/mobsync-wine.tar.gz"), "{workflow}");
    for file in &files {
        assert!(document.contains(&format!("`{file}`")), "docs/ci.md does not name {file}");
    }
    let windows = read("docs/windows.md");
    // Whatever is downloaded is one of them.
    for ci in ["github", "gitlab"] {
        let folder = TempDir::new().unwrap();
        let (code, _, errors) = mobsync(folder.path(), &["init", "--handler", "handler.json", "--ci", ci]);
        assert_eq!(code, Some(0), "{errors}");
        let job = if ci == "github" { ".github/workflows/mobsync.yml" } else { ".gitlab-ci.yml" };
        for text in [&document, &windows, &fs::read_to_string(folder.path().join(job)).unwrap()] {
            let downloads: Vec<&str> = text
                .split("/releases/latest/download/")
                .skip(1)
                .filter_map(|rest| rest.split([' ', '`', '\n']).next())
                .filter(|file| file.ends_with(".gz"))
                .collect();
            assert!(!downloads.is_empty(), "{text}");
            assert!(downloads.iter().all(|file| files.iter().any(|known| known == file)), "{downloads:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_workflows_run_scripts_that_are_there() {
    use std::os::unix::fs::PermissionsExt;
    let mut scripts = 0;
    for name in ["ci.yml", "release.yml"] {
        let workflow = fs::read_to_string(root().join(".github/workflows").join(name)).unwrap();
        let is_part = |c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c));
        let commands = workflow.lines().filter(|line| line.contains("run: ")).flat_map(|line| line.split(is_part));
        for script in commands.filter(|word| word.starts_with("scripts/") || word.starts_with(".ci/")) {
            let about = fs::metadata(root().join(script)).unwrap_or_else(|error| panic!("{name}: {script}: {error}"));
            assert!(about.permissions().mode() & 0o111 != 0, "{name}: {script} is no program");
            scripts += 1;
        }
    }
    assert!(scripts >= 6, "they are found");
}

/// Every workflow, also those that `init` writes and those in the documents.
#[test]
fn workflows_are_yaml_with_jobs_and_steps() {
    let check = r#"
import sys
import yaml
for text in sys.stdin.read().split("\0"):
    whole = yaml.safe_load(text)
    # Some show a list of steps only.
    assert whole and isinstance(whole, (dict, list)), text
    for job in (whole.get("jobs") or {}).values() if isinstance(whole, dict) else []:
        assert job["runs-on"] and all("run" in step or "uses" in step for step in job["steps"]), job
"#;
    if !Command::new("python3").args(["-c", "import yaml"]).output().is_ok_and(|ran| ran.status.success()) {
        // .ci/run says what the machine lacks.
        return;
    }
    let mut texts: Vec<String> = Vec::new();
    for name in ["ci.yml", "release.yml"] {
        texts.push(fs::read_to_string(root().join(".github/workflows").join(name)).unwrap());
    }
    for (ci, job) in [("github", ".github/workflows/mobsync.yml"), ("gitlab", ".gitlab-ci.yml")] {
        let folder = TempDir::new().unwrap();
        mobsync(folder.path(), &["init", "--handler", "handler.json", "--ci", ci]);
        texts.push(fs::read_to_string(folder.path().join(job)).unwrap());
    }
    let document = fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let blocks = document.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    texts.extend(blocks.map(str::to_owned));
    assert!(texts.len() > 10, "they are found");
    let mut python = Command::new("python3");
    python.args(["-c", check]).stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut python = python.spawn().unwrap();
    std::io::Write::write_all(&mut python.stdin.take().unwrap(), texts.join("\0").as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(target_os = "linux")]
#[test]
fn an_archive_is_unpacked_and_runs() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    // Small, and so packed at once.
    let program = folder.path().join("program");
    fs::write(&program, format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_mobsync"))).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut script = Command::new(root().join("scripts/archive"));
    script.arg(folder.path().join("dist")).env("MOBSYNC", &program).env("CARGO_TARGET_DIR", folder.path());
    let output = script.output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let archive = String::from_utf8(output.stdout).unwrap();
    let archive = Path::new(archive.trim());
    let name = archive.file_name().unwrap().to_str().unwrap();
    let target = name.strip_prefix("mobsync-").and_then(|rest| rest.strip_suffix(".tar.gz")).expect("its name");
    assert!(target.ends_with("-unknown-linux-gnu") || target.ends_with("-unknown-linux-musl"), "{name}");
    let to = folder.path().join("local");
    fs::create_dir(&to).unwrap();
    // As docs/ci.md unpacks it.
    let mut unpack = Command::new("tar");
    unpack.arg("-xzf").arg(archive).args(["--strip-components", "1", "-C"]).arg(&to);
    assert!(unpack.status().expect("tar starts").success());
    for file in ["include/mobsync/mobsync.h", "share/man/man1/mobsync.1", "share/doc/mobsync/LICENSE-MIT"] {
        assert!(to.join(file).exists(), "{file}");
    }
    let version = Command::new(to.join("bin/mobsync")).arg("--version").output().expect("it is a program");
    assert_eq!(String::from_utf8_lossy(&version.stdout).trim(), format!("mobsync {}", env!("CARGO_PKG_VERSION")));
}

/// Whoever names the handler of the project means the class that it has there.
#[test]
fn the_library_of_the_project_needs_no_class() {
    let folder = project("handler = \"build/notes.so\"\nclsid = \"{6D6F6273-796E-4E6F-8001-000000000001}\"\n");
    fs::create_dir(folder.path().join("build")).unwrap();
    for name in ["notes.so", "other.so"] {
        fs::write(folder.path().join("build").join(name), "no library").unwrap();
    }
    for (place, library) in [(".", "build/notes.so"), ("build", "notes.so"), ("build", "./notes.so")] {
        let (code, _, errors) = mobsync(&folder.path().join(place), &["run", library]);
        assert!(code == Some(2) && !errors.contains("--clsid"), "{errors}");
    }
    let (code, _, errors) = mobsync(folder.path(), &["run", "build/other.so"]);
    assert!(code == Some(2) && errors.contains("--clsid"), "{errors}");
}
