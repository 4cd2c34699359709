/* More of threads and of the process: mutexes, semaphores, what runs once, what each thread has of its own, the thread pool.
 * Included by mobsync_platform.h.
 *
 * Part of mobsync, MIT OR Apache-2.0.
 */
#include "mobsync_platform.h"
#ifndef MOBSYNC_OBJECTS_H
#define MOBSYNC_OBJECTS_H

#define STATUS_WAIT_0 0u
#define WAIT_ABANDONED_0 WAIT_ABANDONED
#define WAIT_IO_COMPLETION 0xC0u
#define MUTEX_ALL_ACCESS 0x1F0001u
#define MUTEX_MODIFY_STATE 1u
#define SEMAPHORE_ALL_ACCESS 0x1F0003u
#define SEMAPHORE_MODIFY_STATE 2u

/* ---- Mutexes and semaphores: with a name, they are known in this library alone. ------------------------------------- */

MOBSYNC_INLINE HANDLE CreateMutexW(LPSECURITY_ATTRIBUTES security, BOOL owned, LPCWSTR name) {
    mobsync_object *it = mobsync_object_new(0, 1), *found;
    (void)security;
    if (it) it->kind = MOBSYNC_MUTEX;
    found = (mobsync_object *)mobsync_enlist(name, it);
    if (found && found == it && owned) WaitForSingleObject(found, INFINITE);
    return found;
}
MOBSYNC_INLINE BOOL ReleaseMutex(HANDLE handle) {
    mobsync_object *it = (mobsync_object *)handle;
    BOOL owned;
    LONG left = 1;
    if (!it) return FALSE;
    pthread_mutex_lock(&it->lock);
    owned = it->kind == MOBSYNC_MUTEX && it->depth > 0 && pthread_equal(it->owner, pthread_self());
    if (owned) left = --it->depth;
    pthread_mutex_unlock(&it->lock);
    if (left == 0) mobsync_object_signal(it, 1);
    if (!owned) SetLastError(ERROR_NOT_OWNER);
    return owned;
}
MOBSYNC_INLINE HANDLE CreateSemaphoreW(LPSECURITY_ATTRIBUTES security, LONG first, LONG most, LPCWSTR name) {
    mobsync_object *it;
    (void)security;
    if (most <= 0 || first < 0 || first > most) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    it = mobsync_object_new(0, first);
    if (it) {
        it->kind = MOBSYNC_SEMAPHORE;
        it->most = most;
    }
    return mobsync_enlist(name, it);
}
MOBSYNC_INLINE BOOL ReleaseSemaphore(HANDLE handle, LONG many, LPLONG before) {
    mobsync_object *it = (mobsync_object *)handle;
    BOOL fits;
    if (!it || many <= 0) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    pthread_mutex_lock(&it->lock);
    fits = it->kind == MOBSYNC_SEMAPHORE && many <= it->most - it->signalled;
    if (before) *before = it->signalled;
    if (fits) it->signalled += many;
    pthread_cond_broadcast(&it->changed);
    pthread_mutex_unlock(&it->lock);
    if (fits)
        WakeAllConditionVariable(&mobsync_all.changed);
    else
        SetLastError(298); /* ERROR_TOO_MANY_POSTS */
    return fits;
}
#define MOBSYNC_NAMED_A(call)                                                                                          \
    WCHAR wide[MAX_PATH];                                                                                              \
    if (name && !MultiByteToWideChar(CP_ACP, 0, name, -1, wide, MAX_PATH)) return NULL;                                \
    return call
MOBSYNC_INLINE HANDLE CreateMutexA(LPSECURITY_ATTRIBUTES security, BOOL owned, LPCSTR name) {
    MOBSYNC_NAMED_A(CreateMutexW(security, owned, name ? wide : NULL));
}
MOBSYNC_INLINE HANDLE CreateSemaphoreA(LPSECURITY_ATTRIBUTES security, LONG first, LONG most, LPCSTR name) {
    MOBSYNC_NAMED_A(CreateSemaphoreW(security, first, most, name ? wide : NULL));
}
#define OpenMutexW OpenEventW
#define OpenMutexA OpenEventA
#define OpenSemaphoreW OpenEventW
#define OpenSemaphoreA OpenEventA
#define CreateMutex MOBSYNC_T(CreateMutex)
#define OpenMutex MOBSYNC_T(OpenMutex)
#define CreateSemaphore MOBSYNC_T(CreateSemaphore)
#define OpenSemaphore MOBSYNC_T(OpenSemaphore)

