/* The C runtime's functions that Microsoft's has and others have not, and those on WCHAR, which the system's own library counts
 * in another size. Included by mobsync_platform.h.
 *
 * Part of mobsync, MIT OR Apache-2.0.
 */
#include "mobsync_platform.h"
#ifndef MOBSYNC_RUNTIME_H
#define MOBSYNC_RUNTIME_H

#include <ctype.h>
#include <sys/stat.h>
#include <wchar.h>
#include <wctype.h>
#ifdef __cplusplus
#include <cwchar>
#endif

/* In C++ where WCHAR is not wchar_t, the functions on WCHAR have the C library's names: those are others by their parameters.
 * Everywhere else a macro leads from the name to them. */
#if defined(__cplusplus) && !(defined(__SIZEOF_WCHAR_T__) && __SIZEOF_WCHAR_T__ == 2)
#define MOBSYNC_WIDE(name) name
#else
#define MOBSYNC_WIDE(name) mobsync_##name
#endif

/* ---- Wide strings. ------------------------------------------------------------------------------------------------ */

MOBSYNC_INLINE size_t MOBSYNC_WIDE(wcslen)(const WCHAR *text) {
    size_t at = 0;
    while (text[at]) at++;
    return at;
}
MOBSYNC_INLINE size_t MOBSYNC_WIDE(wcsnlen)(const WCHAR *text, size_t most) {
    size_t at = 0;
    while (at < most && text[at]) at++;
    return at;
}
MOBSYNC_INLINE WCHAR *MOBSYNC_WIDE(wcscpy)(WCHAR *to, const WCHAR *from) {
    size_t at = 0;
    while ((to[at] = from[at]) != 0) at++;
    return to;
}
/* Fills up with zeroes; where there is no room for one, the text has no end. */
MOBSYNC_INLINE WCHAR *MOBSYNC_WIDE(wcsncpy)(WCHAR *to, const WCHAR *from, size_t most) {
    size_t at = 0;
    for (; at < most && from[at]; at++) to[at] = from[at];
    for (; at < most; at++) to[at] = 0;
    return to;
}
MOBSYNC_INLINE WCHAR *MOBSYNC_WIDE(wcscat)(WCHAR *to, const WCHAR *from) {
    MOBSYNC_WIDE(wcscpy)(to + MOBSYNC_WIDE(wcslen)(to), from);
    return to;
}
MOBSYNC_INLINE WCHAR *MOBSYNC_WIDE(wcsncat)(WCHAR *to, const WCHAR *from, size_t most) {
    WCHAR *end = to + MOBSYNC_WIDE(wcslen)(to);
    size_t at = 0;
    for (; at < most && from[at]; at++) end[at] = from[at];
    end[at] = 0;
    return to;
}
MOBSYNC_INLINE int MOBSYNC_WIDE(wcsncmp)(const WCHAR *a, const WCHAR *b, size_t most) {
    size_t at = 0;
    while (at < most && a[at] && a[at] == b[at]) at++;
    return at == most ? 0 : (uint16_t)a[at] < (uint16_t)b[at] ? -1 : (uint16_t)a[at] > (uint16_t)b[at];
}
MOBSYNC_INLINE int MOBSYNC_WIDE(wcscmp)(const WCHAR *a, const WCHAR *b) { return MOBSYNC_WIDE(wcsncmp)(a, b, SIZE_MAX); }
MOBSYNC_INLINE WCHAR *mobsync_find(const WCHAR *text, WCHAR unit, int last) {
    const WCHAR *found = NULL;
    for (;; text++) {
        if (*text == unit) {
            found = text;
            if (!last) break;
        }
        if (!*text) break;
    }
    return (WCHAR *)(uintptr_t)found;
}
MOBSYNC_INLINE size_t mobsync_span(const WCHAR *text, const WCHAR *set, int within) {
    size_t at = 0, nth;
    for (; text[at]; at++) {
        for (nth = 0; set[nth] && set[nth] != text[at]; nth++) {
        }
        if ((set[nth] != 0) != within) break;
    }
    return at;
}
MOBSYNC_INLINE WCHAR *mobsync_part(const WCHAR *text, const WCHAR *part) {
    size_t length = MOBSYNC_WIDE(wcslen)(part);
    for (;; text++) {
        if (MOBSYNC_WIDE(wcsncmp)(text, part, length) == 0) return (WCHAR *)(uintptr_t)text;
        if (!*text) return NULL;
    }
}
MOBSYNC_INLINE WCHAR *mobsync_any(const WCHAR *text, const WCHAR *set) {
    text += mobsync_span(text, set, 0);
    return *text ? (WCHAR *)(uintptr_t)text : NULL;
}
MOBSYNC_INLINE size_t MOBSYNC_WIDE(wcsspn)(const WCHAR *text, const WCHAR *set) { return mobsync_span(text, set, 1); }
MOBSYNC_INLINE size_t MOBSYNC_WIDE(wcscspn)(const WCHAR *text, const WCHAR *set) { return mobsync_span(text, set, 0); }
#ifdef __cplusplus
/* What is found in a constant text is constant. */
inline const WCHAR *MOBSYNC_WIDE(wcschr)(const WCHAR *text, WCHAR unit) { return mobsync_find(text, unit, 0); }
inline WCHAR *MOBSYNC_WIDE(wcschr)(WCHAR *text, WCHAR unit) { return mobsync_find(text, unit, 0); }
inline const WCHAR *MOBSYNC_WIDE(wcsrchr)(const WCHAR *text, WCHAR unit) { return mobsync_find(text, unit, 1); }
inline WCHAR *MOBSYNC_WIDE(wcsrchr)(WCHAR *text, WCHAR unit) { return mobsync_find(text, unit, 1); }
inline const WCHAR *MOBSYNC_WIDE(wcsstr)(const WCHAR *text, const WCHAR *part) { return mobsync_part(text, part); }
inline WCHAR *MOBSYNC_WIDE(wcsstr)(WCHAR *text, const WCHAR *part) { return mobsync_part(text, part); }
inline const WCHAR *MOBSYNC_WIDE(wcspbrk)(const WCHAR *text, const WCHAR *set) { return mobsync_any(text, set); }
inline WCHAR *MOBSYNC_WIDE(wcspbrk)(WCHAR *text, const WCHAR *set) { return mobsync_any(text, set); }
#else
MOBSYNC_INLINE WCHAR *mobsync_wcschr(const WCHAR *text, WCHAR unit) { return mobsync_find(text, unit, 0); }
MOBSYNC_INLINE WCHAR *mobsync_wcsrchr(const WCHAR *text, WCHAR unit) { return mobsync_find(text, unit, 1); }
MOBSYNC_INLINE WCHAR *mobsync_wcsstr(const WCHAR *text, const WCHAR *part) { return mobsync_part(text, part); }
MOBSYNC_INLINE WCHAR *mobsync_wcspbrk(const WCHAR *text, const WCHAR *set) { return mobsync_any(text, set); }
#endif
MOBSYNC_INLINE WCHAR *wcstok_s(WCHAR *text, const WCHAR *set, WCHAR **rest) {
    WCHAR *begin = text ? text : *rest;
    if (!begin) return NULL;
    begin += mobsync_span(begin, set, 1);
    if (!*begin) {
        *rest = begin;
        return NULL;
    }
    *rest = begin + mobsync_span(begin, set, 0);
    if (**rest) *(*rest)++ = 0;
    return begin;
}
#define strtok_s(text, set, rest) strtok_r((text), (set), (rest))

