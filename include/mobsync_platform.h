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
#define PASCAL
#define NTAPI
#define WINAPIV
#define __fastcall
#define _cdecl
#define _stdcall
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
#define DBG_UNREFERENCED_PARAMETER(name) ((void)(name))
#define FORCEINLINE MOBSYNC_INLINE
#define __forceinline MOBSYNC_INLINE
#define __int64 long long
#define MOBSYNC_ANONYMOUS __extension__

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
#define IFACEMETHODIMP STDMETHODIMP
#define IFACEMETHODIMP_(type) STDMETHODIMP_(type)
#ifdef __cplusplus
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END }
#else
#define EXTERN_C_START
#define EXTERN_C_END
#endif

/* ---- Types: 32 bits are 32 bits everywhere, and a WCHAR is a UTF-16 unit. --------------------------------------- */

typedef int BOOL;
typedef unsigned char BYTE, UCHAR, BOOLEAN;
typedef char CHAR;
typedef uint16_t WORD, USHORT, ATOM;
typedef int16_t SHORT;
typedef uint32_t DWORD, UINT, ULONG, UINT32, DWORD32, ULONG32, LCID;
typedef int32_t INT, LONG, HRESULT, INT32, LONG32, SCODE;
typedef uint64_t ULONGLONG, DWORD64, UINT64, ULONG64, DWORDLONG;
typedef int64_t LONGLONG, INT64, LONG64;
typedef uintptr_t UINT_PTR, ULONG_PTR, DWORD_PTR, WPARAM;
typedef intptr_t INT_PTR, LONG_PTR, LPARAM, LRESULT;
typedef size_t SIZE_T;
typedef float FLOAT;
typedef void *PVOID, *LPVOID, *HANDLE, *HGLOBAL, *HLOCAL;
typedef HANDLE *PHANDLE, *LPHANDLE;
typedef void VOID;
typedef const void *LPCVOID;
typedef BYTE *LPBYTE, *PBYTE;
typedef const BYTE *LPCBYTE;
typedef BOOL *LPBOOL, *PBOOL;
typedef WORD *LPWORD, *PWORD;
typedef DWORD *LPDWORD, *PDWORD;
typedef INT *LPINT, *PINT;
typedef UINT *PUINT;
typedef LONG *LPLONG, *PLONG;
typedef ULONG *PULONG;
typedef CHAR *LPSTR, *PSTR, *PCHAR;
typedef const CHAR *LPCSTR, *PCSTR;

