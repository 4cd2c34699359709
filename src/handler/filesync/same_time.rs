//! Whether two modification times are the same as far as the target can tell.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::temp::Temp;

/// The coarsest times that file systems keep (FAT).
const COARSEST: Duration = Duration::from_secs(2);

/// Compares modification times of the left with those that RIGHT kept of them.
///
/// Some file systems keep whole or even seconds only. Instead of guessing which, RIGHT is asked when it matters: a
/// temporary file in it is given the left time, and what it then has is what a copy would have.
#[derive(Debug)]
pub(super) struct SameTime<'a> {
    right: &'a Path,
    probe: Option<Temp>,
}

impl<'a> SameTime<'a> {
    pub fn new(right: &'a Path) -> Self {
        Self { right, probe: None }
    }

    /// Whether a file last changed at `left` would have the time `right` if it were copied.
    pub fn same(&mut self, left: SystemTime, right: SystemTime) -> bool {
        same(left, right, |time| self.keep(time))
    }

    /// What RIGHT makes of a time; nothing when it cannot be asked.
    fn keep(&mut self, time: SystemTime) -> Option<SystemTime> {
        if self.probe.is_none() {
            self.probe = Temp::create_in(self.right).ok();
        }
        let file = self.probe.as_ref()?.file();
        file.set_modified(time).ok()?;
        file.metadata().ok()?.modified().ok()
    }
}

fn same(left: SystemTime, right: SystemTime, keep: impl FnOnce(SystemTime) -> Option<SystemTime>) -> bool {
    let apart = left.duration_since(right).unwrap_or_else(|error| error.duration());
    apart.is_zero() || (apart <= COARSEST && keep(left) == Some(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
    }

    /// A file system that keeps even seconds.
    fn fat(time: SystemTime) -> Option<SystemTime> {
        let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds / 2 * 2))
    }

    #[test]
    fn a_time_that_the_target_cannot_keep_better_is_the_same() {
        assert!(same(at(101_700), at(100_000), fat));
        assert!(!same(at(101_700), at(101_000), fat), "not what it keeps");
        assert!(!same(at(102_700), at(100_000), fat), "too far apart");
        assert!(!same(at(100_000), at(101_700), fat), "the left one is older");
    }

    #[test]
    fn a_target_that_keeps_times_exactly_is_held_to_it() {
        let exact = Some;
        assert!(same(at(100_000), at(100_000), |_| panic!("nothing to ask")));
        assert!(!same(at(101_700), at(100_000), exact));
        assert!(!same(at(101_700), at(100_000), |_| None), "it cannot be asked: copy");
    }

    #[test]
    fn a_folder_keeps_a_time_as_its_files_do_and_is_left_as_it_was() {
        let right = tempfile::tempdir().unwrap();
        let mut times = SameTime::new(right.path());
        assert_eq!(times.keep(at(100_000)), Some(at(100_000)), "a whole, even second is kept everywhere");
        drop(times);
        assert_eq!(std::fs::read_dir(right.path()).unwrap().count(), 0);
    }
}
