//! Cancelled, skipped, released, killed: at once, and without half a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use mobsync::handler::{FileSync, FolderPair};
use mobsync::protocol::{Callback, CallbackMethod, HResult, Status};

use crate::manager::{Folders, PATIENCE, RoundLog, Session, assert_no_temporary, content, names, run_once};

const MIB: usize = 1 << 20;

/// A large file to go over an old one, and a small one after it.
fn large_file() -> Folders {
    let folders = Folders::new();
    fs::write(folders.left("large"), content(1, 8 * MIB)).unwrap();
    fs::write(folders.right("large"), "old").unwrap();
    fs::write(folders.left("small"), "small").unwrap();
    folders
}

fn is_inside_large(callback: &Callback) -> bool {
    format!("{callback:?}").contains("large (3 of 8 MiB)")
}

fn assert_stopped_inside_large(folders: &Folders, round: &RoundLog, status: Status) {
    let item = folders.pair().item_id();
    assert_eq!((round.hr, round.ended(item)), (HResult::S_OK, status));
    assert_eq!(fs::read(folders.right("large")).unwrap(), b"old");
    assert!(!folders.right("small").exists());
    assert_no_temporary(&folders.right(""));
}

#[test]
fn a_cancel_inside_a_large_file_leaves_the_old_file() {
    for (reply, status) in
        [(HResult::S_SYNCMGR_CANCELITEM, Status::SKIPPED), (HResult::S_SYNCMGR_CANCELALL, Status::STOPPED)]
    {
        let folders = large_file();
        let answer = move |_: usize, callback: &Callback| if is_inside_large(callback) { reply } else { HResult::S_OK };
        let mut session = Session::answering(&folders.factory(), answer);
        let round = session.run();
        assert_eq!(round.updating(folders.pair().item_id()).last().unwrap(), "large (3 of 8 MiB)");
        assert_stopped_inside_large(&folders, &round, status);
        session.close();
        // What was not done is done by the next run.
        assert_eq!(run_once(&folders.factory()).hr, HResult::S_OK);
        assert_eq!(fs::read(folders.right("large")).unwrap(), content(1, 8 * MIB));
    }
}

/// A callback that waits inside a large file until it is let go on: the worker is inside it meanwhile.
fn held_inside_large(factory: &FileSync) -> (Session, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (reached, wait_reached) = mpsc::channel();
    let (go_on, wait_go_on) = mpsc::channel();
    let wait_go_on = std::sync::Mutex::new(wait_go_on);
    let session = Session::answering(factory, move |_, callback| {
        if is_inside_large(callback) {
            reached.send(()).unwrap();
            // An error means that the test is over.
            let _ = wait_go_on.lock().unwrap().recv();
        }
        HResult::S_OK
    });
    (session, wait_reached, go_on)
}

#[test]
fn a_skip_is_taken_while_a_callback_waits_and_stops_the_item() {
    let folders = large_file();
    let (mut session, reached, go_on) = held_inside_large(&folders.factory());
    let items = session.ids();
    session.start(&items);
    reached.recv_timeout(PATIENCE).unwrap();
    // This would never return if it waited for the callback.
    assert_eq!(session.handler.set_item_status(items[0], Status::SKIPPED), HResult::S_OK);
    assert_eq!(session.handler.set_item_status(items[0], Status::SKIPPED), HResult::S_OK);
    go_on.send(()).unwrap();
    let round = session.finish(&items);
    assert_stopped_inside_large(&folders, &round, Status::SKIPPED);
    assert_eq!(session.handler.set_item_status(items[0], Status::SKIPPED), HResult::E_UNEXPECTED);
    session.close();
}

#[test]
fn one_item_is_skipped_and_the_others_go_on() {
    let folders = Folders::new();
    let pairs = ["a", "b"].map(|name| {
        fs::create_dir(folders.left(name)).unwrap();
        fs::write(folders.left(name).join("file"), name).unwrap();
        FolderPair::new(folders.left(name), folders.right(name)).unwrap()
    });
    let factory = FileSync::new(pairs.to_vec()).unwrap();
    let a = pairs[0].item_id();
    let mut session = Session::answering(&factory, move |_, callback| match callback {
        Callback::Progress(args) if args.item == a => HResult::S_SYNCMGR_CANCELITEM,
        _ => HResult::S_OK,
    });
    let round = session.run();
    session.close();
    assert_eq!((round.ended(a), round.ended(pairs[1].item_id())), (Status::SKIPPED, Status::SUCCEEDED));
    assert_eq!(round.progress(a).len(), 2, "PENDING, and then the end");
    assert!(!folders.right("a").exists());
    assert_eq!(fs::read(folders.right("b/file")).unwrap(), b"b");
}

