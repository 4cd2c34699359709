//! Findings by their causes: what is one mistake in the handler is one cause, however often and in however many cases it shows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{code, name};
use super::{FindingRow, Report};
use crate::host::Order;
use crate::protocol::{Method, Stack};
use crate::rules::codes::{LIFE_01, LIFE_02, LIFE_03};
use crate::rules::{Level, Occasion, Rule, is_stronger, rule};

/// A text of the program itself.
type Word = &'static str;

/// One mistake: all findings of one rule, at one place in the handler, after the same kind of occasion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// The rule's code.
    #[serde(deserialize_with = "code")]
    pub rule: Word,
    /// The rule's name.
    #[serde(deserialize_with = "name")]
    pub name: Word,
    /// How bad it is: as bad as the worst of its findings.
    pub level: Level,
    /// Where it is: the innermost function of the handler's stack whose source is known; without a stack the method.
    pub place: String,
    /// What the manager had done before, where that is needed for it to show.
    #[serde(default, skip_serializing_if = "is_ordinary")]
    pub occasion: Occasion,
    /// What happens, in the words of the finding that shows it best.
    pub summary: String,
    /// In how many cases it was found.
    pub cases: usize,
    /// How often it was found.
    pub count: usize,
    /// The finding that shows it best, by its place in `findings`.
    pub example: usize,
    /// The order of callbacks that shows it, where it takes one: that of the example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// The codes of other rules that are broken because of it, and of rules of which its own is the stronger form.
    #[serde(default)]
    pub consequences: Vec<Code>,
}

/// The code of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Code(#[serde(deserialize_with = "code")] pub Word);

fn is_ordinary(occasion: &Occasion) -> bool {
    *occasion == Occasion::Ordinary
}

/// A cause, with all that is known of it.
#[derive(Debug, Clone)]
pub(super) struct CauseRows {
    pub(super) rule: &'static Rule,
    pub(super) level: Level,
    /// Why it is accepted, where it is.
    pub(super) accepted: Option<String>,
    place: Site,
    /// What the manager had done before its own findings and those of weaker rules.
    occasions: BTreeSet<Occasion>,
    /// What the manager had done before the first of its own findings; ordinary when it needs no occasion.
    occasion: Occasion,
    /// Its findings, by their places in the report: those of its rule and of weaker ones, and not what follows from them.
    pub(super) findings: Vec<usize>,
    /// How many more there are that were only counted.
    pub(super) omitted: usize,
    /// The cases, by their places in the report.
    pub(super) cases: BTreeSet<usize>,
    /// The finding that shows it best.
    pub(super) example: usize,
    /// The rules that are broken because of it, in the catalogue's order.
    pub(super) consequences: BTreeSet<usize>,
}

impl CauseRows {
    /// How often it was found.
    pub(super) fn count(&self) -> usize {
        self.findings.len() + self.omitted
    }

    /// The codes of the rules that are broken because of it.
    pub(super) fn consequence_codes(&self) -> Vec<Word> {
        self.consequences.iter().map(|index| crate::rules::RULES[*index].code).collect()
    }

    /// What the manager must have done before.
    pub(super) fn occasion(&self) -> Occasion {
        self.occasion
    }

    /// What the manager must have done before, one of these; nothing when it needs no occasion.
    pub(super) fn occasions(&self) -> impl Iterator<Item = Occasion> {
        let needs_one = self.occasion != Occasion::Ordinary;
        self.occasions.iter().copied().filter(move |_| needs_one)
    }
}

/// Where in the handler.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Site {
    /// Whose: the report may be of several handlers.
    handler: String,
    /// The function whose source is known.
    frame: Option<String>,
    /// The method; of a completion the method that is completed.
    method: Option<Method>,
    /// It may be any place from which the handler calls back.
    is_anywhere: bool,
}

impl Site {
    fn of(finding: &FindingRow, handler: &str) -> Self {
        let frames = finding.backtrace.as_deref().unwrap_or_default();
        // What other threads were doing is not where the mistake is, and another thing each time.
        let own = frames.iter().position(|frame| Stack::is_heading(frame)).unwrap_or(frames.len());
        let frames = &frames[..own];
        let known = frames.iter().find(|frame| Stack::source(frame).is_some());
        let method = match finding.method {
            Some(Method::Callback(method)) => Some(method.completes().map_or(Method::Callback(method), Method::Call)),
            method => method,
        };
        let frame = known.or_else(|| frames.first()).cloned();
        let handler = handler.to_owned();
        // Which thread calls back first, and what it calls, when the handler is gone before its end, is chance.
        if finding.occasion == Occasion::ReleasedEarly && matches!(finding.method, Some(Method::Callback(_))) {
            return Self { handler, frame: None, method: None, is_anywhere: true };
        }
        Self { handler, frame, method, is_anywhere: false }
    }

