//! One mistake is one finding: what follows from a finding stands under it.

use mobsync::rules::{Conditions, Finding, Level, Monitor};
use mobsync::trace::notation::parse;

/// What is found in the trace, linked.
fn judged(text: &str) -> Vec<Finding> {
    let notation = parse(text, "a.trace").unwrap_or_else(|error| panic!("{error}\n{text}"));
    let header = &notation.header;
    let conditions = Conditions { profile: header.profile, limits: header.limits, started: header.started };
    let mut monitor = Monitor::new(conditions);
    for event in &notation.events {
        monitor.observe(event);
    }
    monitor.finish();
    monitor.take_findings()
}

/// What is found in the trace, each with the rule from which it follows.
fn found(text: &str) -> Vec<(&'static str, Option<&'static str>)> {
    let findings = judged(text);
    let code = |number: u64| findings.iter().find(|finding| finding.number == number).map(|finding| finding.rule.code);
    let row = |finding: &Finding| (finding.rule.code, finding.consequence_of.and_then(code));
    findings.iter().map(row).collect()
}

#[track_caller]
fn is_one_mistake(text: &str, cause: &'static str, consequences: &[&'static str]) {
    let found = found(text);
    let causes: Vec<&str> = found.iter().filter(|(_, of)| of.is_none()).map(|(code, _)| *code).collect();
    assert!(!causes.is_empty() && causes.iter().all(|code| *code == cause), "{found:?} in\n{text}");
    let follow: Vec<&str> = found.iter().filter(|(_, of)| *of == Some(cause)).map(|(code, _)| *code).collect();
    assert_eq!(follow, consequences, "{found:?} in\n{text}");
    assert_eq!(found.len(), causes.len() + follow.len(), "{found:?} in\n{text}");
}

#[test]
fn a_second_completion_shows_that_the_first_one_came_too_early() {
    is_one_mistake(
        "opening synchronizing\n\
         handler Progress A UPDATING 1/9 @one\n\
         handler Progress B UPDATING 1/1 @two\n\
         handler Progress B SUCCEEDED @two\n\
         handler SynchronizeCompleted S_OK @two\n\
         handler Progress A UPDATING 2/9 @one\n\
         handler Progress A SUCCEEDED 9/9 @one\n\
         handler SynchronizeCompleted S_OK @one\n",
        "SYNC-04",
        &["SYNC-09", "SYNC-11", "SYNC-11"],
    );
    is_one_mistake(
        "opening synchronizing\n\
         handler Progress B UPDATING 1/1 @two\n\
         handler Progress B SUCCEEDED @two\n\
         handler SynchronizeCompleted S_OK @two\n\
         handler SynchronizeCompleted S_OK @one\n\
         handler SynchronizeCompleted S_OK @three\n",
        "SYNC-04",
        &["SYNC-08"],
    );
    // Each thread says what it knows; the result that agrees with the items is the last one's.
    is_one_mistake(
        "opening synchronizing\n\
         handler Progress A UPDATING 1/1 @one\n\
         handler Progress A FAILED @one\n\
         handler Progress B UPDATING 1/1 @two\n\
         handler Progress B SUCCEEDED @two\n\
         handler SynchronizeCompleted S_OK @two\n\
         handler SynchronizeCompleted E_FAIL @one\n",
        "SYNC-04",
        &["SYNC-12"],
    );
}

#[test]
fn a_completion_is_judged_as_what_it_is_whatever_the_state_of_the_interface() {
    let after_null = |opening: &str, completion: &str| {
        format!("{opening}\nmanager SetProgressCallback NULL -> S_OK\nhandler {completion}\n")
    };
    is_one_mistake(&after_null("opening synchronized", "SynchronizeCompleted S_OK"), "SYNC-04", &[]);
    is_one_mistake(&after_null("opening synchronized", "PrepareForSyncCompleted S_OK"), "PREP-03", &[]);
    let refused = "opening ready\nmanager PrepareForSync [A, B] -> E_OUTOFMEMORY";
    is_one_mistake(&after_null(refused, "PrepareForSyncCompleted E_OUTOFMEMORY"), "PREP-04", &[]);
    // A first completion is not a second one.
    let open = "opening synchronizing";
    assert!(!found(&after_null(open, "SynchronizeCompleted S_OK")).iter().any(|(code, _)| *code == "SYNC-04"));
}

