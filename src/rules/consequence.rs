//! What follows from what: one mistake is one finding, and what follows from it stands under it.

use std::collections::BTreeMap;

use super::codes::*;
use super::{
    ComViolation, CompletionViolation, EnumerationViolation, Finding, Level, LifeViolation, ManagerViolation,
    ProgressViolation, ResultViolation, Rule, Subject, Violation,
};
use crate::protocol::{CallMethod, CallbackMethod, Guid, HandlerId, Refusal};

/// Pairs of rules of which the first is the stronger form of the second: where both are broken at the same place, the stronger
/// one says what is wrong.
static STRONGER: &[(&Rule, &Rule)] = &[
    // A handler that looks at no reply ignores every way of stopping.
    (STOP_07, STOP_01),
    (STOP_07, STOP_02),
    (STOP_07, STOP_03),
    (STOP_07, STOP_06),
    (STOP_01, STOP_02),
    (STOP_01, STOP_03),
    (STOP_02, STOP_03),
    (PREP_04, RET_01),
    (PREP_04, RET_02),
    (SYNC_05, RET_01),
    (SYNC_05, RET_02),
    (LIFE_06, RET_01),
    (LIFE_06, RET_02),
    (ENUM_06, ENUM_10),
    (INFO_04, INFO_07),
    (ITEM_02, ITEM_10),
    (SYNC_13, SYNC_10),
    (MODE_01, MODE_05),
    (CB_04, CB_07),
    (CB_04, CB_08),
    (CB_07, CB_08),
    // SetProgressCallback never releases what it had: neither when it is given another one, nor with NULL.
    (CB_02, CB_03),
    // A second instance that goes otherwise says nothing about what else was changed in its session.
    (LIFE_04, INIT_06),
    (LIFE_04, PREP_07),
    // What hangs in an ordinary session hangs in any.
    (LIFE_03, LIFE_01),
];

/// Pairs of rules that one event can break: the second one follows from the first.
static SAME_EVENT: &[(&Rule, &Rule)] = &[
    // A session for configuration has nothing to synchronize.
    (LIFE_05, PREP_03),
    (LIFE_05, SYNC_04),
    (LIFE_05, SYNC_07),
    // Completed too early: some items have not been begun, others are at work.
    (SYNC_08, SYNC_09),
    // Why a call does not return says more than that it does not.
    (STOP_04, LIFE_03),
    // A completion that does not come is missed after a cancel as well.
    (SYNC_03, STOP_02),
    // A method that fails without a window, or in a session for configuration, fails with some result.
    (LIFE_06, RET_01),
    (LIFE_06, RET_02),
    (LIFE_05, RET_01),
    (LIFE_05, RET_02),
];

/// Pairs of rules that are broken of one item in one round: the second one follows from the first.
static SAME_ITEM: &[(&Rule, &Rule)] = &[
    // It was completed while the item was at work.
    (SYNC_11, SYNC_08),
    (SYNC_11, SYNC_09),
    (SYNC_11, CB_04),
    (SYNC_11, CB_07),
    (SYNC_08, CB_04),
    (SYNC_08, CB_07),
    (SYNC_09, CB_04),
    (SYNC_09, CB_07),
    // What goes on is not stopped when it ends.
    (STOP_01, STOP_06),
    (STOP_02, STOP_06),
    (STOP_03, STOP_06),
];

/// Whether the first rule is the stronger form of the second: broken at the same place, they are one mistake, which is named after
/// the first.
///
/// ```
/// use mobsync::rules::{codes, is_stronger};
/// assert!(is_stronger(codes::STOP_01, codes::STOP_03) && !is_stronger(codes::STOP_03, codes::STOP_01));
/// ```
pub fn is_stronger(one: &Rule, other: &Rule) -> bool {
    STRONGER.iter().any(|(strong, weak)| *strong == one && *weak == other)
}

/// Says of each finding of a trace from which other one it follows, if it does. `findings` are those of one trace, in their order.
///
/// A finding weighs as much as the heaviest of what follows from it: who waits for ever in `SetItemStatus` breaks a `should` there,
/// and has a call that hangs.
///
/// [`Monitor::finish`](super::Monitor::finish) does it for what was not taken away.
pub fn link_consequences<'a>(findings: impl IntoIterator<Item = &'a mut Finding>) {
    let mut findings: Vec<&mut Finding> = findings.into_iter().collect();
    let mut known = Known::default();
    findings.iter().for_each(|finding| known.take(finding));
    let direct: BTreeMap<u64, u64> =
        findings.iter().filter_map(|finding| Some((finding.number, known.cause_of(finding)?))).collect();
    let mut heaviest = BTreeMap::<u64, Level>::new();
    for finding in &mut findings {
        finding.consequence_of = root(&direct, finding.number);
        if let Some(cause) = finding.consequence_of {
            heaviest.entry(cause).and_modify(|level| *level = (*level).max(finding.level)).or_insert(finding.level);
        }
    }
    for finding in findings {
        if let Some(level) = heaviest.get(&finding.number) {
            finding.level = finding.level.max(*level);
        }
    }
}

