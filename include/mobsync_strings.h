/* More of text, in both widths: the functions with Ex of strsafe.h, letters, comparison, and what shlwapi.h has for text and
 * paths. Included by mobsync_platform.h.
 *
 * Part of mobsync, MIT OR Apache-2.0.
 */
#include "mobsync_platform.h"
#ifndef MOBSYNC_STRINGS_H
#define MOBSYNC_STRINGS_H

#define STRSAFE_E_END_OF_FILE MOBSYNC_HR(0x80070026u)
#define STRSAFE_IGNORE_NULLS 0x100u
#define STRSAFE_FILL_BEHIND_NULL 0x200u
#define STRSAFE_FILL_ON_FAILURE 0x400u
#define STRSAFE_NULL_ON_FAILURE 0x800u
#define STRSAFE_NO_TRUNCATION 0x1000u
#define STRSAFE_FILL_BYTE(byte) ((DWORD)(((byte) & 0xff) | STRSAFE_FILL_BEHIND_NULL))
#define STRSAFE_FAILURE_BYTE(byte) ((DWORD)(((byte) & 0xff) | STRSAFE_FILL_ON_FAILURE))

typedef WORD LANGID;
#define LANG_NEUTRAL 0
#define LANG_ENGLISH 9
#define SUBLANG_NEUTRAL 0
#define SUBLANG_DEFAULT 1
#define SUBLANG_SYS_DEFAULT 2
#define SUBLANG_ENGLISH_US 1
#define SORT_DEFAULT 0
#define MAKELANGID(first, second) ((WORD)((WORD)(second) << 10 | (WORD)(first)))
#define MAKELCID(language, sorting) ((DWORD)(sorting) << 16 | (WORD)(language))
#define LOCALE_USER_DEFAULT 0x400u
#define LOCALE_SYSTEM_DEFAULT 0x800u
#define LOCALE_INVARIANT 0x7fu
#define LOCALE_NEUTRAL 0u
#define NORM_IGNORECASE 1u
#define NORM_IGNOREWIDTH 0x20000u
#define NORM_IGNOREKANATYPE 0x10000u
#define LINGUISTIC_IGNORECASE 0x10u
#define SORT_STRINGSORT 0x1000u
#define CSTR_LESS_THAN 1
#define CSTR_EQUAL 2
#define CSTR_GREATER_THAN 3
#define WC_NO_BEST_FIT_CHARS 0x400
#define WC_COMPOSITECHECK 0x200

#define MOBSYNC_EACH W
#define MOBSYNC_UNIT WCHAR
#define MOBSYNC_F(name) name##W
#include "mobsync_each.h"
#undef MOBSYNC_UNIT
#undef MOBSYNC_F
#define MOBSYNC_UNIT char
#define MOBSYNC_F(name) name##A
#include "mobsync_each.h"
#undef MOBSYNC_EACH
#undef MOBSYNC_UNIT
#undef MOBSYNC_F

MOBSYNC_INLINE int CompareStringOrdinal(LPCWSTR a, int many_a, LPCWSTR b, int many_b, BOOL folded) {
    return CompareStringW(LOCALE_INVARIANT, folded ? NORM_IGNORECASE : 0, a, many_a, b, many_b);
}
MOBSYNC_INLINE UINT GetACP(void) { return CP_UTF8; }

#define StringCchCatN MOBSYNC_T(StringCchCatN)
#define StringCchCopyEx MOBSYNC_T(StringCchCopyEx)
#define StringCchCopyNEx MOBSYNC_T(StringCchCopyNEx)
#define StringCchCatEx MOBSYNC_T(StringCchCatEx)
#define StringCchCatNEx MOBSYNC_T(StringCchCatNEx)
#define StringCchPrintfEx MOBSYNC_T(StringCchPrintfEx)
#define StringCchVPrintfEx MOBSYNC_T(StringCchVPrintfEx)
#define StringCbCopyN MOBSYNC_T(StringCbCopyN)
#define StringCbCatN MOBSYNC_T(StringCbCatN)
#define StringCbVPrintf MOBSYNC_T(StringCbVPrintf)
#define StringCbCopyEx MOBSYNC_T(StringCbCopyEx)
#define StringCbCatEx MOBSYNC_T(StringCbCatEx)
#define StringCbPrintfEx MOBSYNC_T(StringCbPrintfEx)
#define StringCbVPrintfEx MOBSYNC_T(StringCbVPrintfEx)
#define IsCharUpper MOBSYNC_T(IsCharUpper)
#define IsCharLower MOBSYNC_T(IsCharLower)
#define IsCharAlpha MOBSYNC_T(IsCharAlpha)
#define IsCharAlphaNumeric MOBSYNC_T(IsCharAlphaNumeric)
#define CharLower MOBSYNC_T(CharLower)
#define CharUpper MOBSYNC_T(CharUpper)
#define CharLowerBuff MOBSYNC_T(CharLowerBuff)
#define CharUpperBuff MOBSYNC_T(CharUpperBuff)
#define CharNext MOBSYNC_T(CharNext)
#define CharPrev MOBSYNC_T(CharPrev)
#define CompareString MOBSYNC_T(CompareString)
#define StrCmp MOBSYNC_T(StrCmp)
#define StrCmpI MOBSYNC_T(StrCmpI)
#define StrCmpN MOBSYNC_T(StrCmpN)
#define StrCmpNI MOBSYNC_T(StrCmpNI)
#define StrChr MOBSYNC_T(StrChr)
#define StrRChr MOBSYNC_T(StrRChr)
#define StrStr MOBSYNC_T(StrStr)
#define StrStrI MOBSYNC_T(StrStrI)
#define StrCpyN MOBSYNC_T(StrCpyN)
#define StrDup MOBSYNC_T(StrDup)
#define StrToInt MOBSYNC_T(StrToInt)
#define StrTrim MOBSYNC_T(StrTrim)
#define SHStrDup MOBSYNC_T(SHStrDup)
#define PathFindFileName MOBSYNC_T(PathFindFileName)
#define PathFindExtension MOBSYNC_T(PathFindExtension)
#define PathRemoveExtension MOBSYNC_T(PathRemoveExtension)
#define PathRemoveFileSpec MOBSYNC_T(PathRemoveFileSpec)
#define PathStripPath MOBSYNC_T(PathStripPath)
#define PathAddBackslash MOBSYNC_T(PathAddBackslash)
#define PathRemoveBackslash MOBSYNC_T(PathRemoveBackslash)
#define PathIsRelative MOBSYNC_T(PathIsRelative)
#define PathAppend MOBSYNC_T(PathAppend)
#define PathCombine MOBSYNC_T(PathCombine)
#define PathAddExtension MOBSYNC_T(PathAddExtension)
#define PathRenameExtension MOBSYNC_T(PathRenameExtension)

#endif /* MOBSYNC_STRINGS_H */
