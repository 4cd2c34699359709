//! The handler's side of the boundary, as Rust traits.

use std::sync::{Arc, Weak};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::{
    Callback, ClassRegistered, Completed, Cookie, DeleteLogError, EnableModeless, EstablishConnection, Guid, HResult,
    HandlerInfo, InvokeFlags, Item, LogError, LogErrorInfo, LogLevel, Note, Progress, ProgressItem, RegisterFlags,
    ShowErrorCompleted, Status, SyncFlags, Text, Thread,
};

/// A handler instance: `ISyncMgrSynchronize` in Rust types (`nn-mobsync-isyncmgrsynchronize`).
///
/// The host makes all calls to one instance from one thread and never while another call to it is open. A method blocks
/// as a COM method does. Dropping the box is the last `Release`; it must not wait for work that waits for the manager.
/// A method that panics is a crash of the handler (LIFE-02).
pub trait SyncHandler {
    /// The first call. S_FALSE declines the event; the instance is then released. `cookie` is given with INVOKE only.
    fn initialize(&mut self, reserved: u32, flags: SyncFlags, cookie: Option<&[u8]>) -> HResult;

    /// Who the handler is. S_OK comes with a structure.
    fn get_handler_info(&mut self) -> (HResult, Option<HandlerInfo>);

    /// What can be synchronized. S_OK and S_SYNCMGR_MISSINGITEMS come with an enumerator.
    fn enum_sync_mgr_items(&mut self) -> (HResult, Option<Box<dyn EnumItems>>);

    /// Reserved: E_NOTIMPL and no object. The flag says whether an object came back.
    fn get_item_object(&mut self, item: Guid, iid: Guid) -> (HResult, bool) {
        let _ = (item, iid);
        (HResult::E_NOTIMPL, false)
    }

    /// Shows an item's properties, or the handler's (GUID_NULL); ends with `ShowPropertiesCompleted` on success.
    fn show_properties(&mut self, hwnd: u64, item: Guid) -> HResult;

    /// Gives the callback interface, or takes it back (`None`).
    fn set_progress_callback(&mut self, callback: Option<Arc<dyn SyncCallback>>) -> HResult;

    /// Asks for what is needed before the items can be synchronized; ends with `PrepareForSyncCompleted` on S_OK.
    fn prepare_for_sync(&mut self, items: &[Guid], hwnd: u64, reserved: u32) -> HResult;

    /// Starts synchronizing the prepared items; ends with `SynchronizeCompleted` on S_OK.
    fn synchronize(&mut self, hwnd: u64) -> HResult;

    /// Tells that the user changed an item's status; the manager sends SKIPPED only.
    fn set_item_status(&mut self, item: Guid, status: Status) -> HResult;

    /// Shows a logged error; ends with `ShowErrorCompleted` on success.
    fn show_error(&mut self, hwnd: u64, error: Guid) -> HResult;

    /// The last `Release`, and the reference count that it returned, where there is one. The box is dropped directly
    /// afterwards, as a part of the call.
    fn release(&mut self) -> Option<u32> {
        Some(0)
    }

    /// The callback was taken back, and that call has returned. Waits, for a second at most, for threads of the handler that
    /// are about to let go of it; no time of the handler's passes meanwhile.
    fn wait_for_threads(&mut self) {}

    /// Whether it is a native handler, for which the `[native]` rules hold.
    fn is_native(&self) -> bool {
        false
    }

    /// Whether it is a program of its own, for whose messages WIRE-01 holds.
    fn is_out_of_process(&self) -> bool {
        false
    }

    /// Where to note what happens by itself, in its place between the callbacks: given once, before any call. After a
    /// `Crashed` noted there, what an open call returns is not recorded.
    fn set_chronicle(&mut self, chronicle: Arc<dyn Chronicle>) {
        let _ = chronicle;
    }

    /// What ends the instance from another thread, when the session is over and a call is still open.
    fn ender(&self) -> Option<Box<dyn FnOnce() + Send>> {
        None
    }

