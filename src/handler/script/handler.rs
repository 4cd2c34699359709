//! The handler that a script describes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::condition::Condition;
use super::file::{Behaviour, Fault, Script};
use super::notified::{Notified, lock};
use super::run::{Context, Runner};
use super::step::{ScriptStep, WorkStep};
use crate::handler::{CreateError, EnumItems, HandlerFactory, SyncCallback, SyncHandler};
use crate::protocol::{CallMethod, Guid, HResult, HandlerInfo, Item, Status, SyncFlags};
use crate::time::Scheduler;

/// Makes instances of a scripted handler, which live in the virtual time of a scheduler.
pub struct ScriptFactory {
    script: Arc<Script>,
    name: String,
    scheduler: Scheduler,
    /// How many were created.
    instances: AtomicU64,
}

impl ScriptFactory {
    /// For sessions under this scheduler.
    pub fn new(script: impl Into<Arc<Script>>, scheduler: Scheduler) -> Self {
        let script = script.into();
        let name = script.name.to_string();
        Self { script, name, scheduler, instances: AtomicU64::new(0) }
    }
}

impl HandlerFactory for ScriptFactory {
    fn name(&self) -> &str {
        &self.name
    }

    fn create(&self) -> Result<Box<dyn SyncHandler>, CreateError> {
        Ok(Box::new(ScriptHandler {
            script: Arc::clone(&self.script),
            scheduler: self.scheduler.clone(),
            told: Arc::default(),
            owner: self.scheduler.new_owner(),
            instance: self.instances.fetch_add(1, Ordering::Relaxed),
            calls: BTreeMap::new(),
        }))
    }
}

struct ScriptHandler {
    script: Arc<Script>,
    scheduler: Scheduler,
    told: Arc<Mutex<Notified>>,
    owner: u64,
    /// Which instance of its factory it is, from 0.
    instance: u64,
    calls: BTreeMap<CallMethod, usize>,
}

impl ScriptHandler {
    /// What this call of the method does, where the script says it.
    fn behaviour(&mut self, method: CallMethod) -> Option<Behaviour> {
        let nth = self.calls.entry(method).or_default();
        let behaviour = self.script.methods.behaviour(method, *nth);
        *nth += 1;
        let applies = |condition: &Condition| {
            let told = lock(&self.told);
            condition.holds(&told, self.instance, &told.variables)
        };
        behaviour.filter(|behaviour| behaviour.only_if.as_ref().is_none_or(applies)).cloned()
    }

    /// Does what the behaviour says, and gives what it returns.
    fn perform(&self, method: CallMethod, behaviour: &Behaviour, good: HResult) -> HResult {
        let context = Context {
            script: Arc::clone(&self.script),
            scheduler: self.scheduler.clone(),
            told: Arc::clone(&self.told),
            owner: self.owner,
            instance: self.instance,
            method,
            call: self.scheduler.call_number(),
        };
        for (name, steps) in &behaviour.threads {
            self.scheduler.spawn(self.owner, name, Runner::new(context.clone(), Arc::clone(steps)).counted());
        }
        if !behaviour.then.is_empty() {
            let runner = Runner::new(context.clone(), Arc::clone(&behaviour.then)).counted().after_return();
            self.scheduler.spawn(self.owner, "worker", runner);
        }
        Runner::new(context, Arc::clone(&behaviour.steps)).run_here();
        behaviour.returns.unwrap_or(good)
    }

    fn call(&mut self, method: CallMethod, otherwise: impl FnOnce(&Self) -> Behaviour, good: HResult) -> HResult {
        let behaviour = self.behaviour(method).unwrap_or_else(|| otherwise(self));
        self.perform(method, &behaviour, good)
    }

    fn completing() -> Behaviour {
        Behaviour { steps: [ScriptStep::Complete(HResult::S_OK)].into(), ..Behaviour::default() }
    }
}

impl SyncHandler for ScriptHandler {
    fn initialize(&mut self, reserved: u32, flags: SyncFlags, cookie: Option<&[u8]>) -> HResult {
        {
            let mut told = lock(&self.told);
            told.flags = flags;
            told.cookie = cookie.is_some();
            told.reserved = reserved != 0;
        }
        self.call(CallMethod::Initialize, |_| Behaviour::default(), HResult::S_OK)
    }