/* ---- Numbers. ----------------------------------------------------------------------------------------------------- */

/* The beginning of a wide text as bytes, for the C library: no number is longer. */
MOBSYNC_INLINE void mobsync_narrowed(const WCHAR *text, char *to, size_t room) {
    size_t at = 0;
    for (; at + 1 < room && text[at] && (uint16_t)text[at] < 128; at++) to[at] = (char)text[at];
    to[at] = 0;
}
#define MOBSYNC_TO_NUMBER(result, name, parse)                                                                         \
    MOBSYNC_INLINE result name(const WCHAR *text, WCHAR **end, int base) {                                             \
        char bytes[200], *stop;                                                                                        \
        result number;                                                                                                 \
        mobsync_narrowed(text, bytes, sizeof bytes);                                                                   \
        number = (result)parse(bytes, &stop, base);                                                                    \
        if (end) *end = (WCHAR *)(uintptr_t)(text + (stop - bytes));                                                   \
        return number;                                                                                                 \
    }
MOBSYNC_TO_NUMBER(long, MOBSYNC_WIDE(wcstol), strtol)
MOBSYNC_TO_NUMBER(unsigned long, MOBSYNC_WIDE(wcstoul), strtoul)
MOBSYNC_TO_NUMBER(long long, MOBSYNC_WIDE(wcstoll), strtoll)
MOBSYNC_TO_NUMBER(unsigned long long, MOBSYNC_WIDE(wcstoull), strtoull)
MOBSYNC_TO_NUMBER(LONGLONG, _wcstoi64, strtoll)
MOBSYNC_TO_NUMBER(ULONGLONG, _wcstoui64, strtoull)
MOBSYNC_INLINE double MOBSYNC_WIDE(wcstod)(const WCHAR *text, WCHAR **end) {
    char bytes[200], *stop;
    double number;
    mobsync_narrowed(text, bytes, sizeof bytes);
    number = strtod(bytes, &stop);
    if (end) *end = (WCHAR *)(uintptr_t)(text + (stop - bytes));
    return number;
}
#define _strtoi64 strtoll
#define _strtoui64 strtoull
#define _atoi64 atoll
MOBSYNC_INLINE int _wtoi(const WCHAR *text) { return (int)MOBSYNC_WIDE(wcstol)(text, NULL, 10); }
MOBSYNC_INLINE LONG _wtol(const WCHAR *text) { return (LONG)MOBSYNC_WIDE(wcstol)(text, NULL, 10); }
MOBSYNC_INLINE LONGLONG _wtoi64(const WCHAR *text) { return _wcstoi64(text, NULL, 10); }
MOBSYNC_INLINE double _wtof(const WCHAR *text) { return MOBSYNC_WIDE(wcstod)(text, NULL); }

