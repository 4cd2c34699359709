/* Time, threads and what they wait for. Included by mobsync_platform.h.
 *
 * Part of mobsync, MIT OR Apache-2.0.
 */
#include "mobsync_platform.h"
#ifndef MOBSYNC_THREADS_H
#define MOBSYNC_THREADS_H

#include <sched.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

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

MOBSYNC_INLINE BOOL SystemTimeToFileTime(const SYSTEMTIME *system, LPFILETIME file) {
    struct tm parts;
    uint64_t ticks;
    time_t seconds;
    memset(&parts, 0, sizeof parts);
    parts.tm_year = system->wYear - 1900;
    parts.tm_mon = system->wMonth - 1;
    parts.tm_mday = system->wDay;
    parts.tm_hour = system->wHour;
    parts.tm_min = system->wMinute;
    parts.tm_sec = system->wSecond;
    if (system->wYear < 1601 || system->wMonth < 1 || system->wMonth > 12 || system->wDay < 1 || system->wDay > 31 ||
        system->wHour > 23 || system->wMinute > 59 || system->wSecond > 59 || system->wMilliseconds > 999)
        return FALSE;
    seconds = timegm(&parts);
    if (parts.tm_mday != system->wDay) return FALSE; /* the 31st of a shorter month */
    ticks = (uint64_t)((int64_t)seconds + 11644473600ll) * 10000000ull + (uint64_t)system->wMilliseconds * 10000;
    file->dwLowDateTime = (DWORD)ticks;
    file->dwHighDateTime = (DWORD)(ticks >> 32);
    return TRUE;
}

/* Days since the 30th of December 1899. */
MOBSYNC_INLINE INT SystemTimeToVariantTime(LPSYSTEMTIME system, double *days) {
    FILETIME file;
    if (!SystemTimeToFileTime(system, &file)) return FALSE;
    *days = (double)((uint64_t)file.dwHighDateTime << 32 | file.dwLowDateTime) / 864000000000.0 - 109205.0;
    return TRUE;
}

MOBSYNC_INLINE void GetSystemTime(LPSYSTEMTIME system) {
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    FileTimeToSystemTime(&now, system);
}

/* Moves a time by what the clock on the wall is ahead, at that time. */
MOBSYNC_INLINE BOOL mobsync_time_moved(const FILETIME *from, LPFILETIME to, int sign) {
    uint64_t ticks = (uint64_t)from->dwHighDateTime << 32 | from->dwLowDateTime;
    time_t seconds = (time_t)((int64_t)(ticks / 10000000ull) - 11644473600ll);
    struct tm parts;
    if (ticks > 0x7fffffffffffffffull || !localtime_r(&seconds, &parts)) return FALSE;
    ticks += (uint64_t)((int64_t)sign * (int64_t)parts.tm_gmtoff * 10000000);
    to->dwLowDateTime = (DWORD)ticks;
    to->dwHighDateTime = (DWORD)(ticks >> 32);
    return TRUE;
}
MOBSYNC_INLINE BOOL FileTimeToLocalFileTime(const FILETIME *from, LPFILETIME to) { return mobsync_time_moved(from, to, 1); }
MOBSYNC_INLINE BOOL LocalFileTimeToFileTime(const FILETIME *from, LPFILETIME to) { return mobsync_time_moved(from, to, -1); }
MOBSYNC_INLINE void GetLocalTime(LPSYSTEMTIME system) {
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    FileTimeToLocalFileTime(&now, &now);
    FileTimeToSystemTime(&now, system);
}

#define GetSystemTimePreciseAsFileTime GetSystemTimeAsFileTime
/* Two seconds are the smallest step of a time of DOS, and 1980 is its first year. */
MOBSYNC_INLINE BOOL FileTimeToDosDateTime(const FILETIME *file, LPWORD date, LPWORD time) {
    SYSTEMTIME it;
    if (!FileTimeToSystemTime(file, &it) || it.wYear < 1980 || it.wYear > 2107) return FALSE;
    *date = (WORD)((it.wYear - 1980) << 9 | it.wMonth << 5 | it.wDay);
    *time = (WORD)(it.wHour << 11 | it.wMinute << 5 | it.wSecond / 2);
    return TRUE;
}
MOBSYNC_INLINE BOOL DosDateTimeToFileTime(WORD date, WORD time, LPFILETIME file) {
    SYSTEMTIME it;
    memset(&it, 0, sizeof it);
    it.wYear = (WORD)(1980 + (date >> 9));
    it.wMonth = date >> 5 & 15;
    it.wDay = date & 31;
    it.wHour = (WORD)(time >> 11);
    it.wMinute = time >> 5 & 63;
    it.wSecond = (WORD)((time & 31) * 2);
    return SystemTimeToFileTime(&it, file);
}

