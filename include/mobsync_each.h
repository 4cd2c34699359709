/* Functions that there are in both widths: mobsync_strings.h includes this twice, with MOBSYNC_EACH as W and as A, MOBSYNC_UNIT
 * as the type of a unit, and MOBSYNC_F as the name of a function in that width.
 *
 * Part of mobsync, MIT OR Apache-2.0.
 */
#ifndef MOBSYNC_EACH
#include "mobsync_platform.h"
#else

/* ---- strsafe.h. --------------------------------------------------------------------------------------------------- */

/* What the functions with Ex tell, and do on the caller's wish. `kept` units were there before, and stay when nothing is to be
 * cut off. */
MOBSYNC_INLINE HRESULT MOBSYNC_F(mobsync_ex)(HRESULT hr, MOBSYNC_UNIT *to, size_t room, size_t kept, MOBSYNC_UNIT **end,
                                             size_t *rest, DWORD flags) {
    size_t length = 0;
    unsigned char filler = (unsigned char)(flags & 0xff);
    if (to && room) {
        if (hr == STRSAFE_E_INSUFFICIENT_BUFFER && (flags & STRSAFE_NO_TRUNCATION)) to[kept] = 0;
        if (FAILED(hr) && (flags & STRSAFE_FILL_ON_FAILURE)) {
            memset(to, filler, room * sizeof *to);
            to[filler ? room - 1 : 0] = 0;
        }
        if (FAILED(hr) && (flags & STRSAFE_NULL_ON_FAILURE)) to[0] = 0;
        while (length < room - 1 && to[length]) length++;
        if (SUCCEEDED(hr) && (flags & STRSAFE_FILL_BEHIND_NULL)) memset(to + length + 1, filler, (room - length - 1) * sizeof *to);
    }
    if (end) *end = to ? to + length : to;
    if (rest) *rest = room - length;
    return hr;
}
MOBSYNC_INLINE HRESULT MOBSYNC_F(StringCchCatN)(MOBSYNC_UNIT *to, size_t room, const MOBSYNC_UNIT *from, size_t most) {
    size_t length;
    HRESULT hr = MOBSYNC_F(StringCchLength)(to, room, &length);
    return FAILED(hr) ? hr : MOBSYNC_F(StringCchCopyN)(to + length, room - length, from, most);
}
MOBSYNC_INLINE HRESULT MOBSYNC_F(StringCchCopyNEx)(MOBSYNC_UNIT *to, size_t room, const MOBSYNC_UNIT *from, size_t most,
                                                   MOBSYNC_UNIT **end, size_t *rest, DWORD flags) {
    static const MOBSYNC_UNIT empty[1] = {0};
    HRESULT hr;
    if ((flags & STRSAFE_IGNORE_NULLS) && !from) from = empty;
    hr = (flags & STRSAFE_IGNORE_NULLS) && !to && !room && !*from ? S_OK : MOBSYNC_F(StringCchCopyN)(to, room, from, most);
    return MOBSYNC_F(mobsync_ex)(hr, to, room, 0, end, rest, flags);
}
MOBSYNC_INLINE HRESULT MOBSYNC_F(StringCchCopyEx)(MOBSYNC_UNIT *to, size_t room, const MOBSYNC_UNIT *from, MOBSYNC_UNIT **end,
                                                  size_t *rest, DWORD flags) {
    return MOBSYNC_F(StringCchCopyNEx)(to, room, from, STRSAFE_MAX_CCH, end, rest, flags);
}
MOBSYNC_INLINE HRESULT MOBSYNC_F(StringCchCatNEx)(MOBSYNC_UNIT *to, size_t room, const MOBSYNC_UNIT *from, size_t most,
                                                  MOBSYNC_UNIT **end, size_t *rest, DWORD flags) {
    static const MOBSYNC_UNIT empty[1] = {0};
    size_t kept = 0;
    HRESULT hr;
    if ((flags & STRSAFE_IGNORE_NULLS) && !from) from = empty;
    if ((flags & STRSAFE_IGNORE_NULLS) && !to && !room && !*from) return MOBSYNC_F(mobsync_ex)(S_OK, to, room, 0, end, rest, flags);
    MOBSYNC_F(StringCchLength)(to, room, &kept);
    hr = MOBSYNC_F(StringCchCatN)(to, room, from, most);
    return MOBSYNC_F(mobsync_ex)(hr, to, room, kept, end, rest, flags);
}
MOBSYNC_INLINE HRESULT MOBSYNC_F(StringCchCatEx)(MOBSYNC_UNIT *to, size_t room, const MOBSYNC_UNIT *from, MOBSYNC_UNIT **end,
                                                 size_t *rest, DWORD flags) {
    return MOBSYNC_F(StringCchCatNEx)(to, room, from, STRSAFE_MAX_CCH, end, rest, flags);
}
MOBSYNC_INLINE HRESULT MOBSYNC_F(StringCchVPrintfEx)(MOBSYNC_UNIT *to, size_t room, MOBSYNC_UNIT **end, size_t *rest, DWORD flags,
                                                     const MOBSYNC_UNIT *form, va_list values) {
    return MOBSYNC_F(mobsync_ex)(MOBSYNC_F(StringCchVPrintf)(to, room, form, values), to, room, 0, end, rest, flags);
}
MOBSYNC_INLINE HRESULT MOBSYNC_F(StringCchPrintfEx)(MOBSYNC_UNIT *to, size_t room, MOBSYNC_UNIT **end, size_t *rest, DWORD flags,
                                                    const MOBSYNC_UNIT *form, ...) {
    va_list values;
    HRESULT hr;
    va_start(values, form);
    hr = MOBSYNC_F(StringCchVPrintfEx)(to, room, end, rest, flags, form, values);
    va_end(values);
    return hr;
}
/* The same with sizes in bytes. */
MOBSYNC_INLINE HRESULT MOBSYNC_F(StringCbCopyN)(MOBSYNC_UNIT *to, size_t room, const MOBSYNC_UNIT *from, size_t most) {
    return MOBSYNC_F(StringCchCopyN)(to, room / sizeof *to, from, most / sizeof *to);
}
MOBSYNC_INLINE HRESULT MOBSYNC_F(StringCbCatN)(MOBSYNC_UNIT *to, size_t room, const MOBSYNC_UNIT *from, size_t most) {
    return MOBSYNC_F(StringCchCatN)(to, room / sizeof *to, from, most / sizeof *to);
}
MOBSYNC_INLINE HRESULT MOBSYNC_F(StringCbVPrintf)(MOBSYNC_UNIT *to, size_t room, const MOBSYNC_UNIT *form, va_list values) {
    return MOBSYNC_F(StringCchVPrintf)(to, room / sizeof *to, form, values);
}
MOBSYNC_INLINE HRESULT MOBSYNC_F(StringCbCopyEx)(MOBSYNC_UNIT *to, size_t room, const MOBSYNC_UNIT *from, MOBSYNC_UNIT **end,
                                                 size_t *rest, DWORD flags) {
    HRESULT hr = MOBSYNC_F(StringCchCopyEx)(to, room / sizeof *to, from, end, rest, flags);
    if (rest) *rest = *rest * sizeof *to + room % sizeof *to;
    return hr;
}
MOBSYNC_INLINE HRESULT MOBSYNC_F(StringCbCatEx)(MOBSYNC_UNIT *to, size_t room, const MOBSYNC_UNIT *from, MOBSYNC_UNIT **end,
                                                size_t *rest, DWORD flags) {
    HRESULT hr = MOBSYNC_F(StringCchCatEx)(to, room / sizeof *to, from, end, rest, flags);
    if (rest) *rest = *rest * sizeof *to + room % sizeof *to;
    return hr;
}
MOBSYNC_INLINE HRESULT MOBSYNC_F(StringCbVPrintfEx)(MOBSYNC_UNIT *to, size_t room, MOBSYNC_UNIT **end, size_t *rest, DWORD flags,
                                                    const MOBSYNC_UNIT *form, va_list values) {
    HRESULT hr = MOBSYNC_F(StringCchVPrintfEx)(to, room / sizeof *to, end, rest, flags, form, values);
    if (rest) *rest = *rest * sizeof *to + room % sizeof *to;
    return hr;
}
MOBSYNC_INLINE HRESULT MOBSYNC_F(StringCbPrintfEx)(MOBSYNC_UNIT *to, size_t room, MOBSYNC_UNIT **end, size_t *rest, DWORD flags,
                                                   const MOBSYNC_UNIT *form, ...) {
    va_list values;
    HRESULT hr;
    va_start(values, form);
    hr = MOBSYNC_F(StringCbVPrintfEx)(to, room, end, rest, flags, form, values);
    va_end(values);
    return hr;
}

