//! How two streams go on from the place at which they part: the simplest edit that explains it.
//!
//! Where two streams part is certain. Whether that is to be called a missing event, a further one, a changed one or
//! another order is a matter of what follows. Each explanation is weighed by how many events behind it agree again, and by
//! how much it has to assume.

/// What explains the parting best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// The next event of A is missing in B.
    Missing,
    /// The next event of B is not in A.
    Extra,
    /// B has its next event in the place of A's.
    Instead,
    /// Both have the next events, in another order.
    Order,
}

/// An event of a stream, as numbers that are equal where the events are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AlignStep {
    /// Of all that it means.
    pub meaning: u32,
    /// Without the reply: what comes too late is often answered otherwise.
    pub unanswered: u32,
}

/// How many agreeing events behind an edit count.
const ENOUGH: usize = 16;
/// How many events in a row may have been moved: a call and its return, and the like.
const FEW: usize = 4;
/// How far away moved events are looked for.
const FAR: usize = 64;
/// How many events in a row may be missing, further, or other.
const MANY: usize = 32;
/// What an assumption costs, in agreeing events.
const COST: isize = 2;

/// The edit at the beginning of two streams that differ in their first event. `alike` says whether the first events are of
/// one kind and method, so that one may be the other, changed.
pub(super) fn edit(a: &[AlignStep], b: &[AlignStep], alike: bool) -> Edit {
    if a.is_empty() || b.is_empty() {
        return if a.is_empty() { Edit::Extra } else { Edit::Missing };
    }
    let mut best = (isize::MIN, Edit::Instead);
    // Of equals, the first that is weighed stays.
    let mut weigh = |edit: Edit, agreeing: usize, cost: usize, rest_a: &[AlignStep], rest_b: &[AlignStep]| {
        let run = rest_a.iter().zip(rest_b).take(ENOUGH).take_while(|(a, b)| a == b).count();
        // Behind what agrees there is yet another difference to explain.
        let breaks = run < ENOUGH && run < rest_a.len().max(rest_b.len());
        let agreeing = (agreeing + run).min(ENOUGH) as isize;
        let weight = agreeing - COST * (cost as isize + isize::from(breaks));
        if weight > best.0 {
            best = (weight, edit);
        }
    };
    // B begins with what stands behind the next few events of A, and those come behind it: either may be what was moved.
    for (moved, far) in (1..=FEW).flat_map(|few| (1..=FAR).flat_map(move |far| [(few, far), (far, few)])) {
        let both = moved + far;
        let fits = both <= a.len().min(b.len());
        if fits && same(&a[..moved], &b[far..both]) && same(&a[moved..both], &b[..far]) {
            weigh(Edit::Order, moved.max(far), 2, &a[both..], &b[both..]);
        }
    }
    weigh(Edit::Instead, 0, if alike { 1 } else { 2 }, &a[1..], &b[1..]);
    for cost in 1..=2 * MANY {
        for from_a in cost.saturating_sub(MANY)..=cost.min(MANY).min(a.len()) {
            let from_b = cost - from_a;
            // Without an event behind it that agrees, an edit explains nothing.
            if from_b > b.len() || a.get(from_a) != b.get(from_b) {
                continue;
            }
            let edit = match (from_a, from_b) {
                (_, 0) => Edit::Missing,
                (0, _) => Edit::Extra,
                _ => Edit::Instead,
            };
            weigh(edit, 0, cost, &a[from_a..], &b[from_b..]);
        }
    }
    best.1
}

/// Whether the same events are there, whatever they were answered.
fn same(a: &[AlignStep], b: &[AlignStep]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.unanswered == b.unanswered)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters as events. A capital letter is the event of the small one, answered otherwise.
    fn steps(text: &str) -> Vec<AlignStep> {
        let step = |byte: u8| AlignStep { meaning: u32::from(byte), unanswered: u32::from(byte.to_ascii_lowercase()) };
        text.bytes().map(step).collect()
    }

    /// The edit between two streams written as letters.
    fn between(a: &str, b: &str) -> Edit {
        let (a, b) = (steps(a), steps(b));
        let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
        edit(&a[same..], &b[same..], true)
    }

    #[test]
    fn one_edit_is_what_it_is() {
        assert_eq!(between("123456", "13456"), Edit::Missing);
        assert_eq!(between("13456", "123456"), Edit::Extra);
        assert_eq!(between("123456", "1x3456"), Edit::Instead);
        assert_eq!(between("123456", "132456"), Edit::Order);
        assert_eq!(between("123456", "134526"), Edit::Order);
        assert_eq!(between("123456", "152346"), Edit::Order);
        assert_eq!(between("123456", "134256"), Edit::Order);
        assert_eq!(between("1234", "3412"), Edit::Order);
    }

    #[test]
    fn what_is_moved_may_be_answered_otherwise() {
        assert_eq!(between("1pc456", "1cP456"), Edit::Order);
        assert_eq!(between("1pc", "1cP"), Edit::Order);
        assert_eq!(between("1p456", "1P456"), Edit::Instead);
    }

    #[test]
    fn at_the_end_as_well() {
        assert_eq!(between("123", "12"), Edit::Missing);
        assert_eq!(between("12", "123"), Edit::Extra);
        assert_eq!(between("123", "12x"), Edit::Instead);
        assert_eq!(between("123", "132"), Edit::Order);
        assert_eq!(between("", "1"), Edit::Extra);
        assert_eq!(between("1", ""), Edit::Missing);
        assert_eq!(between("12", "21"), Edit::Order);
    }

    #[test]
    fn events_that_repeat_are_told_apart_by_what_follows() {
        assert_eq!(between("1212129", "112129"), Edit::Missing);
        assert_eq!(between("112129", "1212129"), Edit::Extra);
        assert_eq!(between("12234567", "22234567"), Edit::Instead);
    }

    #[test]
    fn what_differs_much_later_does_not_count() {
        assert_eq!(between("1234567890abcdefgh", "134567890abcdefgh2222"), Edit::Missing);
        assert_eq!(between("123s9", "13scp123s9"), Edit::Missing);
    }

    #[test]
    fn several_events_at_once() {
        assert_eq!(between("1abc2345678", "12345678"), Edit::Missing);
        assert_eq!(between("12345678", "1abc2345678"), Edit::Extra);
        // Many are rather said to be another way to go on.
        assert_eq!(between("1abcdefghijkl23", "123"), Edit::Instead);
        assert_eq!(between("1ab2345678", "1xyz2345678"), Edit::Instead);
        assert_eq!(between("abc", "xyz"), Edit::Instead);
    }

    #[test]
    fn a_kind_of_its_own_is_not_a_change() {
        let (a, b) = (steps("12"), steps("321"));
        assert_eq!(edit(&a, &b, true), Edit::Instead);
        assert_eq!(edit(&a, &b[..1], false), Edit::Instead);
    }
}
