/* The Synchronization Manager's interfaces for handlers in C and C++ outside Windows, with the names of the Windows SDK
 * and the layout of 64-bit Windows. Written from the public facts; see mobsync_platform.h.
 *
 * Part of mobsync, MIT OR Apache-2.0.
 */
#ifndef MOBSYNC_INTERFACES_H
#define MOBSYNC_INTERFACES_H

#include "mobsync_platform.h"

typedef GUID SYNCMGRITEMID, SYNCMGRERRORID;
#define REFSYNCMGRITEMID REFGUID
#define REFSYNCMGRERRORID REFGUID

#define MAX_SYNCMGRHANDLERNAME 32
#define MAX_SYNCMGRITEMNAME 128

#define S_SYNCMGR_MISSINGITEMS MAKE_HRESULT(SEVERITY_SUCCESS, FACILITY_ITF, 0x0201)
#define S_SYNCMGR_RETRYSYNC MAKE_HRESULT(SEVERITY_SUCCESS, FACILITY_ITF, 0x0202)
#define S_SYNCMGR_CANCELITEM MAKE_HRESULT(SEVERITY_SUCCESS, FACILITY_ITF, 0x0203)
#define S_SYNCMGR_CANCELALL MAKE_HRESULT(SEVERITY_SUCCESS, FACILITY_ITF, 0x0204)
#define S_SYNCMGR_ITEMDELETED MAKE_HRESULT(SEVERITY_SUCCESS, FACILITY_ITF, 0x0210)
#define S_SYNCMGR_ENUMITEMS MAKE_HRESULT(SEVERITY_SUCCESS, FACILITY_ITF, 0x0211)

DEFINE_GUID(CLSID_SyncMgr, 0x6295DF27, 0x35EE, 0x11D1, 0x87, 0x07, 0x00, 0xC0, 0x4F, 0xD9, 0x33, 0x27);
DEFINE_GUID(IID_ISyncMgrSynchronize, 0x6295DF40, 0x35EE, 0x11D1, 0x87, 0x07, 0x00, 0xC0, 0x4F, 0xD9, 0x33, 0x27);
DEFINE_GUID(IID_ISyncMgrSynchronizeCallback, 0x6295DF41, 0x35EE, 0x11D1, 0x87, 0x07, 0x00, 0xC0, 0x4F, 0xD9, 0x33, 0x27);
DEFINE_GUID(IID_ISyncMgrEnumItems, 0x6295DF2A, 0x35EE, 0x11D1, 0x87, 0x07, 0x00, 0xC0, 0x4F, 0xD9, 0x33, 0x27);
DEFINE_GUID(IID_ISyncMgrSynchronizeInvoke, 0x6295DF2C, 0x35EE, 0x11D1, 0x87, 0x07, 0x00, 0xC0, 0x4F, 0xD9, 0x33, 0x27);
DEFINE_GUID(IID_ISyncMgrRegister, 0x6295DF42, 0x35EE, 0x11D1, 0x87, 0x07, 0x00, 0xC0, 0x4F, 0xD9, 0x33, 0x27);

typedef enum _tagSYNCMGRFLAG {
    SYNCMGRFLAG_CONNECT = 1,
    SYNCMGRFLAG_PENDINGDISCONNECT = 2,
    SYNCMGRFLAG_MANUAL = 3,
    SYNCMGRFLAG_IDLE = 4,
    SYNCMGRFLAG_INVOKE = 5,
    SYNCMGRFLAG_SCHEDULED = 6,
    SYNCMGRFLAG_EVENTMASK = 0xff,
    SYNCMGRFLAG_SETTINGS = 0x100,
    SYNCMGRFLAG_MAYBOTHERUSER = 0x200
} SYNCMGRFLAG;

typedef enum _tagSYNCMGRHANDLERFLAGS {
    SYNCMGRHANDLER_HASPROPERTIES = 1,
    SYNCMGRHANDLER_MAYESTABLISHCONNECTION = 2,
    SYNCMGRHANDLER_ALWAYSLISTHANDLER = 4,
    SYNCMGRHANDLER_HIDDEN = 8
} SYNCMGRHANDLERFLAGS;
#define SYNCMGRHANDLERFLAG_MASK 0x07