/* Signals the one, and waits for the other. */
MOBSYNC_INLINE DWORD SignalObjectAndWait(HANDLE signalled, HANDLE handle, DWORD milliseconds, BOOL alertable) {
    mobsync_object *it = (mobsync_object *)signalled;
    BOOL done;
    (void)alertable;
    if (!it) return WAIT_FAILED;
    done = it->kind == MOBSYNC_MUTEX ? ReleaseMutex(it) : it->kind == MOBSYNC_SEMAPHORE ? ReleaseSemaphore(it, 1, NULL) : SetEvent(it);
    return done ? WaitForSingleObject(handle, milliseconds) : WAIT_FAILED;
}
/* Wakes those that wait now, and leaves the event as it was. Which ones do is a matter of luck, as on Windows. */
MOBSYNC_INLINE BOOL PulseEvent(HANDLE event) { return SetEvent(event) && sched_yield() == 0 && ResetEvent(event); }

/* A handle more for the same object. */
#define DUPLICATE_CLOSE_SOURCE 1u
#define DUPLICATE_SAME_ACCESS 2u
MOBSYNC_INLINE HANDLE GetCurrentProcess(void) { return MOBSYNC_THIS_PROCESS; }
MOBSYNC_INLINE HANDLE GetCurrentThread(void) { return MOBSYNC_THIS_THREAD; }
MOBSYNC_INLINE BOOL DuplicateHandle(HANDLE from, HANDLE handle, HANDLE to, LPHANDLE copy, DWORD access, BOOL inherited, DWORD options) {
    (void)access;
    (void)inherited;
    if (handle == MOBSYNC_THIS_THREAD) handle = mobsync_this_thread;
    if (from != MOBSYNC_THIS_PROCESS || to != MOBSYNC_THIS_PROCESS || !handle || handle == MOBSYNC_THIS_PROCESS || !copy) {
        SetLastError(ERROR_INVALID_HANDLE);
        return FALSE;
    }
    if (!(options & DUPLICATE_CLOSE_SOURCE)) InterlockedIncrement(&((mobsync_object *)handle)->holders);
    *copy = handle;
    return TRUE;
}
MOBSYNC_INLINE DWORD GetThreadId(HANDLE thread) {
    mobsync_object *it = (mobsync_object *)thread;
    DWORD id;
    if (thread == MOBSYNC_THIS_THREAD) return GetCurrentThreadId();
    if (!it || !it->routine) return 0;
    pthread_mutex_lock(&it->lock);
    while (!it->id) pthread_cond_wait(&it->changed, &it->lock);
    id = it->id;
    pthread_mutex_unlock(&it->lock);
    return id;
}
/* The system decides when which thread runs. */
#define THREAD_PRIORITY_IDLE (-15)
#define THREAD_PRIORITY_LOWEST (-2)
#define THREAD_PRIORITY_BELOW_NORMAL (-1)
#define THREAD_PRIORITY_NORMAL 0
#define THREAD_PRIORITY_ABOVE_NORMAL 1
#define THREAD_PRIORITY_HIGHEST 2
#define THREAD_PRIORITY_TIME_CRITICAL 15
MOBSYNC_INLINE BOOL SetThreadPriority(HANDLE thread, int priority) {
    (void)priority;
    return thread != NULL;
}
MOBSYNC_INLINE int GetThreadPriority(HANDLE thread) {
    (void)thread;
    return THREAD_PRIORITY_NORMAL;
}

/* ---- The C runtime's threads. ------------------------------------------------------------------------------------- */

typedef void(__cdecl *_beginthread_proc_type)(void *);
struct mobsync_plain_thread {
    _beginthread_proc_type routine;
    void *argument;
};
MOBSYNC_INLINE DWORD WINAPI mobsync_plain_main(LPVOID argument) {
    struct mobsync_plain_thread it = *(struct mobsync_plain_thread *)argument;
    free(argument);
    it.routine(it.argument);
    return 0;
}
/* Its handle is closed when the thread ends: do not wait for it. */
MOBSYNC_INLINE uintptr_t _beginthread(_beginthread_proc_type routine, unsigned stack, void *argument) {
    struct mobsync_plain_thread *it = (struct mobsync_plain_thread *)malloc(sizeof *it);
    HANDLE thread;
    if (!it || !routine) {
        free(it);
        errno = EINVAL;
        return (uintptr_t)-1;
    }
    it->routine = routine;
    it->argument = argument;
    thread = CreateThread(NULL, stack, mobsync_plain_main, it, 0, NULL);
    if (!thread) {
        free(it);
        return (uintptr_t)-1;
    }
    CloseHandle(thread);
    return (uintptr_t)thread;
}
#define _endthreadex(code) ExitThread(code)
#define _endthread() ExitThread(0)

/* ---- Once. --------------------------------------------------------------------------------------------------------- */

