//! `mobsync init`: writes the settings of a project, and a job for its CI system.

use std::io::{BufRead, Write, stderr, stdin};
use std::path::{Path, PathBuf};

use super::args::{CiName, InitArgs, ProfileName};
use super::config::NAME;
use super::ended::{Ended, Failure};
use super::output::{print, tell};
use crate::job;
use crate::json::quoted;
use crate::protocol::{Guid, plain_path};
use crate::runner::WriteError;

/// What the questions and the options came to.
struct Answers {
    handler: String,
    /// It is the command of a program.
    is_exec: bool,
    clsid: Option<Guid>,
    profile: ProfileName,
    ci: CiName,
    strict: bool,
    /// Whose releases the job installs, where it is known.
    owner: Option<String>,
}

pub(super) fn init(args: &InitArgs) -> Result<Ended, Failure> {
    let settings = PathBuf::from(NAME);
    refuse(&settings)?;
    let answers = answers(args)?;
    let workflow = match answers.ci {
        CiName::Github => Some((PathBuf::from(".github/workflows/mobsync.yml"), GITHUB)),
        CiName::Gitlab => Some((PathBuf::from(".gitlab-ci.yml"), GITLAB)),
        CiName::None => None,
    };
    if let Some((file, _)) = &workflow {
        refuse(file)?;
    }
    write(&settings, &toml(&answers))?;
    let mut said = format!("{NAME}: written\n");
    if let Some((file, text)) = &workflow {
        let text = text.replace("OWNER", answers.owner.as_deref().unwrap_or("OWNER"));
        write(file, &text)?;
        let also = if answers.owner.is_some() {
            ""
        } else {
            ", and put the owner of mobsync's\n  repository in place of OWNER"
        };
        said += &format!("{}: written;\n  add the build of your handler to it{also}\n", plain_path(file));
    }
    print(format!("{said}next: mobsync conform\n").as_bytes())?;
    Ok(Ended::Well)
}

/// Nothing is written over.
fn refuse(file: &Path) -> Result<(), Failure> {
    match file.exists() {
        true => Err(Failure(format!("{}: the file already exists; edit it, or remove it first", plain_path(file)))),
        false => Ok(()),
    }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| Failure(WriteError::new(folder, &error).to_string()))?;
    }
    let new = std::fs::File::create_new(file).and_then(|mut new| new.write_all(text.as_bytes()));
    new.map_err(|error| Failure(WriteError::new(file, &error).to_string()))
}

/// Asks for what the options do not say.
fn answers(args: &InitArgs) -> Result<Answers, Failure> {
    let (handler, is_exec) = match (&args.handler, &args.exec) {
        (Some(handler), _) => (handler.clone(), false),
        (None, Some(command)) => (command.clone(), true),
        (None, None) => asked(
            "Which handler: a native library, a .json handler file, or the command of a\nprogram?",
            "give --handler HANDLER or --exec COMMAND",
            handler,
        )?,
    };
    let clsid = match args.clsid {
        None if !is_exec && is_library(&handler) => {
            let read = |answer: &str| answer.parse::<Guid>().map(Some).map_err(|error| error.to_string());
            asked("The CLSID of the handler's class, as {XXXXXXXX-…}?", "give --clsid {GUID}", read)?
        }
        given => given,
    };
    if !is_exec && is_library(&handler) && !Path::new(&handler).exists() {
        tell(format_args!("{}: not there yet; build it before `mobsync conform`", plain_path(Path::new(&handler))));
    }
    let asks = args.handler.is_none() && args.exec.is_none();
    let profile = match args.profile {
        Some(profile) => profile,
        None if asks => {
            asked("Which Windows: xp or vista? [xp]", "give --profile", |answer| chosen(answer, ProfileName::Xp))?
        }
        None => ProfileName::Xp,
    };
    let ci = match args.ci {
        Some(ci) => ci,
        None if asks => asked("A job for which CI system: github, gitlab or none? [none]", "give --ci", |answer| {
            chosen(answer, CiName::None)
        })?,
        None => CiName::None,
    };
    let strict = match args.strict {
        false if asks => asked(STRICT, "give --strict", yes)?,
        strict => strict,
    };
    let owner = match &args.owner {
        None if asks && ci != CiName::None => {
            let read = |answer: &str| Some(answer).filter(|owner| !owner.is_empty()).map(owner).transpose();
            asked(
                "Who owns the GitHub repository `mobsync` with the releases that the job\ninstalls? [fill it in later]",
                "give --owner",
                read,
            )?
        }
        None => None,
        Some(given) => Some(owner(given).map_err(Failure)?),
    };
    Ok(Answers { handler, is_exec, clsid, profile, ci, strict, owner })
}

const STRICT: &str = "Should warnings fail too (strict), yes or no? A warning is behaviour that the\n\
                      reference advises against, such as work on an item that the user has skipped.\n\
                      Without strict, only errors fail. [yes]";