/// A skip that comes when the final status is settled, but still on its way to the manager, is refused: whoever accepts
/// it would have to take SUCCEEDED back.
#[test]
fn a_skip_after_the_final_status_is_settled_is_refused() {
    let folders = Folders::new();
    let (reached, wait_reached) = mpsc::channel();
    let (go_on, wait_go_on) = mpsc::channel::<()>();
    let wait_go_on = std::sync::Mutex::new(wait_go_on);
    let mut session = Session::answering(&folders.factory(), move |_, callback| {
        if format!("{callback:?}").contains("SUCCEEDED") {
            reached.send(()).unwrap();
            let _ = wait_go_on.lock().unwrap().recv();
        }
        HResult::S_OK
    });
    let items = session.ids();
    session.start(&items);
    wait_reached.recv_timeout(PATIENCE).unwrap();
    assert_eq!(session.handler.set_item_status(items[0], Status::SKIPPED), HResult::E_UNEXPECTED);
    go_on.send(()).unwrap();
    assert_eq!(session.finish(&items).ended(items[0]), Status::SUCCEEDED);
    session.close();
}

#[test]
fn a_cancel_of_everything_is_heeded_by_every_item_from_the_next_word_on() {
    let folders = Folders::new();
    let pairs: Vec<_> = (0..6)
        .map(|number| {
            let name = format!("{number}");
            fs::create_dir(folders.left(&name)).unwrap();
            for file in 0..20 {
                fs::write(folders.left(&name).join(format!("{file}")), &name).unwrap();
            }
            FolderPair::new(folders.left(&name), folders.right(&name)).unwrap()
        })
        .collect();
    let factory = FileSync::new(pairs).unwrap();
    for at in 0..40 {
        // Rule checks are in `finish`: not one UPDATING after the reply, from any thread.
        let mut session = Session::answering(&factory, move |number, callback| {
            if number >= at && callback.method() == CallbackMethod::Progress {
                HResult::S_SYNCMGR_CANCELALL
            } else {
                HResult::S_OK
            }
        });
        let round = session.run();
        assert_eq!(round.hr, HResult::S_OK);
        session.close();
    }
}

/// An item that has done everything, and is only waiting for its turn to say so, is cancelled like the others.
#[test]
fn a_cancel_of_everything_reaches_an_item_that_is_about_to_end() {
    // Whether the long item speaks while the short one ends is for the scheduler to say, so it is tried until it does.
    let hit = (0..100).find_map(|_| cancel_while_another_item_ends());
    assert_eq!(hit, Some((Status::STOPPED, Status::STOPPED)));
}

/// How the two items ended, if everything was cancelled when one had done its work and not said so.
fn cancel_while_another_item_ends() -> Option<(Status, Status)> {
    let folders = Folders::new();
    let pairs = ["long", "short"].map(|name| {
        fs::create_dir(folders.left(name)).unwrap();
        FolderPair::new(folders.left(name), folders.right(name)).unwrap()
    });
    for number in 0..50 {
        fs::write(folders.left("long").join(format!("{number}")), "").unwrap();
    }
    fs::write(folders.left("short/only"), "").unwrap();
    let factory = FileSync::new(pairs.to_vec()).unwrap();
    let (long, short) = (pairs[0].item_id(), pairs[1].item_id());
    let recorded = folders.right("short/.mobsync-filesync");
    let is_ending = AtomicBool::new(false);
    let mut session = Session::answering(&factory, move |_, callback| match callback {
        Callback::Progress(args) if args.item == short => {
            is_ending.store(format!("{args:?}").contains("only"), Ordering::Relaxed);
            HResult::S_OK
        }
        // Callbacks come one at a time: the short item cannot speak before this one has its reply.
        Callback::Progress(_) if is_ending.load(Ordering::Relaxed) => {
            wait_until(|| recorded.exists());
            HResult::S_SYNCMGR_CANCELALL
        }
        _ => HResult::S_OK,
    });
    let round = session.run();
    session.close();
    let cancelled = round.log.iter().position(|crossing| crossing.reply == HResult::S_SYNCMGR_CANCELALL)?;
    let by_its_work = matches!(&round.log[cancelled].callback, Callback::Progress(args) if args.info.as_ref()?.status == Status::UPDATING);
    by_its_work.then(|| (round.ended(long), round.ended(short)))
}

