/* Text: terminated UTF-16 (W) and bytes, which are UTF-8 here (A). Included by mobsync_platform.h.
 *
 * Part of mobsync, MIT OR Apache-2.0.
 */
#include "mobsync_platform.h"
#ifndef MOBSYNC_TEXT_H
#define MOBSYNC_TEXT_H

#include <dlfcn.h>
#include <stdarg.h>
#include <strings.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

#define STRSAFE_MAX_CCH 2147483647
#define CP_ACP 0
#define CP_OEMCP 1
#define CP_THREAD_ACP 3
#define CP_UTF8 65001
#define MB_ERR_INVALID_CHARS 8
#define WC_ERR_INVALID_CHARS 0x80
#define MB_PRECOMPOSED 1

/* ---- Conversion: every code page that is asked for here is UTF-8. ------------------------------------------------ */

/* Reads one character of UTF-8. Returns how many bytes it has; of what is none, one, which stands for U+FFFD. */
MOBSYNC_INLINE int mobsync_from_utf8(const char *bytes, size_t room, uint32_t *character, int *ill) {
    const unsigned char *at = (const unsigned char *)bytes;
    int many = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : at[0] >= 0xe0 && at[0] < 0xf0 ? 3 : at[0] >= 0xf0 && at[0] < 0xf5 ? 4 : 0;
    int nth;
    uint32_t code = many == 1 ? at[0] : many ? at[0] & (0x7fu >> many) : 0;
    for (nth = 1; many && nth < many; nth++) {
        if ((size_t)nth >= room || (at[nth] & 0xc0) != 0x80)
            many = 0;
        else
            code = code << 6 | (at[nth] & 0x3fu);
    }
    if (!many || (many == 3 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) || (many == 4 && (code < 0x10000 || code > 0x10ffff))) {
        *ill = 1;
        *character = 0xfffd;
        return 1;
    }
    *character = code;
    return many;
}

MOBSYNC_INLINE int MultiByteToWideChar(UINT page, DWORD flags, LPCSTR from, int many, LPWSTR to, int room) {
    size_t length, at = 0;
    int units = 0, ill = 0;
    (void)page;
    if (!from || !many || room < 0 || (room && !to)) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return 0;
    }
    length = many < 0 ? strlen(from) + 1 : (size_t)many;
    while (at < length) {
        uint32_t character;
        int nth, needs;
        WCHAR unit[2];
        at += (size_t)mobsync_from_utf8(from + at, length - at, &character, &ill);
        needs = character > 0xffff ? 2 : 1;
        unit[0] = (WCHAR)(needs == 1 ? character : 0xd800 + ((character - 0x10000) >> 10));
        unit[1] = (WCHAR)(0xdc00 + (character & 0x3ff));
        if (room && units + needs > room) {
            SetLastError(ERROR_INSUFFICIENT_BUFFER);
            return 0;
        }
        for (nth = 0; room && nth < needs; nth++) to[units + nth] = unit[nth];
        units += needs;
    }
    if (ill && (flags & MB_ERR_INVALID_CHARS)) {
        SetLastError(ERROR_NO_UNICODE_TRANSLATION);
        return 0;
    }
    return units;
}

MOBSYNC_INLINE int WideCharToMultiByte(UINT page, DWORD flags, LPCWSTR from, int many, LPSTR to, int room, LPCSTR other,
                                       LPBOOL used_other) {
    size_t length = 0, at = 0;
    int bytes = 0, ill = 0;
    (void)page;
    if (!from || !many || room < 0 || (room && !to) || other || used_other) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return 0;
    }
    if (many < 0) {
        while (from[length]) length++;
        length++;
    } else {
        length = (size_t)many;
    }
    while (at < length) {
        uint32_t character = (uint16_t)from[at++];
        char byte[4];
        int needs, nth;
        if (character >= 0xd800 && character < 0xdc00 && at < length && (uint16_t)from[at] >= 0xdc00 && (uint16_t)from[at] < 0xe000) {
            character = 0x10000 + ((character & 0x3ff) << 10) + ((uint16_t)from[at++] & 0x3ffu);
        } else if (character >= 0xd800 && character < 0xe000) {
            ill = 1;
            character = 0xfffd;
        }
        needs = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
        for (nth = needs - 1; nth > 0; nth--) {
            byte[nth] = (char)(0x80 | (character & 0x3f));
            character >>= 6;
        }
        byte[0] = (char)(needs == 1 ? character : (0xf00u >> needs & 0xf0) | character);
        if (needs == 2) byte[0] = (char)(0xc0 | character);
        if (needs == 3) byte[0] = (char)(0xe0 | character);
        if (room && bytes + needs > room) {
            SetLastError(ERROR_INSUFFICIENT_BUFFER);
            return 0;
        }
        for (nth = 0; room && nth < needs; nth++) to[bytes + nth] = byte[nth];
        bytes += needs;
    }
    if (ill && (flags & WC_ERR_INVALID_CHARS)) {
        SetLastError(ERROR_NO_UNICODE_TRANSLATION);
        return 0;
    }
    return bytes;
}