    /// Whether both may be one place in the source.
    fn is(&self, other: &Self) -> bool {
        let same = match (&self.frame, &other.frame) {
            (Some(one), Some(other)) => one == other,
            _ => self.method == other.method || self.is_anywhere || other.is_anywhere,
        };
        same && self.handler == other.handler
    }
}

/// The findings of a report in groups that are alike in every way.
#[derive(Debug, Clone, Default)]
pub(super) struct Groups {
    groups: Vec<CauseRows>,
    at: HashMap<Key, usize>,
    /// Which rules were seen to follow from which groups, and where; what a crash has cut off is not among it.
    follows: HashMap<(usize, Site), usize>,
}

/// The rows of a case, by their places in the report.
#[derive(Debug, Default)]
pub(super) struct OfCase {
    /// The case.
    pub(super) case: usize,
    /// Its findings.
    pub(super) findings: Vec<usize>,
    /// Those that were only counted.
    pub(super) omitted: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    rule: usize,
    accepted: Option<String>,
    place: Site,
    kind: Occasion,
}

impl Groups {
    /// Takes the findings of one case.
    fn take(&mut self, report: &Report, case: &OfCase, handler: &str) {
        let mut group_of: BTreeMap<usize, usize> = BTreeMap::new();
        let rows = || case.findings.iter().map(|at| (*at, &report.findings[*at]));
        for (at, row) in rows().filter(|(_, row)| row.consequence_of.is_none()) {
            let Some(rule) = rule(row.rule) else { continue };
            let place = Site::of(row, handler);
            let key = Key { rule: rule.index, accepted: row.accepted.clone(), place, kind: row.occasion.kind() };
            let group = self.group(key, rule, row, at);
            self.groups[group].add(row, at, case.case, &report.findings);
            group_of.insert(at, group);
        }
        for (at, row) in rows() {
            let Some(group) = row.consequence_of.and_then(|cause| group_of.get(&cause).copied()) else { continue };
            let Some(rule) = rule(row.rule) else { continue };
            if rule != self.groups[group].rule {
                self.groups[group].consequences.insert(rule.index);
            }
            if ![LIFE_01, LIFE_02, LIFE_03].contains(&self.groups[group].rule) {
                self.follows.entry((rule.index, Site::of(row, handler))).or_insert(group);
            }
            group_of.insert(at, group);
        }
        let omitted = case.omitted.iter().map(|at| &report.omitted[*at]);
        for row in omitted.filter(|row| row.consequence_of.is_none()) {
            let alike = rows().rev().find(|(_, finding)| finding.rule == row.rule && finding.level == row.level);
            if let Some(group) = alike.and_then(|(at, _)| group_of.get(&at)) {
                self.groups[*group].omitted += row.count;
            }
        }
    }

    fn group(&mut self, key: Key, rule: &'static Rule, row: &FindingRow, at: usize) -> usize {
        if let Some(group) = self.at.get(&key) {
            return *group;
        }
        self.groups.push(CauseRows {
            rule,
            level: row.level,
            accepted: row.accepted.clone(),
            place: key.place.clone(),
            occasions: BTreeSet::new(),
            occasion: row.occasion,
            findings: Vec::new(),
            omitted: 0,
            cases: BTreeSet::new(),
            example: at,
            consequences: BTreeSet::new(),
        });
        self.at.insert(key, self.groups.len() - 1);
        self.groups.len() - 1
    }

    /// The causes, the weightiest first; those that are accepted come last.
    pub(super) fn causes(&self) -> Vec<CauseRows> {
        let mut into: Vec<usize> = (0..self.groups.len()).collect();
        self.join(&mut into);
        let mut causes: BTreeMap<usize, CauseRows> = BTreeMap::new();
        // A cause is there before what joins it.
        let roots = (0..into.len()).filter(|at| into[*at] == *at);
        causes.extend(roots.map(|at| (at, self.groups[at].clone())));
        for (at, group) in self.groups.iter().enumerate() {
            if let Some(cause) = causes.get_mut(&root(&into, at)).filter(|_| into[at] != at) {
                cause.join(group);
            }
        }
        let mut causes: Vec<CauseRows> = causes.into_values().collect();
        causes.sort_by_key(|cause| {
            let weight = (cause.accepted.is_none(), cause.level, cause.cases.len(), cause.count());
            (Reverse(weight), cause.findings.first().copied())
        });
        causes
    }