typedef struct _RTL_RUN_ONCE {
    pthread_mutex_t lock;
    int done;
    void *context;
} INIT_ONCE, *PINIT_ONCE, *LPINIT_ONCE;
#define INIT_ONCE_STATIC_INIT {PTHREAD_MUTEX_INITIALIZER, 0, NULL}
#define INIT_ONCE_CHECK_ONLY 1u
#define INIT_ONCE_INIT_FAILED 4u
typedef BOOL(WINAPI *PINIT_ONCE_FN)(PINIT_ONCE, PVOID, PVOID *);
MOBSYNC_INLINE void InitOnceInitialize(PINIT_ONCE once) {
    pthread_mutex_init(&once->lock, NULL);
    once->done = 0;
    once->context = NULL;
}
/* Whoever gets TRUE and `pending` completes it; the others wait until then. */
MOBSYNC_INLINE BOOL InitOnceBeginInitialize(PINIT_ONCE once, DWORD flags, BOOL *pending, PVOID *context) {
    int done;
    pthread_mutex_lock(&once->lock);
    done = once->done;
    if (context && done) *context = once->context;
    if (pending) *pending = !done;
    if (done || (flags & INIT_ONCE_CHECK_ONLY)) pthread_mutex_unlock(&once->lock);
    return done || !(flags & INIT_ONCE_CHECK_ONLY);
}
MOBSYNC_INLINE BOOL InitOnceComplete(PINIT_ONCE once, DWORD flags, PVOID context) {
    once->done = !(flags & INIT_ONCE_INIT_FAILED);
    once->context = context;
    pthread_mutex_unlock(&once->lock);
    return TRUE;
}
MOBSYNC_INLINE BOOL InitOnceExecuteOnce(PINIT_ONCE once, PINIT_ONCE_FN routine, PVOID argument, PVOID *context) {
    PVOID made = NULL;
    BOOL pending = FALSE, done;
    InitOnceBeginInitialize(once, 0, &pending, context);
    if (!pending) return TRUE;
    done = routine(once, argument, &made);
    if (done && context) *context = made;
    InitOnceComplete(once, done ? 0 : INIT_ONCE_INIT_FAILED, made);
    return done;
}

/* ---- What each thread has of its own. ------------------------------------------------------------------------------ */

#define TLS_OUT_OF_INDEXES 0xFFFFFFFFu
#define FLS_OUT_OF_INDEXES TLS_OUT_OF_INDEXES
typedef void(WINAPI *PFLS_CALLBACK_FUNCTION)(PVOID);
MOBSYNC_INLINE DWORD FlsAlloc(PFLS_CALLBACK_FUNCTION ended) {
    pthread_key_t key;
    return pthread_key_create(&key, ended) == 0 ? (DWORD)key : TLS_OUT_OF_INDEXES;
}
MOBSYNC_INLINE DWORD TlsAlloc(void) { return FlsAlloc(NULL); }
MOBSYNC_INLINE BOOL TlsSetValue(DWORD index, LPVOID value) { return pthread_setspecific((pthread_key_t)index, value) == 0; }
MOBSYNC_INLINE LPVOID TlsGetValue(DWORD index) {
    SetLastError(ERROR_SUCCESS);
    return pthread_getspecific((pthread_key_t)index);
}
MOBSYNC_INLINE BOOL TlsFree(DWORD index) { return pthread_key_delete((pthread_key_t)index) == 0; }
#define FlsSetValue TlsSetValue
#define FlsGetValue TlsGetValue
#define FlsFree TlsFree

/* ---- The thread pool: each work item has a thread of its own. ------------------------------------------------------- */