typedef enum _tagSYNCMGRITEMFLAGS {
    SYNCMGRITEM_HASPROPERTIES = 1,
    SYNCMGRITEM_TEMPORARY = 2,
    SYNCMGRITEM_ROAMINGUSER = 4,
    SYNCMGRITEM_LASTUPDATETIME = 8,
    SYNCMGRITEM_MAYDELETEITEM = 0x10,
    SYNCMGRITEM_HIDDEN = 0x20
} SYNCMGRITEMFLAGS;
#define SYNCMGRITEM_ITEMFLAGMASK 0x1f

typedef enum _tagSYNCMGRITEMSTATE {
    SYNCMGRITEMSTATE_UNCHECKED = 0,
    SYNCMGRITEMSTATE_CHECKED = 1
} SYNCMGRITEMSTATE;

typedef enum _tagSYNCMGRSTATUS {
    SYNCMGRSTATUS_STOPPED = 0,
    SYNCMGRSTATUS_SKIPPED = 1,
    SYNCMGRSTATUS_PENDING = 2,
    SYNCMGRSTATUS_UPDATING = 3,
    SYNCMGRSTATUS_SUCCEEDED = 4,
    SYNCMGRSTATUS_FAILED = 5,
    SYNCMGRSTATUS_PAUSED = 6,
    SYNCMGRSTATUS_RESUMING = 7,
    SYNCMGRSTATUS_UPDATING_INDETERMINATE = 8,
    SYNCMGRSTATUS_DELETED = 0x100
} SYNCMGRSTATUS;

#define SYNCMGRPROGRESSITEM_STATUSTEXT 0x1
#define SYNCMGRPROGRESSITEM_STATUSTYPE 0x2
#define SYNCMGRPROGRESSITEM_PROGVALUE 0x4
#define SYNCMGRPROGRESSITEM_MAXVALUE 0x8

typedef enum _tagSYNCMGRLOGLEVEL {
    SYNCMGRLOGLEVEL_INFORMATION = 1,
    SYNCMGRLOGLEVEL_WARNING = 2,
    SYNCMGRLOGLEVEL_ERROR = 3
} SYNCMGRLOGLEVEL;

#define SYNCMGRLOGERROR_ERRORFLAGS 0x1
#define SYNCMGRLOGERROR_ERRORID 0x2
#define SYNCMGRLOGERROR_ITEMID 0x4

typedef enum _tagSYNCMGRERRORFLAGS {
    SYNCMGRERRORFLAG_ENABLEJUMPTEXT = 1
} SYNCMGRERRORFLAGS;

typedef enum _tagSYNCMGRINVOKEFLAGS {
    SYNCMGRINVOKE_STARTSYNC = 2,
    SYNCMGRINVOKE_MINIMIZED = 4
} SYNCMGRINVOKEFLAGS;

typedef enum _tagSYNCMGRREGISTERFLAGS {
    SYNCMGRREGISTERFLAG_CONNECT = 1,
    SYNCMGRREGISTERFLAG_PENDINGDISCONNECT = 2,
    SYNCMGRREGISTERFLAG_IDLE = 4
} SYNCMGRREGISTERFLAGS;
#define SYNCMGRREGISTERFLAGS_MASK 0x07

typedef struct _tagSYNCMGRHANDLERINFO {
    DWORD cbSize;
    HICON hIcon;
    DWORD SyncMgrHandlerFlags;
    WCHAR wszHandlerName[MAX_SYNCMGRHANDLERNAME];
} SYNCMGRHANDLERINFO, *LPSYNCMGRHANDLERINFO;

typedef struct _tagSYNCMGRITEM {
    DWORD cbSize;
    DWORD dwFlags;
    SYNCMGRITEMID ItemID;
    DWORD dwItemState;
    HICON hIcon;
    WCHAR wszItemName[MAX_SYNCMGRITEMNAME];
    FILETIME ftLastUpdate;
} SYNCMGRITEM, *LPSYNCMGRITEM;

