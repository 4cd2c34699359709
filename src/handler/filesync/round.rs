//! One round: from `Synchronize` to `SynchronizeCompleted`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::handler::SyncCallback;
use crate::protocol::{Guid, HResult, LogErrorInfo, LogLevel, LogMask, ProgressItem, Status};

use super::errors::{LiveError, LiveErrors};
use super::gate::Gate;
use super::items::FolderItem;
use super::trouble::Halt;

/// What the workers of a round share. Every word to the manager goes through here, and every reply is heeded here.
#[derive(Debug)]
pub(super) struct Round {
    gate: Arc<Gate>,
    errors: Arc<LiveErrors>,
    items: Vec<FolderItem>,
    state: Mutex<RoundState>,
}

/// Locked for an instant only, never during a callback: `SetItemStatus` waits for nothing else.
#[derive(Debug)]
struct RoundState {
    items: Vec<ItemWork>,
    /// How many items have not ended. It starts with all of them, before there is any worker: one alone is the last.
    working: usize,
    failed: bool,
    cancelled_all: bool,
    gone: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ItemWork {
    Working,
    /// Cancelled by a reply, or skipped by `SetItemStatus`.
    Skipped,
    /// Its final status is settled.
    Ended,
}

/// How the work on an item ended: its final status and what is said with it.
#[derive(Debug)]
pub(super) struct Ending {
    pub status: Status,
    pub text: String,
    /// How much there was to do, all of it done or tried.
    pub total: i32,
}

impl Round {
    pub fn new(gate: Arc<Gate>, errors: Arc<LiveErrors>, items: Vec<FolderItem>) -> Self {
        let state = RoundState {
            items: vec![ItemWork::Working; items.len()],
            working: items.len(),
            failed: false,
            cancelled_all: false,
            gone: false,
        };
        Self { gate, errors, items, state: Mutex::new(state) }
    }

    pub fn items(&self) -> &[FolderItem] {
        &self.items
    }

    /// Whether every item has ended; true before `SynchronizeCompleted` is called, so that what follows it may begin.
    pub fn is_over(&self) -> bool {
        self.state().working == 0
    }

    /// The manager is going: the workers stop and say nothing more.
    pub fn abandon(&self) {
        self.state().gone = true;
    }

    /// `SetItemStatus(SKIPPED)`. E_UNEXPECTED when the item is not being worked on (any more): its final status is
    /// settled and may be on its way to the manager, so it must not be taken for skipped.
    pub fn skip(&self, item: Guid) -> HResult {
        let mut state = self.state();
        match self.items.iter().position(|known| known.id == item).map(|index| &mut state.items[index]) {
            Some(ItemWork::Ended) | None => HResult::E_UNEXPECTED,
            Some(working) => {
                *working = ItemWork::Skipped;
                HResult::S_OK
            }
        }
    }

    /// Whether the work on an item goes on.
    pub fn look_up(&self, index: usize) -> Result<(), Halt> {
        let state = self.state();
        if state.gone {
            Err(Halt::Gone)
        } else if state.items[index] == ItemWork::Skipped {
            Err(Halt::Item)
        } else if state.cancelled_all {
            Err(Halt::All)
        } else {
            Ok(())
        }
    }

    /// Tells how the work on an item goes, and learns whether it goes on.
    pub fn report(&self, index: usize, info: ProgressItem) -> Result<(), Halt> {
        self.call(index, |callback| {
            let reply = callback.progress(self.items[index].id, info);
            self.heed(index, reply);
        })
    }

    /// Logs an error, anew if it lives already. An ERROR can be shown and tried again; the other levels just stand there.
    pub fn log_error(&self, index: usize, error: Guid, level: LogLevel, text: &str) -> Result<(), Halt> {
        let item = self.items[index].id;
        let jump = level == LogLevel::ERROR;
        let info = if jump {
            LogErrorInfo::jump(error, Some(item))
        } else {
            let mask = LogMask(LogMask::ERRORID.0 | LogMask::ITEMID.0);
            LogErrorInfo { mask, error, item, ..LogErrorInfo::default() }
        };
        self.delete_error(index, error)?;
        self.call(index, |callback| {
            // Known before it is logged: the user can be quick.
            self.errors.insert(error, LiveError { item, jump });
            if callback.log_error(level, text.into(), Some(info)).is_failure() {
                self.errors.remove(error);
            }
        })
    }

    /// Takes back an error, if it lives.
    pub fn delete_error(&self, index: usize, error: Guid) -> Result<(), Halt> {
        if self.errors.get(error).is_none() {
            return Ok(());
        }
        self.call(index, |callback| {
            self.errors.remove(error);
            callback.delete_log_error(error);
        })
    }

    /// The live errors of an item.
    pub fn errors_of(&self, index: usize) -> Vec<Guid> {
        self.errors.of(self.items[index].id)
    }

    /// Ends an item: its final status, and the completion if it was the last.
    pub fn end(&self, index: usize, ending: Result<Ending, Halt>) {
        let gate = self.gate.enter();
        let callback = || gate.callback().filter(|_| !self.state().gone);

        let last_word = self.settle(index, ending);
        let failed = last_word.status == Status::FAILED;
        if let Some(callback) = callback() {
            self.heed(index, callback.progress(self.items[index].id, last_word));
        }
        let completion = {
            let mut state = self.state();
            state.failed |= failed;
            state.working -= 1;
            let hr = if state.failed { HResult::E_FAIL } else { HResult::S_OK };
            (state.working == 0).then_some(hr)
        };
        if let Some(hr) = completion
            && let Some(callback) = callback()
        {
            callback.synchronize_completed(hr);
        }
    }

    /// Settles an item's final status: from here on it cannot be skipped, and what it was told before has been heeded.
    fn settle(&self, index: usize, ending: Result<Ending, Halt>) -> ProgressItem {
        let mut state = self.state();
        let before = std::mem::replace(&mut state.items[index], ItemWork::Ended);
        match ending {
            _ if before == ItemWork::Skipped => ProgressItem::status(Status::SKIPPED),
            Ok(ending) if !state.cancelled_all => {
                let word = ProgressItem::status(ending.status).text(ending.text);
                if ending.total == 0 { word } else { word.at(ending.total, ending.total) }
            }
            _ => ProgressItem::status(Status::STOPPED),
        }
    }

    /// Makes a callback for an item that still goes on, and learns whether it does so after it.
    fn call(&self, index: usize, callback: impl FnOnce(&dyn SyncCallback)) -> Result<(), Halt> {
        let gate = self.gate.enter();
        self.look_up(index)?;
        let Some(manager) = gate.callback() else { return Err(Halt::Gone) };
        callback(manager);
        self.look_up(index)
    }

    /// Takes in the reply to `Progress`.
    fn heed(&self, index: usize, reply: HResult) {
        let mut state = self.state();
        match reply {
            HResult::S_SYNCMGR_CANCELITEM if state.items[index] == ItemWork::Working => {
                state.items[index] = ItemWork::Skipped;
            }
            HResult::S_SYNCMGR_CANCELALL => state.cancelled_all = true,
            // `Progress` is not documented to fail: the manager says that it has closed the session.
            HResult::E_UNEXPECTED => state.gone = true,
            _ => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, RoundState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
