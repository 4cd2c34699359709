//! The command line, and the process that starts others and keeps what they stumbled over.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::child::{self, HUNG, PANICKED, Planted, STANDSTILL, Task, current};
use crate::mutate::MOST_TIMES;
use crate::targets::{Place, Target};

/// How long an input may take.
const LIMIT: Duration = Duration::from_secs(5);

/// A child is replaced by a new one after this time, so that what one input leaves behind does not count for ever.
const GENERATION: Duration = Duration::from_secs(10);

/// A child that does not go on for so long after an input's limit cannot even end itself.
const STUCK: Duration = Duration::from_secs(20);

const USAGE: &str = "usage: fuzz MINUTES [--seed N] [--target NAME] | fuzz --input FILE";

/// Any error ends the program with its text.
type Failure = Box<dyn std::error::Error>;

struct Fuzzing {
    program: PathBuf,
    mobsync: PathBuf,
    /// Where faults are kept.
    kept: PathBuf,
    /// A folder for each child.
    folders: tempfile::TempDir,
    seed: u64,
    target: Option<Target>,
    until: Instant,
}

pub fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("fuzz: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &[String]) -> Result<ExitCode, Failure> {
    let program = std::env::current_exe()?;
    // The example stands in a folder beside the program.
    let build = program.parent().and_then(Path::parent).ok_or("the program lies in no folder")?;
    let mobsync = build.join("mobsync");
    if !mobsync.exists() {
        return Err(format!("{} is missing: run scripts/fuzz, which builds it", mobsync.display()).into());
    }
    let folders = tempfile::tempdir()?;
    match words.first().map(String::as_str) {
        Some("--child") => return child_main(&words[1..], mobsync),
        Some("--input") => {
            let file = fs::read(words.get(1).ok_or(USAGE)?)?;
            let place = Place { mobsync, folder: folders.path().to_owned() };
            child::again(&place, &file, LIMIT)?;
            println!("the input is fine");
            return Ok(ExitCode::SUCCESS);
        }
        _ => {}
    }
    let minutes: f64 = words.first().ok_or(USAGE)?.parse().map_err(|_| USAGE)?;
    // What differs from day to day finds more; the seed is said, so that it can be given.
    let mut seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let mut target = None;
    for option in words[1..].chunks(2) {
        match option {
            [name, value] if name == "--seed" => seed = value.parse()?,
            [name, value] if name == "--target" => {
                target = Some(Target::named(value).ok_or_else(|| format!("no target is called {value:?}"))?);
            }
            _ => return Err(USAGE.into()),
        }
    }
    let kept = build.parent().unwrap_or(build).join("fuzz");
    fs::create_dir_all(&kept)?;
    let until = Instant::now() + Duration::from_secs_f64(60.0 * minutes);
    let fuzzing = Fuzzing { program, mobsync, kept, folders, seed, target, until };
    for (planted, name) in Planted::ALL {
        fuzzing.finds(planted, name)?;
    }
    println!("fuzz: finds what is planted; now {minutes} minutes with seed {seed}");
    let many = std::thread::available_parallelism().map_or(1, usize::from);
    let outcomes = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..many)
            .map(|lane| {
                scope.spawn({
                    let fuzzing = &fuzzing;
                    move || fuzzing.lane(lane as u64, many as u64).map_err(|error| error.to_string())
                })
            })
            .collect();
        lanes.into_iter().map(|lane| lane.join().unwrap_or(Err("a thread panicked".to_owned()))).collect::<Vec<_>>()
    });
    let (mut tried, mut faults) = (0, BTreeSet::new());
    for outcome in outcomes {
        let (inputs, found) = outcome?;
        tried += inputs;
        faults.extend(found);
    }
    println!("fuzz: {tried} inputs, {} faults", faults.len());
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn child_main(words: &[String], mobsync: PathBuf) -> Result<ExitCode, Failure> {
    let [folder, seed, first, step, limit, until, target, planted] = words else { return Err(USAGE.into()) };
    let millis = |word: &String| word.parse().map(Duration::from_millis);
    let task = Task {
        place: Place { mobsync, folder: folder.into() },
        targets: Target::named(target).map_or_else(|| Target::ALL.map(|(target, ..)| target).to_vec(), |one| vec![one]),
        seed: seed.parse()?,
        first: first.parse()?,
        step: step.parse()?,
        limit: millis(limit)?,
        until: millis(until)?,
    };
    let planted = Planted::ALL.into_iter().find(|(_, name)| name == planted).map(|(planted, _)| planted);
    child::run(&task, planted)?;
    Ok(ExitCode::SUCCESS)
}

