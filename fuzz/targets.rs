//! What is tried: everything that the program reads. A target that finds a fault panics.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use mobsync::handler::script;
use mobsync::job::{Handler, RingImage, Terms};
use mobsync::protocol::{CallMethod, Event};
use mobsync::report::diff::{Compared, Layout, human as human_diff, json as json_diff};
use mobsync::report::{self, Baseline, Filter, Format, Part, Report, Scope, Style};
use mobsync::runner::{self, JudgedTrace, RunOptions};
use mobsync::scenario;
use mobsync::trace::diff::diff;
use mobsync::trace::notation::{self, Printer};
use mobsync::trace::{Header, Reader, TraceReader, Writer};

use crate::mutate::Samples;

/// A kind of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Traces, as JSON lines and in the notation: read, judged, reported, printed, written, compared.
    Trace,
    /// Scenarios: read, written, and replayed against a script.
    Scenario,
    /// Scripts: read and run.
    Script,
    /// Reports as JSON: read, rendered, merged.
    Report,
    /// Baselines: read, and applied to findings.
    Baseline,
    /// Handler files of every kind: read, not run.
    HandlerFile,
    /// Lines that a program of `--exec` writes: read.
    Wire,
    /// The lines of a whole program of `--exec`: a session with it.
    Program,
    /// What a worker shares with its parent.
    Ring,
    /// Lines for `mobsync debug`.
    Debugger,
    /// Words of the command line that have a form of their own.
    Words,
}

impl Target {
    pub const ALL: [(Self, &str, &[&str]); 11] = [
        (Self::Trace, "trace", &["fixtures/traces", "fixtures/fuzz/trace"]),
        (Self::Scenario, "scenario", &["fixtures/scenarios", "fixtures/hostile"]),
        (Self::Script, "script", &["fixtures/handlers", "fixtures/mutants", "fixtures/hostile"]),
        (Self::Report, "report", &["fixtures/fuzz/report"]),
        (Self::Baseline, "baseline", &["fixtures/baselines", "fixtures/fuzz/baseline"]),
        (Self::HandlerFile, "handler-file", &["fixtures/handlers", "fixtures/fuzz/handler-file"]),
        (Self::Wire, "wire", &["fixtures/fuzz/wire"]),
        (Self::Program, "program", &["fixtures/fuzz/wire"]),
        (Self::Ring, "ring", &["fixtures/traces", "fixtures/fuzz/trace"]),
        (Self::Debugger, "debugger", &["fixtures/fuzz/debugger"]),
        (Self::Words, "words", &["fixtures/fuzz/words"]),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(target, ..)| *target == self).map_or("", |(_, name, _)| name)
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known, _)| *known == name).map(|(target, ..)| target)
    }

    /// Of so many inputs one is of this target: those that start a process are rare.
    pub fn one_of(self) -> usize {
        match self {
            Self::Program | Self::Debugger => 24,
            Self::Scenario | Self::Script => 2,
            _ => 1,
        }
    }

    /// Its samples; `mobsync` and the folder for files are those of [`Place`].
    pub fn samples(self) -> io::Result<Samples> {
        let folders =
            Self::ALL.into_iter().find(|(target, ..)| *target == self).map_or(&[][..], |(.., folders)| folders);
        let mut files = Vec::new();
        for folder in folders {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_file() {
                    files.push(path);
                }
            }
        }
        files.sort();
        let mut samples = files.iter().map(fs::read).collect::<io::Result<Vec<_>>>()?;
        if self == Self::Ring {
            samples = samples.iter().filter_map(|sample| ring_bytes(sample).transpose()).collect::<io::Result<_>>()?;
        }
        Ok(Samples::new(samples))
    }
}

/// Where inputs are tried.
pub struct Place {
    /// The program.
    pub mobsync: PathBuf,
    /// A folder of this process's own.
    pub folder: PathBuf,
}

impl Place {
    /// Tries an input.
    ///
    /// # Panics
    /// When the library, or what comes of the input, is wrong.
    pub fn attempt(&self, target: Target, input: &[u8]) {
        let text = String::from_utf8_lossy(input);
        match target {
            Target::Trace => trace(input),
            Target::Scenario => self.scenario(&text),
            Target::Script => script(&text),
            Target::Report => report(&text),
            Target::Baseline => baseline(&text),
            Target::HandlerFile => self.handler_file(input),
            Target::Wire => wire(input),
            Target::Program => self.program(input),
            Target::Ring => ring(input),
            Target::Debugger => self.debugger(input),
            Target::Words => words(&text),
        }
    }

