//! Arbitrary events: every variant, names and numbers without a name, text that is no UTF-16.
//!
//! Large strategies are boxed: a test's stack does not hold their unions nested into each other.

use mobsync::protocol::Limits;
use mobsync::protocol::*;
use mobsync::trace::{Clock, Header};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Mostly values that have a name, sometimes any.
fn named(names: &'static [(&'static str, u32)]) -> impl Strategy<Value = u32> {
    prop_oneof![3 => select(names).prop_map(|(_, value)| value), 1 => any::<u32>(), 1 => 0..16_u32]
}

/// Any combination of bits.
fn bits(names: &'static [(&'static str, u32)]) -> impl Strategy<Value = u32> {
    prop_oneof![3 => vec(named(names), 0..3).prop_map(|bits| bits.into_iter().fold(0, |all, bit| all | bit)), 1 => any::<u32>()]
}

pub fn text() -> impl Strategy<Value = Text> {
    prop_oneof![
        4 => "[A-Za-z0-9 ._#@\"\\\\+-]{0,12}".prop_map(Text::from),
        1 => any::<String>().prop_map(Text::from),
        1 => vec(any::<u16>(), 0..4).prop_map(|units| Text::from_utf16(&units)),
        1 => vec(0xD800..0xE000_u16, 1..4).prop_map(|units| Text::from_utf16(&units)),
    ]
}

pub fn guid() -> impl Strategy<Value = Guid> {
    prop_oneof![
        4 => select(&["A", "B", "Z", "E1", "E42", "GUID_NULL"][..]).prop_map(|name| Guid::from_alias(name).unwrap()),
        1 => (0..6_u128).prop_map(|n| Guid::from_u128(0xF00D_0000_0000_0000_0000_0000_0000_0000 + n)),
        1 => select(&[IID_IUNKNOWN, IID_ISYNC_MGR_ENUM_ITEMS][..]),
        1 => any::<u128>().prop_map(Guid::from_u128),
    ]
}

pub fn hresult() -> impl Strategy<Value = HResult> {
    named(HResult::NAMES).prop_map(HResult)
}

fn sync_flags() -> impl Strategy<Value = SyncFlags> {
    prop_oneof![
        3 => (prop_oneof![4 => named(SyncEvent::NAMES), 1 => Just(0)], select(&[0, SyncFlags::SETTINGS, SyncFlags::MAYBOTHERUSER, 0x300, 0x700][..]))
            .prop_map(|(event, flags)| SyncFlags(event | flags)),
        1 => any::<u32>().prop_map(SyncFlags),
    ]
}

fn callback_method() -> impl Strategy<Value = CallbackMethod> {
    select(CallbackMethod::ALL)
}

fn method() -> impl Strategy<Value = CallMethod> {
    select(CallMethod::ALL)
}

fn hwnd() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(0), 1 => any::<u64>()]
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![3 => Just(0), 1 => any::<u32>(), 1 => 0..20_u32]
}

fn walk() -> impl Strategy<Value = Walk> {
    (number(), number(), any::<bool>()).prop_map(|(enumerator, celt, no_count)| Walk { enumerator, celt, no_count })
}

fn enumerator() -> impl Strategy<Value = Enumerator> {
    number().prop_map(|enumerator| Enumerator { enumerator })
}

pub fn call() -> BoxedStrategy<Call> {
    prop_oneof![
        (sync_flags(), number(), option::of(vec(any::<u8>(), 0..5)), any::<bool>()).prop_map(
            |(flags, reserved, cookie, probe)| {
                Call::Initialize(Initialize { flags, reserved, cookie: cookie.map(Cookie), probe })
            }
        ),
        Just(Call::GetHandlerInfo),
        Just(Call::EnumSyncMgrItems),
        (guid(), guid()).prop_map(|(item, iid)| Call::GetItemObject(GetItemObject { item, iid })),
        (guid(), hwnd()).prop_map(|(item, hwnd)| Call::ShowProperties(ShowProperties { item, hwnd })),
        option::of(any::<u32>()).prop_map(|callback| Call::SetProgressCallback(SetProgressCallback { callback })),
        (vec(guid(), 0..4), hwnd(), number())
            .prop_map(|(items, hwnd, reserved)| { Call::PrepareForSync(PrepareForSync { items, hwnd, reserved }) }),
        hwnd().prop_map(|hwnd| Call::Synchronize(Synchronize { hwnd })),
        (guid(), named(Status::NAMES))
            .prop_map(|(item, status)| Call::SetItemStatus(SetItemStatus { item, status: Status(status) })),
        (guid(), hwnd()).prop_map(|(error, hwnd)| Call::ShowError(ShowError { error, hwnd })),
        walk().prop_map(Call::Next),
        walk().prop_map(Call::Skip),
        enumerator().prop_map(Call::Reset),
        enumerator().prop_map(Call::Clone),
        Just(Call::Release),
    ]
    .boxed()
}

