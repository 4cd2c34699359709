//! 200 random pairs of trees with random cancels and skips: whatever happens, the right side holds old files and new
//! ones, each of them whole, and the rules are kept.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use mobsync::handler::{FileSync, FolderPair};
use mobsync::protocol::{Callback, CallbackMethod, HResult, Status};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::manager::{Folders, Session, assert_no_temporary, content, names};

const NAMES: [&str; 7] = ["a", "b c", "ü", "日本", "data.bin", "Z", ".hidden"];

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Folder,
    File { seed: u64, length: usize, seconds: u64 },
    Link(String),
}

/// A path and what stands there on either side.
type Place = (Vec<usize>, Option<Node>, Option<Node>);

/// When something happens, counted in callbacks, and what.
#[derive(Clone, Debug)]
enum Disturbance {
    CancelItem(usize),
    CancelAll(usize),
    /// `SetItemStatus` for an item.
    Skip(usize, usize),
}

fn node() -> impl Strategy<Value = Node> {
    // Few sizes and times, so that files of both sides are often taken for the same, and often differ in one thing only.
    let length = prop_oneof![3 => Just(0_usize), 12 => 1_usize..5, 6 => Just(4_000), 1 => 2_500_000_usize..2_500_002];
    prop_oneof![
        4 => Just(Node::Folder),
        8 => (0_u64..3, length, 1_u64..4).prop_map(|(seed, length, seconds)| Node::File { seed, length, seconds }),
        1 => prop::sample::select(vec!["nowhere", "../..", "a", "/"]).prop_map(|to| Node::Link(to.to_owned())),
    ]
}

fn place() -> impl Strategy<Value = Place> {
    let path = vec(0..NAMES.len(), 1..4);
    let sides = prop_oneof![
        4 => node().prop_map(|node| (Some(node), None)),
        1 => node().prop_map(|node| (None, Some(node))),
        2 => node().prop_map(|node| (Some(node.clone()), Some(node))),
        2 => (node(), node()).prop_map(|(left, right)| (Some(left), Some(right))),
    ];
    (path, sides).prop_map(|(path, (left, right))| (path, left, right))
}

fn disturbance() -> impl Strategy<Value = Disturbance> {
    prop_oneof![
        (1_usize..30).prop_map(Disturbance::CancelItem),
        (1_usize..30).prop_map(Disturbance::CancelAll),
        (1_usize..30, 0_usize..3).prop_map(|(at, item)| Disturbance::Skip(at, item)),
    ]
}

/// Makes a tree as far as it can be made: what would stand in a file or a link is left out.
fn make(root: &Path, places: &[Place], side: impl Fn(&Place) -> &Option<Node>) {
    fs::create_dir_all(root).unwrap();
    for place in places {
        let Some(node) = side(place) else { continue };
        let mut path = root.to_owned();
        let (name, parents) = place.0.split_last().unwrap();
        for parent in parents {
            path.push(NAMES[*parent]);
            if fs::symlink_metadata(&path).is_err() {
                fs::create_dir(&path).unwrap();
            }
            if !fs::symlink_metadata(&path).unwrap().is_dir() {
                break;
            }
        }
        let is_folder = fs::symlink_metadata(&path).unwrap().is_dir();
        path.push(NAMES[*name]);
        if is_folder && fs::symlink_metadata(&path).is_err() {
            make_node(&path, node);
        }
    }
}

fn make_node(path: &Path, node: &Node) {
    match node {
        Node::Folder => fs::create_dir(path).unwrap(),
        Node::File { seed, length, seconds } => {
            fs::write(path, content(*seed, *length)).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + seconds);
            File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        }
        #[cfg(unix)]
        Node::Link(to) => std::os::unix::fs::symlink(to, path).unwrap(),
        // Making links needs a privilege there.
        #[cfg(not(unix))]
        Node::Link(_) => fs::create_dir(path).unwrap(),
    }
}