/* The digits of a number, the last one at the end of the 66 bytes. Returns where they begin. */
MOBSYNC_INLINE const char *mobsync_digits(uint64_t number, int negative, int base, char *digits) {
    char *at = digits + 65;
    *at = 0;
    do {
        *--at = "0123456789abcdefghijklmnopqrstuvwxyz"[number % (unsigned)base];
        number /= (unsigned)base;
    } while (number);
    if (negative) *--at = '-';
    return at;
}
/* In another base than ten a negative number is written as the bits that it has. */
#define MOBSYNC_FROM_NUMBER(type, wide_name, name, is_below_zero, bits)                                                    \
    MOBSYNC_INLINE errno_t wide_name##_s(type number, WCHAR *to, size_t room, int base) {                              \
        char digits[66];                                                                                               \
        int negative = base == 10 && (is_below_zero);                                                 \
        const char *text;                                                                                              \
        size_t at = 0;                                                                                                 \
        if (!to || !room || base < 2 || base > 36) return EINVAL;                                                      \
        text = mobsync_digits(negative ? 0 - (uint64_t)number : (uint64_t)(bits)number, negative, base, digits);       \
        to[0] = 0;                                                                                                     \
        if (strlen(text) >= room) return ERANGE;                                                                       \
        do to[at] = (WCHAR)text[at];                                                                                   \
        while (text[at++]);                                                                                            \
        return 0;                                                                                                      \
    }                                                                                                                  \
    MOBSYNC_INLINE errno_t name##_s(type number, char *to, size_t room, int base) {                                    \
        char digits[66];                                                                                               \
        int negative = base == 10 && (is_below_zero);                                                 \
        const char *text;                                                                                              \
        if (!to || !room || base < 2 || base > 36) return EINVAL;                                                      \
        text = mobsync_digits(negative ? 0 - (uint64_t)number : (uint64_t)(bits)number, negative, base, digits);       \
        to[0] = 0;                                                                                                     \
        if (strlen(text) >= room) return ERANGE;                                                                       \
        memcpy(to, text, strlen(text) + 1);                                                                            \
        return 0;                                                                                                      \
    }                                                                                                                  \
    MOBSYNC_INLINE WCHAR *wide_name(type number, WCHAR *to, int base) {                                                \
        return wide_name##_s(number, to, 66, base) ? NULL : to;                                                        \
    }                                                                                                                  \
    MOBSYNC_INLINE char *name(type number, char *to, int base) { return name##_s(number, to, 66, base) ? NULL : to; }
MOBSYNC_FROM_NUMBER(int, _itow, _itoa, number < 0, uint32_t)
MOBSYNC_FROM_NUMBER(LONG, _ltow, _ltoa, number < 0, uint32_t)
MOBSYNC_FROM_NUMBER(ULONG, _ultow, _ultoa, 0, uint32_t)
MOBSYNC_FROM_NUMBER(LONGLONG, _i64tow, _i64toa, number < 0, uint64_t)
MOBSYNC_FROM_NUMBER(ULONGLONG, _ui64tow, _ui64toa, 0, uint64_t)

/* ---- Microsoft's names. ------------------------------------------------------------------------------------------- */

#define _strnicmp strncasecmp
#define stricmp _stricmp
#define strnicmp _strnicmp
#define strcmpi _stricmp
#define _strdup strdup
#define _alloca __builtin_alloca
#ifndef alloca
#define alloca __builtin_alloca
#endif
MOBSYNC_INLINE int _wcsnicmp(const WCHAR *a, const WCHAR *b, size_t most) {
    for (; most; most--, a++, b++) {
        int left = mobsync_folded((uint16_t)*a), right = mobsync_folded((uint16_t)*b);
        if (left != right) return left < right ? -1 : 1;
        if (!left) break;
    }
    return 0;
}
#define wcsicmp _wcsicmp
#define wcsnicmp _wcsnicmp
MOBSYNC_INLINE WCHAR *_wcsdup(const WCHAR *text) {
    size_t size = (MOBSYNC_WIDE(wcslen)(text) + 1) * sizeof *text;
    void *copy = malloc(size);
    return (WCHAR *)(copy ? memcpy(copy, text, size) : NULL);
}
MOBSYNC_INLINE size_t wcsnlen_s(const WCHAR *text, size_t most) { return text ? MOBSYNC_WIDE(wcsnlen)(text, most) : 0; }
MOBSYNC_INLINE size_t strnlen_s(const char *text, size_t most) { return text ? strnlen(text, most) : 0; }
MOBSYNC_INLINE errno_t memcpy_s(void *to, size_t room, const void *from, size_t many) {
    if (many == 0) return 0;
    if (!to || !from || many > room) {
        if (to) memset(to, 0, room);
        return to && from ? ERANGE : EINVAL;
    }
    memcpy(to, from, many);
    return 0;
}
MOBSYNC_INLINE errno_t memmove_s(void *to, size_t room, const void *from, size_t many) {
    if (many == 0) return 0;
    if (!to || !from) return EINVAL;
    if (many > room) return ERANGE;
    memmove(to, from, many);
    return 0;
}
MOBSYNC_INLINE errno_t strncpy_s(char *to, size_t room, const char *from, size_t most) {
    HRESULT hr = StringCchCopyNA(to, room, from, most == _TRUNCATE ? STRSAFE_MAX_CCH : most);
    if (hr == STRSAFE_E_INSUFFICIENT_BUFFER && most == _TRUNCATE) return 80; /* STRUNCATE: the beginning is there */
    return mobsync_emptied(hr, to, room ? 1 : 0);
}
MOBSYNC_INLINE errno_t strncat_s(char *to, size_t room, const char *from, size_t most) {
    size_t length = to ? strnlen(to, room) : 0;
    errno_t failed;
    if (!to || length == room) return EINVAL;
    failed = strncpy_s(to + length, room - length, from, most);
    if (failed && failed != 80) to[0] = 0;
    return failed;
}
MOBSYNC_INLINE errno_t wcsncat_s(WCHAR *to, size_t room, const WCHAR *from, size_t most) {
    size_t length = to ? MOBSYNC_WIDE(wcsnlen)(to, room) : 0;
    errno_t failed;
    if (!to || length == room) return EINVAL;
    failed = wcsncpy_s(to + length, room - length, from, most);
    if (failed && failed != 80) to[0] = 0;
    return failed;
}
MOBSYNC_INLINE int vswprintf_s(WCHAR *to, size_t room, const WCHAR *form, va_list values) {
    return mobsync_emptied(StringCchVPrintfW(to, room, form, values), to, room ? sizeof *to : 0) ? -1 : lstrlenW(to);
}
MOBSYNC_INLINE int vsprintf_s(char *to, size_t room, const char *form, va_list values) {
    return mobsync_emptied(StringCchVPrintfA(to, room, form, values), to, room ? 1 : 0) ? -1 : lstrlenA(to);
}
/* A text that fills all the room has no end, and one that does not fit gives -1. */
MOBSYNC_INLINE int _vsnwprintf(WCHAR *to, size_t room, const WCHAR *form, va_list values) {
    WCHAR last[2] = {0, 0}, *all;
    va_list again;
    long many;
    va_copy(again, values);
    many = mobsync_formatW(last, 1, form, again);
    va_end(again);
    if (many < 0) return -1;
    all = (WCHAR *)malloc(((size_t)many + 1) * sizeof *all);
    if (!all) return -1;
    mobsync_formatW(all, (size_t)many + 1, form, values);
    memcpy(to, all, ((size_t)many < room ? (size_t)many + 1 : room) * sizeof *all);
    free(all);
    return (size_t)many > room ? -1 : (int)many;
}
MOBSYNC_INLINE int _vsnprintf(char *to, size_t room, const char *form, va_list values) {
    char last[2], *all;
    va_list again;
    long many;
    va_copy(again, values);
    many = mobsync_formatA(last, 1, form, again);
    va_end(again);
    if (many < 0) return -1;
    all = (char *)malloc((size_t)many + 1);
    if (!all) return -1;
    mobsync_formatA(all, (size_t)many + 1, form, values);
    memcpy(to, all, (size_t)many < room ? (size_t)many + 1 : room);
    free(all);
    return (size_t)many > room ? -1 : (int)many;
}
/* At most `most` units, or as many as fit where that is _TRUNCATE; otherwise what does not fit empties the text. */
MOBSYNC_INLINE int _vsnwprintf_s(WCHAR *to, size_t room, size_t most, const WCHAR *form, va_list values) {
    HRESULT hr = StringCchVPrintfW(to, most < room ? most + 1 : room, form, values);
    if (hr == STRSAFE_E_INSUFFICIENT_BUFFER && (most == _TRUNCATE || most < room)) return -1;
    return mobsync_emptied(hr, to, room ? sizeof *to : 0) ? -1 : lstrlenW(to);
}
MOBSYNC_INLINE int _vsnprintf_s(char *to, size_t room, size_t most, const char *form, va_list values) {
    HRESULT hr = StringCchVPrintfA(to, most < room ? most + 1 : room, form, values);
    if (hr == STRSAFE_E_INSUFFICIENT_BUFFER && (most == _TRUNCATE || most < room)) return -1;
    return mobsync_emptied(hr, to, room ? 1 : 0) ? -1 : lstrlenA(to);
}
MOBSYNC_INLINE int MOBSYNC_WIDE(vswprintf)(WCHAR *to, size_t room, const WCHAR *form, va_list values) {
    long many = room ? mobsync_formatW(to, room, form, values) : -1;
    return many < 0 || (size_t)many >= room ? -1 : (int)many;
}
/* To a stream, as UTF-8. */
MOBSYNC_INLINE int MOBSYNC_WIDE(vfwprintf)(FILE *stream, const WCHAR *form, va_list values) {
    WCHAR *units;
    char *bytes;
    va_list again;
    long many;
    int size, written = -1;
    WCHAR none[1];
    va_copy(again, values);
    many = mobsync_formatW(none, 1, form, again);
    va_end(again);
    if (many < 0 || many > 0x1fffffff) return -1;
    units = (WCHAR *)malloc(((size_t)many + 1) * sizeof *units);
    bytes = (char *)malloc(3 * (size_t)many + 1);
    if (units && bytes) {
        mobsync_formatW(units, (size_t)many + 1, form, values);
        size = WideCharToMultiByte(CP_UTF8, 0, units, -1, bytes, (int)(3 * many + 1), NULL, NULL);
        if (size > 0 && fputs(bytes, stream) >= 0) written = (int)many;
    }
    free(units);
    free(bytes);
    return written;
}
#define MOBSYNC_VARIADIC(result, name, parameters, last, call)                                                         \
    MOBSYNC_INLINE result name parameters {                                                                            \
        va_list values;                                                                                                \
        result done;                                                                                                   \
        va_start(values, last);                                                                                        \
        done = call;                                                                                                   \
        va_end(values);                                                                                                \
        return done;                                                                                                   \
    }
MOBSYNC_VARIADIC(int, _snwprintf, (WCHAR * to, size_t room, const WCHAR *form, ...), form, _vsnwprintf(to, room, form, values))
MOBSYNC_VARIADIC(int, _snprintf, (char *to, size_t room, const char *form, ...), form, _vsnprintf(to, room, form, values))
MOBSYNC_VARIADIC(int, _snwprintf_s, (WCHAR * to, size_t room, size_t most, const WCHAR *form, ...), form,
                 _vsnwprintf_s(to, room, most, form, values))
MOBSYNC_VARIADIC(int, _snprintf_s, (char *to, size_t room, size_t most, const char *form, ...), form,
                 _vsnprintf_s(to, room, most, form, values))
MOBSYNC_VARIADIC(int, MOBSYNC_WIDE(swprintf), (WCHAR * to, size_t room, const WCHAR *form, ...), form,
                 MOBSYNC_WIDE(vswprintf)(to, room, form, values))
MOBSYNC_VARIADIC(int, MOBSYNC_WIDE(fwprintf), (FILE * stream, const WCHAR *form, ...), form,
                 MOBSYNC_WIDE(vfwprintf)(stream, form, values))
MOBSYNC_VARIADIC(int, MOBSYNC_WIDE(wprintf), (const WCHAR *form, ...), form, MOBSYNC_WIDE(vfwprintf)(stdout, form, values))
MOBSYNC_INLINE int MOBSYNC_WIDE(fputws)(const WCHAR *text, FILE *stream) {
    const WCHAR as_it_is[3] = {'%', 's', 0};
    return MOBSYNC_WIDE(fwprintf)(stream, as_it_is, text);
}

/* Latin letters alone change their case. */
#define MOBSYNC_CASED(type, name, from, to)                                                                            \
    MOBSYNC_INLINE type *name(type *text) {                                                                            \
        type *at;                                                                                                      \
        for (at = text; *at; at++)                                                                                     \
            if (*at >= from && *at <= from + 25) *at = (type)(*at - from + to);                                        \
        return text;                                                                                                   \
    }                                                                                                                  \
    MOBSYNC_INLINE errno_t name##_s(type *text, size_t room) {                                                         \
        size_t length = 0;                                                                                             \
        while (text && length < room && text[length]) length++;                                                        \
        if (!text || length == room) return EINVAL;                                                                    \
        name(text);                                                                                                    \
        return 0;                                                                                                      \
    }
