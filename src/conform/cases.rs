//! The fixed cases: scenarios that together provoke whatever a manager can provoke.

use std::collections::BTreeMap;

use super::Known;
use super::alphabet::{
    first_middle_last, hold, hold_until_leaving, hold_until_left, in_state, on_callback, until_skipped,
};
use crate::handler::ServerCall;
use crate::host::{Order, Strategy};
use crate::protocol::{
    CallMethod, CallbackMethod, Cookie, Delay, Guid, HResult, HandlerFlags, HandlerId, Item, ItemFlags, Profile,
    RegisterFlags, ScheduledEvent, State,
};
use crate::rules::Rule;
use crate::rules::codes::*;
use crate::scenario::{
    Action, Another, Choose, ErrorRef, EventName, EventPattern, Happening, Happens, Hold, ItemRef, Member, Reply,
    Scenario, Step, Survey, Until,
};
use crate::store::{Key, Preferences};

/// Why cases of COM are skipped for other handlers. No session says otherwise.
pub(super) const NO_VTABLES: &str = "the handler has no COM vtables";

/// One case of the suite.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its name, which is stable for a handler with the same items.
    pub name: String,
    /// What the manager and the user do.
    pub scenario: Scenario,
    /// The rules that it is there for, beside those that every session exercises.
    pub rules: Vec<&'static Rule>,
    /// Why it does not apply to the handler.
    pub skipped: Option<String>,
}

/// Why cases of registration are skipped. No session says otherwise.
pub(super) const NOT_SELF_REGISTERED: &str = if cfg!(windows) {
    "DllRegisterServer and DllUnregisterServer would change this system's registry; Wine has one of its own"
} else {
    "the handler does not register itself (DllRegisterServer)"
};

/// What worlds call the handler.
const SELF: &str = "handler";

/// An item that no handler has.
const MISSING: Guid = Guid::from_u128(0x6d6f_6273_796e_4e6f_8005_0000_0000_ffff);

/// An event that starts a session of the handler.
fn event(event: ScheduledEvent) -> Happening {
    Happening::Event { event, handlers: vec![SELF.to_owned()], connection: None, expect: BTreeMap::new() }
}

/// How many items have cases of their own.
const ITEMS: usize = 3;

/// The instance that comes second.
const SECOND: HandlerId = HandlerId(2);

/// For how many threads of a handler replies are held at once.
const MOST_HELD: u32 = 64;

/// How long a reply is held for what another instance does.
const PATIENCE: Delay = Delay(5_000_000_000);

/// The cases for a handler of which so much is known; `native` says that it has COM vtables.
pub fn cases(known: &Known, profile: Profile, native: bool) -> Vec<Case> {
    let mut all = Collector { known, profile, native, cases: Vec::new() };
    all.events();
    all.choices();
    all.looks();
    all.instances();
    all.stops();
    all.refusals();
    all.errors();
    all.settings();
    all.releases();
    all.cookies();
    all.registration();
    all.preferences();
    if known.real_time {
        all.orders();
    }
    all.cases
}

/// How the names of the cases with an order begin.
pub(super) const ORDERED: &str = "order-";

/// The orders that every handler in real time is tested in.
const ORDERS: [(Strategy, u64); 8] = [
    (Strategy::Random, 1),
    (Strategy::Random, 2),
    (Strategy::Pct2, 1),
    (Strategy::Pct3, 1),
    (Strategy::Starve, 1),
    (Strategy::LastFirst, 1),
    (Strategy::BeforeReturn, 1),
    (Strategy::SkipAtEnd, 1),
];

/// In which of them the user opens the error.
const WITH_THE_ERROR: [Strategy; 3] = [Strategy::Random, Strategy::LastFirst, Strategy::BeforeReturn];

struct Collector<'a> {
    known: &'a Known,
    profile: Profile,
    native: bool,
    cases: Vec<Case>,
}