/* ---- Strings, in both widths. ------------------------------------------------------------------------------------- */

/* A as a small letter, where it is a Latin one. */
MOBSYNC_INLINE int mobsync_folded(int unit) { return unit >= 'A' && unit <= 'Z' ? unit + 32 : unit; }
#define MOBSYNC_MADE(part, value) ((size_t)snprintf(made, sizeof made, part, value))

MOBSYNC_INLINE int lstrlenW(LPCWSTR text) {
    int length = 0;
    while (text && text[length]) length++;
    return length;
}
MOBSYNC_INLINE LPWSTR lstrcpyW(LPWSTR to, LPCWSTR from) {
    LPWSTR at = to;
    if (!to || !from) return NULL;
    while ((*at++ = *from++) != 0) {
    }
    return to;
}
MOBSYNC_INLINE LPWSTR lstrcatW(LPWSTR to, LPCWSTR from) {
    if (!to || !from) return NULL;
    lstrcpyW(to + lstrlenW(to), from);
    return to;
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
    return (uint16_t)*a < (uint16_t)*b ? -1 : (uint16_t)*a > (uint16_t)*b;
}
/* Latin letters alone are compared without their case. */
MOBSYNC_INLINE int lstrcmpiW(LPCWSTR a, LPCWSTR b) {
    while (*a && mobsync_folded((uint16_t)*a) == mobsync_folded((uint16_t)*b)) {
        a++;
        b++;
    }
    return mobsync_folded((uint16_t)*a) < mobsync_folded((uint16_t)*b) ? -1 : mobsync_folded((uint16_t)*a) > mobsync_folded((uint16_t)*b);
}

MOBSYNC_INLINE HRESULT StringCchLengthW(LPCWSTR text, size_t most, size_t *length) {
    size_t at = 0;
    if (length) *length = 0;
    if (!text || most > STRSAFE_MAX_CCH) return STRSAFE_E_INVALID_PARAMETER;
    while (at < most && text[at]) at++;
    if (at == most) return STRSAFE_E_INVALID_PARAMETER;
    if (length) *length = at;
    return S_OK;
}
MOBSYNC_INLINE HRESULT StringCchCopyNW(LPWSTR to, size_t room, LPCWSTR from, size_t most) {
    size_t at = 0;
    if (!to || !from || room == 0 || room > STRSAFE_MAX_CCH) return STRSAFE_E_INVALID_PARAMETER;
    while (at < room - 1 && at < most && from[at]) {
        to[at] = from[at];
        at++;
    }
    to[at] = 0;
    return at < most && from[at] ? STRSAFE_E_INSUFFICIENT_BUFFER : S_OK;
}
MOBSYNC_INLINE HRESULT StringCchCopyW(LPWSTR to, size_t room, LPCWSTR from) {
    return StringCchCopyNW(to, room, from, STRSAFE_MAX_CCH);
}
MOBSYNC_INLINE HRESULT StringCchCatW(LPWSTR to, size_t room, LPCWSTR from) {
    size_t length;
    HRESULT hr = StringCchLengthW(to, room, &length);
    return FAILED(hr) ? hr : StringCchCopyW(to + length, room - length, from);
}

/* Writes as printf does, at most `room` units with the zero. Returns how many units the whole would have; -1 when the form is
 * unknown. A form's length words are Windows': l has 32 bits, I64 and ll have 64. */
