//! What `filesync` is to the host: a name and a way to make instances.

use std::sync::Arc;

use crate::handler::{CreateError, HandlerFactory, SyncHandler};
use crate::protocol::Guid;

use super::handler::Instance;
use super::items::FolderItem;
use super::{FolderError, FolderPair};

/// The built-in handler `filesync` for given pairs of folders, each of them an item.
///
/// See the [module](super) for what it does.
#[derive(Clone, Debug)]
pub struct FileSync {
    items: Arc<[FolderItem]>,
}

impl FileSync {
    /// For these pairs, which become items in this order.
    ///
    /// # Errors
    /// When there is no pair, or one writes where another reads or writes: they are synchronized side by side.
    pub fn new(pairs: Vec<FolderPair>) -> Result<Self, FolderError> {
        FolderPair::check_together(&pairs)?;
        Ok(Self { items: FolderItem::name_all(pairs).into() })
    }

    /// The pairs and their ItemIDs.
    pub fn pairs(&self) -> impl Iterator<Item = (Guid, &FolderPair)> {
        self.items.iter().map(|item| (item.id, &item.pair))
    }
}

impl HandlerFactory for FileSync {
    fn name(&self) -> &str {
        "filesync"
    }

    fn create(&self) -> Result<Box<dyn SyncHandler>, CreateError> {
        Ok(Box::new(Instance::new(Arc::clone(&self.items))))
    }
}
