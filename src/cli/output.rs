//! Where data and messages go.

use std::fmt;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, StdoutLock, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::args::{ColourName, OtherReport, OutputArgs};
use super::ended::Failure;
use crate::json::files::{self, NewFile};
use crate::protocol::plain_lines;
use crate::protocol::plain_path;
use crate::report::{Format, Report, Style, render};
use crate::runner::{self, WriteError};

/// Writes a message to standard error. When nobody is there to read it, the work still goes on.
pub(super) fn tell(message: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{}", plain_lines(&message.to_string()));
}

/// Writes to standard output. A reader that has gone away (`mobsync … | head`) is no failure.
pub(super) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure(format!("standard output: {error}"))),
        _ => Ok(()),
    }
}

/// Where the report goes: the file of `--output`, or standard output; and where the reports of `--report` go.
pub(super) struct Output {
    to: Option<PathBuf>,
    others: Vec<OtherReport>,
    /// Print no report for people that has nothing to complain of.
    quiet: bool,
    /// Each case was shown as it ended.
    listed: bool,
}

impl Output {
    /// Makes sure, before anything is done, that the reports can be written. A file's old content stays until then.
    pub(super) fn open(to: &OutputArgs) -> Result<Self, Failure> {
        for (option, path) in to.written() {
            files::may_write(path).map_err(|error| cannot_write(option, path, &error))?;
        }
        Ok(Self { to: to.output.clone(), others: to.report.clone(), quiet: false, listed: false })
    }

    /// To standard output, and nowhere else.
    pub(super) fn standard() -> Self {
        Self { to: None, others: Vec::new(), quiet: false, listed: false }
    }

    /// With `--quiet`: a report for people is printed only if there is something to complain of.
    pub(super) fn quiet(self, quiet: bool) -> Self {
        Self { quiet, ..self }
    }

    /// Each case is shown as it ends.
    pub(super) fn listed(self, listed: bool) -> Self {
        Self { listed, ..self }
    }

    /// Whether it takes colour.
    pub(super) fn colour(&self) -> bool {
        self.to.is_none() && wants_colour(io::stdout().is_terminal())
    }

    /// Writes the report in that form, and the other ones.
    pub(super) fn deliver_report(self, report: &Report, format: Format) -> Result<(), Failure> {
        let root = std::env::current_dir().ok();
        let listed = self.listed && self.to.is_none();
        let style =
            Style { colour: self.colour(), root: root.as_deref(), quiet: self.quiet, listed, ..Style::default() };
        let text = if self.is_silent(report, format) { String::new() } else { render(report, format, style)? };
        self.deliver_both(&text, report, format == Format::Human)
    }

    /// Whether nothing is printed of the report.
    pub(super) fn is_silent(&self, report: &Report, format: Format) -> bool {
        let found = report.summary.errors + report.summary.warnings;
        self.quiet && format == Format::Human && found == 0 && !report.failed() && report.is_whole()
    }

    /// Writes what is made of the report, and the other reports. What cannot be written keeps nothing else from being written.
    pub(super) fn deliver_with(self, text: &str, report: &Report) -> Result<(), Failure> {
        self.deliver_both(text, report, true)
    }

    fn deliver_both(mut self, text: &str, report: &Report, is_for_people: bool) -> Result<(), Failure> {
        let (root, colour, others) = (std::env::current_dir().ok(), self.colour(), std::mem::take(&mut self.others));
        let is_text_there = is_for_people && self.to.is_none() && !text.is_empty();
        let mut delivered = vec![self.deliver(text)];
        for OtherReport { format, file } in others {
            let to_terminal = file.is_none();
            let style = Style {
                colour: colour && to_terminal,
                root: root.as_deref(),
                beside_text: is_text_there && to_terminal,
                ..Style::default()
            };
            let text = render(report, format.into(), style)?;
            delivered.push(match file {
                Some(path) => {
                    files::write_whole(&path, text.as_bytes()).map_err(|error| cannot_write("--report", &path, &error))
                }
                None => print(text.as_bytes()),
            });
        }
        let failures: Vec<String> = delivered.into_iter().filter_map(|one| one.err().map(|Failure(why)| why)).collect();
        Failure::of(&failures)
    }

