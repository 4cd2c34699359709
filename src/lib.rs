//! `mobsync` runs Synchronization Manager handlers (`ISyncMgrSynchronize`, `mobsync.h`) without Windows. It plays the manager,
//! records every call and callback, and reports which rules of the protocol a handler breaks.
//!
//! Most people want the program `mobsync`: see the README. This library is what the program is made of.
//!
//! # Test a handler in Rust
//!
//! [`conform::assert_conforms`] runs the conformance suite over your [`HandlerFactory`](handler::HandlerFactory). The message of
//! its panic is the report:
//!
//! ```
//! # use mobsync::handler::{FileSync, FolderPair};
//! # let folder = tempfile::tempdir()?;
//! # let (left, right) = (folder.path().join("left"), folder.path().join("right"));
//! # std::fs::create_dir(&left)?;
//! # let my_factory = FileSync::new(vec![FolderPair::new(left, right)?])?;
//! mobsync::conform::assert_conforms(my_factory);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`conform::Suite`] has the options, takes native libraries too, and returns the report. Here the built-in handler
//! `filesync` stands for yours:
//!
//! ```
//! use mobsync::conform::Suite;
//! use mobsync::handler::{FileSync, FolderPair};
//! use mobsync::report::human;
//!
//! # let folder = tempfile::tempdir()?;
//! # let (left, right) = (folder.path().join("left"), folder.path().join("right"));
//! # std::fs::create_dir(&left)?;
//! # std::fs::write(left.join("note.txt"), "text")?;
//! let my_factory = FileSync::new(vec![FolderPair::new(left, right)?])?;
//! let report = Suite::new(my_factory).case("event-manual").case("walk").sessions(3).run()?;
//! assert!(!report.failed(), "{}", human(&report, false));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/conforms.rs` and `examples/suite.rs` run both over a whole handler, `examples/notes`.
//!
//! # Run one session
//!
//! [`runner::run`] runs one session and judges it. This handler forgets to report how its item ended, and that is the finding:
//!
//! ```
//! use std::sync::Arc;
//! use std::thread;
//!
//! use mobsync::handler::{CreateError, EnumItems, HandlerFactory, ItemList, SyncCallback, SyncHandler};
//! use mobsync::job::{Handler, Terms};
//! use mobsync::protocol::*;
//! use mobsync::runner::{self, RunOptions};
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
//!         let item = Item { id: NOTES, name: "Notes".into(), state: ItemState::CHECKED, ..Item::default() };
//!         (HResult::S_OK, Some(Box::new(ItemList::new([item]))))
//!     }
//!     fn show_properties(&mut self, _: u64, _: Guid) -> HResult {
//!         HResult::E_UNEXPECTED // the flags promise none
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
//!             manager.progress(NOTES, ProgressItem::status(Status::UPDATING).at(1, 2).text("notes.txt"));
//!             // Missing: manager.progress(NOTES, ProgressItem::status(Status::SUCCEEDED));
//!             manager.synchronize_completed(HResult::S_OK);
//!         });
//!         HResult::S_OK
//!     }
//!     fn set_item_status(&mut self, _: Guid, _: Status) -> HResult {
//!         HResult::S_OK
//!     }
//!     fn show_error(&mut self, _: u64, _: Guid) -> HResult {
//!         HResult::E_UNEXPECTED // none is ever logged
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
//! // What an ordinary manager and user do: they synchronize the items that the handler preselects.
//! let handler = Handler::from_factory(Arc::new(Factory));
//! let session = runner::run(&handler, &Terms::default(), &RunOptions::default(), &mut ())?;
//!
//! let instance = session.judged.session().instances().next().unwrap();
//! assert_eq!(instance.outcome(), Outcome::Completed(HResult::S_OK));
//! let found: Vec<&str> = session.judged.found().iter().map(|found| found.finding.rule.code).collect();
//! assert_eq!(found, ["SYNC-09"]);
//! // As people read it.
//! println!("{}", session.judged.found()[0].finding);
//! # Ok::<(), runner::RunError>(())
//! ```
//!
//! Without Rust, a handler can be a JSON file: see [`handler::script`], and `docs/scripts.md`.
//!
//! # The ideas
//!
//! * **One event vocabulary.** Whatever crosses the boundary between manager and handler is an [`Event`](protocol::Event): a call,
//!   its return, a callback, its reply, or a note that something happened there. The sequence of events, the *trace*, is the
//!   session. Rules and reports read events and nothing else, so a recorded session is judged exactly as a running one.
//! * **One state machine.** [`Session`](protocol::Session) takes events. It knows where every instance stands, which calls are
//!   legal now, and how a callback is answered. It does no I/O and has no clock and no threads. The host asks it before every
//!   call, and the monitor judges by it: no transition is written down twice.
//! * **One trait.** [`SyncHandler`](handler::SyncHandler) is `ISyncMgrSynchronize` in Rust types. Every kind of handler implements
//!   it.
//! * **The manager owns time.** A clock is real or virtual ([`time`]), and a reply can be held until something has happened: the
//!   order of events never depends on luck where it decides a verdict.
//! * **One catalogue.** Each rule of [`rules`] is declared once, with its source and its document. The checks, the program and
//!   `docs/rules` read that declaration.
//!
//! # The modules
//!
//! Each module imports those below it, and none above it; a test checks that. `ARCHITECTURE.md` explains them.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `cli` | the program: its command line and its terminal (feature `cli`, which is on by default) |
//! | [`conform`] | the conformance suite: cases, random sessions, shrinking |
//! | [`report`] | findings for people and for programs |
//! | [`manager`] | runs the sessions of registered handlers, by the user's preferences |
//! | [`runner`] | runs a session, records and judges it; many at a time; replays a scenario |
//! | [`job`] | which handler runs which session, and in which process |
//! | [`scenario`] | files that say what the manager and the user do, and what is expected |
//! | [`host`] | drives a handler through a session, in real or in virtual time |
//! | [`handler`] | the handler's trait, and the kinds of handlers |
//! | [`time`] | clocks, and the scheduler of virtual time |
//! | [`trace`] | traces as files and as text, and the difference of two |
//! | [`store`] | the registered handlers, and what the user prefers for each |
//! | [`json`] | how files of JSON are read, and what is said of their errors |
//! | [`rules`] | the catalogue, and the [`Monitor`](rules::Monitor) that finds broken rules in events |
//! | [`protocol`] | results, flags, items, calls, callbacks, events; and the state machine |
//!
//! `protocol` and `rules` are pure: they import no I/O, no clock and no threads. A test checks that too.

// Only `handler::com` and the parts of `job` that deal with processes may.
#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(feature = "cli")]
pub mod cli;
pub mod conform;
pub mod handler;
pub mod host;
pub mod job;
pub mod json;
pub mod manager;
pub mod protocol;
pub mod report;
pub mod rules;
pub mod runner;
pub mod scenario;
pub mod store;
pub mod time;
pub mod trace;
