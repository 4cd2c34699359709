//! The headers for handlers in C and C++: they compile in every standard, alone and together, and what is not covered says why.

#![cfg(unix)]

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

use std::collections::BTreeSet;
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
    // Many have the same text, as other spellings have: one of each is compiled alone. The last text has them all.
    let mut seen = BTreeSet::new();
    let mut is_new = |name: &String| seen.insert(fs::read(of_repository("include").join(name)).unwrap());
    let small = headers().into_iter().filter(|name| is_new(name));
    let mut texts: Vec<String> = small.map(|name| format!("#include <{name}>\n")).collect();
    texts.push(headers().iter().map(|name| format!("#include <{name}>\n")).collect());
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

/// What such a source can do instead.
const WINE: &str = "build it as a DLL with mingw-w64 and run it through Wine: docs/windows.md";

#[test]
fn what_is_not_covered_does_not_compile_and_says_why() {
    let calls = [
        ("MessageBoxW(NULL, OLESTR(\"a\"), OLESTR(\"b\"), 0)", "ask EnableModeless"),
        ("MessageBox(NULL, TEXT(\"a\"), TEXT(\"b\"), 0)", "ask EnableModeless"),
        ("CreateWindowExW(0, NULL, NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL)", "there are no windows"),
        ("SendMessageW(NULL, 0, 0, 0)", "there are no windows"),
        ("RegSetValueExA(NULL, NULL, 0, 0, NULL, 0)", "keep settings in a file"),
        ("CreateFileW(NULL, 0, 0, NULL, 0, 0, NULL)", "fopen"),
        ("SHGetFolderPathW(NULL, 0, NULL, 0, NULL)", "such as HOME"),
        ("SyncMgrResolveConflict(NULL, NULL)", "there are no windows to ask in"),
        ("DialogBoxParamW(NULL, NULL, NULL, NULL, 0)", "ask EnableModeless"),
        ("LoadIcon(NULL, NULL)", "hIcon may be NULL"),
        ("RegOpenKeyExW(NULL, NULL, 0, 0, NULL)", "keep settings in a file"),
        ("CoMarshalInterface(NULL, GUID, NULL, 0, NULL, 0)", "CoMarshalInterThreadInterfaceInStream is covered"),
        ("RegDeleteValueW(NULL, NULL)", "keep settings in a file"),
        ("RegEnumKeyEx(NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL)", "keep settings in a file"),
        ("FindFirstFileW(NULL, NULL)", "fopen"),
        ("GetFileAttributes(TEXT(\"a\"))", "fopen"),
        ("SHGetSpecialFolderPathW(NULL, NULL, CSIDL_APPDATA, FALSE)", "such as HOME"),
        ("ShellExecute(NULL, TEXT(\"open\"), NULL, NULL, NULL, SW_SHOW)", "there is no shell"),
        ("CreateWindow(TEXT(\"a\"), NULL, WS_OVERLAPPED, 0, 0, 0, 0, NULL, NULL, NULL, NULL)", "there are no windows"),
        ("ListView_GetItemCount(NULL)", "there are no windows"),
        ("PropertySheet(NULL)", "there are no windows"),
        ("SetTimer(NULL, 1, 10, NULL)", "there are no windows"),
        ("LoadLibrary(TEXT(\"a\"))", "dlopen"),
        ("CoCreateFreeThreadedMarshaler(NULL, NULL)", "there is one apartment"),
        // The other way round: this is covered, so the sources are not refused for something else.
        ("lstrlenW(OLESTR(\"a\"))", ""),
    ];
    let folder = TempDir::new().unwrap();
    for (cpp, name, standard, guid) in
        [(false, "call.c", "-std=gnu11", "&IID_IUnknown"), (true, "call.cpp", "-std=c++17", "IID_IUnknown")]
    {
        for (call, why) in calls {
            let call = call.replace("GUID", guid);
            let text = format!(
                "#include <windows.h>\n#include <mobsync.h>\nvoid ask(void);\nvoid ask(void) {{ (void){call}; }}\n"
            );
            let source = written(folder.path(), name, &text);
            let (taken, said) = compiled(cpp, &[standard, "-S", "-o", "/dev/null"], &source);
            assert_eq!(taken, why.is_empty(), "{call}: {said}");
            assert!(
                why.is_empty()
                    || (said.contains("not covered by mobsync's headers") && said.contains(why) && said.contains(WINE)),
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

#[test]
fn what_sources_without_windows_call_does_what_the_sdk_s_functions_do() {
    let folder = TempDir::new().unwrap();
    let languages: [(bool, &[&str]); 4] = [
        (false, &["-x", "c", "-std=gnu11"]),
        (false, &["-x", "c", "-std=gnu11", "-fshort-wchar"]),
        (true, &["-x", "c++", "-std=c++11"]),
        (true, &["-x", "c++", "-std=c++20", "-fshort-wchar"]),
    ];
    // What is said to a debugger is in the output of the worker.
    let sources = [("fixtures/headers/calls.c", "said to a debugger\n"), ("fixtures/headers/more.c", "")];
    let all = languages.into_iter().enumerate().flat_map(|language| sources.map(|source| (language, source)));
    for ((nth, (cpp, language)), (source, says)) in all {
        let source = of_repository(source);
        let program = folder.path().join(format!("calls-{nth}"));
        let fixed = ["-Wall", "-Wextra", "-Werror", "-pthread", "-ldl", "-o", program.to_str().unwrap()];
        let (taken, said) = compiled(cpp, &[language, &fixed[..]].concat(), &source);
        assert!(taken, "{language:?}: {said}");
        let output = std::process::Command::new(&program).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{language:?}: {said}");
        assert_eq!(said, says, "{source:?}");
    }
}

#[test]
fn the_sdk_s_names_are_there_in_both_languages_and_both_widths() {
    let source = of_repository("fixtures/headers/names.c");
    let languages: [(bool, &[&str]); 4] = [
        (false, &["-x", "c", "-std=gnu11"]),
        (false, &["-x", "c", "-std=gnu11", "-fshort-wchar", "-DUNICODE", "-D_UNICODE"]),
        (true, &["-x", "c++", "-std=c++11"]),
        (true, &["-x", "c++", "-std=c++20", "-fshort-wchar", "-DUNICODE", "-D_UNICODE"]),
    ];
    for (cpp, language) in languages {
        // A C compiler takes a function that is not declared for one that returns an int.
        let strict: &[&str] =
            if cpp { &[] } else { &["-Werror=implicit-function-declaration", "-Werror=int-conversion"] };
        let (taken, said) = compiled(cpp, &[language, strict, &["-fsyntax-only"]].concat(), &source);
        assert!(taken, "{language:?}: {said}");
    }
}

#[test]
fn a_proxy_of_the_callback_compiles_with_the_signatures_of_both_generations_and_not_with_the_other_s() {
    let source = of_repository("fixtures/headers/proxy.cpp");
    for standard in ["-std=c++11", "-std=c++20"] {
        for generation in [&[][..], &["-DMOBSYNC_OLDER_SDK"]] {
            let args = [&STRICT[..], &["-fsyntax-only", standard], generation].concat();
            let (taken, said) = compiled(true, &args, &source);
            assert!(taken, "{args:?}: {said}");
        }
    }
    let text = fs::read_to_string(&source).unwrap().replace("#define GIVEN const", "#define GIVEN");
    let folder = TempDir::new().unwrap();
    let source = written(folder.path(), "older.cpp", &text);
    let (taken, said) = compiled(true, &["-std=c++11", "-fsyntax-only"], &source);
    assert!(!taken && said.contains("override"), "{said}");
}

#[test]
fn names_and_spellings_are_the_sdk_s() {
    let folder = TempDir::new().unwrap();
    let text = "#include <Windows.h>\n#include <MobSync.h>\n#include <ObjBase.h>\n#include <SHLWAPI.H>\n\
        static LPSYNCMGRSYNCHRONIZE a; static LPSYNCMGRSYNCHRONIZECALLBACK b; static LPSYNCMGRENUMITEMS c;\n\
        static LPSYNCMGRSYNCHRONIZEINVOKE d; static LPSYNCMGRREGISTER e; static struct _tagSYNCMGRITEM *f;\n\
        static struct _tagSYNCMGRHANDLERINFO *g; static enum _tagSYNCMGRSTATUS h;\n\
        LPSYNCMGRITEM use(void); LPSYNCMGRITEM use(void) { (void)a; (void)b; (void)c; (void)d; (void)e; (void)g; (void)h; return f; }\n";
    for (cpp, name) in [(false, "names.c"), (true, "names.cpp")] {
        let source = written(folder.path(), name, text);
        let (taken, said) = compiled(cpp, &["-Wall", "-Wextra", "-Werror", "-fsyntax-only"], &source);
        assert!(taken, "{name}: {said}");
    }
    // Where files are found whatever the case of their names, two spellings are one file.
    let mut seen: Vec<(String, Vec<u8>)> = Vec::new();
    for name in headers() {
        let text = fs::read(of_repository("include").join(&name)).unwrap();
        let small = name.to_lowercase();
        if let Some((_, other)) = seen.iter().find(|(other, _)| *other == small) {
            assert!(*other == text, "{name} is not what another spelling of it is");
        }
        seen.push((small, text));
    }
}

#[test]
fn a_tchar_is_wide_for_unicode_alone() {
    let folder = TempDir::new().unwrap();
    for (defined, size) in [("", 1), ("-D_UNICODE", 2), ("-DUNICODE", 2)] {
        let text = format!(
            "#include <windows.h>\n#include <tchar.h>\n#include <strsafe.h>\nstatic_assert(sizeof(TCHAR) == {size}, \"its size\");\n\
             int of(LPCTSTR text) {{ TCHAR copy[9]; StringCchCopy(copy, 9, text); return lstrlen(_T(\"abc\")) + lstrcmpi(copy, TEXT(\"x\")); }}\n"
        );
        let source = written(folder.path(), "tchar.cpp", &text);
        let args: Vec<&str> =
            ["-std=c++11", "-Werror", "-fsyntax-only", defined].into_iter().filter(|a| !a.is_empty()).collect();
        let (taken, said) = compiled(true, &args, &source);
        assert!(taken, "{defined}: {said}");
    }
}