fn handler_info() -> impl Strategy<Value = HandlerInfo> {
    (bits(HandlerFlags::NAMES), text(), size(), any::<bool>(), any::<bool>()).prop_map(
        |(flags, name, size, unterminated, foreign)| HandlerInfo {
            flags: HandlerFlags(flags),
            name,
            size,
            unterminated,
            foreign,
        },
    )
}

/// Mostly right.
fn size() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![3 => Just(None), 1 => any::<u32>().prop_map(Some)]
}

fn file_time() -> impl Strategy<Value = FileTime> {
    prop_oneof![
        Just(FileTime(0)),
        any::<u64>().prop_map(FileTime),
        (0..4_000_000_000_000_000_000_u64).prop_map(FileTime),
    ]
}

fn item() -> impl Strategy<Value = Item> {
    let native = (size(), any::<bool>());
    (guid(), text(), bits(ItemFlags::NAMES), named(ItemState::NAMES), file_time(), native).prop_map(
        |(id, name, flags, state, last_update, (size, unterminated))| Item {
            id,
            name,
            flags: ItemFlags(flags),
            state: ItemState(state),
            last_update,
            size,
            unterminated,
        },
    )
}

/// Mostly what the method brings, sometimes anything.
pub fn out(method: CallMethod) -> BoxedStrategy<Out> {
    let anything = (
        option::of(handler_info()),
        option::of(any::<u32>()),
        option::of(any::<u32>()),
        vec(item(), 0..3),
        any::<bool>(),
        option::of(any::<u32>()),
    )
        .prop_map(|(info, enumerator, fetched, items, object, refs)| Out {
            info,
            enumerator,
            fetched,
            items,
            object,
            refs,
        });
    let usual = match method {
        CallMethod::GetHandlerInfo => {
            option::of(handler_info()).prop_map(|info| Out { info, ..Out::default() }).boxed()
        }
        CallMethod::EnumSyncMgrItems | CallMethod::Clone => {
            option::of(number()).prop_map(|enumerator| Out { enumerator, ..Out::default() }).boxed()
        }
        CallMethod::Next => (option::of(number()), vec(item(), 0..4))
            .prop_map(|(fetched, items)| Out { fetched, items, ..Out::default() })
            .boxed(),
        CallMethod::GetItemObject => any::<bool>().prop_map(|object| Out { object, ..Out::default() }).boxed(),
        CallMethod::Release => option::of(number()).prop_map(|refs| Out { refs, ..Out::default() }).boxed(),
        _ => Just(Out::default()).boxed(),
    };
    prop_oneof![6 => usual, 1 => anything].boxed()
}

fn progress_item() -> impl Strategy<Value = ProgressItem> {
    let value = || prop_oneof![2 => Just(0), 2 => 0..100, 1 => any::<i32>()];
    (bits(ProgressMask::NAMES), option::of(text()), named(Status::NAMES), value(), value(), any::<bool>(), size())
        .prop_map(|(mask, text, status, value, max, tidy, size)| {
            let item = ProgressItem { mask: ProgressMask(mask), text, status: Status(status), value, max, size };
            if !tidy {
                return item;
            }
            let mut whole = ProgressItem::status(item.status).at(value, max);
            if let Some(text) = item.text {
                whole = whole.text(text);
            }
            whole
        })
}

fn log_error_info() -> impl Strategy<Value = LogErrorInfo> {
    (bits(LogMask::NAMES), bits(ErrorFlags::NAMES), guid(), guid(), any::<bool>(), size()).prop_map(
        |(mask, flags, error, item, tidy, size)| {
            if tidy {
                LogErrorInfo::jump(error, Some(item))
            } else {
                LogErrorInfo { mask: LogMask(mask), flags: ErrorFlags(flags), error, item, size }
            }
        },
    )
}

