//! Native handlers for tests: compiled from the sources of the repository with the machine's compiler.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use mobsync::job::{Handler, HandlerSpec};
use mobsync::protocol::Guid;

/// The class of `fixtures/handlers/cpp/notebook.cpp`.
pub const NOTEBOOK_CPP: &str = "{6D6F6273-796E-4E6F-8001-000000000001}";

/// The class of `fixtures/handlers/c/notebook.c`.
pub const NOTEBOOK_C: &str = "{6D6F6273-796E-4E6F-8001-000000000002}";

/// A file of the repository.
pub fn of_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The compiler: `$CXX` or `$CC`, else the system's.
pub fn compiler(cpp: bool) -> String {
    let (variable, usual) = if cpp { ("CXX", "c++") } else { ("CC", "cc") };
    std::env::var(variable).unwrap_or_else(|_| usual.to_owned())
}

/// Runs the compiler; a missing one fails the test, and says what to install.
pub fn compile(cpp: bool, args: &[&str]) -> std::process::Output {
    let compiler = compiler(cpp);
    Command::new(&compiler).args(args).output().unwrap_or_else(|error| {
        panic!("`{compiler}` cannot be run ({error}): these tests compile handlers; install a C and C++ compiler, e.g. `apt-get install g++`")
    })
}

/// Compiles a handler with these definitions into a library, unless that was done before, and gives its path.
pub fn library(source: &str, definitions: &[&str]) -> PathBuf {
    let file = of_repository(source);
    let cpp = file.extension().is_some_and(|extension| extension == "cpp");
    let mut hasher = DefaultHasher::new();
    let folder = file.parent().expect("a source lies in a folder");
    for folder in [folder, &of_repository("include")] {
        let mut parts: Vec<PathBuf> =
            fs::read_dir(folder).expect("it is there").map(|entry| entry.unwrap().path()).collect();
        parts.sort();
        parts.iter().for_each(|part| fs::read(part).expect("it can be read").hash(&mut hasher));
    }
    (definitions, compiler(cpp)).hash(&mut hasher);
    let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{stem}-{:016x}.so", hasher.finish()));
    if built.exists() {
        return built;
    }
    let include = of_repository("include");
    let new = built.with_extension(format!("{}-{:?}.new", std::process::id(), std::thread::current().id()));
    let standard = if cpp { "-std=c++17" } else { "-std=gnu11" };
    let mut args: Vec<String> = [
        standard,
        "-g",
        "-O1",
        "-fno-omit-frame-pointer",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-fPIC",
        "-shared",
        "-fvisibility=hidden",
        "-pthread",
    ]
    .map(str::to_owned)
    .into();
    args.extend(definitions.iter().map(|definition| format!("-D{definition}")));
    args.extend([
        "-I".to_owned(),
        include.display().to_string(),
        file.display().to_string(),
        "-o".to_owned(),
        new.display().to_string(),
    ]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = compile(cpp, &args);
    assert!(
        output.status.success(),
        "{source} does not compile with {definitions:?}:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // Whoever comes second leaves the first one's: it may be in use already.
    let linked = fs::hard_link(&new, &built);
    fs::remove_file(&new).expect("the library can be removed");
    assert!(linked.is_ok() || built.exists(), "the library cannot be put in place: {linked:?}");
    built
}

/// The notebook in C++, with one of its bugs or none.
pub fn notebook(bug: &str, probes: bool) -> Handler {
    let definition = format!("WITH_BUG=\"{bug}\"");
    let definitions: &[&str] = if bug.is_empty() { &[] } else { &[&definition] };
    class(library("fixtures/handlers/cpp/notebook.cpp", definitions), NOTEBOOK_CPP, probes)
}

/// The notebook in C.
pub fn notebook_in_c(probes: bool) -> Handler {
    class(library("fixtures/handlers/c/notebook.c", &[]), NOTEBOOK_C, probes)
}

/// A class of a library. All of them have one name, so that their traces can be compared.
pub fn class(library: PathBuf, clsid: &str, probes: bool) -> Handler {
    let clsid: Guid = clsid.parse().expect("it is a GUID");
    let spec = HandlerSpec::Com { library, clsid, name: "notebook".to_owned(), probes, multi_threaded: false };
    spec.open().expect("a library is opened when it is driven")
}
