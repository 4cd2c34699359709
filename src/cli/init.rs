//! `mobsync init`: writes the settings of a project, and a job for its CI system.

use std::io::{BufRead, Write, stderr, stdin};
use std::path::{Path, PathBuf};

use super::args::{CiName, InitArgs, ProfileName};
use super::config::NAME;
use super::ended::{Ended, Failure};
use super::output::{print, tell};
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
        write(file, text)?;
        said += &format!("{}: written; add the build of your handler to it\n", plain_path(file));
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
        (None, None) => {
            let asked = "Which handler: a native library, a .json handler file, or the command of a program?";
            let handler = ask(asked, "give --handler HANDLER or --exec COMMAND")?;
            if handler.is_empty() {
                return Err(Failure("no handler was named; run `mobsync init` again when you have one".to_owned()));
            }
            let is_command = !Path::new(&handler).exists() && handler.contains(char::is_whitespace);
            (handler, is_command)
        }
    };
    let clsid = match args.clsid {
        None if !is_exec && is_library(&handler) => {
            let answer = ask("The CLSID of the handler's class, as {XXXXXXXX-…}?", "give --clsid {GUID}")?;
            Some(answer.parse::<Guid>().map_err(|error| Failure(error.to_string()))?)
        }
        given => given,
    };
    let asks = args.handler.is_none() && args.exec.is_none();
    let profile = match args.profile {
        Some(profile) => profile,
        None if asks => chosen(&ask("Which Windows: xp or vista? [xp]", "give --profile")?, ProfileName::Xp)?,
        None => ProfileName::Xp,
    };
    let ci = match args.ci {
        Some(ci) => ci,
        None if asks => {
            chosen(&ask("A job for which CI system: github, gitlab or none? [none]", "give --ci")?, CiName::None)?
        }
        None => CiName::None,
    };
    Ok(Answers { handler, is_exec, clsid, profile, ci })
}

/// One of the values of an option; the usual one if nothing was said.
fn chosen<T: clap::ValueEnum>(answer: &str, usual: T) -> Result<T, Failure> {
    if answer.is_empty() {
        return Ok(usual);
    }
    T::from_str(answer, true).map_err(|_| {
        let all: Vec<_> = T::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value).collect();
        let all: Vec<_> = all.iter().map(clap::builder::PossibleValue::get_name).collect();
        Failure(format!("`{}` is not one of {}", crate::report::plain(answer), all.join(", ")))
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
    text + &format!("profile = \"{profile}\"\n{REST}")
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
