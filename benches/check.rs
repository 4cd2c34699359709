//! `mobsync check` of a long trace: the program itself, from its start to its end. The floor is what nothing that reads
//! traces can do without: splitting the lines, and `serde_json` making an event of each.

mod support;

use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use mobsync::protocol::{
    Call, CallId, CallMethod, Callback, ConnectionClosed, Created, EstablishConnection, Event, EventKind, Guid,
    HResult, HandlerFlags, HandlerId, HandlerInfo, Initialize, Item, ItemState, LogError, LogErrorInfo, LogLevel, Note,
    Out, PrepareForSync, ProgressItem, Return, SetProgressCallback, ShowError, ShowErrorCompleted, Status, SyncEvent,
    SyncFlags, Synchronize, Thread, Walk,
};
use mobsync::trace::{Header, Writer};
use support::paired::{Effort, Paired};

/// At most this many times the floor.
const TARGET: f64 = 1.5;

/// How much more memory the program may use for the long trace than for a tenth of it.
const MEMORY_TOLERANCE_KIB: u64 = 1024;

fn main() -> io::Result<()> {
    let effort = Effort::from_args();
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("long.jsonl");
    let events = effort.pick(1_000_000, 2_000);
    write_trace(&path, events)?;

    let mut paired = Paired::default();
    for _ in 0..effort.pick(11, 1) {
        paired.round(|| time(|| parse(&path, events)), || time(|| check(&path)));
    }
    let summary = paired.summary();
    println!("check: mobsync check of a trace of {events} events, against serde_json making events of its lines");
    println!(
        "  {} times the floor, target {TARGET:.1}; {:.0} ms against {:.0} ms; {} rounds",
        summary.ratio,
        summary.subject_ns.median / 1e6,
        summary.floor_ns.median / 1e6,
        summary.rounds,
    );

    let short = folder.path().join("short.jsonl");
    write_trace(&short, events / 10)?;
    match (peak_memory(&short)?, peak_memory(&path)?) {
        (Some(few), Some(many)) => {
            println!("  peak memory: {few} KiB for {} events, {many} KiB for {events} events", events / 10);
            assert!(many <= few + MEMORY_TOLERANCE_KIB, "the memory of check grows with the events");
        }
        _ => println!("  peak memory: not measured, for there is no /proc/PID/status here"),
    }
    Ok(())
}

fn time<T>(act: impl FnOnce() -> io::Result<T>) -> Duration {
    let began = Instant::now();
    act().expect("the trace can be read");
    began.elapsed()
}

/// The floor. Reads as the program does: the same buffer for the file, one buffer for all lines.
fn parse(path: &Path, events: u64) -> io::Result<()> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut line = Vec::with_capacity(1024);
    file.read_until(b'\n', &mut line)?;
    let mut parsed = 0;
    loop {
        line.clear();
        if file.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        black_box(serde_json::from_slice::<Event>(&line)?);
        parsed += 1;
    }
    assert_eq!(parsed, events, "the trace has another length");
    Ok(())
}

/// The program. With --strict its exit code says that it found nothing at all.
fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    program.args(["check", "--strict"]).stdout(Stdio::null());
    program
}

fn check(path: &Path) -> io::Result<()> {
    found_nothing(program().arg(path).status()?);
    Ok(())
}

fn found_nothing(status: ExitStatus) {
    assert!(status.success(), "mobsync check found something in a legal session: {status}");
}

/// The peak of the program's resident memory in KiB. It reads the trace from a pipe, and is looked at when it has all but the
/// few KiB that the pipe holds, and cannot end before the pipe is closed.
fn peak_memory(path: &Path) -> io::Result<Option<u64>> {
    let mut child = program().arg("-").stdin(Stdio::piped()).spawn()?;
    let mut pipe = child.stdin.take().expect("its standard input is a pipe");
    io::copy(&mut File::open(path)?, &mut pipe)?;
    let peak = peak_of(&child);
    drop(pipe);
    found_nothing(child.wait()?);
    Ok(peak)
}

