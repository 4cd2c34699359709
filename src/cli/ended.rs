//! How a command ends.

use std::fmt;

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nothing to complain of.
    Well,
    /// Findings, or an expectation not met.
    Findings,
}

impl Ended {
    /// How a command ends that has reported what it could: by what could not be carried out, else by what was found.
    pub(super) fn after(failures: &[String], found: bool) -> Result<Self, Failure> {
        Failure::of(failures)?;
        Ok(if found { Self::Findings } else { Self::Well })
    }
}

/// The request cannot be carried out. The message says what, where, and what to do.
#[derive(Debug)]
pub(super) struct Failure(pub(super) String);

impl Failure {
    /// One of all these, if there are any.
    pub(super) fn of(failures: &[String]) -> Result<(), Self> {
        if failures.is_empty() { Ok(()) } else { Err(Self(failures.join("\nmobsync: "))) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // Some libraries put the cause into their own words already.
            if !text.contains(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            source = cause.source();
        }
        Self(text)
    }
}
