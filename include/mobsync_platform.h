/* The part of the Windows SDK that a Synchronization Manager handler needs, for other systems.
 *
 * Written from the public facts of COM and of mobsync.h: names, values, layouts. The other headers in this folder
 * (windows.h, objbase.h, ...) only include this one. docs/native-handlers.md lists what is covered. The rest is not
 * declared, so a source that uses it does not compile.
 *
 * Part of mobsync, MIT OR Apache-2.0.
 */
#ifndef MOBSYNC_PLATFORM_H
#define MOBSYNC_PLATFORM_H

#ifdef _WIN32
#error "This header is for systems without the Windows SDK. On Windows, include the SDK's own headers."
#endif

/* For pthread's recursive locks, clock_gettime and similar under -std=c11. If a system header comes first, compile with
 * -D_GNU_SOURCE or -std=gnu11. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if !defined(__cplusplus) && !defined(__APPLE__)
#include <uchar.h>
#endif

#if UINTPTR_MAX != UINT64_MAX
#error "mobsync drives 64-bit handlers: the layout of the structures below is that of 64-bit Windows."
#endif

/* ---- Calling conventions: the platform's own. ------------------------------------------------------------------ */

#define STDMETHODCALLTYPE
#define STDAPICALLTYPE
#define WINAPI
#define CALLBACK
#define APIENTRY
#define __stdcall
#define __cdecl
#define __RPC_FAR
#ifndef __declspec
#define __declspec(what) MOBSYNC_DECLSPEC_##what
#endif
#define MOBSYNC_DECLSPEC_dllexport __attribute__((visibility("default")))
#define MOBSYNC_DECLSPEC_dllimport
#define MOBSYNC_DECLSPEC_novtable
#define MOBSYNC_DECLSPEC_selectany __attribute__((weak))
#define MOBSYNC_DECLSPEC_nothrow
#define MOBSYNC_DECLSPEC_uuid(text)
#define DECLSPEC_NOVTABLE
#define DECLSPEC_UUID(text)
#define FAR
#define NEAR
#define CONST const
#define IN
#define OUT
#define OPTIONAL
#define UNREFERENCED_PARAMETER(name) ((void)(name))

#ifdef __cplusplus
#define EXTERN_C extern "C"
#define MOBSYNC_INLINE inline
#else
#define EXTERN_C extern
#define MOBSYNC_INLINE static inline __attribute__((unused))
#endif

#define MOBSYNC_EXPORT __attribute__((visibility("default")))
#define STDMETHODIMP HRESULT STDMETHODCALLTYPE
#define STDMETHODIMP_(type) type STDMETHODCALLTYPE
#define STDAPI EXTERN_C MOBSYNC_EXPORT HRESULT STDAPICALLTYPE
#define STDAPI_(type) EXTERN_C MOBSYNC_EXPORT type STDAPICALLTYPE

/* ---- Types: 32 bits are 32 bits everywhere, and a WCHAR is a UTF-16 unit. --------------------------------------- */

typedef int BOOL;
typedef unsigned char BYTE, UCHAR, BOOLEAN;
typedef char CHAR;
typedef uint16_t WORD, USHORT;
typedef int16_t SHORT;
typedef uint32_t DWORD, UINT, ULONG;
typedef int32_t INT, LONG, HRESULT;
typedef uint64_t ULONGLONG, DWORD64, UINT64;
typedef int64_t LONGLONG, INT64;
typedef uintptr_t UINT_PTR, ULONG_PTR, DWORD_PTR, WPARAM;
typedef intptr_t INT_PTR, LONG_PTR, LPARAM, LRESULT;
typedef size_t SIZE_T;
typedef void *PVOID, *LPVOID, *HANDLE;
typedef const void *LPCVOID;
typedef BYTE *LPBYTE, *PBYTE;
typedef const BYTE *LPCBYTE;
typedef BOOL *LPBOOL;
typedef DWORD *LPDWORD, *PDWORD;
typedef LONG *LPLONG, *PLONG;
typedef ULONG *PULONG;
typedef CHAR *LPSTR;
typedef const CHAR *LPCSTR;

