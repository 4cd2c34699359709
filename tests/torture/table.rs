//! Each behaviour, and its verdict.

/// What must come of a behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Exit code 0, and no finding.
    Passes,
    /// Exit code 0, and findings of these rules.
    Warned(&'static [&'static str]),
    /// Exit code 1, and findings of these rules.
    Breaks(&'static [&'static str]),
    /// At most these rules: chance decides which of them are broken.
    AtMost(&'static [&'static str]),
    /// The handler ends the process: LIFE-02, with this in the message.
    Ends(&'static str),
    /// A call does not return: LIFE-03, with this in the message.
    Hangs(&'static str),
    /// Reports without end, which the session's limit ends: what is owed never came, or nothing is owed.
    Endless,
    /// No session can be held: exit code 2, with this on standard error.
    Refused(&'static str),
    /// It ends the session from outside, as Ctrl-C does: exit code 2, with what was found until then.
    Interrupted,
    /// It kills the program itself.
    Dies,
}

impl Verdict {
    /// Whether a short time limit must pass.
    pub fn takes_its_time(self) -> bool {
        let never_completed = matches!(self, Verdict::Breaks(rules) if rules.contains(&"SYNC-03"));
        let may_hang = matches!(self, Verdict::AtMost(rules) if rules.contains(&"LIFE-03"));
        never_completed || may_hang || matches!(self, Verdict::Hangs(_) | Verdict::Interrupted | Verdict::Endless)
    }
}

use Verdict::{AtMost, Breaks, Dies, Endless, Ends, Hangs, Interrupted, Passes, Refused, Warned};

/// All behaviours, as the variable TORTURE names them.
pub fn behaviours() -> Vec<(String, Verdict)> {
    let mut all = Vec::new();
    for (place, inside, never_returned) in METHODS {
        all.push((format!("{place}:segv"), Ends(inside)));
        all.push((format!("{place}:abort"), Ends("SIGABRT")));
        all.push((format!("{place}:throw"), Ends("an exception escaped from a method")));
        all.push((format!("{place}:exit-at-once"), Ends("the handler ended the process with exit code 0")));
        all.push((format!("{place}:hang"), Hangs(never_returned)));
    }
    for place in ["worker", "thread", "completed"] {
        for (act, ends) in [
            ("segv", "in a worker thread"),
            ("abort", "SIGABRT"),
            ("throw", "SIGABRT"),
            ("exit-at-once", "the handler ended the process with exit code 0"),
        ] {
            all.push((format!("{place}:{act}"), Ends(ends)));
        }
    }
    for (number, verdict) in SIGNALS {
        all.push((format!("synchronize:signal-{number}"), *verdict));
    }
    for place in ["info", "enumerate", "create", "class", "query"] {
        for pointer in ["null", "wild", "kernel", "unmapped", "noncanonical"] {
            let verdict = match (place, pointer) {
                ("info", _) => Breaks(&["INFO-01"]),
                ("enumerate", _) => Breaks(&["ENUM-01"]),
                ("class", _) => Refused("and no object: it must store a class factory"),
                (_, "null" | "wild") => Refused("CreateInstance for ISyncMgrSynchronize returned S_OK and no object"),
                _ => Breaks(&["COM-10"]),
            };
            all.push((format!("{place}:{pointer}"), verdict));
        }
    }
    for table in [ENDS, PROCESSES, SURROUNDINGS, CALLBACKS, ANSWERS] {
        all.extend(table.iter().map(|(name, verdict)| ((*name).to_owned(), *verdict)));
    }
    all
}

/// A place on the apartment thread, the message of a fault there, and that of a hang.
const METHODS: &[(&str, &str, &str)] = &[
    ("load", "crashed: SIGSEGV", "the library had not finished loading"),
    ("class", "crashed: SIGSEGV", "its class factory had not returned"),
    ("create", "crashed: SIGSEGV", "its class factory had not returned"),
    ("query", "crashed: SIGSEGV", "its class factory had not returned"),
    ("initialize", "inside Initialize: SIGSEGV", "Initialize had not returned"),
    ("info", "inside GetHandlerInfo: SIGSEGV", "GetHandlerInfo had not returned"),
    ("enumerate", "inside EnumSyncMgrItems: SIGSEGV", "EnumSyncMgrItems had not returned"),
    ("next", "inside Next: SIGSEGV", "Next had not returned"),
    ("set", "inside SetProgressCallback: SIGSEGV", "SetProgressCallback had not returned"),
    ("prepare", "inside PrepareForSync: SIGSEGV", "PrepareForSync had not returned"),
    ("synchronize", "inside Synchronize: SIGSEGV", "Synchronize had not returned"),
    ("unset", "inside SetProgressCallback: SIGSEGV", "SetProgressCallback had not returned"),
    ("release", "inside Release: SIGSEGV", "Release had not returned"),
];

const STOPPED: Verdict = Hangs("Synchronize had not returned");

/// The signals that the handler sends to its own process inside Synchronize.
const SIGNALS: &[(i32, Verdict)] = &[
    (1, Ends("SIGHUP")),
    (2, Ends("SIGINT")),
    (3, Ends("SIGQUIT")),
    (4, Ends("SIGILL")),
    (5, Ends("SIGTRAP")),
    (6, Ends("SIGABRT")),
    (7, Ends("SIGBUS")),
    (8, Ends("SIGFPE")),
    (9, Ends("SIGKILL")),
    (10, Ends("SIGUSR1")),
    (11, Ends("SIGSEGV")),
    (12, Ends("SIGUSR2")),
    (13, Passes), // SIGPIPE, which Rust ignores
    (14, Ends("SIGALRM")),
    (15, Ends("SIGTERM")),
    (16, Ends("SIGSTKFLT")),
    (17, Passes), // SIGCHLD
    (18, Passes), // SIGCONT
    (19, STOPPED),
    (20, STOPPED),
    (21, STOPPED),
    (22, STOPPED),
    (23, Passes), // SIGURG
    (24, Ends("SIGXCPU")),
    (25, Passes), // SIGXFSZ, which mobsync ignores
    (26, Ends("SIGVTALRM")),
    (27, Ends("SIGPROF")),
    (28, Passes), // SIGWINCH
    (29, Ends("SIGIO")),
    (30, Ends("SIGPWR")),
    (31, Ends("SIGSYS")),
    (34, Ends("signal 34")),
    (64, Ends("signal 64")),
];

/// What a handler leaves that never completes, and whose thread holds its references for ever.
const NEVER_COMPLETED: Verdict = Breaks(&["CB-03", "COM-04", "SYNC-03"]);

/// How a process ends or stands still.
const ENDS: &[(&str, Verdict)] = &[
    ("synchronize:segv-far", Ends("inside Synchronize: SIGSEGV")),
    ("synchronize:call-null", Ends("inside Synchronize: SIGSEGV")),
    ("synchronize:call-data", Ends("inside Synchronize: SIGSEGV")),
    ("synchronize:write-code", Ends("inside Synchronize: SIGSEGV")),
    ("synchronize:fpe", Ends("inside Synchronize: SIGFPE")),
    ("synchronize:ill", Ends("inside Synchronize: SIGILL")),
    ("synchronize:bus", Ends("inside Synchronize: SIGBUS")),
    ("synchronize:overflow", Ends("inside Synchronize: SIGSEGV")),
    ("synchronize:overflow-without-other-stack", Ends("SIGSEGV")),
    ("synchronize:throw-error", Ends("an exception escaped from a method")),
    ("synchronize:terminate", Ends("inside Synchronize: SIGABRT")),
    ("synchronize:exit", Ends("exit code 0")),
    ("synchronize:exit-3", Ends("exit code 3")),
    ("synchronize:quick-exit", Ends("exit code 7")),
    ("synchronize:exit-group", Ends("exit code 5")),
    ("synchronize:exit-thread", Ends("SIGABRT")),
    ("synchronize:bare-exit-thread", STOPPED),
    ("synchronize:spin", STOPPED),
    ("synchronize:hang-signals-blocked", STOPPED),
    ("synchronize:hang-signals-ignored", STOPPED),
    ("synchronize:deadlock", STOPPED),
    ("synchronize:kill-group", Ends("SIGKILL")),
    ("synchronize:term-group", Ends("SIGTERM")),
    ("synchronize:stop-group", STOPPED),
    ("synchronize:free-twice", Ends("inside Synchronize: SIGABRT")),
    ("synchronize:free-none", Ends("inside Synchronize: SIGABRT")),
    ("synchronize:out-of-memory", Ends("SIGABRT")),
    ("synchronize:out-of-processor-time", Ends("SIGKILL")),
    ("synchronize:alarm", Ends("SIGALRM")),
    ("synchronize:segv-default", Ends("SIGSEGV")),
    ("synchronize:abort-all-ignored", Ends("SIGABRT")),
    ("synchronize:segv-all-blocked", Ends("SIGSEGV")),
    ("synchronize:segv-returns", STOPPED),
    ("synchronize:segv-exits", Ends("exit code 11")),
    ("synchronize:segv-caught", Passes),
    ("synchronize:own-segv-handler", Passes),
    ("synchronize:segv-in-thread", Ends("in a worker thread")),
    ("synchronize:abort-in-thread", Ends("in a worker thread")),
    ("synchronize:throw-in-thread", Ends("in a worker thread")),
    ("synchronize:overflow-in-thread", Ends("SIGSEGV")),
    ("synchronize:exit-in-thread", Ends("exit code 0")),
    ("synchronize:hang-in-thread", STOPPED),
    ("worker:hang", NEVER_COMPLETED),
    ("worker:exit-thread", NEVER_COMPLETED),
    ("worker:bare-exit-thread", NEVER_COMPLETED),
    ("worker:hang-signals-blocked", NEVER_COMPLETED),
    ("worker:stop-group", AtMost(&["LIFE-03", "SYNC-03"])), // Synchronize has returned, or not
    ("worker:exit", Ends("exit code 0")),
    ("worker:overflow", Ends("SIGSEGV")),
    ("worker:terminate", Ends("in a worker thread")),
    ("worker:kill-group", Ends("SIGKILL")),
    ("worker:segv-default", Ends("SIGSEGV")),
    ("worker:segv-caught", Passes),
    ("worker:own-segv-handler", Passes),
    // The threads that hang have done their part: it is their references that are missed.
    ("completed:hang", Warned(&["CB-03", "COM-04"])),
    ("thread:hang", Warned(&["LIFE-07"])),
];

/// What it does with other processes.
const PROCESSES: &[(&str, Verdict)] = &[
    ("synchronize:child", Passes),
    ("synchronize:child-then-hang", STOPPED),
    ("synchronize:child-then-segv", Ends("inside Synchronize: SIGSEGV")),
    ("synchronize:child-then-exit", Ends("exit code 0")),
    ("synchronize:session", Passes),
    ("synchronize:daemon", Passes),
    ("synchronize:wiped-daemon", Passes),
    ("synchronize:wiped-daemon-then-hang", STOPPED),
    ("synchronize:wiped-daemon-then-kill", Ends("SIGKILL")),
    ("synchronize:clean-program", Passes),
    ("synchronize:shell-in-background", Passes),
    ("synchronize:many-children", Passes),
    ("synchronize:runaway", Passes),
    ("synchronize:stopped-child", Passes),
    ("synchronize:deaf-child", Passes),
    ("synchronize:child-keeps-output", Passes),
    ("synchronize:copy-goes-on", Passes),
    ("synchronize:copy-instead", Ends("exit code 0")),
    ("synchronize:copy-calls-back", Passes),
    ("synchronize:copy-crashes", Passes),
    ("synchronize:copy-exits", Passes),
    ("synchronize:vfork", Passes),
    ("synchronize:becomes-sleep", STOPPED),
    ("synchronize:becomes-true", Ends("exit code 0")),
    ("synchronize:becomes-nothing", Passes),
    ("synchronize:reaps-all", Passes),
    ("synchronize:adopts-all", Passes),
    ("synchronize:is-traced", Passes),
    ("synchronize:is-trapped", Passes),
    ("synchronize:forgets-parent", Passes),
    ("synchronize:leaves-group", Passes),
    ("synchronize:leaves-session", Passes),
    ("synchronize:kill-guardian", Ends("SIGKILL")),
    ("synchronize:stop-guardian", Passes),
    ("synchronize:term-guardian", Ends("SIGKILL")),
    ("synchronize:hup-guardian", Ends("SIGKILL")),
    ("synchronize:segv-guardian", Passes),
    ("synchronize:pipe-guardian", Passes),
    ("synchronize:kill-guardian-with-daemon", Ends("SIGKILL")),
    ("synchronize:kill-guardian-with-wiped-daemon", Ends("SIGKILL")),
    ("synchronize:kill-reader", Dies),
    ("synchronize:kill-reader-with-daemon", Dies),
    ("synchronize:term-reader", Interrupted),
    ("synchronize:hup-reader", Interrupted),
    ("synchronize:interrupt-reader", Interrupted),
    ("load:wiped-daemon", Passes),
    ("prepare:wiped-daemon", Passes),
    ("unset:wiped-daemon", Passes),
    ("release:wiped-daemon", Passes),
    ("first:wiped-daemon", Passes),
    ("first:wiped-daemon-then-kill", Ends("SIGKILL")),
    ("first:copy-calls-back", Passes),
    ("first:copy-crashes", Passes),
    ("first:becomes-true", Ends("exit code 0")),
];

/// Behaviours in the suite, whose workers are forked, and what must come of each case.
pub const IN_THE_SUITE: &[(&str, Verdict)] = &[
    ("synchronize:kill-fork-server", Passes),
    ("synchronize:stop-fork-server", Passes),
    ("synchronize:kill-reader-of-forks", Dies),
    ("synchronize:child", Passes),
    ("synchronize:wiped-daemon", Passes),
    ("synchronize:wiped-daemon-then-kill", Ends("SIGKILL")),
    ("synchronize:wiped-daemon-then-hang", STOPPED),
    ("synchronize:shell-in-background", Passes),
    ("synchronize:copy-goes-on", Passes),
    ("synchronize:copy-instead", Ends("exit code 0")),
    ("synchronize:copy-calls-back", Passes),
    ("synchronize:becomes-true", Ends("exit code 0")),
    ("synchronize:is-traced", Passes),
    ("synchronize:leaves-session", Passes),
    ("synchronize:kill-guardian", Ends("SIGKILL")),
    ("synchronize:stop-guardian", Passes),
    ("synchronize:term-guardian", Ends("SIGKILL")),
    ("synchronize:kill-guardian-with-wiped-daemon", Ends("SIGKILL")),
    ("synchronize:segv", Ends("inside Synchronize: SIGSEGV")),
    ("synchronize:signal-2", Ends("SIGINT")),
    ("synchronize:signal-13", Passes),
    ("synchronize:signal-25", Passes),
    ("synchronize:signal-64", Ends("signal 64")),
    ("worker:throw", Ends("SIGABRT")),
    ("load:segv", Ends("crashed: SIGSEGV")),
];

/// Why mobsync ends a session whose shared memory makes no sense.
const WROTE: &str = "stopped by mobsync: the handler wrote into the memory";

/// What it does to its own process, and to the memory that is shared.
const SURROUNDINGS: &[(&str, Verdict)] = &[
    ("synchronize:close-all", Passes),
    ("synchronize:close-all-then-segv", Ends("inside Synchronize: SIGSEGV")),
    ("synchronize:close-all-then-hang", STOPPED),
    ("synchronize:use-up-descriptors", Passes),
    ("synchronize:use-up-descriptors-then-segv", Ends("inside Synchronize: SIGSEGV")),
    ("synchronize:replace-descriptors", Passes),
    ("synchronize:write-to-all", Passes),
    ("synchronize:noise-without-lines", Passes),
    ("synchronize:noise-on-both", Passes),
    ("synchronize:noise-of-zeros", Passes),
    ("synchronize:nonblocking-output", Passes),
    ("synchronize:reads-input", Passes),
    ("synchronize:no-descriptors-allowed", Passes),
    ("synchronize:nothing-allowed", Passes),
    ("synchronize:no-files-allowed", Passes),
    ("synchronize:little-stack", Passes),
    ("synchronize:change-folder", Passes),
    ("synchronize:change-user", Passes),
    ("synchronize:change-locale", Passes),
    ("synchronize:block-signals", Passes),
    ("synchronize:ignore-signals", Passes),
    ("synchronize:default-signals", Passes),
    ("synchronize:no-other-stack", Passes),
    ("synchronize:low-priority", Passes),
    ("synchronize:not-dumpable", Passes),
    ("synchronize:not-dumpable-then-segv", Ends("inside Synchronize: SIGSEGV")),
    ("synchronize:shared-garbage", Ends(WROTE)),
    ("synchronize:shared-ones", Ends(WROTE)),
    ("synchronize:shared-head", Ends(WROTE)),
    ("synchronize:shared-written", Ends(WROTE)),
    ("synchronize:shared-set-back", Ends(WROTE)),
    ("synchronize:shared-both", Ends(WROTE)),
    // What is overwritten may have been read already, and may make sense.
    ("synchronize:shared-ring", AtMost(&["LIFE-02"])),
    ("synchronize:shared-read", AtMost(&["LIFE-02"])),
    ("synchronize:shared-cancel", AtMost(&["STOP-02", "STOP-03", "STOP-07"])),
    ("synchronize:shared-crash", Ends("SIGABRT")),
    ("synchronize:shared-cut", Passes),
    ("synchronize:shared-unmapped", Ends("SIGSEGV")),
    ("synchronize:shared-read-only", Ends("SIGSEGV")),
    ("synchronize:unmap-code", Ends("SIGSEGV")),
];

/// What it does to the callback.
const CALLBACKS: &[(&str, Verdict)] = &[
    ("first:wild-texts", Breaks(&["CONN-01", "LOG-02", "PROG-03"])),
    ("synchronize:wild-texts", Breaks(&["CONN-01", "LOG-02", "PROG-03"])),
    ("first:wild-structures", Breaks(&["PROG-01"])),
    ("first:wild-ids", Breaks(&["ERRS-03", "PROG-08"])),
    ("first:text-to-the-end", Breaks(&["LOG-02"])),
    ("first:structure-at-the-end", Breaks(&["LOG-03", "LOG-04", "PROG-01", "PROG-02"])),
    ("first:endless-text", Passes),
    ("first:text-that-vanishes", AtMost(&["LOG-02"])),
    ("first:hostile-texts", Warned(&["CONN-01"])),
    ("first:many-references", Warned(&["CB-03"])),
    ("first:too-many-releases", Breaks(&["CB-05"])),
    ("synchronize:too-many-releases", Breaks(&["CB-05"])),
    ("first:many-threads", Passes),
    ("synchronize:many-threads", Passes),
    ("first:endless-reports", Endless),
    ("first:endless-log", Endless),
    ("first:killed-inside", Ends("SIGKILL")),
    ("first:aborted-inside", Ends("in a worker thread")),
    ("first:exited-inside", Ends("exit code 0")),
    ("first:suspended-inside", AtMost(&["CB-03", "COM-04", "LIFE-03", "SYNC-03"])), // with the host's lock, or without
    ("first:signals-call-back", Passes),
    ("first:signals-interrupt", Passes),
    ("first:fork-inside", Passes),
    ("unset:late", AtMost(&["CB-03", "CB-07"])), // before NULL has returned, or after; its thread may outlast the session
    ("first:thread-end-logs", Passes),
    ("worker:thread-end-logs", Passes),
    ("completed:thread-end-logs", Passes),
    ("first:thread-end-aborts", Ends("in a worker thread")),
    ("worker:thread-end-aborts", Ends("in a worker thread")),
    ("completed:thread-end-aborts", Ends("in a worker thread")),
    ("first:thread-end-segv", Ends("in a worker thread")),
    ("worker:thread-end-segv", Ends("in a worker thread")),
    ("first:thread-end-exits", Ends("exit code 0")),
];

/// What its methods give out.
const ANSWERS: &[(&str, Verdict)] = &[
    ("info:page-end", Breaks(&["INFO-01"])),
    ("info:huge-size", Breaks(&["INFO-03"])),
    ("info:static", Warned(&["INFO-02"])),
    ("info:freed", Warned(&["INFO-02"])),
    ("info:bad-head", Ends("inside GetHandlerInfo: SIGABRT")),
    ("enumerate:null-table", Breaks(&["ENUM-01"])),
    ("enumerate:wild-table", Breaks(&["ENUM-01"])),
    ("enumerate:zero-table", Breaks(&["ENUM-01"])),
    ("enumerate:itself", Breaks(&["COM-10", "ENUM-03"])),
    ("next:huge-size", Breaks(&["ITEM-01"])),
    ("next:count-max", Breaks(&["ENUM-03"])),
    ("next:count-over", Breaks(&["ENUM-03"])),
    ("next:smash", Ends("crashed inside Next: SIG")),
    ("next:none-ok", Breaks(&["ENUM-03"])),
    ("next:endless", Breaks(&["SYNC-08"])), // the enumeration is abandoned, and no item of so many is reported
    ("next:flags", Breaks(&["ITEM-02", "ITEM-05", "ITEM-08"])),
    ("next:fails", Breaks(&["ENUM-05"])),
    ("create:fails", Refused("E_OUTOFMEMORY and no object")),
    ("create:null-table", Breaks(&["COM-10"])),
    ("create:wild-table", Breaks(&["COM-10"])),
    ("class:fails", Refused("DllGetClassObject for")),
    ("class:null-table", Refused("it must store a class factory")),
    ("initialize:fails", Breaks(&["RET-02"])),
    ("release:never", Warned(&["COM-04"])),
];
