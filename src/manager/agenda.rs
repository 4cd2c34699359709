//! What a schedule brings about when, without a clock: whoever has one says what time it is.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

use super::schedule::{Missed, Patterns, Schedule, Scheduled};

/// A time that is further back was missed: what should have happened then could not be started.
const LATE: TimeDelta = TimeDelta::minutes(1);

/// How many missed times are counted.
const MOST_COUNTED: usize = 1000;

/// An event that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What happens.
    pub what: Scheduled,
    /// At which time it should.
    pub at: DateTime<Utc>,
}

/// What there is to say of the schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The time of the event has passed, so often, while nothing could be started.
    Missed {
        /// The last time.
        due: Due,
        /// How often; no more than a thousand are counted.
        times: usize,
    },
    /// The event is due again, and still waits for its turn.
    Waits(Due),
}

/// What is due, and what comes next.
#[derive(Clone, Debug)]
pub struct Agenda {
    schedule: Schedule,
    patterns: Patterns,
    /// All that comes after this time is still to come.
    seen: DateTime<Utc>,
    /// What is due and waits for what runs now, in the order of its times.
    waiting: VecDeque<Due>,
}

impl Agenda {
    /// Of a schedule. What was due since `since` was missed.
    pub fn new(schedule: Schedule, since: DateTime<Utc>) -> Self {
        Self { patterns: Patterns::of(&schedule), schedule, seen: since, waiting: VecDeque::new() }
    }

    /// Another schedule takes its place. What waits still has its turn.
    pub fn replace(&mut self, schedule: Schedule) {
        self.patterns = Patterns::of(&schedule);
        self.schedule = schedule;
    }

    /// When something is due next.
    pub fn next(&self) -> Option<DateTime<Utc>> {
        (0..self.schedule.events.len()).filter_map(|at| self.patterns.next(at, self.seen)).min()
    }

    /// It is `now`: what was due until now waits for its turn. An event that waits already does not wait twice.
    pub fn advance(&mut self, now: DateTime<Utc>) -> Vec<Told> {
        let (mut told, mut due) = (Vec::new(), Vec::new());
        for (at, what) in self.schedule.events.iter().enumerate() {
            let times = std::iter::successors(self.patterns.next(at, self.seen), |last| self.patterns.next(at, *last));
            let (mut late, mut last) = (0, None);
            for time in times.take_while(|time| *time <= now) {
                let one = Due { what: what.clone(), at: time };
                if now - time <= LATE {
                    due.push(one);
                } else if late < MOST_COUNTED {
                    late += 1;
                    last = Some(one);
                } else {
                    break;
                }
            }
            if let Some(missed) = last {
                if what.missed == Missed::Run {
                    due.push(missed.clone());
                }
                told.push(Told::Missed { due: missed, times: late });
            }
        }
        due.sort_by_key(|due| due.at);
        for one in due {
            if self.waiting.iter().any(|waiting| waiting.what == one.what) {
                told.push(Told::Waits(one));
            } else {
                self.waiting.push_back(one);
            }
        }
        self.seen = self.seen.max(now);
        told
    }

    /// Takes what is due first.
    pub fn take(&mut self) -> Option<Due> {
        self.waiting.pop_front()
    }