/// `VmHWM` of a running process, where the system has it.
fn peak_of(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// How many reports of progress a round of the session has, for all items together.
const REPORTS: u64 = 20_000;

/// What else a round has, in events; what lies between two rounds; and what ends the session.
const ROUND: u64 = 18;
const RETRY: u64 = 4;
const END: u64 = 5;

/// Writes a legal session of so many events: four items, each worked on by a thread of its own. One item fails in every round
/// but the last, the user looks at the error, and all is done again.
fn write_trace(path: &Path, events: u64) -> io::Result<()> {
    let output = BufWriter::with_capacity(1 << 16, File::create(path)?);
    let header = Header { handler: "benchmark".to_owned(), ..Header::default() };
    let mut session = Recorder { writer: Writer::new(output, &header)?, seq: 0, calls: 0 };
    session.open()?;
    let mut left = events - session.seq - END;
    while left > 2 * (2 * REPORTS + ROUND + RETRY) {
        let error = Guid::from_u128(0x1000 + u128::from(left));
        session.round(REPORTS, Some(error))?;
        session.retry(error)?;
        left -= 2 * REPORTS + ROUND + RETRY;
    }
    session.round((left - ROUND) / 2, None)?;
    session.end()?;
    assert_eq!(session.seq, events, "the session has another length");
    session.writer.into_inner().flush()
}

struct Recorder<W> {
    writer: Writer<W>,
    seq: u64,
    calls: u64,
}

fn items() -> [Guid; 4] {
    ["A", "B", "C", "D"].map(|letter| Guid::from_alias(letter).expect("a letter is a short name"))
}

impl<W: Write> Recorder<W> {
    fn event(&mut self, thread: &Thread, kind: EventKind) -> io::Result<()> {
        self.seq += 1;
        let (seq, at_ns) = (self.seq, 1_000 * self.seq);
        self.writer.write(&Event { seq, at_ns, thread: thread.clone(), handler: HandlerId::FIRST, kind })
    }

    fn next_call(&mut self) -> CallId {
        self.calls += 1;
        CallId(self.calls)
    }

    /// A call, what happens inside it, and its return.
    fn call(&mut self, what: Call, out: Out, inside: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        let (call, method) = (self.next_call(), what.method());
        self.event(&Thread::APARTMENT, EventKind::Call { call, what: Box::new(what) })?;
        inside(self)?;
        let hr = if method == CallMethod::Next { HResult::S_FALSE } else { HResult::S_OK };
        self.event(&Thread::APARTMENT, EventKind::Return { call, what: Box::new(Return { method, hr, out }) })
    }

    fn simple_call(&mut self, what: Call, out: Out) -> io::Result<()> {
        self.call(what, out, |_| Ok(()))
    }

    /// Callbacks that are all open at once, and their replies.
    fn callbacks<const N: usize>(&mut self, made: [(&Thread, Callback); N]) -> io::Result<()> {
        let mut open = Vec::with_capacity(N);
        for (thread, what) in made {
            let call = self.next_call();
            open.push((thread, call, what.method()));
            self.event(thread, EventKind::Callback { call, what })?;
        }
        let hr = HResult::S_OK;
        open.into_iter()
            .try_for_each(|(thread, call, method)| self.event(thread, EventKind::Reply { call, method, hr }))
    }

    fn open(&mut self) -> io::Result<()> {
        let created = Note::Created(Created::of("benchmark"));
        self.event(&Thread::APARTMENT, EventKind::Note(Box::new(created)))?;
        let flags = SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER);
        self.simple_call(Call::Initialize(Initialize::new(flags)), Out::default())?;
        let info = HandlerInfo {
            name: "benchmark".into(),
            flags: HandlerFlags::MAYESTABLISHCONNECTION,
            ..HandlerInfo::default()
        };
        self.simple_call(Call::GetHandlerInfo, Out { info: Some(info), ..Out::default() })?;
        self.simple_call(Call::EnumSyncMgrItems, Out { enumerator: Some(1), ..Out::default() })?;
        let item =
            |id: Guid| Item { id, name: id.to_string().as_str().into(), state: ItemState::CHECKED, ..Item::default() };
        let out = Out { fetched: Some(4), items: items().map(item).into(), ..Out::default() };
        self.simple_call(Call::Next(Walk::new(1, 16)), out)?;
        self.simple_call(Call::SetProgressCallback(SetProgressCallback { callback: Some(1) }), Out::default())?;
        let connection = EstablishConnection { name: None, reserved: 0 };
        self.callbacks([(&Thread::APARTMENT, Callback::EstablishConnection(connection))])
    }

    /// Prepares and synchronizes all items; with an error, one of them fails.
    fn round(&mut self, reports: u64, error: Option<Guid>) -> io::Result<()> {
        let prepare = Call::PrepareForSync(PrepareForSync { items: items().into(), hwnd: 0, reserved: 0 });
        self.call(prepare, Out::default(), |session| {
            session.callbacks([(&Thread::APARTMENT, Callback::prepare_completed(HResult::S_OK))])
        })?;
        self.simple_call(Call::Synchronize(Synchronize::default()), Out::default())?;
        let threads = ["worker-1", "worker-2", "worker-3", "worker-4"].map(Thread::from);
        let max = i32::try_from(reports).unwrap_or(i32::MAX);
        let report = |at: i32| {
            let which = at as usize % 4;
            let progress = ProgressItem::status(Status::UPDATING).at(at, max).text(format!("file-{at:05}.txt"));
            (&threads[which], Callback::progress(items()[which], progress))
        };
        let mut at = 0;
        while at < max {
            // Now and then two threads are inside a callback at once.
            if at % 16 == 0 && at + 1 < max {
                self.callbacks([report(at), report(at + 1)])?;
                at += 2;
            } else {
                self.callbacks([report(at)])?;
                at += 1;
            }
        }
        for (which, item) in items().into_iter().enumerate() {
            let failed = which == 0 && error.is_some();
            let status = if failed { Status::FAILED } else { Status::SUCCEEDED };
            self.callbacks([(&threads[which], Callback::progress(item, ProgressItem::status(status)))])?;
        }
        let info = error.map(|error| Box::new(LogErrorInfo::jump(error, Some(items()[0]))));
        let level = if error.is_some() { LogLevel::ERROR } else { LogLevel::INFORMATION };
        let log = LogError { level, text: Some("what there is to say of it".into()), info };
        self.callbacks([(&threads[0], Callback::LogError(log))])?;
        let hr = if error.is_some() { HResult::E_FAIL } else { HResult::S_OK };
        self.callbacks([(&threads[0], Callback::synchronize_completed(hr))])
    }

    /// The user looks at the error and wants everything done again.
    fn retry(&mut self, error: Guid) -> io::Result<()> {
        self.call(Call::ShowError(ShowError { error, hwnd: 0 }), Out::default(), |session| {
            let again = ShowErrorCompleted { hr: HResult::S_SYNCMGR_RETRYSYNC, items: items().into() };
            session.callbacks([(&Thread::APARTMENT, Callback::ShowErrorCompleted(again))])
        })
    }

    fn end(&mut self) -> io::Result<()> {
        self.simple_call(Call::SetProgressCallback(SetProgressCallback { callback: None }), Out::default())?;
        self.simple_call(Call::Release, Out { refs: Some(0), ..Out::default() })?;
        let closed = Note::ConnectionClosed(ConnectionClosed { name: None });
        self.event(&Thread::APARTMENT, EventKind::Note(Box::new(closed)))
    }
}
