//! What `--folder LEFT=RIGHT` may say.

use std::fs;
use std::path::Path;

use mobsync::handler::filesync::Side;
use mobsync::handler::{FileSync, FolderError, FolderPair};

use crate::manager::Folders;

fn parse(left: &Path, right: &Path) -> Result<FolderPair, FolderError> {
    format!("{}={}", left.display(), right.display()).parse()
}

#[test]
fn a_pair_is_read_from_text_and_holds_the_real_paths() {
    let folders = Folders::new();
    let pair = parse(&folders.left("."), &folders.left("../right/")).unwrap();
    assert_eq!(pair, folders.pair());
    let real = fs::canonicalize(folders.root()).unwrap();
    assert_eq!((pair.left(), pair.right()), (real.join("left").as_path(), real.join("right").as_path()));
    assert_eq!(pair.to_string().parse(), Ok(pair));
}

#[test]
fn text_that_is_no_pair_is_refused_with_what_is_wrong() {
    let no_equals = "photos".parse::<FolderPair>().unwrap_err();
    assert_eq!(no_equals, FolderError::NoEquals { given: "photos".to_owned() });
    let no_left = "=right".parse::<FolderPair>().unwrap_err();
    assert_eq!(no_left, FolderError::Empty { given: "=right".to_owned(), side: Side::Left });
    let no_right = "left=".parse::<FolderPair>().unwrap_err();
    assert_eq!(no_right, FolderError::Empty { given: "left=".to_owned(), side: Side::Right });
    assert!(no_right.to_string().contains("has no RIGHT"), "{no_right}");
}

#[test]
fn an_equals_sign_in_a_name_is_told_from_the_one_in_between() {
    let folders = Folders::new();
    fs::create_dir(folders.left("a=b")).unwrap();
    let pair = parse(&folders.left("a=b"), &folders.right("c=d")).unwrap();
    assert!(pair.left().ends_with("a=b") && pair.right().ends_with("c=d"), "{pair}");
    fs::create_dir(folders.left("a")).unwrap();
    let error = parse(&folders.left("a=b"), &folders.right("c")).unwrap_err();
    assert!(matches!(error, FolderError::Ambiguous { .. }), "{error}");
    let by_path = FolderPair::new(folders.left("a=b"), folders.right("c")).unwrap();
    assert!(by_path.left().ends_with("a=b"));
}

#[test]
fn left_must_be_a_folder() {
    let folders = Folders::new();
    let error = parse(&folders.left("missing"), &folders.right("")).unwrap_err();
    assert!(matches!(&error, FolderError::Unreachable { side: Side::Left, path, .. } if path.ends_with("missing")));
    assert!(error.to_string().starts_with("LEFT: cannot open"), "{error}");
    fs::write(folders.left("file"), "").unwrap();
    let error = parse(&folders.left("file"), &folders.right("")).unwrap_err();
    assert_eq!(error, FolderError::NotAFolder { side: Side::Left, path: folders.left("file") });
}

#[test]
fn right_is_a_folder_or_a_new_one_in_a_folder_that_exists() {
    let folders = Folders::new();
    fs::write(folders.right("file"), "").unwrap();
    let left = folders.left("");
    let error = parse(&left, &folders.right("file")).unwrap_err();
    assert_eq!(error, FolderError::NotAFolder { side: Side::Right, path: folders.right("file") });
    let error = parse(&left, &folders.right("missing/new")).unwrap_err();
    assert!(matches!(&error, FolderError::Unreachable { side: Side::Right, path, .. } if path.ends_with("missing")));
    let error = parse(&left, &folders.right("missing/..")).unwrap_err();
    assert!(matches!(&error, FolderError::Unreachable { side: Side::Right, .. }), "{error}");

    let before = parse(&left, &folders.right("new")).unwrap();
    fs::create_dir(folders.right("new")).unwrap();
    let after = parse(&left, &folders.right("new")).unwrap();
    assert_eq!(before, after);
    assert_eq!(before.item_id(), after.item_id());
}

#[test]
fn a_folder_is_not_synchronized_with_itself_or_a_part_of_itself() {
    let folders = Folders::new();
    let left = folders.left("");
    fs::create_dir(folders.left("inner")).unwrap();
    let same = parse(&left, &folders.left("../left")).unwrap_err();
    assert!(matches!(same, FolderError::Same { .. }), "{same}");
    for (a, b) in [("", "inner"), ("", "new"), ("inner", "")] {
        let nested = parse(&folders.left(a), &folders.left(b)).unwrap_err();
        assert!(matches!(nested, FolderError::Nested { .. }), "{nested}");
    }
    // A name that begins like another is no part of it.
    fs::create_dir(folders.root().join("left2")).unwrap();
    parse(&left, &folders.root().join("left2")).unwrap();
}

