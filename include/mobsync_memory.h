/* Memory of the process, of several names: all of it comes from malloc. Included by mobsync_platform.h.
 *
 * Part of mobsync, MIT OR Apache-2.0.
 */
#include "mobsync_platform.h"
#ifndef MOBSYNC_MEMORY_H
#define MOBSYNC_MEMORY_H

#ifdef __APPLE__
#include <malloc/malloc.h>
#else
#include <malloc.h>
#endif

#define HEAP_NO_SERIALIZE 0x1
#define HEAP_GENERATE_EXCEPTIONS 0x4
#define HEAP_ZERO_MEMORY 0x8
#define LMEM_FIXED 0
#define LMEM_MOVEABLE 2
#define LMEM_NOCOMPACT 0x10
#define LMEM_MODIFY 0x80
#define LMEM_ZEROINIT 0x40
#define LPTR (LMEM_FIXED | LMEM_ZEROINIT)
#define LHND (LMEM_MOVEABLE | LMEM_ZEROINIT)
#define NONZEROLPTR LMEM_FIXED
#define GMEM_FIXED 0
#define GMEM_MOVEABLE 2
#define GMEM_SHARE 0x2000
#define GMEM_ZEROINIT 0x40
#define GPTR (GMEM_FIXED | GMEM_ZEROINIT)
#define GHND (GMEM_MOVEABLE | GMEM_ZEROINIT)
#define MEM_COMMIT 0x1000
#define MEM_RESERVE 0x2000
#define MEM_DECOMMIT 0x4000
#define MEM_RELEASE 0x8000
#define MEM_TOP_DOWN 0x100000
#define PAGE_NOACCESS 0x1
#define PAGE_READONLY 0x2
#define PAGE_READWRITE 0x4
#define PAGE_EXECUTE 0x10
#define PAGE_EXECUTE_READ 0x20
#define PAGE_EXECUTE_READWRITE 0x40

MOBSYNC_INLINE LPVOID mobsync_allocate(SIZE_T size, int zeroed) {
    LPVOID block = zeroed ? calloc(1, size ? size : 1) : malloc(size ? size : 1);
    if (!block) SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return block;
}

MOBSYNC_INLINE HLOCAL LocalAlloc(UINT flags, SIZE_T size) { return mobsync_allocate(size, (flags & LMEM_ZEROINIT) != 0); }
MOBSYNC_INLINE HLOCAL LocalFree(HLOCAL block) {
    free(block);
    return NULL;
}
MOBSYNC_INLINE HGLOBAL GlobalAlloc(UINT flags, SIZE_T size) { return mobsync_allocate(size, (flags & GMEM_ZEROINIT) != 0); }
MOBSYNC_INLINE HGLOBAL GlobalFree(HGLOBAL block) {
    free(block);
    return NULL;
}
MOBSYNC_INLINE HLOCAL mobsync_moved(HLOCAL block, SIZE_T size, UINT flags) {
    LPVOID larger;
    /* How large a block was nobody knows here: what is new of a larger one is zeroed by the caller. */
    if (flags & (LMEM_ZEROINIT | LMEM_MODIFY)) {
        SetLastError(ERROR_NOT_SUPPORTED);
        return NULL;
    }
    larger = realloc(block, size ? size : 1);
    if (!larger) SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return larger;
}
MOBSYNC_INLINE HLOCAL LocalReAlloc(HLOCAL block, SIZE_T size, UINT flags) { return mobsync_moved(block, size, flags); }
MOBSYNC_INLINE HGLOBAL GlobalReAlloc(HGLOBAL block, SIZE_T size, UINT flags) { return mobsync_moved(block, size, flags); }
/* At least as much as was asked for. */
MOBSYNC_INLINE SIZE_T mobsync_size(LPCVOID block) {
#ifdef __APPLE__
    return malloc_size(block);
#else
    return malloc_usable_size((void *)(uintptr_t)block);
#endif
}
MOBSYNC_INLINE SIZE_T LocalSize(HLOCAL block) { return mobsync_size(block); }
MOBSYNC_INLINE SIZE_T GlobalSize(HGLOBAL block) { return mobsync_size(block); }
MOBSYNC_INLINE LPVOID LocalLock(HLOCAL block) { return block; }
MOBSYNC_INLINE BOOL LocalUnlock(HLOCAL block) {
    (void)block;
    return FALSE; /* it is not locked any more */
}
MOBSYNC_INLINE LPVOID GlobalLock(HGLOBAL block) { return block; }
MOBSYNC_INLINE BOOL GlobalUnlock(HGLOBAL block) {
    (void)block;
    return FALSE; /* it is not locked any more */
}