/* ---- Letters: Latin ones alone have a case. ------------------------------------------------------------------------ */

#define MOBSYNC_AS_UNIT(unit) ((int)(sizeof(MOBSYNC_UNIT) == 1 ? (unsigned char)(unit) : (uint16_t)(unit)))
MOBSYNC_INLINE BOOL MOBSYNC_F(IsCharUpper)(MOBSYNC_UNIT unit) { return unit >= 'A' && unit <= 'Z'; }
MOBSYNC_INLINE BOOL MOBSYNC_F(IsCharLower)(MOBSYNC_UNIT unit) { return unit >= 'a' && unit <= 'z'; }
MOBSYNC_INLINE BOOL MOBSYNC_F(IsCharAlpha)(MOBSYNC_UNIT unit) { return MOBSYNC_F(IsCharUpper)(unit) || MOBSYNC_F(IsCharLower)(unit); }
MOBSYNC_INLINE BOOL MOBSYNC_F(IsCharAlphaNumeric)(MOBSYNC_UNIT unit) {
    return MOBSYNC_F(IsCharAlpha)(unit) || (unit >= '0' && unit <= '9');
}
MOBSYNC_INLINE DWORD MOBSYNC_F(CharLowerBuff)(MOBSYNC_UNIT *text, DWORD many) {
    DWORD at;
    for (at = 0; at < many; at++)
        if (MOBSYNC_F(IsCharUpper)(text[at])) text[at] = (MOBSYNC_UNIT)(text[at] + 32);
    return many;
}
MOBSYNC_INLINE DWORD MOBSYNC_F(CharUpperBuff)(MOBSYNC_UNIT *text, DWORD many) {
    DWORD at;
    for (at = 0; at < many; at++)
        if (MOBSYNC_F(IsCharLower)(text[at])) text[at] = (MOBSYNC_UNIT)(text[at] - 32);
    return many;
}
/* A pointer below 0x10000 is one unit, and the result is that unit. */
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(CharLower)(MOBSYNC_UNIT *text) {
    MOBSYNC_UNIT one = (MOBSYNC_UNIT)(uintptr_t)text;
    if ((uintptr_t)text >> 16) {
        MOBSYNC_F(CharLowerBuff)(text, (DWORD)MOBSYNC_F(lstrlen)(text));
        return text;
    }
    MOBSYNC_F(CharLowerBuff)(&one, 1);
    return (MOBSYNC_UNIT *)(uintptr_t)one;
}
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(CharUpper)(MOBSYNC_UNIT *text) {
    MOBSYNC_UNIT one = (MOBSYNC_UNIT)(uintptr_t)text;
    if ((uintptr_t)text >> 16) {
        MOBSYNC_F(CharUpperBuff)(text, (DWORD)MOBSYNC_F(lstrlen)(text));
        return text;
    }
    MOBSYNC_F(CharUpperBuff)(&one, 1);
    return (MOBSYNC_UNIT *)(uintptr_t)one;
}
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(CharNext)(const MOBSYNC_UNIT *text) {
    return (MOBSYNC_UNIT *)(uintptr_t)(*text ? text + 1 : text);
}
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(CharPrev)(const MOBSYNC_UNIT *begin, const MOBSYNC_UNIT *text) {
    return (MOBSYNC_UNIT *)(uintptr_t)(text > begin ? text - 1 : begin);
}