typedef struct _tagSYNCMGRPROGRESSITEM {
    DWORD cbSize;
    UINT mask;
    LPCWSTR lpcStatusText;
    DWORD dwStatusType;
    INT iProgValue;
    INT iMaxValue;
} SYNCMGRPROGRESSITEM, *LPSYNCMGRPROGRESSITEM;

typedef struct _tagSYNCMGRLOGERRORINFO {
    DWORD cbSize;
    DWORD mask;
    DWORD dwSyncMgrErrorFlags;
    SYNCMGRERRORID ErrorID;
    SYNCMGRITEMID ItemID;
} SYNCMGRLOGERRORINFO, *LPSYNCMGRLOGERRORINFO;

#define MOBSYNC_AT(type, field, offset) (offsetof(type, field) == (offset))
#ifdef __cplusplus
#define MOBSYNC_HOLDS(what) static_assert(what, "the binary contract of mobsync.h: " #what)
#else
#define MOBSYNC_HOLDS(what) _Static_assert(what, "the binary contract of mobsync.h: " #what)
#endif
#if defined(__cplusplus) || __STDC_VERSION__ >= 201112L
MOBSYNC_HOLDS(sizeof(WCHAR) == 2 && sizeof(GUID) == 16 && sizeof(DWORD) == 4 && sizeof(BOOL) == 4);
MOBSYNC_HOLDS(sizeof(SYNCMGRHANDLERINFO) == 88 && MOBSYNC_AT(SYNCMGRHANDLERINFO, hIcon, 8));
MOBSYNC_HOLDS(MOBSYNC_AT(SYNCMGRHANDLERINFO, SyncMgrHandlerFlags, 16));
MOBSYNC_HOLDS(MOBSYNC_AT(SYNCMGRHANDLERINFO, wszHandlerName, 20));
MOBSYNC_HOLDS(sizeof(SYNCMGRITEM) == 304 && MOBSYNC_AT(SYNCMGRITEM, dwFlags, 4));
MOBSYNC_HOLDS(MOBSYNC_AT(SYNCMGRITEM, ItemID, 8) && MOBSYNC_AT(SYNCMGRITEM, dwItemState, 24));
MOBSYNC_HOLDS(MOBSYNC_AT(SYNCMGRITEM, hIcon, 32) && MOBSYNC_AT(SYNCMGRITEM, wszItemName, 40));
MOBSYNC_HOLDS(MOBSYNC_AT(SYNCMGRITEM, ftLastUpdate, 296));
MOBSYNC_HOLDS(sizeof(SYNCMGRPROGRESSITEM) == 32 && MOBSYNC_AT(SYNCMGRPROGRESSITEM, lpcStatusText, 8));
MOBSYNC_HOLDS(MOBSYNC_AT(SYNCMGRPROGRESSITEM, dwStatusType, 16) && MOBSYNC_AT(SYNCMGRPROGRESSITEM, iMaxValue, 24));
MOBSYNC_HOLDS(sizeof(SYNCMGRLOGERRORINFO) == 44 && MOBSYNC_AT(SYNCMGRLOGERRORINFO, ErrorID, 12));
MOBSYNC_HOLDS(MOBSYNC_AT(SYNCMGRLOGERRORINFO, ItemID, 28));
#endif

typedef struct ISyncMgrSynchronize ISyncMgrSynchronize;
typedef struct ISyncMgrSynchronizeCallback ISyncMgrSynchronizeCallback;
typedef struct ISyncMgrEnumItems ISyncMgrEnumItems;
typedef struct ISyncMgrSynchronizeInvoke ISyncMgrSynchronizeInvoke;
typedef struct ISyncMgrRegister ISyncMgrRegister;
typedef ISyncMgrSynchronize *LPISYNCMGRSYNCHRONIZE;
typedef ISyncMgrSynchronizeCallback *LPISYNCMGRSYNCHRONIZECALLBACK;
typedef ISyncMgrEnumItems *LPISYNCMGRENUMITEMS;
typedef ISyncMgrSynchronizeInvoke *LPISYNCMGRSYNCHRONIZEINVOKE;
typedef ISyncMgrRegister *LPISYNCMGRREGISTER;
/* The SDK's names. */
typedef ISyncMgrSynchronize *LPSYNCMGRSYNCHRONIZE;
typedef ISyncMgrSynchronizeCallback *LPSYNCMGRSYNCHRONIZECALLBACK;
typedef ISyncMgrEnumItems *LPSYNCMGRENUMITEMS;
typedef ISyncMgrSynchronizeInvoke *LPSYNCMGRSYNCHRONIZEINVOKE;
typedef ISyncMgrRegister *LPSYNCMGRREGISTER;

