//! Files that cannot be brought over: logged, shown, tried again.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use mobsync::protocol::{Callback, CallbackMethod, Guid, HResult, LogLevel};

use crate::manager::{Folders, Session, assert_no_temporary, content, run_once};

/// Follows an error as the user would, and says which items are to be tried again.
fn show(session: &mut Session, error: Guid) -> Vec<Guid> {
    assert_eq!(session.handler.show_error(0, error), HResult::S_OK);
    match &session.recorder.log().last().unwrap().callback {
        Callback::ShowErrorCompleted(args) => {
            assert_eq!(args.hr, HResult::S_SYNCMGR_RETRYSYNC);
            args.items.clone()
        }
        other => panic!("no completion of ShowError: {other:?}"),
    }
}

#[test]
fn a_conflict_is_shown_tried_again_and_taken_back_when_it_is_mended() {
    let folders = Folders::new();
    fs::write(folders.left("file"), "file").unwrap();
    fs::write(folders.left("other"), "other").unwrap();
    fs::create_dir(folders.right("file")).unwrap();
    let mut session = Session::open(&folders.factory());
    let first = session.run();
    let (level, _, error) = first.logged()[0].clone();
    assert_eq!((level, first.deleted()), (LogLevel::ERROR, Vec::new()));

    // Not mended: the old error goes, the same comes again.
    let items = show(&mut session, error);
    assert_eq!(items, session.ids());
    let second = session.run();
    assert_eq!((second.hr, second.deleted()), (HResult::E_FAIL, vec![error]));
    assert_eq!(second.logged(), first.logged());

    fs::remove_dir(folders.right("file")).unwrap();
    show(&mut session, error);
    let third = session.run();
    assert_eq!((third.hr, third.deleted(), third.logged().len()), (HResult::S_OK, vec![error], 0));
    assert_eq!(fs::read(folders.right("file")).unwrap(), b"file");
    assert_eq!(session.handler.show_error(0, error), HResult::E_INVALIDARG, "it lives no more");
    session.close();
}

#[test]
fn an_error_that_was_mended_by_hand_is_taken_back_too() {
    let folders = Folders::new();
    fs::write(folders.left("file"), "file").unwrap();
    fs::create_dir(folders.right("file")).unwrap();
    let mut session = Session::open(&folders.factory());
    let error = session.run().logged()[0].2;
    fs::remove_file(folders.left("file")).unwrap();
    let round = session.run();
    assert_eq!((round.hr, round.deleted()), (HResult::S_OK, vec![error]));
    session.close();
}

#[test]
fn an_error_has_the_same_id_in_every_run_and_each_path_its_own() {
    let folders = Folders::new();
    for name in ["a", "b"] {
        fs::write(folders.left(name), "file").unwrap();
        fs::create_dir(folders.right(name)).unwrap();
    }
    let ids = |_| run_once(&folders.factory()).logged().into_iter().map(|(_, _, id)| id).collect::<Vec<_>>();
    let [first, second] = [0, 1].map(ids);
    assert_eq!(first, second);
    assert_ne!(first[0], first[1]);
}

/// As root a mode keeps nobody from reading; a folder that turns into a link to itself does.
#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_is_logged_and_tried_again() {
    use std::os::unix::fs::symlink;
    use std::sync::Arc;

    use mobsync::protocol::Status;

    let folders = Folders::new();
    fs::create_dir(folders.left("d")).unwrap();
    fs::write(folders.left("d/a"), "a").unwrap();
    fs::write(folders.left("z"), "z").unwrap();
    let (folder, aside) = (folders.left("d"), folders.root().join("aside"));
    let broken = Arc::new(AtomicBool::new(true));
    let answer = {
        let (folder, aside, broken) = (folder.clone(), aside.clone(), Arc::clone(&broken));
        move |_: usize, callback: &Callback| {
            if format!("{callback:?}").contains("d/a") && broken.swap(false, Ordering::Relaxed) {
                fs::rename(&folder, &aside).unwrap();
                symlink("d", &folder).unwrap();
            }
            HResult::S_OK
        }
    };
    let mut session = Session::answering(&folders.factory(), answer);
    let item = session.ids()[0];
    let round = session.run();
    assert_eq!((round.hr, round.ended(item)), (HResult::E_FAIL, Status::FAILED));
    let logged = round.logged();
    assert_eq!(logged.len(), 1, "{logged:?}");
    let (level, text, error) = &logged[0];
    assert_eq!(*level, LogLevel::ERROR);
    let path = fs::canonicalize(folders.left("")).unwrap().join("d/a");
    assert!(text.starts_with(&format!("cannot read {}: ", path.display())), "{text}");
    assert_eq!(fs::read(folders.right("z")).unwrap(), b"z", "the others went over");
    assert!(!folders.right("d/a").exists());

    fs::remove_file(&folder).unwrap();
    fs::rename(&aside, &folder).unwrap();
    let items = show(&mut session, *error);
    assert_eq!(items, [item]);
    session.start(&items);
    let round = session.finish(&items);
    assert_eq!((round.hr, round.deleted(), round.logged().len()), (HResult::S_OK, vec![*error], 0));
    assert_eq!(fs::read(folders.right("d/a")).unwrap(), b"a");
    session.close();
}