/// What stands at a path, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Folder,
    File(Vec<u8>, SystemTime),
    Link(PathBuf),
}

fn read(root: &Path) -> BTreeMap<PathBuf, Found> {
    if !root.exists() {
        return BTreeMap::new();
    }
    names(root)
        .into_iter()
        .filter(|path| path != Path::new(".mobsync-filesync"))
        .map(|path| {
            let at = root.join(&path);
            let metadata = fs::symlink_metadata(&at).unwrap();
            let found = if metadata.is_dir() {
                Found::Folder
            } else if metadata.is_symlink() {
                Found::Link(fs::read_link(&at).unwrap())
            } else {
                Found::File(fs::read(&at).unwrap(), metadata.modified().unwrap())
            };
            (path, found)
        })
        .collect()
}

/// Whether the handler takes two for the same: not by content, but by length and time.
fn looks_same(left: &Found, right: &Found) -> bool {
    match (left, right) {
        (Found::File(left, left_time), Found::File(right, right_time)) => {
            left.len() == right.len() && left_time == right_time
        }
        _ => left == right,
    }
}

/// How an item's right side may look after a round that ended with `status`.
fn check_right(
    left: &BTreeMap<PathBuf, Found>,
    old: &BTreeMap<PathBuf, Found>,
    right: &BTreeMap<PathBuf, Found>,
    status: Status,
) {
    for (path, found) in right {
        let is_old = old.get(path) == Some(found);
        let is_new = left.get(path) == Some(found);
        assert!(is_old || is_new, "{} is neither the old nor the new one", path.display());
    }
    for (path, found) in old {
        let now = right.get(path).unwrap_or_else(|| panic!("{} is gone", path.display()));
        assert!(*found != Found::Folder || now == found, "{} was a folder", path.display());
        if !left.contains_key(path) {
            assert_eq!(now, found, "{} is none of the handler's business", path.display());
        }
    }
    let conflicts: Vec<_> = left
        .iter()
        .filter(|(path, found)| {
            old.get(*path).is_some_and(|there| (**found == Found::Folder) != (*there == Found::Folder))
        })
        .map(|(path, _)| path)
        .collect();
    match status {
        Status::SUCCEEDED => assert!(conflicts.is_empty(), "{conflicts:?}"),
        Status::FAILED => assert!(!conflicts.is_empty()),
        _ => return,
    }
    for (path, found) in left {
        if !conflicts.iter().any(|conflict| path.starts_with(conflict)) {
            let now = right.get(path).unwrap_or_else(|| panic!("{} did not go over", path.display()));
            assert!(looks_same(found, now), "{} did not go over", path.display());
        }
    }
}