/* What a callback is given, it does not change: so the reference declares it today, with const. The headers of older SDKs had no
 * const. A handler that only calls back compiles with both. One that implements the callback, as a proxy of its own, has
 * the signatures of one of them: if they are the older ones ("invalid new-expression of abstract class type"), compile it
 * with -DMOBSYNC_OLDER_SDK. The binary contract is the same. */
#ifdef MOBSYNC_OLDER_SDK
#define MOBSYNC_GIVEN
#else
#define MOBSYNC_GIVEN const
#endif

#ifdef __cplusplus

struct ISyncMgrSynchronize : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE Initialize(DWORD reserved, DWORD flags, DWORD cookieSize, const BYTE *cookie) = 0;
    virtual HRESULT STDMETHODCALLTYPE GetHandlerInfo(LPSYNCMGRHANDLERINFO *info) = 0;
    virtual HRESULT STDMETHODCALLTYPE EnumSyncMgrItems(ISyncMgrEnumItems **items) = 0;
    virtual HRESULT STDMETHODCALLTYPE GetItemObject(REFSYNCMGRITEMID item, REFIID iid, void **object) = 0;
    virtual HRESULT STDMETHODCALLTYPE ShowProperties(HWND parent, REFSYNCMGRITEMID item) = 0;
    virtual HRESULT STDMETHODCALLTYPE SetProgressCallback(ISyncMgrSynchronizeCallback *callback) = 0;
    virtual HRESULT STDMETHODCALLTYPE PrepareForSync(ULONG many, SYNCMGRITEMID *items, HWND parent, DWORD reserved) = 0;
    virtual HRESULT STDMETHODCALLTYPE Synchronize(HWND parent) = 0;
    virtual HRESULT STDMETHODCALLTYPE SetItemStatus(REFSYNCMGRITEMID item, DWORD status) = 0;
    virtual HRESULT STDMETHODCALLTYPE ShowError(HWND parent, REFSYNCMGRERRORID error) = 0;
};

struct ISyncMgrSynchronizeCallback : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE ShowPropertiesCompleted(HRESULT hr) = 0;
    virtual HRESULT STDMETHODCALLTYPE PrepareForSyncCompleted(HRESULT hr) = 0;
    virtual HRESULT STDMETHODCALLTYPE SynchronizeCompleted(HRESULT hr) = 0;
    virtual HRESULT STDMETHODCALLTYPE ShowErrorCompleted(HRESULT hr, ULONG many, MOBSYNC_GIVEN SYNCMGRITEMID *items) = 0;
    virtual HRESULT STDMETHODCALLTYPE EnableModeless(BOOL enable) = 0;
    virtual HRESULT STDMETHODCALLTYPE Progress(REFSYNCMGRITEMID item, MOBSYNC_GIVEN SYNCMGRPROGRESSITEM *info) = 0;
    virtual HRESULT STDMETHODCALLTYPE LogError(DWORD level, LPCWSTR text, MOBSYNC_GIVEN SYNCMGRLOGERRORINFO *info) = 0;
    virtual HRESULT STDMETHODCALLTYPE DeleteLogError(REFSYNCMGRERRORID error, DWORD reserved) = 0;
    virtual HRESULT STDMETHODCALLTYPE EstablishConnection(LPCWSTR name, DWORD reserved) = 0;
};

struct ISyncMgrEnumItems : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE Next(ULONG celt, LPSYNCMGRITEM items, ULONG *fetched) = 0;
    virtual HRESULT STDMETHODCALLTYPE Skip(ULONG celt) = 0;
    virtual HRESULT STDMETHODCALLTYPE Reset() = 0;
    virtual HRESULT STDMETHODCALLTYPE Clone(ISyncMgrEnumItems **items) = 0;
};

