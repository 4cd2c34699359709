//! The built-in handler `filesync`: real folders, really synchronized, and by all the rules of the protocol.
//!
//! # What it does
//!
//! Each pair LEFT=RIGHT is an item. New and changed files go from left to right, with the folders that they are in.
//! Nothing on the left is changed, and nothing on the right is ever deleted.
//!
//! * A file is *changed* when its size or its modification time differs from the right one's, as exactly as the file
//!   system on the right keeps times. Its content, its modification time and (on Unix) its permissions go over.
//! * A file on the right that is newer and differs is replaced too: the item's text and a warning say so. With
//!   [`FolderPair::leaving_newer`] (`--update`) it is left. So is one that changes while the others are copied, and that
//!   is an error.
//! * Holes in a sparse file stay holes.
//! * A symbolic link goes over as a link, wherever it leads, and is never followed.
//! * A file or link replaces a file or link. Where a folder meets something else, both stay as they are, and the
//!   conflict is logged as an error. A right folder that is a link to a folder is such a conflict: nothing is written
//!   through links. (Each folder is checked when it is entered and again when something is put into it. A program that
//!   swaps folders for links on the right between that look and the writing could still lead a file astray.)
//! * A folder of RIGHT that is one of LEFT under another path (a bind mount), or that two folders of LEFT lead to, is left
//!   out, with an error. So is the second of two files whose names are one for the file system on the right. (On Unix.)
//! * Pipes, sockets and devices are left out, with a warning in the log.
//! * Owners, set-user-ID bits, extended attributes, hard links, and the modification times of folders and links do not
//!   go over. A right folder is always writable for its owner.
//!
//! # What holds whenever it is cancelled, killed, or the disk fills up
//!
//! Every file on the right is, as a whole, either the old one or the new one. A file is written beside its target as
//! `.mobsync-….tmp`, flushed to the disk, and renamed. The name ends with a check, so no file of the user's is taken for one. If the original changes meanwhile, the copy is dropped and an
//! error logged. What a killed run left over is removed by the next one.
//!
//! # As a handler
//!
//! * The ItemID follows from the two real paths. The time of last update is that of the last run that went through; it
//!   is kept in RIGHT in the file `.mobsync-filesync`, which is never synchronized.
//! * `PrepareForSync` completes before it returns. `Synchronize` starts a thread for each item and returns; the last
//!   thread to end calls `SynchronizeCompleted`, with E_FAIL if an item FAILED.
//! * Progress is PENDING while the folders are compared, then UPDATING with the number and the name of each file, and
//!   again for each mebibyte of a large one.
//! * Whatever goes wrong with a file is logged as an error whose ErrorID follows from the item and the path. The item
//!   goes on with its other files and ends FAILED. `ShowError` answers with S_SYNCMGR_RETRYSYNC, every time it is asked:
//!   how often to try is for the manager and the user to say. In the next round, an error that is mended is deleted, and
//!   one that persists is deleted and logged anew.
//! * `SetItemStatus` for an item whose final status is settled already answers E_UNEXPECTED: it comes too late.
//! * After `SetProgressCallback(NULL)` no callback is made and the workers stop; `Release` does not wait for them.

mod copy;
mod errors;
mod factory;
mod gate;
mod handler;
mod items;
mod pair;
mod places;
mod round;
mod same_time;
mod state;
mod survey;
mod temp;
mod trouble;
mod worker;

pub use factory::FileSync;
pub use pair::{FolderError, FolderPair, Side};
