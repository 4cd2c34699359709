//! Legal scenarios by chance.

use super::{Known, alphabet};
use crate::protocol::{Cookie, Profile};
use crate::scenario::{Action, Choose, EventName, ItemRef, Scenario, Step};
use crate::time::Sequence;

/// At most so many steps: bugs that need several of them together are found sooner with many, and shrinking takes away the
/// others.
const MOST_STEPS: usize = 12;

/// The longest cookie.
const LONGEST_COOKIE: usize = 8;

/// A scenario that the seed decides, and nothing else: what the manager and the user may do to this handler.
///
/// A scripted handler's threads take turns by the same seed. It expects nothing: whoever runs it judges what comes.
pub fn scenario(seed: u64, profile: Profile, known: &Known) -> Scenario {
    let mut by = Sequence::new(seed);
    let settings = by.once_in(8);
    let event = *by.among(&EVENTS).unwrap_or(&EventName::Manual);
    Scenario {
        seed,
        profile,
        event,
        settings,
        user: !by.once_in(4),
        cookie: (event == EventName::Invoke && !by.once_in(3)).then(|| cookie(&mut by)),
        choose: choose(&mut by, known),
        steps: steps(&mut by, known, settings),
        ..Scenario::titled(format!("Random session {seed}"))
    }
}

const EVENTS: [EventName; 6] = [
    EventName::Manual,
    EventName::Connect,
    EventName::PendingDisconnect,
    EventName::Idle,
    EventName::Invoke,
    EventName::Scheduled,
];

fn cookie(by: &mut Sequence) -> Cookie {
    let length = by.below(LONGEST_COOKIE + 1);
    Cookie((0..length).map(|_| by.next_number().to_le_bytes()[0]).collect())
}

fn choose(by: &mut Sequence, known: &Known) -> Choose {
    match by.below(8) {
        0 => Choose::Nothing,
        1 | 2 => Choose::Checked,
        3..=5 => Choose::All,
        _ => {
            let mut left: Vec<ItemRef> = known.items.iter().map(|item| ItemRef::to(item.id, &known.items)).collect();
            let many = 1 + by.below(left.len());
            let mut these = Vec::new();
            while these.len() < many && !left.is_empty() {
                these.push(left.swap_remove(by.below(left.len())));
            }
            if these.is_empty() { Choose::All } else { Choose::These(these) }
        }
    }
}

fn steps(by: &mut Sequence, known: &Known, settings: bool) -> Vec<Step> {
    let mut left = alphabet(known, settings);
    let many = by.below(MOST_STEPS + 1);
    let mut steps: Vec<Step> = Vec::new();
    while steps.len() < many && !left.is_empty() {
        let step = left.swap_remove(by.below(left.len()));
        // A handler is released once, and most sessions should come to their end.
        let releases = step.action == Action::Release;
        if !releases || (by.once_in(4) && steps.iter().all(|step| step.action != Action::Release)) {
            steps.push(step);
        }
    }
    steps
}