    /// Which group is a part of which: `into` has for each group the one that it joins, or itself.
    fn join(&self, into: &mut [usize]) {
        let groups = || self.groups.iter().enumerate();
        let put = |into: &mut [usize], part: usize, whole: usize| {
            let (part, whole) = (root(into, part), root(into, whole));
            if part != whole && self.groups[part].accepted == self.groups[whole].accepted {
                into[part] = whole;
            }
        };
        // What ordinary sessions show needs no occasion; a finding without a stack is of the first place that has one.
        for (at, group) in groups() {
            let alike = |other: &CauseRows| {
                other.rule == group.rule && other.accepted == group.accepted && other.place.is(&group.place)
            };
            let needs_less = |other: &CauseRows| {
                let (own, other) = (group.occasion.kind(), other.occasion.kind());
                own == other || other == Occasion::Ordinary
            };
            let whole = groups().find(|(other, row)| {
                let says_more = row.place.frame.is_some() || group.place.frame.is_none();
                *other != at && alike(row) && needs_less(row) && says_more && root(into, *other) != at
            });
            if let Some((whole, _)) = whole {
                put(into, at, whole);
            }
        }
        for (at, group) in groups() {
            let is_stronger = |other: &CauseRows| {
                is_stronger(other.rule, group.rule) && other.accepted == group.accepted && other.place.is(&group.place)
            };
            if let Some((whole, _)) = groups().find(|(_, row)| is_stronger(row)) {
                put(into, at, whole);
            }
        }
        for (at, group) in groups() {
            let key = (group.rule.index, group.place.clone());
            let anywhere = || {
                let fits = |((rule, place), _): &(&(usize, Site), &usize)| {
                    *rule == group.rule.index && group.place.is_anywhere && place.is(&group.place)
                };
                self.follows.iter().filter(fits).map(|(_, whole)| whole).min()
            };
            if let Some(whole) = self.follows.get(&key).or_else(anywhere) {
                put(into, at, *whole);
            }
        }
    }
}

/// The group of which the group is a part in the end.
fn root(into: &[usize], mut at: usize) -> usize {
    while into[at] != at {
        at = into[at];
    }
    at
}

impl CauseRows {
    fn add(&mut self, row: &FindingRow, at: usize, case: usize, findings: &[FindingRow]) {
        // The example is as bad as any, and needs no special occasion.
        let weight = |row: &FindingRow| (row.level, row.occasion == Occasion::Ordinary);
        if findings.get(self.example).is_none_or(|example| weight(row) > weight(example)) {
            self.example = at;
        }
        self.level = self.level.max(row.level);
        self.findings.push(at);
        self.cases.insert(case);
        self.occasions.insert(row.occasion);
    }

    /// Takes another group, which is a part of this cause.
    fn join(&mut self, other: &Self) {
        if other.rule == self.rule {
            self.level = self.level.max(other.level);
        } else {
            self.consequences.insert(other.rule.index);
        }
        self.findings.extend(&other.findings);
        self.findings.sort_unstable();
        self.omitted += other.omitted;
        self.cases.extend(&other.cases);
        self.consequences.extend(other.consequences.iter().filter(|rule| **rule != self.rule.index));
        self.occasions.extend(&other.occasions);
        // What ordinary sessions show, too, needs no occasion.
        if other.rule == self.rule && other.occasion != self.occasion {
            let ordinary = [self.occasion, other.occasion].contains(&Occasion::Ordinary);
            self.occasion = if ordinary { Occasion::Ordinary } else { self.occasion };
        }
    }
}

impl Report {
    /// Takes the findings of a case into the causes.
    pub(super) fn take_causes(&mut self, case: &OfCase, handler: &str) {
        let mut groups = std::mem::take(&mut self.groups);
        groups.take(self, case, handler);
        self.groups = groups;
        self.say_causes();
    }

    /// Finds the causes of a report that was read: older ones have none.
    pub(super) fn find_causes(&mut self) {
        let case = |(case, row): (usize, &super::Case)| (row.name.clone(), OfCase { case, ..OfCase::default() });
        let mut cases: BTreeMap<String, OfCase> = self.cases.iter().enumerate().map(case).collect();
        for (at, row) in self.findings.iter().enumerate() {
            cases.entry(row.case.clone()).or_default().findings.push(at);
        }
        for (at, row) in self.omitted.iter().enumerate() {
            cases.entry(row.case.clone()).or_default().omitted.push(at);
        }
        let mut cases: Vec<OfCase> = cases.into_values().collect();
        cases.sort_by_key(|case| case.case);
        let mut groups = Groups::default();
        cases.iter().for_each(|case| groups.take(self, case, &self.handler));
        self.groups = groups;
        self.say_causes();
    }

