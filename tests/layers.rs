//! The layers: which folder of `src` may import which. `ARCHITECTURE.md` explains them. The sources are read as text, so that
//! nothing has to be compiled in to be seen.

#[path = "common/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use source::{Named, paths, sources};

/// The folders of `src`, the lowest first: each imports those before it, and none behind it.
const LAYERS: &[&str] = &[
    "protocol", "rules", "json", "store", "trace", "time", "handler", "host", "scenario", "job", "runner", "manager",
    "report", "conform", "cli",
];

/// A file of the crate: its module, as the names that lead to it, and what it imports, as modules or what is in them.
#[derive(Clone, Debug)]
struct File {
    path: PathBuf,
    module: Vec<String>,
    imports: Vec<Vec<String>>,
}

impl File {
    /// `path` is that of the file below `src`.
    fn new(path: &Path, source: &str) -> Self {
        let mut module: Vec<String> =
            path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
        module.pop_if(|last| last == "mod");
        let imports = paths(source).iter().filter_map(|named| resolved(&module, named)).collect();
        Self { path: path.to_owned(), module, imports }
    }

    fn layer(&self) -> Option<usize> {
        layer(&self.module)
    }
}

fn layer(module: &[String]) -> Option<usize> {
    LAYERS.iter().position(|layer| module.first().is_some_and(|first| first == layer))
}

/// Where a path that stands in a module leads, as the names from the crate's root; nowhere if that is another crate, or
/// something in the file itself.
fn resolved(module: &[String], named: &Named) -> Option<Vec<String>> {
    let Named { path, inside, .. } = named;
    let mut names = path.iter();
    let first = names.next()?;
    let mut from = match first.as_str() {
        "crate" => Vec::new(),
        "super" => {
            let more = names.clone().take_while(|name| *name == "super").count();
            names = path[1 + more..].iter();
            // What stands around in the file comes first.
            let ups = (1 + more).saturating_sub(*inside);
            module[..module.len().saturating_sub(ups)].to_vec()
        }
        "self" => module.to_vec(),
        // A module below this one, perhaps.
        name => module.iter().cloned().chain([name.to_owned()]).collect(),
    };
    from.extend(names.cloned());
    Some(from)
}

/// All files of the crate but its roots.
fn files() -> Vec<File> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources("src").into_iter().filter(|file| file.parent() != Some(&src));
    files
        .map(|file| {
            let source = fs::read_to_string(&file).expect("a source can be read");
            File::new(file.strip_prefix(&src).expect("it lies there"), &source)
        })
        .collect()
}

/// The imports that lead upwards.
fn upwards(files: &[File]) -> BTreeSet<String> {
    let of_file = |file: &File| {
        let own = file.layer();
        let upwards = file.imports.iter().filter(move |import| layer(import) > own);
        upwards
            .map(|import| format!("{} imports crate::{}", file.path.display(), import.join("::")))
            .collect::<Vec<_>>()
    };
    files.iter().flat_map(of_file).collect()
}

/// The files that import each other in a circle, each with those of the circle that it imports.
fn circles(files: &[File]) -> BTreeMap<String, BTreeSet<String>> {
    let modules: BTreeSet<Vec<String>> = files.iter().map(|file| file.module.clone()).collect();
    // An import is of the file that the longest part of the path names.
    let of =
        |import: &[String]| (1..=import.len()).rev().map(|len| import[..len].to_vec()).find(|m| modules.contains(m));
    let mut edges: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
    for file in files {
        let imported = file.imports.iter().filter_map(|import| of(import)).filter(|module| *module != file.module);
        edges.entry(file.module.clone()).or_default().extend(imported);
    }
    // Whoever imports nothing that is left, or is imported by nothing that is left, is in no circle.
    loop {
        let imported: BTreeSet<Vec<String>> = edges.values().flatten().cloned().collect();
        let left: BTreeSet<Vec<String>> = edges
            .iter()
            .filter(|(module, to)| !to.is_empty() && imported.contains(*module))
            .map(|(m, _)| m.clone())
            .collect();
        if left.len() == edges.len() {
            break;
        }
        edges.retain(|module, _| left.contains(module));
        edges.values_mut().for_each(|to| to.retain(|module| left.contains(module)));
    }
    let name = |module: &Vec<String>| module.join("::");
    edges.iter().map(|(module, to)| (name(module), to.iter().map(name).collect())).collect()
}