typedef struct mobsync_work *PTP_WORK;
typedef struct mobsync_instance *PTP_CALLBACK_INSTANCE;
typedef struct mobsync_pool *PTP_POOL;
typedef struct mobsync_environment *PTP_CALLBACK_ENVIRON;
typedef VOID(CALLBACK *PTP_WORK_CALLBACK)(PTP_CALLBACK_INSTANCE, PVOID, PTP_WORK);
typedef VOID(CALLBACK *PTP_SIMPLE_CALLBACK)(PTP_CALLBACK_INSTANCE, PVOID);
struct mobsync_work {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    LONG running;
    BOOL closed;
    PTP_WORK_CALLBACK routine;
    PTP_SIMPLE_CALLBACK simple;
    PVOID argument;
};
MOBSYNC_INLINE PTP_WORK CreateThreadpoolWork(PTP_WORK_CALLBACK routine, PVOID argument, PTP_CALLBACK_ENVIRON environment) {
    PTP_WORK it = (PTP_WORK)calloc(1, sizeof *it);
    (void)environment;
    if (!it) return NULL;
    pthread_mutex_init(&it->lock, NULL);
    pthread_cond_init(&it->ended, NULL);
    it->routine = routine;
    it->argument = argument;
    return it;
}
/* Frees it once nothing of it runs and nobody wants it any more. Its lock is held, and released. */
MOBSYNC_INLINE void mobsync_work_left(PTP_WORK it) {
    BOOL last = it->closed && it->running == 0;
    pthread_cond_broadcast(&it->ended);
    pthread_mutex_unlock(&it->lock);
    if (!last) return;
    pthread_cond_destroy(&it->ended);
    pthread_mutex_destroy(&it->lock);
    free(it);
}
MOBSYNC_INLINE DWORD WINAPI mobsync_work_main(LPVOID argument) {
    PTP_WORK it = (PTP_WORK)argument;
    if (it->routine)
        it->routine(NULL, it->argument, it);
    else
        it->simple(NULL, it->argument);
    pthread_mutex_lock(&it->lock);
    it->running--;
    mobsync_work_left(it);
    return 0;
}
MOBSYNC_INLINE void SubmitThreadpoolWork(PTP_WORK it) {
    HANDLE thread;
    pthread_mutex_lock(&it->lock);
    it->running++;
    pthread_mutex_unlock(&it->lock);
    thread = CreateThread(NULL, 0, mobsync_work_main, it, 0, NULL);
    if (thread)
        CloseHandle(thread);
    else
        mobsync_work_main(it); /* no thread is to be had: now, and here */
}
MOBSYNC_INLINE void WaitForThreadpoolWorkCallbacks(PTP_WORK it, BOOL cancelled) {
    (void)cancelled; /* all have begun */
    pthread_mutex_lock(&it->lock);
    while (it->running) pthread_cond_wait(&it->ended, &it->lock);
    pthread_mutex_unlock(&it->lock);
}
MOBSYNC_INLINE void CloseThreadpoolWork(PTP_WORK it) {
    pthread_mutex_lock(&it->lock);
    it->closed = TRUE;
    mobsync_work_left(it);
}
MOBSYNC_INLINE BOOL TrySubmitThreadpoolCallback(PTP_SIMPLE_CALLBACK routine, PVOID argument, PTP_CALLBACK_ENVIRON environment) {
    PTP_WORK it = CreateThreadpoolWork(NULL, argument, environment);
    if (!it) return FALSE;
    it->simple = routine;
    SubmitThreadpoolWork(it);
    CloseThreadpoolWork(it);
    return TRUE;
}

/* ---- More of the interlocked operations. --------------------------------------------------------------------------- */

MOBSYNC_INLINE LONGLONG InterlockedExchange64(volatile LONGLONG *to, LONGLONG value) { return __atomic_exchange_n(to, value, __ATOMIC_SEQ_CST); }
MOBSYNC_INLINE LONGLONG InterlockedAdd64(volatile LONGLONG *to, LONGLONG value) { return __atomic_add_fetch(to, value, __ATOMIC_SEQ_CST); }
MOBSYNC_INLINE LONGLONG InterlockedAnd64(volatile LONGLONG *to, LONGLONG value) { return __atomic_fetch_and(to, value, __ATOMIC_SEQ_CST); }
MOBSYNC_INLINE LONGLONG InterlockedOr64(volatile LONGLONG *to, LONGLONG value) { return __atomic_fetch_or(to, value, __ATOMIC_SEQ_CST); }
MOBSYNC_INLINE LONGLONG InterlockedXor64(volatile LONGLONG *to, LONGLONG value) { return __atomic_fetch_xor(to, value, __ATOMIC_SEQ_CST); }
MOBSYNC_INLINE LONGLONG InterlockedCompareExchange64(volatile LONGLONG *to, LONGLONG value, LONGLONG expected) {
    return __sync_val_compare_and_swap(to, expected, value);
}
MOBSYNC_INLINE BOOLEAN InterlockedBitTestAndSet(volatile LONG *to, LONG bit) {
    return (BOOLEAN)((uint32_t)__atomic_fetch_or(to, (LONG)(1u << (bit & 31)), __ATOMIC_SEQ_CST) >> (bit & 31) & 1);
}
MOBSYNC_INLINE BOOLEAN InterlockedBitTestAndReset(volatile LONG *to, LONG bit) {
    return (BOOLEAN)((uint32_t)__atomic_fetch_and(to, (LONG) ~(1u << (bit & 31)), __ATOMIC_SEQ_CST) >> (bit & 31) & 1);
}
/* The weaker orders are the strong one here. */
#define InterlockedIncrementAcquire InterlockedIncrement
#define InterlockedIncrementRelease InterlockedIncrement
#define InterlockedIncrementNoFence InterlockedIncrement
#define InterlockedDecrementAcquire InterlockedDecrement
#define InterlockedDecrementRelease InterlockedDecrement
#define InterlockedDecrementNoFence InterlockedDecrement
#define InterlockedExchangeAcquire InterlockedExchange
#define InterlockedExchangeNoFence InterlockedExchange
#define InterlockedExchangeAddAcquire InterlockedExchangeAdd
#define InterlockedExchangeAddRelease InterlockedExchangeAdd
#define InterlockedExchangeAddNoFence InterlockedExchangeAdd
#define InterlockedCompareExchangeAcquire InterlockedCompareExchange
#define InterlockedCompareExchangeRelease InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence InterlockedCompareExchange
#define MemoryBarrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define _ReadWriteBarrier() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define YieldProcessor() ((void)sched_yield())