/* ---- Comparison, unit by unit. ------------------------------------------------------------------------------------- */

MOBSYNC_INLINE int MOBSYNC_F(mobsync_compare)(const MOBSYNC_UNIT *a, int many_a, const MOBSYNC_UNIT *b, int many_b, int folded) {
    int at;
    if (many_a < 0) many_a = MOBSYNC_F(lstrlen)(a);
    if (many_b < 0) many_b = MOBSYNC_F(lstrlen)(b);
    for (at = 0; at < many_a && at < many_b; at++) {
        int left = MOBSYNC_AS_UNIT(a[at]), right = MOBSYNC_AS_UNIT(b[at]);
        if (folded) {
            left = mobsync_folded(left);
            right = mobsync_folded(right);
        }
        if (left != right) return left < right ? -1 : 1;
    }
    return many_a < many_b ? -1 : many_a > many_b;
}
MOBSYNC_INLINE int MOBSYNC_F(CompareString)(LCID locale, DWORD flags, const MOBSYNC_UNIT *a, int many_a, const MOBSYNC_UNIT *b,
                                            int many_b) {
    (void)locale;
    if (!a || !b) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return 0;
    }
    return CSTR_EQUAL + MOBSYNC_F(mobsync_compare)(a, many_a, b, many_b, (flags & (NORM_IGNORECASE | LINGUISTIC_IGNORECASE)) != 0);
}

