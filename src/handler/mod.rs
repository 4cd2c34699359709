//! Handlers: the trait that mirrors `ISyncMgrSynchronize`, and the back-ends that implement it.

#[cfg(unix)]
pub(crate) mod children;
#[allow(unsafe_code, reason = "a native handler's functions are called and its memory is read, here and nowhere else")]
pub mod com;
#[cfg(any(unix, windows))]
pub mod exec;
pub mod filesync;
mod item_list;
#[cfg(unix)]
pub(crate) mod proc;
#[cfg(target_os = "linux")]
pub(crate) mod processes;
pub(crate) mod said;
pub mod script;
mod traits;

#[cfg(target_os = "linux")]
pub use children::adopt;
pub use filesync::{FileSync, FolderError, FolderPair};
pub use item_list::ItemList;
pub use traits::{
    Chronicle, CreateError, EnumItems, HandlerFactory, HeldReply, Replied, ServerCall, SyncCallback, SyncHandler,
    SyncManager,
};
