//! What goes from left to right, and what stays as it is.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use mobsync::handler::{FileSync, FolderPair};
use mobsync::protocol::{HResult, LogLevel, Status};

use crate::manager::{Folders, Session, assert_no_temporary, content, names, run_once};

fn write(path: &Path, bytes: impl AsRef<[u8]>, mtime: SystemTime) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    File::options().write(true).open(path).unwrap().set_modified(mtime).unwrap();
}

fn mtime(path: &Path) -> SystemTime {
    fs::symlink_metadata(path).unwrap().modified().unwrap()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// What is on the right besides the handler's own file.
fn right_names(folders: &Folders) -> Vec<PathBuf> {
    names(&folders.right("")).into_iter().filter(|path| path != Path::new(".mobsync-filesync")).collect()
}

#[test]
fn new_and_changed_files_go_over_with_their_times_and_folders() {
    let folders = Folders::new();
    let large = content(1, 3 * (1 << 20) + 5);
    write(&folders.left("new"), "new", at(1_000_000_000) + Duration::from_nanos(123_456_700));
    write(&folders.left("deep/er/large"), &large, at(1_100_000_000));
    write(&folders.left("empty"), "", at(1_200_000_000));
    write(&folders.left("ümläut and space"), "x", at(1));
    fs::create_dir_all(folders.left("folder/without files")).unwrap();
    write(&folders.left("longer"), "longer", at(5));
    write(&folders.right("longer"), "long", at(5));
    write(&folders.left("later"), "later!", at(100));
    write(&folders.right("later"), "before", at(50));
    write(&folders.left("earlier"), "earlier", at(50));
    write(&folders.right("earlier"), "already", at(100));

    let round = run_once(&folders.factory());
    assert_eq!(round.hr, HResult::S_OK);
    for path in ["new", "deep/er/large", "empty", "ümläut and space", "longer", "later", "earlier"] {
        assert_eq!(fs::read(folders.left(path)).unwrap(), fs::read(folders.right(path)).unwrap(), "{path}");
        assert_eq!(mtime(&folders.left(path)), mtime(&folders.right(path)), "{path}");
    }
    assert_eq!(right_names(&folders), names(&folders.left("")));
}

#[test]
fn nothing_is_deleted_or_touched_on_the_right_nor_anything_on_the_left() {
    let folders = Folders::new();
    write(&folders.right("extra"), "extra", at(1));
    write(&folders.right("folder/extra"), "extra", at(2));
    write(&folders.left("folder/file"), "file", at(3));
    let before = names(&folders.left(""));
    run_once(&folders.factory());
    assert_eq!(names(&folders.left("")), before);
    assert_eq!(fs::read(folders.right("extra")).unwrap(), b"extra");
    assert_eq!(mtime(&folders.right("folder/extra")), at(2));
    let expected = ["extra", "folder", "folder/extra", "folder/file"].map(PathBuf::from);
    assert_eq!(right_names(&folders), expected);
}

#[test]
fn progress_names_and_counts_every_file_in_order() {
    let folders = Folders::new();
    write(&folders.left("b"), "b", at(1));
    write(&folders.left("a"), content(1, 2 * (1 << 20) + 1), at(1));
    write(&folders.left("c/d"), "d", at(1));
    let factory = folders.factory();
    let item = factory.pairs().next().unwrap().0;
    let round = run_once(&factory);
    let d = Path::new("c").join("d");
    let expected = ["a", "a (1 of 3 MiB)", "a (2 of 3 MiB)", "b", "c", d.to_str().unwrap()];
    assert_eq!(round.updating(item), expected);
    let counts: Vec<_> =
        round.progress(item).iter().filter_map(|info| info.given_value().zip(info.given_max())).collect();
    assert_eq!(counts, [(0, 4), (0, 4), (0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]);
    let statuses: Vec<_> = round.progress(item).iter().map(|info| info.status).collect();
    assert_eq!((statuses[0], *statuses.last().unwrap()), (Status::PENDING, Status::SUCCEEDED));
    let threads: Vec<_> = round.log.iter().skip(1).map(|crossing| crossing.thread.as_str()).collect();
    assert!(threads.iter().all(|thread| *thread == "sync-left"), "{threads:?}");
}

#[test]
fn a_second_run_copies_nothing() {
    let folders = Folders::new();
    for path in ["a", "b/c", "b/d/e"] {
        write(&folders.left(path), path, SystemTime::now());
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folders.left("link")).unwrap();
    let factory = folders.factory();
    let item = factory.pairs().next().unwrap().0;
    assert!(!run_once(&factory).updating(item).is_empty());
    let identity = || {
        let files = ["a", "b/c", "b/d/e"].map(|path| fs::metadata(folders.right(path)).unwrap());
        #[cfg(unix)]
        return files.map(|file| (std::os::unix::fs::MetadataExt::ino(&file), file.modified().unwrap()));
        #[cfg(not(unix))]
        return files.map(|file| (file.created().unwrap(), file.modified().unwrap()));
    };
    let before = identity();
    // In the same instance, and in a new one.
    let mut session = Session::open(&factory);
    for _ in 0..2 {
        let round = session.run();
        assert_eq!(round.updating(item), Vec::<String>::new());
        assert_eq!((round.hr, round.ended(item)), (HResult::S_OK, Status::SUCCEEDED));
    }
    session.close();
    assert_eq!(identity(), before);
}

#[test]
fn a_right_folder_that_is_missing_is_made() {
    let folders = Folders::new();
    write(&folders.left("file"), "file", at(1));
    let pair = FolderPair::new(folders.left(""), folders.right("new")).unwrap();
    let factory = FileSync::new(vec![pair]).unwrap();
    assert_eq!(run_once(&factory).hr, HResult::S_OK);
    assert_eq!(fs::read(folders.right("new/file")).unwrap(), b"file");
}

#[test]
fn items_are_synchronized_side_by_side_and_only_those_that_were_prepared() {
    let folders = Folders::new();
    let pairs: Vec<_> = ["a", "b", "c"]
        .map(|name| {
            write(&folders.left(&format!("{name}/file")), name, at(1));
            FolderPair::new(folders.left(name), folders.right(name)).unwrap()
        })
        .to_vec();
    let factory = FileSync::new(pairs).unwrap();
    let mut session = Session::open(&factory);
    let ids = session.ids();
    session.start(&[ids[2], ids[0]]);
    let round = session.finish(&[ids[2], ids[0]]);
    session.close();
    assert_eq!(round.hr, HResult::S_OK);
    let threads: std::collections::BTreeSet<_> = round.log.iter().skip(1).map(|c| c.thread.as_str()).collect();
    assert_eq!(threads.into_iter().collect::<Vec<_>>(), ["sync-a", "sync-c"]);
    assert!(folders.right("a/file").exists() && folders.right("c/file").exists() && !folders.right("b").exists());
}

#[test]
fn what_belongs_to_the_handler_is_not_synchronized_and_left_overs_are_cleared_up() {
    let folders = Folders::new();
    write(&folders.left(".mobsync-filesync"), "of another pair", at(1));
    write(&folders.left("folder/.mobsync-filesync"), "of another pair", at(1));
    write(
        &folders.left("folder/.mobsync-1a-2-e1664f0de7212d00.tmp"),
        "left over where it is not ours to clear up",
        at(1),
    );
    write(&folders.left("folder/.mobsync-notes.tmp"), "a file of the user's", at(1));
    // The user may have made a name of the same form; it is not one of ours.
    write(&folders.left(".mobsync-1a2b-0.tmp"), "another one", at(1));
    write(&folders.right("folder/.mobsync-2-2.tmp"), "of the user's on the right", at(1));
    write(&folders.right(".mobsync-ff-0-50da15d99822cb3c.tmp"), "half a fi", at(1));
    write(&folders.right("folder/.mobsync-1-1-99a941d89acf352a.tmp"), "half a fi", at(1));
    run_once(&folders.factory());
    let expected =
        [".mobsync-1a2b-0.tmp", "folder", "folder/.mobsync-2-2.tmp", "folder/.mobsync-notes.tmp"].map(PathBuf::from);
    assert_eq!(right_names(&folders), expected);
    assert!(folders.left("folder/.mobsync-1a-2-e1664f0de7212d00.tmp").exists());
    assert_ne!(fs::read(folders.right(".mobsync-filesync")).unwrap(), b"of another pair");
}

#[test]
fn where_a_folder_meets_a_file_both_stay_and_the_rest_goes_on() {
    let folders = Folders::new();
    write(&folders.left("a"), "file", at(1));
    write(&folders.right("a/precious"), "precious", at(1));
    write(&folders.left("b/file"), "file", at(1));
    write(&folders.right("b"), "precious", at(1));
    write(&folders.left("c"), "file", at(1));
    let factory = folders.factory();
    let item = factory.pairs().next().unwrap().0;
    let round = run_once(&factory);
    assert_eq!((round.hr, round.ended(item)), (HResult::E_FAIL, Status::FAILED));
    assert_eq!(fs::read(folders.right("a/precious")).unwrap(), b"precious");
    assert_eq!(fs::read(folders.right("b")).unwrap(), b"precious");
    assert_eq!(fs::read(folders.right("c")).unwrap(), b"file");
    let logged = round.logged();
    assert_eq!(logged.len(), 2, "{logged:?}");
    let (level, text, _) = &logged[0];
    assert_eq!(*level, LogLevel::ERROR);
    assert!(text.contains("is a file, but") && text.contains("is a folder; both were left unchanged"), "{text}");
    assert!(logged[1].1.contains("is a folder, but") && logged[1].1.contains("is a file;"), "{}", logged[1].1);
}

/// A chain of folders `depth` deep, made so that no single path on the way is too long for the system.
fn make_deep(root: &Path, depth: usize) -> std::io::Result<()> {
    let mut path = root.to_owned();
    for _ in 0..depth {
        path.push("d");
    }
    fs::create_dir_all(&path)?;
    fs::write(path.join("f"), "deep")
}

#[test]
fn a_tree_of_two_thousand_levels_goes_over_or_ends_in_an_error_but_not_in_a_crash() {
    let folders = Folders::new();
    let mut depth = 2_000;
    // Where the system's paths are shorter: as deep as they go.
    while make_deep(&folders.left(""), depth).is_err() {
        fs::remove_dir_all(folders.left("")).unwrap();
        fs::create_dir(folders.left("")).unwrap();
        depth -= 50;
    }
    let factory = folders.factory();
    let item = factory.pairs().next().unwrap().0;
    let round = run_once(&factory);
    assert_no_temporary(&folders.right(""));
    let deepest = names(&folders.right("")).into_iter().map(|path| path.components().count()).max().unwrap();
    if round.hr == HResult::S_OK {
        assert_eq!((round.ended(item), deepest), (Status::SUCCEEDED, depth + 1));
    } else {
        // One name more on the right than on the left, and the room for a temporary name.
        assert_eq!((round.ended(item), round.logged().len()), (Status::FAILED, 1));
        assert!(deepest > depth - 50, "{deepest}");
    }
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn links_go_over_as_links_wherever_they_lead() {
        let folders = Folders::new();
        write(&folders.root().join("outside/secret"), "secret", at(1));
        symlink("../outside", folders.left("to a folder")).unwrap();
        symlink("nowhere/at all", folders.left("dangling")).unwrap();
        symlink("loop", folders.left("loop")).unwrap();
        symlink(folders.root().join("outside/secret"), folders.left("changed")).unwrap();
        symlink("before", folders.right("changed")).unwrap();
        let factory = folders.factory();
        assert_eq!(run_once(&factory).hr, HResult::S_OK);
        for name in ["to a folder", "dangling", "loop", "changed"] {
            assert_eq!(fs::read_link(folders.left(name)).unwrap(), fs::read_link(folders.right(name)).unwrap());
        }
        assert_eq!(right_names(&folders).len(), 4);
    }

    #[test]
    fn files_and_links_replace_one_another_and_what_a_link_led_to_stays() {
        let folders = Folders::new();
        write(&folders.root().join("outside"), "outside", at(1));
        symlink("../outside", folders.right("file")).unwrap();
        write(&folders.left("file"), "file", at(2));
        write(&folders.right("link"), "file", at(1));
        symlink("../outside", folders.left("link")).unwrap();
        assert_eq!(run_once(&folders.factory()).hr, HResult::S_OK);
        assert_eq!(fs::read(folders.root().join("outside")).unwrap(), b"outside");
        assert!(fs::symlink_metadata(folders.right("file")).unwrap().is_file());
        assert_eq!(fs::read(folders.right("file")).unwrap(), b"file");
        assert_eq!(fs::read_link(folders.right("link")).unwrap(), Path::new("../outside"));
    }

    #[test]
    fn a_newer_file_that_a_link_replaces_is_told_and_can_be_left() {
        let folders = Folders::new();
        symlink("nowhere", folders.left("link")).unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(100);
        write(&folders.right("link"), "precious", later);
        let pair = FolderPair::new(folders.left(""), folders.right("")).unwrap();
        let round = run_once(&FileSync::new(vec![pair.clone().leaving_newer(true)]).unwrap());
        assert!(round.texts().contains(&"nothing has changed, 1 newer file left".to_owned()), "{:?}", round.texts());
        assert_eq!(fs::read(folders.right("link")).unwrap(), b"precious");
        let round = run_once(&FileSync::new(vec![pair]).unwrap());
        assert!(round.texts().contains(&"1 copied, 1 newer file replaced".to_owned()), "{:?}", round.texts());
        assert!(folders.right("link").is_symlink());
    }

    #[test]
    fn nothing_is_written_through_a_link_on_the_right() {
        let folders = Folders::new();
        fs::create_dir(folders.root().join("outside")).unwrap();
        write(&folders.left("folder/file"), "file", at(1));
        write(&folders.left("other"), "other", at(1));
        symlink("../outside", folders.right("folder")).unwrap();
        let round = run_once(&folders.factory());
        assert_eq!(round.hr, HResult::E_FAIL);
        assert_eq!(names(&folders.root().join("outside")), Vec::<PathBuf>::new());
        assert!(folders.right("other").exists());
        assert!(round.logged()[0].1.contains("is a folder, but"), "{:?}", round.logged());
        assert!(round.logged()[0].1.contains("is a link;"), "{:?}", round.logged());
    }

    #[test]
    fn nor_through_one_that_takes_a_folders_place_meanwhile() {
        let folders = Folders::new();
        fs::create_dir(folders.root().join("outside")).unwrap();
        write(&folders.left("folder/file"), "file", at(1));
        fs::create_dir(folders.right("folder")).unwrap();
        let (right, outside) = (folders.right("folder"), folders.root().join("outside"));
        let mut session = Session::answering(&folders.factory(), move |_, callback| {
            if format!("{callback:?}").contains("folder/file") && !right.is_symlink() {
                fs::remove_dir(&right).unwrap();
                symlink(&outside, &right).unwrap();
            }
            HResult::S_OK
        });
        assert_eq!(session.run().hr, HResult::E_FAIL);
        session.close();
        assert_eq!(names(&folders.root().join("outside")), Vec::<PathBuf>::new());
    }

    #[test]
    fn permissions_go_over_but_never_more_than_permissions() {
        let folders = Folders::new();
        for (name, mode) in [("plain", 0o644), ("private", 0o600), ("script", 0o755), ("read only", 0o444)] {
            write(&folders.left(name), name, at(1));
            chmod(&folders.left(name), mode);
        }
        write(&folders.left("set-user-ID"), "x", at(1));
        chmod(&folders.left("set-user-ID"), 0o6755);
        for (name, mode) in [("shared", 0o777), ("mine", 0o700), ("closed", 0o555)] {
            fs::create_dir(folders.left(name)).unwrap();
            write(&folders.left(name).join("file"), name, at(1));
            chmod(&folders.left(name), mode);
        }
        let round = run_once(&folders.factory());
        chmod(&folders.left("closed"), 0o755);
        assert_eq!(round.hr, HResult::S_OK);
        for (name, expected) in [
            ("plain", 0o644),
            ("private", 0o600),
            ("script", 0o755),
            ("read only", 0o444),
            ("set-user-ID", 0o755),
            ("shared", 0o777),
            ("mine", 0o700),
            ("closed", 0o755),
        ] {
            assert_eq!(mode(&folders.right(name)), expected, "{name}");
        }
    }

    #[test]
    fn names_that_are_no_text_go_over() {
        let folders = Folders::new();
        let name = OsStr::from_bytes(b"caf\xe9 \xff");
        // Not every file system takes such names; then there are none to synchronize.
        if fs::create_dir(folders.left("").join(name)).is_err() {
            return;
        }
        fs::write(folders.left("").join(name).join(name), "x").unwrap();
        symlink(name, folders.left("link")).unwrap();
        assert_eq!(run_once(&folders.factory()).hr, HResult::S_OK);
        assert_eq!(fs::read(folders.right("").join(name).join(name)).unwrap(), b"x");
        assert_eq!(fs::read_link(folders.right("link")).unwrap().as_os_str(), name);
    }

    #[test]
    fn sockets_and_pipes_are_left_out_with_a_warning_and_no_failure() {
        let folders = Folders::new();
        let _socket = UnixListener::bind(folders.left("socket")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(folders.left("pipe")).status().unwrap();
        assert!(made.success());
        write(&folders.left("file"), "file", at(1));
        let factory = folders.factory();
        let item = factory.pairs().next().unwrap().0;
        let mut session = Session::open(&factory);
        let round = session.run();
        assert_eq!((round.hr, round.ended(item)), (HResult::S_OK, Status::SUCCEEDED));
        let logged = round.logged();
        let texts: Vec<_> = logged.iter().map(|(level, text, _)| (*level, text.as_str())).collect();
        assert!(
            matches!(texts[0], (LogLevel::WARNING, text) if text.ends_with("pipe is a named pipe; it is not synchronized")),
            "{texts:?}"
        );
        assert!(matches!(texts[1], (LogLevel::WARNING, text) if text.ends_with("is a socket; it is not synchronized")));
        assert_eq!(texts.len(), 2);
        assert_eq!(right_names(&folders), [PathBuf::from("file")]);
        // A warning is no error to follow, and does not pile up.
        assert_eq!(session.handler.show_error(0, logged[0].2), HResult::E_INVALIDARG);
        let again = session.run();
        assert_eq!(again.deleted(), [logged[0].2, logged[1].2]);
        assert_eq!(again.logged(), logged);
        session.close();
    }

    #[test]
    fn a_pipe_on_the_right_is_a_conflict_and_stays() {
        let folders = Folders::new();
        let made = std::process::Command::new("mkfifo").arg(folders.right("file")).status().unwrap();
        assert!(made.success());
        write(&folders.left("file"), "file", at(1));
        let round = run_once(&folders.factory());
        assert_eq!(round.hr, HResult::E_FAIL);
        assert!(fs::symlink_metadata(folders.right("file")).unwrap().file_type().is_fifo());
        assert!(round.logged()[0].1.contains("is a named pipe;"), "{:?}", round.logged());
    }

    #[test]
    fn a_tree_deeper_than_any_path_ends_in_an_error() {
        let folders = Folders::new();
        // Two halves, each short enough to be named, one put under the other.
        let half = 1_500;
        make_deep(&folders.left(""), half).unwrap();
        make_deep(&folders.root().join("half"), half).unwrap();
        let bottom = |root: PathBuf| std::iter::repeat_n("d", half).fold(root, |path, name| path.join(name));
        let joint = bottom(folders.left("")).join("d");
        fs::rename(folders.root().join("half/d"), &joint).unwrap();
        let round = run_once(&folders.factory());
        // Apart again before anything is asserted, so that the folders can be removed.
        fs::rename(&joint, folders.root().join("half/d")).unwrap();
        let right_joint = bottom(folders.right("")).join("d");
        fs::rename(&right_joint, folders.root().join("right half")).unwrap();
        assert_eq!(round.hr, HResult::E_FAIL);
        let logged = round.logged();
        assert_eq!(logged.len(), 1, "{logged:?}");
        assert!(logged[0].1.contains("File name too long"), "{logged:?}");
        assert_eq!(fs::read(bottom(folders.right("")).join("f")).unwrap(), b"deep");
    }
}

#[test]
fn a_newer_file_that_is_replaced_is_told_and_can_be_left() {
    let folders = Folders::new();
    write(&folders.left("older"), "old", at(1_000_000_000));
    write(&folders.right("older"), "edited", at(1_100_000_000));
    write(&folders.left("newer"), "new", at(1_100_000_000));
    write(&folders.right("newer"), "before", at(1_000_000_000));
    let pair = FolderPair::new(folders.left(""), folders.right("")).unwrap();

    let leaves = FileSync::new(vec![pair.clone().leaving_newer(true)]).unwrap();
    let round = run_once(&leaves);
    assert_eq!((round.hr, round.logged().len()), (HResult::S_OK, 0));
    assert_eq!(fs::read(folders.right("older")).unwrap(), b"edited", "it is left");
    assert_eq!(fs::read(folders.right("newer")).unwrap(), b"new");
    assert!(round.texts().contains(&"1 copied, 1 newer file left".to_owned()), "{:?}", round.texts());

    let round = run_once(&FileSync::new(vec![pair]).unwrap());
    assert_eq!(round.hr, HResult::S_OK);
    assert_eq!(fs::read(folders.right("older")).unwrap(), b"old");
    assert!(round.texts().contains(&"1 copied, 1 newer file replaced".to_owned()), "{:?}", round.texts());
    let (level, text, _) = round.logged()[0].clone();
    assert_eq!(level, LogLevel::WARNING);
    assert!(text.contains("older") && text.contains("--update"), "{text}");
}

#[test]
fn a_file_on_the_right_that_changes_or_comes_during_the_copy_is_left() {
    let folders = Folders::new();
    for name in ["changed", "new", "other"] {
        write(&folders.left(name), "from the left", at(1_000_000_000));
    }
    write(&folders.right("changed"), "before", at(900_000_000));
    let (changed, new) = (folders.right("changed"), folders.right("new"));
    let mut session = Session::answering(&folders.factory(), move |_, callback| {
        if format!("{callback:?}").contains("\"changed\"") {
            fs::write(&changed, "edited just now").unwrap();
            fs::write(&new, "made just now").unwrap();
        }
        HResult::S_OK
    });
    let round = session.run();
    session.close();
    assert_eq!(round.hr, HResult::E_FAIL);
    assert_eq!(fs::read(folders.right("changed")).unwrap(), b"edited just now");
    assert_eq!(fs::read(folders.right("new")).unwrap(), b"made just now");
    assert_eq!(fs::read(folders.right("other")).unwrap(), b"from the left");
    let logged = round.logged();
    assert_eq!(logged.len(), 2, "{logged:?}");
    assert!(logged.iter().all(|(_, text, _)| text.contains("changed after the folders were compared")), "{logged:?}");
    assert_no_temporary(&folders.right(""));
}

#[test]
#[cfg(target_os = "linux")]
fn holes_in_a_file_stay_holes() {
    use std::io::{Seek, SeekFrom, Write};
    use std::os::unix::fs::MetadataExt;
    let folders = Folders::new();
    let mut file = File::create(folders.left("sparse")).unwrap();
    file.write_all(b"beginning").unwrap();
    file.seek(SeekFrom::Start(20 << 20)).unwrap();
    file.write_all(b"middle").unwrap();
    file.set_len((40 << 20) + 5).unwrap();
    file.sync_all().unwrap();
    let before = file.metadata().unwrap();
    assert!(before.blocks() * 512 < before.len() / 2, "this file system knows holes");
    assert_eq!(run_once(&folders.factory()).hr, HResult::S_OK);
    assert!(fs::read(folders.left("sparse")).unwrap() == fs::read(folders.right("sparse")).unwrap());
    let after = fs::metadata(folders.right("sparse")).unwrap();
    assert!(after.blocks() * 512 < 1 << 20, "{} blocks of {}", after.blocks(), before.blocks());
    // Zeros that are written are written.
    fs::write(folders.left("zeros"), vec![0; 3 << 20]).unwrap();
    run_once(&folders.factory());
    assert_eq!(fs::read(folders.right("zeros")).unwrap(), vec![0; 3 << 20]);
}

#[test]
fn a_file_of_the_user_in_the_place_of_ours_is_left() {
    let folders = Folders::new();
    write(&folders.left("file"), "file", at(1));
    write(&folders.right(".mobsync-filesync"), "my own notes\n", at(1));
    let round = run_once(&folders.factory());
    assert_eq!(round.hr, HResult::S_OK);
    assert_eq!(fs::read(folders.right(".mobsync-filesync")).unwrap(), b"my own notes\n");
    let (level, text, _) = round.logged()[0].clone();
    assert!(level == LogLevel::WARNING && text.contains("cannot be saved"), "{text}");
}
