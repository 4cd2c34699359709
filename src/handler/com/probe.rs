//! What COM itself asks of an object: asked where a session would not ask it.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU32, Ordering};

use windows_core::{GUID, HRESULT, IUnknown, IUnknown_Vtbl, Interface};

use super::abi::{IClassFactory, hresult, raw, raw_hresult};
use super::library::Loaded;
use super::memory::is_plausible;
use super::references;
use crate::protocol::{
    Aggregated, ClassAsked, ClassRefused, Guid, HResult, IID_ISYNC_MGR_SYNCHRONIZE, IID_IUNKNOWN, Note, Queried,
    ReferencePoint, ReferenceSeen,
};

/// Identifiers that nothing has.
const UNKNOWN_IID: Guid = Guid::from_u128(0x6d6f6273_796e_6300_9999_000000000001);
const UNKNOWN_CLSID: Guid = Guid::from_u128(0x6d6f6273_796e_6300_9999_000000000002);

/// Asks an object for interfaces, from each that it has: identity, and whether the answers agree.
pub(super) fn interfaces(object: &IUnknown, notes: &mut Vec<Note>) {
    let mut seen: Vec<usize> = Vec::new();
    let mut held: Vec<IUnknown> = Vec::new();
    // Whether pointers came with references, where that can be seen: the object counts them, and gave its own pointer.
    let mut referenced: Option<bool> = None;
    let mut ask = |from: &IUnknown, interface: Guid, iid: Guid, notes: &mut Vec<Note>| {
        if referenced == Some(false) {
            // Whatever else is asked for may take away references that the manager needs.
            return None;
        }
        let before = references::count(from);
        let (hr, address, mut pointer) = query(from, iid);
        let own = pointer.take_if(|pointer| pointer.as_raw() == from.as_raw());
        if let Some(own) = own {
            match before.zip(references::count(from)).map(|(before, after)| after > before) {
                // It is not the manager's to release.
                Some(false) => {
                    referenced = Some(false);
                    std::mem::forget(own);
                }
                seen => {
                    referenced = referenced.or(seen);
                    pointer = Some(own);
                }
            }
        }
        let number = (address != 0).then(|| {
            let at = seen.iter().position(|known| *known == address).unwrap_or_else(|| {
                seen.push(address);
                seen.len() - 1
            });
            u32::try_from(at + 1).unwrap_or(u32::MAX)
        });
        notes.push(Note::Queried(Queried { interface, iid, hr, object: number }));
        pointer
    };
    let own = IID_ISYNC_MGR_SYNCHRONIZE;
    let unknown = ask(object, own, IID_IUNKNOWN, notes);
    held.extend(ask(object, own, IID_IUNKNOWN, notes));
    held.extend(ask(object, own, own, notes));
    held.extend(ask(object, own, UNKNOWN_IID, notes));
    if let Some(unknown) = &unknown {
        held.extend(ask(unknown, IID_IUNKNOWN, IID_IUNKNOWN, notes));
        let again = ask(unknown, IID_IUNKNOWN, own, notes);
        if let Some(again) = &again {
            held.extend(ask(again, own, IID_IUNKNOWN, notes));
        }
        held.extend(again);
        held.extend(ask(unknown, IID_IUNKNOWN, UNKNOWN_IID, notes));
    }
    notes.extend(referenced.map(|held| Note::ReferenceSeen(ReferenceSeen { at: ReferencePoint::Query, held })));
}

/// The result, where the pointer that came points to, and the interface if it is one.
fn query(object: &IUnknown, iid: Guid) -> (HResult, usize, Option<IUnknown>) {
    let iid: GUID = raw(iid);
    // What a good answer writes over, or sets to NULL.
    let mut pointer: *mut c_void = std::ptr::without_provenance_mut(1);
    // SAFETY: it is given an ID and a place for a pointer; every interface begins with IUnknown, and what it gives out is
    // taken over.
    unsafe {
        let hr = hresult((object.vtable().QueryInterface)(object.as_raw(), &iid, &mut pointer));
        let given = is_plausible(pointer.cast::<usize>()) && hr.is_success();
        (hr, pointer.addr(), given.then(|| IUnknown::from_raw(pointer)))
    }
}

