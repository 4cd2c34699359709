//! The suite as a test of one line.

use super::Suite;
use crate::handler::HandlerFactory;
use crate::report::human;

/// Runs the conformance suite over a handler of this program's own: the cases and twenty random sessions. Returns when it
/// breaks no rule whose level is error.
///
/// ```
/// use mobsync::conform::assert_conforms;
/// use mobsync::handler::{FileSync, FolderPair};
///
/// # let folder = tempfile::tempdir()?;
/// # let (left, right) = (folder.path().join("left"), folder.path().join("right"));
/// # std::fs::create_dir(&left)?;
/// let my_factory = FileSync::new(vec![FolderPair::new(left, right)?])?;
/// assert_conforms(my_factory);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// For other options, for native libraries and for warnings that fail too there is [`Suite`].
///
/// # Panics
/// When a rule is broken, or a case cannot be run to its end. The message is the report for people: which rules, what happened,
/// the calls and callbacks around it, and what reproduces it.
#[track_caller]
pub fn assert_conforms(factory: impl HandlerFactory + 'static) {
    let name = factory.name().to_owned();
    let report = match Suite::new(factory).sessions(20).run() {
        Ok(report) => report,
        Err(error) => panic!("the conformance suite cannot be run over {name}: {error}"),
    };
    let incomplete = report.incomplete();
    if report.failed() || !incomplete.is_empty() {
        panic!("{name} does not conform\n\n{}", human(&report, false));
    }
}