struct ISyncMgrSynchronizeInvoke : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE UpdateItems(DWORD flags, REFCLSID handler, DWORD cookieSize, const BYTE *cookie) = 0;
    virtual HRESULT STDMETHODCALLTYPE UpdateAll() = 0;
};

struct ISyncMgrRegister : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE RegisterSyncMgrHandler(REFCLSID handler, LPCWSTR description, DWORD flags) = 0;
    virtual HRESULT STDMETHODCALLTYPE UnregisterSyncMgrHandler(REFCLSID handler, DWORD reserved) = 0;
    virtual HRESULT STDMETHODCALLTYPE GetHandlerRegistrationInfo(REFCLSID handler, LPDWORD flags) = 0;
};

#else /* C */

typedef struct ISyncMgrSynchronizeVtbl {
    HRESULT (*QueryInterface)(ISyncMgrSynchronize *This, REFIID iid, void **object);
    ULONG (*AddRef)(ISyncMgrSynchronize *This);
    ULONG (*Release)(ISyncMgrSynchronize *This);
    HRESULT (*Initialize)(ISyncMgrSynchronize *This, DWORD reserved, DWORD flags, DWORD cookieSize, const BYTE *cookie);
    HRESULT (*GetHandlerInfo)(ISyncMgrSynchronize *This, LPSYNCMGRHANDLERINFO *info);
    HRESULT (*EnumSyncMgrItems)(ISyncMgrSynchronize *This, ISyncMgrEnumItems **items);
    HRESULT (*GetItemObject)(ISyncMgrSynchronize *This, REFSYNCMGRITEMID item, REFIID iid, void **object);
    HRESULT (*ShowProperties)(ISyncMgrSynchronize *This, HWND parent, REFSYNCMGRITEMID item);
    HRESULT (*SetProgressCallback)(ISyncMgrSynchronize *This, ISyncMgrSynchronizeCallback *callback);
    HRESULT (*PrepareForSync)(ISyncMgrSynchronize *This, ULONG many, SYNCMGRITEMID *items, HWND parent, DWORD reserved);
    HRESULT (*Synchronize)(ISyncMgrSynchronize *This, HWND parent);
    HRESULT (*SetItemStatus)(ISyncMgrSynchronize *This, REFSYNCMGRITEMID item, DWORD status);
    HRESULT (*ShowError)(ISyncMgrSynchronize *This, HWND parent, REFSYNCMGRERRORID error);
} ISyncMgrSynchronizeVtbl;
struct ISyncMgrSynchronize {
    const ISyncMgrSynchronizeVtbl *lpVtbl;
};

typedef struct ISyncMgrSynchronizeCallbackVtbl {
    HRESULT (*QueryInterface)(ISyncMgrSynchronizeCallback *This, REFIID iid, void **object);
    ULONG (*AddRef)(ISyncMgrSynchronizeCallback *This);
    ULONG (*Release)(ISyncMgrSynchronizeCallback *This);
    HRESULT (*ShowPropertiesCompleted)(ISyncMgrSynchronizeCallback *This, HRESULT hr);
    HRESULT (*PrepareForSyncCompleted)(ISyncMgrSynchronizeCallback *This, HRESULT hr);
    HRESULT (*SynchronizeCompleted)(ISyncMgrSynchronizeCallback *This, HRESULT hr);
    HRESULT (*ShowErrorCompleted)(ISyncMgrSynchronizeCallback *This, HRESULT hr, ULONG many, MOBSYNC_GIVEN SYNCMGRITEMID *items);
    HRESULT (*EnableModeless)(ISyncMgrSynchronizeCallback *This, BOOL enable);
    HRESULT (*Progress)(ISyncMgrSynchronizeCallback *This, REFSYNCMGRITEMID item, MOBSYNC_GIVEN SYNCMGRPROGRESSITEM *info);
    HRESULT (*LogError)(ISyncMgrSynchronizeCallback *This, DWORD level, LPCWSTR text, MOBSYNC_GIVEN SYNCMGRLOGERRORINFO *info);
    HRESULT (*DeleteLogError)(ISyncMgrSynchronizeCallback *This, REFSYNCMGRERRORID error, DWORD reserved);
    HRESULT (*EstablishConnection)(ISyncMgrSynchronizeCallback *This, LPCWSTR name, DWORD reserved);
} ISyncMgrSynchronizeCallbackVtbl;
struct ISyncMgrSynchronizeCallback {
    const ISyncMgrSynchronizeCallbackVtbl *lpVtbl;
};

