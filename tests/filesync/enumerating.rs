//! What the handler says of itself and its items, and how it takes calls that are out of place.

use std::fs;
use std::time::SystemTime;

use mobsync::handler::{EnumItems, FileSync, FolderPair, HandlerFactory};
use mobsync::protocol::{
    FileTime, GUID_NULL, Guid, HResult, HandlerFlags, IID_IUNKNOWN, Item, ItemFlags, Status, SyncEvent, SyncFlags,
};

use crate::manager::{Folders, Session, assert_plain_item, enumerate, run_once};

/// A handler with three items, of which two have left folders of the same name.
fn three_items(folders: &Folders) -> FileSync {
    for name in ["a", "a/photos", "photos", "music"] {
        fs::create_dir(folders.left(name)).unwrap();
    }
    let pair = |left, right| FolderPair::new(folders.left(left), folders.right(right)).unwrap();
    FileSync::new(vec![pair("photos", "1"), pair("a/photos", "2"), pair("music", "3")]).unwrap()
}

fn enumerator(factory: &FileSync) -> Box<dyn EnumItems> {
    factory.create().unwrap().enum_sync_mgr_items().1.unwrap()
}

fn now() -> FileTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    FileTime::from_unix_nanos(i128::try_from(since.as_nanos()).unwrap())
}

fn names(items: &[Item]) -> Vec<String> {
    items.iter().map(|item| item.name.to_string()).collect()
}

#[test]
fn items_are_named_after_their_left_folders_and_told_apart() {
    let folders = Folders::new();
    let factory = three_items(&folders);
    assert_eq!(factory.name(), "filesync");
    let items = enumerate(&mut *factory.create().unwrap());
    assert_eq!(names(&items), ["photos", "photos (2)", "music"]);
    for (item, (id, _)) in items.iter().zip(factory.pairs()) {
        assert_plain_item(item);
        assert_eq!(item.id, id);
        assert_eq!(item.flags, ItemFlags::default());
    }
    assert_eq!(enumerate(&mut *factory.create().unwrap()), items, "a second instance has the same");
}

#[test]
fn a_long_name_is_cut_and_still_its_own() {
    let folders = Folders::new();
    // As long as a name can be in UTF-16 and in bytes.
    let long = "ü".repeat(127);
    let pairs = ["a", "b"].map(|parent| {
        fs::create_dir_all(folders.left(parent).join(&long)).unwrap();
        FolderPair::new(folders.left(parent).join(&long), folders.right(parent)).unwrap()
    });
    let items = enumerate(&mut *FileSync::new(pairs.to_vec()).unwrap().create().unwrap());
    items.iter().for_each(assert_plain_item);
    assert_eq!(names(&items), [long.clone(), format!("{} (2)", "ü".repeat(123))]);
}

#[test]
fn the_enumerator_keeps_the_rules_of_com() {
    let folders = Folders::new();
    let factory = three_items(&folders);
    let mut items = enumerator(&factory);
    let next = |items: &mut Box<dyn EnumItems>, celt| {
        let (hr, fetched, items) = items.next(celt);
        assert_eq!(fetched, Some(u32::try_from(items.len()).unwrap()));
        (hr, names(&items))
    };
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let (s_ok, s_false) = (HResult::S_OK, HResult::S_FALSE);
    assert_eq!(next(&mut items, 0), (s_ok, named(&[])));
    assert_eq!(next(&mut items, 1), (s_ok, named(&["photos"])));
    let mut clone = items.try_clone().1.unwrap();
    assert_eq!(next(&mut items, 2), (s_ok, named(&["photos (2)", "music"])));
    for celt in [1, u32::MAX, 1] {
        assert_eq!(next(&mut items, celt), (s_false, named(&[])), "past the end");
    }
    assert_eq!(next(&mut items, 0), (s_ok, named(&[])));
    assert_eq!(items.skip(0), s_ok);
    assert_eq!(items.skip(1), s_false);
    assert_eq!(next(&mut clone, u32::MAX), (s_false, named(&["photos (2)", "music"])), "the clone moves on alone");
    assert_eq!(items.reset(), s_ok);
    assert_eq!(items.skip(2), s_ok);
    assert_eq!(next(&mut items, 1), (s_ok, named(&["music"])));
    assert_eq!(items.reset(), s_ok);
    assert_eq!(items.skip(u32::MAX), s_false);
    assert_eq!(next(&mut items, 1), (s_false, named(&[])));
}