MOBSYNC_INLINE long mobsync_formatW(WCHAR *to, size_t room, LPCWSTR form, va_list values) {
    size_t at = 0;
#define MOBSYNC_PUT(unit)                                                                                              \
    do {                                                                                                               \
        if (at + 1 < room) to[at] = (WCHAR)(unit);                                                                   \
        at++;                                                                                                          \
    } while (0)
    while (*form) {
        char part[24], made[512];
        size_t nth = 0, length = 0;
        int width = -1, precision = -1, left = 0, wide64 = 0, narrow = 0, bytewise;
        if (*form != '%') {
            MOBSYNC_PUT(*form);
            form++;
            continue;
        }
        form++;
        part[nth++] = '%';
        while (*form == '-' || *form == '+' || *form == ' ' || *form == '#' || *form == '0') {
            left |= *form == '-';
            if (nth < 7) part[nth++] = (char)*form;
            form++;
        }
        if (*form == '*') {
            width = va_arg(values, int);
            if (width < 0) {
                left = 1;
                width = -width;
                if (nth < 8) part[nth++] = '-';
            }
            form++;
        } else if (*form >= '1' && *form <= '9') {
            for (width = 0; *form >= '0' && *form <= '9' && width < 100000; form++) width = width * 10 + (int)(*form - '0');
        }
        if (*form == '.') {
            form++;
            precision = 0;
            if (*form == '*') {
                precision = va_arg(values, int);
                form++;
            } else {
                for (; *form >= '0' && *form <= '9' && precision < 100000; form++) precision = precision * 10 + (int)(*form - '0');
            }
        }
        for (;; form++) {
            if (*form == 'h') {
                narrow = 1;
            } else if (*form == 'w') {
                narrow = 0;
            } else if (*form == 'l') {
                narrow = 0;
                wide64 |= form[1] == 'l';
                if (wide64) form++;
            } else if (*form == 'I' && form[1] == '6' && form[2] == '4') {
                wide64 = 1;
                form += 2;
            } else if (*form == 'I' && form[1] == '3' && form[2] == '2') {
                form += 2;
            } else if (*form == 'z' || *form == 't' || *form == 'j' || *form == 'I') {
                wide64 = 1;
            } else {
                break;
            }
        }
        bytewise = (*form == 'S' || *form == 'C') ? !0 : narrow;
        switch (*form) {
        case 0: return -1;
        case '%': MOBSYNC_PUT('%'); break;
        case 's':
        case 'S': {
            const void *text = va_arg(values, const void *);
            size_t many = 0, unit;
            WCHAR *widened = NULL;
            const char *bytes = (const char *)text;
            const WCHAR *units = (const WCHAR *)text;
            if (!text) {
                bytes = "(null)";
                bytewise = 1;
            }
            if (bytewise) {
                while ((precision < 0 || many < (size_t)precision) && bytes[many]) many++;
            } else {
                while ((precision < 0 || many < (size_t)precision) && units[many]) many++;
            }
            if (bytewise != 0 && many) {
                /* The other width. A unit of the one may be several of the other. */
                size_t space = bytewise ? many : 3 * many;
                int got;
                widened = (WCHAR *)malloc((space + 1) * sizeof(WCHAR));
                if (!widened) return -1;
                got = bytewise ? MultiByteToWideChar(CP_UTF8, 0, bytes, (int)many, widened, (int)space)
                            : WideCharToMultiByte(CP_UTF8, 0, units, (int)many, (char *)widened, (int)space, NULL, NULL);
                many = (size_t)(got < 0 ? 0 : got);
                units = widened;
                bytes = (const char *)widened;
            }
            for (unit = many; !left && width >= 0 && unit < (size_t)width; unit++) MOBSYNC_PUT(' ');
            for (unit = 0; unit < many; unit++) MOBSYNC_PUT(units[unit]);
            for (unit = many; left && width >= 0 && unit < (size_t)width; unit++) MOBSYNC_PUT(' ');
            free(widened);
            break;
        }
        case 'c':
        case 'C': {
            int unit = va_arg(values, int), spaces;
            for (spaces = 1; !left && spaces < width; spaces++) MOBSYNC_PUT(' ');
            MOBSYNC_PUT(unit);
            for (spaces = 1; left && spaces < width; spaces++) MOBSYNC_PUT(' ');
            break;
        }
        default:
            if (width > 400 || precision > 80) return -1;
            if (width >= 0) nth += (size_t)snprintf(part + nth, sizeof part - nth, "%d", width);
            if (precision >= 0) nth += (size_t)snprintf(part + nth, sizeof part - nth, ".%d", precision);
            switch (*form) {
            case 'd':
            case 'i':
                snprintf(part + nth, sizeof part - nth, "lld");
                length = MOBSYNC_MADE(part, wide64 ? (long long)va_arg(values, int64_t) : (long long)va_arg(values, int));
                break;
            case 'u':
            case 'o':
            case 'x':
            case 'X':
                snprintf(part + nth, sizeof part - nth, "ll%c", (char)*form);
                length = MOBSYNC_MADE(part, wide64 ? (unsigned long long)va_arg(values, uint64_t)
                                                   : (unsigned long long)va_arg(values, unsigned));
                break;
            case 'p':
                snprintf(part, sizeof part, "%%016llX");
                length = MOBSYNC_MADE(part, (unsigned long long)(uintptr_t)va_arg(values, void *));
                break;
            case 'e':
            case 'E':
            case 'f':
            case 'g':
            case 'G':
                snprintf(part + nth, sizeof part - nth, "%c", (char)*form);
                length = MOBSYNC_MADE(part, va_arg(values, double));
                break;
            default: return -1;
            }
            for (nth = 0; nth < length && nth < sizeof made - 1; nth++) MOBSYNC_PUT(made[nth]);
        }
        form++;
    }
    if (room) to[at < room ? at : room - 1] = 0;
    return (long)at;
#undef MOBSYNC_PUT
}

