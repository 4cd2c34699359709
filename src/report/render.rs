//! A report in the form that its reader asked for.

use std::path::Path;

use thiserror::Error;

use super::{FindingRow, Report, github, html, junit, sarif};
use crate::json;
use crate::protocol::Stack;

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human,
    /// The report as data; `mobsync schema report` describes it.
    Json,
    /// JUnit's XML, as CI systems read it.
    Junit,
    /// SARIF 2.1.0, as code scanning reads it.
    Sarif,
    /// Workflow commands of GitHub Actions, which annotate source lines.
    Github,
    /// A page for a browser, with pictures of the sessions.
    Html,
}

/// What a form needs to know beside the report.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style<'a> {
    /// Whether the text for people has colour.
    pub colour: bool,
    /// The folder that paths are made relative to: CI systems know files by their place in the repository.
    pub root: Option<&'a Path>,
    /// In the text for people, nothing of notes and of cases that were skipped.
    pub quiet: bool,
    /// Each case was shown as it ended: the text for people does not list them again.
    pub listed: bool,
    /// The text for people stands beside it, and has the verdict.
    pub beside_text: bool,
}

/// Why a report cannot be rendered.
#[derive(Debug, Error)]
pub enum RenderError {
    /// A value cannot be written as JSON.
    #[error("the report cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The XML cannot be written.
    #[error("the report cannot be written as XML: {0}")]
    Xml(#[from] quick_junit::SerializeError),
}

/// The report in that form, with a newline at its end.
///
/// # Errors
/// When a value has no form there; reports of this program have none such.
pub fn render(report: &Report, format: Format, style: Style<'_>) -> Result<String, RenderError> {
    Ok(match format {
        Format::Human => super::human::styled(report, style),
        Format::Json => format!("{}\n", json::to_string_pretty(report)?),
        Format::Junit => junit::junit(report)?,
        Format::Sarif => format!("{}\n", json::to_string_pretty(&sarif::sarif(report, style))?),
        Format::Github => github::github(report, style),
        Format::Html => html::html(report, style)?,
    })
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct SourcePlace {
    /// The path, with `/` between its parts, relative to the root where it lies in there.
    pub(super) file: String,
    /// From 1, where it is known.
    pub(super) line: Option<u64>,
}

impl SourcePlace {
    /// Where to look: the handler's source line where a stack gives one, else the line of the trace, else the handler's file,
    /// else the scenario. A handler that is no file of its own has none: a case's name is no place.
    pub(super) fn of(report: &Report, finding: &FindingRow, style: Style<'_>) -> Option<Self> {
        let frames = finding.backtrace.as_deref().unwrap_or_default();
        let traced = || Some((finding.trace.as_deref()?.to_owned(), finding.line));
        let handler = || Some((report.handler_file.clone()?, None));
        // Only what is replayed has expectations, and its cases are files.
        let replayed = || report.cases.iter().any(|case| case.expectations.is_some());
        let scenario = || replayed().then(|| (finding.case.clone(), None));
        let site = report.site_of(finding).and_then(|site| frames.get(site));
        let (file, line) = site
            .into_iter()
            .chain(frames.iter().take_while(|frame| !Stack::is_heading(frame)))
            .find_map(|frame| Stack::source(frame))
            .map(|(file, line)| (file.to_owned(), Some(line)))
            .or_else(traced)
            .or_else(handler)
            .or_else(scenario)?;
        Some(Self::in_file(&file, line, style))
    }

    /// A place in a file whose path is as the command line, or a debugger, names it.
    pub(super) fn in_file(file: &str, line: Option<u64>, style: Style<'_>) -> Self {
        let inside = style.root.and_then(|root| Path::new(file).strip_prefix(root).ok());
        let file = inside.map_or_else(|| file.to_owned(), |inside| inside.display().to_string());
        let file = if cfg!(windows) { file.replace('\\', "/") } else { file };
        Self { file, line }
    }
}

/// The text up to so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