/* ---- The process. -------------------------------------------------------------------------------------------------- */

typedef struct _SYSTEM_INFO {
    WORD wProcessorArchitecture;
    WORD wReserved;
    DWORD dwPageSize;
    LPVOID lpMinimumApplicationAddress;
    LPVOID lpMaximumApplicationAddress;
    DWORD_PTR dwActiveProcessorMask;
    DWORD dwNumberOfProcessors;
    DWORD dwProcessorType;
    DWORD dwAllocationGranularity;
    WORD wProcessorLevel;
    WORD wProcessorRevision;
} SYSTEM_INFO, *LPSYSTEM_INFO;
MOBSYNC_INLINE void GetSystemInfo(LPSYSTEM_INFO info) {
    long many = sysconf(_SC_NPROCESSORS_ONLN);
    memset(info, 0, sizeof *info);
    info->wProcessorArchitecture = 9; /* x64 */
    info->dwPageSize = (DWORD)sysconf(_SC_PAGESIZE);
    info->dwAllocationGranularity = 0x10000;
    info->dwNumberOfProcessors = (DWORD)(many < 1 ? 1 : many);
    info->dwActiveProcessorMask = many >= 64 ? ~(DWORD_PTR)0 : ((DWORD_PTR)1 << (many < 1 ? 1 : many)) - 1;
}
#define GetNativeSystemInfo GetSystemInfo
/* 6.1, the last version whose manager drives these handlers. */
MOBSYNC_INLINE DWORD GetVersion(void) { return 6u | 1u << 8 | 7601u << 16; }
#define ExitProcess(code) exit((int)(code))
MOBSYNC_INLINE BOOL TerminateProcess(HANDLE process, UINT code) {
    if (process == MOBSYNC_THIS_PROCESS) _exit((int)code);
    return FALSE;
}
MOBSYNC_INLINE BOOL IsDebuggerPresent(void) { return FALSE; }
#if defined(__i386__) || defined(__x86_64__)
#define DebugBreak() __asm__ volatile("int3")
#else
#define DebugBreak() __builtin_trap()
#endif
#define __debugbreak() DebugBreak()
#define SEM_FAILCRITICALERRORS 1u
#define SEM_NOGPFAULTERRORBOX 2u
#define SEM_NOOPENFILEERRORBOX 0x8000u
/* No box appears here. */
MOBSYNC_INLINE UINT SetErrorMode(UINT mode) {
    (void)mode;
    return SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX;
}
MOBSYNC_INLINE int MulDiv(int number, int by, int through) {
    LONGLONG product = (LONGLONG)number * by, half = through < 0 ? -((LONGLONG)through / 2) : (LONGLONG)through / 2;
    LONGLONG result;
    if (!through) return -1;
    if ((product < 0) != (through < 0)) half = -half;
    result = (product + (through < 0 ? -half : half)) / through;
    return result > 0x7fffffffll || result < -0x7fffffffll ? -1 : (int)result;
}
MOBSYNC_INLINE PVOID EncodePointer(PVOID pointer) { return pointer; }
MOBSYNC_INLINE PVOID DecodePointer(PVOID pointer) { return pointer; }