impl Collector<'_> {
    fn scenario(&self, title: &str) -> Scenario {
        Scenario { profile: self.profile, choose: Choose::All, ..Scenario::titled(title) }
    }

    fn add(&mut self, name: impl Into<String>, rules: &[&'static Rule], scenario: Scenario) {
        self.cases.push(Case { name: name.into(), scenario, rules: rules.to_vec(), skipped: None });
    }

    /// A case that applies only where the reason against it is not given.
    fn add_unless(
        &mut self,
        against: Option<&str>,
        name: impl Into<String>,
        rules: &[&'static Rule],
        scenario: Scenario,
    ) {
        let skipped = against.map(str::to_owned);
        self.cases.push(Case { name: name.into(), scenario, rules: rules.to_vec(), skipped });
    }

    fn name_of(&self, item: &Item) -> ItemRef {
        ItemRef::to(item.id, &self.known.items)
    }

    /// The items that have cases of their own, with their names.
    fn items(&self) -> Vec<(Guid, ItemRef)> {
        self.known.items.iter().take(ITEMS).map(|item| (item.id, self.name_of(item))).collect()
    }

    fn events(&mut self) {
        for (event, word) in [
            (EventName::Manual, "manual"),
            (EventName::Connect, "connect"),
            (EventName::PendingDisconnect, "pending-disconnect"),
            (EventName::Idle, "idle"),
            (EventName::Invoke, "invoke"),
            (EventName::Scheduled, "scheduled"),
        ] {
            let cookie = (event == EventName::Invoke).then(|| Cookie(vec![0, 1, 0xfe, 0xff]));
            let scenario = Scenario { event, cookie, ..self.scenario(&format!("An ordinary session: {word}")) };
            self.add(format!("event-{word}"), &[PREP_02, SYNC_03, SYNC_08, SYNC_09, SYNC_12], scenario.clone());
            if matches!(event, EventName::Manual | EventName::Idle) {
                let title = format!("Without a user: {word}");
                let scenario = Scenario { user: false, title, ..scenario };
                self.add(format!("event-{word}-without-a-user"), &[PREP_06, SYNC_08, SYNC_13], scenario);
            }
        }
    }

    fn choices(&mut self) {
        let none = Scenario { choose: Choose::Nothing, ..self.scenario("Nothing is chosen") };
        self.add("choose-nothing", &[LIFE_01], none);
        let checked = Scenario { choose: Choose::Checked, ..self.scenario("The preselected items are chosen") };
        self.add("choose-preselected", &[ITEM_05], checked);
        for (_, item) in self.items() {
            let scenario = self.scenario(&format!("Only {item} is chosen"));
            let scenario = Scenario { choose: Choose::These(vec![item.clone()]), ..scenario };
            self.add(format!("choose-only-{item}"), &[SYNC_07], scenario);
        }
        let names: Vec<ItemRef> = self.known.items.iter().map(|item| self.name_of(item)).collect();
        let few = (names.len() < 2).then_some("the handler has fewer than two items");
        let reversed = Choose::These(names.iter().rev().cloned().collect());
        let scenario = Scenario { choose: reversed, ..self.scenario("All are chosen, the last one first") };
        self.add_unless(few, "choose-reversed", &[SYNC_07], scenario);
        let without_first = Choose::These(names.iter().skip(1).cloned().collect());
        let scenario = Scenario { choose: without_first, ..self.scenario("All but the first are chosen") };
        self.add_unless(few, "choose-without-the-first", &[SYNC_07], scenario);
    }

    fn looks(&mut self) {
        let walk: &[&'static Rule] = &[ENUM_02, ENUM_03, ENUM_05, ENUM_06, ENUM_07, ENUM_08, ENUM_09, ENUM_10];
        let native = (!self.native).then_some(NO_VTABLES);
        for (name, title, look, rules, against) in [
            ("walk", "The enumerator is walked thoroughly", Survey::Walk, walk, None),
            ("object", "An item's object is requested", Survey::Object, &[OBJ_01][..], None),
            ("callback-again", "The same callback is set twice", Survey::CallbackAgain, &[CB_01, CB_02], None),
            ("another-callback", "Another callback is set", Survey::AnotherCallback, &[CB_01, CB_02], None),
            ("uncounted", "The enumerator is walked without counting", Survey::Uncounted, &[ENUM_04], native),
        ] {
            let scenario = Scenario { look: vec![look], ..self.scenario(title) };
            self.add_unless(against, name, rules, scenario);
        }
        let com: &[&'static Rule] = &[COM_01, COM_02, COM_03, COM_04, COM_05, COM_06, COM_07, COM_09, COM_10];
        let scenario = Scenario { probes: true, ..self.scenario("Interfaces, classes and aggregation are tested") };
        self.add_unless(native, "interfaces", com, scenario);
    }

    fn instances(&mut self) {
        let with = |another| Some(another);
        let second = Another::default();
        let scenario = Scenario {
            another: with(second.clone()),
            ..self.scenario("A second instance, after the first is released")
        };
        self.add("second-instance", &[ITEM_09, LIFE_04], scenario);
        let together = Another { together: true, ..second.clone() };
        let scenario = Scenario { another: with(together), ..self.scenario("Two instances at once") };
        self.add("two-instances-at-once", &[COM_08], scenario);
        let (cancel, together) = self.cancel_one_of_two();
        let title = "Two instances at once, one of them cancelled";
        let scenario = Scenario { another: with(together), steps: cancel, ..self.scenario(title) };
        let silent = (self.known.all_reports() == 0).then_some("no item reports progress");
        let against = silent.or((!self.native).then_some(NO_VTABLES));
        self.add_unless(against, "cancel-one-of-two-instances", &[COM_08], scenario);
        let unknown = Another { event: Some(EventName::Unknown), ..second.clone() };
        let scenario =
            Scenario { another: with(unknown), ..self.scenario("An event that the protocol does not define") };
        self.add("unknown-event", &[INIT_06], scenario);
        let reserved = Another { reserved: 7, ..second };
        let scenario = Scenario { another: with(reserved), ..self.scenario("The reserved argument is not 0") };
        self.add("reserved-argument", &[PREP_07], scenario);
    }

    /// The steps of two instances of which the first one is cancelled. It is not before the second one works, and the second one
    /// does not go on before the first one has stopped: so it is seen whether it stops as well.
    fn cancel_one_of_two(&self) -> (Vec<Step>, Another) {
        let held = |until, nth| {
            let hold = Hold { until, at_most: Some(PATIENCE) };
            on_callback(CallbackMethod::Progress, nth, None, Action::Hold(hold))
        };
        let middle = self.known.all_reports().div_ceil(2).max(1);
        let event = Box::new(EventPattern::called_back(CallbackMethod::Progress));
        let works = Until::Event { event, of_call: None, nth: Some(1), instance: Some(SECOND) };
        let stopped = Until::State { state: State::Synchronized, instance: Some(HandlerId::FIRST) };
        let cancel = on_callback(CallbackMethod::Progress, middle, None, Action::Reply(Reply::CancelAll));
        let another = Another { together: true, steps: vec![held(stopped, 1)], ..Another::default() };
        (vec![held(works, middle), cancel], another)
    }

    /// Skips and cancels.
    fn stops(&mut self) {
        let states = &self.known.states;
        let no_window = |method, called, returned, done| {
            let why = match () {
                () if !states.contains(&called) => "is never called",
                () if states.contains(&done) => "is completed before it returns",
                () => "does not succeed",
            };
            (!states.contains(&returned)).then(|| format!("{method} {why}, so this window never opens"))
        };
        let no_prepare =
            no_window(CallMethod::PrepareForSync, State::Preparing, State::PrepareReturned, State::Prepared);
        let no_synchronize =
            no_window(CallMethod::Synchronize, State::Synchronizing, State::SynchronizeReturned, State::Synchronized);
        let (no_prepare, no_synchronize) = (no_prepare.as_deref(), no_synchronize.as_deref());
        let skipping: &[&'static Rule] = &[STOP_03, STOP_04, STOP_06];
        for (id, item) in self.items() {
            let step = in_state(State::PrepareReturned, 1, Action::Skip(item.clone()));
            self.with_step(no_prepare, format!("skip-{item}-while-preparing"), skipping, step);
            let reports = self.known.reports.get(&id).copied().unwrap_or(0);
            // What was begun before is chance: an item that is done with its second report is skipped at its first one alone.
            if reports == 0 || reports > 2 {
                let steps = self.skip_at(&item, 1, None);
                self.with_steps(no_synchronize, format!("skip-{item}-at-once"), skipping, steps);
            }
            let silent = (reports == 0).then_some("the item reports no progress");
            for (nth, when) in first_middle_last(reports.max(1)).zip(["first", "middle", "last"]) {
                let when = if reports == 1 { "only" } else { when };
                let name = format!("skip-{item}-at-the-{when}-report");
                let steps = self.skip_at(&item, nth, Some(item.clone()));
                self.with_steps(no_synchronize.or(silent), name, skipping, steps);
                let cancel = Action::Reply(Reply::CancelItem);
                let cancel = on_callback(CallbackMethod::Progress, nth, Some(item.clone()), cancel);
                let name = format!("cancel-{item}-at-the-{when}-report");
                self.with_step(silent, name, &[STOP_01, STOP_06, STOP_07], cancel);
            }
        }
        let reports = self.known.all_reports();
        let silent = (reports == 0).then_some("no item reports progress");
        for (nth, when) in first_middle_last(reports.max(1)).zip(["first", "middle", "last"]) {
            let cancel = Action::Reply(Reply::CancelAll);
            // In the middle, what each item has still to do is chance, but for one that is waited for: the longest.
            let (nth, of) = match self.known.longest().filter(|_| nth != 1 && nth != reports) {
                Some((item, reports)) => (reports.div_ceil(2), Some(ItemRef::to(item, &self.known.items))),
                None => (nth, None),
            };
            let cancel = on_callback(CallbackMethod::Progress, nth, of, cancel);
            self.with_step(silent, format!("cancel-all-at-the-{when}-report"), &[STOP_02, STOP_06, STOP_07], cancel);
        }
        let skips = |(id, item): (Guid, ItemRef)| match self.known.reports.get(&id) {
            Some(_) => self.skip_at(&item, 1, Some(item.clone())),
            None => vec![in_state(State::SynchronizeReturned, 1, Action::Skip(item))],
        };
        let all: Vec<Step> = self.items().into_iter().flat_map(skips).collect();
        let scenario = Scenario { steps: all, ..self.scenario("Every item is skipped") };
        self.add_unless(no_synchronize, "skip-everything", skipping, scenario);
    }

    /// Skips the item at the `nth` report of an item, or of all. The report is held until then: the item is not finished before,
    /// and a handler whose `SetItemStatus` waits for the one who reports is seen to wait (STOP-04).
    fn skip_at(&self, item: &ItemRef, nth: u32, report: Option<ItemRef>) -> Vec<Step> {
        if self.known.all_reports() == 0 {
            return vec![in_state(State::SynchronizeReturned, 1, Action::Skip(item.clone()))];
        }
        let skip = on_callback(CallbackMethod::Progress, nth, report.clone(), Action::Skip(item.clone()));
        let mut steps = vec![hold(nth, report.clone(), until_skipped(item))];
        if report.is_none() {
            // The one who works on it may be quicker than the skip.
            steps.push(hold(1, Some(item.clone()), until_skipped(item)));
        }
        steps.push(skip);
        steps
    }

    fn with_step(&mut self, against: Option<&str>, name: String, rules: &[&'static Rule], step: Step) {
        self.with_steps(against, name, rules, vec![step]);
    }

    fn with_steps(&mut self, against: Option<&str>, name: String, rules: &[&'static Rule], steps: Vec<Step>) {
        let scenario = Scenario { steps, ..self.scenario(&name.replace('-', " ")) };
        self.add_unless(against, name, rules, scenario);
    }

    fn refusals(&mut self) {
        let dialogs = (self.known.dialogs == 0).then_some("the handler asks for no dialog");
        let connections = (self.known.connections == 0).then_some("the handler opens no connection");
        let mode: &[&'static Rule] = &[MODE_01, MODE_02, MODE_03, MODE_05];
        for (nth, when) in first_middle_last(self.known.dialogs.max(1)).zip(["first", "middle", "last"]) {
            let refuse = on_callback(CallbackMethod::EnableModeless, nth, None, Action::Reply(Reply::RefuseDialog));
            let mut steps = vec![refuse];
            steps.extend(self.show_error());
            let scenario = Scenario { steps, ..self.scenario(&format!("The {when} dialog is refused")) };
            self.add_unless(dialogs, format!("refuse-the-{when}-dialog"), mode, scenario);
        }
        for (nth, when) in first_middle_last(self.known.connections.max(1)).zip(["first", "middle", "last"]) {
            let fail = Action::Reply(Reply::FailConnection);
            let fail = on_callback(CallbackMethod::EstablishConnection, nth, None, fail);
            self.with_step(connections, format!("fail-the-{when}-connection"), &[CONN_01], fail);
        }
    }

    /// The step that shows the first error, where there is one.
    fn show_error(&self) -> Option<Step> {
        let show = || in_state(State::Synchronized, 1, Action::ShowError(ErrorRef::First));
        (self.known.jump_errors > 0).then(show)
    }

    fn errors(&mut self) {
        let none = (self.known.jump_errors == 0).then_some("the handler logs no error with jump text");
        let show: &[&'static Rule] = &[ERRS_02, ERRS_03, ERRS_04, ERRS_05, ERRS_07, LOG_08];
        let step = || in_state(State::Synchronized, 1, Action::ShowError(ErrorRef::First));
        for (name, user) in [("show-the-error", true), ("show-the-error-without-a-user", false)] {
            let scenario = Scenario { user, steps: vec![step()], ..self.scenario("The user opens the error") };
            self.add_unless(none, name, show, scenario);
        }
        let release = in_state(State::RetryDue, 1, Action::Release);
        let scenario = Scenario { steps: vec![step(), release], ..self.scenario("Released instead of retried") };
        self.add_unless(none, "release-instead-of-the-retry", &[LIFE_01], scenario);
    }

    /// Cookies of lengths that nobody thinks of.
    fn cookies(&mut self) {
        let odd = (0..4097_u32).map(|at| (at * 31 + at / 256) as u8).collect();
        for (name, title, cookie) in [
            ("cookie-of-one-byte", "Invoked with a cookie of one byte, which is zero", vec![0]),
            ("cookie-of-odd-length", "Invoked with a cookie of 4097 bytes", odd),
        ] {
            let scenario = Scenario { event: EventName::Invoke, cookie: Some(Cookie(cookie)), ..self.scenario(title) };
            self.add(name, &[RET_01, LIFE_02], scenario);
        }
    }

    /// A world with this handler alone, in which this happens.
    fn world(&self, title: &str, registered: Option<RegisterFlags>, world: Vec<Happening>) -> Scenario {
        let handler = Member { name: Some(SELF.to_owned()), registered, ..Member::of(SELF) };
        let happens = |what| Happens { at: Delay(0), what, comment: String::new() };
        Scenario {
            profile: self.profile,
            handlers: vec![handler],
            world: world.into_iter().map(happens).collect(),
            ..Scenario::titled(title)
        }
    }

    /// What a library does that registers itself. Of others there is one line.
    fn registration(&mut self) {
        if !self.known.registers_itself {
            let scenario = self.scenario("The library registers itself");
            self.add_unless(Some(NOT_SELF_REGISTERED), "registration", &[], scenario);
            return;
        }
        let server = |call| Happening::Server { handler: SELF.to_owned(), call, hr: HResult::S_OK };
        let (register, unregister) = (|| server(ServerCall::Register), || server(ServerCall::Unregister));
        let twice = self.world("DllRegisterServer is called twice", None, vec![register(), register()]);
        self.add("registration-twice", &[REGI_01, REGI_05], twice);
        let session = event(ScheduledEvent::Scheduled);
        let happen = vec![register(), session.clone(), unregister()];
        let removed = self.world("DllUnregisterServer takes back what was registered", None, happen);
        self.add("registration-removed", &[REGI_01, REGI_06], removed);
        let invokes =
            self.world("A session that the handler starts itself, with its cookie", None, vec![register(), session]);
        let against = (!self.known.invokes).then_some("the handler starts no session itself (UpdateItems)");
        self.add_unless(against, "registration-and-invocation", &[REGI_01, REGI_02], invokes);
    }

    /// What the user prefers of items that are missing now, or are there for a while, in two sessions.
    fn preferences(&mut self) {
        let temporary = self.known.items.iter().any(|item| item.flags.has(ItemFlags::TEMPORARY));
        let against = (!self.known.misses_items && !temporary)
            .then_some("it reports no S_SYNCMGR_MISSINGITEMS and no TEMPORARY item");
        let mut preferences = Preferences::default();
        let missing = (!self.known.items.iter().any(|item| item.id == MISSING)).then_some(MISSING);
        for id in self.known.items.iter().map(|item| item.id).chain(missing) {
            preferences.set(Key { item: Some(id), event: None, connection: None }, true);
        }
        let prefer = Happening::Prefer { handler: SELF.to_owned(), preferences };
        let sessions = [event(ScheduledEvent::Scheduled), event(ScheduledEvent::Idle)];
        let happen = std::iter::once(prefer).chain(sessions).collect();
        let title = "Preferences of items that are missing or temporary, in two sessions";
        let scenario = self.world(title, Some(RegisterFlags::default()), happen);
        self.add_unless(against, "preferences-of-missing-items", &[REGI_04, ITEM_09], scenario);
    }

    /// Callbacks of several threads in chosen orders: of a handler in real time.
    fn orders(&mut self) {
        let rules: &[&'static Rule] = &[PREP_03, SYNC_04, SYNC_09, SYNC_11, LIFE_02];
        let one = (self.known.threads.len() < 2).then_some("no two threads call back");
        for (strategy, seed) in ORDERS {
            let title = format!("Callbacks are taken in another order: {strategy}, seed {seed}");
            let scenario = Scenario {
                order: Some(Order::by(strategy, seed)),
                // The error is shown in some: its retry is another round, which takes as long again.
                steps: self.show_error().filter(|_| WITH_THE_ERROR.contains(&strategy)).into_iter().collect(),
                ..self.scenario(&title)
            };
            self.add_unless(one, format!("{ORDERED}{strategy}-{seed}"), rules, scenario);
        }
        let silent = (self.known.all_reports() == 0).then_some("no item reports progress");
        let cancel = on_callback(CallbackMethod::Progress, 1, None, Action::Reply(Reply::CancelAll));
        let scenario = Scenario {
            order: Some(Order::by(Strategy::LastFirst, 1)),
            steps: vec![cancel],
            ..self.scenario("All is cancelled, and the last one to end ends first")
        };
        self.add_unless(
            one.or(silent),
            format!("{ORDERED}last-first-cancelled"),
            &[SYNC_04, SYNC_11, STOP_02],
            scenario,
        );
    }

    fn settings(&mut self) {
        let rules: &[&'static Rule] = &[LIFE_05, PROP_02, PROP_03, PROP_04];
        for (name, user) in [("settings", true), ("settings-without-a-user", false)] {
            let scenario = Scenario { settings: true, user, choose: Choose::Checked, ..self.scenario("Configuration") };
            self.add(name, rules, scenario);
        }
        let handler = self.known.flags.has(HandlerFlags::HASPROPERTIES);
        let with_pages: Vec<ItemRef> = self
            .known
            .items
            .iter()
            .filter(|item| item.flags.has(ItemFlags::HASPROPERTIES))
            .map(|item| self.name_of(item))
            .collect();
        let none = (!handler && with_pages.is_empty()).then_some("nothing has HASPROPERTIES");
        let choose = if handler { Choose::Checked } else { Choose::These(with_pages.clone()) };
        let refuse = on_callback(CallbackMethod::EnableModeless, 1, None, Action::Reply(Reply::RefuseDialog));
        let refused = self.scenario("The properties dialog is refused");
        let scenario = Scenario { settings: true, choose, steps: vec![refuse], ..refused };
        self.add_unless(none, "refuse-the-page-of-properties", rules, scenario);
        let no_items = with_pages.is_empty().then_some("no item has HASPROPERTIES");
        let items = self.scenario("The properties of items are shown");
        let scenario = Scenario { settings: true, choose: Choose::These(with_pages), ..items };
        self.add_unless(no_items, "properties-of-items", rules, scenario);
    }

    fn releases(&mut self) {
        for state in [
            State::Created,
            State::Initialized,
            State::Enumerated,
            State::Ready,
            State::PrepareReturned,
            State::Prepared,
            State::SynchronizeReturned,
            State::Synchronized,
        ] {
            let never = (!self.known.states.contains(&state)).then_some("the session is never in that state");
            let mut steps = vec![in_state(state, 1, Action::Release)];
            if state == State::SynchronizeReturned {
                // No thread gets further than its first report before.
                let hold = if self.native { hold_until_left } else { hold_until_leaving };
                steps.extend(self.hold_from(1, hold));
            }
            self.with_steps(never, format!("release-when-{state}"), &[LIFE_01, CB_03, CB_07, CB_08], steps);
        }
        let silent = (self.known.all_reports() == 0).then_some("no item reports progress");
        let release = on_callback(CallbackMethod::Progress, 2, None, Action::Release);
        // In virtual time the release comes at the report without a hold, and a thread of a script that is not held shows a second
        // completion as what it is.
        let mut steps = if self.native { self.hold_from(2, hold_until_leaving) } else { Vec::new() };
        steps.push(release);
        self.with_steps(silent, "release-while-it-works".to_owned(), &[LIFE_01, CB_03, CB_07, CB_08], steps);
    }

    /// Holds the reports from the `nth` on until the manager leaves: a thread for each item is held once. So none of them completes
    /// the session before.
    fn hold_from(&self, nth: u32, hold: fn(u32) -> Step) -> Vec<Step> {
        let threads = u32::try_from(self.known.reports.len()).unwrap_or(u32::MAX).clamp(1, MOST_HELD);
        (nth..nth + threads).map(hold).collect()
    }
}
