//! Finding rules by what people type.

use super::{FAMILIES, RULES};
use crate::protocol::nearest;
use crate::rules::Rule;

/// A word that selects no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not a rule: expected a code such as SYNC-04, a family such as SYNC, or a rule's name{}",
    nearest.map(|word| format!("; did you mean {word}?")).unwrap_or_default()
)]
pub struct UnknownRule {
    /// The word.
    pub given: String,
    /// The code, family or name that is nearest to it, if one is near.
    pub nearest: Option<&'static str>,
}

/// The rule of that code; upper and lower case are alike.
///
/// ```
/// use mobsync::rules::rule;
/// assert_eq!(rule("sync-04").unwrap().name, "synchronize-completed-once");
/// assert_eq!(rule("SYNC-99"), None);
/// ```
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code.eq_ignore_ascii_case(code))
}

/// The rules that `word` selects: a code's rule, a family's rules in the catalogue's order, or the rule of that name.
/// Upper and lower case are alike.
///
/// ```
/// use mobsync::rules::select;
/// assert_eq!(select("SYNC-04").unwrap().len(), 1);
/// assert!(select("sync").unwrap().len() > 1);
/// assert_eq!(select("synchronize-completed-once").unwrap()[0].code, "SYNC-04");
/// assert_eq!(select("SINC").unwrap_err().nearest, Some("SYNC"));
/// ```
///
/// # Errors
/// When the word is no code, no family and no name.
pub fn select(word: &str) -> Result<Vec<&'static Rule>, UnknownRule> {
    if let Some(family) = FAMILIES.iter().find(|family| family.word.eq_ignore_ascii_case(word)) {
        return Ok(family.rules().collect());
    }
    let named = || RULES.iter().find(|rule| rule.name.eq_ignore_ascii_case(word));
    rule(word)
        .or_else(named)
        .map(|rule| vec![rule])
        .ok_or_else(|| UnknownRule { given: word.to_owned(), nearest: nearest(word, words()) })
}

/// Everything that selects rules.
fn words() -> impl Iterator<Item = &'static str> {
    let families = FAMILIES.iter().map(|family| family.word);
    families.chain(RULES.iter().flat_map(|rule| [rule.code, rule.name]))
}
