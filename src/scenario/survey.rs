//! What a thorough manager tests before it prepares anything.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::{
    Call, CallMethod, Enumerator, GUID_NULL, GetItemObject, Guid, IID_IUNKNOWN, Items, Return, SetProgressCallback,
    Walk,
};

/// What the manager tests in addition after it has enumerated the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Survey {
    /// Walks a new enumerator: one by one, past the end, all at once, after `Reset`, `Skip` and `Clone`.
    Walk,
    /// Walks a new enumerator by one, with NULL for `pceltFetched`: for native handlers.
    Uncounted,
    /// Asks for an item's object.
    Object,
    /// Gives the callback once more.
    CallbackAgain,
    /// Gives another callback object.
    AnotherCallback,
}

/// A call that is still to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Planned {
    Enumerate,
    Next(Which, u32),
    Uncounted,
    Skip(u32),
    Reset,
    Clone,
    Object(Guid),
    Give(u32),
}

/// Which enumerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    New,
    Clone,
}

/// The calls that a thorough manager makes.
#[derive(Debug, Default)]
pub(super) struct Surveyor {
    surveys: VecDeque<Survey>,
    planned: VecDeque<Planned>,
    /// The enumerators that it was given.
    new: Option<u32>,
    clone: Option<u32>,
    /// A call of its own is open.
    open: bool,
}

impl Surveyor {
    pub(super) fn new(surveys: &[Survey]) -> Self {
        Self { surveys: surveys.iter().copied().collect(), ..Self::default() }
    }

    /// The next call, while there is one. `given` says that the handler has the callback.
    pub(super) fn next(&mut self, items: &Items, given: bool) -> Option<Call> {
        loop {
            while let Some(planned) = self.planned.pop_front() {
                if let Some(call) = self.call(planned) {
                    self.open = true;
                    return Some(call);
                }
            }
            let needs_callback = |look: &Survey| matches!(look, Survey::CallbackAgain | Survey::AnotherCallback);
            let at = self.surveys.iter().position(|look| given || !needs_callback(look))?;
            let look = self.surveys.remove(at)?;
            self.planned = steps(look, items).into();
        }
    }

    /// An enumerator that was not given cannot be walked.
    fn call(&self, planned: Planned) -> Option<Call> {
        let enumerator = |which| match which {
            Which::New => self.new,
            Which::Clone => self.clone,
        };
        let own = |call: fn(Enumerator) -> Call| self.new.map(|enumerator| call(Enumerator { enumerator }));
        match planned {
            Planned::Enumerate => Some(Call::EnumSyncMgrItems),
            Planned::Next(which, celt) => enumerator(which).map(|enumerator| Call::Next(Walk::new(enumerator, celt))),
            Planned::Uncounted => {
                self.new.map(|enumerator| Call::Next(Walk { no_count: true, ..Walk::new(enumerator, 1) }))
            }
            Planned::Skip(celt) => self.new.map(|enumerator| Call::Skip(Walk::new(enumerator, celt))),
            Planned::Reset => own(Call::Reset),
            Planned::Clone => own(Call::Clone),
            Planned::Object(item) => Some(Call::GetItemObject(GetItemObject { item, iid: IID_IUNKNOWN })),
            Planned::Give(callback) => {
                Some(Call::SetProgressCallback(SetProgressCallback { callback: Some(callback) }))
            }
        }
    }

    /// Takes a return; true when it is of a call of its own.
    pub(super) fn returned(&mut self, what: &Return) -> bool {
        if !std::mem::take(&mut self.open) {
            return false;
        }
        match what.method {
            CallMethod::EnumSyncMgrItems => (self.new, self.clone) = (what.out.enumerator, None),
            CallMethod::Clone => self.clone = what.out.enumerator,
            _ => {}
        }
        true
    }

    /// The call was not legal.
    pub(super) fn refused(&mut self) -> bool {
        std::mem::take(&mut self.open)
    }
}

fn steps(look: Survey, items: &Items) -> Vec<Planned> {
    use Planned::{Clone, Enumerate, Give, Next, Object, Reset, Skip, Uncounted};
    use Which::{Clone as Cloned, New};
    let many = u32::try_from(items.listed().len()).unwrap_or(u32::MAX);
    match look {
        Survey::Walk => {
            let mut steps = vec![Enumerate];
            steps.extend((0..many.min(64)).map(|_| Next(New, 1)));
            // Past the end, and again; then from the beginning, as many as there are, and none.
            steps.extend([Next(New, 1), Next(New, 3), Reset, Next(New, many.max(1)), Next(New, 1)]);
            // From the middle. What comes after Reset may be another list, so what follows begins anew.
            steps.extend([Enumerate, Next(New, 1), Reset, Next(New, many.max(1)), Next(New, 1)]);
            // The clone stands where the original stood, and each moves on alone.
            steps.extend([Enumerate, Skip(1), Next(New, 1), Clone]);
            steps.extend([Next(Cloned, 1), Next(New, 1), Next(Cloned, 16)]);
            steps.extend([Enumerate, Skip(many), Next(New, 1)]);
            steps.extend([Enumerate, Skip(many.saturating_add(3)), Next(New, 1)]);
            steps
        }
        Survey::Uncounted => {
            let mut steps = vec![Enumerate];
            steps.extend((0..=many.min(64)).map(|_| Uncounted));
            steps
        }
        Survey::Object => vec![Object(items.listed().next().map_or(GUID_NULL, |item| item.id))],
        Survey::CallbackAgain => vec![Give(1)],
        Survey::AnotherCallback => vec![Give(2)],
    }
}