MOBSYNC_INLINE HRESULT StringCchVPrintfW(LPWSTR to, size_t room, LPCWSTR form, va_list values) {
    long many;
    if (!to || !form || room == 0 || room > STRSAFE_MAX_CCH) return STRSAFE_E_INVALID_PARAMETER;
    many = mobsync_formatW(to, room, form, values);
    if (many < 0) to[0] = 0;
    return many < 0 ? STRSAFE_E_INVALID_PARAMETER : (size_t)many >= room ? STRSAFE_E_INSUFFICIENT_BUFFER : S_OK;
}
MOBSYNC_INLINE HRESULT StringCchPrintfW(LPWSTR to, size_t room, LPCWSTR form, ...) {
    va_list values;
    HRESULT hr;
    va_start(values, form);
    hr = StringCchVPrintfW(to, room, form, values);
    va_end(values);
    return hr;
}
MOBSYNC_INLINE HRESULT StringCbCopyW(LPWSTR to, size_t room, LPCWSTR from) {
    return StringCchCopyW(to, room / sizeof *to, from);
}
MOBSYNC_INLINE HRESULT StringCbCatW(LPWSTR to, size_t room, LPCWSTR from) { return StringCchCatW(to, room / sizeof *to, from); }
MOBSYNC_INLINE HRESULT StringCbLengthW(LPCWSTR text, size_t most, size_t *length) {
    HRESULT hr = StringCchLengthW(text, most / sizeof *text, length);
    if (length) *length *= sizeof *text;
    return hr;
}
MOBSYNC_INLINE HRESULT StringCbPrintfW(LPWSTR to, size_t room, LPCWSTR form, ...) {
    va_list values;
    HRESULT hr;
    va_start(values, form);
    hr = StringCchVPrintfW(to, room / sizeof *to, form, values);
    va_end(values);
    return hr;
}
/* At most 1024 units with the zero, as in the SDK. */
MOBSYNC_INLINE int wvsprintfW(LPWSTR to, LPCWSTR form, va_list values) {
    long many = mobsync_formatW(to, 1024, form, values);
    return many < 0 ? 0 : many > 1023 ? 1023 : (int)many;
}
MOBSYNC_INLINE int wsprintfW(LPWSTR to, LPCWSTR form, ...) {
    va_list values;
    int many;
    va_start(values, form);
    many = wvsprintfW(to, form, values);
    va_end(values);
    return many;
}

MOBSYNC_INLINE int lstrlenA(LPCSTR text) {
    int length = 0;
    while (text && text[length]) length++;
    return length;
}
MOBSYNC_INLINE LPSTR lstrcpyA(LPSTR to, LPCSTR from) {
    LPSTR at = to;
    if (!to || !from) return NULL;
    while ((*at++ = *from++) != 0) {
    }
    return to;
}
MOBSYNC_INLINE LPSTR lstrcatA(LPSTR to, LPCSTR from) {
    if (!to || !from) return NULL;
    lstrcpyA(to + lstrlenA(to), from);
    return to;
}
/* Copies at most room - 1 units, and always adds the zero. */
MOBSYNC_INLINE LPSTR lstrcpynA(LPSTR to, LPCSTR from, int room) {
    int at = 0;
    if (!to || !from || room <= 0) return NULL;
    while (at < room - 1 && from[at]) {
        to[at] = from[at];
        at++;
    }
    to[at] = 0;
    return to;
}
MOBSYNC_INLINE int lstrcmpA(LPCSTR a, LPCSTR b) {
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a < (unsigned char)*b ? -1 : (unsigned char)*a > (unsigned char)*b;
}
/* Latin letters alone are compared without their case. */
MOBSYNC_INLINE int lstrcmpiA(LPCSTR a, LPCSTR b) {
    while (*a && mobsync_folded((unsigned char)*a) == mobsync_folded((unsigned char)*b)) {
        a++;
        b++;
    }
    return mobsync_folded((unsigned char)*a) < mobsync_folded((unsigned char)*b) ? -1 : mobsync_folded((unsigned char)*a) > mobsync_folded((unsigned char)*b);
}

