/* A handler that says how long it took: when Initialize came, and what CALLBACKS reports of progress took, from a worker thread.
 * It says so by LogError, "initialized NANOSECONDS" since 1970 and "reported NANOSECONDS", so that it is heard in the same way
 * wherever the session is held. In C: a library that needs nothing but the C library is loaded in no time.
 */
#define COBJMACROS
#include <windows.h>
#include <mobsync.h>
#include <strsafe.h>

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifndef CALLBACKS
#error "say how many: -DCALLBACKS=N"
#endif

/* {6D6F6273-796E-4E6F-80FF-000000000001} */
DEFINE_GUID(CLSID_Stopwatch, 0x6D6F6273, 0x796E, 0x4E6F, 0x80, 0xFF, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01);

/* What keeps the library in use. */
static atomic_long g_objects;

static const SYNCMGRITEMID g_item = {0x6D6F6273, 0x796E, 0x6300, {0, 0, 0, 0, 0, 0, 0, 0x41}};

static uint64_t Now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void Say(ISyncMgrSynchronizeCallback *callback, const char *what, uint64_t nanoseconds) {
    char narrow[64];
    WCHAR text[64];
    int length = snprintf(narrow, sizeof narrow, "%s %llu", what, (unsigned long long)nanoseconds);
    for (int at = 0; at <= length; at++) text[at] = (WCHAR)narrow[at];
    ISyncMgrSynchronizeCallback_LogError(callback, SYNCMGRLOGLEVEL_INFORMATION, text, NULL);
}

/* ---- The enumerator --------------------------------------------------------------------------------------------- */

typedef struct Items {
    ISyncMgrEnumItems base;
    atomic_long references;
    BOOL is_past_end;
} Items;

static HRESULT Items_New(BOOL is_past_end, ISyncMgrEnumItems **items);

static ULONG Items_AddRef(ISyncMgrEnumItems *This) { return (ULONG)atomic_fetch_add(&((Items *)This)->references, 1) + 1; }
static ULONG Items_Release(ISyncMgrEnumItems *This) {
    ULONG left = (ULONG)atomic_fetch_sub(&((Items *)This)->references, 1) - 1;
    if (left == 0) {
        free(This);
        atomic_fetch_sub(&g_objects, 1);
    }
    return left;
}
static HRESULT Items_QueryInterface(ISyncMgrEnumItems *This, REFIID iid, void **object) {
    BOOL is_known = IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_ISyncMgrEnumItems);
    *object = is_known ? This : NULL;
    if (is_known) Items_AddRef(This);
    return is_known ? S_OK : E_NOINTERFACE;
}
static HRESULT Items_Next(ISyncMgrEnumItems *This, ULONG celt, LPSYNCMGRITEM items, ULONG *fetched) {
    Items *it = (Items *)This;
    ULONG given = celt > 0 && !it->is_past_end ? 1 : 0;
    if (given) {
        memset(items, 0, sizeof *items);
        items->cbSize = sizeof *items;
        items->ItemID = g_item;
        items->dwItemState = SYNCMGRITEMSTATE_CHECKED;
        StringCchCopyW(items->wszItemName, MAX_SYNCMGRITEMNAME, OLESTR("Item"));
        it->is_past_end = TRUE;
    }
    if (fetched) *fetched = given;
    return given == celt ? S_OK : S_FALSE;
}
static HRESULT Items_Skip(ISyncMgrEnumItems *This, ULONG celt) {
    ULONG left = ((Items *)This)->is_past_end ? 0 : 1;
    if (celt > 0) ((Items *)This)->is_past_end = TRUE;
    return celt <= left ? S_OK : S_FALSE;
}
static HRESULT Items_Reset(ISyncMgrEnumItems *This) {
    ((Items *)This)->is_past_end = FALSE;
    return S_OK;
}
static HRESULT Items_Clone(ISyncMgrEnumItems *This, ISyncMgrEnumItems **items) {
    return Items_New(((Items *)This)->is_past_end, items);
}

static ISyncMgrEnumItemsVtbl g_items = {Items_QueryInterface, Items_AddRef, Items_Release, Items_Next,
                                              Items_Skip,           Items_Reset,  Items_Clone};

static HRESULT Items_New(BOOL is_past_end, ISyncMgrEnumItems **items) {
    Items *it = malloc(sizeof *it);
    *items = it ? &it->base : NULL;
    if (!it) return E_OUTOFMEMORY;
    it->base.lpVtbl = &g_items;
    atomic_fetch_add(&g_objects, 1);
    atomic_init(&it->references, 1);
    it->is_past_end = is_past_end;
    return S_OK;
}

