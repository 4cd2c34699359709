//! The files of documents, traces and reports: what is no file is refused at once, and a new file is whole or not there.

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How the names of files begin that are being written.
pub(crate) const NEW_PREFIX: &str = ".mobsync-new-";

/// How many links to links are followed, as systems do.
const MOST_LINKS: usize = 40;

/// Opens a file for reading. A folder, a device and a named pipe are refused: they can make a program wait for ever, or read
/// without end.
///
/// # Errors
/// When it cannot be opened, or is no file.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // `<(COMMAND)` of a shell is a pipe without a name, whose other end is open already.
    let is_pipe_of_shell = |found: &Metadata| is_fifo(found.file_type()) && path.canonicalize().is_err();
    match path.metadata() {
        Ok(found) if !found.is_file() && !is_pipe_of_shell(&found) => Err(no_file(found.file_type())),
        _ => File::open(path),
    }
}

/// Whether a file can be written there, before the work whose result it takes. Nothing is changed.
///
/// # Errors
/// When it cannot, or when something other than a file is there.
pub(crate) fn may_write(path: &Path) -> io::Result<()> {
    let path = behind_links(path);
    match path.metadata() {
        Ok(found) if !found.is_file() => Err(no_file(found.file_type())),
        Ok(_) => OpenOptions::new().write(true).open(&path).map(drop),
        Err(_) => beside(&path).map(drop),
    }
}

/// Writes a file: when this ends well the whole file is there, and else what was there before. Links to the file stay.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NewFile::create(path)?;
    file.write_all(bytes)?;
    file.finish()
}

/// A file that is being written. Its content takes its place with [`finish`](Self::finish); without that nothing is left of it.
pub(crate) struct NewFile {
    place: PathBuf,
    content: tempfile::NamedTempFile,
    /// The file cannot be replaced: it has more than one name, or its folder takes no files.
    in_place: bool,
}

impl NewFile {
    /// # Errors
    /// When something other than a file is there, or none can be made.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        may_write(path)?;
        let place = behind_links(path);
        let found = place.metadata().ok();
        match beside(&place) {
            Ok(content) => {
                if let Some(found) = &found {
                    // Where rights cannot be given, the file is still worth having.
                    let _ = content.as_file().set_permissions(found.permissions());
                }
                Ok(Self { in_place: found.as_ref().is_some_and(has_other_names), place, content })
            }
            Err(_) if found.is_some() => Ok(Self { content: tempfile::NamedTempFile::new()?, place, in_place: true }),
            Err(error) => Err(error),
        }
    }

    /// A file that always takes its place in one step: one with more names loses the others. It fails where the folder takes no
    /// files.
    ///
    /// # Errors
    /// When something other than a file is there, or none can be made.
    pub(crate) fn replacing(path: &Path) -> io::Result<Self> {
        let file = Self::create(path)?;
        match file.place.metadata() {
            Ok(_) if file.in_place => Ok(Self { content: beside(&file.place)?, in_place: false, ..file }),
            _ => Ok(file),
        }
    }

    /// Puts the content on the disk before it takes its place: then the file is whole also after a power failure.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.content.flush()?;
        self.content.as_file().sync_all()
    }

    /// Puts the content where it belongs.
    ///
    /// # Errors
    /// When it cannot be.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.content.flush()?;
        if !self.in_place {
            return self.content.persist(&self.place).map(drop).map_err(|error| error.error);
        }
        let mut content = self.content.reopen()?;
        let mut file = OpenOptions::new().write(true).truncate(true).open(&self.place)?;
        io::copy(&mut content, &mut file).map(drop)
    }

    /// Leaves the content beside its place, as a process that is killed does.
    pub(crate) fn leave(self) {
        // What cannot be kept is gone, which may happen too.
        drop(self.content.keep());
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.content.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.content.flush()
    }
}

/// Where a file is, or would be, when all links are followed; also where the last one leads nowhere yet.
pub(crate) fn behind_links(path: &Path) -> PathBuf {
    let mut place = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&place) else { break };
        place = place.parent().map_or(target.clone(), |folder| folder.join(&target));
    }
    place.canonicalize().unwrap_or_else(|_| match (folder_of(&place).canonicalize(), place.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => place,
    })
}

/// Whether both are one file, under whatever names.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    behind_links(one) == behind_links(other) || same_number(one, other)
}

#[cfg(unix)]
fn same_number(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let number = |path: &Path| path.metadata().ok().map(|found| (found.dev(), found.ino()));
    number(one).is_some_and(|one| Some(one) == number(other))
}

#[cfg(not(unix))]
fn same_number(_: &Path, _: &Path) -> bool {
    false
}

#[cfg(unix)]
fn has_other_names(found: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(found) > 1
}

#[cfg(not(unix))]
fn has_other_names(_: &Metadata) -> bool {
    false
}

/// A file without content in the folder of that one, with the rights that a new file has.
fn beside(place: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(NEW_PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder_of(place))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn no_file(found: FileType) -> io::Error {
    let what = match () {
        () if found.is_dir() => return io::ErrorKind::IsADirectory.into(),
        () if is_fifo(found) => "a pipe",
        () => "a device",
    };
    io::Error::new(io::ErrorKind::InvalidInput, format!("this is {what}, not a file; choose a file"))
}

#[cfg(unix)]
fn is_fifo(found: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&found)
}

#[cfg(not(unix))]
fn is_fifo(_: FileType) -> bool {
    false
}
