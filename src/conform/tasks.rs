//! Which sessions of the suite are run.

use std::collections::BTreeMap;

use glob::Pattern;

use super::{Case, Known, SuiteError, SuiteOptions, scenario};
use crate::host::{Order, Strategy};
use crate::protocol::{Profile, nearest};
use crate::report::Partition;
use crate::rules::Rule;
use crate::scenario::Scenario;

/// One session to run.
#[derive(Clone)]
pub(super) struct Task {
    pub(super) name: String,
    pub(super) scenario: Scenario,
    /// The rules that it is there for, beside those that every session exercises.
    pub(super) rules: Vec<&'static Rule>,
    /// It is a random session, and its scenario has no name of its own.
    pub(super) random: bool,
    /// It is the session of this name in another order of its threads.
    pub(super) order_of: Option<String>,
}

/// The sessions to run. A random one is made when its turn comes.
#[derive(Default)]
pub(super) struct Tasks {
    fixed: Vec<Task>,
    seeds: Vec<u64>,
    /// In which order callbacks are let in in random sessions.
    strategy: Option<Strategy>,
    /// The order in place of each task's own.
    order: Option<Order>,
}

impl Tasks {
    pub(super) fn len(&self) -> usize {
        self.fixed.len() + self.seeds.len()
    }

    pub(super) fn name(&self, at: usize) -> String {
        self.fixed.get(at).map_or_else(|| random_name(self.seed(at)), |task| task.name.clone())
    }

    fn seed(&self, at: usize) -> u64 {
        self.seeds.get(at - self.fixed.len()).copied().unwrap_or_default()
    }

    pub(super) fn get(&self, at: usize, profile: Profile, known: &Known) -> Task {
        if let Some(task) = self.fixed.get(at) {
            return task.clone();
        }
        let seed = self.seed(at);
        let order = self.strategy.map(|strategy| Order::by(strategy, seed));
        let order = self.order.clone().filter(|_| order.is_some()).or(order);
        let scenario = Scenario { order, ..scenario(seed, profile, known) };
        Task { name: random_name(seed), scenario, rules: Vec::new(), random: true, order_of: None }
    }
}

fn random_name(seed: u64) -> String {
    format!("random-{seed}")
}

/// What this part of the suite runs, what does not apply, and what the whole suite is.
#[derive(Default)]
pub(super) struct Chosen {
    pub(super) tasks: Tasks,
    pub(super) skipped: Vec<Case>,
    pub(super) partition: Option<Partition>,
}

/// A case that the suite does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: no such case{}", near.as_ref().map_or_else(String::new, |near| format!("; did you mean {near}?")))]
pub struct NoSuchCase {
    /// The name that was given.
    pub name: String,
    /// The case with the nearest name.
    pub near: Option<String>,
}

/// Chooses among all cases and random sessions.
pub(super) fn choose(options: &SuiteOptions, cases: Vec<Case>) -> Result<Chosen, SuiteError> {
    let cases = named(options, cases)?;
    let (part, parts) = options.partition.unwrap_or((1, 1));
    let of_this_part = |at: usize| at % parts == part - 1;
    let seed = |nth: u64| options.seed.wrapping_add(nth);
    // The order of a report of the whole: what is run, and then what does not apply.
    let whole = || {
        let named = |skipped: bool| cases.iter().filter(move |case| case.skipped.is_some() == skipped);
        let run = named(false).map(|case| case.name.clone());
        let random = (0..options.sessions).map(|nth| random_name(seed(nth)));
        run.chain(random).chain(named(true).map(|case| case.name.clone())).collect()
    };
    let partition = options.partition.map(|(part, of)| Partition { part, of, suite: whole() });
    let here = cases.into_iter().enumerate().filter(|(at, _)| of_this_part(*at)).map(|(_, case)| case);
    let (skipped, cases): (Vec<Case>, Vec<Case>) = here.partition(|case| case.skipped.is_some());
    let task = |Case { name, scenario, rules, .. }| {
        let order = options.order.clone().filter(|_| scenario.order.is_some()).or(scenario.order);
        Task { name, scenario: Scenario { order, ..scenario }, rules, random: false, order_of: None }
    };
    let mut fixed: Vec<Task> = cases.into_iter().map(task).collect();
    fixed.sort_by_key(|task| !options.first.contains(&task.name));
    let random = (0..options.sessions).filter(|nth| of_this_part(usize::try_from(*nth).unwrap_or(0))).map(seed);
    Ok(Chosen {
        tasks: Tasks { fixed, seeds: random.collect(), strategy: options.strategy, order: options.order.clone() },
        skipped,
        partition,
    })
}