pub fn callback() -> BoxedStrategy<Callback> {
    let completed = || hresult().prop_map(|hr| Completed { hr });
    prop_oneof![
        completed().prop_map(Callback::ShowPropertiesCompleted),
        completed().prop_map(Callback::PrepareForSyncCompleted),
        completed().prop_map(Callback::SynchronizeCompleted),
        (hresult(), vec(guid(), 0..3))
            .prop_map(|(hr, items)| Callback::ShowErrorCompleted(ShowErrorCompleted { hr, items })),
        any::<bool>().prop_map(|enable| Callback::EnableModeless(EnableModeless { enable })),
        (guid(), option::of(progress_item())).prop_map(|(item, info)| Callback::Progress(Progress { item, info })),
        (named(LogLevel::NAMES), option::of(text()), option::of(log_error_info())).prop_map(|(level, text, info)| {
            Callback::LogError(LogError { level: LogLevel(level), text, info: info.map(Box::new) })
        }),
        (guid(), number()).prop_map(|(error, reserved)| Callback::DeleteLogError(DeleteLogError { error, reserved })),
        (option::of(text()), number())
            .prop_map(|(name, reserved)| Callback::EstablishConnection(EstablishConnection { name, reserved })),
    ]
    .boxed()
}

pub fn note() -> BoxedStrategy<Note> {
    prop_oneof![
        (text(), any::<bool>(), any::<bool>()).prop_map(|(name, native, wire)| Note::Created(Created {
            name,
            native,
            wire
        })),
        (text(), text()).prop_map(|(what, text)| Note::Malformed(Malformed { what, text })),
        (any::<u32>(), number())
            .prop_map(|(callback, count)| Note::CallbackReferences(CallbackReferences { callback, count })),
        any::<u32>().prop_map(|callback| Note::OverReleased(OverReleased { callback })),
        (guid(), guid(), hresult(), option::of(number()))
            .prop_map(|(interface, iid, hr, object)| Note::Queried(Queried { interface, iid, hr, object })),
        (guid(), hresult(), any::<bool>()).prop_map(|(clsid, hr, object)| Note::ClassAsked(ClassAsked {
            clsid,
            hr,
            object
        })),
        (hresult(), any::<bool>()).prop_map(|(hr, works)| Note::Aggregated(Aggregated { hr, works })),
        (hresult(), any::<bool>()).prop_map(|(hr, in_use)| Note::UnloadAsked(UnloadAsked { hr, in_use })),
        (hresult(), hresult(), hresult()).prop_map(|(hr, before, after)| Note::ClassRefused(ClassRefused {
            hr,
            before,
            after
        })),
        (number(), option::of(text())).prop_map(|(threads, crashed)| Note::Unloaded(Unloaded { threads, crashed })),
        (0..4_usize, any::<bool>()).prop_map(|(at, held)| {
            use ReferencePoint::{Call, Callback, Creation, Query};
            let at = [Creation, Query, Call, Callback][at];
            Note::ReferenceSeen(ReferenceSeen { at, held })
        }),
        (any::<u64>(), vec(text(), 0..3), option::of(any::<u32>()))
            .prop_map(|(event, frames, site)| Note::Stack(Stack { event, frames, site })),
        text().prop_map(|what| Note::Crashed(Crashed { what })),
        (method(), any::<bool>()).prop_map(|(method, completion)| {
            let waiting_for = if completion { WaitingFor::Completion } else { WaitingFor::Return };
            Note::TimedOut(TimedOut { method, waiting_for })
        }),
        (callback_method(), text()).prop_map(|(method, until)| Note::Held(Held { method, until })),
        (callback_method(), select(&[WhyLetGo::Reached, WhyLetGo::TimeOver, WhyLetGo::Leaving][..]))
            .prop_map(|(method, why)| Note::LetGo(LetGo { method, why })),
        (callback_method(), any::<u64>(), option::of(method()), any::<bool>()).prop_map(
            |(method, waited, during, returned)| {
                Note::KeptOut(KeptOut { method, waited: Delay(waited), during, returned })
            }
        ),
        option::of(text()).prop_map(|name| Note::ConnectionClosed(ConnectionClosed { name })),
        option::of(text()).prop_map(|name| Note::ConnectionLost(ConnectionLost { name })),
        registration(),
    ]
    .boxed()
}