MOBSYNC_CASED(WCHAR, _wcslwr, 'A', 'a')
MOBSYNC_CASED(WCHAR, _wcsupr, 'a', 'A')
MOBSYNC_CASED(char, _strlwr, 'A', 'a')
MOBSYNC_CASED(char, _strupr, 'a', 'A')

/* Between bytes, which are UTF-8, and wide text. `many` has the size that is needed, with the zero. */
MOBSYNC_INLINE errno_t mbstowcs_s(size_t *many, WCHAR *to, size_t room, const char *from, size_t most) {
    int needed = from ? MultiByteToWideChar(CP_UTF8, 0, from, -1, NULL, 0) : 0;
    WCHAR *all = needed > 0 ? (WCHAR *)malloc((size_t)needed * sizeof *all) : NULL;
    errno_t failed = EINVAL;
    if (many) *many = (size_t)needed;
    if (all) {
        MultiByteToWideChar(CP_UTF8, 0, from, -1, all, needed);
        failed = to ? wcsncpy_s(to, room, all, most) : 0;
    }
    free(all);
    return failed;
}
MOBSYNC_INLINE errno_t wcstombs_s(size_t *many, char *to, size_t room, const WCHAR *from, size_t most) {
    int needed = from ? WideCharToMultiByte(CP_UTF8, 0, from, -1, NULL, 0, NULL, NULL) : 0;
    char *all = needed > 0 ? (char *)malloc((size_t)needed) : NULL;
    errno_t failed = EINVAL;
    if (many) *many = (size_t)needed;
    if (all) {
        WideCharToMultiByte(CP_UTF8, 0, from, -1, all, needed, NULL, NULL);
        failed = to ? strncpy_s(to, room, all, most) : 0;
    }
    free(all);
    return failed;
}

