//! The headers for handlers in C and C++: they compile in every standard, alone and together, and what is not covered says why.

#![cfg(unix)]

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

use std::fs;
use std::path::{Path, PathBuf};

use native::{compile, of_repository};
use tempfile::TempDir;

const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];

/// Whether the language is C++, the standard.
const STANDARDS: [(bool, &str); 7] = [
    (false, "gnu99"),
    (false, "c11"),
    (false, "c17"),
    (true, "c++11"),
    (true, "c++14"),
    (true, "c++17"),
    (true, "c++20"),
];

fn headers() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(of_repository("include"))
        .expect("the headers are there")
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.iter().any(|name| name == "mobsync.h"), "{names:?}");
    names
}

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file
}

/// What the compiler says of a source, and whether it takes it.
fn compiled(cpp: bool, args: &[&str], source: &Path) -> (bool, String) {
    let include = of_repository("include");
    let mut all: Vec<&str> = args.to_vec();
    all.extend(["-I", include.to_str().unwrap(), source.to_str().unwrap()]);
    let output = compile(cpp, &all);
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn every_header_compiles_alone_and_all_of_them_together_in_every_standard() {
    let folder = TempDir::new().unwrap();
    let mut texts: Vec<String> = headers().iter().map(|name| format!("#include <{name}>\n")).collect();
    texts.push(texts.concat());
    for (number, includes) in texts.iter().enumerate() {
        let together = number + 1 == texts.len();
        for (cpp, standard) in STANDARDS {
            // One header alone needs no more than one standard of each language.
            if !together && !["c11", "c++11"].contains(&standard) {
                continue;
            }
            let text = format!(
                "#define COBJMACROS\n{includes}LPCWSTR text(void);\nLPCWSTR text(void) {{ return OLESTR(\"text\"); }}\n"
            );
            let source = written(folder.path(), if cpp { "source.cpp" } else { "source.c" }, &text);
            // C99 has no literals of UTF-16 (gcc takes them all the same): wide ones must be.
            let widths: &[&[&str]] =
                if standard == "gnu99" { &[&["-fshort-wchar"]] } else { &[&[], &["-fshort-wchar"]] };
            for &wide in widths {
                let standard = format!("-std={standard}");
                let args = [&STRICT[..], &["-fsyntax-only", standard.as_str()], wide].concat();
                let (taken, said) = compiled(cpp, &args, &source);
                assert!(taken, "{args:?} {includes}{said}");
            }
        }
    }
}

#[test]
fn text_in_wide_literals_is_utf_16_with_short_wchar_and_refused_without() {
    let folder = TempDir::new().unwrap();
    let text = "#include <mobsync.h>\nLPCWSTR text(void);\nLPCWSTR text(void) { return L\"text\"; }\n";
    for (cpp, name) in [(false, "wide.c"), (true, "wide.cpp")] {
        let source = written(folder.path(), name, text);
        let (taken, said) = compiled(cpp, &["-Werror", "-fsyntax-only", "-fshort-wchar"], &source);
        assert!(taken, "{said}");
        let (taken, said) = compiled(cpp, &["-Werror", "-fsyntax-only"], &source);
        assert!(
            !taken && said.contains("LPCWSTR"),
            "{name}: a text of four bytes a unit is not taken for UTF-16: {said}"
        );
    }
}

#[test]
fn what_is_not_covered_does_not_compile_and_says_why() {
    let calls = [
        ("MessageBox(NULL, OLESTR(\"a\"), OLESTR(\"b\"), 0)", "ask EnableModeless"),
        ("DialogBoxParamW(NULL, NULL, NULL, NULL, 0)", "ask EnableModeless"),
        ("LoadIcon(NULL, NULL)", "hIcon may be NULL"),
        ("RegOpenKeyExW(NULL, NULL, 0, 0, NULL)", "keep settings in a file"),
        ("CoMarshalInterface(NULL, GUID, NULL, 0, NULL, 0)", "CoMarshalInterThreadInterfaceInStream is covered"),
        // The other way round: this is covered, so the sources are not refused for something else.
        ("lstrlenW(OLESTR(\"a\"))", ""),
    ];
    let folder = TempDir::new().unwrap();
    for (cpp, name, standard, guid) in
        [(false, "call.c", "-std=gnu11", "&IID_IUnknown"), (true, "call.cpp", "-std=c++17", "IID_IUnknown")]
    {
        for (call, why) in calls {
            let call = call.replace("GUID", guid);
            let text = format!("#include <windows.h>\nvoid ask(void);\nvoid ask(void) {{ (void){call}; }}\n");
            let source = written(folder.path(), name, &text);
            let (taken, said) = compiled(cpp, &[standard, "-S", "-o", "/dev/null"], &source);
            assert_eq!(taken, why.is_empty(), "{call}: {said}");
            assert!(
                why.is_empty() || (said.contains("not covered by mobsync's headers") && said.contains(why)),
                "{call}: {said}"
            );
        }
    }
}

#[test]
fn a_handler_of_several_sources_links_and_their_guids_are_one() {
    let folder = TempDir::new().unwrap();
    let text = |function: &str| {
        format!(
            "#include <initguid.h>\n#include <mobsync.h>\nEXTERN_C const void *{function}(void);\nEXTERN_C const void *{function}(void) {{ return &IID_ISyncMgrSynchronize; }}\n"
        )
    };
    for (cpp, ending) in [(false, "c"), (true, "cpp")] {
        let one = written(folder.path(), &format!("one.{ending}"), &text("one"));
        let other = written(folder.path(), &format!("other.{ending}"), &text("other"));
        let main = "#ifdef __cplusplus\nextern \"C\" {\n#endif\nconst void *one(void);\nconst void *other(void);\n#ifdef __cplusplus\n}\n#endif\nint main(void) { return one() == other() ? 0 : 1; }\n";
        let main = written(folder.path(), &format!("main.{ending}"), main);
        let program = folder.path().join(format!("program-{ending}"));
        let args = [one.to_str().unwrap(), other.to_str().unwrap(), "-pthread", "-o", program.to_str().unwrap()];
        let (taken, said) = compiled(cpp, &args, &main);
        assert!(taken, "{said}");
        let status = std::process::Command::new(&program).status().unwrap();
        assert!(status.success(), "{ending}: two sources have two GUIDs of one name");
    }
}