    fn scenario(&self, text: &str) {
        let file = Path::new("input.json");
        let scenario = match scenario::parse(text, file) {
            Ok(scenario) => scenario,
            Err(error) => return refused(&error),
        };
        let written = scenario::to_text(&scenario).expect("a scenario can be written");
        let again = scenario::parse(&written, file);
        assert_eq!(again.as_ref(), Ok(&scenario), "written and read: {written}");
        let handler = Handler::from_script(script::parse(GOOD, file).expect("the good script"));
        let terms = Terms::scenario(scenario.clone());
        let mut events: Vec<Event> = Vec::new();
        let Ok(session) = runner::run(&handler, &terms, &RunOptions::default(), &mut events) else { return };
        let findings: Vec<_> = session.judged.findings().cloned().collect();
        let steps = session.steps.into_iter().next().unwrap_or_default();
        let came = scenario::Observed {
            events: &events,
            session: session.judged.session(),
            findings: &findings,
            steps: &steps,
        };
        let _ = scenario::check(&scenario.expect, &came);
        let (expect, _) = scenario::blessed(&scenario, &came);
        let copy = self.folder.join("blessed.json");
        fs::write(&copy, text).expect("the folder can be written to");
        if let Err(error) = scenario::rewrite(&copy, &expect) {
            panic!("what was read cannot be rewritten: {error}");
        }
        let blessed = scenario::load(&copy).expect("what was rewritten can be read");
        assert_eq!(blessed.expect, expect, "what was rewritten says the same");
    }

    fn handler_file(&self, input: &[u8]) {
        let file = self.folder.join("handler.json");
        fs::write(&file, input).expect("the folder can be written to");
        match Handler::find(&file.to_string_lossy(), &[], None) {
            Ok(handler) => drop(handler.name()),
            Err(error) => refused(&error),
        }
    }

    /// The program says a line for each that it hears.
    fn program(&self, input: &[u8]) {
        let file = self.folder.join("says");
        fs::write(&file, input).expect("the folder can be written to");
        let says = "while read -r _ && IFS= read -r line <&3; do printf '%s\\n' \"$line\"; done 3<\"$0\"; cat >&2";
        let command = ["sh", "-c", says, &file.to_string_lossy()].map(str::to_owned).to_vec();
        let factory = mobsync::handler::exec::ExecFactory::new(command, None, "input".to_owned());
        let mut terms = Terms::default();
        terms.limits.timeout_ns = 300_000_000;
        terms.session_ns = Some(1_000_000_000);
        let handler = Handler::from_factory(std::sync::Arc::new(factory));
        let session = runner::run(&handler, &terms, &RunOptions::default(), &mut ());
        let mut session = session.expect("a shell can be started");
        let mut report = Report::new(handler.name(), terms.profile, None, &filter());
        let record = session.judged.take_record("input", None);
        report.add_case(record, session.judged.monitor(), &filter());
        rendered(&report);
    }

    fn debugger(&self, input: &[u8]) {
        let file = self.folder.join("commands");
        fs::write(&file, input).expect("the folder can be written to");
        let script = fs::canonicalize("fixtures/handlers/completes-twice.json").expect("the fixture");
        let mut command = Command::new(&self.mobsync);
        // Whatever it is told to write lies in the folder.
        command.arg("debug").arg(script).current_dir(&self.folder);
        let output = command.stdin(fs::File::open(&file).expect("it was written")).output().expect("mobsync starts");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(matches!(output.status.code(), Some(0..=2)), "{:?}: {said}", output.status);
        assert!(!said.contains("panicked at"), "{said}");
        assert_plain(&said.replace('\t', " "));
        let record = self.folder.join("again");
        let _ = fs::remove_file(record);
    }
}

/// A script without a mistake.
const GOOD: &str = include_str!("../fixtures/handlers/good.json");

fn filter() -> Filter {
    Filter::default()
}

/// No text may make a terminal or a CI system do something.
fn assert_plain(text: &str) {
    let bad = |c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{feff}');
    assert!(!text.contains(bad), "it would reach a terminal: {text:?}");
    let commands = text.lines().any(|line| line.trim_start().starts_with("::"));
    assert!(!commands, "a CI system would heed it: {text:?}");
}

/// An error has words, whatever is in them; the program makes them plain when it prints them.
fn refused(error: &dyn std::error::Error) {
    assert!(!error.to_string().trim().is_empty(), "{error:?}");
}