MOBSYNC_INLINE HRESULT StringCchLengthA(LPCSTR text, size_t most, size_t *length) {
    size_t at = 0;
    if (length) *length = 0;
    if (!text || most > STRSAFE_MAX_CCH) return STRSAFE_E_INVALID_PARAMETER;
    while (at < most && text[at]) at++;
    if (at == most) return STRSAFE_E_INVALID_PARAMETER;
    if (length) *length = at;
    return S_OK;
}
MOBSYNC_INLINE HRESULT StringCchCopyNA(LPSTR to, size_t room, LPCSTR from, size_t most) {
    size_t at = 0;
    if (!to || !from || room == 0 || room > STRSAFE_MAX_CCH) return STRSAFE_E_INVALID_PARAMETER;
    while (at < room - 1 && at < most && from[at]) {
        to[at] = from[at];
        at++;
    }
    to[at] = 0;
    return at < most && from[at] ? STRSAFE_E_INSUFFICIENT_BUFFER : S_OK;
}
MOBSYNC_INLINE HRESULT StringCchCopyA(LPSTR to, size_t room, LPCSTR from) {
    return StringCchCopyNA(to, room, from, STRSAFE_MAX_CCH);
}
MOBSYNC_INLINE HRESULT StringCchCatA(LPSTR to, size_t room, LPCSTR from) {
    size_t length;
    HRESULT hr = StringCchLengthA(to, room, &length);
    return FAILED(hr) ? hr : StringCchCopyA(to + length, room - length, from);
}

/* Writes as printf does, at most `room` units with the zero. Returns how many units the whole would have; -1 when the form is
 * unknown. A form's length words are Windows': l has 32 bits, I64 and ll have 64. */
MOBSYNC_INLINE long mobsync_formatA(char *to, size_t room, LPCSTR form, va_list values) {
    size_t at = 0;
#define MOBSYNC_PUT(unit)                                                                                              \
    do {                                                                                                               \
        if (at + 1 < room) to[at] = (char)(unit);                                                                   \
        at++;                                                                                                          \
    } while (0)
    while (*form) {
        char part[24], made[512];
        size_t nth = 0, length = 0;
        int width = -1, precision = -1, left = 0, wide64 = 0, narrow = 1, bytewise;
        if (*form != '%') {
            MOBSYNC_PUT(*form);
            form++;
            continue;
        }
        form++;
        part[nth++] = '%';
        while (*form == '-' || *form == '+' || *form == ' ' || *form == '#' || *form == '0') {
            left |= *form == '-';
            if (nth < 7) part[nth++] = (char)*form;
            form++;
        }
        if (*form == '*') {
            width = va_arg(values, int);
            if (width < 0) {
                left = 1;
                width = -width;
                if (nth < 8) part[nth++] = '-';
            }
            form++;
        } else if (*form >= '1' && *form <= '9') {
            for (width = 0; *form >= '0' && *form <= '9' && width < 100000; form++) width = width * 10 + (int)(*form - '0');
        }
        if (*form == '.') {
            form++;
            precision = 0;
            if (*form == '*') {
                precision = va_arg(values, int);
                form++;
            } else {
                for (; *form >= '0' && *form <= '9' && precision < 100000; form++) precision = precision * 10 + (int)(*form - '0');
            }
        }
        for (;; form++) {
            if (*form == 'h') {
                narrow = 1;
            } else if (*form == 'w') {
                narrow = 0;
            } else if (*form == 'l') {
                narrow = 0;
                wide64 |= form[1] == 'l';
                if (wide64) form++;
            } else if (*form == 'I' && form[1] == '6' && form[2] == '4') {
                wide64 = 1;
                form += 2;
            } else if (*form == 'I' && form[1] == '3' && form[2] == '2') {
                form += 2;
            } else if (*form == 'z' || *form == 't' || *form == 'j' || *form == 'I') {
                wide64 = 1;
            } else {
                break;
            }
        }
        bytewise = (*form == 'S' || *form == 'C') ? !1 : narrow;
        switch (*form) {
        case 0: return -1;
        case '%': MOBSYNC_PUT('%'); break;
        case 's':
        case 'S': {
            const void *text = va_arg(values, const void *);
            size_t many = 0, unit;
            WCHAR *widened = NULL;
            const char *bytes = (const char *)text;
            const WCHAR *units = (const WCHAR *)text;
            if (!text) {
                bytes = "(null)";
                bytewise = 1;
            }
            if (bytewise) {
                while ((precision < 0 || many < (size_t)precision) && bytes[many]) many++;
            } else {
                while ((precision < 0 || many < (size_t)precision) && units[many]) many++;
            }
            if (bytewise != 1 && many) {
                /* The other width. A unit of the one may be several of the other. */
                size_t space = bytewise ? many : 3 * many;
                int got;
                widened = (WCHAR *)malloc((space + 1) * sizeof(WCHAR));
                if (!widened) return -1;
                got = bytewise ? MultiByteToWideChar(CP_UTF8, 0, bytes, (int)many, widened, (int)space)
                            : WideCharToMultiByte(CP_UTF8, 0, units, (int)many, (char *)widened, (int)space, NULL, NULL);
                many = (size_t)(got < 0 ? 0 : got);
                units = widened;
                bytes = (const char *)widened;
            }
            for (unit = many; !left && width >= 0 && unit < (size_t)width; unit++) MOBSYNC_PUT(' ');
            for (unit = 0; unit < many; unit++) MOBSYNC_PUT(bytes[unit]);
            for (unit = many; left && width >= 0 && unit < (size_t)width; unit++) MOBSYNC_PUT(' ');
            free(widened);
            break;
        }
        case 'c':
        case 'C': {
            int unit = va_arg(values, int), spaces;
            for (spaces = 1; !left && spaces < width; spaces++) MOBSYNC_PUT(' ');
            MOBSYNC_PUT(unit);
            for (spaces = 1; left && spaces < width; spaces++) MOBSYNC_PUT(' ');
            break;
        }
        default:
            if (width > 400 || precision > 80) return -1;
            if (width >= 0) nth += (size_t)snprintf(part + nth, sizeof part - nth, "%d", width);
            if (precision >= 0) nth += (size_t)snprintf(part + nth, sizeof part - nth, ".%d", precision);
            switch (*form) {
            case 'd':
            case 'i':
                snprintf(part + nth, sizeof part - nth, "lld");
                length = MOBSYNC_MADE(part, wide64 ? (long long)va_arg(values, int64_t) : (long long)va_arg(values, int));
                break;
            case 'u':
            case 'o':
            case 'x':
            case 'X':
                snprintf(part + nth, sizeof part - nth, "ll%c", (char)*form);
                length = MOBSYNC_MADE(part, wide64 ? (unsigned long long)va_arg(values, uint64_t)
                                                   : (unsigned long long)va_arg(values, unsigned));
                break;
            case 'p':
                snprintf(part, sizeof part, "%%016llX");
                length = MOBSYNC_MADE(part, (unsigned long long)(uintptr_t)va_arg(values, void *));
                break;
            case 'e':
            case 'E':
            case 'f':
            case 'g':
            case 'G':
                snprintf(part + nth, sizeof part - nth, "%c", (char)*form);
                length = MOBSYNC_MADE(part, va_arg(values, double));
                break;
            default: return -1;
            }
            for (nth = 0; nth < length && nth < sizeof made - 1; nth++) MOBSYNC_PUT(made[nth]);
        }
        form++;
    }
    if (room) to[at < room ? at : room - 1] = 0;
    return (long)at;
#undef MOBSYNC_PUT
}

