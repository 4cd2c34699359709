//! Handlers: the trait that mirrors `ISyncMgrSynchronize`, and the back-ends that implement it.

pub mod filesync;
pub mod script;
mod traits;

pub use filesync::{FileSync, FolderError, FolderPair};
pub use traits::{CreateError, EnumItems, HandlerFactory, SyncCallback, SyncHandler};