/// The same by way of the mode, wherever a mode keeps one from reading.
#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_logged_and_tried_again() {
    use std::os::unix::fs::PermissionsExt;
    let folders = Folders::new();
    let chmod = |mode| fs::set_permissions(folders.left("file"), fs::Permissions::from_mode(mode)).unwrap();
    fs::write(folders.left("file"), "file").unwrap();
    chmod(0);
    let readable = fs::read(folders.left("file")).is_ok();
    let mut session = Session::open(&folders.factory());
    let round = session.run();
    if readable {
        // Root reads it all the same, so it goes over.
        assert_eq!(round.hr, HResult::S_OK);
        assert_eq!(fs::metadata(folders.right("file")).unwrap().permissions().mode() & 0o777, 0);
    } else {
        assert_eq!(round.hr, HResult::E_FAIL);
        assert!(round.logged()[0].1.contains("Permission denied"), "{:?}", round.logged());
        chmod(0o600);
        show(&mut session, round.logged()[0].2);
        assert_eq!(session.run().hr, HResult::S_OK);
        assert_eq!(fs::read(folders.right("file")).unwrap(), b"file");
    }
    session.close();
}

/// Does something to a file of several chunks after its first one was copied.
fn while_copying(folders: &Folders, disturb: impl Fn(&Path) + Send + Sync + 'static) -> Session {
    fs::write(folders.left("large"), content(1, 3 << 20)).unwrap();
    let path = folders.left("large");
    let due = AtomicBool::new(true);
    Session::answering(&folders.factory(), move |_, callback| {
        if format!("{callback:?}").contains("1 of 3 MiB") && due.swap(false, Ordering::Relaxed) {
            disturb(&path);
        }
        HResult::S_OK
    })
}

#[test]
fn a_file_that_changes_while_it_is_copied_is_not_copied_half_old_half_new() {
    use std::io::Write;
    let grow = |path: &Path| fs::File::options().append(true).open(path).unwrap().write_all(&[7; 3 << 20]).unwrap();
    let shrink = |path: &Path| fs::File::options().write(true).open(path).unwrap().set_len(1 << 20).unwrap();
    let touch = |path: &Path| {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    };
    let disturbances: [fn(&Path); 3] = [grow, shrink, touch];
    for disturb in disturbances {
        let folders = Folders::new();
        fs::write(folders.right("large"), "old").unwrap();
        let mut session = while_copying(&folders, disturb);
        let round = session.run();
        assert_eq!(round.hr, HResult::E_FAIL);
        assert!(round.logged()[0].1.contains("changed during the copy"), "{:?}", round.logged());
        assert_eq!(fs::read(folders.right("large")).unwrap(), b"old");
        assert_no_temporary(&folders.right(""));
        assert_eq!(session.run().hr, HResult::S_OK);
        assert_eq!(fs::read(folders.right("large")).unwrap(), fs::read(folders.left("large")).unwrap());
        session.close();
    }
}