typedef struct ISyncMgrEnumItemsVtbl {
    HRESULT (*QueryInterface)(ISyncMgrEnumItems *This, REFIID iid, void **object);
    ULONG (*AddRef)(ISyncMgrEnumItems *This);
    ULONG (*Release)(ISyncMgrEnumItems *This);
    HRESULT (*Next)(ISyncMgrEnumItems *This, ULONG celt, LPSYNCMGRITEM items, ULONG *fetched);
    HRESULT (*Skip)(ISyncMgrEnumItems *This, ULONG celt);
    HRESULT (*Reset)(ISyncMgrEnumItems *This);
    HRESULT (*Clone)(ISyncMgrEnumItems *This, ISyncMgrEnumItems **items);
} ISyncMgrEnumItemsVtbl;
struct ISyncMgrEnumItems {
    const ISyncMgrEnumItemsVtbl *lpVtbl;
};

typedef struct ISyncMgrSynchronizeInvokeVtbl {
    HRESULT (*QueryInterface)(ISyncMgrSynchronizeInvoke *This, REFIID iid, void **object);
    ULONG (*AddRef)(ISyncMgrSynchronizeInvoke *This);
    ULONG (*Release)(ISyncMgrSynchronizeInvoke *This);
    HRESULT (*UpdateItems)(ISyncMgrSynchronizeInvoke *This, DWORD flags, REFCLSID handler, DWORD cookieSize, const BYTE *cookie);
    HRESULT (*UpdateAll)(ISyncMgrSynchronizeInvoke *This);
} ISyncMgrSynchronizeInvokeVtbl;
struct ISyncMgrSynchronizeInvoke {
    const ISyncMgrSynchronizeInvokeVtbl *lpVtbl;
};

typedef struct ISyncMgrRegisterVtbl {
    HRESULT (*QueryInterface)(ISyncMgrRegister *This, REFIID iid, void **object);
    ULONG (*AddRef)(ISyncMgrRegister *This);
    ULONG (*Release)(ISyncMgrRegister *This);
    HRESULT (*RegisterSyncMgrHandler)(ISyncMgrRegister *This, REFCLSID handler, LPCWSTR description, DWORD flags);
    HRESULT (*UnregisterSyncMgrHandler)(ISyncMgrRegister *This, REFCLSID handler, DWORD reserved);
    HRESULT (*GetHandlerRegistrationInfo)(ISyncMgrRegister *This, REFCLSID handler, LPDWORD flags);
} ISyncMgrRegisterVtbl;
struct ISyncMgrRegister {
    const ISyncMgrRegisterVtbl *lpVtbl;
};

