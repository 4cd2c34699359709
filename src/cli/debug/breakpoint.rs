//! Where a session stops.

use std::fmt;

use crate::protocol::{CallMethod, CallbackMethod, Event, EventKind, NoteName, State, nearest};
use crate::rules::{FAMILIES, RULES, Rule, select};

/// The word that means any finding.
const ANY_FINDING: &str = "finding";

/// Where to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Breakpoint {
    /// A call, a callback or a note of this name.
    Method(&'static str),
    /// A finding of one of these rules; the word that was given.
    Rules(String, Vec<&'static Rule>),
    /// The session comes to this state.
    State(State),
}

impl fmt::Display for Breakpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breakpoint::Method(name) => write!(f, "at {name}"),
            Breakpoint::Rules(word, _) if word == ANY_FINDING => f.write_str("at any finding"),
            Breakpoint::Rules(word, rules) => match rules.as_slice() {
                [rule] => write!(f, "at {} {}", rule.code, rule.name),
                rules => write!(f, "at the {} rules of {word}", rules.len()),
            },
            Breakpoint::State(state) => write!(f, "at state {state}"),
        }
    }
}

impl Breakpoint {
    /// The breakpoint that a word means.
    pub(super) fn read(word: &str) -> Result<Self, String> {
        if let Some(name) = methods().find(|name| name.eq_ignore_ascii_case(word)) {
            return Ok(Breakpoint::Method(name));
        }
        if let Some(state) = State::ALL.iter().find(|state| state.to_string().eq_ignore_ascii_case(word)) {
            return Ok(Breakpoint::State(*state));
        }
        if word.eq_ignore_ascii_case(ANY_FINDING) || word.eq_ignore_ascii_case("findings") {
            return Ok(Breakpoint::Rules(ANY_FINDING.to_owned(), RULES.iter().collect()));
        }
        if let Ok(rules) = select(word) {
            return Ok(Breakpoint::Rules(word.to_ascii_uppercase(), rules));
        }
        let all = words();
        let near = nearest(word, all.iter().map(String::as_str));
        let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        Err(format!(
            "`{word}` is not a method, rule or state{near}\n  methods: {}\n  rules: a code such as SYNC-04, a family ({}), \
             a rule's name, or {ANY_FINDING}\n  states: {}",
            methods().collect::<Vec<_>>().join(", "),
            FAMILIES.iter().map(|family| family.word).collect::<Vec<_>>().join(", "),
            State::ALL.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        ))
    }

    /// Whether it stops here.
    pub(super) fn hits(&self, moment: &Moment<'_>) -> bool {
        match self {
            Breakpoint::Method(name) => {
                // A callback is one crossing with its reply, and ends with it.
                let crosses = !matches!(moment.event.kind, EventKind::Return { .. } | EventKind::Callback { .. });
                crosses && moment.event.method_name() == *name
            }
            Breakpoint::Rules(_, rules) => rules.iter().any(|rule| moment.codes.contains(&rule.code)),
            Breakpoint::State(state) => moment.reached == Some(*state),
        }
    }
}

/// What an event brought, as breakpoints look at it.
pub(super) struct Moment<'a> {
    /// The event.
    pub(super) event: &'a Event,
    /// The rules that it breaks.
    pub(super) codes: &'a [&'static str],
    /// The state that the session came to with it.
    pub(super) reached: Option<State>,
}

fn methods() -> impl Iterator<Item = &'static str> {
    let calls = CallMethod::ALL.iter().map(|method| method.name());
    let callbacks = CallbackMethod::ALL.iter().map(|method| method.name());
    calls.chain(callbacks).chain(NoteName::ALL.iter().map(|name| name.name()))
}

/// Everything that a breakpoint can be set on, for completion.
pub(super) fn words() -> Vec<String> {
    let families = FAMILIES.iter().map(|family| family.word.to_owned());
    let rules = RULES.iter().map(|rule| rule.code.to_owned());
    let states = State::ALL.iter().map(ToString::to_string);
    let methods = methods().map(str::to_owned);
    methods.chain(states).chain(families).chain(rules).chain([ANY_FINDING.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_a_breakpoint() {
        for word in words() {
            assert!(Breakpoint::read(&word.to_ascii_lowercase()).is_ok(), "{word}");
        }
    }

    #[test]
    fn an_unknown_word_says_what_is_near_and_what_there_is() {
        let error = Breakpoint::read("SYNC-44").expect_err("no such rule");
        assert!(error.contains("did you mean SYNC-04?") || error.contains("did you mean SYNC-"), "{error}");
        assert!(error.contains("SetItemStatus") && error.contains("synchronize-returned"), "{error}");
    }
}