/* ---- shlwapi.h. ---------------------------------------------------------------------------------------------------- */

MOBSYNC_INLINE int MOBSYNC_F(mobsync_begins)(const MOBSYNC_UNIT *a, const MOBSYNC_UNIT *b, int most, int folded) {
    for (; most > 0; most--, a++, b++) {
        int left = MOBSYNC_AS_UNIT(*a), right = MOBSYNC_AS_UNIT(*b);
        if (folded) {
            left = mobsync_folded(left);
            right = mobsync_folded(right);
        }
        if (left != right) return left < right ? -1 : 1;
        if (!left) break;
    }
    return 0;
}
MOBSYNC_INLINE int MOBSYNC_F(StrCmp)(const MOBSYNC_UNIT *a, const MOBSYNC_UNIT *b) { return MOBSYNC_F(lstrcmp)(a, b); }
MOBSYNC_INLINE int MOBSYNC_F(StrCmpI)(const MOBSYNC_UNIT *a, const MOBSYNC_UNIT *b) { return MOBSYNC_F(lstrcmpi)(a, b); }
MOBSYNC_INLINE int MOBSYNC_F(StrCmpN)(const MOBSYNC_UNIT *a, const MOBSYNC_UNIT *b, int most) {
    return MOBSYNC_F(mobsync_begins)(a, b, most, 0);
}
MOBSYNC_INLINE int MOBSYNC_F(StrCmpNI)(const MOBSYNC_UNIT *a, const MOBSYNC_UNIT *b, int most) {
    return MOBSYNC_F(mobsync_begins)(a, b, most, 1);
}
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(StrChr)(const MOBSYNC_UNIT *text, WORD unit) {
    for (; text && *text; text++)
        if (MOBSYNC_AS_UNIT(*text) == unit) return (MOBSYNC_UNIT *)(uintptr_t)text;
    return NULL;
}
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(StrRChr)(const MOBSYNC_UNIT *text, const MOBSYNC_UNIT *end, WORD unit) {
    const MOBSYNC_UNIT *found = NULL;
    for (; text && text != end && *text; text++)
        if (MOBSYNC_AS_UNIT(*text) == unit) found = text;
    return (MOBSYNC_UNIT *)(uintptr_t)found;
}
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(mobsync_within)(const MOBSYNC_UNIT *text, const MOBSYNC_UNIT *part, int folded) {
    int length = MOBSYNC_F(lstrlen)(part);
    for (; text && part && *text; text++)
        if (MOBSYNC_F(mobsync_begins)(text, part, length, folded) == 0) return (MOBSYNC_UNIT *)(uintptr_t)text;
    return NULL;
}
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(StrStr)(const MOBSYNC_UNIT *text, const MOBSYNC_UNIT *part) {
    return MOBSYNC_F(mobsync_within)(text, part, 0);
}
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(StrStrI)(const MOBSYNC_UNIT *text, const MOBSYNC_UNIT *part) {
    return MOBSYNC_F(mobsync_within)(text, part, 1);
}
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(StrCpyN)(MOBSYNC_UNIT *to, const MOBSYNC_UNIT *from, int room) {
    return MOBSYNC_F(lstrcpyn)(to, from, room);
}
/* Freed with LocalFree. */
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(StrDup)(const MOBSYNC_UNIT *text) {
    size_t size = ((size_t)MOBSYNC_F(lstrlen)(text) + 1) * sizeof *text;
    MOBSYNC_UNIT *copy = text ? (MOBSYNC_UNIT *)malloc(size) : NULL;
    return copy ? (MOBSYNC_UNIT *)memcpy(copy, text, size) : NULL;
}
MOBSYNC_INLINE int MOBSYNC_F(StrToInt)(const MOBSYNC_UNIT *text) {
    LONGLONG number = 0;
    int negative = *text == '-';
    for (text += negative; *text >= '0' && *text <= '9' && number < 0x80000000ll; text++) number = number * 10 + (int)(*text - '0');
    return (int)(negative ? -number : number);
}
MOBSYNC_INLINE BOOL MOBSYNC_F(StrTrim)(MOBSYNC_UNIT *text, const MOBSYNC_UNIT *set) {
    int begin = 0, end = MOBSYNC_F(lstrlen)(text), length = end;
    while (begin < end && MOBSYNC_F(StrChr)(set, (WORD)MOBSYNC_AS_UNIT(text[begin]))) begin++;
    while (end > begin && MOBSYNC_F(StrChr)(set, (WORD)MOBSYNC_AS_UNIT(text[end - 1]))) end--;
    memmove(text, text + begin, (size_t)(end - begin) * sizeof *text);
    text[end - begin] = 0;
    return end - begin != length;
}
MOBSYNC_INLINE HRESULT MOBSYNC_F(SHStrDup)(const MOBSYNC_UNIT *text, WCHAR **copy) {
    size_t at, many = (size_t)MOBSYNC_F(lstrlen)(text) + 1;
    WCHAR *made;
    if (!text || !copy) return E_INVALIDARG;
    *copy = made = (WCHAR *)CoTaskMemAlloc(many * sizeof *made);
    if (!made) return E_OUTOFMEMORY;
    if (sizeof *text == 1)
        return MultiByteToWideChar(CP_ACP, 0, (LPCSTR)(const void *)text, -1, made, (int)many) ? S_OK : E_FAIL;
    for (at = 0; at < many; at++) made[at] = (WCHAR)text[at];
    return S_OK;
}