    fn get_handler_info(&mut self) -> (HResult, Option<HandlerInfo>) {
        let behaviour = self.behaviour(CallMethod::GetHandlerInfo).unwrap_or_default();
        let hr = self.perform(CallMethod::GetHandlerInfo, &behaviour, HResult::S_OK);
        let own = || HandlerInfo { flags: self.script.flags, name: self.script.name.clone(), ..HandlerInfo::default() };
        let given = !behaviour.null && (hr.is_success() || behaviour.info.is_some());
        (hr, given.then(|| behaviour.info.clone().unwrap_or_else(own)))
    }

    fn enum_sync_mgr_items(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        let nth = self.calls.get(&CallMethod::EnumSyncMgrItems).copied().unwrap_or_default();
        let behaviour = self.behaviour(CallMethod::EnumSyncMgrItems).unwrap_or_default();
        let hr = self.perform(CallMethod::EnumSyncMgrItems, &behaviour, HResult::S_OK);
        if behaviour.null || (hr.is_failure() && behaviour.items.is_none()) {
            return (hr, None);
        }
        let mut items: Vec<Item> =
            behaviour.items.as_ref().unwrap_or(&self.script.items).iter().map(super::ScriptItem::to_item).collect();
        if self.script.enumerator.contains(&Fault::NewIds) {
            let instance_and_time = (u128::from(self.instance) << 16) + nth as u128 + 1;
            items.iter_mut().for_each(|item| item.id = Guid::from_u128(item.id.as_u128() ^ (instance_and_time << 64)));
        }
        let faults = Arc::from(self.script.enumerator.as_slice());
        (hr, Some(Box::new(ScriptEnumerator { items: items.into(), faults, at: Arc::default(), ended: false })))
    }

    fn get_item_object(&mut self, _: Guid, _: Guid) -> (HResult, bool) {
        let behaviour = self.behaviour(CallMethod::GetItemObject).unwrap_or_default();
        (self.perform(CallMethod::GetItemObject, &behaviour, HResult::E_NOTIMPL), behaviour.object)
    }

    fn show_properties(&mut self, _: u64, _: Guid) -> HResult {
        lock(&self.told).properties_shown += 1;
        let good = |_: &Self| Self::completing();
        self.call(CallMethod::ShowProperties, good, HResult::S_OK)
    }

    fn set_progress_callback(&mut self, callback: Option<Arc<dyn SyncCallback>>) -> HResult {
        let behaviour = self.behaviour(CallMethod::SetProgressCallback).unwrap_or_default();
        let keeps = callback.is_none() && self.script.survives_release;
        if callback.is_some() {
            lock(&self.told).callback = callback;
            return self.perform(CallMethod::SetProgressCallback, &behaviour, HResult::S_OK);
        }
        let hr = self.perform(CallMethod::SetProgressCallback, &behaviour, HResult::S_OK);
        if !keeps {
            lock(&self.told).callback = None;
        }
        hr
    }

    fn prepare_for_sync(&mut self, items: &[Guid], _: u64, reserved: u32) -> HResult {
        {
            let mut told = lock(&self.told);
            told.prepare(items);
            told.reserved = reserved != 0;
        }
        let good = |_: &Self| Self::completing();
        self.call(CallMethod::PrepareForSync, good, HResult::S_OK)
    }

    fn synchronize(&mut self, _: u64) -> HResult {
        let good = |handler: &Self| {
            let prepared = lock(&handler.told).prepared.clone();
            let work = |(at, item): (usize, &Guid)| {
                let name = item.alias().map_or_else(|| format!("sync-{}", at + 1), |alias| format!("sync-{alias}"));
                (name, [ScriptStep::Work(WorkStep::usual(*item)), ScriptStep::CompleteIfLast(HResult::S_OK)].into())
            };
            Behaviour { threads: prepared.iter().enumerate().map(work).collect(), ..Behaviour::default() }
        };
        self.call(CallMethod::Synchronize, good, HResult::S_OK)
    }

    fn set_item_status(&mut self, item: Guid, status: Status) -> HResult {
        if status == Status::SKIPPED {
            lock(&self.told).skipped.insert(item);
            self.scheduler.happened();
        }
        self.call(CallMethod::SetItemStatus, |_| Behaviour::default(), HResult::S_OK)
    }

    fn show_error(&mut self, _: u64, _: Guid) -> HResult {
        lock(&self.told).errors_shown += 1;
        let good = |_: &Self| Self::completing();
        self.call(CallMethod::ShowError, good, HResult::S_OK)
    }
}