/// The report in one of the forms, which the length of its handler's name and the number of its findings choose: so an input is
/// quick, and still always does the same.
fn rendered(report: &Report) {
    const FORMATS: [Format; 5] = [Format::Human, Format::Json, Format::Junit, Format::Sarif, Format::Github];
    let format = FORMATS[(report.handler.len() + report.findings.len()) % FORMATS.len()];
    let text = report::render(report, format, Style::default()).expect("every report can be rendered");
    match format {
        // Its own commands begin so.
        Format::Github => assert_plain(&text.replace("::error", "").replace("::warning", "").replace("::notice", "")),
        Format::Human => assert_plain(&text),
        _ => {
            let bad = |c: char| c.is_control() && c != '\n' && c != '\t';
            assert!(!text.contains(bad), "{format:?}: {text:?}");
        }
    }
    if format == Format::Json {
        let read = report::parse_report(&text, Path::new("report.json"));
        assert!(read.is_ok(), "a report of ours can be read: {:?}", read.err());
    }
}

fn report_of(read: &mut JudgedTrace, filter: &Filter) -> Report {
    let error = read.incomplete("input");
    let mut report = Report::new(&*read.header.handler, read.header.profile, read.header.seed, filter);
    let record = read.judged.take_record("input", None);
    report.add_case(runner::CaseRecord { error, ..record }, read.judged.monitor(), filter);
    report.add_items(read.judged.session());
    report
}

/// How many events of a trace are written, printed and compared.
const MOST_EVENTS: usize = 4000;

fn trace(input: &[u8]) {
    let reader = || TraceReader::new(input, "input");
    let mut reading = match reader() {
        Ok(reading) => reading,
        Err(error) => return refused(&error),
    };
    let header = reading.header().clone();
    let mut events = Vec::new();
    for event in &mut reading {
        match event {
            Ok(event) => events.push(event),
            Err(error) => refused(&error),
        }
    }
    // Of very many events, all are judged; the rest is done with some, to be done with it.
    events.truncate(MOST_EVENTS);
    judged(&header, &events);
    let mut read = runner::judge_trace(reader().expect("it was read"), None, None);
    rendered(&report_of(&mut read, &filter()));

    let mut printed = String::new();
    Printer::header(&header, &mut printed);
    let mut printer = Printer::new();
    events.iter().for_each(|event| printer.event(event, &mut printed));
    printer.finish(&mut printed);
    assert_plain(&printed);
    // Where it is a session that may be written so, it is read as what it was; else it is refused in words.
    if let Err(error) = notation::parse(&printed, "printed") {
        refused(&error);
    }
    compared(&events);
}

/// What is written is read again as the same.
fn judged(header: &Header, events: &[Event]) {
    let mut writer = Writer::new(Vec::new(), header).expect("memory can be written to");
    events.iter().for_each(|event| writer.write(event).expect("memory can be written to"));
    let written = writer.into_inner();
    let reader = Reader::new(&*written, "written").expect("what was written can be read");
    assert_eq!(reader.header(), header);
    let again: Result<Vec<Event>, _> = reader.collect();
    assert_eq!(again.as_deref(), Ok(events), "{}", String::from_utf8_lossy(&written));
}

fn compared(events: &[Event]) {
    assert_eq!(diff(events, events), None, "a trace is like itself");
    let half = [&events[..events.len() / 3], &events[events.len() / 2..]].concat();
    let (a, b) = (Compared { file: "a", events: events.len() }, Compared { file: "b", events: half.len() });
    let difference = diff(events, &half);
    assert_plain(&human_diff(a, b, difference.as_ref(), Layout::for_width(100), false));
    json_diff(a, b, difference.as_ref()).expect("a difference can be written");
}

fn script(text: &str) {
    let script = match script::parse(text, Path::new("input.json")) {
        Ok(script) => script,
        Err(error) => return refused(&error),
    };
    let handler = Handler::from_script(script);
    let terms = Terms::default();
    let mut session = match runner::run(&handler, &terms, &RunOptions::default(), &mut ()) {
        Ok(session) => session,
        Err(error) => return refused(&error),
    };
    let mut report = Report::new(handler.name(), terms.profile, Some(0), &filter());
    let record = session.judged.take_record("input", None);
    report.add_case(record, session.judged.monitor(), &filter());
    report.add_items(session.judged.session());
    rendered(&report);
}