MOBSYNC_INLINE HRESULT StringCchVPrintfA(LPSTR to, size_t room, LPCSTR form, va_list values) {
    long many;
    if (!to || !form || room == 0 || room > STRSAFE_MAX_CCH) return STRSAFE_E_INVALID_PARAMETER;
    many = mobsync_formatA(to, room, form, values);
    if (many < 0) to[0] = 0;
    return many < 0 ? STRSAFE_E_INVALID_PARAMETER : (size_t)many >= room ? STRSAFE_E_INSUFFICIENT_BUFFER : S_OK;
}
MOBSYNC_INLINE HRESULT StringCchPrintfA(LPSTR to, size_t room, LPCSTR form, ...) {
    va_list values;
    HRESULT hr;
    va_start(values, form);
    hr = StringCchVPrintfA(to, room, form, values);
    va_end(values);
    return hr;
}
MOBSYNC_INLINE HRESULT StringCbCopyA(LPSTR to, size_t room, LPCSTR from) {
    return StringCchCopyA(to, room / sizeof *to, from);
}
MOBSYNC_INLINE HRESULT StringCbCatA(LPSTR to, size_t room, LPCSTR from) { return StringCchCatA(to, room / sizeof *to, from); }
MOBSYNC_INLINE HRESULT StringCbLengthA(LPCSTR text, size_t most, size_t *length) {
    HRESULT hr = StringCchLengthA(text, most / sizeof *text, length);
    if (length) *length *= sizeof *text;
    return hr;
}
MOBSYNC_INLINE HRESULT StringCbPrintfA(LPSTR to, size_t room, LPCSTR form, ...) {
    va_list values;
    HRESULT hr;
    va_start(values, form);
    hr = StringCchVPrintfA(to, room / sizeof *to, form, values);
    va_end(values);
    return hr;
}
/* At most 1024 units with the zero, as in the SDK. */
MOBSYNC_INLINE int wvsprintfA(LPSTR to, LPCSTR form, va_list values) {
    long many = mobsync_formatA(to, 1024, form, values);
    return many < 0 ? 0 : many > 1023 ? 1023 : (int)many;
}
MOBSYNC_INLINE int wsprintfA(LPSTR to, LPCSTR form, ...) {
    va_list values;
    int many;
    va_start(values, form);
    many = wvsprintfA(to, form, values);
    va_end(values);
    return many;
}