MOBSYNC_INLINE void *_aligned_malloc(size_t size, size_t alignment) {
    void *block = NULL;
    return posix_memalign(&block, alignment < sizeof(void *) ? sizeof(void *) : alignment, size ? size : 1) ? NULL : block;
}
#define _aligned_free free
MOBSYNC_INLINE errno_t localtime_s(struct tm *parts, const time_t *time) { return localtime_r(time, parts) ? 0 : EINVAL; }
MOBSYNC_INLINE errno_t gmtime_s(struct tm *parts, const time_t *time) { return gmtime_r(time, parts) ? 0 : EINVAL; }
#define _mkgmtime timegm
typedef int64_t __time64_t;
#define _time64(place) ((__time64_t)time(place))
#define _getpid getpid
#define _fileno fileno
MOBSYNC_INLINE errno_t fopen_s(FILE **file, const char *path, const char *mode) {
    *file = fopen(path, mode);
    return *file ? 0 : errno;
}
/* Paths are UTF-8 for the system. */
MOBSYNC_INLINE FILE *_wfopen(const WCHAR *path, const WCHAR *mode) {
    char bytes[4096], how[16];
    if (!WideCharToMultiByte(CP_UTF8, 0, path, -1, bytes, sizeof bytes, NULL, NULL)) return NULL;
    if (!WideCharToMultiByte(CP_UTF8, 0, mode, -1, how, sizeof how, NULL, NULL)) return NULL;
    return fopen(bytes, how);
}
MOBSYNC_INLINE errno_t _wfopen_s(FILE **file, const WCHAR *path, const WCHAR *mode) {
    *file = _wfopen(path, mode);
    return *file ? 0 : errno;
}