/// Whether what is wrong stays so to the end of the session, and is seen again and again.
fn goes_on(violation: &Violation) -> bool {
    matches!(
        violation,
        Violation::Com(ComViolation::OtherInstance { .. })
            | Violation::Completion(CompletionViolation::WithoutReference { .. })
    )
}

/// The finding at the end of the chain. No table has a circle; one would end where it begins.
fn root(direct: &BTreeMap<u64, u64>, number: u64) -> Option<u64> {
    let mut at = *direct.get(&number)?;
    for _ in 0..direct.len() {
        match direct.get(&at) {
            Some(next) if *next != number => at = *next,
            _ => break,
        }
    }
    Some(at)
}

/// The first finding of each rule: at an event, in a round, of an item.
#[derive(Default)]
struct Known {
    at_event: BTreeMap<(u64, usize), u64>,
    in_round: BTreeMap<(HandlerId, u32, usize), u64>,
    of_item: BTreeMap<(HandlerId, u32, usize, Guid), u64>,
    /// The second completion of Synchronize in a round.
    second: BTreeMap<(HandlerId, u32), u64>,
    /// What goes on once it is wrong: callbacks of another instance through its interface, or without a reference. By rule.
    goes_on: BTreeMap<(HandlerId, usize), u64>,
    /// The callback object was released too often by the instance: references that it still counts on are gone.
    over_released: BTreeMap<HandlerId, u64>,
    /// Calls, by their events, that waited for a callback which could not come.
    needs_callback: BTreeMap<u64, u64>,
    /// The manager's leave hangs.
    hangs_at_leave: BTreeMap<HandlerId, u64>,
    /// An enumerator goes on past its end.
    past_end: BTreeMap<HandlerId, u64>,
    /// The manager showed an error after it had taken the callback back.
    shown_late: BTreeMap<HandlerId, u64>,
    /// A thread of the handler goes on when everything was released.
    outlives: Option<u64>,
    /// A callback through an interface that is gone, or that nobody listens to any more.
    calls_late: Option<u64>,
    /// The first callback that nobody listens to any more.
    after_null: Option<u64>,
    /// The crash or the hang of an instance: its event, and the finding.
    end: BTreeMap<HandlerId, (u64, u64)>,
}

impl Known {
    fn take(&mut self, finding: &Finding) {
        let Finding { number, rule, handler, round, .. } = finding;
        let seq = finding.seq();
        self.at_event.entry((seq, rule.index)).or_insert(*number);
        self.in_round.entry((*handler, *round, rule.index)).or_insert(*number);
        if let Violation::Manager(ManagerViolation::Refused {
            method: CallMethod::ShowError,
            why: Refusal::Closed,
            ..
        }) = &finding.violation
        {
            self.shown_late.entry(*handler).or_insert(*number);
        }
        if *rule == APT_01
            && let Some(call) = finding.events.first()
        {
            self.needs_callback.entry(*call).or_insert(*number);
        }
        if *rule == CB_07 {
            self.after_null.get_or_insert(*number);
        }
        if [CB_04, CB_07].contains(rule) {
            self.calls_late.get_or_insert(*number);
        }
        for item in finding.items() {
            self.of_item.entry((*handler, *round, rule.index, item.id)).or_insert(*number);
        }
        if let Violation::Life(LifeViolation::Hung { method, .. }) = &finding.violation
            && matches!(method, CallMethod::SetProgressCallback | CallMethod::Release)
        {
            self.hangs_at_leave.entry(*handler).or_insert(*number);
        }
        match &finding.violation {
            Violation::Completion(CompletionViolation::Second { method: CallMethod::Synchronize }) => {
                self.second.entry((*handler, *round)).or_insert(*number);
            }
            Violation::Enumeration(EnumerationViolation::PastEnd { .. }) => {
                self.past_end.entry(*handler).or_insert(*number);
            }
            Violation::Com(ComViolation::OverReleased { .. }) => {
                self.over_released.entry(*handler).or_insert(*number);
            }
            Violation::Life(LifeViolation::Outlives { .. }) => {
                self.outlives.get_or_insert(*number);
            }
            violation if goes_on(violation) => {
                self.goes_on.entry((*handler, rule.index)).or_insert(*number);
            }
            Violation::Life(LifeViolation::Crashed { .. } | LifeViolation::Hung { .. })
            | Violation::Com(ComViolation::Unreferenced { .. }) => {
                self.end.entry(*handler).or_insert((seq, *number));
            }
            _ => {}
        }
    }