    /// Writes the report. When the file does not take it, standard output gets it: a session cannot be had again.
    pub(super) fn deliver(self, text: &str) -> Result<(), Failure> {
        let Some(path) = self.to else { return print(text.as_bytes()) };
        files::write_whole(&path, text.as_bytes()).or_else(|error| {
            print(text.as_bytes())?;
            let Failure(why) = cannot_write("--output", &path, &error);
            Err(Failure(format!("{why}; the report was written to standard output")))
        })
    }

    /// For a report that is written piece by piece.
    pub(super) fn stream(self) -> Result<Stream, Failure> {
        let Some(path) = self.to else {
            return Ok(Stream::Standard(BufWriter::new(Patient { inner: io::stdout().lock(), gone: false })));
        };
        match NewFile::create(&path) {
            Ok(file) => Ok(Stream::File(BufWriter::new(file), path)),
            Err(error) => Err(cannot_write("--output", &path, &error)),
        }
    }
}

/// A report that is written piece by piece.
pub(super) enum Stream {
    /// To standard output.
    Standard(BufWriter<Patient<StdoutLock<'static>>>),
    /// To a file, which is there when the report is whole.
    File(BufWriter<NewFile>, PathBuf),
}

impl Stream {
    /// There is no more of it.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Standard(mut output) => output.flush().map_err(|error| Failure(format!("the output: {error}"))),
            Self::File(output, path) => {
                let whole = output.into_inner().map_err(io::IntoInnerError::into_error).and_then(NewFile::finish);
                whole.map_err(|error| cannot_write("--output", &path, &error))
            }
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard(output) => output.write(bytes),
            Self::File(output, _) => output.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard(output) => output.flush(),
            Self::File(output, _) => output.flush(),
        }
    }
}

/// Standard output whose reader may go away: the rest goes nowhere, and the exit code is still the right one.
pub(super) struct Patient<W> {
    inner: W,
    gone: bool,
}

impl<W: Write> Patient<W> {
    fn heed<T>(&mut self, done: io::Result<T>, otherwise: T) -> io::Result<T> {
        match done {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(otherwise)
            }
            done => done,
        }
    }
}

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.gone {
            return Ok(bytes.len());
        }
        let written = self.inner.write(bytes);
        self.heed(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.inner.flush();
        self.heed(flushed, ())
    }
}

/// What is said of a file that cannot be written.
fn cannot_write(option: &str, path: &Path, error: &io::Error) -> Failure {
    Failure(format!("{option} {}", WriteError::new(path, error)))
}

/// Makes the folder that an option names, unless it is there.
pub(super) fn make_folder(option: &str, folder: &Path) -> Result<(), Failure> {
    runner::make_folder(folder).map_err(|error| Failure(format!("{option} {error}")))
}

/// A file that a command writes must be none that it reads or writes otherwise. Each is given as the command line names it.
pub(super) fn keep_apart(written: (&str, Option<&Path>), other: (&str, Option<&Path>)) -> Result<(), Failure> {
    let ((option, Some(path)), (what, Some(other))) = (written, other) else { return Ok(()) };
    match files::is_same(path, other) {
        true => Err(Failure(format!("{option} {}: this would overwrite {what}", plain_path(path)))),
        false => Ok(()),
    }
}

/// What `--color` says.
static COLOUR: OnceLock<ColourName> = OnceLock::new();

/// `--color` was given.
pub(super) fn use_colour(when: ColourName) {
    // It is given once.
    let _ = COLOUR.set(when);
    if when != ColourName::Auto {
        console::set_colors_enabled(when == ColourName::Always);
        console::set_colors_enabled_stderr(when == ColourName::Always);
    }
}

/// Whether what is printed has colour: as `--color` says, or where there is a terminal, and neither it nor the user
/// (`NO_COLOR`) has anything against it.
pub(super) fn wants_colour(is_terminal: bool) -> bool {
    match COLOUR.get() {
        Some(ColourName::Always) => true,
        Some(ColourName::Never) => false,
        Some(ColourName::Auto) | None => {
            is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && !is_dumb_terminal()
        }
    }
}

/// Whether the terminal can do no more than print lines.
pub(super) fn is_dumb_terminal() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}