/* A path as the system has it; NULL where it is too long. */
MOBSYNC_INLINE const char *mobsync_path(const WCHAR *path, char *bytes, int room) {
    return WideCharToMultiByte(CP_UTF8, 0, path, -1, bytes, room, NULL, NULL) ? bytes : NULL;
}
#define MOBSYNC_WITH_PATH(name, call)                                                                                  \
    MOBSYNC_INLINE int name(const WCHAR *path) {                                                                       \
        char bytes[4096];                                                                                              \
        if (!mobsync_path(path, bytes, sizeof bytes)) {                                                                \
            errno = ENAMETOOLONG;                                                                                      \
            return -1;                                                                                                 \
        }                                                                                                              \
        return call;                                                                                                   \
    }
MOBSYNC_WITH_PATH(_wmkdir, mkdir(bytes, 0777))
MOBSYNC_WITH_PATH(_wrmdir, rmdir(bytes))
MOBSYNC_WITH_PATH(_wunlink, unlink(bytes))
MOBSYNC_WITH_PATH(_wremove, remove(bytes))
MOBSYNC_INLINE int _waccess(const WCHAR *path, int mode) {
    char bytes[4096];
    return mobsync_path(path, bytes, sizeof bytes) ? access(bytes, mode) : -1;
}
MOBSYNC_INLINE int _wrename(const WCHAR *from, const WCHAR *to) {
    char old_path[4096], new_path[4096];
    if (!mobsync_path(from, old_path, sizeof old_path) || !mobsync_path(to, new_path, sizeof new_path)) return -1;
    return rename(old_path, new_path);
}
#define _access access
#define _unlink unlink
#define _mkdir(path) mkdir((path), 0777)
#define _rmdir rmdir
MOBSYNC_INLINE errno_t rand_s(unsigned *number) {
    FILE *random = fopen("/dev/urandom", "rb");
    size_t read = random ? fread(number, sizeof *number, 1, random) : 0;
    if (random) fclose(random);
    return read == 1 ? 0 : EINVAL;
}
/* Without a bound: the caller has room. */
MOBSYNC_VARIADIC(int, _swprintf, (WCHAR * to, const WCHAR *form, ...), form, (int)mobsync_formatW(to, 0x7fffffff, form, values))

