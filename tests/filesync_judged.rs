//! `filesync` under the real host: 200 random trees, managers and users, and not one finding.

#[path = "common/erratic.rs"]
mod erratic;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use erratic::Erratic;
use mobsync::handler::filesync::{FileSync, FolderPair};
use mobsync::host::{Selection, StandardPlan};
use mobsync::job::{Additions, Handler, Terms};
use mobsync::protocol::*;
use mobsync::rules::{RULES, Verdict, codes};
use mobsync::runner::{self, Judged, RunOptions};

/// Numbers that only look random: the same on every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Fills a folder: nested folders, empty, small and large files; now and then a folder where the other side has a file.
fn grow(folder: &Path, numbers: &mut Numbers, depth: u32) {
    fs::create_dir_all(folder).expect("a temporary folder can be written");
    for number in 0..numbers.below(6) {
        let path = folder.join(format!("entry {number}"));
        match numbers.below(10) {
            0..3 if depth < 3 => grow(&path, numbers, depth + 1),
            9 => fs::write(path, vec![numbers.below(256) as u8; 3 << 20]).expect("a temporary folder can be written"),
            _ => {
                let text = "x".repeat(numbers.below(5_000) as usize);
                fs::write(path, text).expect("a temporary folder can be written");
            }
        }
    }
}

fn session(seed: u64) -> (Judged, Vec<Event>) {
    let mut numbers = Numbers(seed);
    let folders = tempfile::tempdir().expect("a temporary folder can be made");
    let pairs = (0..1 + numbers.below(3)).map(|number| {
        let (left, right) =
            (folders.path().join(format!("left {number}")), folders.path().join(format!("right {number}")));
        grow(&left, &mut numbers, 0);
        grow(&right, &mut numbers, 0);
        FolderPair::new(left, right).expect("both are folders")
    });
    let factory = FileSync::new(pairs.collect()).expect("the pairs do not overlap");
    let flags = [SyncFlags::MAYBOTHERUSER, 0, SyncFlags::SETTINGS][(numbers.below(12) / 5) as usize];
    let mut plan = StandardPlan::new(Initialize::new(SyncFlags::new(SyncEvent::MANUAL, flags)), Selection::All);
    plan.retries = 2;
    let plan = Box::new(Erratic::new(plan, seed));
    let additions = Additions { plan: Some(plan), ..Additions::default() };
    let (handler, mut events) = (Handler::from_factory(Arc::new(factory)), Vec::new());
    let session = runner::run_with(&handler, &Terms::default(), &RunOptions::default(), additions, &mut events);
    (session.expect("filesync can be created").judged, events)
}

#[test]
fn filesync_breaks_no_rule_under_200_random_sessions() {
    let mut held: Vec<&str> = Vec::new();
    for seed in 0..200 {
        let (judged, events) = session(seed);
        // That some of these managers leave a retry is not filesync's fault.
        if judged.findings().any(|finding| finding.rule != codes::ERRS_08) {
            let header = mobsync::trace::Header::default();
            let trace = mobsync::trace::notation::print(&header, &events);
            panic!("seed {seed}: {:#?}\n{trace}", judged.findings().collect::<Vec<_>>());
        }
        let state = judged.session().instance(HandlerId::FIRST).expect("it was created").state();
        assert_eq!(state, State::Released, "seed {seed}");
        held.extend(RULES.iter().filter(|rule| judged.monitor().verdict(rule) == Verdict::Held).map(|rule| rule.code));
    }
    // The sessions were no walk in the park: these rules had their occasions. Whether a skip is surely known to the handler before
    // it reports again (STOP-03) is up to the machine here; in virtual time it is tested.
    for rule in [codes::STOP_01, codes::STOP_02, codes::ERRS_02, codes::ERRS_05, codes::LIFE_01, codes::LOG_07] {
        assert!(held.contains(&rule.code), "{} was not exercised", rule.code);
    }
}