#[test]
fn a_manager_that_says_unexpected_has_closed_and_hears_nothing_more() {
    let folders = large_file();
    let mut session = Session::answering(&folders.factory(), |_, callback| {
        if is_inside_large(callback) { HResult::E_UNEXPECTED } else { HResult::S_OK }
    });
    let items = session.ids();
    session.start(&items);
    session.recorder.wait_for("the callback", |log| log.iter().any(|crossing| is_inside_large(&crossing.callback)));
    wait_until(|| temporaries(&folders).is_empty());
    let log = session.close();
    assert!(is_inside_large(&log.last().unwrap().callback));
    assert_eq!(fs::read(folders.right("large")).unwrap(), b"old");
}

fn temporaries(folders: &Folders) -> Vec<PathBuf> {
    let mut names = names(&folders.right(""));
    names.retain(|path| path.extension().is_some_and(|extension| extension == "tmp"));
    names
}

/// For what happens on a thread that nobody can join; it fails rather than pass by luck.
fn wait_until(mut reached: impl FnMut() -> bool) {
    let patience = Instant::now() + PATIENCE;
    while !reached() {
        assert!(Instant::now() < patience, "waited in vain");
        std::thread::yield_now();
    }
}

#[test]
fn after_the_interface_is_taken_back_no_callback_is_made_and_the_work_ends() {
    let folders = large_file();
    for at in 0..14 {
        fs::write(folders.right("large"), "old").unwrap();
        let mut session = Session::open(&folders.factory());
        let items = session.ids();
        session.start(&items);
        session.recorder.wait_for("some callbacks", |log| log.len() > at.min(11));
        // `close` sees to it that nothing is called after `SetProgressCallback(NULL)` and that no reference is left.
        let before = {
            assert_eq!(session.handler.set_progress_callback(None), HResult::S_OK);
            session.recorder.log().len()
        };
        wait_until(|| temporaries(&folders).is_empty());
        assert_eq!(session.recorder.log().len(), before);
        session.close();
        let large = fs::read(folders.right("large")).unwrap();
        assert!(large == b"old" || large == content(1, 8 * MIB), "half a file of {} bytes", large.len());
    }
}

#[test]
fn a_release_waits_for_no_callback_and_nothing_is_called_after_it() {
    let folders = large_file();
    let (mut session, reached, go_on) = held_inside_large(&folders.factory());
    let items = session.ids();
    session.start(&items);
    reached.recv_timeout(PATIENCE).unwrap();
    let Session { handler, recorder, .. } = session;
    // The callback is still open here; a drop that waited for it would hang.
    drop(handler);
    let before = recorder.log().len();
    go_on.send(()).unwrap();
    // The last worker lets go of the callback.
    wait_until(|| Arc::strong_count(&recorder) == 1);
    assert_eq!(recorder.log().len(), before + 1, "the open callback, and no other");
    assert_eq!(fs::read(folders.right("large")).unwrap(), b"old");
    assert_no_temporary(&folders.right(""));
}

#[test]
fn a_new_instance_works_while_the_released_one_is_still_stopping() {
    let folders = large_file();
    let (mut session, reached, go_on) = held_inside_large(&folders.factory());
    let items = session.ids();
    session.start(&items);
    reached.recv_timeout(PATIENCE).unwrap();
    let Session { handler, recorder, .. } = session;
    drop(handler);
    assert_eq!(temporaries(&folders).len(), 1);
    assert_eq!(run_once(&folders.factory()).hr, HResult::S_OK);
    assert_eq!(temporaries(&folders).len(), 1, "what the other is writing is not cleared up");
    go_on.send(()).unwrap();
    wait_until(|| Arc::strong_count(&recorder) == 1);
    assert_no_temporary(&folders.right(""));
    assert_eq!(fs::read(folders.right("large")).unwrap(), content(1, 8 * MIB));
}

#[test]
fn an_interface_that_replaces_another_gets_the_rest() {
    let folders = large_file();
    let (mut session, reached, go_on) = held_inside_large(&folders.factory());
    let items = session.ids();
    session.start(&items);
    reached.recv_timeout(PATIENCE).unwrap();
    go_on.send(()).unwrap();
    let other = Session::open(&folders.factory());
    let callback: Arc<dyn mobsync::handler::SyncCallback> = other.recorder.clone();
    assert_eq!(session.handler.set_progress_callback(Some(callback)), HResult::S_OK);
    let before = session.recorder.log().len();
    let completed = |log: &[crate::manager::Crossing]| {
        log.iter().any(|c| c.callback.method() == CallbackMethod::SynchronizeCompleted)
    };
    if !completed(&session.recorder.log()) {
        other.recorder.wait_for("the end of the round", completed);
        assert_eq!(session.recorder.log().len(), before, "the one before hears nothing more");
    }
    assert_eq!(Arc::strong_count(&session.recorder), 1, "it is released");
}

