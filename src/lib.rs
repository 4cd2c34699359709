//! `mobsync` is a host for Synchronization Manager handlers (`ISyncMgrSynchronize`, `mobsync.h`): it plays the manager's
//! side of the protocol, drives handlers through it, records every crossing, and says which rules they break. It needs no
//! Windows.
//!
//! Most people want the program, `mobsync`: its README shows what it does. This library is what the program is made of.
//!
//! # What everything rests on
//!
//! * **One event vocabulary.** Whatever crosses the boundary between manager and handler is an
//!   [`Event`](protocol::Event): a call, its return, a callback, its reply, or a note that something happened there. The
//!   sequence of events, the *trace*, is the session. The monitor and the reports see events and nothing else, so a
//!   recorded session is judged exactly as a running one.
//! * **One state machine.** [`Session`](protocol::Session) takes events and says where every instance stands, which calls
//!   are legal now, and what a callback is answered. It does no I/O and knows no clock, no thread and no chance. The host
//!   asks it before every call, the monitor judges by it: no transition is written down twice.
//! * **One trait.** [`SyncHandler`](handler::SyncHandler) is `ISyncMgrSynchronize` in Rust types; whatever can be driven
//!   implements it.
//! * **One catalogue.** Each rule of [`rules`] is declared once, with its source and its document; the checks, the program
//!   and the documents in `docs/rules` read that declaration.
//!
//! # The modules
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`protocol`] | the vocabulary: results, flags, items, calls, callbacks, events; and the state machine |
//! | [`rules`] | the catalogue, and the [`Monitor`](rules::Monitor) that finds broken rules in events |
//! | [`handler`] | the handler's trait; the built-in handler `filesync`; handlers that a JSON file describes |
//! | [`host`] | drives a handler through a session: in real time, or in virtual time, where the same seed gives the same trace |
//! | [`job`] | sessions as jobs: which handler, and what the manager and the user do |
//! | [`conform`] | sessions that provoke what an ordinary one does not |
//! | [`scenario`] | files that say what the manager and the user do, and what must come of it |
//! | [`trace`] | traces as files and as text |
//! | [`runner`] | runs sessions, judges them, many at a time |
//! | [`report`] | findings for people and for programs |
//! | [`cli`] | the program |
//!
//! `protocol` and `rules` are pure: they import no I/O, no clock and no threads, and a test holds them to it.
//!
//! # A whole program
//!
//! A handler in Rust, driven through a session in real time, and judged. It forgets to say how its item ended, and that is
//! what is found:
//!
//! ```
//! use std::sync::Arc;
//! use std::thread;
//!
//! use mobsync::handler::{CreateError, EnumItems, HandlerFactory, SyncCallback, SyncHandler};
//! use mobsync::host::{self, SessionSetup, Selection, StandardPlan};
//! use mobsync::protocol::*;
//! use mobsync::rules::{Conditions, Monitor};
//! use mobsync::protocol::Limits;
//! use mobsync::trace::VIRTUAL_START;
//!
//! const NOTES: Guid = Guid::from_u128(0x4b0e_1f6e_6d86_4f1c_9b6a_2f1d_5f0e_7a11);
//!
//! #[derive(Default)]
//! struct Notes {
//!     manager: Option<Arc<dyn SyncCallback>>,
//! }
//!
//! impl SyncHandler for Notes {
//!     fn initialize(&mut self, _: u32, _: SyncFlags, _: Option<&[u8]>) -> HResult {
//!         HResult::S_OK
//!     }
//!     fn get_handler_info(&mut self) -> (HResult, Option<HandlerInfo>) {
//!         (HResult::S_OK, Some(HandlerInfo { name: "Notes".into(), ..HandlerInfo::default() }))
//!     }
//!     fn enum_sync_mgr_items(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
//!         (HResult::S_OK, Some(Box::new(OneItem { given: false })))
//!     }
//!     fn show_properties(&mut self, _: u64, _: Guid) -> HResult {
//!         HResult::E_UNEXPECTED // there are none, and the flags say so
//!     }
//!     fn set_progress_callback(&mut self, callback: Option<Arc<dyn SyncCallback>>) -> HResult {
//!         self.manager = callback;
//!         HResult::S_OK
//!     }
//!     fn prepare_for_sync(&mut self, _: &[Guid], _: u64, _: u32) -> HResult {
//!         if let Some(manager) = &self.manager {
//!             manager.prepare_for_sync_completed(HResult::S_OK);
//!         }
//!         HResult::S_OK
//!     }
//!     fn synchronize(&mut self, _: u64) -> HResult {
//!         let Some(manager) = self.manager.clone() else { return HResult::E_UNEXPECTED };
//!         thread::spawn(move || {
//!             manager.progress(NOTES, ProgressItem::status(Status::UPDATING).at(1, 1).text("notes.txt"));
//!             // Here belongs: manager.progress(NOTES, ProgressItem::status(Status::SUCCEEDED));
//!             manager.synchronize_completed(HResult::S_OK);
//!         });
//!         HResult::S_OK
//!     }
//!     fn set_item_status(&mut self, _: Guid, _: Status) -> HResult {
//!         HResult::S_OK
//!     }
//!     fn show_error(&mut self, _: u64, _: Guid) -> HResult {
//!         HResult::E_UNEXPECTED // it logs none
//!     }
//! }
//!
//! fn item() -> Item {
//!     Item { id: NOTES, name: "Notes".into(), state: ItemState::CHECKED, ..Item::default() }
//! }
//!
//! struct OneItem {
//!     given: bool,
//! }
//!
//! impl EnumItems for OneItem {
//!     fn next(&mut self, celt: u32) -> (HResult, Option<u32>, Vec<Item>) {
//!         if self.given || celt == 0 {
//!             return (HResult::S_FALSE, Some(0), Vec::new());
//!         }
//!         self.given = true;
//!         let hr = if celt == 1 { HResult::S_OK } else { HResult::S_FALSE };
//!         (hr, Some(1), vec![item()])
//!     }
//!     fn skip(&mut self, celt: u32) -> HResult {
//!         let enough = celt == 0 || (celt == 1 && !self.given);
//!         self.given |= celt > 0;
//!         if enough { HResult::S_OK } else { HResult::S_FALSE }
//!     }
//!     fn reset(&mut self) -> HResult {
//!         self.given = false;
//!         HResult::S_OK
//!     }
//!     fn try_clone(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
//!         (HResult::S_OK, Some(Box::new(OneItem { given: self.given })))
//!     }
//! }
//!
//! struct Factory;
//!
//! impl HandlerFactory for Factory {
//!     fn name(&self) -> &str {
//!         "notes"
//!     }
//!     fn create(&self) -> Result<Box<dyn SyncHandler>, CreateError> {
//!         Ok(Box::new(Notes::default()))
//!     }
//! }
//!
//! // What the manager and its user do: all that is usual, for the items that the handler preselects.
//! let flags = SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER);
//! let plan = StandardPlan::new(Initialize::new(flags), Selection::Checked);
//!
//! let limits = Limits::default();
//! let mut monitor = Monitor::new(Conditions { profile: Profile::Xp, limits, started: VIRTUAL_START });
//! let setup = SessionSetup::new(Arc::new(Factory), Box::new(plan), limits);
//! let ran = host::run_real(setup, |_| {}, &mut |events: Vec<Event>, _: &Session| {
//!     for event in &events {
//!         monitor.observe(event);
//!     }
//! })?;
//! monitor.finish();
//!
//! let instance = ran.session.instances().next().unwrap();
//! assert_eq!(instance.outcome(), Outcome::Completed(HResult::S_OK));
//! let found: Vec<&str> = monitor.findings().iter().map(|finding| finding.rule.code).collect();
//! assert_eq!(found, ["SYNC-09"]);
//! # Ok::<(), CreateError>(())
//! ```
//!
//! Without Rust, a handler is a JSON file: see [`handler::script`], and `docs/scripts.md`.

// `handler::com` is allowed to, and nothing else.
#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(feature = "cli")]
pub mod cli;
pub mod conform;
pub mod handler;
pub mod host;
pub mod job;
pub mod json;
pub mod protocol;
pub mod report;
pub mod rules;
pub mod runner;
pub mod scenario;
pub mod time;
pub mod trace;
