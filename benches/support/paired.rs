//! Two ways of doing something, timed in turns: what disturbs the machine disturbs both alike, and falls out of the ratio.

use std::fmt;
use std::time::Duration;

/// How a benchmark was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// By `cargo bench`: enough rounds for a figure.
    Measure,
    /// By `cargo test --benches`: once, to see that it runs.
    Smoke,
}

impl Effort {
    /// `cargo bench` passes `--bench`; `cargo test` does not.
    pub fn from_args() -> Self {
        if std::env::args().any(|arg| arg == "--bench") { Self::Measure } else { Self::Smoke }
    }

    /// The first for a measurement, the second for a mere try.
    pub fn pick<T>(self, measure: T, smoke: T) -> T {
        match self {
            Self::Measure => measure,
            Self::Smoke => smoke,
        }
    }
}

/// The times of both, round by round.
#[derive(Debug, Default)]
pub struct Paired {
    rounds: Vec<(Duration, Duration)>,
}

impl Paired {
    /// Runs one round: both, the one that goes first alternating.
    pub fn round(&mut self, floor: impl FnOnce() -> Duration, subject: impl FnOnce() -> Duration) {
        let (floor, subject) = if self.rounds.len().is_multiple_of(2) {
            let floor = floor();
            (floor, subject())
        } else {
            let subject = subject();
            (floor(), subject)
        };
        self.rounds.push((floor, subject));
    }

    /// What came of the rounds.
    pub fn summary(&self) -> Summary {
        let nanos = |time: Duration| time.as_nanos() as f64;
        Summary {
            rounds: self.rounds.len(),
            floor_ns: Spread::of(self.rounds.iter().map(|(floor, _)| nanos(*floor))),
            subject_ns: Spread::of(self.rounds.iter().map(|(_, subject)| nanos(*subject))),
            ratio: Spread::of(self.rounds.iter().map(|(floor, subject)| nanos(*subject) / nanos(*floor))),
        }
    }
}

/// All rounds; one before them for nothing, after which everything is in the system's caches.
#[allow(dead_code, reason = "a benchmark that measures more than time counts its rounds itself")]
pub fn rounds(many: usize, mut floor: impl FnMut() -> Duration, mut subject: impl FnMut() -> Duration) -> Summary {
    let _ = (floor(), subject());
    let mut paired = Paired::default();
    (0..many).for_each(|_| paired.round(&mut floor, &mut subject));
    paired.summary()
}

/// What came of the rounds; times are of whole rounds.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    pub rounds: usize,
    pub floor_ns: Spread,
    pub subject_ns: Spread,
    /// Subject by floor, each round by itself.
    pub ratio: Spread,
}

/// The middle and the ends of a series.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let (min, max) = (values.first().copied(), values.last().copied());
        Self {
            median: values.get(values.len() / 2).copied().unwrap_or(f64::NAN),
            min: min.unwrap_or(f64::NAN),
            max: max.unwrap_or(f64::NAN),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2}–{:.2})", self.median, self.min, self.max)
    }
}
