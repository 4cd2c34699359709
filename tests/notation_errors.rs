//! What is said of a text that is not in the notation.

use mobsync::protocol::{CallMethod, HandlerId, UnknownName};
use mobsync::trace::notation::{NotationError, Problem, parse};

fn error(text: &str) -> NotationError {
    parse(text, "t").expect_err(text)
}

/// Each line, what is marked in it (nothing is the end of the line), and what is said.
#[test]
fn errors_say_what_was_found_what_was_expected_and_what_is_near() {
    #[rustfmt::skip] // A table reads best with one row a line.
    let table = [
        ("manger Release", "manger", "`manger` is not the beginning of a line; expected manager"),
        ("/2 Release", "/2", "`/2` is not the beginning of a line; expected one of manager, handler, note, opening, alias, profile, started, timeout, blocking, progress, tolerance"),
        ("manager/x Release", "x", "found `x`, expected the number of an instance, as in manager/2"),
        ("profile/2 xp", "profile/2", "`profile/2` is not the beginning of a line; expected profile"),
        ("manager", "", "found the end of the line, expected a method that the manager calls"),
        ("manager Sychronize", "Sychronize", "`Sychronize` is not a method that the manager calls; expected a name such as Synchronize"),
        ("manager Xyz", "Xyz", "`Xyz` is not a method that the manager calls; expected one of Initialize, GetHandlerInfo, EnumSyncMgrItems, GetItemObject, ShowProperties, SetProgressCallback, PrepareForSync, Synchronize, SetItemStatus, ShowError, Next, Skip, Reset, Clone, Release"),
        ("manager Progress A", "Progress", "`Progress` is called by the handler; write `handler Progress …`"),
        ("handler Release", "Release", "`Release` is called by the manager; write `manager Release …`"),
        ("handler Synchronize", "Synchronize", "`Synchronize` is called by the manager; write `manager Synchronize …`"),
        ("note Creatd \"x\"", "Creatd", "`Creatd` is not a note; expected a name such as Created"),
        ("manager Initialize", "", "Initialize needs the argument `flags`"),
        ("manager Initialize probe", "", "Initialize needs the argument `flags`"),
        ("manager Initialize MANUL", "MANUL", "`MANUL` is not a SYNCMGRFLAG event; expected a name such as MANUAL, or a number"),
        ("manager Initialize MANUAL|MAYBOTHER", "MANUAL|MAYBOTHER", "`MAYBOTHER` is not a SYNCMGRFLAG flag; expected a name such as MAYBOTHERUSER, or a number"),
        ("manager Initialize MANUAL extra", "extra", "found `extra`, expected the end of the arguments after flags"),
        ("manager Initialize MANUAL reserved=1 2", "2", "found `2`, expected key=value, or the end of the arguments"),
        ("manager Initialize MANUAL reserve=1", "reserve", "`reserve` is not a key here; expected reserved"),
        ("manager Initialize MANUAL xyz=1", "xyz", "`xyz` is not a key here; expected one of flags, reserved, cookie, probe"),
        ("manager Initialize MANUAL reserved=1 reserved=1", "reserved", "`reserved` is given twice"),
        ("manager Initialize MANUAL probe probe", "probe", "`probe` is given twice"),
        ("manager Initialize MANUAL reserved=-1", "-1", "found `-1`, expected a number from 0 to 4294967295"),
        ("manager Initialize MANUAL reserved=99999999999999999999", "99999999999999999999", "found `99999999999999999999`, expected a number from 0 to 4294967295"),
        ("manager Initialize MANUAL cookie=abc", "abc", "`abc` is not a cookie; expected an even number of hexadecimal digits"),
        ("manager Initialize \"MANUAL", "\"MANUAL", "found a string without an end, expected `\"` at its end"),
        ("manager Initialize \"\\x\"", "\"\\x\"", "found a string with invalid escape, expected a JSON string (text that is not well-formed UTF-16 is written {utf16:[55296]})"),
        ("manager Synchronize 5", "5", "found `5`, expected the end of the line: Synchronize has no positional arguments"),
        ("manager Synchronize hwnd=", "", "found the end of the line, expected a value: a name, a number, \"text\", {GUID}, [a list] or {key:value}"),
        ("manager Next 1", "", "Next needs the argument `celt`"),
        ("manager Next 1 x", "x", "found `x`, expected a number from 0 to 4294967295"),
        ("manager Next 1 16 -> S_OKK", "S_OKK", "`S_OKK` is not an HRESULT; expected a name such as S_OK, or a number"),
        ("manager Next 1 16 -> ?", "?", "found `?`, expected an HRESULT; a call that stays open has no `->`"),
        ("manager Next 1 16 ->", "", "found the end of the line, expected an HRESULT; a call that stays open has no `->`"),
        ("manager Next 1 16 -> S_OK items=[{id:A,nme:\"x\"}]", "nme", "`nme` is not a key here; expected name"),
        ("manager Next 1 16 -> S_OK items=[{id:A}]", "{id:A}", "missing field `name`"),
        ("manager Next 1 16 -> S_OK items=[{id:A,name:\"x\",name:\"y\"}]", "name", "`name` is given twice"),
        ("manager Next 1 16 -> S_OK items=[{id:A,name:\"x\",state:MAYBE}]", "MAYBE", "`MAYBE` is not a SYNCMGRITEMSTATE; expected one of UNCHECKED, CHECKED, or a number"),
        ("manager Next 1 16 -> S_OK items=[A]", "A", "found `A`, expected an item, such as {id:A,name:\"Left\"}"),
        ("manager Next 1 16 -> S_OK items=[{id:A,name:\"x\"}", "", "found the end of the line, expected `,` or `]`"),
        ("manager Next 1 16 -> S_OK items=[{id A}]", "A", "found `A`, expected `:`"),
        ("manager Next 1 16 -> S_OK items=[[[[[[[[[[[A]]]]]]]]]]]", "[", "values are nested deeper than 8 levels"),
        ("manager Next returns S_OK", "Next", "Next returns, but instance 1 has no open call of it"),
        ("manager/2 Next returns S_OK", "Next", "Next returns, but instance 2 has no open call of it"),
        ("manager PrepareForSync [A, left]", "left", "`left` is not an alias; expected A to Z, E1 to E99, GUID_NULL, one that an `alias` line declares, or {GUID}"),
        ("manager PrepareForSync A", "A", "found `A`, expected a list, such as [A, B]"),
        ("manager PrepareForSync [5]", "5", "`5` is not an alias; expected A to Z, E1 to E99, GUID_NULL, one that an `alias` line declares, or {GUID}"),
        ("manager PrepareForSync [\"A\"]", "\"A\"", "`A` is not a GUID; expected {XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}"),
        ("manager PrepareForSync [{6D6F6273-796E}]", "{6D6F6273-796E}", "`{6D6F6273-796E}` is not a GUID; expected {XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}"),
        ("handler Progress A UPDTING", "UPDTING", "`UPDTING` is not a SYNCMGRSTATUS; expected a name such as UPDATING, or a number"),
        ("handler Progress A 1/3 UPDATING", "UPDATING", "found `UPDATING`, expected a status, then value/maximum, then \"text\", in this order"),
        ("handler Progress A UPDATING 1/x", "1/x", "found `1/x`, expected value/maximum, as in 1/3"),
        ("handler Progress A UPDATING UPDATING", "UPDATING", "found `UPDATING`, expected a status, then value/maximum, then \"text\", in this order"),
        ("handler Progress A \"x\" 1/3", "1/3", "found `1/3`, expected a status, then value/maximum, then \"text\", in this order"),
        ("handler Progress A \"x\" \"y\"", "\"y\"", "`text` is given twice"),
        ("handler Progress A UPDATING info=NULL", "NULL", "found both `info` and a field of it, expected one of them"),
        ("handler Progress A [A]", "[A]", "found a list, expected a status, then value/maximum, then \"text\", in this order"),
        ("handler Progress A UPDATING 1/99999999999", "99999999999", "found `99999999999`, expected a number from -2147483648 to 2147483647"),
        ("handler Progress A UPDATING {utf16:[70000]}", "70000", "found `70000`, expected a number from 0 to 65535"),
        ("handler Progress A UPDATING {utf8:[70]}", "utf8", "`utf8` is not a key here; expected utf16"),
        ("handler Progress A UPDATING \"\\ud800\"", "\"\\ud800\"", "found a string with unexpected end of hex escape, expected a JSON string (text that is not well-formed UTF-16 is written {utf16:[55296]})"),
        ("handler Progress A -> S_OK x", "x", "found `x`, expected @THREAD, +DELAY, !! CODES (in this order) or the end of the line"),
        ("handler Progress A -> S_OK +5ms @worker", "@", "found `@`, expected @THREAD, +DELAY, !! CODES (in this order) or the end of the line"),
        ("handler Progress A -> S_OK @", "", "found `@` alone, expected a thread's name, in quotes unless it is a plain word"),
        ("handler Progress A -> S_OK @[", "", "found `@` alone, expected a thread's name, in quotes unless it is a plain word"),
        ("handler Progress A -> S_OK +5", "+5", "`5` is not a duration; expected a number with its unit, such as 5ms, 1.5s, 2m, 1h, 200us or 7ns"),
        ("handler Progress A -> S_OK +5 ms", "+5", "`5` is not a duration; expected a number with its unit, such as 5ms, 1.5s, 2m, 1h, 200us or 7ns"),
        ("handler Progress A -> S_OK !!", "", "found the end of the line, expected the code of a rule, such as SYNC-04"),
        ("handler Progress A -> S_OK !! SYNC", "SYNC", "found `SYNC`, expected the code of a rule, such as SYNC-04"),
        ("handler Progress A -> S_OK !! SYNC-04,", "", "found the end of the line, expected the code of a rule, such as SYNC-04"),
        ("handler Progress A -> S_OK !! SYNC-04 PREP-01", "PREP-01", "found `PREP-01`, expected `,` or the end of the line"),
        ("handler Progress A answered S_OK", "answered", "found `answered`, expected this word directly after Progress, without arguments"),
        ("handler EnableModeless MAYBE", "MAYBE", "found `MAYBE`, expected TRUE or FALSE"),
        ("handler EnableModeless 1", "1", "found `1`, expected TRUE or FALSE"),
        ("handler LogError ERROR \"x\" erorr=E1", "erorr", "`erorr` is not a key here; expected error"),
        ("handler LogError ERROR \"x\" info={errors:E1}", "errors", "`errors` is not a key here; expected error"),
        ("handler LogError ERROR \"x\" item=NULL", "NULL", "`NULL` is not an alias; expected A to Z, E1 to E99, GUID_NULL, one that an `alias` line declares, or {GUID}"),
        ("note TimedOut Sync return", "Sync", "`Sync` is not a method that the manager calls; expected one of Initialize, GetHandlerInfo, EnumSyncMgrItems, GetItemObject, ShowProperties, SetProgressCallback, PrepareForSync, Synchronize, SetItemStatus, ShowError, Next, Skip, Reset, Clone, Release"),
        ("note TimedOut Synchronize never", "never", "found `never`, expected one of `return`, `completion`, `creation`"),
        ("note Created \"x\" -> S_OK", "->", "found `->`, expected @THREAD, +DELAY, !! CODES (in this order) or the end of the line"),
        ("profile 7", "7", "found `7`, expected xp or vista"),
        ("profile", "", "found the end of the line, expected xp or vista"),
        ("profile xp vista", "vista", "found `vista`, expected the end of the line"),
        ("started yesterday", "yesterday", "`yesterday` is not a time; expected RFC 3339 such as 2026-01-02T03:04:05Z, or a FILETIME count"),
        ("timeout 5", "5", "`5` is not a duration; expected a number with its unit, such as 5ms, 1.5s, 2m, 1h, 200us or 7ns"),
        ("tolerance many", "many", "found `many`, expected a number such as 3"),
        ("alias A {00000000-0000-0000-0000-00000000000A}", "A", "`A` already stands for {6D6F6273-796E-6300-0000-000000000041}"),
        ("alias 1a {00000000-0000-0000-0000-00000000000A}", "1a", "found `1a`, expected a name of letters, digits and _"),
        ("alias x 5", "5", "`5` is not an alias; expected A to Z, E1 to E99, GUID_NULL, one that an `alias` line declares, or {GUID}"),
        ("alias x", "", "found the end of the line, expected {XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}"),
        ("alias x [A]", "[", "found `[`, expected {XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}"),
        ("opening", "", "found the end of the line, expected one of created, initialized, enumerated, ready, preparing, prepared, synchronizing, synchronized, closed, released"),
        ("opening perpared", "perpared", "`perpared` is not a state of a session; expected prepared"),
        ("opening xyz", "xyz", "`xyz` is not a state of a session; expected one of created, initialized, enumerated, ready, preparing, prepared, synchronizing, synchronized, closed, released"),
        ("opening ready x", "x", "`x` is not an alias; expected A to Z, E1 to E99, GUID_NULL, one that an `alias` line declares, or {GUID}"),
        ("opening ready flag=MANUAL", "flag", "`flag` is not a key here; expected flags"),
        ("opening ready flags=MANUAL flags=MANUAL", "flags", "`flags` is given twice"),
        ("opening ready name=x", "x", "found `x`, expected the handler's name in quotes"),
        ("opening ready \"x\"", "\"x\"", "found \"x\", expected an item such as A, or a key: flags=, handler=, items=, name="),
        ("opening ready -> S_OK", "->", "found `->`, expected an item such as A, or a key: flags=, handler=, items=, name="),
    ];
    for (text, marked, message) in table {
        let error = error(text);
        assert_eq!(error.problem.to_string(), message, "{text}");
        let at: String = text.chars().skip(error.column - 1).take(error.width).collect();
        assert_eq!(at, marked, "{text}");
        assert_eq!((error.line, error.source_line.as_str()), (1, text));
    }
}