#ifdef COBJMACROS
#define ISyncMgrSynchronize_QueryInterface(This, iid, object) ((This)->lpVtbl->QueryInterface(This, iid, object))
#define ISyncMgrSynchronize_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define ISyncMgrSynchronize_Release(This) ((This)->lpVtbl->Release(This))
#define ISyncMgrSynchronize_Initialize(This, reserved, flags, cookieSize, cookie) ((This)->lpVtbl->Initialize(This, reserved, flags, cookieSize, cookie))
#define ISyncMgrSynchronize_GetHandlerInfo(This, info) ((This)->lpVtbl->GetHandlerInfo(This, info))
#define ISyncMgrSynchronize_EnumSyncMgrItems(This, items) ((This)->lpVtbl->EnumSyncMgrItems(This, items))
#define ISyncMgrSynchronize_GetItemObject(This, item, iid, object) ((This)->lpVtbl->GetItemObject(This, item, iid, object))
#define ISyncMgrSynchronize_ShowProperties(This, parent, item) ((This)->lpVtbl->ShowProperties(This, parent, item))
#define ISyncMgrSynchronize_SetProgressCallback(This, callback) ((This)->lpVtbl->SetProgressCallback(This, callback))
#define ISyncMgrSynchronize_PrepareForSync(This, many, items, parent, reserved) ((This)->lpVtbl->PrepareForSync(This, many, items, parent, reserved))
#define ISyncMgrSynchronize_Synchronize(This, parent) ((This)->lpVtbl->Synchronize(This, parent))
#define ISyncMgrSynchronize_SetItemStatus(This, item, status) ((This)->lpVtbl->SetItemStatus(This, item, status))
#define ISyncMgrSynchronize_ShowError(This, parent, error) ((This)->lpVtbl->ShowError(This, parent, error))
#define ISyncMgrSynchronizeCallback_QueryInterface(This, iid, object) ((This)->lpVtbl->QueryInterface(This, iid, object))
#define ISyncMgrSynchronizeCallback_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define ISyncMgrSynchronizeCallback_Release(This) ((This)->lpVtbl->Release(This))
#define ISyncMgrSynchronizeCallback_ShowPropertiesCompleted(This, hr) ((This)->lpVtbl->ShowPropertiesCompleted(This, hr))
#define ISyncMgrSynchronizeCallback_PrepareForSyncCompleted(This, hr) ((This)->lpVtbl->PrepareForSyncCompleted(This, hr))
#define ISyncMgrSynchronizeCallback_SynchronizeCompleted(This, hr) ((This)->lpVtbl->SynchronizeCompleted(This, hr))
#define ISyncMgrSynchronizeCallback_ShowErrorCompleted(This, hr, many, items) ((This)->lpVtbl->ShowErrorCompleted(This, hr, many, items))
#define ISyncMgrSynchronizeCallback_EnableModeless(This, enable) ((This)->lpVtbl->EnableModeless(This, enable))
#define ISyncMgrSynchronizeCallback_Progress(This, item, info) ((This)->lpVtbl->Progress(This, item, info))
#define ISyncMgrSynchronizeCallback_LogError(This, level, text, info) ((This)->lpVtbl->LogError(This, level, text, info))
#define ISyncMgrSynchronizeCallback_DeleteLogError(This, error, reserved) ((This)->lpVtbl->DeleteLogError(This, error, reserved))
#define ISyncMgrSynchronizeCallback_EstablishConnection(This, name, reserved) ((This)->lpVtbl->EstablishConnection(This, name, reserved))
#define ISyncMgrEnumItems_QueryInterface(This, iid, object) ((This)->lpVtbl->QueryInterface(This, iid, object))
#define ISyncMgrEnumItems_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define ISyncMgrEnumItems_Release(This) ((This)->lpVtbl->Release(This))
#define ISyncMgrEnumItems_Next(This, celt, items, fetched) ((This)->lpVtbl->Next(This, celt, items, fetched))
#define ISyncMgrEnumItems_Skip(This, celt) ((This)->lpVtbl->Skip(This, celt))
#define ISyncMgrEnumItems_Reset(This) ((This)->lpVtbl->Reset(This))
#define ISyncMgrEnumItems_Clone(This, items) ((This)->lpVtbl->Clone(This, items))
#define ISyncMgrSynchronizeInvoke_QueryInterface(This, iid, object) ((This)->lpVtbl->QueryInterface(This, iid, object))
#define ISyncMgrSynchronizeInvoke_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define ISyncMgrSynchronizeInvoke_Release(This) ((This)->lpVtbl->Release(This))
#define ISyncMgrSynchronizeInvoke_UpdateItems(This, flags, handler, cookieSize, cookie) ((This)->lpVtbl->UpdateItems(This, flags, handler, cookieSize, cookie))
#define ISyncMgrSynchronizeInvoke_UpdateAll(This) ((This)->lpVtbl->UpdateAll(This))
#define ISyncMgrRegister_QueryInterface(This, iid, object) ((This)->lpVtbl->QueryInterface(This, iid, object))
#define ISyncMgrRegister_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define ISyncMgrRegister_Release(This) ((This)->lpVtbl->Release(This))
#define ISyncMgrRegister_RegisterSyncMgrHandler(This, handler, description, flags) ((This)->lpVtbl->RegisterSyncMgrHandler(This, handler, description, flags))
#define ISyncMgrRegister_UnregisterSyncMgrHandler(This, handler, reserved) ((This)->lpVtbl->UnregisterSyncMgrHandler(This, handler, reserved))
#define ISyncMgrRegister_GetHandlerRegistrationInfo(This, handler, flags) ((This)->lpVtbl->GetHandlerRegistrationInfo(This, handler, flags))
#endif /* COBJMACROS */

