//! What every session exercises that comes to its end, and so what is not judged of one that does not.

use super::codes::*;
use super::{Rule, Verdict};

/// The rules for handlers that any session exercises in which items are synchronized and the handler is released.
const COURSE: &[&Rule] = &[
    INFO_01, INFO_02, INFO_03, INFO_04, INFO_05, ENUM_01, ENUM_02, ITEM_01, ITEM_02, ITEM_03, ITEM_04, ITEM_05,
    ITEM_06, CB_01, CB_03, CB_05, PREP_02, PREP_03, PREP_05, SYNC_01, SYNC_03, SYNC_04, SYNC_06, SYNC_08, SYNC_09,
    SYNC_12, COM_04, LIFE_02,
];

/// The rules that a session which broke off could no longer exercise, in the order of the catalogue: those of the common
/// course, and those that the session was made for (`aims`). `native` says that the handler has COM vtables; `verdict` says
/// what is known of a rule.
pub(super) fn not_judged(
    aims: &[&'static Rule],
    native: bool,
    verdict: impl Fn(&Rule) -> Verdict,
) -> Vec<&'static Rule> {
    let applies = |rule: &&&'static Rule| native || !rule.native;
    let unseen = |rule: &&'static Rule| verdict(rule) == Verdict::NotExercised;
    let mut rules: Vec<&Rule> = COURSE.iter().chain(aims).filter(applies).copied().filter(unseen).collect();
    rules.sort_by_key(|rule| rule.index);
    rules.dedup();
    rules
}