/* Paths. Both separators are known; the one that is added is this system's. */
#define MOBSYNC_SEPARATES(unit) ((unit) == '/' || (unit) == '\\')
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(PathFindFileName)(const MOBSYNC_UNIT *path) {
    const MOBSYNC_UNIT *name = path;
    for (; *path; path++)
        if ((MOBSYNC_SEPARATES(*path) || *path == ':') && path[1] && !MOBSYNC_SEPARATES(path[1])) name = path + 1;
    return (MOBSYNC_UNIT *)(uintptr_t)name;
}
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(PathFindExtension)(const MOBSYNC_UNIT *path) {
    const MOBSYNC_UNIT *point = NULL;
    for (; *path; path++) {
        if (MOBSYNC_SEPARATES(*path) || *path == ' ') point = NULL;
        if (*path == '.') point = path;
    }
    return (MOBSYNC_UNIT *)(uintptr_t)(point ? point : path);
}
MOBSYNC_INLINE void MOBSYNC_F(PathRemoveExtension)(MOBSYNC_UNIT *path) { *MOBSYNC_F(PathFindExtension)(path) = 0; }
MOBSYNC_INLINE BOOL MOBSYNC_F(PathRemoveFileSpec)(MOBSYNC_UNIT *path) {
    MOBSYNC_UNIT *end = path, *at;
    for (at = path; *at; at++)
        if (MOBSYNC_SEPARATES(*at)) end = at == path ? at + 1 : at;
    if (!*end) return FALSE;
    *end = 0;
    return TRUE;
}
MOBSYNC_INLINE void MOBSYNC_F(PathStripPath)(MOBSYNC_UNIT *path) {
    MOBSYNC_UNIT *name = MOBSYNC_F(PathFindFileName)(path);
    memmove(path, name, ((size_t)MOBSYNC_F(lstrlen)(name) + 1) * sizeof *path);
}
/* Returns the end; NULL where the path would be longer than MAX_PATH. */
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(PathAddBackslash)(MOBSYNC_UNIT *path) {
    int length = MOBSYNC_F(lstrlen)(path);
    if (length && !MOBSYNC_SEPARATES(path[length - 1])) {
        if (length + 1 >= MAX_PATH) return NULL;
        path[length++] = '/';
        path[length] = 0;
    }
    return path + length;
}
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(PathRemoveBackslash)(MOBSYNC_UNIT *path) {
    int length = MOBSYNC_F(lstrlen)(path);
    if (length > 1 && MOBSYNC_SEPARATES(path[length - 1])) path[--length] = 0;
    return path + (length ? length - 1 : 0);
}
MOBSYNC_INLINE BOOL MOBSYNC_F(PathIsRelative)(const MOBSYNC_UNIT *path) {
    return !path || !*path || !(MOBSYNC_SEPARATES(*path) || (path[0] && path[1] == ':'));
}
MOBSYNC_INLINE BOOL MOBSYNC_F(PathAppend)(MOBSYNC_UNIT *path, const MOBSYNC_UNIT *more) {
    int length;
    while (more && MOBSYNC_SEPARATES(*more)) more++;
    if (!path || !more || !MOBSYNC_F(PathAddBackslash)(path)) return FALSE;
    length = MOBSYNC_F(lstrlen)(path);
    if (length + MOBSYNC_F(lstrlen)(more) >= MAX_PATH) return FALSE;
    MOBSYNC_F(lstrcpy)(path + length, more);
    return TRUE;
}
MOBSYNC_INLINE MOBSYNC_UNIT *MOBSYNC_F(PathCombine)(MOBSYNC_UNIT *to, const MOBSYNC_UNIT *folder, const MOBSYNC_UNIT *more) {
    MOBSYNC_UNIT begin[MAX_PATH] = {0};
    const MOBSYNC_UNIT *first = folder && (!more || MOBSYNC_F(PathIsRelative)(more)) ? folder : more;
    if (!to || !first || MOBSYNC_F(lstrlen)(first) >= MAX_PATH) return NULL;
    MOBSYNC_F(lstrcpyn)(begin, first, MAX_PATH);
    if (first == folder && more && !MOBSYNC_F(PathAppend)(begin, more)) return NULL;
    return MOBSYNC_F(lstrcpy)(to, begin);
}
MOBSYNC_INLINE BOOL MOBSYNC_F(PathAddExtension)(MOBSYNC_UNIT *path, const MOBSYNC_UNIT *extension) {
    if (*MOBSYNC_F(PathFindExtension)(path) || !extension || MOBSYNC_F(lstrlen)(path) + MOBSYNC_F(lstrlen)(extension) >= MAX_PATH)
        return FALSE;
    MOBSYNC_F(lstrcat)(path, extension);
    return TRUE;
}
MOBSYNC_INLINE BOOL MOBSYNC_F(PathRenameExtension)(MOBSYNC_UNIT *path, const MOBSYNC_UNIT *extension) {
    MOBSYNC_UNIT *old = MOBSYNC_F(PathFindExtension)(path);
    if (old - path + MOBSYNC_F(lstrlen)(extension) >= MAX_PATH) return FALSE;
    MOBSYNC_F(lstrcpy)(old, extension);
    return TRUE;
}

#endif /* MOBSYNC_EACH */