#[test]
fn what_crosses_with_the_managers_leave_is_chance() {
    let work = "opening synchronizing\nhandler Progress A UPDATING 1/9 @one\nhandler Progress B UPDATING 1/9 @two\n";
    let late = "handler SynchronizeCompleted S_OK @two\nhandler Progress A UPDATING 2/9 @one\n\
                handler SynchronizeCompleted S_OK @one\n";
    // Before the manager leaves it is a mistake, in the same words.
    is_one_mistake(&format!("{work}{late}"), "SYNC-04", &["SYNC-09", "SYNC-09", "SYNC-11"]);
    let leaves = "manager SetProgressCallback NULL";
    assert_eq!(
        found(&format!("{work}{leaves}\n{late}manager SetProgressCallback returns S_OK\nmanager Release\n")),
        []
    );
    // Afterwards each thread may say one thing.
    assert_eq!(
        found(&format!(
            "{work}{leaves} -> S_OK\nhandler SynchronizeCompleted S_OK @one\n\
                               handler SynchronizeCompleted S_OK @two\nmanager Release\n"
        )),
        []
    );
    // What was completed before is completed a second time, whenever that is.
    let leaves = format!("{leaves} -> S_OK\n");
    let prepared = "handler PrepareForSyncCompleted S_OK\nmanager Release\n";
    for opening in ["opening prepared\n", work] {
        assert_eq!(found(&format!("{opening}{leaves}{prepared}")), [("PREP-03", None)]);
    }
    let twice = format!("handler PrepareForSyncCompleted S_OK @two\n{prepared}");
    assert_eq!(found(&format!("opening preparing\n{leaves}{twice}")), []);
}

#[test]
fn a_synchronize_that_fails_as_a_whole_owes_nothing_to_its_items() {
    let completes = "opening prepared\n\
                     manager Synchronize\n\
                     handler SynchronizeCompleted E_FAIL @apartment\n";
    let says_so_twice = format!("{completes}manager Synchronize returns E_FAIL\n");
    is_one_mistake(&says_so_twice, "SYNC-05", &[]);
    assert!(judged(&says_so_twice).iter().all(|finding| finding.level == Level::Warning));
    // The return says that it was begun.
    let begun = format!("{completes}manager Synchronize returns S_OK\n");
    is_one_mistake(&begun, "SYNC-08", &[]);
}

#[test]
fn a_thread_that_nobody_ends_is_one_mistake() {
    let unloaded = "manager Release\nnote Unloaded threads=1\n";
    let opening = "opening synchronized\nmanager SetProgressCallback NULL -> S_OK\n";
    is_one_mistake(&format!("{opening}{unloaded}"), "LIFE-07", &[]);
    let calls = "handler Progress A UPDATING 2/9\n";
    is_one_mistake(&format!("{opening}{calls}{unloaded}"), "CB-07", &["LIFE-07"]);
    let early = "opening synchronizing\nmanager SetProgressCallback NULL -> S_OK\n";
    is_one_mistake(&format!("{early}{calls}{calls}{unloaded}"), "LIFE-07", &["CB-08"]);
}

#[test]
fn a_report_after_the_completion_shows_that_the_item_was_at_work() {
    is_one_mistake(
        "opening synchronizing\n\
         handler Progress A UPDATING 1/9\n\
         handler Progress B UPDATING 1/1\n\
         handler Progress B SUCCEEDED\n\
         handler SynchronizeCompleted S_OK\n\
         handler Progress A SUCCEEDED 9/9\n",
        "SYNC-11",
        &["SYNC-09"],
    );
    // The report is of the other item, and explains nothing.
    let other = found(
        "opening synchronizing\n\
         handler Progress A UPDATING 1/9\n\
         handler Progress B UPDATING 1/1\n\
         handler Progress B SUCCEEDED\n\
         handler SynchronizeCompleted S_OK\n\
         handler Progress B SUCCEEDED\n",
    );
    assert_eq!(other, [("SYNC-09", None), ("SYNC-11", None)]);
}