/* The environment, as UTF-8. */
MOBSYNC_INLINE DWORD GetEnvironmentVariableA(LPCSTR name, LPSTR to, DWORD room) {
    const char *value = getenv(name);
    size_t length = value ? strlen(value) : 0;
    if (!value) {
        SetLastError(203); /* ERROR_ENVVAR_NOT_FOUND */
        return 0;
    }
    if (length >= room) return (DWORD)length + 1;
    memcpy(to, value, length + 1);
    return (DWORD)length;
}
MOBSYNC_INLINE DWORD GetEnvironmentVariableW(LPCWSTR name, LPWSTR to, DWORD room) {
    char bytes[1024];
    const char *value;
    int units;
    if (!WideCharToMultiByte(CP_UTF8, 0, name, -1, bytes, sizeof bytes, NULL, NULL)) return 0;
    value = getenv(bytes);
    if (!value) {
        SetLastError(203);
        return 0;
    }
    units = MultiByteToWideChar(CP_UTF8, 0, value, -1, NULL, 0);
    if ((DWORD)units > room) return (DWORD)units;
    return (DWORD)MultiByteToWideChar(CP_UTF8, 0, value, -1, to, (int)room) - 1;
}
MOBSYNC_INLINE BOOL SetEnvironmentVariableA(LPCSTR name, LPCSTR value) {
    return (value ? setenv(name, value, 1) : unsetenv(name)) == 0;
}
MOBSYNC_INLINE BOOL SetEnvironmentVariableW(LPCWSTR name, LPCWSTR value) {
    char bytes[1024], content[4096];
    if (!WideCharToMultiByte(CP_UTF8, 0, name, -1, bytes, sizeof bytes, NULL, NULL)) return FALSE;
    if (value && !WideCharToMultiByte(CP_UTF8, 0, value, -1, content, sizeof content, NULL, NULL)) return FALSE;
    return SetEnvironmentVariableA(bytes, value ? content : NULL);
}
#define GetEnvironmentVariable MOBSYNC_T(GetEnvironmentVariable)
#define SetEnvironmentVariable MOBSYNC_T(SetEnvironmentVariable)

/* NULL names the program, as in the SDK. Other libraries are not known. */
MOBSYNC_INLINE HMODULE GetModuleHandleW(LPCWSTR name) {
    if (name) SetLastError(ERROR_MOD_NOT_FOUND);
    return name ? NULL : MOBSYNC_PROGRAM;
}
MOBSYNC_INLINE HMODULE GetModuleHandleA(LPCSTR name) {
    if (name) SetLastError(ERROR_MOD_NOT_FOUND);
    return name ? NULL : MOBSYNC_PROGRAM;
}
#define GetModuleHandle MOBSYNC_T(GetModuleHandle)
#define GET_MODULE_HANDLE_EX_FLAG_PIN 1u
#define GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT 2u
#define GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS 4u
/* Of an address in this library. It is never unloaded while a session runs, so there is nothing to count. */
MOBSYNC_INLINE BOOL GetModuleHandleExW(DWORD flags, LPCWSTR place, HMODULE *module) {
    *module = flags & GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS ? (HMODULE)(uintptr_t)&mobsync_here : GetModuleHandleW(place);
    return *module != NULL;
}
MOBSYNC_INLINE BOOL GetModuleHandleExA(DWORD flags, LPCSTR place, HMODULE *module) {
    *module = flags & GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS ? (HMODULE)(uintptr_t)&mobsync_here : GetModuleHandleA(place);
    return *module != NULL;
}
#define GetModuleHandleEx MOBSYNC_T(GetModuleHandleEx)
__attribute__((noreturn)) MOBSYNC_INLINE void FreeLibraryAndExitThread(HMODULE module, DWORD code) {
    (void)module;
    ExitThread(code);
}

/* The text of an error has its number: there are no tables of messages. */
#define FORMAT_MESSAGE_ALLOCATE_BUFFER 0x100u
#define FORMAT_MESSAGE_IGNORE_INSERTS 0x200u
#define FORMAT_MESSAGE_FROM_STRING 0x400u
#define FORMAT_MESSAGE_FROM_HMODULE 0x800u
#define FORMAT_MESSAGE_FROM_SYSTEM 0x1000u
#define FORMAT_MESSAGE_ARGUMENT_ARRAY 0x2000u
#define FORMAT_MESSAGE_MAX_WIDTH_MASK 0xFFu
MOBSYNC_INLINE DWORD FormatMessageA(DWORD flags, LPCVOID source, DWORD id, DWORD language, LPSTR to, DWORD room, va_list *values) {
    char made[64];
    int length = snprintf(made, sizeof made, "Error %u (0x%08X).\r\n", (unsigned)id, (unsigned)id);
    (void)source;
    (void)language;
    (void)values;
    if (!(flags & FORMAT_MESSAGE_FROM_SYSTEM)) {
        SetLastError(ERROR_CALL_NOT_IMPLEMENTED);
        return 0;
    }
    if (flags & FORMAT_MESSAGE_ALLOCATE_BUFFER) {
        char *copy = (char *)LocalAlloc(LPTR, (SIZE_T)length + 1);
        if (!copy) return 0;
        memcpy(copy, made, (size_t)length + 1);
        memcpy((void *)to, &copy, sizeof copy);
        return (DWORD)length;
    }
    if ((DWORD)length >= room) {
        SetLastError(ERROR_INSUFFICIENT_BUFFER);
        return 0;
    }
    memcpy(to, made, (size_t)length + 1);
    return (DWORD)length;
}
MOBSYNC_INLINE DWORD FormatMessageW(DWORD flags, LPCVOID source, DWORD id, DWORD language, LPWSTR to, DWORD room, va_list *values) {
    char made[64];
    DWORD length = FormatMessageA(flags & ~FORMAT_MESSAGE_ALLOCATE_BUFFER, source, id, language, made, sizeof made, values), at;
    WCHAR *text = to;
    if (!length) return 0;
    if (flags & FORMAT_MESSAGE_ALLOCATE_BUFFER) {
        text = (WCHAR *)LocalAlloc(LPTR, (length + 1) * sizeof *text);
        if (!text) return 0;
        memcpy((void *)to, &text, sizeof text);
    } else if (length >= room) {
        SetLastError(ERROR_INSUFFICIENT_BUFFER);
        return 0;
    }
    for (at = 0; at <= length; at++) text[at] = (WCHAR)made[at];
    return length;
}
#define FormatMessage MOBSYNC_T(FormatMessage)