impl Drop for ScriptHandler {
    fn drop(&mut self) {
        lock(&self.told).released = true;
        self.scheduler.happened();
        // A handler that crashed, or that the manager has left, is dropped without the call.
        if self.scheduler.is_in_call()
            && let Some(behaviour) = self.behaviour(CallMethod::Release)
        {
            self.perform(CallMethod::Release, &behaviour, HResult::S_OK);
        }
        if !self.script.survives_release {
            self.scheduler.stop(self.owner);
        }
    }
}

/// The enumerator of a script, with its faults.
struct ScriptEnumerator {
    items: Arc<[Item]>,
    faults: Arc<[Fault]>,
    /// Shared with clones that move together.
    at: Arc<AtomicU64>,
    /// It said that it is at the end.
    ended: bool,
}

impl ScriptEnumerator {
    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    fn at(&self) -> usize {
        usize::try_from(self.at.load(Ordering::Relaxed)).unwrap_or(usize::MAX).min(self.items.len())
    }

    fn go_to(&self, at: usize) {
        self.at.store(at as u64, Ordering::Relaxed);
    }
}

impl EnumItems for ScriptEnumerator {
    fn next(&mut self, celt: u32) -> (HResult, Option<u32>, Vec<Item>) {
        if self.has(Fault::NextNotImplemented) || (celt > 1 && self.has(Fault::NextManyNotImplemented)) {
            return (HResult::E_NOTIMPL, Some(0), Vec::new());
        }
        if self.has(Fault::NextFails) {
            return (HResult::E_OUTOFMEMORY, Some(0), Vec::new());
        }
        if self.at() == self.items.len() && !self.items.is_empty() {
            if self.has(Fault::EndFails) {
                return (HResult::E_FAIL, Some(0), Vec::new());
            }
            let said = std::mem::replace(&mut self.ended, true);
            if self.has(Fault::EndWrapsAround) || (said && self.has(Fault::EndBeginsAgain)) {
                self.go_to(0);
            }
        }
        let asked = celt as usize;
        let wanted = match asked {
            _ if self.has(Fault::NextOverDelivers) => asked.saturating_add(1),
            _ if self.has(Fault::NextOneAtATime) => asked.min(1),
            _ => asked,
        };
        let from = self.at();
        let to = from.saturating_add(wanted).min(self.items.len());
        self.go_to(to);
        let items = self.items[from..to].to_vec();
        let full = items.len() >= asked;
        let hr = match full {
            _ if self.has(Fault::NextFailsAndDelivers) => HResult::E_FAIL,
            false if !items.is_empty() && self.has(Fault::ShortFailsAndDelivers) => HResult::E_OUTOFMEMORY,
            true if self.has(Fault::NextFalseWhenFull) => HResult::S_FALSE,
            false if self.has(Fault::NextOkWhenShort) => HResult::S_OK,
            false if !items.is_empty() && self.has(Fault::NextOneAtATime) => HResult::S_OK,
            true => HResult::S_OK,
            false => HResult::S_FALSE,
        };
        let says = items.len() as u32 + u32::from(self.has(Fault::NextMiscounts));
        (hr, Some(says), items)
    }

    fn skip(&mut self, celt: u32) -> HResult {
        if self.has(Fault::SkipFails) {
            return HResult::E_OUTOFMEMORY;
        }
        let to = self.at().saturating_add(celt as usize);
        if !self.has(Fault::SkipDoesNothing) {
            self.go_to(to.min(self.items.len()));
        }
        if to <= self.items.len() || self.has(Fault::SkipAlwaysOk) { HResult::S_OK } else { HResult::S_FALSE }
    }

    fn reset(&mut self) -> HResult {
        if self.has(Fault::ResetFails) {
            return HResult::E_OUTOFMEMORY;
        }
        let stays = self.has(Fault::ResetOnlyAtEnd) && self.at() < self.items.len();
        if !self.has(Fault::ResetDoesNothing) && !stays {
            self.go_to(usize::from(self.has(Fault::ResetToSecond)));
        }
        if self.has(Fault::ResetReverses) {
            self.items = self.items.iter().rev().cloned().collect();
        }
        HResult::S_OK
    }

    fn try_clone(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        if self.has(Fault::CloneFails) {
            return (HResult::E_OUTOFMEMORY, None);
        }
        let at = if self.has(Fault::CloneShares) {
            Arc::clone(&self.at)
        } else if self.has(Fault::CloneAtBeginning) {
            Arc::default()
        } else {
            Arc::new(AtomicU64::new(self.at() as u64))
        };
        let clone = Self { items: Arc::clone(&self.items), faults: Arc::clone(&self.faults), at, ended: false };
        (HResult::S_OK, Some(Box::new(clone)))
    }
}