#[test]
fn a_callback_that_panics_does_not_leave_the_manager_waiting() {
    let folders = large_file();
    let panicked = AtomicUsize::new(0);
    let mut session = Session::answering(&folders.factory(), move |_, callback| {
        assert!(!is_inside_large(callback) || panicked.fetch_add(1, Ordering::Relaxed) > 0, "on purpose");
        HResult::S_OK
    });
    let round = session.run();
    assert_eq!(round.hr, HResult::E_FAIL);
    assert!(round.logged()[0].1.starts_with("an internal error occurred while synchronizing "), "{:?}", round.logged());
    assert_eq!(fs::read(folders.right("large")).unwrap(), b"old");
    assert_no_temporary(&folders.right(""));
    session.close();
}

/// A file that can grow no more stands for a disk that is full: the system refuses to write in the middle of the copy.
/// Runs as its own child, as a limit holds for a whole process.
#[cfg(unix)]
#[test]
fn a_write_that_is_refused_half_way_leaves_the_old_file() {
    const FOLDERS: &str = "MOBSYNC_TEST_LIMITED_FOLDERS";
    if let Some(root) = std::env::var_os(FOLDERS) {
        let pair = FolderPair::new(Path::new(&root).join("left"), Path::new(&root).join("right")).unwrap();
        let round = run_once(&FileSync::new(vec![pair]).unwrap());
        assert_eq!(round.hr, HResult::E_FAIL);
        assert_eq!(round.logged().len(), 1);
        assert!(round.logged()[0].1.starts_with("cannot write "), "{:?}", round.logged());
        return;
    }
    let folders = large_file();
    // Blocks of 512 or 1024 bytes, as the shell likes; signal 25 is the one that would end the process instead.
    let limited = Command::new("sh")
        .args(["-c", "trap '' 25; ulimit -f 4096; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "stopping::a_write_that_is_refused_half_way_leaves_the_old_file"])
        .env(FOLDERS, folders.root())
        .output()
        .unwrap();
    assert!(limited.status.success(), "{}", String::from_utf8_lossy(&limited.stdout));
    assert_eq!(fs::read(folders.right("large")).unwrap(), b"old");
    assert_eq!(fs::read(folders.right("small")).unwrap(), b"small", "the others went over");
    assert_no_temporary(&folders.right(""));
}

/// Runs as its own child, which kills itself at a callback that the parent chooses.
#[test]
fn a_killed_process_leaves_whole_files_and_the_next_run_clears_up() {
    const FOLDERS: &str = "MOBSYNC_TEST_KILLED_FOLDERS";
    const AT: &str = "MOBSYNC_TEST_KILLED_AT";
    if let Some(root) = std::env::var_os(FOLDERS) {
        let at: usize = std::env::var(AT).unwrap().parse().unwrap();
        let pair = FolderPair::new(Path::new(&root).join("left"), Path::new(&root).join("right")).unwrap();
        let factory = FileSync::new(vec![pair]).unwrap();
        let mut session = Session::answering(&factory, move |number, _| {
            if number == at {
                std::process::abort();
            }
            HResult::S_OK
        });
        session.run();
        unreachable!("it ends at callback {at}");
    }

    let folders = large_file();
    let mut left_over = 0;
    for at in 0..13 {
        fs::write(folders.right("large"), "old").unwrap();
        let killed = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "stopping::a_killed_process_leaves_whole_files_and_the_next_run_clears_up"])
            .env(FOLDERS, folders.root())
            .env(AT, at.to_string())
            .output()
            .unwrap();
        assert!(!killed.status.success());
        assert!(!String::from_utf8_lossy(&killed.stdout).contains("unreachable"), "{killed:?}");
        let large = fs::read(folders.right("large")).unwrap();
        assert!(large == b"old" || large == content(1, 8 * MIB), "half a file of {} bytes", large.len());
        left_over += temporaries(&folders).len();
    }
    assert!(left_over > 0, "it was killed inside a file");
    assert_eq!(run_once(&folders.factory()).hr, HResult::S_OK);
    assert_no_temporary(&folders.right(""));
    assert_eq!(fs::read(folders.right("large")).unwrap(), content(1, 8 * MIB));
}