#[test]
fn every_folder_imports_downwards_only() {
    let files = files();
    assert!(files.len() > 200, "only {} files: the sources are elsewhere", files.len());
    let there: BTreeSet<&str> = files.iter().map(|file| file.module[0].as_str()).collect();
    assert_eq!(there, LAYERS.iter().copied().collect(), "each folder has its place among the layers");
    let upwards = upwards(&files);
    assert!(upwards.is_empty(), "{} imports lead upwards:\n{}", upwards.len(), Vec::from_iter(upwards).join("\n"));
}

#[test]
fn the_files_of_the_command_line_do_not_import_each_other_in_circles() {
    let of_cli: Vec<File> = files().into_iter().filter(|file| file.module[0] == "cli").collect();
    assert!(of_cli.len() > 20, "only {} files: the sources are elsewhere", of_cli.len());
    assert_eq!(circles(&of_cli), BTreeMap::new());
}

#[test]
fn an_import_that_leads_upwards_is_seen_however_it_is_written() {
    for (file, source) in [
        ("trace/file.rs", "use crate::report::Report;"),
        ("trace/file.rs", "use crate::{protocol::Event, report::{self, Report}};"),
        ("trace/file.rs", "fn f() -> crate::report::Report { todo!() }"),
        ("trace/diff/mod.rs", "pub use super::super::report;"),
        ("trace/diff/rows.rs", "use super::super::super::report::Report;"),
        ("trace/mod.rs", "mod tests { use super::super::report::Report; }"),
        ("trace/file.rs", "fn f() { mod inner { fn g() { super::super::super::report::human() } } }"),
        ("conform/suite.rs", "use /* why not */ crate::cli as shell;"),
    ] {
        let found = upwards(&[File::new(Path::new(file), source)]);
        assert!(!found.is_empty(), "{file}: {source}: {found:?}");
    }
    for (file, source) in [
        ("report/human.rs", "use crate::trace::notation; use super::report; use super::super::trace;"),
        ("trace/file.rs", "// use crate::report;\nconst A: &str = \"crate::report\"; use std::report::X;"),
        (
            "trace/diff/rows.rs",
            "mod tests { use super::super::report; mod inner { use super::super::super::report; } }",
        ),
        ("cli/run.rs", "use crate::conform::Suite; use crate::protocol::Event;"),
    ] {
        assert_eq!(upwards(&[File::new(Path::new(file), source)]), BTreeSet::new(), "{file}: {source}");
    }
}

#[test]
fn circles_are_seen() {
    let file = |path: &str, source: &str| File::new(Path::new(path), source);
    let straight = [
        file("cli/mod.rs", "mod exit; mod run; mod args; pub use exit::main;"),
        file("cli/exit.rs", "use super::{args, run}; fn main() { run::run() }"),
        file("cli/run.rs", "use super::args::RunArgs; mod tests { use super::run; }"),
        file("cli/args/mod.rs", "mod words; pub use words::RunArgs;"),
        file("cli/args/words.rs", "use crate::protocol::Event;"),
    ];
    assert_eq!(circles(&straight), BTreeMap::new());
    for back in
        ["use super::exit::Failure;", "fn f() -> crate::cli::exit::Failure {}", "use crate::cli::{exit::Failure};"]
    {
        let mut round = straight.clone();
        round[2] = file("cli/run.rs", back);
        let modules = circles(&round).into_keys().collect::<Vec<_>>();
        assert_eq!(modules, ["cli::exit", "cli::run"], "{back}");
    }
    let deep = [
        file("cli/args/mod.rs", "mod words; pub use words::RunArgs;"),
        file("cli/args/words.rs", "use crate::cli::sessions::terms;"),
        file("cli/sessions.rs", "use super::args::RunArgs;"),
    ];
    assert_eq!(circles(&deep).len(), 3, "{:?}", circles(&deep));
}

#[test]
fn the_architecture_shows_the_layers_from_the_top() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `src/")?.split('`').next());
    let shown: Vec<&str> = rows.collect();
    let layers: Vec<&str> = LAYERS.iter().rev().copied().collect();
    assert_eq!(shown, layers);
}