/* There is one heap. It is never destroyed, since it is not the handler's alone. */
MOBSYNC_INLINE HANDLE GetProcessHeap(void) {
    static char heap;
    return &heap;
}
MOBSYNC_INLINE LPVOID HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size) {
    (void)heap;
    return mobsync_allocate(size, (flags & HEAP_ZERO_MEMORY) != 0);
}
MOBSYNC_INLINE BOOL HeapFree(HANDLE heap, DWORD flags, LPVOID block) {
    (void)heap;
    (void)flags;
    free(block);
    return TRUE;
}
/* How large a block was nobody knows here: what is new of a larger one is zeroed by the caller. */
MOBSYNC_INLINE LPVOID HeapReAlloc(HANDLE heap, DWORD flags, LPVOID block, SIZE_T size) {
    LPVOID larger;
    (void)heap;
    if (flags & HEAP_ZERO_MEMORY) {
        SetLastError(ERROR_NOT_SUPPORTED);
        return NULL;
    }
    larger = realloc(block, size ? size : 1);
    if (!larger) SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return larger;
}

MOBSYNC_INLINE SIZE_T HeapSize(HANDLE heap, DWORD flags, LPCVOID block) {
    (void)heap;
    (void)flags;
    return mobsync_size(block);
}
/* A heap of one's own is the same one: what is not freed before HeapDestroy stays. */
MOBSYNC_INLINE HANDLE HeapCreate(DWORD flags, SIZE_T first, SIZE_T most) {
    (void)flags;
    (void)first;
    (void)most;
    return GetProcessHeap();
}
MOBSYNC_INLINE BOOL HeapDestroy(HANDLE heap) { return heap != NULL; }
MOBSYNC_INLINE BOOL HeapValidate(HANDLE heap, DWORD flags, LPCVOID block) {
    (void)flags;
    (void)block;
    return heap != NULL;
}

/* Nothing but NULL is known to be bad. */
#define IsBadReadPtr(place, size) ((BOOL)(!(place) && (size) != 0))
#define IsBadWritePtr(place, size) ((BOOL)(!(place) && (size) != 0))
#define IsBadCodePtr(place) ((BOOL)!(place))
#define IsBadStringPtrW(text, most) ((BOOL)(!(text) && (most) != 0))
#define IsBadStringPtrA(text, most) ((BOOL)(!(text) && (most) != 0))

/* Whole pages that are written and read, at a place of the system's choice: as plain memory. */
MOBSYNC_INLINE LPVOID VirtualAlloc(LPVOID place, SIZE_T size, DWORD type, DWORD protection) {
    void *block = NULL;
    size_t whole = (size + 0xffff) & ~(size_t)0xffff;
    if (place || !size || whole < size || !(type & (MEM_COMMIT | MEM_RESERVE)) || protection != PAGE_READWRITE) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    if (posix_memalign(&block, 0x10000, whole) != 0) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    return memset(block, 0, whole);
}
MOBSYNC_INLINE BOOL VirtualFree(LPVOID block, SIZE_T size, DWORD type) {
    if (size || type != MEM_RELEASE) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    free(block);
    return TRUE;
}

#endif /* MOBSYNC_MEMORY_H */