#[test]
fn what_is_told_twice_is_one_mistake() {
    is_one_mistake(
        "opening ready\n\
         manager PrepareForSync [A, B]\n\
         handler PrepareForSyncCompleted E_FAIL @apartment\n\
         manager PrepareForSync returns E_FAIL\n",
        "PREP-04",
        &["RET-02"],
    );
    is_one_mistake(
        "opening ready\n\
         manager PrepareForSync [A, B] -> 0x80070005\n\
         handler PrepareForSyncCompleted 0x80070005\n",
        "PREP-04",
        &["RET-01"],
    );
}

#[test]
fn why_a_call_does_not_return_says_more_than_that_it_does_not() {
    is_one_mistake(
        "opening synchronizing\nmanager SetItemStatus B SKIPPED\nnote TimedOut SetItemStatus return +10s\n",
        "STOP-04",
        &["LIFE-03"],
    );
    is_one_mistake(
        "opening synchronizing\n\
         manager SetProgressCallback NULL -> S_OK\n\
         manager Release\n\
         note TimedOut Release return +10s\n",
        "LIFE-01",
        &[],
    );
}

#[test]
fn a_leave_that_waits_for_a_thread_which_never_completes_is_one_mistake() {
    is_one_mistake(
        "opening synchronizing\n\
         note TimedOut Synchronize completion +10s\n\
         manager SetProgressCallback NULL\n\
         note TimedOut SetProgressCallback return +10s\n",
        "LIFE-03",
        &["SYNC-03"],
    );
}

#[test]
fn a_crash_is_told_once_and_what_it_cuts_off_follows() {
    is_one_mistake(
        "opening synchronizing\n\
         manager SetProgressCallback NULL -> S_OK\n\
         manager Release\n\
         note Crashed \"SIGSEGV\"\n",
        "LIFE-02",
        &[],
    );
    is_one_mistake(
        "opening synchronizing\n\
         handler Progress A UPDATING 1/9\n\
         note Crashed \"SIGSEGV\"\n\
         handler Progress A UPDATING 10/9 @other\n",
        "LIFE-02",
        &["PROG-05"],
    );
}

#[test]
fn what_goes_on_is_not_stopped_when_it_ends() {
    let reports: String =
        (1..=6).map(|nth| format!("handler Progress A UPDATING {nth}/9 -> S_SYNCMGR_CANCELITEM\n")).collect();
    is_one_mistake(
        &format!("opening synchronizing\n{reports}handler Progress A SUCCEEDED 9/9 -> S_SYNCMGR_CANCELITEM\n"),
        "STOP-07",
        &["STOP-01"],
    );
}

#[test]
fn mistakes_that_have_nothing_to_do_with_each_other_stay_apart() {
    let apart = found(
        "opening synchronizing\n\
         handler Progress A UPDATING 10/9\n\
         handler Progress A SUCCEEDED\n\
         handler Progress B UPDATING 1/2\n\
         handler SynchronizeCompleted S_OK\n",
    );
    assert_eq!(apart, [("PROG-05", None), ("SYNC-09", None)]);
}

#[test]
fn a_finding_weighs_as_much_as_what_follows_from_it() {
    let level = |text: &str, code: &str| {
        let findings = judged(text);
        let finding = findings.iter().find(|finding| finding.rule.code == code && finding.consequence_of.is_none());
        finding.map(|finding| finding.level)
    };
    // It would return in a manager that answers the callback.
    let waits = "opening synchronizing\n\
                 handler Progress A UPDATING 1/9 -> ? @one\n\
                 manager SetItemStatus B SKIPPED\n\
                 note TimedOut SetItemStatus return +10s\n";
    assert_eq!(level(waits, "STOP-04"), Some(Level::Warning));
    // It returns in no manager: a call that hangs, which is an error.
    let hangs = "opening synchronizing\nmanager SetItemStatus B SKIPPED\nnote TimedOut SetItemStatus return +10s\n";
    assert_eq!(level(hangs, "STOP-04"), Some(Level::Error));
}