/// What the manager is asked through its own interfaces.
fn registration() -> BoxedStrategy<Note> {
    prop_oneof![
        (guid(), option::of(text()), any::<u32>(), hresult()).prop_map(|(clsid, description, flags, hr)| {
            let flags = RegisterFlags(flags);
            Note::RegisterSyncMgrHandler(RegisterSyncMgrHandler { clsid, description, flags, hr })
        }),
        (guid(), hresult())
            .prop_map(|(clsid, hr)| Note::UnregisterSyncMgrHandler(UnregisterSyncMgrHandler { clsid, hr })),
        (guid(), option::of(0..9_u32), hresult()).prop_map(|(clsid, flags, hr)| {
            let flags = flags.map(RegisterFlags);
            Note::GetHandlerRegistrationInfo(GetHandlerRegistrationInfo { clsid, flags, hr })
        }),
        (guid(), 0..9_u32, option::of(vec(any::<u8>(), 0..9)), option::of(any::<u32>()), hresult()).prop_map(
            |(clsid, flags, cookie, starts, hr)| {
                let (flags, cookie, starts) = (InvokeFlags(flags), cookie.map(Cookie), starts.map(HandlerId));
                Note::UpdateItems(UpdateItems { clsid, flags, cookie, starts, hr })
            }
        ),
        (any::<u64>(), hresult()).prop_map(|(took, hr)| Note::UpdateAll(UpdateAll { took: Delay(took), hr })),
        hresult().prop_map(|hr| Note::DllRegisterServer(DllRegisterServer { hr })),
        hresult().prop_map(|hr| Note::DllUnregisterServer(DllUnregisterServer { hr })),
        (guid(), option::of(text()), option::of(text())).prop_map(|(clsid, library, threading_model)| {
            Note::ClassRegistered(ClassRegistered { clsid, library, threading_model })
        }),
        (vec(guid(), 0..4), vec(guid(), 0..2))
            .prop_map(|(items, temporary)| Note::PreferencesStored(PreferencesStored { items, temporary })),
    ]
    .boxed()
}

pub fn thread() -> impl Strategy<Value = Thread> {
    prop_oneof![
        4 => select(&["apartment", "worker", "worker-2", "tokio.1"][..]).prop_map(Thread::from),
        1 => any::<String>().prop_map(|name| Thread(name.into())),
    ]
}

pub fn kind() -> BoxedStrategy<EventKind> {
    let id = || any::<u64>().prop_map(CallId);
    prop_oneof![
        (id(), call()).prop_map(|(call, what)| EventKind::Call { call, what: Box::new(what) }),
        (id(), method(), hresult()).prop_flat_map(|(call, method, hr)| {
            out(method).prop_map(move |out| EventKind::Return { call, what: Box::new(Return { method, hr, out }) })
        }),
        (id(), callback()).prop_map(|(call, what)| EventKind::Callback { call, what }),
        (id(), select(CallbackMethod::ALL), hresult()).prop_map(|(call, method, hr)| EventKind::Reply {
            call,
            method,
            hr
        }),
        note().prop_map(|note| EventKind::Note(Box::new(note))),
    ]
    .boxed()
}

/// Any event at all.
pub fn event() -> impl Strategy<Value = Event> {
    (1..=u64::MAX, any::<u64>(), thread(), any::<u32>(), kind()).prop_map(|(seq, at_ns, thread, handler, kind)| Event {
        seq,
        at_ns,
        thread,
        handler: HandlerId(handler),
        kind,
    })
}

/// Events that can stand in one file: their numbers rise.
pub fn events(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Event>> {
    (vec((event(), 1..1000_u64), count)).prop_map(|events| {
        let mut seq = 0;
        events
            .into_iter()
            .map(|(event, step)| {
                seq += step;
                Event { seq, ..event }
            })
            .collect()
    })
}

pub fn header() -> impl Strategy<Value = Header> {
    (
        any::<String>(),
        any::<String>(),
        any::<[bool; 2]>(),
        file_time(),
        option::of(any::<u64>()),
        any::<(u64, u64, u64, u32)>(),
    )
        .prop_map(|(generator, handler, [vista, virtual_clock], started, seed, limits)| Header {
            generator,
            handler,
            profile: if vista { Profile::Vista } else { Profile::Xp },
            clock: if virtual_clock { Clock::Virtual } else { Clock::Real },
            started,
            seed,
            limits: Limits {
                timeout_ns: limits.0,
                blocking_ns: limits.1,
                progress_ns: limits.2,
                stop_tolerance: limits.3,
            },
        })
}
