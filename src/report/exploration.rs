//! What came of exploring the orders of a script's threads.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::causes::Code;
use super::human::counted;
use super::plain;
use crate::host::explore::Deviation;
use crate::runner::{ExploreOptions, Explored};

/// The orders of one session that were run, and what they showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exploration {
    /// The case whose orders were explored.
    pub case: String,
    /// The orders that were run to their end.
    pub schedules: u64,
    /// The sessions that were given up, because they came to where another one had been.
    pub given_up: u64,
    /// The number of times at most that a thread was interrupted although it could go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preemptions: Option<u32>,
    /// The number of things at most that the user did at any legal point.
    pub actions: u32,
    /// All orders within these bounds were run.
    pub all: bool,
    /// What was found, each with the schedule that shows it.
    pub causes: Vec<ExploredCause>,
}

/// What was found in some of the orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExploredCause {
    /// The rule's code.
    pub rule: Code,
    /// The schedule that shows it: what differs from the usual order. Empty: the usual order shows it.
    pub schedule: Vec<Deviation>,
    /// No schedule with fewer deviations shows it: all were tried.
    pub shortest: bool,
    /// In how many of the orders it was found.
    pub seen: u64,
}

impl Exploration {
    /// Of the case of that name.
    pub fn new(case: impl Into<String>, options: &ExploreOptions, explored: &Explored) -> Self {
        let causes = explored.causes.iter().map(|cause| ExploredCause {
            rule: Code(cause.rule.code),
            schedule: cause.schedule.clone(),
            shortest: cause.shortest,
            seen: cause.seen,
        });
        Self {
            case: case.into(),
            schedules: explored.schedules,
            given_up: explored.given_up,
            preemptions: options.preemptions,
            actions: options.actions,
            all: explored.all,
            causes: causes.collect(),
        }
    }

    /// For people: the orders in one line, and of each cause how it is reached.
    pub(super) fn text(&self) -> String {
        let run = schedules(self.schedules);
        let mut bounds: Vec<String> =
            self.preemptions.map(|most| counted(most as usize, "preemption")).into_iter().collect();
        if self.actions > 0 {
            bounds.push(counted(self.actions as usize, "user action"));
        }
        let bounds = if bounds.is_empty() { String::new() } else { format!(" with at most {}", bounds.join(" and ")) };
        let found = match self.causes.len() {
            0 => "no finding".to_owned(),
            many => counted(many, "cause"),
        };
        let mut text = match self.all {
            true => format!("all {run}{bounds}: {found}\n"),
            false => format!("{run}{bounds}, then the budget was used up; there are more: {found}\n"),
        };
        for cause in &self.causes {
            let Code(rule) = cause.rule;
            let length = if cause.shortest { "the shortest" } else { "a short one" };
            let _ = write!(text, "  {rule} in {}; {length}: ", schedules(cause.seen));
            if cause.schedule.is_empty() {
                text.push_str("the usual order");
            }
            let deviations: Vec<String> =
                cause.schedule.iter().map(|one| plain(&one.to_string()).into_owned()).collect();
            let _ = writeln!(text, "{}", deviations.join("; "));
        }
        text
    }
}

fn schedules(many: u64) -> String {
    format!("{} schedule{}", grouped(many), if many == 1 { "" } else { "s" })
}

/// A number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::explore::Instead;
    use crate::protocol::Thread;

    #[test]
    fn it_says_what_was_explored_and_what_was_found() {
        let schedule = vec![Deviation { turn: 12, instead: Instead::Thread(Thread::from("b")) }];
        let cause = ExploredCause { rule: Code("SYNC-04"), schedule, shortest: true, seen: 12 };
        let mut exploration = Exploration {
            case: "run".to_owned(),
            schedules: 1260,
            given_up: 3,
            preemptions: Some(3),
            actions: 0,
            all: true,
            causes: Vec::new(),
        };
        assert_eq!(exploration.text(), "all 1,260 schedules with at most 3 preemptions: no finding\n");
        exploration.causes.push(cause);
        (exploration.all, exploration.actions) = (false, 1);
        assert_eq!(
            exploration.text(),
            "1,260 schedules with at most 3 preemptions and 1 user action, then the budget was used up; there are more: 1 cause\n  \
             SYNC-04 in 12 schedules; the shortest: at turn 12: thread b goes on\n"
        );
    }
}
