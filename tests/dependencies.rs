//! Every dependency of `Cargo.toml` is used. The sources are read as text, so that what another system compiles is seen too.

#[path = "common/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use source::{macros, paths, sources};

/// The crates that sources name: in paths, in imports, and by their macros.
fn named(sources: &[String]) -> BTreeSet<String> {
    let firsts = sources.iter().flat_map(|source| paths(source)).filter_map(|named| named.path.into_iter().next());
    firsts.chain(sources.iter().flat_map(|source| macros(source))).collect()
}

/// The dependencies of a manifest: those of the library and the program, and those of tests, benches and examples.
fn dependencies(manifest: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut normal, mut dev) = (BTreeSet::new(), BTreeSet::new());
    let mut section = "";
    for line in manifest.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').rsplit('.').next().unwrap_or_default();
        } else if let Some((name, _)) = line.split_once('=').filter(|_| !line.starts_with([' ', '#'])) {
            match section {
                "dependencies" => normal.insert(name.trim().to_owned()),
                "dev-dependencies" => dev.insert(name.trim().to_owned()),
                _ => false,
            };
        }
    }
    (normal, dev)
}

/// The dependencies that none of these sources names.
fn unused(dependencies: &BTreeSet<String>, sources: &[String]) -> Vec<String> {
    let named = named(sources);
    dependencies.iter().filter(|name| !named.contains(&name.replace('-', "_"))).cloned().collect()
}

fn read(folders: &[&str]) -> Vec<String> {
    let files = folders.iter().flat_map(|folder| sources(folder));
    files.map(|file| fs::read_to_string(&file).expect("a source can be read")).collect()
}

#[test]
fn every_dependency_is_used() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let (normal, dev) = dependencies(&fs::read_to_string(manifest).expect("there is a manifest"));
    assert!(normal.len() > 15 && dev.len() > 5, "{normal:?} {dev:?}");
    let unused =
        [unused(&normal, &read(&["src"])), unused(&dev, &read(&["src", "tests", "benches", "examples"]))].concat();
    println!("unused dependencies: {}", unused.len());
    assert!(unused.is_empty(), "nothing uses {}; take them out of Cargo.toml", unused.join(", "));
}

#[test]
fn what_only_looks_used_is_not() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\nserde-json = \"1\"\ntime = { version = \"1\" }\n\
                    [target.\"cfg(unix)\".dependencies]\nlibc = \"1\"\n[dev-dependencies]\ninsta = \"1\"\n[features]\na = []\n";
    let (normal, dev) = dependencies(manifest);
    assert_eq!(Vec::from_iter(normal.clone()), ["libc", "serde-json", "time"]);
    assert_eq!(Vec::from_iter(dev.clone()), ["insta"]);
    let of = |source: &str| unused(&normal, &[source.to_owned()]);
    assert_eq!(
        of("// time::now()\nuse crate::time::Clock; const A: &str = \"libc::read\";"),
        ["libc", "serde-json", "time"]
    );
    assert_eq!(of("use serde_json::{Value, json}; fn f() { libc::abort() } use time as t;"), [""; 0]);
    assert_eq!(unused(&dev, &["fn f() { insta::assert_snapshot!(1) }".to_owned()]), [""; 0]);
    assert_eq!(unused(&dev, &["fn f() { insta(1) }".to_owned()]), ["insta"]);
}