/// Asks the library for a class that nobody has.
pub(super) fn unknown_class(library: &Loaded) -> Note {
    tracing::debug!("probe: an unknown class");
    let (hr, class) = library.class(UNKNOWN_CLSID);
    Note::ClassAsked(ClassAsked { clsid: UNKNOWN_CLSID, hr, object: class.is_some() })
}

/// Asks the library for the class by an interface that nobody has, and whether it can be unloaded before and after: only if it
/// could be before, the answer after says what the refusal left behind.
pub(super) fn refused_class(library: &Loaded, clsid: Guid) -> Option<Note> {
    tracing::debug!("probe: an unknown interface of the class factory");
    let before = library.can_unload_now()?;
    let (hr, class) = library.class_as(clsid, UNKNOWN_IID);
    // What came all the same is released.
    drop(class);
    let after = library.can_unload_now()?;
    Some(Note::ClassRefused(ClassRefused { hr, before, after }))
}

/// Asks the factory for an object that is a part of another one.
pub(super) fn aggregation(class: &IClassFactory) -> Note {
    tracing::debug!("probe: aggregation");
    let outer = &WHOLE;
    let iid: GUID = raw(IID_IUNKNOWN);
    let mut part: *mut c_void = null_mut();
    // SAFETY: it is given an outer object that lives for ever, an ID and a place for a pointer.
    let hr = hresult(unsafe { class.CreateInstance(outer.pointer(), &iid, &mut part) });
    // SAFETY: on success it gave out its own IUnknown, which is taken over.
    let works = is_plausible(part.cast::<usize>())
        && hr.is_success()
        && unsafe { is_part_of(&IUnknown::from_raw(part), outer.pointer()) };
    Note::Aggregated(Aggregated { hr, works })
}

/// Whether the object's interfaces take the whole for their identity.
fn is_part_of(part: &IUnknown, whole: *mut c_void) -> bool {
    let (.., interface) = query(part, IID_ISYNC_MGR_SYNCHRONIZE);
    let Some(interface) = interface else { return false };
    let (.., identity) = query(&interface, IID_IUNKNOWN);
    identity.is_some_and(|identity| std::ptr::eq(identity.as_raw(), whole))
}

/// A whole of which an object can be a part: it has nothing but an identity.
#[repr(C)]
struct Outer {
    vtable: *const IUnknown_Vtbl,
    references: AtomicU32,
}

static OUTER: IUnknown_Vtbl =
    IUnknown_Vtbl { QueryInterface: outer_query_interface, AddRef: outer_add_ref, Release: outer_release };

// SAFETY: the table is never written, and the counter is atomic.
unsafe impl Sync for Outer {}

/// One for all: whoever keeps a reference too many does no harm.
static WHOLE: Outer = Outer { vtable: &OUTER, references: AtomicU32::new(1) };

impl Outer {
    fn pointer(&'static self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }
}

unsafe extern "system" fn outer_query_interface(
    this: *mut c_void,
    iid: *const GUID,
    interface: *mut *mut c_void,
) -> HRESULT {
    if !is_plausible(interface) || !is_plausible(iid) {
        return raw_hresult(HResult::E_POINTER);
    }
    // SAFETY: the handler passes an ID and a place for a pointer.
    unsafe {
        let known = *iid == raw(IID_IUNKNOWN);
        interface.write(if known { this } else { null_mut() });
        if known {
            outer_add_ref(this);
        }
        raw_hresult(if known { HResult::S_OK } else { HResult::E_NOINTERFACE })
    }
}

unsafe extern "system" fn outer_add_ref(this: *mut c_void) -> u32 {
    // SAFETY: COM calls methods with the object's own pointer, and it lives for ever.
    unsafe { &*this.cast::<Outer>() }.references.fetch_add(1, Ordering::AcqRel) + 1
}

unsafe extern "system" fn outer_release(this: *mut c_void) -> u32 {
    // SAFETY: as above.
    let object = unsafe { &*this.cast::<Outer>() };
    object.references.fetch_sub(1, Ordering::AcqRel).saturating_sub(1)
}