/// The scenario of the case or the random session of that name.
pub(super) fn scenario_of(
    name: &str,
    profile: Profile,
    known: &Known,
    cases: Vec<Case>,
) -> Result<Scenario, NoSuchCase> {
    if let Some(seed) = name.strip_prefix("random-").and_then(|seed| seed.parse().ok()) {
        return Ok(scenario(seed, profile, known));
    }
    let near = || nearest(name, cases.iter().map(|case| case.name.as_str())).map(str::to_owned);
    let missing = NoSuchCase { name: name.to_owned(), near: near() };
    cases.into_iter().find(|case| case.name == name).map(|case| case.scenario).ok_or(missing)
}

/// The cases that the options name, all if they name none; those that the options leave out are skipped.
fn named(options: &SuiteOptions, cases: Vec<Case>) -> Result<Vec<Case>, SuiteError> {
    let chosen = matching(&options.cases, &cases).map_err(SuiteError::NoSuchCase)?;
    let left_out = matching(&options.skip, &cases).map_err(SuiteError::NoSuchCaseToSkip)?;
    let of_options = cases.into_iter().filter(|case| options.cases.is_empty() || chosen.contains_key(&case.name));
    Ok(of_options
        .map(|mut case| {
            if let Some(word) = left_out.get(&case.name) {
                case.skipped = Some(format!("`{word}` leaves it out"));
            }
            case
        })
        .collect())
}

/// The case that a word may mean that matches none: of a pattern, one that has its letters.
fn near(word: &str, cases: &[Case]) -> Option<String> {
    let names = || cases.iter().map(|case| case.name.as_str());
    let letters: String = word.chars().filter(|letter| !"*?[]".contains(*letter)).collect();
    let has_letters = || names().find(|name| name.contains(letters.as_str()));
    // The part of a name that a pattern gives has its own neighbours.
    let of_part = || {
        let given = letters.trim_matches('-');
        let parts = names().flat_map(|name| name.split('-').map(move |part| (part, name)));
        // One that is there stands elsewhere in the names than the pattern says: that is no slip of the pen.
        let parts: Vec<_> = parts.filter(|(part, _)| *part != given).collect();
        let part = nearest(given, parts.iter().map(|(part, _)| *part))?;
        parts.iter().find(|(of, _)| *of == part).map(|(_, name)| *name)
    };
    let is_pattern = letters.len() < word.len();
    // Of so few letters nobody can tell.
    if is_pattern && letters.len() < 3 {
        return None;
    }
    let near = match is_pattern {
        true => has_letters().or_else(of_part).or_else(|| nearest(&letters, names())),
        false => nearest(word, names()),
    };
    near.map(str::to_owned)
}

/// The names that the words match, each with the first word that does. A word is a name, or a pattern with `*`, `?` or `[…]`.
fn matching(words: &[String], cases: &[Case]) -> Result<BTreeMap<String, String>, NoSuchCase> {
    let mut matched = BTreeMap::new();
    for word in words {
        // A name may have the characters of patterns in it.
        let is_name = cases.iter().any(|case| case.name == *word);
        let pattern = Pattern::new(word).ok().filter(|_| !is_name);
        let matches =
            |case: &&Case| case.name == *word || pattern.as_ref().is_some_and(|glob| glob.matches(&case.name));
        let names: Vec<&Case> = cases.iter().filter(matches).collect();
        if names.is_empty() {
            return Err(NoSuchCase { name: word.clone(), near: near(word, cases) });
        }
        for case in names {
            matched.entry(case.name.clone()).or_insert_with(|| word.clone());
        }
    }
    Ok(matched)
}