#endif /* C */

/* ---- SyncMgrResolveConflict, which mobsync.dll has: a dialog, so there is none here. ------------------------------- */

#define RFCF_APPLY_ALL 0x0001
#define RFCD_NAME 0x0001
#define RFCD_KEEPBOTHICON 0x0002
#define RFCD_KEEPLOCALICON 0x0004
#define RFCD_KEEPSERVERICON 0x0008
#define RFCD_NETWORKMODIFIEDBY 0x0010
#define RFCD_NETWORKMODIFIEDON 0x0020
#define RFCD_LOCALMODIFIEDBY 0x0040
#define RFCD_LOCALMODIFIEDON 0x0080
#define RFCD_NEWNAME 0x0100
#define RFCD_LOCATION 0x0200
#define RFCD_ALL 0x03FF
#define RFCCM_VIEWLOCAL 0x0001
#define RFCCM_VIEWNETWORK 0x0002
#define RFCCM_NEEDELEMENT 0x0003
#define RFC_CANCEL 0x00
#define RFC_KEEPBOTH 0x01
#define RFC_KEEPLOCAL 0x02
#define RFC_KEEPNETWORK 0x03
#define RFC_APPLY_TO_ALL 0x10

typedef BOOL(WINAPI *PFNRFCDCALLBACK)(HWND window, UINT message, WPARAM first, LPARAM second);

#define MOBSYNC_CONFLICT(letter)                                                                                       \
    typedef struct tagRFCDLGPARAM##letter {                                                                            \
        DWORD dwFlags;                                                                                                 \
        MOBSYNC_TEXT_##letter pszFilename;                                                                             \
        MOBSYNC_TEXT_##letter pszLocation;                                                                             \
        MOBSYNC_TEXT_##letter pszNewName;                                                                              \
        MOBSYNC_TEXT_##letter pszNetworkModifiedBy;                                                                    \
        MOBSYNC_TEXT_##letter pszLocalModifiedBy;                                                                      \
        MOBSYNC_TEXT_##letter pszNetworkModifiedOn;                                                                    \
        MOBSYNC_TEXT_##letter pszLocalModifiedOn;                                                                      \
        HICON hIKeepBoth;                                                                                              \
        HICON hIKeepLocal;                                                                                             \
        HICON hIKeepNetwork;                                                                                           \
        PFNRFCDCALLBACK pfnCallBack;                                                                                   \
        LPARAM lCallerData;                                                                                            \
    } RFCDLGPARAM##letter;                                                                                             \
    EXTERN_C int WINAPI SyncMgrResolveConflict##letter(HWND parent, RFCDLGPARAM##letter *conflict)                     \
        MOBSYNC_NOT_COVERED("there are no windows to ask in; let the side win that changed last, and log it" MOBSYNC_OR_WINE)
#define MOBSYNC_TEXT_W LPCWSTR
#define MOBSYNC_TEXT_A LPCSTR
MOBSYNC_CONFLICT(W);
MOBSYNC_CONFLICT(A);
#define SyncMgrResolveConflict MOBSYNC_T(SyncMgrResolveConflict)
#define RFCDLGPARAM MOBSYNC_T(RFCDLGPARAM)

#ifdef __cplusplus
MOBSYNC_UUID(ISyncMgrSynchronize)
MOBSYNC_UUID(ISyncMgrSynchronizeCallback)
MOBSYNC_UUID(ISyncMgrEnumItems)
MOBSYNC_UUID(ISyncMgrSynchronizeInvoke)
MOBSYNC_UUID(ISyncMgrRegister)
#endif

#endif /* MOBSYNC_INTERFACES_H */