    pub(super) fn say_causes(&mut self) {
        let open = self.all_causes().into_iter().filter(|cause| cause.accepted.is_none());
        self.causes = open.map(|cause| self.cause(&cause)).collect();
        self.summary.causes = self.causes.len();
    }

    /// All causes, the weightiest first; those that are accepted come last.
    pub(super) fn all_causes(&self) -> Vec<CauseRows> {
        let mut causes = self.groups.causes();
        for cause in &mut causes {
            // Where the order that shows it is known, it can be shown again.
            let in_order = |at: &&usize| {
                let row = &self.findings[**at];
                row.order.is_some() && row.rule == cause.rule.code
            };
            cause.example = cause.findings.iter().find(in_order).copied().unwrap_or(cause.example);
        }
        causes
    }

    /// The names of the cases in which the cause was found.
    pub(super) fn names_of(&self, cause: &CauseRows) -> impl Iterator<Item = &str> {
        cause.cases.iter().filter_map(|case| Some(self.cases.get(*case)?.name.as_str()))
    }

    fn cause(&self, rows: &CauseRows) -> Cause {
        Cause {
            rule: rows.rule.code,
            name: rows.rule.name,
            level: rows.level,
            place: self.place_of(rows),
            occasion: rows.occasion,
            summary: self.findings[rows.example].message.clone(),
            cases: rows.cases.len(),
            count: rows.count(),
            example: rows.example,
            order: self.findings[rows.example].order.clone(),
            consequences: rows.consequence_codes().into_iter().map(Code).collect(),
        }
    }

    /// Which frame of a finding's stack to look at, as far as any finding with the same stack knows: in another case the handler may
    /// have shown more of itself.
    pub(super) fn site_of(&self, finding: &FindingRow) -> Option<usize> {
        let stack = finding.backtrace.as_ref()?;
        let alike = self.findings.iter().filter(|row| row.backtrace.as_ref() == Some(stack));
        alike.filter_map(|row| row.site).min()
    }

    /// Where a cause is, without the line: it stays the same when something above it changes.
    pub(super) fn stable_place(&self, rows: &CauseRows) -> String {
        let place = self.place_of(rows);
        let stable = Stack::source(&place).and_then(|_| place.rsplit_once(':'));
        stable.map_or_else(|| place.clone(), |(place, _)| place.to_owned())
    }

    /// Where a cause is, in words.
    fn place_of(&self, rows: &CauseRows) -> String {
        let Site { frame, method, is_anywhere, .. } = &rows.place;
        let method = || method.map(|method| method.to_string());
        let other = || if *is_anywhere { "callbacks" } else { "between calls" }.to_owned();
        frame.clone().or_else(method).unwrap_or_else(other)
    }
}

/// A cause in one case.
pub(super) struct InCase<'a> {
    pub(super) cause: &'a CauseRows,
    /// Its first finding there.
    pub(super) finding: &'a FindingRow,
    /// How often it was found there.
    pub(super) count: usize,
    /// The codes of the rules that are broken there because of it.
    pub(super) also: BTreeSet<Word>,
}

/// The causes in each case, the weightiest first.
pub(super) fn in_cases<'a>(report: &'a Report, causes: &'a [CauseRows]) -> HashMap<&'a str, Vec<InCase<'a>>> {
    let mut of_case: HashMap<&str, Vec<InCase<'_>>> = HashMap::new();
    let mut place: HashMap<usize, usize> = HashMap::new();
    for cause in causes {
        for at in &cause.findings {
            let finding = &report.findings[*at];
            let in_case = of_case.entry(&finding.case).or_default();
            match in_case.last_mut().filter(|known| std::ptr::eq(known.cause, cause)) {
                Some(known) => {
                    known.count += 1;
                    // One of the rule that names the cause says what is wrong.
                    if known.finding.rule != cause.rule.code && finding.rule == cause.rule.code {
                        known.finding = finding;
                    }
                }
                None => in_case.push(InCase { cause, finding, count: 1, also: BTreeSet::new() }),
            }
            place.insert(*at, in_case.len() - 1);
        }
    }
    for row in &report.findings {
        if let Some(place) = row.consequence_of.and_then(|cause| place.get(&cause))
            && let Some(found) = of_case.get_mut(row.case.as_str()).and_then(|found| found.get_mut(*place))
        {
            found.also.insert(row.rule);
        }
    }
    for found in of_case.values_mut().flatten() {
        let named = [found.finding.rule, found.cause.rule.code];
        found.also.retain(|rule| !named.contains(rule));
    }
    of_case
}
