//! When a pair of folders was last brought up to date.
//!
//! The time is kept in RIGHT, in a file of one line that is never synchronized: it belongs to the copy and travels with
//! it, as on a stick, and nothing is kept elsewhere that could outlive the folders. (RIGHT's own modification time would
//! not do: anything that is done in the folder changes it.) The line names the ItemID, so that a folder that once was
//! another pair's RIGHT does not claim that pair's time.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use crate::protocol::{FileTime, Guid};
use crate::time::wall_clock;

use super::temp::Temp;

/// The name of the file in RIGHT.
pub(super) const STATE: &str = ".mobsync-filesync";
/// More than the line can be.
const LIMIT: u64 = 256;

/// Whether this is the name of a file that is never synchronized because it is ours.
pub(super) fn is_state_name(name: &OsStr) -> bool {
    name == STATE
}

/// The end of the last run that went through, if one did and the clock has not been put back behind it since.
pub(super) fn last_update(right: &Path, item: Guid) -> Option<FileTime> {
    let (id, time) = read(&right.join(STATE))?;
    let time = (id == item).then_some(time)?;
    (time > FileTime::default() && time <= wall_clock()).then_some(time)
}

/// What stands in the file, if it is one of ours.
fn read(path: &Path) -> Option<(Guid, FileTime)> {
    if !fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let mut line = String::new();
    File::open(path).ok()?.take(LIMIT).read_to_string(&mut line).ok()?;
    let (id, time) = line.trim_end().split_once(' ')?;
    Some((id.parse().ok()?, time.parse().ok()?))
}

/// Writes down that a run has gone through just now. A file of the user's that has the name is left.
pub(super) fn record(right: &Path, item: Guid) -> io::Result<()> {
    let path = right.join(STATE);
    if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file() || found.len() > 0) && read(&path).is_none() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "there is a file of this name that mobsync has not written",
        ));
    }
    let temp = Temp::create_in(right)?;
    writeln!(temp.file(), "{item} {}", wall_clock())?;
    temp.file().sync_all()?;
    temp.replace(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_time_is_read_back_for_its_item_only() {
        let right = tempfile::tempdir().unwrap();
        let item = Guid::from_u128(7);
        assert_eq!(last_update(right.path(), item), None);
        let before = wall_clock();
        record(right.path(), item).unwrap();
        let time = last_update(right.path(), item).unwrap();
        assert!(before <= time && time <= wall_clock());
        assert_eq!(last_update(right.path(), Guid::from_u128(8)), None);
    }

    #[test]
    fn what_is_no_past_time_is_no_last_update() {
        let right = tempfile::tempdir().unwrap();
        let item = Guid::from_u128(7);
        let state = right.path().join(STATE);
        fs::write(&state, format!("{item} 2020-02-03T04:05:06Z\n")).unwrap();
        assert_eq!(last_update(right.path(), item), Some("2020-02-03T04:05:06Z".parse().unwrap()));
        for line in [
            String::new(),
            format!("{item}"),
            format!("{item} soon"),
            format!("{item} 9999-01-01T00:00:00Z"),
            format!("{item} 0"),
            format!("{item} {}", "1".repeat(1000)),
        ] {
            fs::write(&state, &line).unwrap();
            assert_eq!(last_update(right.path(), item), None, "{line}");
        }
        fs::write(&state, [0xff, 0xfe]).unwrap();
        assert_eq!(last_update(right.path(), item), None);
        fs::remove_file(&state).unwrap();
        fs::create_dir(&state).unwrap();
        assert_eq!(last_update(right.path(), item), None);
    }
}