#[test]
fn the_last_update_is_known_once_a_run_went_through_and_is_past() {
    let folders = Folders::new();
    fs::write(folders.left("file"), "1").unwrap();
    let factory = folders.factory();
    let item = |factory: &FileSync| enumerate(&mut *factory.create().unwrap()).remove(0);
    assert_eq!((item(&factory).flags, item(&factory).last_update), (ItemFlags::default(), FileTime(0)));

    let before = now();
    run_once(&factory);
    let first = item(&factory);
    assert_eq!(first.flags, ItemFlags::LASTUPDATETIME);
    assert!(before <= first.last_update && first.last_update <= now(), "{}", first.last_update);
    assert_eq!(item(&folders.factory()), first, "it is kept with the copy");

    // A run that fails is no update.
    fs::create_dir(folders.right("conflict")).unwrap();
    fs::write(folders.left("conflict"), "").unwrap();
    assert_eq!(run_once(&factory).hr, HResult::E_FAIL);
    assert_eq!(item(&factory).last_update, first.last_update);
    fs::remove_dir(folders.right("conflict")).unwrap();
    run_once(&factory);
    assert!(item(&factory).last_update > first.last_update);
}

#[test]
fn the_time_of_a_folder_that_was_another_pairs_target_is_not_ours() {
    let folders = Folders::new();
    run_once(&folders.factory());
    fs::create_dir(folders.left("other")).unwrap();
    let other = FileSync::new(vec![FolderPair::new(folders.left("other"), folders.right("")).unwrap()]).unwrap();
    assert_eq!(enumerate(&mut *other.create().unwrap())[0].flags, ItemFlags::default());
}

#[test]
fn every_event_is_processed_and_an_unknown_one_like_manual() {
    let folders = Folders::new();
    let factory = folders.factory();
    let settings = SyncFlags::new(SyncEvent::MANUAL, SyncFlags::SETTINGS | SyncFlags::MAYBOTHERUSER);
    let flags = (0..=8).chain([0xff]).map(SyncFlags).chain([settings, SyncFlags(0xffff_ff03)]);
    for flags in flags {
        let mut handler = factory.create().unwrap();
        let cookie = [1, 2, 3];
        assert_eq!(handler.initialize(0, flags, Some(&cookie)), HResult::S_OK, "{flags}");
        assert_eq!(enumerate(&mut *handler).len(), 1);
        let (hr, info) = handler.get_handler_info();
        let info = info.unwrap();
        assert_eq!((hr, info.flags), (HResult::S_OK, HandlerFlags::default()));
        assert!(!info.name.is_empty() && info.name.to_utf16().len() <= 31);
    }
}

#[test]
fn calls_that_are_out_of_place_are_refused_and_bring_no_callback() {
    let folders = Folders::new();
    let factory = three_items(&folders);
    let unknown = Guid::from_u128(1);
    let id = factory.pairs().next().unwrap().0;
    let (invalid, unexpected) = (HResult::E_INVALIDARG, HResult::E_UNEXPECTED);

    let mut handler = factory.create().unwrap();
    assert_eq!(handler.initialize(1, SyncFlags(3), None), invalid);
    assert_eq!(handler.initialize(0, SyncFlags(3), None), HResult::S_OK);
    assert_eq!(handler.initialize(0, SyncFlags(3), None), unexpected);
    assert_eq!(handler.prepare_for_sync(&[id], 0, 0), unexpected, "no callback interface");
    assert_eq!(handler.show_error(0, unknown), unexpected);
    assert_eq!(handler.set_progress_callback(None), HResult::S_OK);
    drop(handler);

    let mut session = Session::open(&factory);
    let handler = &mut session.handler;
    for items in [&[][..], &[unknown], &[id, unknown], &[id, id], &[GUID_NULL]] {
        assert_eq!(handler.prepare_for_sync(items, 0, 0), invalid, "{items:?}");
    }
    assert_eq!(handler.synchronize(0), unexpected, "nothing is prepared");
    assert_eq!(handler.set_item_status(id, Status::SKIPPED), unexpected, "nothing is going on");
    assert_eq!(handler.set_item_status(unknown, Status::SKIPPED), invalid);
    assert_eq!(handler.set_item_status(id, Status::STOPPED), invalid);
    assert_eq!(handler.show_error(0, unknown), invalid);
    assert_eq!(handler.show_properties(0, id), invalid);
    assert_eq!(handler.show_properties(0, GUID_NULL), invalid);
    assert_eq!(handler.get_item_object(id, IID_IUNKNOWN), (HResult::E_NOTIMPL, false));
    assert!(session.recorder.log().is_empty());

    session.run();
    assert_eq!(session.handler.synchronize(0), unexpected, "once for each PrepareForSync");
    session.run();
    session.close();
}