#if !(defined(__cplusplus) && !(defined(__SIZEOF_WCHAR_T__) && __SIZEOF_WCHAR_T__ == 2))
#define wcslen mobsync_wcslen
#define wcsnlen mobsync_wcsnlen
#define wcscpy mobsync_wcscpy
#define wcsncpy mobsync_wcsncpy
#define wcscat mobsync_wcscat
#define wcsncat mobsync_wcsncat
#define wcscmp mobsync_wcscmp
#define wcsncmp mobsync_wcsncmp
#define wcschr mobsync_wcschr
#define wcsrchr mobsync_wcsrchr
#define wcsstr mobsync_wcsstr
#define wcspbrk mobsync_wcspbrk
#define wcsspn mobsync_wcsspn
#define wcscspn mobsync_wcscspn
#define wcstol mobsync_wcstol
#define wcstoul mobsync_wcstoul
#define wcstoll mobsync_wcstoll
#define wcstoull mobsync_wcstoull
#define wcstod mobsync_wcstod
#define swprintf mobsync_swprintf
#define vswprintf mobsync_vswprintf
#define wprintf mobsync_wprintf
#define fwprintf mobsync_fwprintf
#define vfwprintf mobsync_vfwprintf
#define fputws mobsync_fputws
#ifdef __cplusplus
namespace std {
using ::mobsync_wcscat;
using ::mobsync_wcschr;
using ::mobsync_wcscmp;
using ::mobsync_wcscpy;
using ::mobsync_wcscspn;
using ::mobsync_wcslen;
using ::mobsync_wcsncat;
using ::mobsync_wcsncmp;
using ::mobsync_wcsncpy;
using ::mobsync_wcspbrk;
using ::mobsync_wcsrchr;
using ::mobsync_wcsspn;
using ::mobsync_wcsstr;
using ::mobsync_wcstod;
using ::mobsync_wcstol;
using ::mobsync_wcstoll;
using ::mobsync_wcstoul;
using ::mobsync_wcstoull;
using ::mobsync_swprintf;
using ::mobsync_vswprintf;
using ::mobsync_wprintf;
using ::mobsync_fwprintf;
using ::mobsync_vfwprintf;
using ::mobsync_fputws;
} // namespace std
#endif
#endif