#[test]
fn errors_that_need_lines_before() {
    let late = error("opening created\n\nprofile vista");
    assert_eq!((late.line, late.column, &*late.problem), (3, 1, &Problem::Late { directive: "profile" }));
    assert_eq!(late.problem.to_string(), "`profile` must come before the first call or callback");
    let twice = error("timeout 5s\ntimeout 5s\n");
    assert_eq!((twice.line, &*twice.problem), (2, &Problem::Twice { key: "timeout".into() }));
    let alias = "alias x {00000000-0000-0000-0000-00000000000A}\n";
    assert!(parse(&alias.repeat(2), "t").is_ok());
    let taken = error(&format!("{alias}{}", alias.replace("0A", "0B")));
    assert_eq!(taken.problem.to_string(), "`x` already stands for {00000000-0000-0000-0000-00000000000A}");
    let near = error(&format!("{}manager ShowProperties phtos", alias.replace('x', "photos")));
    assert_eq!(near.problem.to_string(), "`phtos` is not an alias; expected a name such as photos");
    let open = error("manager Next 1 1\nmanager Next returns S_OK\nmanager Next returns S_OK");
    let problem = Problem::NoOpenCall { method: CallMethod::Next, handler: HandlerId::FIRST };
    assert_eq!((open.line, &*open.problem), (3, &problem));
    let other_thread = error("handler EnableModeless TRUE -> ?\nhandler EnableModeless answered S_OK @two");
    assert_eq!(
        other_thread.problem.to_string(),
        "no EnableModeless of instance 1 on thread two waits for an answer; write `handler EnableModeless … -> ?` to leave one open"
    );
    let age = "note ConnectionClosed +18446744073s\n";
    assert!(parse(age, "t").is_ok());
    let too_late = error(&age.repeat(2));
    assert_eq!((too_late.line, too_late.column, &*too_late.problem), (2, 23, &Problem::TooLate));
    assert_eq!(too_late.problem.to_string(), "the delays add up to more than 584 years");
}