fn synchronize(trees: &[Vec<Place>], disturbances: &[Disturbance], tally: &mut Tally) {
    let folders = Folders::new();
    let sides = |index: usize| (folders.left(&index.to_string()), folders.right(&index.to_string()));
    let pairs: Vec<_> = trees
        .iter()
        .enumerate()
        .map(|(index, places)| {
            let (left, right) = sides(index);
            make(&left, places, |place| &place.1);
            make(&right, places, |place| &place.2);
            FolderPair::new(left, right).unwrap()
        })
        .collect();
    let before: Vec<_> = (0..trees.len()).map(|index| (read(&sides(index).0), read(&sides(index).1))).collect();
    let factory = FileSync::new(pairs).unwrap();

    // A cancel is repeated until the round ends, as a manager does.
    let cancelled = Mutex::new((false, Vec::new()));
    let plan = disturbances.to_vec();
    let mut session = Session::answering(&factory, move |number, callback| {
        let Callback::Progress(args) = callback else { return HResult::S_OK };
        let mut cancelled = cancelled.lock().unwrap();
        // The final status is the last word on an item, so nobody cancels it there.
        let is_over = args.info.as_ref().unwrap().status.is_final();
        for disturbance in plan.iter().filter(|_| !is_over) {
            match disturbance {
                Disturbance::CancelItem(at) if *at == number => cancelled.1.push(args.item),
                Disturbance::CancelAll(at) if *at == number => cancelled.0 = true,
                _ => {}
            }
        }
        if cancelled.0 {
            HResult::S_SYNCMGR_CANCELALL
        } else if cancelled.1.contains(&args.item) {
            HResult::S_SYNCMGR_CANCELITEM
        } else {
            HResult::S_OK
        }
    });
    let items = session.ids();
    session.start(&items);
    let mut skips: Vec<_> = disturbances
        .iter()
        .filter_map(|disturbance| match disturbance {
            Disturbance::Skip(at, item) => Some((*at, items[item % items.len()])),
            _ => None,
        })
        .collect();
    skips.sort();
    let mut skipped = Vec::new();
    for (at, item) in skips {
        session.recorder.wait_for("a callback", |log| {
            log.len() > at
                || log.last().is_some_and(|last| last.callback.method() == CallbackMethod::SynchronizeCompleted)
        });
        match session.handler.set_item_status(item, Status::SKIPPED) {
            HResult::S_OK => skipped.push(item),
            refused => assert_eq!(refused, HResult::E_UNEXPECTED, "it has ended"),
        }
    }
    let round = session.finish(&items);
    session.close();

    assert_no_temporary(&folders.right(""));
    for (index, item) in items.iter().enumerate() {
        let (left, right) = sides(index);
        let status = round.ended(*item);
        if skipped.contains(item) {
            assert_eq!(status, Status::SKIPPED);
        }
        assert_eq!(read(&left), before[index].0, "the left side is only read");
        let (old, new, now) = (&before[index].1, &before[index].0, read(&right));
        check_right(new, old, &now, status);
        *tally.statuses.entry(status).or_default() += 1;
        let went_over = new.iter().any(|(path, found)| old.get(path) != Some(found) && now.get(path) == Some(found));
        let still_missing = new.iter().any(|(path, found)| now.get(path) != Some(found));
        if matches!(status, Status::SKIPPED | Status::STOPPED) && went_over && still_missing {
            tally.mixed += 1;
        }
    }

    // The next run brings what is missing, and the one after it finds nothing to do.
    let mut session = Session::open(&factory);
    let round = session.run();
    for (index, item) in items.iter().enumerate() {
        let (left, right) = sides(index);
        check_right(&before[index].0, &before[index].1, &read(&right), round.ended(*item));
        assert_eq!(read(&left), before[index].0);
    }
    let again = session.run();
    for item in &items {
        assert_eq!(again.updating(*item), Vec::<String>::new());
    }
    session.close();
    assert_no_temporary(&folders.right(""));
}

/// How often each end came, so that the test is known to have met them all.
#[derive(Debug, Default)]
struct Tally {
    statuses: BTreeMap<Status, u32>,
    /// Items that were stopped when some of their files were new already, and some were not.
    mixed: u32,
}

#[test]
fn the_right_side_is_always_a_mix_of_old_and_new_whole_files() {
    let config =
        ProptestConfig { cases: 200, max_shrink_iters: 2_000, failure_persistence: None, ..Default::default() };
    let tally = Mutex::new(Tally::default());
    let cases = (vec(vec(place(), 0..14), 1..4), vec(disturbance(), 0..4));
    TestRunner::new(config)
        .run(&cases, |(trees, disturbances)| {
            synchronize(&trees, &disturbances, &mut tally.lock().unwrap_or_else(PoisonError::into_inner));
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    let tally = tally.into_inner().unwrap();
    for status in [Status::SUCCEEDED, Status::FAILED, Status::SKIPPED, Status::STOPPED] {
        assert!(tally.statuses.get(&status).is_some_and(|count| *count >= 5), "{tally:?}");
    }
    assert!(tally.mixed >= 5, "{tally:?}");
}