/* ---- tchar.h. ----------------------------------------------------------------------------------------------------- */

#if defined(UNICODE) || defined(_UNICODE)
#define MOBSYNC_TC(wide, bytes) wide
#else
#define MOBSYNC_TC(wide, bytes) bytes
#endif
#define _tcscmp MOBSYNC_TC(wcscmp, strcmp)
#define _tcsncmp MOBSYNC_TC(wcsncmp, strncmp)
#define _tcsnicmp MOBSYNC_TC(_wcsnicmp, _strnicmp)
#define _tcscpy MOBSYNC_TC(wcscpy, strcpy)
#define _tcsncpy MOBSYNC_TC(wcsncpy, strncpy)
#define _tcscat MOBSYNC_TC(wcscat, strcat)
#define _tcsncat MOBSYNC_TC(wcsncat, strncat)
#define _tcschr MOBSYNC_TC(wcschr, strchr)
#define _tcsrchr MOBSYNC_TC(wcsrchr, strrchr)
#define _tcsstr MOBSYNC_TC(wcsstr, strstr)
#define _tcspbrk MOBSYNC_TC(wcspbrk, strpbrk)
#define _tcsspn MOBSYNC_TC(wcsspn, strspn)
#define _tcscspn MOBSYNC_TC(wcscspn, strcspn)
#define _tcsdup MOBSYNC_TC(_wcsdup, _strdup)
#define _tcslwr MOBSYNC_TC(_wcslwr, _strlwr)
#define _tcsupr MOBSYNC_TC(_wcsupr, _strupr)
#define _tcsnlen MOBSYNC_TC(wcsnlen, strnlen)
#define _tcsncpy_s MOBSYNC_TC(wcsncpy_s, strncpy_s)
#define _tcsncat_s MOBSYNC_TC(wcsncat_s, strncat_s)
#define _tcstok_s MOBSYNC_TC(wcstok_s, strtok_s)
#define _tcstol MOBSYNC_TC(wcstol, strtol)
#define _tcstoul MOBSYNC_TC(wcstoul, strtoul)
#define _tcstod MOBSYNC_TC(wcstod, strtod)
#define _ttoi MOBSYNC_TC(_wtoi, atoi)
#define _ttol MOBSYNC_TC(_wtol, atol)
#define _ttoi64 MOBSYNC_TC(_wtoi64, _atoi64)
#define _itot MOBSYNC_TC(_itow, _itoa)
#define _itot_s MOBSYNC_TC(_itow_s, _itoa_s)
#define _ltot_s MOBSYNC_TC(_ltow_s, _ltoa_s)
#define _ultot_s MOBSYNC_TC(_ultow_s, _ultoa_s)
#define _sntprintf MOBSYNC_TC(_snwprintf, _snprintf)
#define _vsntprintf MOBSYNC_TC(_vsnwprintf, _vsnprintf)
#define _sntprintf_s MOBSYNC_TC(_snwprintf_s, _snprintf_s)
#define _vsntprintf_s MOBSYNC_TC(_vsnwprintf_s, _vsnprintf_s)
#define _vstprintf_s MOBSYNC_TC(vswprintf_s, vsprintf_s)
#define _stprintf MOBSYNC_TC(_swprintf, sprintf)
#define _tprintf MOBSYNC_TC(wprintf, printf)
#define _ftprintf MOBSYNC_TC(fwprintf, fprintf)
#define _fputts MOBSYNC_TC(fputws, fputs)
#define _tfopen MOBSYNC_TC(_wfopen, fopen)
#define _tfopen_s MOBSYNC_TC(_wfopen_s, fopen_s)
#define _istdigit MOBSYNC_TC(iswdigit, isdigit)
#define _istspace MOBSYNC_TC(iswspace, isspace)
#define _istalpha MOBSYNC_TC(iswalpha, isalpha)
#define _istalnum MOBSYNC_TC(iswalnum, isalnum)
#define _totlower MOBSYNC_TC(towlower, tolower)
#define _totupper MOBSYNC_TC(towupper, toupper)

/* ---- crtdbg.h. ---------------------------------------------------------------------------------------------------- */

#include <assert.h>
#define _ASSERT(what) assert(what)
#define _ASSERTE(what) assert(what)
#define _RPT0(kind, text) ((void)0)
#define _RPT1(kind, text, first) ((void)0)
#define _CrtSetDbgFlag(flags) (0)
#define _CRTDBG_ALLOC_MEM_DF 1
#define _CRTDBG_LEAK_CHECK_DF 0x20

#endif /* MOBSYNC_RUNTIME_H */