#[test]
fn a_thread_that_nobody_ends_keeps_the_handler() {
    is_one_mistake(
        "note Created \"H\" native=true\n\
         manager Initialize MANUAL -> S_OK\n\
         manager Release -> S_OK refs=1\n\
         note UnloadAsked S_FALSE in_use=false\n\
         note Unloaded threads=1\n",
        "LIFE-07",
        &["COM-04"],
    );
}

#[test]
fn a_completion_in_the_middle_of_the_work_is_one_mistake_whatever_is_left_of_each_item() {
    is_one_mistake(
        "opening synchronizing A B\n\
         handler Progress A UPDATING 1/9\n\
         handler SynchronizeCompleted S_OK\n",
        "SYNC-08",
        &["SYNC-09"],
    );
}

#[test]
fn who_is_called_without_a_callback_has_none_to_answer_through() {
    let logged = "opening synchronizing A\n\
                  handler LogError ERROR \"A is locked\" error=E1 flags=ENABLEJUMPTEXT item=A\n\
                  handler Progress A FAILED\n\
                  handler SynchronizeCompleted E_FAIL\n\
                  manager SetProgressCallback NULL -> S_OK\n\
                  manager ShowError E1 -> S_OK\n";
    is_one_mistake(&format!("{logged}handler ShowErrorCompleted S_OK\n"), "ERRS-01", &["CB-07"]);
    // What else comes then has nothing to do with it.
    let found = found(&format!("{logged}handler Progress A UPDATING\n"));
    assert_eq!(found, [("ERRS-01", None), ("CB-07", None)]);
}

#[test]
fn an_enumerator_without_an_end_is_one_mistake() {
    let items = |ids: &[&str]| {
        let items: Vec<String> = ids.iter().map(|id| format!("{{id:{id},name:\"{id}\"}}")).collect();
        format!("fetched={} items=[{}]", ids.len(), items.join(","))
    };
    is_one_mistake(
        &format!(
            "opening initialized\n\
             manager EnumSyncMgrItems -> S_OK enumerator=1\n\
             manager Next 1 16 -> S_FALSE {both}\n\
             manager EnumSyncMgrItems -> S_OK enumerator=2\n\
             manager Next 2 2 -> S_OK {both}\n\
             manager Next 2 1 -> S_OK {first}\n\
             manager EnumSyncMgrItems -> S_OK enumerator=3\n\
             manager Skip 3 2 -> S_OK\n\
             manager Next 3 1 -> S_OK {first}\n",
            both = items(&["A", "B"]),
            first = items(&["A"]),
        ),
        "ENUM-09",
        &["ENUM-07"],
    );
}

#[test]
fn whoever_completes_what_has_failed_has_gone_on_with_it() {
    let failed = "opening prepared A\n\
                  manager Synchronize -> E_OUTOFMEMORY\n\
                  handler Progress A UPDATING 1/2\n";
    is_one_mistake(&format!("{failed}handler SynchronizeCompleted E_OUTOFMEMORY\n"), "SYNC-05", &["PROG-10"]);
    is_one_mistake(failed, "PROG-10", &[]);
}

#[test]
fn whoever_calls_back_after_null_has_kept_a_reference() {
    let left = "note Created \"Handler\" native=true\n\
                manager Initialize MANUAL -> S_OK\n\
                manager SetProgressCallback 1 -> S_OK\n\
                note CallbackReferences 1 1\n\
                manager SetProgressCallback NULL -> S_OK\n\
                note CallbackReferences 1 1\n";
    let kept = "manager Release -> S_OK refs=0\n\
                note CallbackReferences 1 1\n";
    is_one_mistake(&format!("{left}{kept}"), "CB-03", &[]);
    let late = "handler LogError INFORMATION \"late\" -> E_UNEXPECTED\n";
    is_one_mistake(&format!("{left}{late}{kept}"), "CB-07", &["CB-03"]);
}
