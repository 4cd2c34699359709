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
    // Windows takes it for the folder itself, before it looks whether `missing` is there.
    if !cfg!(windows) {
        let error = parse(&left, &folders.right("missing/..")).unwrap_err();
        assert!(matches!(&error, FolderError::Unreachable { side: Side::Right, .. }), "{error}");
    }

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
    let folder = tempfile::tempdir().unwrap();
    for name in ["left/inner", "bound", "bound-inner", "other"] {
        std::fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    let at = folder.path().display();
    let bound = format!("{at}/left {at}/bound");
    for (mount, pairs) in [
        (&bound, format!("--folder {at}/left={at}/bound")),
        (&bound, format!("--folder {at}/bound={at}/left")),
        (&bound, format!("--folder {at}/left={at}/bound/inner")),
        (&format!("{at}/left/inner {at}/bound-inner"), format!("--folder {at}/bound-inner={at}/left/inner")),
        (&bound, format!("--folder {at}/other={at}/left/inner --folder {at}/bound={at}/new")),
    ] {
        let Some((code, said)) = run_with_mounts(&[mount], &pairs) else { return };
        assert_eq!(code, Some(2), "{pairs}: {said}");
        assert!(said.contains("bind mount") || said.contains("they overlap"), "{pairs}: {said}");
    }
}

/// What `mobsync run filesync` says in a namespace with bind mounts; nothing where nobody may mount.
#[cfg(target_os = "linux")]
fn run_with_mounts(mounts: &[&str], pairs: &str) -> Option<(Option<i32>, String)> {
    let mobsync = env!("CARGO_BIN_EXE_mobsync");
    let mounts: String = mounts.iter().map(|mount| format!("mount --bind {mount} && ")).collect();
    let script = format!("{mounts} exec {mobsync} run filesync {pairs}");
    let output = std::process::Command::new("unshare").args(["-rm", "sh", "-c", &script]).output().ok()?;
    let said = [output.stderr, output.stdout].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    if said.contains("unshare:") || said.contains("mount:") {
        eprintln!("this system lets nobody mount: {said}");
        return None;
    }
    Some((output.status.code(), said))
}

/// The folders of a pair with files in them, as a list of `path` and content.
#[cfg(target_os = "linux")]
fn pair_of(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for side in ["L", "R"] {
        std::fs::create_dir(folder.path().join(side)).unwrap();
    }
    for (path, content) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

#[test]
#[cfg(target_os = "linux")]
fn nothing_is_copied_into_a_folder_of_left_that_is_mounted_in_right() {
    use std::fs;
    let files = [("L/a/one", "one"), ("L/b/two", "two"), ("L/c/three", "three"), ("R/a/x", ""), ("R/b/x", "")];
    // In the order of the walk, the right folder is met before the left one, and after it.
    for (left, right, other) in [("b", "a", "b"), ("a", "b", "a")] {
        let folder = pair_of(&files);
        let at = folder.path().display();
        let mount = format!("{at}/L/{left} {at}/R/{right}");
        let Some((code, said)) = run_with_mounts(&[&mount], &format!("--folder {at}/L={at}/R")) else { return };
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&format!("{at}/R/{right} is the folder {at}/L/{left} under another path")), "{said}");
        assert_eq!(fs::read_dir(folder.path().join("L").join(left)).unwrap().count(), 1, "LEFT is only read");
        assert!(folder.path().join("R/c/three").is_file(), "the rest goes on");
        assert_eq!(fs::read_dir(folder.path().join("R").join(other)).unwrap().count(), 2);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn right_mounted_from_inside_left_is_not_filled_with_itself() {
    let folder = pair_of(&[("L/a/one", "one"), ("L/z/two", "two")]);
    let at = folder.path().display();
    let mount = format!("{at}/L/z {at}/R");
    let Some((code, said)) = run_with_mounts(&[&mount], &format!("--folder {at}/L={at}/R")) else { return };
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("{at}/R is the folder {at}/L/z under another path")), "{said}");
    assert_eq!(std::fs::read_dir(folder.path().join("L/z")).unwrap().count(), 1);
}

#[test]
#[cfg(target_os = "linux")]
fn two_names_of_left_that_lead_to_one_file_or_folder_on_the_right_do_not_replace_one_another() {
    use std::fs;
    // As on a file system that ignores case.
    let files = [("L/File", "upper"), ("L/file", "lower!"), ("R/File", "?"), ("R/file", "?")];
    let folder = pair_of(&files);
    let at = folder.path().display();
    let mount = format!("{at}/R/File {at}/R/file");
    let Some((code, said)) = run_with_mounts(&[&mount], &format!("--folder {at}/L={at}/R")) else { return };
    assert_eq!(code, Some(1), "{said}");
    let expected = format!("{at}/L/file and {at}/L/File lead to one file on the right, {at}/R/file");
    assert!(said.contains(&expected), "{said}");

    let folder = pair_of(&[("L/Pics/one", "1"), ("L/pics/one", "2"), ("R/Pics/x", ""), ("R/pics/x", "")]);
    let at = folder.path().display();
    let mount = format!("{at}/R/Pics {at}/R/pics");
    let Some((code, said)) = run_with_mounts(&[&mount], &format!("--folder {at}/L={at}/R")) else { return };
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("lead to one folder on the right"), "{said}");
    assert_eq!(fs::read(folder.path().join("R/Pics/one")).unwrap(), b"1");
}
