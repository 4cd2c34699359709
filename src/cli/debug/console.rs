//! Where commands come from and texts go: a line editor on a terminal, plain lines otherwise.

use std::io::{BufRead, IsTerminal, Write};
use std::sync::mpsc;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, Helper};

use super::complete::{Words, candidates};
use crate::cli::output;
use crate::protocol::{plain, plain_lines};

/// What a person types after.
const PROMPT: &str = "(mobsync) ";

/// What was typed.
#[derive(Debug)]
pub(super) enum Input {
    /// A line.
    Text(String),
    /// Ctrl-C at the prompt: the line is given up.
    Interrupted,
    /// There is no more.
    End,
}

pub(super) struct Console {
    editor: Option<LineEditor>,
    colour: bool,
}

/// An editor on a thread of its own: it belongs to one thread, while the threads that stop and ask are the handler's.
struct LineEditor {
    ask: mpsc::Sender<Words>,
    lines: mpsc::Receiver<Input>,
}

impl Console {
    /// The terminal, if standard input and standard output are one; else the plain streams.
    pub(super) fn new() -> Self {
        let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let editor = if terminal { LineEditor::start() } else { None };
        Self { editor, colour: output::wants_colour(terminal) }
    }

    /// Writes a text and ends the line.
    pub(super) fn say(&self, text: &str) {
        // A reader that has gone away is no reason to stop; the next command will find its input closed.
        let _ = writeln!(std::io::stdout().lock(), "{}", plain_lines(text.trim_end()));
    }

    /// As [`say`](Self::say), in an ANSI style where colour is wanted.
    pub(super) fn say_painted(&self, code: &str, text: &str) {
        if !self.colour {
            return self.say(text);
        }
        let _ = writeln!(std::io::stdout().lock(), "\x1b[{code}m{}\x1b[0m", plain_lines(text.trim_end()));
    }

    /// Asks for the next line.
    pub(super) fn line(&mut self, words: Words) -> Input {
        let Some(editor) = &self.editor else { return next_line() };
        let asked = editor.ask.send(words).is_ok();
        if !asked { Input::End } else { editor.lines.recv().unwrap_or(Input::End) }
    }
}

/// The next line of standard input; it is written behind the prompt, so that a log reads as a session.
fn next_line() -> Input {
    let mut out = std::io::stdout().lock();
    let _ = write!(out, "{PROMPT}").and_then(|()| out.flush());
    let mut line = Vec::new();
    // Commands are read as bytes: a line that is no UTF-8 is an unknown command, not the end.
    match std::io::stdin().lock().read_until(b'\n', &mut line) {
        Ok(0) | Err(_) => {
            let _ = writeln!(out);
            Input::End
        }
        Ok(_) => {
            let line = String::from_utf8_lossy(&line).trim().to_owned();
            let _ = writeln!(out, "{}", plain(&line));
            Input::Text(line)
        }
    }
}

impl LineEditor {
    /// `None` when the terminal cannot be used so; plain lines then do.
    fn start() -> Option<Self> {
        let (ask, asked) = mpsc::channel::<Words>();
        let (tell, lines) = mpsc::channel();
        let (ready, is_ready) = mpsc::channel();
        let run = move || {
            let config = Config::builder().auto_add_history(true).completion_type(rustyline::CompletionType::List);
            let config = config.build();
            let history = MemHistory::with_config(&config);
            let editor: Result<Editor<Completion, MemHistory>, _> = Editor::with_history(config, history);
            let _ = ready.send(editor.is_ok());
            let Ok(mut editor) = editor else { return };
            for words in asked {
                editor.set_helper(Some(Completion(words)));
                let line = match editor.readline(PROMPT) {
                    Ok(line) => Input::Text(line.trim().to_owned()),
                    Err(ReadlineError::Interrupted) => Input::Interrupted,
                    Err(_) => Input::End,
                };
                if tell.send(line).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("line-editor".to_owned()).spawn(run).ok()?;
        is_ready.recv().ok()?.then_some(Self { ask, lines })
    }
}

struct Completion(Words);

impl Completer for Completion {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(candidates(line.get(..at).unwrap_or(line), &self.0))
    }
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}
impl Validator for Completion {}
impl Helper for Completion {}