/* ---- More of COM: there is one apartment, which is the process. ---------------------------------------------------- */

MOBSYNC_INLINE HRESULT OleInitialize(LPVOID reserved) { return reserved ? E_INVALIDARG : S_OK; }
MOBSYNC_INLINE void OleUninitialize(void) {}
MOBSYNC_INLINE void CoFreeUnusedLibraries(void) {}
MOBSYNC_INLINE HRESULT CoDisconnectObject(LPUNKNOWN object, DWORD reserved) {
    (void)object;
    return reserved ? E_INVALIDARG : S_OK;
}
MOBSYNC_INLINE HRESULT CoGetClassObject(REFCLSID clsid, DWORD context, LPVOID server, REFIID iid, LPVOID *object) {
    (void)clsid;
    (void)context;
    (void)server;
    (void)iid;
    if (!object) return E_INVALIDARG;
    *object = NULL;
    return REGDB_E_CLASSNOTREG;
}
MOBSYNC_INLINE ULONG CoAddRefServerProcess(void) { return 1; }
MOBSYNC_INLINE ULONG CoReleaseServerProcess(void) { return 0; }

/* The task allocator as an object. There is one, which is never freed. */
#ifdef __cplusplus
struct IMalloc : public IUnknown {
    virtual void *STDMETHODCALLTYPE Alloc(SIZE_T size) = 0;
    virtual void *STDMETHODCALLTYPE Realloc(void *block, SIZE_T size) = 0;
    virtual void STDMETHODCALLTYPE Free(void *block) = 0;
    virtual SIZE_T STDMETHODCALLTYPE GetSize(void *block) = 0;
    virtual int STDMETHODCALLTYPE DidAlloc(void *block) = 0;
    virtual void STDMETHODCALLTYPE HeapMinimize() = 0;
};
struct mobsync_malloc final : public IMalloc {
    HRESULT STDMETHODCALLTYPE QueryInterface(REFIID iid, void **object) override {
        if (!object) return E_POINTER;
        *object = IsEqualIID(iid, IID_IUnknown) || IsEqualIID(iid, IID_IMalloc) ? this : nullptr;
        return *object ? S_OK : E_NOINTERFACE;
    }
    ULONG STDMETHODCALLTYPE AddRef() override { return 1; }
    ULONG STDMETHODCALLTYPE Release() override { return 1; }
    void *STDMETHODCALLTYPE Alloc(SIZE_T size) override { return CoTaskMemAlloc(size); }
    void *STDMETHODCALLTYPE Realloc(void *block, SIZE_T size) override { return CoTaskMemRealloc(block, size); }
    void STDMETHODCALLTYPE Free(void *block) override { CoTaskMemFree(block); }
    SIZE_T STDMETHODCALLTYPE GetSize(void *block) override { return mobsync_task_size(block); }
    int STDMETHODCALLTYPE DidAlloc(void *block) override { return block ? -1 : 0; /* it may be */ }
    void STDMETHODCALLTYPE HeapMinimize() override {}
};
MOBSYNC_UUID(IMalloc)
#else
typedef struct IMalloc IMalloc;
typedef struct IMallocVtbl {
    HRESULT (*QueryInterface)(IMalloc *This, REFIID iid, void **object);
    ULONG (*AddRef)(IMalloc *This);
    ULONG (*Release)(IMalloc *This);
    void *(*Alloc)(IMalloc *This, SIZE_T size);
    void *(*Realloc)(IMalloc *This, void *block, SIZE_T size);
    void (*Free)(IMalloc *This, void *block);
    SIZE_T (*GetSize)(IMalloc *This, void *block);
    int (*DidAlloc)(IMalloc *This, void *block);
    void (*HeapMinimize)(IMalloc *This);
} IMallocVtbl;
struct IMalloc {
    const IMallocVtbl *lpVtbl;
};
MOBSYNC_INLINE HRESULT mobsync_malloc_query(IMalloc *This, REFIID iid, void **object) {
    if (!object) return E_POINTER;
    *object = IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IMalloc) ? This : NULL;
    return *object ? S_OK : E_NOINTERFACE;
}
MOBSYNC_INLINE ULONG mobsync_malloc_count(IMalloc *This) { return This != NULL; }
MOBSYNC_INLINE void *mobsync_malloc_alloc(IMalloc *This, SIZE_T size) { return This ? CoTaskMemAlloc(size) : NULL; }
MOBSYNC_INLINE void *mobsync_malloc_realloc(IMalloc *This, void *block, SIZE_T size) { return This ? CoTaskMemRealloc(block, size) : NULL; }
MOBSYNC_INLINE void mobsync_malloc_free(IMalloc *This, void *block) {
    if (This) CoTaskMemFree(block);
}
MOBSYNC_INLINE SIZE_T mobsync_malloc_size(IMalloc *This, void *block) { return This ? mobsync_task_size(block) : 0; }
MOBSYNC_INLINE int mobsync_malloc_did(IMalloc *This, void *block) { return This && block ? -1 : 0; /* it may be */ }
MOBSYNC_INLINE void mobsync_malloc_minimize(IMalloc *This) { (void)This; }
#ifdef COBJMACROS
#define IMalloc_QueryInterface(This, iid, object) ((This)->lpVtbl->QueryInterface(This, iid, object))
#define IMalloc_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IMalloc_Release(This) ((This)->lpVtbl->Release(This))
#define IMalloc_Alloc(This, size) ((This)->lpVtbl->Alloc(This, size))
#define IMalloc_Realloc(This, block, size) ((This)->lpVtbl->Realloc(This, block, size))
#define IMalloc_Free(This, block) ((This)->lpVtbl->Free(This, block))
#define IMalloc_GetSize(This, block) ((This)->lpVtbl->GetSize(This, block))
#define IMalloc_DidAlloc(This, block) ((This)->lpVtbl->DidAlloc(This, block))
#endif
#endif
typedef IMalloc *LPMALLOC;
MOBSYNC_INLINE HRESULT CoGetMalloc(DWORD context, LPMALLOC *object) {
#ifdef __cplusplus
    static mobsync_malloc it;
#else
    static const IMallocVtbl table = {mobsync_malloc_query, mobsync_malloc_count, mobsync_malloc_count, mobsync_malloc_alloc,
                                      mobsync_malloc_realloc, mobsync_malloc_free, mobsync_malloc_size, mobsync_malloc_did,
                                      mobsync_malloc_minimize};
    static IMalloc it = {&table};
#endif
    if (context != 1 || !object) return E_INVALIDARG;
    *object = &it;
    return S_OK;
}
typedef LONG RPC_STATUS;
MOBSYNC_INLINE RPC_STATUS UuidCreate(GUID *guid) { return CoCreateGuid(guid) == S_OK ? RPC_S_OK : RPC_S_UUID_LOCAL_ONLY; }

