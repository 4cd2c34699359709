//! The steps in which the store changes files. A process can die between any two of them.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::StoreError;
use crate::json::files::{NEW_PREFIX, NewFile};

/// Changes files. In tests it can stop before any step, as a process that is killed there.
#[derive(Debug, Default)]
pub(super) struct Disk {
    /// What is written need not outlive the machine.
    pub(super) is_scratch: bool,
    #[cfg(test)]
    steps_left: parking_lot::Mutex<Option<usize>>,
}

impl Disk {
    /// For files that are soon thrown away.
    pub(super) fn scratch() -> Self {
        Self {
            is_scratch: true,
            #[cfg(test)]
            steps_left: parking_lot::Mutex::default(),
        }
    }

    /// From now on only so many steps are taken.
    #[cfg(test)]
    pub(super) fn die_after(&self, steps: Option<usize>) {
        *self.steps_left.lock() = steps;
    }

    /// Whether there are no steps left.
    #[cfg(test)]
    pub(super) fn died(&self) -> bool {
        *self.steps_left.lock() == Some(0)
    }

    /// Called before each step.
    #[cfg_attr(
        not(test),
        allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "it does nothing but in tests")
    )]
    fn step(&self) -> io::Result<()> {
        #[cfg(test)]
        if let Some(left) = &mut *self.steps_left.lock() {
            let Some(fewer) = left.checked_sub(1) else { return Err(io::Error::other("killed by the test")) };
            *left = fewer;
        }
        Ok(())
    }

    /// Makes a folder, and those above it.
    pub(super) fn make_folder(&self, folder: &Path) -> Result<(), StoreError> {
        if folder.is_dir() {
            return Ok(());
        }
        self.step().and_then(|()| fs::create_dir_all(folder)).map_err(StoreError::io(folder, "cannot make this folder"))
    }

    /// Writes a file: the whole file is there, or what was there before.
    pub(super) fn write(&self, path: &Path, text: &str) -> Result<(), StoreError> {
        let written = || {
            self.step()?;
            let mut file = NewFile::replacing(path)?;
            file.write_all(text.as_bytes())?;
            if !self.is_scratch {
                file.sync()?;
            }
            if let Err(error) = self.step() {
                // A process that is killed removes nothing, and holds nothing.
                file.leave();
                return Err(error);
            }
            file.finish()
        };
        written().map_err(StoreError::io(path, "cannot write this file"))
    }

    /// Gives a file or folder another place, in one step.
    pub(super) fn move_to(&self, path: &Path, place: &Path) -> Result<(), StoreError> {
        self.step().and_then(|()| fs::rename(path, place)).map_err(StoreError::io(path, "cannot move this"))
    }

    /// Removes a folder and what is in it, if it is there.
    pub(super) fn remove_folder(&self, folder: &Path) -> Result<(), StoreError> {
        if !folder.exists() {
            return Ok(());
        }
        self.step()
            .and_then(|()| fs::remove_dir_all(folder))
            .map_err(StoreError::io(folder, "cannot remove this folder"))
    }

    /// Removes the files in a folder that a process was writing when it was killed.
    pub(super) fn sweep(&self, folder: &Path) -> Result<(), StoreError> {
        let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(NEW_PREFIX) {
                let path = entry.path();
                self.step()
                    .and_then(|()| fs::remove_file(&path))
                    .map_err(StoreError::io(&path, "cannot remove this"))?;
            }
        }
        Ok(())
    }
}