    /// What there is to note since the last time: taken after the creation, after every call, and after `Release`.
    fn take_notes(&mut self) -> Vec<Note> {
        Vec::new()
    }
}

/// An enumerator of items: `ISyncMgrEnumItems` in Rust types (`nn-mobsync-isyncmgrenumitems`).
pub trait EnumItems {
    /// The next `celt` items: the result, what `pceltFetched` says, and the items written.
    fn next(&mut self, celt: u32) -> (HResult, Option<u32>, Vec<Item>);

    /// The next item, with NULL for `pceltFetched`.
    fn next_uncounted(&mut self) -> (HResult, Vec<Item>) {
        let (hr, _, items) = self.next(1);
        (hr, items)
    }

    /// Passes over `celt` items; S_FALSE when fewer are left.
    fn skip(&mut self, celt: u32) -> HResult;

    /// Goes back to the beginning.
    fn reset(&mut self) -> HResult;

    /// A second enumerator that stands where this one stands.
    fn try_clone(&mut self) -> (HResult, Option<Box<dyn EnumItems>>);
}

/// The manager's side: `ISyncMgrSynchronizeCallback` (`nn-mobsync-isyncmgrsynchronizecallback`).
///
/// Can be called from any thread, from several at once, and from inside a call of the manager. Every method returns at
/// once, unless the manager holds the reply: never without end, and never because the handler is in another call. It may be kept for ever: a call that is out of the protocol is answered E_UNEXPECTED and recorded.
pub trait SyncCallback: Send + Sync {
    /// Makes any callback. The other methods are this one with the arguments spelled out.
    fn call(&self, callback: Callback) -> HResult;

    /// Makes a callback for whoever must not wait for the reply where it calls back. `thread` is one of another process that
    /// calls back; by default the calling thread stands for it.
    fn begin(&self, thread: Option<&Thread>, callback: Callback) -> Replied {
        let _ = thread;
        Replied::Now(self.call(callback))
    }

    /// Which callback object of the manager this is, from 1: a handler may be given several.
    fn number(&self) -> u32 {
        1
    }

    /// The current thread is about to call back through an interface pointer to which the handler holds no reference. Only
    /// back-ends whose handlers count references can say so.
    fn note_unreferenced(&self) {}

    /// `ShowPropertiesCompleted`.
    fn show_properties_completed(&self, hr: HResult) -> HResult {
        self.call(Callback::ShowPropertiesCompleted(Completed { hr }))
    }

    /// `PrepareForSyncCompleted`.
    fn prepare_for_sync_completed(&self, hr: HResult) -> HResult {
        self.call(Callback::prepare_completed(hr))
    }

    /// `SynchronizeCompleted`.
    fn synchronize_completed(&self, hr: HResult) -> HResult {
        self.call(Callback::synchronize_completed(hr))
    }

    /// `ShowErrorCompleted`; S_SYNCMGR_RETRYSYNC with at least one item asks for another round.
    fn show_error_completed(&self, hr: HResult, items: &[Guid]) -> HResult {
        self.call(Callback::ShowErrorCompleted(ShowErrorCompleted { hr, items: items.to_vec() }))
    }

    /// `EnableModeless`: TRUE asks to show a dialog (S_FALSE refuses), FALSE says that it is gone.
    fn enable_modeless(&self, enable: bool) -> HResult {
        self.call(Callback::EnableModeless(EnableModeless { enable }))
    }

    /// `Progress`: S_OK goes on, S_SYNCMGR_CANCELITEM stops the item, S_SYNCMGR_CANCELALL stops all.
    fn progress(&self, item: Guid, info: ProgressItem) -> HResult {
        self.call(Callback::Progress(Progress { item, info: Some(info) }))
    }

    /// `LogError`.
    fn log_error(&self, level: LogLevel, text: Text, info: Option<LogErrorInfo>) -> HResult {
        self.call(Callback::LogError(LogError { level, text: Some(text), info: info.map(Box::new) }))
    }