/* A text with its length in front of it. */
typedef WCHAR *BSTR;
typedef BSTR *LPBSTR;
MOBSYNC_INLINE BSTR SysAllocStringByteLen(LPCSTR bytes, UINT size) {
    char *block = (char *)malloc((size_t)size + 8 + sizeof(WCHAR) + 2);
    if (!block) return NULL;
    memcpy(block + 4, &size, sizeof size);
    if (bytes) memcpy(block + 8, bytes, size);
    memset(block + 8 + size, 0, sizeof(WCHAR) + 1);
    return (BSTR)(void *)(block + 8);
}
MOBSYNC_INLINE BSTR SysAllocStringLen(LPCOLESTR text, UINT many) {
    return SysAllocStringByteLen((LPCSTR)(const void *)text, many * (UINT)sizeof(WCHAR));
}
MOBSYNC_INLINE BSTR SysAllocString(LPCOLESTR text) { return text ? SysAllocStringLen(text, (UINT)lstrlenW(text)) : NULL; }
MOBSYNC_INLINE void SysFreeString(BSTR text) {
    if (text) free((char *)(void *)text - 8);
}
MOBSYNC_INLINE UINT SysStringByteLen(BSTR text) {
    UINT size = 0;
    if (text) memcpy(&size, (char *)(void *)text - 4, sizeof size);
    return size;
}
MOBSYNC_INLINE UINT SysStringLen(BSTR text) { return SysStringByteLen(text) / (UINT)sizeof(WCHAR); }

#endif /* MOBSYNC_OBJECTS_H */
