//! Where two traces first differ in meaning.
//!
//! Two recordings of the same session are never the same file: times differ, threads have other names, and what happens on
//! independent threads is recorded in another order each time. [`diff`] passes over that, and finds the first event that
//! means something else. `docs/diff.md` explains it to users.
//!
//! # What an event means
//!
//! Of an event count its kind, its method, its arguments, its result and what comes out beside it. These do not count:
//!
//! * `seq`, `at_ns` and `thread`, and the number of a call: they are when and where, and only tie events together.
//! * Other numbers are names too. Callback objects, enumerators and handler instances count by the order of their first
//!   appearance, not by their number; a window handle counts as NULL or not NULL.
//! * A field outside the mask of its structure, and `ftLastUpdate` without LASTUPDATETIME: they say nothing.
//! * The header. It says how a trace was recorded and is to be judged, not what happened.
//!
//! A callback and its reply are one crossing. It stands where the callback was made; when the manager replied is time. A
//! return counts where it stands, and with it which of the open calls of its method returns. A call that is made from
//! inside a callback on the same thread is another call than one that is not, and so is a dialog that is granted while
//! another instance holds one: rules speak of both.
//!
//! Lists count as lists. The order of the items in `PrepareForSync` is what the handler is told, and it may go by it.
//!
//! # Which order means something
//!
//! The events of a handler instance belong to *streams*. In a stream every order means something; what belongs to no
//! common stream happens independently, and may interleave in any way. Two traces are equal when each stream of the one
//! equals that stream of the other. That is the same as saying that one becomes the other by exchanging neighbours
//! that belong to no common stream.
//!
//! | stream | its own events | further |
//! | --- | --- | --- |
//! | the session | the manager's calls and their returns but for SetItemStatus, completions, notes | |
//! | an item | its Progress, its LogError, DeleteLogError of its errors, a LogError that takes the ErrorID of one of them, the call of its SetItemStatus | the turning points, DeleteLogError for all |
//! | SetItemStatus of an item | its calls and their returns | the session but for queries |
//! | dialogs | EnableModeless | the turning points |
//! | connections | EstablishConnection, ConnectionLost | the turning points, ConnectionClosed |
//! | the error log | LogError and DeleteLogError that concern no item | the turning points, DeleteLogError for all |
//!
//! *Turning points* are what changes where the session stands: the calls of Initialize, SetProgressCallback,
//! PrepareForSync, Synchronize, ShowError, ShowProperties and Release, completions, and the notes Created, Crashed and
//! TimedOut. So Progress before Synchronize, during it and after its completion are three things.
//!
//! The *return* of an asynchronous method is a turning point only when it ends the method: it failed, or was completed
//! before. Else a worker races with it, and whether Progress comes before or after it is a matter of interleaving. Within
//! the session the order of a return and a completion does count: a completion before the return never opens the window
//! for SetItemStatus. The returns of Initialize, Release and SetProgressCallback(NULL) are turning points as well.
//!
//! *Queries* (GetHandlerInfo, GetItemObject, EnumSyncMgrItems and the enumerator's methods) change nothing for items.
//!
//! Instances are matched by name and order of creation, then what is left by order of creation. They are independent of
//! each other but for the connections, which are closed when all have ended, and the dialogs, as said above.
//!
//! # Which difference is the first
//!
//! Each stream that differs does so at one place. The earliest is the one whose event has the smallest position in either
//! trace. What is said of it, such as "missing in B", is the simplest edit that explains how the stream goes on behind it.

//!
//! # What it costs
//!
//! Traces are read up to three times: for their instances and lengths; side by side, to see which streams differ, and where; and
//! for what stands around those places. So the memory that it takes grows with the number of streams and with how far one
//! trace is ahead of the other, and not with their lengths.

mod align;
mod compare;
mod difference;
mod fields;
mod gather;
mod ignore;
mod lines;
mod meaning;
mod reading;
mod streams;

pub use compare::{Compared, Events, diff, diff_read};
pub use difference::{DiffLine, Difference, Field, Row, Stream, Subject, What};
pub use ignore::Ignore;