MOBSYNC_INLINE ULONGLONG GetTickCount64(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (ULONGLONG)now.tv_sec * 1000 + (ULONGLONG)now.tv_nsec / 1000000;
}
MOBSYNC_INLINE BOOL QueryPerformanceCounter(LARGE_INTEGER *count) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    count->QuadPart = (LONGLONG)now.tv_sec * 1000000000 + now.tv_nsec;
    return TRUE;
}
MOBSYNC_INLINE BOOL QueryPerformanceFrequency(LARGE_INTEGER *frequency) {
    frequency->QuadPart = 1000000000;
    return TRUE;
}

MOBSYNC_INLINE DWORD GetTickCount(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (DWORD)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

#define timeGetTime GetTickCount

MOBSYNC_INLINE void Sleep(DWORD milliseconds) {
    struct timespec left;
    left.tv_sec = (time_t)(milliseconds / 1000);
    left.tv_nsec = (long)(milliseconds % 1000) * 1000000;
    while (nanosleep(&left, &left) == -1 && errno == EINTR) {
    }
}

/* No call comes to a thread that sleeps, as one may on Windows. */
MOBSYNC_INLINE DWORD SleepEx(DWORD milliseconds, BOOL alertable) {
    (void)alertable;
    Sleep(milliseconds);
    return 0;
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
MOBSYNC_INLINE BOOL InitializeCriticalSectionAndSpinCount(LPCRITICAL_SECTION section, DWORD spins) {
    (void)spins;
    InitializeCriticalSection(section);
    return TRUE;
}
MOBSYNC_INLINE BOOL InitializeCriticalSectionEx(LPCRITICAL_SECTION section, DWORD spins, DWORD flags) {
    (void)flags;
    return InitializeCriticalSectionAndSpinCount(section, spins);
}
#define CRITICAL_SECTION_NO_DEBUG_INFO 0x01000000u
MOBSYNC_INLINE DWORD SetCriticalSectionSpinCount(LPCRITICAL_SECTION section, DWORD spins) {
    (void)section;
    (void)spins;
    return 0;
}
MOBSYNC_INLINE BOOL TryEnterCriticalSection(LPCRITICAL_SECTION section) { return pthread_mutex_trylock(section) == 0; }
MOBSYNC_INLINE void EnterCriticalSection(LPCRITICAL_SECTION section) { pthread_mutex_lock(section); }
MOBSYNC_INLINE void LeaveCriticalSection(LPCRITICAL_SECTION section) { pthread_mutex_unlock(section); }
MOBSYNC_INLINE void DeleteCriticalSection(LPCRITICAL_SECTION section) { pthread_mutex_destroy(section); }

/* A slim lock: of many readers, or of one writer. Zero is a free one. */
typedef struct _RTL_SRWLOCK {
    pthread_rwlock_t lock;
} SRWLOCK, *PSRWLOCK;
#define SRWLOCK_INIT {PTHREAD_RWLOCK_INITIALIZER}
MOBSYNC_INLINE void InitializeSRWLock(PSRWLOCK it) { pthread_rwlock_init(&it->lock, NULL); }
MOBSYNC_INLINE void AcquireSRWLockExclusive(PSRWLOCK it) { pthread_rwlock_wrlock(&it->lock); }
MOBSYNC_INLINE void AcquireSRWLockShared(PSRWLOCK it) { pthread_rwlock_rdlock(&it->lock); }
MOBSYNC_INLINE BOOLEAN TryAcquireSRWLockExclusive(PSRWLOCK it) { return pthread_rwlock_trywrlock(&it->lock) == 0; }
MOBSYNC_INLINE BOOLEAN TryAcquireSRWLockShared(PSRWLOCK it) { return pthread_rwlock_tryrdlock(&it->lock) == 0; }
MOBSYNC_INLINE void ReleaseSRWLockExclusive(PSRWLOCK it) { pthread_rwlock_unlock(&it->lock); }
MOBSYNC_INLINE void ReleaseSRWLockShared(PSRWLOCK it) { pthread_rwlock_unlock(&it->lock); }

/* A condition. It counts how often it was woken, so that no wake is lost between the release of the caller's lock and the
 * sleep. */
typedef struct _RTL_CONDITION_VARIABLE {
    pthread_mutex_t lock;
    pthread_cond_t woken;
    uint64_t wakes;
} CONDITION_VARIABLE, *PCONDITION_VARIABLE;
#define CONDITION_VARIABLE_INIT {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0}
#define CONDITION_VARIABLE_LOCKMODE_SHARED 1
MOBSYNC_INLINE void InitializeConditionVariable(PCONDITION_VARIABLE it) {
    pthread_mutex_init(&it->lock, NULL);
    pthread_cond_init(&it->woken, NULL);
    it->wakes = 0;
}
/* All look again: a waiter may always wake without a reason. */
MOBSYNC_INLINE void WakeAllConditionVariable(PCONDITION_VARIABLE it) {
    pthread_mutex_lock(&it->lock);
    it->wakes++;
    pthread_cond_broadcast(&it->woken);
    pthread_mutex_unlock(&it->lock);
}
MOBSYNC_INLINE void WakeConditionVariable(PCONDITION_VARIABLE it) { WakeAllConditionVariable(it); }

/* The point in time so many milliseconds from now, by that clock. */
MOBSYNC_INLINE struct timespec mobsync_until(clockid_t clock, DWORD milliseconds) {
    struct timespec until;
    clock_gettime(clock, &until);
    until.tv_sec += (time_t)(milliseconds / 1000);
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return until;
}

/* Begins to wait: from now on no wake is missed. The caller's lock is released behind it. */
MOBSYNC_INLINE uint64_t mobsync_begin_wait(PCONDITION_VARIABLE it) {
    pthread_mutex_lock(&it->lock);
    return it->wakes;
}
MOBSYNC_INLINE BOOL mobsync_end_wait(PCONDITION_VARIABLE it, uint64_t before, DWORD milliseconds) {
    struct timespec until = mobsync_until(CLOCK_REALTIME, milliseconds == INFINITE ? 0 : milliseconds);
    int late = 0;
    while (it->wakes == before && !late) {
        if (milliseconds == INFINITE)
            pthread_cond_wait(&it->woken, &it->lock);
        else
            late = pthread_cond_timedwait(&it->woken, &it->lock, &until) == ETIMEDOUT;
    }
    late = it->wakes == before;
    pthread_mutex_unlock(&it->lock);
    if (late) SetLastError(ERROR_TIMEOUT);
    return !late;
}
MOBSYNC_INLINE BOOL SleepConditionVariableCS(PCONDITION_VARIABLE it, LPCRITICAL_SECTION section, DWORD milliseconds) {
    uint64_t before = mobsync_begin_wait(it);
    BOOL woken;
    LeaveCriticalSection(section);
    woken = mobsync_end_wait(it, before, milliseconds);
    EnterCriticalSection(section);
    return woken;
}
MOBSYNC_INLINE BOOL SleepConditionVariableSRW(PCONDITION_VARIABLE it, PSRWLOCK lock, DWORD milliseconds, ULONG flags) {
    uint64_t before = mobsync_begin_wait(it);
    BOOL woken;
    pthread_rwlock_unlock(&lock->lock);
    woken = mobsync_end_wait(it, before, milliseconds);
    if (flags & CONDITION_VARIABLE_LOCKMODE_SHARED)
        AcquireSRWLockShared(lock);
    else
        AcquireSRWLockExclusive(lock);
    return woken;
}

typedef DWORD(WINAPI *LPTHREAD_START_ROUTINE)(LPVOID);
typedef LPTHREAD_START_ROUTINE PTHREAD_START_ROUTINE;
typedef struct _SECURITY_ATTRIBUTES {
    DWORD nLength;
    LPVOID lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

enum mobsync_kind { MOBSYNC_EVENT, MOBSYNC_MUTEX, MOBSYNC_SEMAPHORE };

/* An event, a thread, which is signalled when it has ended, a mutex or a semaphore. Freed when the last owner closes it. */
typedef struct mobsync_object {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Of a semaphore, how many may pass. */
    int signalled;
    int manual;
    /* Of a mutex: its owner, and how often that has it. Of a semaphore: how many may pass at most. */
    enum mobsync_kind kind;
    pthread_t owner;
    LONG depth;
    LONG most;
    /* Of a thread: it was created suspended, and waits for this many to become 0. */
    LONG suspended;
    pthread_t thread;
    DWORD id;
    LONG holders;
    LPTHREAD_START_ROUTINE routine;
    LPVOID argument;
    DWORD result;
    /* Of one with a name. */
    WCHAR *name;
    struct mobsync_object *next;
} mobsync_object;

/* The named events of this library, and what tells those that wait for several objects that one of them has changed. Every
 * object file may define it; the definitions are merged. */
struct mobsync_all_objects {
    CONDITION_VARIABLE changed;
    pthread_mutex_t lock;
    mobsync_object *named;
};
EXTERN_C struct mobsync_all_objects mobsync_all __attribute__((weak, visibility("hidden")));
struct mobsync_all_objects mobsync_all = {CONDITION_VARIABLE_INIT, PTHREAD_MUTEX_INITIALIZER, NULL};

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

/* Whether the calling thread need not wait for it. Its lock is held. */
MOBSYNC_INLINE int mobsync_is_free(const mobsync_object *it) {
    return it->signalled > 0 || (it->kind == MOBSYNC_MUTEX && it->depth && pthread_equal(it->owner, pthread_self()));
}
/* The calling thread has waited for it. Its lock is held. */
MOBSYNC_INLINE void mobsync_pass(mobsync_object *it) {
    if (it->kind == MOBSYNC_MUTEX) {
        it->owner = pthread_self();
        it->depth++;
        it->signalled = 0;
    } else if (it->kind == MOBSYNC_SEMAPHORE) {
        it->signalled--;
    } else if (!it->manual) {
        it->signalled = 0;
    }
}

MOBSYNC_INLINE void mobsync_object_signal(mobsync_object *it, int signalled) {
    pthread_mutex_lock(&it->lock);
    it->signalled = signalled;
    pthread_cond_broadcast(&it->changed);
    pthread_mutex_unlock(&it->lock);
    if (signalled) WakeAllConditionVariable(&mobsync_all.changed);
}

/* What names the process and the thread that is running: no object, and nothing to close. */
#define MOBSYNC_THIS_PROCESS ((HANDLE)(LONG_PTR)-1)
#define MOBSYNC_THIS_THREAD ((HANDLE)(LONG_PTR)-2)
MOBSYNC_INLINE BOOL CloseHandle(HANDLE handle) {
    mobsync_object *it = (mobsync_object *)handle, **at;
    LONG left;
    if (handle == MOBSYNC_THIS_PROCESS || handle == MOBSYNC_THIS_THREAD) return TRUE;
    if (!it) {
        SetLastError(ERROR_INVALID_HANDLE);
        return FALSE;
    }
    /* Under the lock, since a named one may be opened meanwhile. */
    pthread_mutex_lock(&mobsync_all.lock);
    left = InterlockedDecrement(&it->holders);
    for (at = &mobsync_all.named; left == 0 && *at; at = &(*at)->next) {
        if (*at == it) {
            *at = it->next;
            break;
        }
    }
    pthread_mutex_unlock(&mobsync_all.lock);
    if (left == 0) {
        free(it->name);
        pthread_cond_destroy(&it->changed);
        pthread_mutex_destroy(&it->lock);
        free(it);
    }
    return TRUE;
}

/* The event of that name, for one more owner. The list is locked. */
MOBSYNC_INLINE mobsync_object *mobsync_named(LPCWSTR name) {
    mobsync_object *it;
    for (it = mobsync_all.named; it; it = it->next)
        if (lstrcmpW(it->name, name) == 0) {
            InterlockedIncrement(&it->holders);
            return it;
        }
    return NULL;
}

/* Puts one of that name into the list, or finds it there. What has a name is known in this library alone. */
MOBSYNC_INLINE HANDLE mobsync_enlist(LPCWSTR name, mobsync_object *created) {
    mobsync_object *it;
    size_t units;
    int same;
    SetLastError(created ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY);
    if (!name || !created) return created;
    units = (size_t)lstrlenW(name) + 1;
    created->name = (WCHAR *)malloc(units * sizeof *name);
    if (!created->name) return created;
    memcpy(created->name, name, units * sizeof *name);
    pthread_mutex_lock(&mobsync_all.lock);
    it = mobsync_named(name);
    if (!it) {
        created->next = mobsync_all.named;
        mobsync_all.named = created;
    }
    pthread_mutex_unlock(&mobsync_all.lock);
    if (!it) return created;
    same = it->kind == created->kind;
    CloseHandle(created);
    if (!same) {
        CloseHandle(it);
        SetLastError(ERROR_INVALID_HANDLE);
        return NULL;
    }
    SetLastError(ERROR_ALREADY_EXISTS);
    return it;
}
MOBSYNC_INLINE HANDLE CreateEventW(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL signalled, LPCWSTR name) {
    (void)security;
    return mobsync_enlist(name, mobsync_object_new(manual, signalled != 0));
}
MOBSYNC_INLINE HANDLE CreateEventA(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL signalled, LPCSTR name) {
    WCHAR wide[MAX_PATH];
    if (name && !MultiByteToWideChar(CP_ACP, 0, name, -1, wide, MAX_PATH)) return NULL;
    return CreateEventW(security, manual, signalled, name ? wide : NULL);
}
MOBSYNC_INLINE HANDLE OpenEventW(DWORD access, BOOL inherited, LPCWSTR name) {
    mobsync_object *it;
    (void)access;
    (void)inherited;
    pthread_mutex_lock(&mobsync_all.lock);
    it = name ? mobsync_named(name) : NULL;
    pthread_mutex_unlock(&mobsync_all.lock);
    if (!it) SetLastError(ERROR_FILE_NOT_FOUND);
    return it;
}
#define CreateEvent MOBSYNC_T(CreateEvent)
MOBSYNC_INLINE HANDLE OpenEventA(DWORD access, BOOL inherited, LPCSTR name) {
    WCHAR wide[MAX_PATH];
    if (name && !MultiByteToWideChar(CP_ACP, 0, name, -1, wide, MAX_PATH)) return NULL;
    return OpenEventW(access, inherited, name ? wide : NULL);
}
#define CREATE_EVENT_MANUAL_RESET 1
#define CREATE_EVENT_INITIAL_SET 2
#define CreateEventExW(security, name, flags, access)                                                                  \
    ((void)(access), CreateEventW((security), ((flags)&CREATE_EVENT_MANUAL_RESET) != 0, ((flags)&CREATE_EVENT_INITIAL_SET) != 0, (name)))
#define CreateEventExA(security, name, flags, access)                                                                  \
    ((void)(access), CreateEventA((security), ((flags)&CREATE_EVENT_MANUAL_RESET) != 0, ((flags)&CREATE_EVENT_INITIAL_SET) != 0, (name)))
#define CreateEventEx MOBSYNC_T(CreateEventEx)
#define OpenEvent MOBSYNC_T(OpenEvent)
#define EVENT_ALL_ACCESS 0x1F0003u
#define EVENT_MODIFY_STATE 0x2u
#define SYNCHRONIZE 0x100000u
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
    if (!it) {
        SetLastError(ERROR_INVALID_HANDLE);
        return WAIT_FAILED;
    }
#ifdef __APPLE__
    until = mobsync_until(CLOCK_REALTIME, milliseconds == INFINITE ? 0 : milliseconds);
#else
    until = mobsync_until(CLOCK_MONOTONIC, milliseconds == INFINITE ? 0 : milliseconds);
#endif
    pthread_mutex_lock(&it->lock);
    while (!mobsync_is_free(it) && result == WAIT_OBJECT_0) {
        if (milliseconds == INFINITE)
            pthread_cond_wait(&it->changed, &it->lock);
        else if (pthread_cond_timedwait(&it->changed, &it->lock, &until) == ETIMEDOUT && !mobsync_is_free(it))
            result = WAIT_TIMEOUT;
    }
    if (result == WAIT_OBJECT_0) mobsync_pass(it);
    pthread_mutex_unlock(&it->lock);
    return result;
}

/* Whether one of the objects is signalled, or all are; those are taken then, and no others. Their locks are taken in the order
 * of their addresses, so that no two threads wait for each other. */
MOBSYNC_INLINE DWORD mobsync_take(DWORD many, const HANDLE *handles, BOOL all) {
    mobsync_object *sorted[MAXIMUM_WAIT_OBJECTS], *it;
    DWORD at, before, found = WAIT_TIMEOUT, signalled = 0;
    for (at = 0; at < many; at++) {
        it = (mobsync_object *)handles[at];
        for (before = at; before > 0 && (uintptr_t)sorted[before - 1] > (uintptr_t)it; before--) sorted[before] = sorted[before - 1];
        sorted[before] = it;
    }
    for (at = 0; at < many; at++) pthread_mutex_lock(&sorted[at]->lock);
    for (at = 0; at < many; at++) {
        if (!mobsync_is_free((mobsync_object *)handles[at])) continue;
        signalled++;
        if (found == WAIT_TIMEOUT) found = WAIT_OBJECT_0 + at;
    }
    if (all) found = signalled == many ? WAIT_OBJECT_0 : WAIT_TIMEOUT;
    for (at = 0; found != WAIT_TIMEOUT && at < many; at++) {
        if (all || WAIT_OBJECT_0 + at == found) mobsync_pass((mobsync_object *)handles[at]);
    }
    for (at = 0; at < many; at++) pthread_mutex_unlock(&sorted[at]->lock);
    return found;
}

MOBSYNC_INLINE DWORD WaitForMultipleObjects(DWORD many, const HANDLE *handles, BOOL all, DWORD milliseconds) {
    ULONGLONG begun = GetTickCount64(), waited;
    DWORD at, other, found;
    if (!many || many > MAXIMUM_WAIT_OBJECTS || !handles) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return WAIT_FAILED;
    }
    for (at = 0; at < many; at++) {
        for (other = 0; other < at; other++)
            if (handles[other] == handles[at]) break;
        if (!handles[at] || other < at) {
            SetLastError(handles[at] ? ERROR_INVALID_PARAMETER : ERROR_INVALID_HANDLE);
            return WAIT_FAILED;
        }
    }
    for (;;) {
        uint64_t before;
        pthread_mutex_lock(&mobsync_all.changed.lock);
        before = mobsync_all.changed.wakes;
        pthread_mutex_unlock(&mobsync_all.changed.lock);
        found = mobsync_take(many, handles, all);
        waited = GetTickCount64() - begun;
        if (found != WAIT_TIMEOUT || (milliseconds != INFINITE && waited >= milliseconds)) return found;
        pthread_mutex_lock(&mobsync_all.changed.lock);
        mobsync_end_wait(&mobsync_all.changed, before, milliseconds == INFINITE ? INFINITE : (DWORD)(milliseconds - waited));
    }
}
#define WaitForSingleObjectEx(handle, milliseconds, alertable) ((void)(alertable), WaitForSingleObject((handle), (milliseconds)))
#define WaitForMultipleObjectsEx(many, handles, all, milliseconds, alertable)                                          \
    ((void)(alertable), WaitForMultipleObjects((many), (handles), (all), (milliseconds)))

/* The thread's own object, if CreateThread made it. Every object file may define it; the definitions are merged. */
extern __thread mobsync_object *mobsync_this_thread __attribute__((weak, visibility("hidden")));
__thread mobsync_object *mobsync_this_thread = NULL;

MOBSYNC_INLINE DWORD GetCurrentThreadId(void) {
#ifdef __linux__
    return (DWORD)syscall(SYS_gettid);
#else
    return (DWORD)(uintptr_t)pthread_self();
#endif
}

/* Runs when the thread ends, however it does. */
MOBSYNC_INLINE void mobsync_thread_ended(void *argument) {
    mobsync_object_signal((mobsync_object *)argument, 1);
    CloseHandle(argument);
}
MOBSYNC_INLINE void *mobsync_thread_main(void *argument) {
    mobsync_object *it = (mobsync_object *)argument;
    mobsync_this_thread = it;
    pthread_mutex_lock(&it->lock);
    it->id = GetCurrentThreadId();
    pthread_cond_broadcast(&it->changed);
    while (it->suspended > 0) pthread_cond_wait(&it->changed, &it->lock);
    pthread_mutex_unlock(&it->lock);
    it->result = it->routine(it->argument);
    mobsync_thread_ended(it);
    return NULL;
}

#define CREATE_SUSPENDED 4u
#define STACK_SIZE_PARAM_IS_A_RESERVATION 0x10000u
MOBSYNC_INLINE HANDLE CreateThread(LPSECURITY_ATTRIBUTES security, SIZE_T stack, LPTHREAD_START_ROUTINE routine,
                                   LPVOID argument, DWORD flags, LPDWORD id) {
    mobsync_object *it;
    pthread_t thread;
    (void)security;
    (void)stack;
    if (!routine) return NULL;
    it = mobsync_object_new(1, 0);
    if (!it) return NULL;
    it->holders = 2;
    it->routine = routine;
    it->argument = argument;
    it->suspended = (flags & CREATE_SUSPENDED) != 0;
    if (pthread_create(&thread, NULL, mobsync_thread_main, it) != 0) {
        it->holders = 1;
        CloseHandle(it);
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    pthread_detach(thread);
    if (id) {
        pthread_mutex_lock(&it->lock);
        while (!it->id) pthread_cond_wait(&it->changed, &it->lock);
        *id = it->id;
        pthread_mutex_unlock(&it->lock);
    }
    return it;
}
/* Only a thread that was created suspended can be, and only until it has begun. */
MOBSYNC_INLINE DWORD ResumeThread(HANDLE thread) {
    mobsync_object *it = (mobsync_object *)thread;
    DWORD before;
    if (!it || thread == MOBSYNC_THIS_THREAD) return 0;
    pthread_mutex_lock(&it->lock);
    before = (DWORD)it->suspended;
    if (it->suspended > 0) it->suspended--;
    pthread_cond_broadcast(&it->changed);
    pthread_mutex_unlock(&it->lock);
    return before;
}
/* The thread ends here, without what C++ would destroy on its stack. */
__attribute__((noreturn)) MOBSYNC_INLINE void ExitThread(DWORD code) {
    mobsync_object *it = mobsync_this_thread;
    if (it) {
        it->result = code;
        mobsync_thread_ended(it);
    }
    pthread_exit(NULL);
}

MOBSYNC_INLINE BOOL GetExitCodeThread(HANDLE thread, LPDWORD code) {
    mobsync_object *it = (mobsync_object *)thread;
    if (!it || !code) return FALSE;
    pthread_mutex_lock(&it->lock);
    *code = it->signalled ? it->result : 259; /* STILL_ACTIVE */
    pthread_mutex_unlock(&it->lock);
    return TRUE;
}

MOBSYNC_INLINE DWORD GetCurrentProcessId(void) { return (DWORD)getpid(); }
MOBSYNC_INLINE BOOL SwitchToThread(void) { return sched_yield() == 0; }

/* Each work item has a thread of its own. */
#define WT_EXECUTEDEFAULT 0
#define WT_EXECUTEINIOTHREAD 1
#define WT_EXECUTEONLYONCE 8
#define WT_EXECUTELONGFUNCTION 0x10
#define WT_EXECUTEINTIMERTHREAD 0x20
#define WT_EXECUTEINPERSISTENTTHREAD 0x80
#define WT_TRANSFER_IMPERSONATION 0x100
MOBSYNC_INLINE BOOL QueueUserWorkItem(LPTHREAD_START_ROUTINE routine, PVOID argument, ULONG flags) {
    HANDLE thread = CreateThread(NULL, 0, routine, argument, 0, NULL);
    (void)flags;
    if (!thread) SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return thread ? CloseHandle(thread) : FALSE;
}

typedef unsigned(__stdcall *_beginthreadex_proc_type)(void *);
struct mobsync_runtime_thread {
    _beginthreadex_proc_type routine;
    void *argument;
};
MOBSYNC_INLINE DWORD WINAPI mobsync_runtime_main(LPVOID argument) {
    struct mobsync_runtime_thread it = *(struct mobsync_runtime_thread *)argument;
    free(argument);
    return it.routine(it.argument);
}
MOBSYNC_INLINE uintptr_t _beginthreadex(void *security, unsigned stack, _beginthreadex_proc_type routine, void *argument,
                                        unsigned flags, unsigned *id) {
    struct mobsync_runtime_thread *it = (struct mobsync_runtime_thread *)malloc(sizeof *it);
    HANDLE thread;
    if (!it || !routine) {
        free(it);
        errno = EINVAL;
        return 0;
    }
    it->routine = routine;
    it->argument = argument;
    thread = CreateThread((LPSECURITY_ATTRIBUTES)security, stack, mobsync_runtime_main, it, flags, (LPDWORD)id);
    if (!thread) free(it);
    return (uintptr_t)thread;
}

#endif /* MOBSYNC_THREADS_H */