#[test]
fn problems_can_be_compared() {
    let unknown = UnknownName { given: "perpared".into(), what: "a state of a session", expected: "prepared".into() };
    assert_eq!(*error("opening perpared").problem, Problem::Unknown(unknown));
    assert_eq!(*error("manager Next 1").problem, Problem::Missing { method: "Next", key: "celt" });
}

#[test]
fn the_place_is_shown() {
    let text = "# ten\n".repeat(9) + "\tnote Created \"ü\" extra\n";
    assert_eq!(
        error(&text).to_string(),
        concat!(
            "t:10:19: found `extra`, expected the end of the arguments after name\n",
            "   |\n",
            "10 | \tnote Created \"ü\" extra\n",
            "   | \t                 ^^^^^",
        )
    );
}

#[test]
fn a_long_line_is_shown_in_part() {
    let text = format!("handler LogError ERROR \"{}\" item=nobody # \u{7}{}", "x".repeat(100_000), "y".repeat(100_000));
    let shown = error(&text).to_string();
    assert!(shown.chars().count() < 600, "{shown}");
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0].split(':').nth(2), Some("100032"));
    let under: String =
        lines[2].chars().zip(lines[3].chars()).filter(|(_, mark)| *mark == '^').map(|(c, _)| c).collect();
    assert_eq!(under, "nobody");
    assert!(lines[2].starts_with("1 | …x") && lines[2].contains("nobody # \u{fffd}yyy"), "{shown}");
}

#[test]
fn a_long_word_is_named_in_part() {
    for text in ["manager ", "manager Initialize ", "handler Progress A 1/", "alias ", "note Created \"a\" "] {
        let shown = error(&format!("{text}{}\u{7}", "x".repeat(1_000_000))).to_string();
        assert!(shown.chars().count() < 1000, "{shown}");
        assert!(shown.contains("xxx … xxx"), "{shown}");
        assert!(!shown.contains('\u{7}'));
    }
}

#[test]
fn hostile_documents_take_no_time() {
    // Each of these is a loop within a loop if it is read carelessly.
    let open = "manager Reset 1\n".repeat(100_000) + &"manager Reset returns S_OK\n".repeat(100_000);
    assert_eq!(parse(&open, "t").unwrap().events.len(), 200_000);
    for piece in ["{", "[", "\"", "-", "!", "{-", "a=", "+", "@", "\\"] {
        error(&format!("manager Initialize {}", piece.repeat(300_000)));
    }
    let keys: String = (0..10_000).map(|n| format!("x{n}:1,")).collect();
    error(&format!("manager Next 1 1 -> S_OK items=[{{{keys}}}]"));
}