typedef int errno_t;
#define _TRUNCATE ((size_t)-1)

/* The C runtime's functions with room. Where it is too small, the text becomes empty and the result is ERANGE. */
MOBSYNC_INLINE errno_t mobsync_emptied(HRESULT hr, void *text, size_t size) {
    if (hr == S_OK) return 0;
    if (text && size) memset(text, 0, size);
    return hr == STRSAFE_E_INSUFFICIENT_BUFFER ? ERANGE : EINVAL;
}
MOBSYNC_INLINE errno_t wcscpy_s(WCHAR *to, size_t room, const WCHAR *from) {
    return mobsync_emptied(StringCchCopyW(to, room, from), to, room ? sizeof *to : 0);
}
MOBSYNC_INLINE errno_t wcscat_s(WCHAR *to, size_t room, const WCHAR *from) {
    return mobsync_emptied(StringCchCatW(to, room, from), to, room ? sizeof *to : 0);
}
MOBSYNC_INLINE errno_t wcsncpy_s(WCHAR *to, size_t room, const WCHAR *from, size_t most) {
    HRESULT hr = StringCchCopyNW(to, room, from, most == _TRUNCATE ? STRSAFE_MAX_CCH : most);
    if (hr == STRSAFE_E_INSUFFICIENT_BUFFER && most == _TRUNCATE) return 80; /* STRUNCATE: the beginning is there */
    return mobsync_emptied(hr, to, room ? sizeof *to : 0);
}
MOBSYNC_INLINE errno_t strcpy_s(char *to, size_t room, const char *from) {
    return mobsync_emptied(StringCchCopyA(to, room, from), to, room ? 1 : 0);
}
MOBSYNC_INLINE errno_t strcat_s(char *to, size_t room, const char *from) {
    return mobsync_emptied(StringCchCatA(to, room, from), to, room ? 1 : 0);
}
MOBSYNC_INLINE int swprintf_s(WCHAR *to, size_t room, const WCHAR *form, ...) {
    va_list values;
    HRESULT hr;
    va_start(values, form);
    hr = StringCchVPrintfW(to, room, form, values);
    va_end(values);
    return mobsync_emptied(hr, to, room ? sizeof *to : 0) ? -1 : lstrlenW(to);
}
MOBSYNC_INLINE int sprintf_s(char *to, size_t room, const char *form, ...) {
    va_list values;
    HRESULT hr;
    va_start(values, form);
    hr = StringCchVPrintfA(to, room, form, values);
    va_end(values);
    return mobsync_emptied(hr, to, room ? 1 : 0) ? -1 : lstrlenA(to);
}
MOBSYNC_INLINE int _wcsicmp(const WCHAR *a, const WCHAR *b) { return lstrcmpiW(a, b); }
MOBSYNC_INLINE int _stricmp(const char *a, const char *b) { return lstrcmpiA(a, b); }

#ifdef __cplusplus
template <size_t room> errno_t wcscpy_s(WCHAR (&to)[room], const WCHAR *from) { return wcscpy_s(to, room, from); }
template <size_t room> errno_t wcscat_s(WCHAR (&to)[room], const WCHAR *from) { return wcscat_s(to, room, from); }
template <size_t room> errno_t wcsncpy_s(WCHAR (&to)[room], const WCHAR *from, size_t most) {
    return wcsncpy_s(to, room, from, most);
}
template <size_t room> errno_t strcpy_s(char (&to)[room], const char *from) { return strcpy_s(to, room, from); }
template <size_t room> errno_t strcat_s(char (&to)[room], const char *from) { return strcat_s(to, room, from); }
template <size_t room, typename... Values> int swprintf_s(WCHAR (&to)[room], const WCHAR *form, Values... values) {
    return swprintf_s(to, room, form, values...);
}
template <size_t room, typename... Values> int sprintf_s(char (&to)[room], const char *form, Values... values) {
    return sprintf_s(to, room, form, values...);
}
#endif