/* WCHAR is char16_t, for u"text". With -fshort-wchar, wchar_t has 16 bits and is WCHAR, for L"text". */
#if defined(__SIZEOF_WCHAR_T__) && __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#define MOBSYNC_TEXT(text) L##text
#elif defined(__cplusplus) || !defined(__APPLE__)
typedef char16_t WCHAR;
#define MOBSYNC_TEXT(text) u##text
#else
typedef uint16_t WCHAR;
#define MOBSYNC_TEXT(text) ((const WCHAR *)u##text)
#endif
typedef WCHAR OLECHAR, TCHAR, *LPWSTR, *PWSTR, *LPOLESTR, *LPTSTR;
typedef const WCHAR *LPCWSTR, *PCWSTR, *LPCOLESTR, *LPCTSTR;
#define OLESTR(text) MOBSYNC_TEXT(text)
#define TEXT(text) MOBSYNC_TEXT(text)
#define _T(text) MOBSYNC_TEXT(text)

#define DECLARE_HANDLE(name)                                                                                           \
    struct name##__ {                                                                                                  \
        int unused;                                                                                                    \
    };                                                                                                                 \
    typedef struct name##__ *name
DECLARE_HANDLE(HWND);
DECLARE_HANDLE(HICON);
DECLARE_HANDLE(HINSTANCE);
typedef HINSTANCE HMODULE;
/* mobsync calls DllMain when it loads a library, as Windows does. */
#define DLL_PROCESS_DETACH 0
#define DLL_PROCESS_ATTACH 1
#define DLL_THREAD_ATTACH 2
#define DLL_THREAD_DETACH 3