    /// The finding from which this one follows at once.
    fn cause_of(&self, finding: &Finding) -> Option<u64> {
        let (rule, seq) = (finding.rule, finding.seq());
        let strong = |pairs: &'static [(&'static Rule, &'static Rule)]| {
            pairs.iter().filter(move |(_, weak)| *weak == rule).map(|(strong, _)| *strong)
        };
        let at_event = || strong(SAME_EVENT).find_map(|strong| self.at_event.get(&(seq, strong.index)));
        // What a crash or a hang has cut off is nobody's fault. The manager is at work still.
        let is_cut_off = |(end, _): &&(u64, u64)| rule.subject == Subject::Handler && seq > *end;
        let cut_off = || self.end.get(&finding.handler).filter(is_cut_off).map(|(_, number)| number);
        // The first one came too early, with what its thread knew: another thread took itself for the last one, too.
        let is_early = [SYNC_08, SYNC_09, SYNC_11, SYNC_12, CB_04, CB_07].contains(&rule);
        let early = || self.second.get(&(finding.handler, finding.round)).filter(|_| is_early);
        // A thread that nobody ends may keep the callback and the handler, and one that calls back too late goes on for that long.
        let outlived = || self.outlives.as_ref().filter(|_| [CB_03, CB_08, COM_04].contains(&rule));
        let is_outliving = || matches!(finding.violation, Violation::Life(LifeViolation::Outlives { .. }));
        let calls_late = || self.calls_late.as_ref().filter(|_| is_outliving());
        // A thread that calls back after NULL has kept the reference through which it does; whether it is still there at the end is
        // chance.
        let kept = || self.after_null.as_ref().filter(|_| rule == CB_03);
        // A completion did not come, and the manager's leave waits for the same thread: where it stands says more.
        let is_missed = [PREP_02, SYNC_03, ERRS_02, PROP_02].contains(&rule);
        let hung = || self.hangs_at_leave.get(&finding.handler).filter(|_| is_missed);
        // Who is called without a callback has none to answer through.
        let answers = matches!(
            finding.violation,
            Violation::Completion(CompletionViolation::AfterNull { callback: CallbackMethod::ShowErrorCompleted, .. })
        );
        // To an enumerator without an end, Skip and Clone come where there should be nothing.
        let is_past_end = matches!(
            finding.violation,
            Violation::Enumeration(EnumerationViolation::Astray { found: Some(_), expected: None, .. })
        );
        let past_end = || self.past_end.get(&finding.handler).filter(|_| is_past_end);
        let shown_late = || self.shown_late.get(&finding.handler).filter(|_| answers);
        let over_released = || self.over_released.get(&finding.handler).filter(|_| rule == CB_04);
        // What goes on after such a completion disturbs the next round, and how a session ends by it is chance.
        let late = || {
            let before = |(handler, round): &(HandlerId, u32)| match rule {
                _ if rule == SYNC_07 => *handler == finding.handler && *round <= finding.round && finding.round > 1,
                // A thread of one round may come to its end in the next one.
                _ if is_early => *handler == finding.handler && round.abs_diff(finding.round) <= 1,
                _ => rule == LIFE_04,
            };
            self.second.iter().find(|(of, _)| before(of)).map(|(_, number)| number)
        };
        let of_item = || {
            let items = finding.items();
            let key = |strong: &Rule, item| (finding.handler, finding.round, strong.index, item);
            let mut pairs = strong(SAME_ITEM).chain(strong(STRONGER));
            pairs.find_map(|strong| items.iter().find_map(|item| self.of_item.get(&key(strong, item.id))))
        };
        let refused = || match &finding.violation {
            // Whoever completes what has failed has gone on with it.
            Violation::Result(ResultViolation::NotListed { method, .. })
            | Violation::Progress(ProgressViolation::AfterFailure { method, .. }) => {
                let rules = super::checks::completion::rules_of(*method)?;
                self.in_round.get(&(finding.handler, finding.round, rules.not_refused.index))
            }
            _ => None,
        };
        // The call that waits for a callback takes long, or never returns.
        let takes_long = [LIFE_01, LIFE_03, STOP_04, PREP_05, SYNC_06, ERRS_07].contains(&rule);
        let needs = || finding.events.iter().filter(|_| takes_long).find_map(|event| self.needs_callback.get(event));
        let first = || self.goes_on.get(&(finding.handler, rule.index)).filter(|_| goes_on(&finding.violation));
        let cause = needs()
            .or_else(at_event)
            .or_else(cut_off)
            .or_else(early)
            .or_else(late)
            .or_else(of_item)
            .or_else(shown_late)
            .or_else(past_end)
            .or_else(over_released)
            .or_else(hung)
            .or_else(outlived)
            .or_else(calls_late)
            .or_else(kept)
            .or_else(refused)
            .or_else(first)?;
        (*cause != finding.number).then_some(*cause)
    }
}