typedef union _LARGE_INTEGER {
    MOBSYNC_ANONYMOUS struct {
        DWORD LowPart;
        LONG HighPart;
    };
    struct {
        DWORD LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;
typedef union _ULARGE_INTEGER {
    MOBSYNC_ANONYMOUS struct {
        DWORD LowPart;
        DWORD HighPart;
    };
    struct {
        DWORD LowPart;
        DWORD HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

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
typedef WCHAR OLECHAR, *LPWSTR, *PWSTR, *LPOLESTR, *PWCHAR;
typedef const WCHAR *LPCWSTR, *PCWSTR, *LPCOLESTR;
#define OLESTR(text) MOBSYNC_TEXT(text)

/* TCHAR is WCHAR for a source that is compiled with UNICODE or _UNICODE, and char for all others, as in the SDK. */
#if defined(UNICODE) || defined(_UNICODE)
typedef WCHAR TCHAR, _TCHAR, *LPTSTR, *PTSTR;
typedef const WCHAR *LPCTSTR, *PCTSTR;
#define MOBSYNC_T(name) name##W
#define TEXT(text) MOBSYNC_TEXT(text)
#else
typedef char TCHAR, _TCHAR, *LPTSTR, *PTSTR;
typedef const char *LPCTSTR, *PCTSTR;
#define MOBSYNC_T(name) name##A
#define TEXT(text) text
#endif
#define _T(text) TEXT(text)
#define _TEXT(text) TEXT(text)
#define __TEXT(text) TEXT(text)

#define DECLARE_HANDLE(name)                                                                                           \
    struct name##__ {                                                                                                  \
        int unused;                                                                                                    \
    };                                                                                                                 \
    typedef struct name##__ *name
DECLARE_HANDLE(HWND);
DECLARE_HANDLE(HICON);
DECLARE_HANDLE(HINSTANCE);
DECLARE_HANDLE(HKEY);
DECLARE_HANDLE(HMENU);
DECLARE_HANDLE(HBITMAP);
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
#define STILL_ACTIVE 259u
#define MAXIMUM_WAIT_OBJECTS 64
#define WAIT_OBJECT_0 0u
#define WAIT_ABANDONED 0x80u
#define WAIT_TIMEOUT 258u
#define WAIT_FAILED 0xFFFFFFFFu
#define LOWORD(number) ((WORD)((ULONG_PTR)(number) & 0xffff))
#define HIWORD(number) ((WORD)((ULONG_PTR)(number) >> 16))
#define MAKELONG(low, high) ((LONG)((WORD)(low) | (DWORD)(WORD)(high) << 16))
#define MAKEWORD(low, high) ((WORD)((BYTE)(low) | (WORD)(BYTE)(high) << 8))
#define LOBYTE(number) ((BYTE)((number) & 0xff))
#define HIBYTE(number) ((BYTE)((WORD)(number) >> 8))
#define ZeroMemory(place, size) memset((place), 0, (size))
#define CopyMemory(to, from, size) memcpy((to), (from), (size))
#define MoveMemory(to, from, size) memmove((to), (from), (size))
#define FillMemory(place, size, value) memset((place), (value), (size))
#define SecureZeroMemory(place, size) memset((place), 0, (size))
#define RtlZeroMemory ZeroMemory
#define RtlCopyMemory CopyMemory
#define RtlMoveMemory MoveMemory
#define RtlFillMemory FillMemory
#define RtlEqualMemory(a, b, size) (!memcmp((a), (b), (size)))
#define RtlSecureZeroMemory SecureZeroMemory
#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))
#define RTL_FIELD_SIZE(type, field) (sizeof(((type *)0)->field))
#define CONTAINING_RECORD(place, type, field) ((type *)(void *)((char *)(place)-offsetof(type, field)))
#define RTL_NUMBER_OF(array) ARRAYSIZE(array)
#ifndef __cplusplus
#ifndef min
#define min(a, b) ((a) < (b) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) ((a) > (b) ? (a) : (b))
#endif
#endif
#define PtrToUlong(pointer) ((ULONG)(ULONG_PTR)(pointer))
#define PtrToLong(pointer) ((LONG)(LONG_PTR)(pointer))
#define PtrToUint(pointer) ((UINT)(UINT_PTR)(pointer))
#define PtrToInt(pointer) ((INT)(INT_PTR)(pointer))
#define ULongToPtr(number) ((VOID *)(ULONG_PTR)(ULONG)(number))
#define UlongToPtr ULongToPtr
#define LongToPtr(number) ((VOID *)(LONG_PTR)(LONG)(number))
#define UIntToPtr(number) ((VOID *)(UINT_PTR)(UINT)(number))
#define IntToPtr(number) ((VOID *)(INT_PTR)(INT)(number))
#define HandleToUlong(handle) ((ULONG)(ULONG_PTR)(handle))
#define HandleToLong(handle) ((LONG)(LONG_PTR)(handle))
#define ULongToHandle(number) ((HANDLE)(ULONG_PTR)(ULONG)(number))
#define LongToHandle(number) ((HANDLE)(LONG_PTR)(LONG)(number))
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
#define IS_ERROR(hr) ((uint32_t)(hr) >> 31 == SEVERITY_ERROR)
#define HRESULT_CODE(hr) ((int)((hr) & 0xFFFF))
#define SCODE_CODE(hr) HRESULT_CODE(hr)
#define HRESULT_FACILITY(hr) ((int)((uint32_t)(hr) >> 16 & 0x1fff))
#define HRESULT_SEVERITY(hr) ((int)((uint32_t)(hr) >> 31))
#define SCODE_FACILITY(hr) HRESULT_FACILITY(hr)
#define SCODE_SEVERITY(hr) HRESULT_SEVERITY(hr)
#define MAKE_SCODE(severity, facility, code) MAKE_HRESULT(severity, facility, code)
#define GetScode(hr) ((SCODE)(hr))
#define ResultFromScode(code) ((HRESULT)(code))
#define SEVERITY_SUCCESS 0
#define SEVERITY_ERROR 1
#define MAKE_HRESULT(severity, facility, code)                                                                         \
    ((HRESULT)(((uint32_t)(severity) << 31) | ((uint32_t)(facility) << 16) | (uint32_t)(code)))
#define HRESULT_FROM_WIN32(error)                                                                                      \
    ((int32_t)(error) <= 0 ? (HRESULT)(error) : (HRESULT)(((uint32_t)(error) & 0xffffu) | 0x80070000u))
#define STRSAFE_E_INSUFFICIENT_BUFFER MOBSYNC_HR(0x8007007Au)
#define STRSAFE_E_INVALID_PARAMETER E_INVALIDARG
#define RPC_E_CHANGED_MODE MOBSYNC_HR(0x80010106u)
#define RPC_E_WRONG_THREAD MOBSYNC_HR(0x8001010Eu)
#define CO_E_NOTINITIALIZED MOBSYNC_HR(0x800401F0u)
#define E_PENDING MOBSYNC_HR(0x8000000Au)
#include "mobsync_errors.h"

/* The last error of each thread. Every object file may define it; the definitions are merged. */
extern __thread DWORD mobsync_last_error __attribute__((weak, visibility("hidden")));
__thread DWORD mobsync_last_error = 0;
/* A place in this library, by which its file is found. */
static const char mobsync_here __attribute__((unused)) = 0;
MOBSYNC_INLINE DWORD GetLastError(void) { return mobsync_last_error; }
MOBSYNC_INLINE void SetLastError(DWORD error) { mobsync_last_error = error; }

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
#define InlineIsEqualGUID(a, b) IsEqualGUID(a, b)
#endif
#define IsEqualIID(a, b) IsEqualGUID(a, b)
#define IsEqualCLSID(a, b) IsEqualGUID(a, b)

DEFINE_GUID(GUID_NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
DEFINE_GUID(CLSID_NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
DEFINE_GUID(IID_NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
DEFINE_OLEGUID(IID_IUnknown, 0x00000000, 0, 0);
DEFINE_OLEGUID(IID_IClassFactory, 0x00000001, 0, 0);
DEFINE_OLEGUID(IID_IStream, 0x0000000c, 0, 0);
DEFINE_OLEGUID(IID_IMalloc, 0x00000002, 0, 0);

/* ---- Interlocked operations. ------------------------------------------------------------------------------------ */

/* On LONG, and on `long`, which is what LONG is in the SDK. */
#ifdef __cplusplus
#define MOBSYNC_INTERLOCKED(type)                                                                                      \
    inline type InterlockedIncrement(volatile type *to) { return __atomic_add_fetch(to, 1, __ATOMIC_SEQ_CST); }        \
    inline type InterlockedDecrement(volatile type *to) { return __atomic_sub_fetch(to, 1, __ATOMIC_SEQ_CST); }        \
    inline type InterlockedExchange(volatile type *to, type value) {                                                   \
        return __atomic_exchange_n(to, value, __ATOMIC_SEQ_CST);                                                       \
    }                                                                                                                  \
    inline type InterlockedExchangeAdd(volatile type *to, type value) {                                                \
        return __atomic_fetch_add(to, value, __ATOMIC_SEQ_CST);                                                        \
    }                                                                                                                  \
    inline type InterlockedAdd(volatile type *to, type value) {                                                        \
        return __atomic_add_fetch(to, value, __ATOMIC_SEQ_CST);                                                        \
    }                                                                                                                  \
    inline type InterlockedAnd(volatile type *to, type value) {                                                        \
        return __atomic_fetch_and(to, value, __ATOMIC_SEQ_CST);                                                        \
    }                                                                                                                  \
    inline type InterlockedOr(volatile type *to, type value) {                                                         \
        return __atomic_fetch_or(to, value, __ATOMIC_SEQ_CST);                                                         \
    }                                                                                                                  \
    inline type InterlockedXor(volatile type *to, type value) {                                                        \
        return __atomic_fetch_xor(to, value, __ATOMIC_SEQ_CST);                                                        \
    }                                                                                                                  \
    inline type InterlockedCompareExchange(volatile type *to, type value, type expected) {                             \
        return __sync_val_compare_and_swap(to, expected, value);                                                       \
    }
MOBSYNC_INTERLOCKED(LONG)
MOBSYNC_INTERLOCKED(ULONG)
MOBSYNC_INTERLOCKED(long)
MOBSYNC_INTERLOCKED(unsigned long)
#else
#define InterlockedIncrement(to) __atomic_add_fetch((to), 1, __ATOMIC_SEQ_CST)
#define InterlockedDecrement(to) __atomic_sub_fetch((to), 1, __ATOMIC_SEQ_CST)
#define InterlockedExchange(to, value) __atomic_exchange_n((to), (value), __ATOMIC_SEQ_CST)
#define InterlockedExchangeAdd(to, value) __atomic_fetch_add((to), (value), __ATOMIC_SEQ_CST)
#define InterlockedAdd(to, value) __atomic_add_fetch((to), (value), __ATOMIC_SEQ_CST)
#define InterlockedAnd(to, value) __atomic_fetch_and((to), (value), __ATOMIC_SEQ_CST)
#define InterlockedOr(to, value) __atomic_fetch_or((to), (value), __ATOMIC_SEQ_CST)
#define InterlockedXor(to, value) __atomic_fetch_xor((to), (value), __ATOMIC_SEQ_CST)
#define InterlockedCompareExchange(to, value, expected) __sync_val_compare_and_swap((to), (expected), (value))
#endif
MOBSYNC_INLINE LONGLONG InterlockedIncrement64(volatile LONGLONG *to) { return __atomic_add_fetch(to, 1, __ATOMIC_SEQ_CST); }
MOBSYNC_INLINE LONGLONG InterlockedDecrement64(volatile LONGLONG *to) { return __atomic_sub_fetch(to, 1, __ATOMIC_SEQ_CST); }
MOBSYNC_INLINE LONGLONG InterlockedExchangeAdd64(volatile LONGLONG *to, LONGLONG value) {
    return __atomic_fetch_add(to, value, __ATOMIC_SEQ_CST);
}
MOBSYNC_INLINE PVOID InterlockedExchangePointer(PVOID volatile *to, PVOID value) {
    return __atomic_exchange_n(to, value, __ATOMIC_SEQ_CST);
}
MOBSYNC_INLINE PVOID InterlockedCompareExchangePointer(PVOID volatile *to, PVOID value, PVOID expected) {
    return __sync_val_compare_and_swap(to, expected, value);
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

/* How large a block of the task allocator is. */
MOBSYNC_INLINE SIZE_T mobsync_task_size(LPCVOID block) {
    return block ? (SIZE_T)(((const uint64_t *)block)[-1] ^ MOBSYNC_TASK_MAGIC) : (SIZE_T)-1;
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
#define CLSCTX_LOCAL_SERVER 4
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

#ifdef __cplusplus
/* The IID of an interface, or of what an expression points to. */
template <typename Interface> struct mobsync_uuid;
template <typename Interface> struct mobsync_uuid<Interface &> : mobsync_uuid<Interface> {};
template <typename Interface> struct mobsync_uuid<Interface *> : mobsync_uuid<Interface> {};
template <typename Interface> struct mobsync_uuid<const Interface> : mobsync_uuid<Interface> {};
#define MOBSYNC_UUID(name)                                                                                             \
    template <> struct mobsync_uuid<name> {                                                                            \
        static const GUID &get() { return IID_##name; }                                                                \
    };
MOBSYNC_UUID(IUnknown)
MOBSYNC_UUID(IClassFactory)
#define __uuidof(what) (mobsync_uuid<__typeof__(what)>::get())

/* Only a pointer to an interface is taken. */
template <typename Interface> inline void **mobsync_interface_place(Interface **place) {
    (void)static_cast<IUnknown *>(*place);
    return reinterpret_cast<void **>(place);
}
#define IID_PPV_ARGS(place) __uuidof(**(place)), mobsync_interface_place(place)
#endif

typedef IUnknown *LPUNKNOWN;
typedef IClassFactory *LPCLASSFACTORY;

STDAPI DllGetClassObject(REFCLSID clsid, REFIID iid, LPVOID *object);
STDAPI DllCanUnloadNow(void);
STDAPI DllRegisterServer(void);
STDAPI DllUnregisterServer(void);

/* There are no apartments here: every thread may call every object. */
MOBSYNC_INLINE HRESULT CoInitialize(LPVOID reserved) { return reserved ? E_INVALIDARG : S_OK; }
MOBSYNC_INLINE HRESULT CoInitializeEx(LPVOID reserved, DWORD how) {
    (void)how;
    return reserved ? E_INVALIDARG : S_OK;
}
MOBSYNC_INLINE void CoUninitialize(void) {}

/* There is no class registry. The only object that a handler can create here is the manager (CLSID_SyncMgr). Whoever loads
 * the library writes into this variable how: it must be exported. */
#ifdef __cplusplus
extern "C" {
#endif
extern HRESULT (*mobsync_create_manager)(REFCLSID clsid, REFIID iid, LPVOID *object);
__attribute__((weak, visibility("default"))) HRESULT (*mobsync_create_manager)(REFCLSID clsid, REFIID iid, LPVOID *object) = NULL;
#ifdef __cplusplus
}
#endif

MOBSYNC_INLINE HRESULT CoCreateInstance(REFCLSID clsid, LPUNKNOWN outer, DWORD context, REFIID iid, LPVOID *object) {
    (void)context;
    if (!object) return E_POINTER;
    *object = NULL;
    if (!mobsync_create_manager) return REGDB_E_CLASSNOTREG;
    if (outer) return CLASS_E_NOAGGREGATION;
    return mobsync_create_manager(clsid, iid, object);
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

/* The text is freed with CoTaskMemFree. */
MOBSYNC_INLINE HRESULT StringFromCLSID(REFCLSID guid, LPOLESTR *text) {
    if (!text) return E_INVALIDARG;
    *text = (LPOLESTR)CoTaskMemAlloc(39 * sizeof(WCHAR));
    if (!*text) return E_OUTOFMEMORY;
    StringFromGUID2(guid, *text, 39);
    return S_OK;
}
#define StringFromIID(iid, text) StringFromCLSID(iid, text)

#include "mobsync_memory.h"
#include "mobsync_text.h"
#include "mobsync_strings.h"
#include "mobsync_runtime.h"
#include "mobsync_threads.h"
#include "mobsync_objects.h"
#include "mobsync_refused.h"

#ifdef __cplusplus
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#endif

#endif /* MOBSYNC_PLATFORM_H */