typedef struct _FILETIME {
    DWORD dwLowDateTime;
    DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

typedef struct _SYSTEMTIME {
    WORD wYear, wMonth, wDayOfWeek, wDay, wHour, wMinute, wSecond, wMilliseconds;
} SYSTEMTIME, *PSYSTEMTIME, *LPSYSTEMTIME;

#ifndef TRUE
#define TRUE 1
#define FALSE 0
#endif
#define MAX_PATH 260
#define INFINITE 0xFFFFFFFFu
#define WAIT_OBJECT_0 0u
#define WAIT_TIMEOUT 258u
#define WAIT_FAILED 0xFFFFFFFFu
#define LOWORD(number) ((WORD)((ULONG_PTR)(number) & 0xffff))
#define HIWORD(number) ((WORD)((ULONG_PTR)(number) >> 16))
#define ZeroMemory(place, size) memset((place), 0, (size))
#define CopyMemory(to, from, size) memcpy((to), (from), (size))
#define ARRAYSIZE(array) (sizeof(array) / sizeof((array)[0]))
#ifndef _countof
#define _countof(array) ARRAYSIZE(array)
#endif

/* ---- Results. --------------------------------------------------------------------------------------------------- */

#define MOBSYNC_HR(value) ((HRESULT)(value))
#define S_OK MOBSYNC_HR(0)
#define NOERROR S_OK
#define S_FALSE MOBSYNC_HR(1)
#define E_UNEXPECTED MOBSYNC_HR(0x8000FFFFu)
#define E_NOTIMPL MOBSYNC_HR(0x80004001u)
#define E_NOINTERFACE MOBSYNC_HR(0x80004002u)
#define E_POINTER MOBSYNC_HR(0x80004003u)
#define E_ABORT MOBSYNC_HR(0x80004004u)
#define E_FAIL MOBSYNC_HR(0x80004005u)
#define E_ACCESSDENIED MOBSYNC_HR(0x80070005u)
#define E_HANDLE MOBSYNC_HR(0x80070006u)
#define E_OUTOFMEMORY MOBSYNC_HR(0x8007000Eu)
#define E_INVALIDARG MOBSYNC_HR(0x80070057u)
#define CLASS_E_NOAGGREGATION MOBSYNC_HR(0x80040110u)
#define CLASS_E_CLASSNOTAVAILABLE MOBSYNC_HR(0x80040111u)
#define REGDB_E_CLASSNOTREG MOBSYNC_HR(0x80040154u)
#define CO_E_CLASSSTRING MOBSYNC_HR(0x800401F3u)
#define SUCCEEDED(hr) (((HRESULT)(hr)) >= 0)
#define FAILED(hr) (((HRESULT)(hr)) < 0)
#define SEVERITY_SUCCESS 0
#define SEVERITY_ERROR 1
#define FACILITY_ITF 4
#define MAKE_HRESULT(severity, facility, code)                                                                         \
    ((HRESULT)(((uint32_t)(severity) << 31) | ((uint32_t)(facility) << 16) | (uint32_t)(code)))
#define HRESULT_FROM_WIN32(error)                                                                                      \
    ((int32_t)(error) <= 0 ? (HRESULT)(error) : (HRESULT)(((uint32_t)(error) & 0xffffu) | 0x80070000u))
#define ERROR_SUCCESS 0
#define ERROR_NOT_ENOUGH_MEMORY 8
#define ERROR_CANCELLED 1223

/* ---- GUIDs. ----------------------------------------------------------------------------------------------------- */

typedef struct _GUID {
    uint32_t Data1;
    uint16_t Data2;
    uint16_t Data3;
    uint8_t Data4[8];
} GUID, IID, CLSID, *LPGUID, *LPIID, *LPCLSID;

#ifdef __cplusplus
#define REFGUID const GUID &
#define REFIID const IID &
#define REFCLSID const CLSID &
#define MOBSYNC_REF(guid) (guid)
#define MOBSYNC_PTR(guid) (&(guid))
#else
#define REFGUID const GUID *
#define REFIID const IID *
#define REFCLSID const CLSID *
#define MOBSYNC_PTR(guid) (guid)
#endif

/* Every object file may define a GUID; definitions with the same name are merged. */
#ifdef __cplusplus
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                                                   \
    extern "C" const GUID name __attribute__((weak, visibility("hidden")));                                            \
    const GUID name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                                                   \
    const GUID name __attribute__((weak, visibility("hidden"))) = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#endif
#define DEFINE_OLEGUID(name, l, w1, w2) DEFINE_GUID(name, l, w1, w2, 0xC0, 0, 0, 0, 0, 0, 0, 0x46)

#ifdef __cplusplus
inline BOOL InlineIsEqualGUID(REFGUID a, REFGUID b) { return memcmp(&a, &b, sizeof(GUID)) == 0; }
inline BOOL IsEqualGUID(REFGUID a, REFGUID b) { return InlineIsEqualGUID(a, b); }
inline bool operator==(const GUID &a, const GUID &b) { return IsEqualGUID(a, b) != 0; }
inline bool operator!=(const GUID &a, const GUID &b) { return !(a == b); }
#else
MOBSYNC_INLINE BOOL IsEqualGUID(REFGUID a, REFGUID b) { return memcmp(a, b, sizeof(GUID)) == 0; }
#endif
#define IsEqualIID(a, b) IsEqualGUID(a, b)
#define IsEqualCLSID(a, b) IsEqualGUID(a, b)

DEFINE_GUID(GUID_NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
DEFINE_GUID(CLSID_NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
DEFINE_GUID(IID_NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
DEFINE_OLEGUID(IID_IUnknown, 0x00000000, 0, 0);
DEFINE_OLEGUID(IID_IClassFactory, 0x00000001, 0, 0);
DEFINE_OLEGUID(IID_IStream, 0x0000000c, 0, 0);

/* ---- Interlocked operations. ------------------------------------------------------------------------------------ */

MOBSYNC_INLINE LONG InterlockedIncrement(volatile LONG *to) { return __atomic_add_fetch(to, 1, __ATOMIC_SEQ_CST); }
MOBSYNC_INLINE LONG InterlockedDecrement(volatile LONG *to) { return __atomic_sub_fetch(to, 1, __ATOMIC_SEQ_CST); }
MOBSYNC_INLINE LONG InterlockedExchange(volatile LONG *to, LONG value) {
    return __atomic_exchange_n(to, value, __ATOMIC_SEQ_CST);
}
MOBSYNC_INLINE LONG InterlockedExchangeAdd(volatile LONG *to, LONG value) {
    return __atomic_fetch_add(to, value, __ATOMIC_SEQ_CST);
}
MOBSYNC_INLINE LONG InterlockedCompareExchange(volatile LONG *to, LONG value, LONG expected) {
    __atomic_compare_exchange_n(to, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}
MOBSYNC_INLINE PVOID InterlockedExchangePointer(PVOID volatile *to, PVOID value) {
    return __atomic_exchange_n(to, value, __ATOMIC_SEQ_CST);
}

/* ---- The task allocator. ----------------------------------------------------------------------------------------
 *
 * The manager, which is not linked with the handler, frees what the handler returns (GetHandlerInfo's structure). So a
 * header of 16 bytes before every block tells the manager that it may do so: first the number below, then the size XOR
 * that number. Header and block come from malloc.
 */
#define MOBSYNC_TASK_MAGIC 0x6D6F6273796E6321ull

MOBSYNC_INLINE LPVOID CoTaskMemAlloc(SIZE_T size) {
    uint64_t *head;
    if (size > SIZE_MAX - 16) return NULL;
    head = (uint64_t *)malloc(size + 16);
    if (!head) return NULL;
    head[0] = MOBSYNC_TASK_MAGIC;
    head[1] = (uint64_t)size ^ MOBSYNC_TASK_MAGIC;
    return head + 2;
}

MOBSYNC_INLINE void CoTaskMemFree(LPVOID block) {
    uint64_t *head;
    if (!block) return;
    head = (uint64_t *)block - 2;
    if (head[0] != MOBSYNC_TASK_MAGIC) abort(); /* freed twice, or not allocated here */
    head[0] = 0;
    free(head);
}

MOBSYNC_INLINE LPVOID CoTaskMemRealloc(LPVOID block, SIZE_T size) {
    uint64_t *head;
    if (!block) return CoTaskMemAlloc(size);
    if (!size) {
        CoTaskMemFree(block);
        return NULL;
    }
    if (size > SIZE_MAX - 16) return NULL;
    head = (uint64_t *)realloc((uint64_t *)block - 2, size + 16);
    if (!head) return NULL;
    head[1] = (uint64_t)size ^ MOBSYNC_TASK_MAGIC;
    return head + 2;
}

/* ---- COM itself. ------------------------------------------------------------------------------------------------- */

#define COINIT_APARTMENTTHREADED 2
#define COINIT_MULTITHREADED 0
#define CLSCTX_INPROC_SERVER 1
#define CLSCTX_ALL 23
#define CLSCTX_SERVER 21

#ifdef __cplusplus

#define interface struct
#define PURE = 0
#define STDMETHOD(method) virtual HRESULT STDMETHODCALLTYPE method
#define STDMETHOD_(type, method) virtual type STDMETHODCALLTYPE method
#define DECLARE_INTERFACE(name) struct name
#define DECLARE_INTERFACE_(name, base) struct name : public base
#define THIS_
#define THIS void
#define BEGIN_INTERFACE
#define END_INTERFACE

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#endif

struct IUnknown {
    virtual HRESULT STDMETHODCALLTYPE QueryInterface(REFIID iid, void **object) = 0;
    virtual ULONG STDMETHODCALLTYPE AddRef() = 0;
    virtual ULONG STDMETHODCALLTYPE Release() = 0;
};

struct IClassFactory : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE CreateInstance(IUnknown *outer, REFIID iid, void **object) = 0;
    virtual HRESULT STDMETHODCALLTYPE LockServer(BOOL lock) = 0;
};

#else /* C */

#define interface struct
typedef struct IUnknown IUnknown;
typedef struct IUnknownVtbl {
    HRESULT (*QueryInterface)(IUnknown *This, REFIID iid, void **object);
    ULONG (*AddRef)(IUnknown *This);
    ULONG (*Release)(IUnknown *This);
} IUnknownVtbl;
struct IUnknown {
    const IUnknownVtbl *lpVtbl;
};

typedef struct IClassFactory IClassFactory;
typedef struct IClassFactoryVtbl {
    HRESULT (*QueryInterface)(IClassFactory *This, REFIID iid, void **object);
    ULONG (*AddRef)(IClassFactory *This);
    ULONG (*Release)(IClassFactory *This);
    HRESULT (*CreateInstance)(IClassFactory *This, IUnknown *outer, REFIID iid, void **object);
    HRESULT (*LockServer)(IClassFactory *This, BOOL lock);
} IClassFactoryVtbl;
struct IClassFactory {
    const IClassFactoryVtbl *lpVtbl;
};

#ifdef COBJMACROS
#define IUnknown_QueryInterface(This, iid, object) ((This)->lpVtbl->QueryInterface(This, iid, object))
#define IUnknown_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IUnknown_Release(This) ((This)->lpVtbl->Release(This))
#define IClassFactory_QueryInterface(This, iid, object) ((This)->lpVtbl->QueryInterface(This, iid, object))
#define IClassFactory_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IClassFactory_Release(This) ((This)->lpVtbl->Release(This))
#define IClassFactory_LockServer(This, lock) ((This)->lpVtbl->LockServer(This, lock))
#define IClassFactory_CreateInstance(This, outer, iid, object)                                                         \
    ((This)->lpVtbl->CreateInstance(This, outer, iid, object))
#endif

#endif /* C */

typedef IUnknown *LPUNKNOWN;
typedef IClassFactory *LPCLASSFACTORY;

STDAPI DllGetClassObject(REFCLSID clsid, REFIID iid, LPVOID *object);
STDAPI DllCanUnloadNow(void);

/* There are no apartments here: every thread may call every object. */
MOBSYNC_INLINE HRESULT CoInitialize(LPVOID reserved) { return reserved ? E_INVALIDARG : S_OK; }
MOBSYNC_INLINE HRESULT CoInitializeEx(LPVOID reserved, DWORD how) {
    (void)how;
    return reserved ? E_INVALIDARG : S_OK;
}
MOBSYNC_INLINE void CoUninitialize(void) {}

/* There is no class registry. The only object that a handler could create here is the manager, which is calling it. */
MOBSYNC_INLINE HRESULT CoCreateInstance(REFCLSID clsid, LPUNKNOWN outer, DWORD context, REFIID iid, LPVOID *object) {
    (void)clsid;
    (void)outer;
    (void)context;
    (void)iid;
    if (!object) return E_POINTER;
    *object = NULL;
    return REGDB_E_CLASSNOTREG;
}

/* Marshalling between threads: in a process without apartments, the pointer itself is passed. The stream is the interface
 * with a reference of its own. */
typedef struct IStream IStream;
typedef IStream *LPSTREAM;

MOBSYNC_INLINE HRESULT CoMarshalInterThreadInterfaceInStream(REFIID iid, LPUNKNOWN object, LPSTREAM *stream) {
    (void)iid;
    if (!object || !stream) return E_INVALIDARG;
#ifdef __cplusplus
    object->AddRef();
#else
    object->lpVtbl->AddRef(object);
#endif
    *stream = (LPSTREAM)(void *)object;
    return S_OK;
}

MOBSYNC_INLINE HRESULT CoGetInterfaceAndReleaseStream(LPSTREAM stream, REFIID iid, LPVOID *object) {
    LPUNKNOWN held = (LPUNKNOWN)(void *)stream;
    HRESULT hr;
    if (!held || !object) return E_INVALIDARG;
#ifdef __cplusplus
    hr = held->QueryInterface(iid, object);
    held->Release();
#else
    hr = held->lpVtbl->QueryInterface(held, iid, object);
    held->lpVtbl->Release(held);
#endif
    return hr;
}

MOBSYNC_INLINE HRESULT CoCreateGuid(GUID *guid) {
    FILE *random;
    size_t read;
    if (!guid) return E_INVALIDARG;
    random = fopen("/dev/urandom", "rb");
    if (!random) return E_FAIL;
    read = fread(guid, sizeof *guid, 1, random);
    fclose(random);
    if (read != 1) return E_FAIL;
    guid->Data3 = (uint16_t)((guid->Data3 & 0x0fff) | 0x4000);
    guid->Data4[0] = (uint8_t)((guid->Data4[0] & 0x3f) | 0x80);
    return S_OK;
}

MOBSYNC_INLINE int StringFromGUID2(REFGUID guid, LPOLESTR text, int room) {
    const GUID *it = MOBSYNC_PTR(guid);
    char buffer[39];
    int at;
    if (!text || room < 39) return 0;
    snprintf(buffer, sizeof buffer, "{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}", (unsigned)it->Data1,
             (unsigned)it->Data2, (unsigned)it->Data3, it->Data4[0], it->Data4[1], it->Data4[2], it->Data4[3],
             it->Data4[4], it->Data4[5], it->Data4[6], it->Data4[7]);
    for (at = 0; at < 39; at++) text[at] = (WCHAR)(unsigned char)buffer[at];
    return 39;
}

MOBSYNC_INLINE HRESULT CLSIDFromString(LPCOLESTR text, CLSID *guid) {
    char buffer[39];
    unsigned parts[11];
    int at, end = 0;
    if (!text || !guid) return E_INVALIDARG;
    for (at = 0; at < 38; at++) {
        if (text[at] == 0 || text[at] > 126) return CO_E_CLASSSTRING;
        buffer[at] = (char)text[at];
    }
    buffer[38] = 0;
    if (text[38] != 0) return CO_E_CLASSSTRING;
    if (sscanf(buffer, "{%8X-%4X-%4X-%2X%2X-%2X%2X%2X%2X%2X%2X}%n", &parts[0], &parts[1], &parts[2], &parts[3],
               &parts[4], &parts[5], &parts[6], &parts[7], &parts[8], &parts[9], &parts[10], &end) != 11 ||
        end != 38)
        return CO_E_CLASSSTRING;
    guid->Data1 = parts[0];
    guid->Data2 = (uint16_t)parts[1];
    guid->Data3 = (uint16_t)parts[2];
    for (at = 0; at < 8; at++) guid->Data4[at] = (uint8_t)parts[3 + at];
    return S_OK;
}
#define IIDFromString(text, iid) CLSIDFromString(text, iid)

/* ---- Text: terminated UTF-16. ------------------------------------------------------------------------------------ */

MOBSYNC_INLINE int lstrlenW(LPCWSTR text) {
    int length = 0;
    while (text && text[length]) length++;
    return length;
}

/* Copies at most room - 1 units, and always adds the zero. */
MOBSYNC_INLINE LPWSTR lstrcpynW(LPWSTR to, LPCWSTR from, int room) {
    int at = 0;
    if (!to || !from || room <= 0) return NULL;
    while (at < room - 1 && from[at]) {
        to[at] = from[at];
        at++;
    }
    to[at] = 0;
    return to;
}

MOBSYNC_INLINE int lstrcmpW(LPCWSTR a, LPCWSTR b) {
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a < *b ? -1 : *a > *b;
}

MOBSYNC_INLINE HRESULT StringCchCopyW(LPWSTR to, size_t room, LPCWSTR from) {
    size_t at = 0;
    if (!to || !from || room == 0) return E_INVALIDARG;
    while (at < room - 1 && from[at]) {
        to[at] = from[at];
        at++;
    }
    to[at] = 0;
    return from[at] ? MOBSYNC_HR(0x8007007Au) : S_OK; /* STRSAFE_E_INSUFFICIENT_BUFFER */
}
#define lstrcpyn lstrcpynW
#define lstrlen lstrlenW
#define StringCchCopy StringCchCopyW

/* ---- Time: 100 nanoseconds since 1601. --------------------------------------------------------------------------- */

MOBSYNC_INLINE void GetSystemTimeAsFileTime(LPFILETIME time) {
    struct timespec now;
    uint64_t ticks;
    clock_gettime(CLOCK_REALTIME, &now);
    ticks = ((uint64_t)now.tv_sec + 11644473600ull) * 10000000ull + (uint64_t)now.tv_nsec / 100;
    time->dwLowDateTime = (DWORD)ticks;
    time->dwHighDateTime = (DWORD)(ticks >> 32);
}

MOBSYNC_INLINE LONG CompareFileTime(const FILETIME *a, const FILETIME *b) {
    uint64_t left = (uint64_t)a->dwHighDateTime << 32 | a->dwLowDateTime;
    uint64_t right = (uint64_t)b->dwHighDateTime << 32 | b->dwLowDateTime;
    return left < right ? -1 : left > right;
}

MOBSYNC_INLINE BOOL FileTimeToSystemTime(const FILETIME *file, LPSYSTEMTIME system) {
    uint64_t ticks = (uint64_t)file->dwHighDateTime << 32 | file->dwLowDateTime;
    time_t seconds = (time_t)((int64_t)(ticks / 10000000ull) - 11644473600ll);
    struct tm parts;
    if (ticks > 0x7fffffffffffffffull || !gmtime_r(&seconds, &parts)) return FALSE;
    system->wYear = (WORD)(parts.tm_year + 1900);
    system->wMonth = (WORD)(parts.tm_mon + 1);
    system->wDayOfWeek = (WORD)parts.tm_wday;
    system->wDay = (WORD)parts.tm_mday;
    system->wHour = (WORD)parts.tm_hour;
    system->wMinute = (WORD)parts.tm_min;
    system->wSecond = (WORD)parts.tm_sec;
    system->wMilliseconds = (WORD)(ticks / 10000 % 1000);
    return TRUE;
}

MOBSYNC_INLINE DWORD GetTickCount(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (DWORD)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

MOBSYNC_INLINE void Sleep(DWORD milliseconds) {
    struct timespec left;
    left.tv_sec = (time_t)(milliseconds / 1000);
    left.tv_nsec = (long)(milliseconds % 1000) * 1000000;
    while (nanosleep(&left, &left) == -1 && errno == EINTR) {
    }
}

/* ---- Threads, events and critical sections. ---------------------------------------------------------------------- */

typedef pthread_mutex_t CRITICAL_SECTION, *LPCRITICAL_SECTION;

MOBSYNC_INLINE void InitializeCriticalSection(LPCRITICAL_SECTION section) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(section, &attributes);
    pthread_mutexattr_destroy(&attributes);
}
MOBSYNC_INLINE void EnterCriticalSection(LPCRITICAL_SECTION section) { pthread_mutex_lock(section); }
MOBSYNC_INLINE void LeaveCriticalSection(LPCRITICAL_SECTION section) { pthread_mutex_unlock(section); }
MOBSYNC_INLINE void DeleteCriticalSection(LPCRITICAL_SECTION section) { pthread_mutex_destroy(section); }

typedef DWORD(WINAPI *LPTHREAD_START_ROUTINE)(LPVOID);
typedef struct _SECURITY_ATTRIBUTES *LPSECURITY_ATTRIBUTES;

/* An event, or a thread, which is signalled when it has ended. Freed when the last owner closes it. */
typedef struct mobsync_object {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int signalled;
    int manual;
    LONG holders;
    LPTHREAD_START_ROUTINE routine;
    LPVOID argument;
    DWORD result;
} mobsync_object;

MOBSYNC_INLINE mobsync_object *mobsync_object_new(int manual, int signalled) {
    mobsync_object *it = (mobsync_object *)calloc(1, sizeof *it);
    pthread_condattr_t attributes;
    if (!it) return NULL;
    pthread_mutex_init(&it->lock, NULL);
    pthread_condattr_init(&attributes);
#ifndef __APPLE__
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
    pthread_cond_init(&it->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    it->manual = manual;
    it->signalled = signalled;
    it->holders = 1;
    return it;
}

MOBSYNC_INLINE void mobsync_object_signal(mobsync_object *it, int signalled) {
    pthread_mutex_lock(&it->lock);
    it->signalled = signalled;
    pthread_cond_broadcast(&it->changed);
    pthread_mutex_unlock(&it->lock);
}

MOBSYNC_INLINE BOOL CloseHandle(HANDLE handle) {
    mobsync_object *it = (mobsync_object *)handle;
    if (!it) return FALSE;
    if (InterlockedDecrement(&it->holders) == 0) {
        pthread_cond_destroy(&it->changed);
        pthread_mutex_destroy(&it->lock);
        free(it);
    }
    return TRUE;
}

MOBSYNC_INLINE HANDLE CreateEventW(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL signalled, LPCWSTR name) {
    (void)security;
    return name ? NULL : mobsync_object_new(manual, signalled); /* named events are for other processes */
}
#define CreateEvent CreateEventW
MOBSYNC_INLINE BOOL SetEvent(HANDLE event) {
    mobsync_object_signal((mobsync_object *)event, 1);
    return TRUE;
}
MOBSYNC_INLINE BOOL ResetEvent(HANDLE event) {
    mobsync_object_signal((mobsync_object *)event, 0);
    return TRUE;
}

MOBSYNC_INLINE DWORD WaitForSingleObject(HANDLE handle, DWORD milliseconds) {
    mobsync_object *it = (mobsync_object *)handle;
    struct timespec until;
    DWORD result = WAIT_OBJECT_0;
    if (!it) return WAIT_FAILED;
#ifdef __APPLE__
    clock_gettime(CLOCK_REALTIME, &until);
#else
    clock_gettime(CLOCK_MONOTONIC, &until);
#endif
    until.tv_sec += (time_t)(milliseconds / 1000);
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&it->lock);
    while (!it->signalled && result == WAIT_OBJECT_0) {
        if (milliseconds == INFINITE)
            pthread_cond_wait(&it->changed, &it->lock);
        else if (pthread_cond_timedwait(&it->changed, &it->lock, &until) == ETIMEDOUT && !it->signalled)
            result = WAIT_TIMEOUT;
    }
    if (result == WAIT_OBJECT_0 && !it->manual) it->signalled = 0;
    pthread_mutex_unlock(&it->lock);
    return result;
}

MOBSYNC_INLINE void *mobsync_thread_main(void *argument) {
    mobsync_object *it = (mobsync_object *)argument;
    it->result = it->routine(it->argument);
    mobsync_object_signal(it, 1);
    CloseHandle(it);
    return NULL;
}

MOBSYNC_INLINE HANDLE CreateThread(LPSECURITY_ATTRIBUTES security, SIZE_T stack, LPTHREAD_START_ROUTINE routine,
                                   LPVOID argument, DWORD flags, LPDWORD id) {
    mobsync_object *it;
    pthread_t thread;
    (void)security;
    (void)stack;
    if (flags || !routine) return NULL; /* suspended threads are not supported */
    it = mobsync_object_new(1, 0);
    if (!it) return NULL;
    it->holders = 2;
    it->routine = routine;
    it->argument = argument;
    if (pthread_create(&thread, NULL, mobsync_thread_main, it) != 0) {
        it->holders = 1;
        CloseHandle(it);
        return NULL;
    }
    pthread_detach(thread);
    if (id) *id = 0;
    return it;
}

MOBSYNC_INLINE BOOL GetExitCodeThread(HANDLE thread, LPDWORD code) {
    mobsync_object *it = (mobsync_object *)thread;
    if (!it || !code) return FALSE;
    pthread_mutex_lock(&it->lock);
    *code = it->signalled ? it->result : 259; /* STILL_ACTIVE */
    pthread_mutex_unlock(&it->lock);
    return TRUE;
}

MOBSYNC_INLINE DWORD GetCurrentThreadId(void) {
    return (DWORD)(uintptr_t)pthread_self();
}

/* ---- What is not covered: a use does not compile. ------------------------------------------------------------ */

#if defined(__GNUC__)
#define MOBSYNC_NOT_COVERED(why) __attribute__((error("not covered by mobsync's headers: " why)))
#else
#define MOBSYNC_NOT_COVERED(why) __attribute__((unavailable("not covered by mobsync's headers: " why)))
#endif
#ifdef __clang__
#undef MOBSYNC_NOT_COVERED
#define MOBSYNC_NOT_COVERED(why) __attribute__((unavailable("not covered by mobsync's headers: " why)))
#endif
EXTERN_C int MessageBoxW(HWND, LPCWSTR, LPCWSTR, UINT)
    MOBSYNC_NOT_COVERED("there are no windows; ask EnableModeless and show your own dialog, or leave it out");
EXTERN_C INT_PTR DialogBoxParamW(HINSTANCE, LPCWSTR, HWND, void *, LPARAM)
    MOBSYNC_NOT_COVERED("there are no windows; ask EnableModeless and show your own dialog, or leave it out");
EXTERN_C HICON LoadIconW(HINSTANCE, LPCWSTR) MOBSYNC_NOT_COVERED("there are no icons; hIcon may be NULL");
EXTERN_C LONG RegOpenKeyExW(void *, LPCWSTR, DWORD, DWORD, void *)
    MOBSYNC_NOT_COVERED("there is no registry; keep settings in a file");
EXTERN_C HRESULT CoMarshalInterface(LPSTREAM, REFIID, LPUNKNOWN, DWORD, LPVOID, DWORD)
    MOBSYNC_NOT_COVERED("marshalling to other processes; CoMarshalInterThreadInterfaceInStream is covered");
#define MessageBox MessageBoxW
#define LoadIcon LoadIconW

#ifdef __cplusplus
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#endif

#endif /* MOBSYNC_PLATFORM_H */