impl Fuzzing {
    /// A number of its own for every input of a lane; a child goes on where the last one stopped.
    fn lane(&self, lane: u64, many: u64) -> Result<(u64, BTreeSet<String>), Failure> {
        let place = self.place(&format!("lane-{lane}"))?;
        let (mut next, mut tried, mut faults) = (lane, 0, BTreeSet::new());
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok((tried, faults));
            }
            let arguments = [next.to_string(), many.to_string(), LIMIT.as_millis().to_string()];
            let child = self.start(&place, &arguments, left.min(GENERATION), "")?;
            let (status, said) = finish(child, &place)?;
            if status.success() && !current(&place).exists() {
                // The time was over before it began.
                continue;
            }
            let file = fs::read(current(&place))?;
            let number = number_of(&file, 1).ok_or("the child left no number behind")?;
            tried += number_of(&file, 2).unwrap_or_default();
            fs::remove_file(current(&place))?;
            next = number + many;
            if !status.success() {
                self.keep(&file, &said, status, &mut faults)?;
            }
        }
    }

    fn place(&self, name: &str) -> Result<Place, Failure> {
        let folder = self.folders.path().join(name);
        fs::create_dir(&folder)?;
        Ok(Place { mobsync: self.mobsync.clone(), folder })
    }

    /// `numbers` are the first number, the step, and the limit of an input in milliseconds.
    fn start(&self, place: &Place, numbers: &[String; 3], until: Duration, planted: &str) -> Result<Child, Failure> {
        let mut command = Command::new(&self.program);
        command.arg("--child").arg(&place.folder).arg(self.seed.to_string()).args(numbers);
        command.arg(until.as_millis().to_string()).arg(self.target.map_or("all", Target::name)).arg(planted);
        // One arena: memory that is only reserved does not count, but each arena would be used a little.
        command.env("MALLOC_ARENA_MAX", "2").env_remove("RUST_BACKTRACE");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(place.folder.join("said"))?);
        Ok(command.spawn()?)
    }

    /// A check that cannot fail says nothing.
    fn finds(&self, planted: Planted, name: &str) -> Result<(), Failure> {
        let place = self.place(name)?;
        // What stands still uses no processor time: a small limit of it does not hurt the others.
        let limit = if planted == Planted::Hang { "100" } else { "5000" };
        let numbers = ["0", "1", limit].map(str::to_owned);
        let (status, said) = finish(self.start(&place, &numbers, GENERATION, name)?, &place)?;
        let found = match planted {
            Planted::Panic => status.code() == Some(PANICKED),
            Planted::Hang => status.code() == Some(HUNG),
            Planted::Memory => status.code().is_none() && said.contains("memory allocation"),
        };
        if found { Ok(()) } else { Err(format!("a planted {name} was not found: {status}: {said}").into()) }
    }

    /// Keeps an input, and says how to try it again. One of each kind.
    fn keep(&self, file: &[u8], said: &str, status: ExitStatus, faults: &mut BTreeSet<String>) -> Result<(), Failure> {
        let target = String::from_utf8_lossy(file).split(' ').next().unwrap_or_default().to_owned();
        // A panic is where it was; its message may be about the input.
        let how =
            said.lines().find(|line| line.contains("panicked at")).unwrap_or(said.lines().next().unwrap_or_default());
        let how: String = how.chars().take(200).collect();
        if !faults.insert(format!("{target}: {status}: {how}")) {
            return Ok(());
        }
        let number = number_of(file, 1).unwrap_or_default();
        let kept = self.kept.join(format!("{target}-{}-{number}", self.seed));
        fs::write(&kept, file)?;
        fs::write(kept.with_extension("txt"), said)?;
        let why: Vec<&str> = said.lines().take(12).collect();
        println!("fuzz: {target}: {status}\n    {}", why.join("\n    ").chars().take(1500).collect::<String>());
        println!("  reproduce with: scripts/fuzz --input {}", kept.display());
        Ok(())
    }
}

/// A number in the first line of the file: at 1 that of the input, at 2 how many were tried.
fn number_of(file: &[u8], at: usize) -> Option<u64> {
    let head = file.split(|byte| *byte == b'\n').next()?;
    std::str::from_utf8(head).ok()?.split(' ').nth(at)?.parse().ok()
}

/// Waits for a child; one that stands still at one input is ended.
fn finish(mut child: Child, place: &Place) -> Result<(ExitStatus, String), Failure> {
    let mut seen = (None, Instant::now());
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
        let changed = fs::metadata(current(place)).and_then(|data| data.modified()).ok();
        if changed != seen.0 {
            seen = (changed, Instant::now());
        } else if seen.1.elapsed() > LIMIT * MOST_TIMES as u32 * STANDSTILL + STUCK {
            child.kill()?;
        }
    };
    let said = fs::read(place.folder.join("said"))?;
    Ok((status, String::from_utf8_lossy(&said).into_owned()))
}