/// Asks until the answer can be used: what is wrong with the others is said.
fn asked<T>(question: &str, instead: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<T, Failure> {
    loop {
        match read(&ask(question, instead)?) {
            Ok(answer) => return Ok(answer),
            Err(why) => tell(format_args!("{why}.")),
        }
    }
}

/// The owner of a repository on GitHub, of which the name of the repository may be said as well.
fn owner(answer: &str) -> Result<String, String> {
    let name = answer.strip_suffix("/mobsync").unwrap_or(answer);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let wrong = || format!("`{}` is no owner on GitHub; expected a name such as acme", crate::report::plain(answer));
    is_name.then(|| name.to_owned()).ok_or_else(wrong)
}

/// The handler that was named, and whether it is a command.
fn handler(answer: &str) -> Result<(String, bool), String> {
    if answer.is_empty() {
        return Err("A handler is needed; Ctrl-C leaves, and nothing is written".to_owned());
    }
    let is_there = Path::new(answer).exists() || answer == "filesync" || job::registered(answer).is_some();
    match (is_there, answer.contains(char::is_whitespace)) {
        (true, _) => Ok((answer.to_owned(), false)),
        (false, true) => Ok((answer.to_owned(), true)),
        (false, false) => Err(format!("{}: there is no such file", plain_path(Path::new(answer)))),
    }
}

fn yes(answer: &str) -> Result<bool, String> {
    match answer.to_ascii_lowercase().as_str() {
        "" | "yes" | "y" => Ok(true),
        "no" | "n" => Ok(false),
        _ => Err(format!("`{}` is neither yes nor no", crate::report::plain(answer))),
    }
}

/// One of the values of an option; the usual one if nothing was said.
fn chosen<T: clap::ValueEnum>(answer: &str, usual: T) -> Result<T, String> {
    if answer.is_empty() {
        return Ok(usual);
    }
    T::from_str(answer, true).map_err(|_| {
        let all: Vec<_> = T::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value).collect();
        let all: Vec<_> = all.iter().map(clap::builder::PossibleValue::get_name).collect();
        format!("`{}` is not one of {}", crate::report::plain(answer), all.join(", "))
    })
}

/// A line of standard input. Without one, the error says which option does without the question.
fn ask(question: &str, instead: &str) -> Result<String, Failure> {
    tell(question);
    let _ = stderr().flush();
    let mut line = String::new();
    match stdin().lock().read_line(&mut line)? {
        0 => Err(Failure(format!("there is no answer on standard input; {instead}"))),
        _ => Ok(line.trim().to_owned()),
    }
}

fn is_library(handler: &str) -> bool {
    let extension = Path::new(handler).extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ["so", "dylib", "dll"].contains(&extension))
}

/// The file. A basic string of TOML takes the escapes of a JSON string.
fn toml(answers: &Answers) -> String {
    let key = if answers.is_exec { "exec" } else { "handler" };
    let mut text = format!(
        "# Settings of mobsync for this project. `mobsync config` shows all of them.\n\n{key} = {}\n",
        quoted(&answers.handler)
    );
    if let Some(clsid) = answers.clsid {
        text += &format!("clsid = {}\n", quoted(&clsid.to_string()));
    }
    let profile = if answers.profile == ProfileName::Vista { "vista" } else { "xp" };
    let strict = if answers.strict { "" } else { "# " };
    text + &format!("profile = \"{profile}\"\n\n# Warnings fail too, not only errors.\n{strict}strict = true\n{REST}")
}

const REST: &str = r#"
# Findings that are accepted for now, each with a reason: mobsync baseline write
# baseline = "mobsync-baseline.json"

[limits]
# timeout = "10s"

[conform]
# reports = ["html=target/mobsync.html"]
# before-case = "./reset"
"#;

const GITHUB: &str = r#"name: mobsync
on: [push, pull_request]
permissions:
  contents: read
jobs:
  conform:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      # Build your handler here.
      # A build from source is in docs/ci.md.
      - run: mkdir -p ~/.local && curl -sSfL https://github.com/OWNER/mobsync/releases/latest/download/mobsync-x86_64-unknown-linux-gnu.tar.gz | tar -xz --strip-components 1 -C ~/.local
      - run: echo ~/.local/bin >>"$GITHUB_PATH"
      - run: mobsync conform --verbose --report github --report html=mobsync.html
      - if: always()
        uses: actions/upload-artifact@v4
        with:
          name: mobsync
          path: mobsync.html
"#;

const GITLAB: &str = r"mobsync:
  image: buildpack-deps:bookworm
  script:
    # Build your handler here.
    # A build from source is in docs/ci.md.
    - curl -sSfL https://github.com/OWNER/mobsync/releases/latest/download/mobsync-x86_64-unknown-linux-gnu.tar.gz | tar -xz --strip-components 1 -C /usr/local
    - mobsync conform --verbose --report junit=mobsync.xml --report html=mobsync.html
  artifacts:
    when: always
    paths: [mobsync.html]
    reports:
      junit: mobsync.xml
";