/* ---- The handler ------------------------------------------------------------------------------------------------ */

typedef struct Stopwatch {
    ISyncMgrSynchronize base;
    atomic_long references;
    uint64_t initialized;
    ISyncMgrSynchronizeCallback *callback;
    atomic_bool is_skipped;
} Stopwatch;

/* What the worker thread needs: the callback may be taken back from the handler while it works. */
typedef struct Work {
    Stopwatch *handler;
    ISyncMgrSynchronizeCallback *callback;
} Work;

static ULONG AddRef(ISyncMgrSynchronize *This) { return (ULONG)atomic_fetch_add(&((Stopwatch *)This)->references, 1) + 1; }
static ULONG Release(ISyncMgrSynchronize *This) {
    Stopwatch *it = (Stopwatch *)This;
    ULONG left = (ULONG)atomic_fetch_sub(&it->references, 1) - 1;
    if (left == 0) {
        if (it->callback) ISyncMgrSynchronizeCallback_Release(it->callback);
        free(it);
        atomic_fetch_sub(&g_objects, 1);
    }
    return left;
}
static HRESULT QueryInterface(ISyncMgrSynchronize *This, REFIID iid, void **object) {
    BOOL is_known = IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_ISyncMgrSynchronize);
    *object = is_known ? This : NULL;
    if (is_known) AddRef(This);
    return is_known ? S_OK : E_NOINTERFACE;
}
static HRESULT Initialize(ISyncMgrSynchronize *This, DWORD reserved, DWORD flags, DWORD size, const BYTE *cookie) {
    (void)reserved, (void)flags, (void)size, (void)cookie;
    /* The clock that another process reads as well. */
    ((Stopwatch *)This)->initialized = Now(CLOCK_REALTIME);
    return S_OK;
}
static HRESULT GetHandlerInfo(ISyncMgrSynchronize *This, LPSYNCMGRHANDLERINFO *info) {
    (void)This;
    LPSYNCMGRHANDLERINFO it = CoTaskMemAlloc(sizeof *it);
    *info = it;
    if (!it) return E_OUTOFMEMORY;
    memset(it, 0, sizeof *it);
    it->cbSize = sizeof *it;
    StringCchCopyW(it->wszHandlerName, MAX_SYNCMGRHANDLERNAME, OLESTR("Stopwatch"));
    return S_OK;
}
static HRESULT EnumSyncMgrItems(ISyncMgrSynchronize *This, ISyncMgrEnumItems **items) {
    (void)This;
    return Items_New(FALSE, items);
}
static HRESULT GetItemObject(ISyncMgrSynchronize *This, REFSYNCMGRITEMID item, REFIID iid, void **object) {
    (void)This, (void)item, (void)iid;
    *object = NULL;
    return E_NOTIMPL;
}
static HRESULT ShowProperties(ISyncMgrSynchronize *This, HWND parent, REFSYNCMGRITEMID item) {
    (void)This, (void)parent, (void)item;
    return E_UNEXPECTED;
}
static HRESULT SetProgressCallback(ISyncMgrSynchronize *This, ISyncMgrSynchronizeCallback *callback) {
    Stopwatch *it = (Stopwatch *)This;
    if (callback) ISyncMgrSynchronizeCallback_AddRef(callback);
    if (it->callback) ISyncMgrSynchronizeCallback_Release(it->callback);
    it->callback = callback;
    return S_OK;
}
static HRESULT PrepareForSync(ISyncMgrSynchronize *This, ULONG many, SYNCMGRITEMID *items, HWND parent, DWORD reserved) {
    (void)many, (void)items, (void)parent, (void)reserved;
    return ISyncMgrSynchronizeCallback_PrepareForSyncCompleted(((Stopwatch *)This)->callback, S_OK);
}
static HRESULT Report(ISyncMgrSynchronizeCallback *callback, DWORD status, INT value) {
    SYNCMGRPROGRESSITEM info = {sizeof info, 0, OLESTR("copying a.txt"), status, value, CALLBACKS};
    info.mask = SYNCMGRPROGRESSITEM_STATUSTEXT | SYNCMGRPROGRESSITEM_STATUSTYPE | SYNCMGRPROGRESSITEM_PROGVALUE |
                SYNCMGRPROGRESSITEM_MAXVALUE;
    return ISyncMgrSynchronizeCallback_Progress(callback, &g_item, &info);
}
static DWORD WINAPI DoWork(LPVOID argument) {
    Work *work = argument;
    ISyncMgrSynchronizeCallback *callback = work->callback;
    HRESULT answer = S_OK;
    Say(callback, "initialized", work->handler->initialized);
    uint64_t began = Now(CLOCK_MONOTONIC);
    for (INT value = 0; value < CALLBACKS && answer == S_OK && !atomic_load(&work->handler->is_skipped); value++)
        answer = Report(callback, SYNCMGRSTATUS_UPDATING, value);
    Say(callback, "reported", Now(CLOCK_MONOTONIC) - began);
    BOOL is_stopped = answer != S_OK || atomic_load(&work->handler->is_skipped);
    Report(callback, is_stopped ? SYNCMGRSTATUS_SKIPPED : SYNCMGRSTATUS_SUCCEEDED, CALLBACKS);
    ISyncMgrSynchronizeCallback_SynchronizeCompleted(callback, S_OK);
    ISyncMgrSynchronizeCallback_Release(callback);
    Release(&work->handler->base);
    free(work);
    return 0;
}
static HRESULT Synchronize(ISyncMgrSynchronize *This, HWND parent) {
    (void)parent;
    Work *work = malloc(sizeof *work);
    if (!work) return E_OUTOFMEMORY;
    work->handler = (Stopwatch *)This;
    work->callback = work->handler->callback;
    AddRef(This);
    ISyncMgrSynchronizeCallback_AddRef(work->callback);
    HANDLE thread = CreateThread(NULL, 0, DoWork, work, 0, NULL);
    if (!thread) {
        ISyncMgrSynchronizeCallback_Release(work->callback);
        Release(This);
        free(work);
        return E_OUTOFMEMORY;
    }
    CloseHandle(thread);
    return S_OK;
}
static HRESULT SetItemStatus(ISyncMgrSynchronize *This, REFSYNCMGRITEMID item, DWORD status) {
    (void)item;
    if (status == SYNCMGRSTATUS_SKIPPED) atomic_store(&((Stopwatch *)This)->is_skipped, TRUE);
    return S_OK;
}
static HRESULT ShowError(ISyncMgrSynchronize *This, HWND parent, REFSYNCMGRERRORID error) {
    (void)This, (void)parent, (void)error;
    return E_UNEXPECTED;
}