#[test]
fn a_file_that_is_deleted_before_its_turn_is_nothing_to_complain_of() {
    let folders = Folders::new();
    fs::write(folders.left("a"), "a").unwrap();
    fs::write(folders.left("b"), "b").unwrap();
    let gone = folders.left("b");
    let mut session = Session::answering(&folders.factory(), move |_, callback| {
        if format!("{callback:?}").contains("\"a\"") {
            fs::remove_file(&gone).unwrap();
        }
        HResult::S_OK
    });
    assert_eq!(session.run().hr, HResult::S_OK);
    session.close();
    assert!(!folders.right("b").exists());
}

#[test]
fn a_left_folder_that_is_gone_is_an_error_and_nothing_is_made_of_it() {
    let folders = Folders::new();
    let factory = folders.factory();
    fs::remove_dir(folders.left("")).unwrap();
    fs::remove_dir(folders.right("")).unwrap();
    let round = run_once(&factory);
    assert_eq!((round.hr, round.logged().len(), round.deleted().len()), (HResult::E_FAIL, 1, 0));
    assert!(round.logged()[0].1.starts_with("cannot read "), "{:?}", round.logged());
    assert!(!folders.right("").exists());
}

#[test]
fn a_right_folder_that_cannot_be_made_is_one_error_whatever_was_to_go_into_it() {
    let folders = Folders::new();
    for name in ["a", "b", "c/d"] {
        fs::create_dir_all(folders.left(name).parent().unwrap()).unwrap();
        fs::write(folders.left(name), name).unwrap();
    }
    let factory = folders.factory();
    // A file in its place; the pair was valid when it was given.
    fs::remove_dir(folders.right("")).unwrap();
    fs::write(folders.root().join("right"), "in the way").unwrap();
    let round = run_once(&factory);
    assert_eq!((round.hr, round.logged().len()), (HResult::E_FAIL, 1), "{:?}", round.logged());
    // Nor when its parent is gone.
    let inner = Folders::new();
    let pair = mobsync::handler::FolderPair::new(folders.left(""), inner.right("new")).unwrap();
    let factory = mobsync::handler::FileSync::new(vec![pair]).unwrap();
    fs::remove_dir(inner.right("")).unwrap();
    let round = run_once(&factory);
    assert_eq!((round.hr, round.logged().len()), (HResult::E_FAIL, 1), "{:?}", round.logged());
}

#[test]
fn an_error_that_the_manager_does_not_take_is_not_one_that_it_can_show() {
    let folders = Folders::new();
    fs::write(folders.left("file"), "file").unwrap();
    fs::create_dir(folders.right("file")).unwrap();
    for reply in [HResult::E_OUTOFMEMORY, HResult::E_UNEXPECTED] {
        let mut session = Session::answering(&folders.factory(), move |_, callback| match callback.method() {
            CallbackMethod::LogError => reply,
            _ => HResult::S_OK,
        });
        let round = session.run();
        assert_eq!(round.hr, HResult::E_FAIL);
        assert_eq!(session.handler.show_error(0, round.logged()[0].2), HResult::E_INVALIDARG);
        assert_eq!(session.run().deleted(), []);
        session.close();
    }
}

/// The kernel's own files have content and claim to have none.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_longer_than_the_system_says_is_not_taken_for_whole() {
    let folders = Folders::new();
    let pair = mobsync::handler::FolderPair::new("/proc/sys/kernel/random", folders.right("")).unwrap();
    let round = run_once(&mobsync::handler::FileSync::new(vec![pair]).unwrap());
    assert_eq!(round.hr, HResult::E_FAIL);
    assert!(round.logged().iter().any(|(_, text, _)| text.contains("boot_id changed during")), "{:?}", round.logged());
    assert!(!folders.right("boot_id").exists());
    assert_no_temporary(&folders.right(""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_time_of_update_that_cannot_be_written_down_is_a_warning() {
    let folders = Folders::new();
    fs::write(folders.left("file"), "file").unwrap();
    fs::create_dir(folders.right(".mobsync-filesync")).unwrap();
    let round = run_once(&folders.factory());
    assert_eq!(round.hr, HResult::S_OK);
    let (level, text, _) = &round.logged()[0];
    assert_eq!(*level, LogLevel::WARNING);
    assert!(
        text.starts_with("everything is up to date, but the time of this synchronization cannot be saved in "),
        "{text}"
    );
    assert_no_temporary(&folders.right(""));
}