    /// `DeleteLogError`; GUID_NULL deletes all that the instance logged.
    fn delete_log_error(&self, error: Guid) -> HResult {
        self.call(Callback::DeleteLogError(DeleteLogError { error, reserved: 0 }))
    }

    /// `EstablishConnection`; `None` is the default connection.
    fn establish_connection(&self, name: Option<Text>) -> HResult {
        self.call(Callback::EstablishConnection(EstablishConnection { name, reserved: 0 }))
    }
}

/// The answer to a callback.
pub enum Replied {
    /// The reply.
    Now(HResult),
    /// The manager does not reply yet.
    Held(Box<dyn HeldReply>),
}

/// A reply that the manager holds. It holds none without end.
pub trait HeldReply: Send {
    /// The time of the session, in nanoseconds, at which it is let go in any case.
    fn until_ns(&self) -> u64;

    /// The reply, if it was let go; once.
    fn poll(&mut self) -> Option<HResult>;

    /// Waits for the reply.
    fn wait(self: Box<Self>) -> HResult;
}

/// Takes what happens to a handler without a call or a callback of its own.
pub trait Chronicle: Send + Sync {
    /// Records a note. It returns at once, and may be called from any thread.
    fn note(&self, thread: Thread, note: Note);

    /// Takes what the handler's program wrote to its standard error. Only a handler that is a program has one.
    fn output(&self, text: &str) {
        let _ = text;
    }
}

/// The manager's own interfaces: `ISyncMgrRegister` (`nn-mobsync-isyncmgrregister`) and `ISyncMgrSynchronizeInvoke`
/// (`nn-mobsync-isyncmgrsynchronizeinvoke`) in Rust types.
///
/// Can be called from any thread and inside any call of the manager. Every method returns at once.
pub trait SyncManager: Send + Sync {
    /// `RegisterSyncMgrHandler`.
    fn register_sync_mgr_handler(&self, clsid: Guid, description: Option<Text>, flags: RegisterFlags) -> HResult;

    /// `UnregisterSyncMgrHandler`; its reserved argument means nothing.
    fn unregister_sync_mgr_handler(&self, clsid: Guid) -> HResult;

    /// `GetHandlerRegistrationInfo`: the flags, or S_FALSE and none.
    fn get_handler_registration_info(&self, clsid: Guid) -> (HResult, Option<RegisterFlags>);

    /// `UpdateItems`.
    fn update_items(&self, flags: InvokeFlags, clsid: Guid, cookie: Option<Cookie>) -> HResult;

    /// `UpdateAll`.
    fn update_all(&self) -> HResult;
}

/// What a library is told of COM's registry, as regsvr32 does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServerCall {
    /// `DllRegisterServer`.
    Register,
    /// `DllUnregisterServer`.
    Unregister,
}

/// Makes instances of one handler. Called on the instance's apartment thread.
pub trait HandlerFactory: Send + Sync {
    /// The handler's name, as it stands in traces and reports.
    fn name(&self) -> &str;

    /// Creates an instance.
    ///
    /// # Errors
    /// When the handler cannot be started.
    fn create(&self) -> Result<Box<dyn SyncHandler>, CreateError>;

    /// The manager that handlers reach from now on, for as long as it is there, where they can reach one.
    fn serve_manager(&self, manager: Weak<dyn SyncManager>) {
        let _ = manager;
    }

    /// Calls `DllRegisterServer` or `DllUnregisterServer`: the result; none where there is no such function.
    ///
    /// # Errors
    /// When the library cannot be loaded.
    fn call_server(&self, call: ServerCall) -> Result<Option<HResult>, CreateError> {
        let _ = call;
        Ok(None)
    }

    /// What COM's registry says of a class, where there is one.
    fn class_registered(&self, clsid: Guid) -> Option<ClassRegistered> {
        let _ = clsid;
        None
    }

    /// The handler's class, where it has one.
    fn class(&self) -> Option<Guid> {
        None
    }
}

/// A handler instance could not be created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot create an instance of {handler}: {why}")]
pub struct CreateError {
    /// Which handler.
    pub handler: String,
    /// What stood in the way.
    pub why: String,
}