#[cfg(unix)]
#[test]
fn links_on_the_way_change_neither_the_pair_nor_its_id() {
    use std::os::unix::fs::symlink;
    let folders = Folders::new();
    symlink(folders.left(""), folders.root().join("other")).unwrap();
    let by_link = FolderPair::new(folders.root().join("other"), folders.right("")).unwrap();
    assert_eq!(by_link, folders.pair());
    assert_eq!(by_link.item_id(), folders.pair().item_id());
    symlink("left", folders.root().join("third")).unwrap();
    let same = FolderPair::new(folders.left(""), folders.root().join("third")).unwrap_err();
    assert!(matches!(same, FolderError::Same { .. }), "{same}");
    symlink("nowhere", folders.root().join("dangling")).unwrap();
    let dangling = FolderPair::new(folders.left(""), folders.root().join("dangling")).unwrap_err();
    assert!(matches!(dangling, FolderError::Unreachable { side: Side::Right, .. }), "{dangling}");
}

#[test]
fn the_item_id_follows_from_both_paths() {
    let folders = Folders::new();
    fs::create_dir(folders.left("a")).unwrap();
    let pair = |left: &str, right: &str| FolderPair::new(folders.left(left), folders.right(right)).unwrap();
    let ids = [pair("", ""), pair("a", ""), pair("", "a")].map(|pair| pair.item_id());
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
    assert_eq!(pair("", "").item_id(), ids[0]);
}

#[test]
fn pairs_that_would_meet_are_refused_and_others_run_side_by_side() {
    let folders = Folders::new();
    for name in ["a", "b", "a/inner"] {
        fs::create_dir(folders.left(name)).unwrap();
    }
    let pair = |left: std::path::PathBuf, right: std::path::PathBuf| FolderPair::new(left, right).unwrap();
    let (left, right) = (|name: &str| folders.left(name), |name: &str| folders.right(name));
    fs::create_dir(folders.right("a")).unwrap();
    assert_eq!(FileSync::new(Vec::new()).unwrap_err(), FolderError::NoPair);
    let one = pair(left("a"), right("a"));
    let twice = FileSync::new(vec![one.clone(), one.clone()]).unwrap_err();
    assert!(matches!(twice, FolderError::Twice { .. }), "{twice}");
    for other in [
        pair(left("b"), right("a")),
        pair(left("b"), right("a/inner")),
        pair(left("b"), right("")),
        pair(left("b"), left("a/new")),
        pair(left("b"), left("a")),
    ] {
        for pairs in [vec![one.clone(), other.clone()], vec![other.clone(), one.clone()]] {
            let error = FileSync::new(pairs).unwrap_err();
            assert!(matches!(error, FolderError::Overlap { .. }), "{other}: {error}");
        }
    }
    let factory = FileSync::new(vec![one.clone(), pair(left("a"), right("b")), pair(left("a/inner"), right("c"))]);
    let factory = factory.unwrap();
    assert_eq!(factory.pairs().next(), Some((one.item_id(), &one)));
    assert_eq!(factory.pairs().count(), 3);
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_is_not_synchronized_with_itself_under_another_path() {
    use std::process::Command;
    let folder = tempfile::tempdir().unwrap();
    for name in ["left/inner", "bound", "bound-inner"] {
        std::fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    let at = folder.path().display();
    let mobsync = env!("CARGO_BIN_EXE_mobsync");
    for (mount, pair) in [
        (format!("{at}/left {at}/bound"), format!("{at}/left={at}/bound")),
        (format!("{at}/left {at}/bound"), format!("{at}/bound={at}/left")),
        (format!("{at}/left {at}/bound"), format!("{at}/left={at}/bound/inner")),
        (format!("{at}/left/inner {at}/bound-inner"), format!("{at}/bound-inner={at}/left/inner")),
    ] {
        let script = format!("mount --bind {mount} && exec {mobsync} run filesync --folder {pair}");
        let mut command = Command::new("unshare");
        let Ok(output) = command.args(["-rm", "sh", "-c", &script]).output() else { return };
        let said = String::from_utf8_lossy(&output.stderr);
        if said.contains("unshare") || said.contains("mount:") {
            eprintln!("this system lets nobody mount: {said}");
            return;
        }
        assert_eq!(output.status.code(), Some(2), "{pair}: {said}");
        assert!(said.contains("bind mount"), "{pair}: {said}");
    }
}