fn report(text: &str) {
    let file = PathBuf::from("input.json");
    let report = match report::parse_report(text, &file) {
        Ok(report) => report,
        Err(error) => return refused(&error),
    };
    rendered(&report);
    let parts = vec![Part { file, report }];
    match report::common_baseline(&parts).map(|baseline| filter().accepting(baseline)) {
        Ok(filter) => match report::merge(parts, &filter) {
            Ok(merged) => rendered(&merged),
            Err(error) => refused(&error),
        },
        Err(error) => refused(&error),
    }
}

fn baseline(text: &str) {
    const TRACE: &str = "opening synchronized\nhandler SynchronizeCompleted S_OK @worker-2\n";
    let baseline = match Baseline::parse(text, Path::new("input.json")) {
        Ok(baseline) => baseline,
        Err(error) => return refused(&error),
    };
    let filter = filter().accepting(baseline);
    let reader = TraceReader::new(TRACE.as_bytes(), "trace").expect("the trace");
    let mut report = report_of(&mut runner::judge_trace(reader, None, None), &filter);
    report.judge_baseline(Scope::Sample);
    rendered(&report);
}

fn wire(input: &[u8]) {
    const OPEN: [CallMethod; 4] =
        [CallMethod::GetHandlerInfo, CallMethod::EnumSyncMgrItems, CallMethod::Next, CallMethod::Synchronize];
    for line in input.split(|byte| *byte == b'\n') {
        for open in OPEN {
            // What is wrong with it goes into a trace, and is made plain where it is printed.
            let _ = mobsync::handler::exec::understand(line, open);
        }
    }
}

/// The memory as bytes: the two positions, the lengths of what a crash leaves, that, and the ring.
fn ring_bytes(trace: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let Ok(reader) = TraceReader::new(trace, "sample") else { return Ok(None) };
    let events: Vec<Event> = reader.map_while(Result::ok).collect();
    let image = RingImage::of(&events)?;
    let frame = 0x1234_u64.to_le_bytes();
    let maps = b"1000-2000 r-xp 00000000 fe:00 1 /bin/true\n3000-4000 r-xp 00000000 fe:00 1 /dev/zero\n";
    let mut bytes = Vec::new();
    bytes.extend(image.positions.0.to_le_bytes());
    bytes.extend(image.positions.1.to_le_bytes());
    bytes.extend([16, 0, 8 + maps.len() as u8, 0]);
    bytes.extend(1_u64.to_le_bytes());
    bytes.extend(frame);
    bytes.extend((maps.len() as u64).to_le_bytes());
    bytes.extend(maps);
    bytes.extend(image.ring);
    Ok(Some(bytes))
}

fn ring(input: &[u8]) {
    fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
        let (taken, left) = rest.split_at(rest.len().min(N));
        *rest = left;
        let mut bytes = [0; N];
        bytes[..taken.len()].copy_from_slice(taken);
        bytes
    }
    let mut rest = input;
    let positions = (u64::from_le_bytes(take(&mut rest)), u64::from_le_bytes(take(&mut rest)));
    let lengths = [u16::from_le_bytes(take(&mut rest)), u16::from_le_bytes(take(&mut rest))];
    let mut part = |length: u16| {
        let (part, left) = rest.split_at(rest.len().min(length.into()));
        rest = left;
        part.to_vec()
    };
    let (crash, maps) = (part(lengths[0]), part(lengths[1]));
    let image = RingImage { positions, crash, maps, ring: rest.to_vec() };
    let handler = Handler::from_script(script::parse(GOOD, Path::new("good.json")).expect("the good script"));
    let events = image.received(&handler, &Terms::default()).expect("memory can be shared");
    let header = Header::default();
    let mut judged = runner::Judged::new(runner::conditions_of(&header, None));
    events.iter().for_each(|event| judged.observe(event.clone(), event.seq));
    judged.finish();
    let mut read = JudgedTrace { header, judged, broken: None };
    rendered(&report_of(&mut read, &filter()));
}

fn words(text: &str) {
    for word in text.lines().take(100) {
        let _ = word.parse::<mobsync::protocol::Guid>();
        let _ = word.parse::<mobsync::protocol::Delay>();
        let _ = word.parse::<mobsync::protocol::FileTime>();
        let selected = [word.to_owned()];
        if let Err(error) = Filter::new(&selected, &selected, false) {
            refused(&error);
        }
        // A library or a file of that name is only looked for.
        for handler in [Handler::exec(word), Handler::find(word, &[], None), Handler::find("filesync", &selected, None)]
        {
            if let Err(error) = handler {
                refused(&error);
            }
        }
    }
}