static ISyncMgrSynchronizeVtbl g_stopwatch = {
    QueryInterface,      AddRef,         Release,     Initialize,    GetHandlerInfo, EnumSyncMgrItems, GetItemObject, ShowProperties,
    SetProgressCallback, PrepareForSync, Synchronize, SetItemStatus, ShowError};

/* ---- The class factory: it lives as long as the library ---------------------------------------------------------- */

static ULONG Factory_AddRef(IClassFactory *This) { return (void)This, 2; }
static ULONG Factory_Release(IClassFactory *This) { return (void)This, 1; }
static HRESULT Factory_QueryInterface(IClassFactory *This, REFIID iid, void **object) {
    BOOL is_known = IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IClassFactory);
    *object = is_known ? This : NULL;
    return is_known ? S_OK : E_NOINTERFACE;
}
static HRESULT Factory_CreateInstance(IClassFactory *This, IUnknown *outer, REFIID iid, void **object) {
    (void)This;
    *object = NULL;
    if (outer) return CLASS_E_NOAGGREGATION;
    Stopwatch *it = calloc(1, sizeof *it);
    if (!it) return E_OUTOFMEMORY;
    it->base.lpVtbl = &g_stopwatch;
    atomic_fetch_add(&g_objects, 1);
    atomic_init(&it->references, 1);
    HRESULT hr = QueryInterface(&it->base, iid, object);
    Release(&it->base);
    return hr;
}
static HRESULT Factory_LockServer(IClassFactory *This, BOOL lock) { return (void)This, (void)lock, S_OK; }

static IClassFactoryVtbl g_factory_methods = {Factory_QueryInterface, Factory_AddRef, Factory_Release, Factory_CreateInstance,
                                                    Factory_LockServer};
static IClassFactory g_factory = {&g_factory_methods};

STDAPI DllGetClassObject(REFCLSID clsid, REFIID iid, LPVOID *object) {
    *object = NULL;
    if (!IsEqualCLSID(clsid, &CLSID_Stopwatch)) return CLASS_E_CLASSNOTAVAILABLE;
    return Factory_QueryInterface(&g_factory, iid, object);
}

STDAPI DllCanUnloadNow(void) { return atomic_load(&g_objects) == 0 ? S_OK : S_FALSE; }