/* ---- What is said to a debugger goes to standard error, where mobsync keeps it. ----------------------------------- */

MOBSYNC_INLINE void OutputDebugStringA(LPCSTR text) {
    size_t left = text ? strlen(text) : 0;
    while (left) {
        ssize_t written = write(STDERR_FILENO, text, left);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text += written;
        left -= (size_t)written;
    }
}
MOBSYNC_INLINE void OutputDebugStringW(LPCWSTR text) {
    int room = text ? WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL) : 0;
    char *bytes = room > 0 ? (char *)malloc((size_t)room) : NULL;
    if (bytes && WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, room, NULL, NULL) > 0) OutputDebugStringA(bytes);
    free(bytes);
}

/* ---- The library's own file. --------------------------------------------------------------------------------------- */

/* The file of this library, for its module handle; for NULL, and the handle of the program, that which has loaded it. */
#define MOBSYNC_PROGRAM ((HMODULE)(ULONG_PTR)0x400000)
MOBSYNC_INLINE DWORD GetModuleFileNameA(HMODULE module, LPSTR to, DWORD room) {
    char path[4096];
    size_t length;
    if (!to || !room) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return 0;
    }
    if (module && module != MOBSYNC_PROGRAM) {
        Dl_info found;
        if (!dladdr((const void *)&mobsync_here, &found) || !found.dli_fname || !realpath(found.dli_fname, path)) {
            SetLastError(ERROR_NOT_FOUND);
            return 0;
        }
    } else {
#ifdef __APPLE__
        uint32_t most = sizeof path;
        if (_NSGetExecutablePath(path, &most) != 0) path[0] = 0;
#else
        ssize_t most = readlink("/proc/self/exe", path, sizeof path - 1);
        path[most < 0 ? 0 : most] = 0;
#endif
    }
    length = strlen(path);
    if (length >= room) {
        memcpy(to, path, room - 1);
        to[room - 1] = 0;
        SetLastError(ERROR_INSUFFICIENT_BUFFER);
        return room;
    }
    memcpy(to, path, length + 1);
    return (DWORD)length;
}
MOBSYNC_INLINE DWORD GetModuleFileNameW(HMODULE module, LPWSTR to, DWORD room) {
    char path[4096];
    int units;
    if (!to || !room) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return 0;
    }
    if (!GetModuleFileNameA(module, path, sizeof path)) return 0;
    units = MultiByteToWideChar(CP_UTF8, 0, path, -1, to, (int)room);
    if (units == 0) {
        to[room - 1] = 0;
        return room;
    }
    return (DWORD)units - 1;
}
MOBSYNC_INLINE BOOL DisableThreadLibraryCalls(HMODULE module) {
    (void)module;
    return TRUE; /* DllMain is not called for threads anyway */
}

#define lstrlen MOBSYNC_T(lstrlen)
#define lstrcpy MOBSYNC_T(lstrcpy)
#define lstrcat MOBSYNC_T(lstrcat)
#define lstrcpyn MOBSYNC_T(lstrcpyn)
#define lstrcmp MOBSYNC_T(lstrcmp)
#define lstrcmpi MOBSYNC_T(lstrcmpi)
#define wsprintf MOBSYNC_T(wsprintf)
#define wvsprintf MOBSYNC_T(wvsprintf)
#define StringCchLength MOBSYNC_T(StringCchLength)
#define StringCchCopy MOBSYNC_T(StringCchCopy)
#define StringCchCopyN MOBSYNC_T(StringCchCopyN)
#define StringCchCat MOBSYNC_T(StringCchCat)
#define StringCchPrintf MOBSYNC_T(StringCchPrintf)
#define StringCchVPrintf MOBSYNC_T(StringCchVPrintf)
#define StringCbCopy MOBSYNC_T(StringCbCopy)
#define StringCbCat MOBSYNC_T(StringCbCat)
#define StringCbLength MOBSYNC_T(StringCbLength)
#define StringCbPrintf MOBSYNC_T(StringCbPrintf)
#define OutputDebugString MOBSYNC_T(OutputDebugString)
#define GetModuleFileName MOBSYNC_T(GetModuleFileName)
#if defined(UNICODE) || defined(_UNICODE)
#define _tcscpy_s wcscpy_s
#define _tcscat_s wcscat_s
#define _stprintf_s swprintf_s
#define _tcsicmp _wcsicmp
#else
#define _tcscpy_s strcpy_s
#define _tcscat_s strcat_s
#define _stprintf_s sprintf_s
#define _tcsicmp _stricmp
#endif
#define _tcslen(text) ((size_t)lstrlen(text))

#endif /* MOBSYNC_TEXT_H */