    /// What is due and waits, in its order.
    pub fn waiting(&self) -> impl Iterator<Item = &Due> {
        self.waiting.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agenda(events: &str, since: &str) -> Agenda {
        let text = format!(r#"{{"format": "mobsync-schedule", "version": 1, "zone": "utc", "events": [{events}]}}"#);
        Agenda::new(Schedule::parse(&text, "s.json".as_ref()).expect("it is a schedule"), time(since))
    }

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect("it is a time")
    }

    fn taken(agenda: &mut Agenda) -> Vec<String> {
        std::iter::from_fn(|| agenda.take()).map(|due| format!("{} {}", due.what.event.name(), due.at)).collect()
    }

    #[test]
    fn what_is_due_comes_in_the_order_of_its_times() {
        let mut agenda =
            agenda(r#"{"at": "30 8 * * *"}, {"at": "0 8 * * *", "event": "idle"}"#, "2026-01-05T00:00:00Z");
        assert_eq!(agenda.next(), Some(time("2026-01-05T08:00:00Z")));
        assert_eq!(agenda.advance(time("2026-01-05T08:00:00Z")), []);
        assert_eq!(agenda.next(), Some(time("2026-01-05T08:30:00Z")));
        assert_eq!(agenda.advance(time("2026-01-05T08:30:00Z")), []);
        assert_eq!(taken(&mut agenda), ["idle 2026-01-05 08:00:00 UTC", "scheduled 2026-01-05 08:30:00 UTC"]);
    }

    #[test]
    fn an_event_that_waits_does_not_wait_twice() {
        let mut agenda = agenda(r#"{"at": "* * * * *"}"#, "2026-01-05T00:00:00Z");
        assert_eq!(agenda.advance(time("2026-01-05T00:01:00Z")), []);
        let told = agenda.advance(time("2026-01-05T00:02:00Z"));
        assert!(matches!(told.as_slice(), [Told::Waits(due)] if due.at == time("2026-01-05T00:02:00Z")), "{told:?}");
        assert_eq!(taken(&mut agenda).len(), 1);
        assert_eq!(agenda.advance(time("2026-01-05T00:03:00Z")), []);
        assert_eq!(taken(&mut agenda).len(), 1, "the one before has had its turn");
    }

    #[test]
    fn what_was_missed_is_run_once_or_told() {
        let events = r#"{"at": "0 * * * *", "event": "idle"}, {"at": "0 * * * *", "missed": "tell"}"#;
        let mut agenda = agenda(events, "2026-01-05T00:00:00Z");
        let told = agenda.advance(time("2026-01-05T05:30:00Z"));
        let times =
            |told: &Told| matches!(told, Told::Missed { times: 5, due } if due.at == time("2026-01-05T05:00:00Z"));
        assert!(told.len() == 2 && told.iter().all(times), "{told:?}");
        assert_eq!(taken(&mut agenda), ["idle 2026-01-05 05:00:00 UTC"]);
        assert_eq!(agenda.next(), Some(time("2026-01-05T06:00:00Z")));
    }

    #[test]
    fn years_of_seconds_are_not_counted_one_by_one() {
        let mut agenda = agenda(r#"{"at": "* * * * * *"}"#, "1990-01-05T00:00:00Z");
        let told = agenda.advance(time("2026-01-05T00:00:00Z"));
        assert!(matches!(told.as_slice(), [Told::Missed { times: MOST_COUNTED, .. }]), "{told:?}");
        assert_eq!(agenda.next(), Some(time("2026-01-05T00:00:01Z")));
    }

    #[test]
    fn another_schedule_leaves_what_waits() {
        let mut agenda = agenda(r#"{"at": "0 * * * *"}"#, "2026-01-05T00:00:00Z");
        agenda.advance(time("2026-01-05T01:00:00Z"));
        agenda
            .replace(super::tests::agenda(r#"{"at": "30 * * * *", "event": "idle"}"#, "2026-01-05T00:00:00Z").schedule);
        assert_eq!(agenda.next(), Some(time("2026-01-05T01:30:00Z")));
        assert_eq!(taken(&mut agenda), ["scheduled 2026-01-05 01:00:00 UTC"]);
    }

    #[test]
    fn what_is_no_pattern_is_an_error_with_its_place() {
        let text = "{\"format\": \"mobsync-schedule\", \"version\": 1, \"events\": [\n  {\"at\": \"61 * * * *\"}]}";
        let error = Schedule::parse(text, "s.json".as_ref()).expect_err("there is no minute 61").to_string();
        assert!(error.starts_with("s.json:2:10: events[0].at: `61 * * * *` is no cron pattern: "), "{error}");
    }
}
