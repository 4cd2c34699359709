/* What is not covered. A use does not compile, and the compiler says why. Included by mobsync_platform.h.
 *
 * The constants and structures are there so that nothing else is said of a source that uses these functions.
 *
 * Part of mobsync, MIT OR Apache-2.0.
 */
#include "mobsync_platform.h"
#ifndef MOBSYNC_REFUSED_H
#define MOBSYNC_REFUSED_H

#if defined(__GNUC__) && !defined(__clang__)
#define MOBSYNC_NOT_COVERED(why) __attribute__((error("not covered by mobsync's headers: " why)))
#else
#define MOBSYNC_NOT_COVERED(why) __attribute__((unavailable("not covered by mobsync's headers: " why)))
#endif
#define MOBSYNC_OR_WINE "; or build it as a DLL with mingw-w64 and run it through Wine: docs/windows.md"
#define MOBSYNC_NO_WINDOWS \
    "there are no windows; ask EnableModeless and show your own dialog, or leave it out" MOBSYNC_OR_WINE
#define MOBSYNC_NO_REGISTRY "there is no registry; keep settings in a file" MOBSYNC_OR_WINE
#define MOBSYNC_NO_FILES "files have the C library's functions here: fopen, open, stat" MOBSYNC_OR_WINE
#define MOBSYNC_NO_SHELL \
    "there is no shell; find folders by the environment, such as HOME" MOBSYNC_OR_WINE
#define MOBSYNC_NO_ICON "there are no icons; hIcon may be NULL" MOBSYNC_OR_WINE
#define MOBSYNC_NO_RESOURCES "there are no resources; keep texts in the source" MOBSYNC_OR_WINE
#define MOBSYNC_NO_SYSTEM \
    "what the system and its users are, only the system's own functions say" MOBSYNC_OR_WINE
#define MOBSYNC_NO_LIBRARIES "other libraries are loaded with dlopen here" MOBSYNC_OR_WINE
#define MOBSYNC_NO_NETWORK "the network has sockets here" MOBSYNC_OR_WINE
#define MOBSYNC_NO_THREADS \
    "threads are neither stopped nor ended from outside, and there are no timers; let the thread wait with a time-out" MOBSYNC_OR_WINE
#define MOBSYNC_NO_MARSHAL \
    "marshalling to other processes; CoMarshalInterThreadInterfaceInStream is covered" MOBSYNC_OR_WINE
#define MOBSYNC_NO_COM "there is one apartment and no class registry" MOBSYNC_OR_WINE
#define MOBSYNC_NO_LOCALES \
    "there are no locales of Windows; strftime and snprintf are the C library's" MOBSYNC_OR_WINE
#define MOBSYNC_NO_EXCEPTIONS \
    "there are no exceptions of Windows; signals are the C library's" MOBSYNC_OR_WINE

/* ---- Types. ---- */

DECLARE_HANDLE(HDC);
DECLARE_HANDLE(HFONT);
DECLARE_HANDLE(HBRUSH);
DECLARE_HANDLE(HPEN);
DECLARE_HANDLE(HRGN);
DECLARE_HANDLE(HACCEL);
DECLARE_HANDLE(HRSRC);
DECLARE_HANDLE(HKL);
DECLARE_HANDLE(HPALETTE);
DECLARE_HANDLE(HIMAGELIST);
DECLARE_HANDLE(HPROPSHEETPAGE);
typedef HICON HCURSOR;
typedef HANDLE HGDIOBJ, HDROP;
typedef HKEY *PHKEY;
typedef LONG LSTATUS;
typedef DWORD REGSAM, COLORREF, ACCESS_MASK;
typedef COLORREF *LPCOLORREF;
typedef WORD CLIPFORMAT;
typedef INT_PTR(WINAPI *FARPROC)(void);
typedef FARPROC PROC;
typedef INT_PTR(CALLBACK *DLGPROC)(HWND, UINT, WPARAM, LPARAM);
typedef LRESULT(CALLBACK *WNDPROC)(HWND, UINT, WPARAM, LPARAM);
typedef VOID(CALLBACK *TIMERPROC)(HWND, UINT, UINT_PTR, DWORD);
typedef BOOL(CALLBACK *WNDENUMPROC)(HWND, LPARAM);
typedef VOID(NTAPI *WAITORTIMERCALLBACK)(PVOID, BOOLEAN);

typedef struct tagPOINT {
    LONG x, y;
} POINT, *PPOINT, *LPPOINT;
typedef struct tagSIZE {
    LONG cx, cy;
} SIZE, *PSIZE, *LPSIZE;
typedef struct tagRECT {
    LONG left, top, right, bottom;
} RECT, *PRECT, *LPRECT;
typedef const RECT *LPCRECT;
typedef struct tagMSG {
    HWND hwnd;
    UINT message;
    WPARAM wParam;
    LPARAM lParam;
    DWORD time;
    POINT pt;
} MSG, *PMSG, *LPMSG;
typedef struct tagNMHDR {
    HWND hwndFrom;
    UINT_PTR idFrom;
    UINT code;
} NMHDR, *LPNMHDR;
typedef struct tagPAINTSTRUCT {
    HDC hdc;
    BOOL fErase;
    RECT rcPaint;
    BOOL fRestore, fIncUpdate;
    BYTE rgbReserved[32];
} PAINTSTRUCT, *LPPAINTSTRUCT;
typedef struct _OVERLAPPED {
    ULONG_PTR Internal, InternalHigh;
    DWORD Offset, OffsetHigh;
    HANDLE hEvent;
} OVERLAPPED, *LPOVERLAPPED;
typedef struct _WIN32_FILE_ATTRIBUTE_DATA {
    DWORD dwFileAttributes;
    FILETIME ftCreationTime, ftLastAccessTime, ftLastWriteTime;
    DWORD nFileSizeHigh, nFileSizeLow;
} WIN32_FILE_ATTRIBUTE_DATA;
typedef struct _PROCESS_INFORMATION {
    HANDLE hProcess, hThread;
    DWORD dwProcessId, dwThreadId;
} PROCESS_INFORMATION, *LPPROCESS_INFORMATION;

#define MOBSYNC_STRUCTURES(letter, unit)                                                                               \
    typedef struct tagCREATESTRUCT##letter {                                                                           \
        LPVOID lpCreateParams;                                                                                         \
        HINSTANCE hInstance;                                                                                           \
        HMENU hMenu;                                                                                                   \
        HWND hwndParent;                                                                                               \
        int cy, cx, y, x;                                                                                              \
        LONG style;                                                                                                    \
        const unit *lpszName, *lpszClass;                                                                              \
        DWORD dwExStyle;                                                                                               \
    } CREATESTRUCT##letter, *LPCREATESTRUCT##letter;                                                                   \
    typedef struct tagWNDCLASS##letter {                                                                               \
        UINT style;                                                                                                    \
        WNDPROC lpfnWndProc;                                                                                           \
        int cbClsExtra, cbWndExtra;                                                                                    \
        HINSTANCE hInstance;                                                                                           \
        HICON hIcon;                                                                                                   \
        HCURSOR hCursor;                                                                                               \
        HBRUSH hbrBackground;                                                                                          \
        const unit *lpszMenuName, *lpszClassName;                                                                      \
    } WNDCLASS##letter, *LPWNDCLASS##letter;                                                                           \
    typedef struct tagWNDCLASSEX##letter {                                                                             \
        UINT cbSize, style;                                                                                            \
        WNDPROC lpfnWndProc;                                                                                           \
        int cbClsExtra, cbWndExtra;                                                                                    \
        HINSTANCE hInstance;                                                                                           \
        HICON hIcon;                                                                                                   \
        HCURSOR hCursor;                                                                                               \
        HBRUSH hbrBackground;                                                                                          \
        const unit *lpszMenuName, *lpszClassName;                                                                      \
        HICON hIconSm;                                                                                                 \
    } WNDCLASSEX##letter, *LPWNDCLASSEX##letter;                                                                       \
    typedef struct _WIN32_FIND_DATA##letter {                                                                          \
        DWORD dwFileAttributes;                                                                                        \
        FILETIME ftCreationTime, ftLastAccessTime, ftLastWriteTime;                                                    \
        DWORD nFileSizeHigh, nFileSizeLow, dwReserved0, dwReserved1;                                                   \
        unit cFileName[MAX_PATH], cAlternateFileName[14];                                                              \
    } WIN32_FIND_DATA##letter, *LPWIN32_FIND_DATA##letter;                                                             \
    typedef struct _STARTUPINFO##letter {                                                                              \
        DWORD cb;                                                                                                      \
        unit *lpReserved, *lpDesktop, *lpTitle;                                                                        \
        DWORD dwX, dwY, dwXSize, dwYSize, dwXCountChars, dwYCountChars, dwFillAttribute, dwFlags;                      \
        WORD wShowWindow, cbReserved2;                                                                                 \
        BYTE *lpReserved2;                                                                                             \
        HANDLE hStdInput, hStdOutput, hStdError;                                                                       \
    } STARTUPINFO##letter, *LPSTARTUPINFO##letter;                                                                     \
    typedef struct _OSVERSIONINFO##letter {                                                                            \
        DWORD dwOSVersionInfoSize, dwMajorVersion, dwMinorVersion, dwBuildNumber, dwPlatformId;                        \
        unit szCSDVersion[128];                                                                                        \
    } OSVERSIONINFO##letter, *LPOSVERSIONINFO##letter;                                                                 \
    typedef struct _SHFILEINFO##letter {                                                                               \
        HICON hIcon;                                                                                                   \
        int iIcon;                                                                                                     \
        DWORD dwAttributes;                                                                                            \
        unit szDisplayName[MAX_PATH], szTypeName[80];                                                                  \
    } SHFILEINFO##letter;                                                                                              \
    typedef struct _browseinfo##letter {                                                                               \
        HWND hwndOwner;                                                                                                \
        LPCVOID pidlRoot;                                                                                              \
        unit *pszDisplayName;                                                                                          \
        const unit *lpszTitle;                                                                                         \
        LPVOID lpfn;                                                                                                   \
        LPARAM lParam;                                                                                                 \
        int iImage;                                                                                                    \
    } BROWSEINFO##letter, *LPBROWSEINFO##letter;
MOBSYNC_STRUCTURES(W, WCHAR)
MOBSYNC_STRUCTURES(A, char)
#define CREATESTRUCT MOBSYNC_T(CREATESTRUCT)
#define LPCREATESTRUCT MOBSYNC_T(LPCREATESTRUCT)
#define WNDCLASS MOBSYNC_T(WNDCLASS)
#define WNDCLASSEX MOBSYNC_T(WNDCLASSEX)
#define WIN32_FIND_DATA MOBSYNC_T(WIN32_FIND_DATA)
#define LPWIN32_FIND_DATA MOBSYNC_T(LPWIN32_FIND_DATA)
#define STARTUPINFO MOBSYNC_T(STARTUPINFO)
#define OSVERSIONINFO MOBSYNC_T(OSVERSIONINFO)
#define SHFILEINFO MOBSYNC_T(SHFILEINFO)
#define BROWSEINFO MOBSYNC_T(BROWSEINFO)
typedef struct tagINITCOMMONCONTROLSEX {
    DWORD dwSize, dwICC;
} INITCOMMONCONTROLSEX, *LPINITCOMMONCONTROLSEX;
typedef struct tagNMLISTVIEW {
    NMHDR hdr;
    int iItem, iSubItem;
    UINT uNewState, uOldState, uChanged;
    POINT ptAction;
    LPARAM lParam;
} NMLISTVIEW, *LPNMLISTVIEW, NM_LISTVIEW, *LPNM_LISTVIEW;
#define MOBSYNC_CONTROLS(letter, unit)                                                                                 \
    typedef struct tagLVITEM##letter {                                                                                 \
        UINT mask;                                                                                                     \
        int iItem, iSubItem;                                                                                           \
        UINT state, stateMask;                                                                                         \
        unit *pszText;                                                                                                 \
        int cchTextMax, iImage;                                                                                        \
        LPARAM lParam;                                                                                                 \
        int iIndent;                                                                                                   \
    } LVITEM##letter, *LPLVITEM##letter, LV_ITEM##letter;                                                              \
    typedef struct tagLVCOLUMN##letter {                                                                               \
        UINT mask;                                                                                                     \
        int fmt, cx;                                                                                                   \
        unit *pszText;                                                                                                 \
        int cchTextMax, iSubItem;                                                                                      \
    } LVCOLUMN##letter, *LPLVCOLUMN##letter, LV_COLUMN##letter;                                                        \
    typedef struct tagLOGFONT##letter {                                                                                \
        LONG lfHeight, lfWidth, lfEscapement, lfOrientation, lfWeight;                                                 \
        BYTE lfItalic, lfUnderline, lfStrikeOut, lfCharSet, lfOutPrecision, lfClipPrecision, lfQuality;                \
        BYTE lfPitchAndFamily;                                                                                         \
        unit lfFaceName[32];                                                                                           \
    } LOGFONT##letter, *LPLOGFONT##letter;                                                                             \
    typedef struct tagNONCLIENTMETRICS##letter {                                                                       \
        UINT cbSize;                                                                                                   \
        int iBorderWidth, iScrollWidth, iScrollHeight, iCaptionWidth, iCaptionHeight;                                  \
        LOGFONT##letter lfCaptionFont;                                                                                 \
        int iSmCaptionWidth, iSmCaptionHeight;                                                                         \
        LOGFONT##letter lfSmCaptionFont;                                                                               \
        int iMenuWidth, iMenuHeight;                                                                                   \
        LOGFONT##letter lfMenuFont, lfStatusFont, lfMessageFont;                                                       \
    } NONCLIENTMETRICS##letter;                                                                                        \
    typedef struct _PROPSHEETPAGE##letter {                                                                            \
        DWORD dwSize, dwFlags;                                                                                         \
        HINSTANCE hInstance;                                                                                           \
        MOBSYNC_ANONYMOUS union {                                                                                      \
            const unit *pszTemplate;                                                                                   \
            LPCVOID pResource;                                                                                         \
        };                                                                                                             \
        MOBSYNC_ANONYMOUS union {                                                                                      \
            HICON hIcon;                                                                                               \
            const unit *pszIcon;                                                                                       \
        };                                                                                                             \
        const unit *pszTitle;                                                                                          \
        DLGPROC pfnDlgProc;                                                                                            \
        LPARAM lParam;                                                                                                 \
        LPVOID pfnCallback;                                                                                            \
        UINT *pcRefParent;                                                                                             \
    } PROPSHEETPAGE##letter, *LPPROPSHEETPAGE##letter;                                                                 \
    typedef const PROPSHEETPAGE##letter *LPCPROPSHEETPAGE##letter;                                                     \
    typedef struct _PROPSHEETHEADER##letter {                                                                          \
        DWORD dwSize, dwFlags;                                                                                         \
        HWND hwndParent;                                                                                               \
        HINSTANCE hInstance;                                                                                           \
        MOBSYNC_ANONYMOUS union {                                                                                      \
            HICON hIcon;                                                                                               \
            const unit *pszIcon;                                                                                       \
        };                                                                                                             \
        const unit *pszCaption;                                                                                        \
        UINT nPages;                                                                                                   \
        MOBSYNC_ANONYMOUS union {                                                                                      \
            UINT nStartPage;                                                                                           \
            const unit *pStartPage;                                                                                    \
        };                                                                                                             \
        MOBSYNC_ANONYMOUS union {                                                                                      \
            LPCPROPSHEETPAGE##letter ppsp;                                                                             \
            HPROPSHEETPAGE *phpage;                                                                                    \
        };                                                                                                             \
        LPVOID pfnCallback;                                                                                            \
    } PROPSHEETHEADER##letter, *LPPROPSHEETHEADER##letter;
MOBSYNC_CONTROLS(W, WCHAR)
MOBSYNC_CONTROLS(A, char)
#define LVITEM MOBSYNC_T(LVITEM)
#define LV_ITEM MOBSYNC_T(LV_ITEM)
#define LVCOLUMN MOBSYNC_T(LVCOLUMN)
#define LV_COLUMN MOBSYNC_T(LV_COLUMN)
#define LOGFONT MOBSYNC_T(LOGFONT)
#define NONCLIENTMETRICS MOBSYNC_T(NONCLIENTMETRICS)
#define PROPSHEETPAGE MOBSYNC_T(PROPSHEETPAGE)
#define LPPROPSHEETPAGE MOBSYNC_T(LPPROPSHEETPAGE)
#define PROPSHEETHEADER MOBSYNC_T(PROPSHEETHEADER)
#define LPPROPSHEETHEADER MOBSYNC_T(LPPROPSHEETHEADER)

/* ---- Constants. ---- */

#define HKEY_CLASSES_ROOT ((HKEY)(ULONG_PTR)(LONG)0x80000000u)
#define HKEY_CURRENT_USER ((HKEY)(ULONG_PTR)(LONG)0x80000001u)
#define HKEY_LOCAL_MACHINE ((HKEY)(ULONG_PTR)(LONG)0x80000002u)
#define HKEY_USERS ((HKEY)(ULONG_PTR)(LONG)0x80000003u)
#define HKEY_CURRENT_CONFIG ((HKEY)(ULONG_PTR)(LONG)0x80000005u)
#define KEY_READ 0x20019
#define KEY_WRITE 0x20006
#define KEY_EXECUTE 0x20019
#define KEY_ALL_ACCESS 0xF003F
#define KEY_QUERY_VALUE 1
#define KEY_SET_VALUE 2
#define KEY_CREATE_SUB_KEY 4
#define KEY_ENUMERATE_SUB_KEYS 8
#define KEY_NOTIFY 16
#define KEY_WOW64_64KEY 256
#define KEY_WOW64_32KEY 512
#define REG_NONE 0
#define REG_SZ 1
#define REG_EXPAND_SZ 2
#define REG_BINARY 3
#define REG_DWORD 4
#define REG_MULTI_SZ 7
#define REG_QWORD 11
#define REG_LINK 6
#define REG_OPTION_NON_VOLATILE 0
#define REG_OPTION_VOLATILE 1
#define REG_CREATED_NEW_KEY 1
#define REG_OPENED_EXISTING_KEY 2
#define RRF_RT_REG_SZ 2
#define RRF_RT_REG_DWORD 16
#define RRF_RT_ANY 65535
#define REG_NOTIFY_CHANGE_NAME 1
#define REG_NOTIFY_CHANGE_LAST_SET 4
#define MB_OK 0x0
#define MB_OKCANCEL 0x1
#define MB_ABORTRETRYIGNORE 0x2
#define MB_YESNOCANCEL 0x3
#define MB_YESNO 0x4
#define MB_RETRYCANCEL 0x5
#define MB_ICONHAND 0x10
#define MB_ICONERROR 0x10
#define MB_ICONSTOP 0x10
#define MB_ICONQUESTION 0x20
#define MB_ICONEXCLAMATION 0x30
#define MB_ICONWARNING 0x30
#define MB_ICONASTERISK 0x40
#define MB_ICONINFORMATION 0x40
#define MB_DEFBUTTON1 0x0
#define MB_DEFBUTTON2 0x100
#define MB_APPLMODAL 0x0
#define MB_SYSTEMMODAL 0x1000
#define MB_TASKMODAL 0x2000
#define MB_SETFOREGROUND 0x10000
#define MB_TOPMOST 0x40000
#define MB_SERVICE_NOTIFICATION 0x200000
#define IDOK 1
#define IDCANCEL 2
#define IDABORT 3
#define IDRETRY 4
#define IDIGNORE 5
#define IDYES 6
#define IDNO 7
#define IDCLOSE 8
#define GENERIC_READ 0x80000000u
#define GENERIC_WRITE 0x40000000
#define GENERIC_EXECUTE 0x20000000
#define GENERIC_ALL 0x10000000
#define DELETE 0x10000
#define READ_CONTROL 0x20000
#define FILE_SHARE_READ 0x1
#define FILE_SHARE_WRITE 0x2
#define FILE_SHARE_DELETE 0x4
#define CREATE_NEW 1
#define CREATE_ALWAYS 2
#define OPEN_EXISTING 3
#define OPEN_ALWAYS 4
#define TRUNCATE_EXISTING 5
#define FILE_ATTRIBUTE_READONLY 0x1
#define FILE_ATTRIBUTE_HIDDEN 0x2
#define FILE_ATTRIBUTE_SYSTEM 0x4
#define FILE_ATTRIBUTE_DIRECTORY 0x10
#define FILE_ATTRIBUTE_ARCHIVE 0x20
#define FILE_ATTRIBUTE_NORMAL 0x80
#define FILE_ATTRIBUTE_TEMPORARY 0x100
#define FILE_ATTRIBUTE_REPARSE_POINT 0x400
#define FILE_ATTRIBUTE_OFFLINE 0x1000
#define FILE_FLAG_OVERLAPPED 0x40000000
#define FILE_FLAG_BACKUP_SEMANTICS 0x2000000
#define FILE_FLAG_DELETE_ON_CLOSE 0x4000000
#define FILE_FLAG_SEQUENTIAL_SCAN 0x8000000
#define FILE_FLAG_RANDOM_ACCESS 0x10000000
#define FILE_FLAG_WRITE_THROUGH 0x80000000u
#define FILE_FLAG_NO_BUFFERING 0x20000000
#define INVALID_FILE_SIZE 0xFFFFFFFFu
#define INVALID_SET_FILE_POINTER 0xFFFFFFFFu
#define INVALID_FILE_ATTRIBUTES 0xFFFFFFFFu
#define FILE_BEGIN 0x0
#define FILE_CURRENT 0x1
#define FILE_END 0x2
#define MOVEFILE_REPLACE_EXISTING 1
#define MOVEFILE_COPY_ALLOWED 2
#define FILE_NOTIFY_CHANGE_FILE_NAME 0x1
#define FILE_NOTIFY_CHANGE_DIR_NAME 0x2
#define FILE_NOTIFY_CHANGE_SIZE 0x8
#define FILE_NOTIFY_CHANGE_LAST_WRITE 0x10
#define DRIVE_FIXED 3
#define DRIVE_REMOTE 4
#define DRIVE_REMOVABLE 2
#define FILE_MAP_READ 0x4
#define FILE_MAP_WRITE 0x2
#define FILE_MAP_ALL_ACCESS 0xF001F
#define STD_INPUT_HANDLE 0xFFFFFFF6u
#define STD_OUTPUT_HANDLE 0xFFFFFFF5u
#define STD_ERROR_HANDLE 0xFFFFFFF4u
#define CSIDL_DESKTOP 0x0
#define CSIDL_PERSONAL 0x5
#define CSIDL_APPDATA 0x1A
#define CSIDL_LOCAL_APPDATA 0x1C
#define CSIDL_COMMON_APPDATA 0x23
#define CSIDL_FAVORITES 0x6
#define CSIDL_STARTUP 0x7
#define CSIDL_RECENT 0x8
#define CSIDL_SENDTO 0x9
#define CSIDL_PROGRAMS 0x2
#define CSIDL_STARTMENU 0xB
#define CSIDL_DESKTOPDIRECTORY 0x10
#define CSIDL_WINDOWS 0x24
#define CSIDL_SYSTEM 0x25
#define CSIDL_PROGRAM_FILES 0x26
#define CSIDL_MYPICTURES 0x27
#define CSIDL_PROFILE 0x28
#define CSIDL_FLAG_CREATE 0x8000
#define SHGFP_TYPE_CURRENT 0
#define BIF_RETURNONLYFSDIRS 1
#define BIF_NEWDIALOGSTYLE 64
#define SHGFI_ICON 256
#define SHGFI_SMALLICON 1
#define SHGFI_LARGEICON 0
#define SHGFI_DISPLAYNAME 512
#define FO_COPY 2
#define FO_MOVE 1
#define FO_DELETE 3
#define FOF_NOCONFIRMATION 16
#define FOF_SILENT 4
#define FOF_ALLOWUNDO 64
#define FOF_NOERRORUI 1024
#define SHCNE_UPDATEDIR 4096
#define SHCNE_UPDATEITEM 8192
#define SHCNE_CREATE 2
#define SHCNE_ASSOCCHANGED 0x8000000
#define SHCNF_PATHW 5
#define SHCNF_IDLIST 0
#define NIM_ADD 0
#define NIM_MODIFY 1
#define NIM_DELETE 2
#define WM_NULL 0x0
#define WM_CREATE 0x1
#define WM_DESTROY 0x2
#define WM_MOVE 0x3
#define WM_SIZE 0x5
#define WM_ACTIVATE 0x6
#define WM_SETFOCUS 0x7
#define WM_KILLFOCUS 0x8
#define WM_ENABLE 0xA
#define WM_SETTEXT 0xC
#define WM_GETTEXT 0xD
#define WM_PAINT 0xF
#define WM_CLOSE 0x10
#define WM_QUIT 0x12
#define WM_SHOWWINDOW 0x18
#define WM_SETFONT 0x30
#define WM_GETMINMAXINFO 0x24
#define WM_NCCREATE 0x81
#define WM_NCDESTROY 0x82
#define WM_NOTIFY 0x4E
#define WM_HELP 0x53
#define WM_KEYDOWN 0x100
#define WM_KEYUP 0x101
#define WM_CHAR 0x102
#define WM_INITDIALOG 0x110
#define WM_COMMAND 0x111
#define WM_SYSCOMMAND 0x112
#define WM_TIMER 0x113
#define WM_HSCROLL 0x114
#define WM_VSCROLL 0x115
#define WM_MOUSEMOVE 0x200
#define WM_LBUTTONDOWN 0x201
#define WM_LBUTTONUP 0x202
#define WM_RBUTTONUP 0x205
#define WM_USER 0x400
#define WM_APP 0x8000
#define WM_COPYDATA 0x4A
#define WM_CONTEXTMENU 0x7B
#define WM_SETICON 0x80
#define WM_SETREDRAW 0xB
#define WM_POWERBROADCAST 0x218
#define WM_QUERYENDSESSION 0x11
#define WM_ENDSESSION 0x16
#define WM_SETTINGCHANGE 0x1A
#define WM_DEVICECHANGE 0x219
#define BM_GETCHECK 240
#define BM_SETCHECK 241
#define BM_CLICK 245
#define BST_CHECKED 1
#define BST_UNCHECKED 0
#define CB_ADDSTRING 323
#define CB_SETCURSEL 334
#define CB_GETCURSEL 327
#define LB_ADDSTRING 384
#define LB_GETCURSEL 392
#define EM_LIMITTEXT 197
#define WS_OVERLAPPED 0x0
#define WS_POPUP 0x80000000u
#define WS_CHILD 0x40000000
#define WS_VISIBLE 0x10000000
#define WS_DISABLED 0x8000000
#define WS_CAPTION 0xC00000
#define WS_BORDER 0x800000
#define WS_SYSMENU 0x80000
#define WS_THICKFRAME 0x40000
#define WS_GROUP 0x20000
#define WS_TABSTOP 0x10000
#define WS_OVERLAPPEDWINDOW 0xCF0000
#define WS_CLIPCHILDREN 0x2000000
#define WS_CLIPSIBLINGS 0x4000000
#define WS_VSCROLL 0x200000
#define WS_HSCROLL 0x100000
#define WS_MINIMIZE 0x20000000
#define WS_MAXIMIZE 0x1000000
#define WS_EX_TOPMOST 0x8
#define WS_EX_TOOLWINDOW 0x80
#define WS_EX_APPWINDOW 0x40000
#define WS_EX_CLIENTEDGE 0x200
#define WS_EX_DLGMODALFRAME 0x1
#define CS_HREDRAW 2
#define CS_VREDRAW 1
#define CS_DBLCLKS 8
#define CW_USEDEFAULT ((int)0x80000000u)
#define HWND_DESKTOP ((HWND)(LONG_PTR)0)
#define HWND_TOP ((HWND)(LONG_PTR)0)
#define HWND_TOPMOST ((HWND)(LONG_PTR)-1)
#define HWND_BROADCAST ((HWND)(LONG_PTR)65535)
#define HWND_MESSAGE ((HWND)(LONG_PTR)-3)
#define SW_HIDE 0
#define SW_SHOW 5
#define SW_SHOWNORMAL 1
#define SW_SHOWNOACTIVATE 4
#define SW_MINIMIZE 6
#define SW_RESTORE 9
#define SW_SHOWDEFAULT 10
#define SW_SHOWMAXIMIZED 3
#define SWP_NOMOVE 2
#define SWP_NOSIZE 1
#define SWP_NOZORDER 4
#define SWP_NOACTIVATE 16
#define SWP_SHOWWINDOW 64
#define GWL_STYLE (-16)
#define GWL_EXSTYLE (-20)
#define GWLP_USERDATA (-21)
#define GWLP_WNDPROC (-4)
#define GWLP_HINSTANCE (-6)
#define DWLP_MSGRESULT 0
#define DWLP_USER 16
#define DWLP_DLGPROC 8
#define PM_REMOVE 1
#define PM_NOREMOVE 0
#define PM_NOYIELD 2
#define QS_ALLINPUT 1279
#define QS_ALLEVENTS 1215
#define QS_SENDMESSAGE 64
#define QS_POSTMESSAGE 8
#define MWMO_INPUTAVAILABLE 4
#define MWMO_WAITALL 1
#define SMTO_ABORTIFHUNG 2
#define SMTO_NORMAL 0
#define SM_CXSCREEN 0
#define SM_CYSCREEN 1
#define SM_CXICON 11
#define SM_CXSMICON 49
#define SM_CYSMICON 50
#define SM_CYICON 12
#define SM_REMOTESESSION 4096
#define IMAGE_ICON 1
#define IMAGE_BITMAP 0
#define LR_DEFAULTCOLOR 0
#define LR_DEFAULTSIZE 64
#define LR_LOADFROMFILE 16
#define LR_SHARED 32768
#define COLOR_WINDOW 5
#define COLOR_BTNFACE 15
#define COLOR_BACKGROUND 1
#define COLOR_WINDOWTEXT 8
#define COLOR_HIGHLIGHT 13
#define COLOR_3DFACE 15
#define COLOR_BTNTEXT 18
#define SC_CLOSE 61536
#define GW_OWNER 4
#define GW_CHILD 5
#define MF_STRING 0
#define MF_SEPARATOR 2048
#define PSN_APPLY 0xFFFFFF36u
#define PSN_KILLACTIVE 0xFFFFFF37u
#define PSN_RESET 0xFFFFFF35u
#define PSN_SETACTIVE 0xFFFFFF38u
#define PSNRET_NOERROR 0
#define PSP_DEFAULT 0
#define PSP_USETITLE 8
#define PSP_USEICONID 4
#define PSP_DLGINDIRECT 1
#define PSH_PROPSHEETPAGE 8
#define PSH_NOAPPLYNOW 128
#define PSH_PROPTITLE 1
#define PSM_CHANGED 1128
#define PSH_DEFAULT 0
#define PSH_USEHICON 2
#define PSH_USEICONID 4
#define PSNRET_INVALID 1
#define PSNRET_INVALID_NOCHANGEPAGE 2
#define PSN_QUERYCANCEL 0xFFFFFF2Fu
#define PSN_HELP 0xFFFFFF33u
#define LVIF_TEXT 1
#define LVIF_IMAGE 2
#define LVIF_PARAM 4
#define LVIF_STATE 8
#define LVIF_INDENT 16
#define LVIS_SELECTED 2
#define LVIS_FOCUSED 1
#define LVIS_STATEIMAGEMASK 61440
#define LVSIL_SMALL 1
#define LVSIL_NORMAL 0
#define LVSIL_STATE 2
#define LVCF_FMT 1
#define LVCF_WIDTH 2
#define LVCF_TEXT 4
#define LVCF_SUBITEM 8
#define LVCFMT_LEFT 0
#define LVCFMT_RIGHT 1
#define LVS_EX_FULLROWSELECT 32
#define LVS_EX_CHECKBOXES 4
#define LVN_ITEMCHANGED 0xFFFFFF9Bu
#define LVN_DELETEITEM 0xFFFFFF99u
#define LVN_ITEMACTIVATE 0xFFFFFF8Eu
#define LVNI_SELECTED 2
#define LVNI_ALL 0
#define NM_DBLCLK 0xFFFFFFFDu
#define NM_CLICK 0xFFFFFFFEu
#define NM_RCLICK 0xFFFFFFFBu
#define NM_SETFOCUS 0xFFFFFFF9u
#define BN_CLICKED 0
#define EN_CHANGE 768
#define EN_UPDATE 1024
#define CBN_SELCHANGE 1
#define LBN_SELCHANGE 1
#define EM_SETLIMITTEXT 197
#define EM_SETSEL 177
#define SPI_GETNONCLIENTMETRICS 41
#define SPI_GETWORKAREA 48
#define ICC_LISTVIEW_CLASSES 1
#define ICC_WIN95_CLASSES 255
#define ICC_USEREX_CLASSES 512
#define ILC_COLOR 0
#define ILC_MASK 1
#define ILC_COLOR32 32
#define FW_NORMAL 400
#define FW_BOLD 700
#define DEFAULT_CHARSET 1
#define DEFAULT_GUI_FONT 17
#define TRANSPARENT 1
#define SRCCOPY 0xCC0020
#define DATE_SHORTDATE 1
#define DATE_LONGDATE 2
#define TIME_NOSECONDS 2
#define TIME_FORCE24HOURFORMAT 8
#define LOCALE_SDECIMAL 14
#define LOCALE_SSHORTDATE 31
#define LOCALE_STIMEFORMAT 4099
#define CLSCTX_INPROC_HANDLER 2
#define CLSCTX_LOCAL_SERVER 4
#define CLSCTX_REMOTE_SERVER 16
#define CLSCTX_INPROC 3
#define COINIT_DISABLE_OLE1DDE 4
#define COINIT_SPEED_OVER_MEMORY 8
#define MSHCTX_INPROC 3
#define MSHCTX_LOCAL 0
#define MSHLFLAGS_NORMAL 0
#define REGCLS_SINGLEUSE 0
#define REGCLS_MULTIPLEUSE 1
#define COWAIT_WAITALL 1
#define NORMAL_PRIORITY_CLASS 32
#define CREATE_NO_WINDOW 0x8000000
#define CREATE_NEW_CONSOLE 16
#define DETACHED_PROCESS 8
#define STARTF_USESHOWWINDOW 1
#define STARTF_USESTDHANDLES 256
#define PROCESS_ALL_ACCESS 0x1FFFFF
#define PROCESS_TERMINATE 1
#define PROCESS_QUERY_INFORMATION 1024
#define LOAD_LIBRARY_AS_DATAFILE 2
#define LOAD_WITH_ALTERED_SEARCH_PATH 8
#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_ACCESS_VIOLATION 0xC0000005u
#define RESOURCETYPE_DISK 1
#define NETWORK_ALIVE_LAN 1
#define NETWORK_ALIVE_WAN 2
#define TIMER_ALL_ACCESS 0x1F0003
#define DLL_PROCESS_VERIFIER 4
#define VK_RETURN 13
#define VK_ESCAPE 27
#define VK_SHIFT 16
#define VK_CONTROL 17
#define VER_PLATFORM_WIN32_NT 2
#define VER_PLATFORM_WIN32_WINDOWS 1
#define MAKEINTRESOURCEW(number) ((LPWSTR)(ULONG_PTR)(WORD)(number))
#define MAKEINTRESOURCEA(number) ((LPSTR)(ULONG_PTR)(WORD)(number))
#define MAKEINTRESOURCE MOBSYNC_T(MAKEINTRESOURCE)
#define RT_DIALOG MAKEINTRESOURCE(5)
#define RT_STRING MAKEINTRESOURCE(6)
#define IDI_APPLICATION MAKEINTRESOURCE(32512)
#define IDI_ERROR MAKEINTRESOURCE(32513)
#define IDI_WARNING MAKEINTRESOURCE(32515)
#define IDI_INFORMATION MAKEINTRESOURCE(32516)
#define IDC_ARROW MAKEINTRESOURCE(32512)
#define IDC_WAIT MAKEINTRESOURCE(32514)
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)
#define MAKEWPARAM(low, high) ((WPARAM)(DWORD)MAKELONG(low, high))
#define MAKELPARAM(low, high) ((LPARAM)(DWORD)MAKELONG(low, high))
#define MAKELRESULT(low, high) ((LRESULT)(DWORD)MAKELONG(low, high))
#define GET_X_LPARAM(l) ((int)(short)LOWORD(l))
#define GET_Y_LPARAM(l) ((int)(short)HIWORD(l))
#define RGB(red, green, blue) ((COLORREF)((BYTE)(red) | (WORD)(BYTE)(green) << 8 | (DWORD)(BYTE)(blue) << 16))

/* ---- Functions. Whatever they are given: nothing else is to be said of the call. ---- */

#ifdef __cplusplus
#define MOBSYNC_REFUSED(result, name, why) EXTERN_C result name(...) MOBSYNC_NOT_COVERED(why);
#else
#define MOBSYNC_REFUSED(result, name, why) EXTERN_C result name() MOBSYNC_NOT_COVERED(why);
#endif
#define MOBSYNC_REFUSED_EACH(result, name, why)                                                                        \
    MOBSYNC_REFUSED(result, name##W, why)                                                                              \
    MOBSYNC_REFUSED(result, name##A, why)

#ifndef __cplusplus
#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wdeprecated-non-prototype"
#endif
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#endif
MOBSYNC_REFUSED_EACH(int, MessageBox, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(int, MessageBoxEx, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(INT_PTR, DialogBoxParam, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(INT_PTR, DialogBoxIndirectParam, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(INT_PTR, PropertySheet, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(HWND, CreateWindowEx, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(HWND, CreateDialogParam, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(HWND, CreateDialogIndirectParam, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(HWND, FindWindow, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(HWND, FindWindowEx, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HWND, GetDlgItem, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HWND, GetParent, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HWND, SetParent, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HWND, GetDesktopWindow, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HWND, GetForegroundWindow, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HWND, GetActiveWindow, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HWND, SetActiveWindow, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HWND, GetFocus, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HWND, SetFocus, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HWND, GetWindow, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HWND, SetCapture, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HWND, GetCapture, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HWND, WindowFromPoint, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(LRESULT, SendMessage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(LRESULT, SendMessageTimeout, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(LRESULT, SendDlgItemMessage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(LRESULT, DefWindowProc, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(LRESULT, DefDlgProc, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(LRESULT, CallWindowProc, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(LRESULT, DispatchMessage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(BOOL, PostMessage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(BOOL, PostThreadMessage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(BOOL, SendNotifyMessage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(BOOL, GetMessage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(BOOL, PeekMessage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, TranslateMessage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(BOOL, IsDialogMessage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, ShowWindow, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, UpdateWindow, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, DestroyWindow, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, EnableWindow, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, IsWindow, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, IsWindowVisible, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, IsWindowEnabled, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, MoveWindow, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, SetWindowPos, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, SetForegroundWindow, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, BringWindowToTop, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, CloseWindow, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, GetClientRect, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, GetWindowRect, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, InvalidateRect, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, EndDialog, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, EndPaint, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, KillTimer, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(BOOL, UnregisterClass, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(BOOL, SetWindowText, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(BOOL, SetDlgItemText, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, SetDlgItemInt, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, CheckDlgButton, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, CheckRadioButton, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(BOOL, GetClassInfo, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, DestroyIcon, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, DestroyMenu, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(BOOL, AppendMenu, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, TrackPopupMenu, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, GetCursorPos, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, SetCursorPos, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, ScreenToClient, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, ClientToScreen, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, ReleaseCapture, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, MessageBeep, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(BOOL, SystemParametersInfo, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, WaitMessage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, EnumWindows, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, EnumChildWindows, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(int, GetWindowText, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(int, GetWindowTextLength, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, GetDlgCtrlID, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(int, GetClassName, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, GetSystemMetrics, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(int, DrawText, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, MapWindowPoints, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, ReleaseDC, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(int, GetKeyNameText, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(UINT, GetDlgItemText, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(UINT, GetDlgItemInt, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(UINT, IsDlgButtonChecked, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(UINT, RegisterWindowMessage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(UINT_PTR, SetTimer, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(ATOM, RegisterClass, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(ATOM, RegisterClassEx, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(LONG, GetWindowLong, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(LONG, SetWindowLong, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(LONG_PTR, GetWindowLongPtr, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(LONG_PTR, SetWindowLongPtr, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(VOID, PostQuitMessage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(VOID, InitCommonControls, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, InitCommonControlsEx, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(DWORD, MsgWaitForMultipleObjects, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(DWORD, MsgWaitForMultipleObjectsEx, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(DWORD, GetWindowThreadProcessId, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(DWORD, GetQueueStatus, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HDC, GetDC, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HDC, BeginPaint, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HDC, GetWindowDC, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HDC, CreateCompatibleDC, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(HMENU, LoadMenu, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HMENU, CreateMenu, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HMENU, CreatePopupMenu, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HMENU, GetMenu, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HMENU, GetSubMenu, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(HICON, LoadIcon, MOBSYNC_NO_ICON)
MOBSYNC_REFUSED(HICON, CreateIcon, MOBSYNC_NO_ICON)
MOBSYNC_REFUSED_EACH(HICON, ExtractIcon, MOBSYNC_NO_ICON)
MOBSYNC_REFUSED_EACH(HCURSOR, LoadCursor, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HCURSOR, SetCursor, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(HBITMAP, LoadBitmap, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(HPROPSHEETPAGE, CreatePropertySheetPage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HIMAGELIST, ImageList_Create, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(HIMAGELIST, ImageList_LoadImage, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HIMAGELIST, ListView_GetImageList, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HIMAGELIST, ListView_SetImageList, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, ImageList_AddIcon, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, ImageList_ReplaceIcon, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, ImageList_Add, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, ListView_InsertItem, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, ListView_InsertColumn, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, ListView_GetItemCount, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, ListView_GetSelectionMark, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, ListView_GetNextItem, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, ListView_FindItem, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, ImageList_Destroy, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, ListView_GetItem, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, ListView_SetItem, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, ListView_DeleteItem, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, ListView_DeleteAllItems, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, ListView_SetColumnWidth, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, ListView_SortItems, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, PropSheet_Changed, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, PropSheet_UnChanged, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, PropSheet_PressButton, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(DWORD, ListView_SetExtendedListViewStyle, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(UINT, ListView_GetItemState, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(VOID, ListView_SetItemText, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(VOID, ListView_GetItemText, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(VOID, ListView_SetItemState, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(VOID, ListView_SetCheckState, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(HFONT, CreateFont, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(HFONT, CreateFontIndirect, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HGDIOBJ, SelectObject, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(HGDIOBJ, GetStockObject, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, DeleteObject, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, DeleteDC, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(BOOL, TextOut, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(BOOL, BitBlt, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, SetBkMode, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, GetDeviceCaps, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED(int, FillRect, MOBSYNC_NO_WINDOWS)
MOBSYNC_REFUSED_EACH(HANDLE, LoadImage, MOBSYNC_NO_ICON)
MOBSYNC_REFUSED_EACH(int, LoadString, MOBSYNC_NO_RESOURCES)
MOBSYNC_REFUSED_EACH(HRSRC, FindResource, MOBSYNC_NO_RESOURCES)
MOBSYNC_REFUSED_EACH(HRSRC, FindResourceEx, MOBSYNC_NO_RESOURCES)
MOBSYNC_REFUSED(HGLOBAL, LoadResource, MOBSYNC_NO_RESOURCES)
MOBSYNC_REFUSED(LPVOID, LockResource, MOBSYNC_NO_RESOURCES)
MOBSYNC_REFUSED(DWORD, SizeofResource, MOBSYNC_NO_RESOURCES)
MOBSYNC_REFUSED_EACH(LSTATUS, RegOpenKey, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegOpenKeyEx, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegCreateKey, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegCreateKeyEx, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegSetValue, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegSetValueEx, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegQueryValue, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegQueryValueEx, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegGetValue, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegDeleteKey, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegDeleteKeyEx, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegDeleteValue, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegDeleteTree, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegEnumKey, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegEnumKeyEx, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegEnumValue, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegQueryInfoKey, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED(LSTATUS, RegCloseKey, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED(LSTATUS, RegFlushKey, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED(LSTATUS, RegNotifyChangeKeyValue, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegSaveKey, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, RegLoadKey, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, SHGetValue, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, SHSetValue, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, SHDeleteValue, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, SHDeleteKey, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, SHDeleteEmptyKey, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(LSTATUS, SHRegGetUSValue, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(DWORD, GetPrivateProfileString, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(DWORD, GetPrivateProfileInt, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(DWORD, GetProfileString, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(BOOL, WritePrivateProfileString, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(BOOL, WriteProfileString, MOBSYNC_NO_REGISTRY)
MOBSYNC_REFUSED_EACH(HANDLE, CreateFile, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(HANDLE, FindFirstFile, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(HANDLE, FindFirstFileEx, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(HANDLE, FindFirstChangeNotification, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(HANDLE, CreateFileMapping, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(HANDLE, OpenFileMapping, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(HANDLE, CreateNamedPipe, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(HANDLE, CreateIoCompletionPort, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, ReadFile, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, WriteFile, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, ReadFileEx, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, WriteFileEx, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, CopyFile, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, CopyFileEx, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, MoveFile, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, MoveFileEx, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, ReplaceFile, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, DeleteFile, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, FindNextFile, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, FindClose, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, FindNextChangeNotification, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, FindCloseChangeNotification, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, CreateDirectory, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, CreateDirectoryEx, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, RemoveDirectory, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, SetFileAttributes, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, GetFileAttributesEx, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, SetFileTime, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, GetFileTime, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, GetFileSizeEx, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, SetFilePointerEx, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, SetEndOfFile, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, FlushFileBuffers, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, LockFile, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, UnlockFile, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, LockFileEx, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, GetFileInformationByHandle, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, GetDiskFreeSpace, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, GetDiskFreeSpaceEx, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, GetVolumeInformation, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, SetCurrentDirectory, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, ReadDirectoryChangesW, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, UnmapViewOfFile, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, CreatePipe, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, CreateHardLink, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, CreateSymbolicLink, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, GetOverlappedResult, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, CancelIo, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, PathFileExists, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, PathIsDirectory, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(BOOL, PathFindOnPath, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(BOOL, DeviceIoControl, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(DWORD, GetFileAttributes, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(DWORD, GetFileSize, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(DWORD, SetFilePointer, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(DWORD, GetFileType, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(DWORD, GetFullPathName, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(DWORD, GetShortPathName, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(DWORD, GetLongPathName, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(DWORD, GetTempPath, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(DWORD, GetCurrentDirectory, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(DWORD, GetLogicalDrives, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(DWORD, GetLogicalDriveStrings, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(DWORD, SearchPath, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(DWORD, GetFinalPathNameByHandle, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(DWORD, ExpandEnvironmentStrings, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(UINT, GetTempFileName, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(UINT, GetDriveType, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(UINT, GetWindowsDirectory, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(UINT, GetSystemDirectory, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED(LPVOID, MapViewOfFile, MOBSYNC_NO_FILES)
MOBSYNC_REFUSED_EACH(HRESULT, SHGetFolderPath, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED(HRESULT, SHGetKnownFolderPath, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED(HRESULT, SHGetFolderLocation, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED(HRESULT, SHGetSpecialFolderLocation, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED(HRESULT, SHGetDesktopFolder, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED(HRESULT, SHBindToParent, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED(HRESULT, SHParseDisplayName, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED(HRESULT, SHCreateItemFromParsingName, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED(HRESULT, SHAutoComplete, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED(HRESULT, SHLoadIndirectString, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED_EACH(BOOL, SHGetSpecialFolderPath, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED_EACH(BOOL, SHGetPathFromIDList, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED_EACH(BOOL, Shell_NotifyIcon, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED_EACH(BOOL, ShellExecuteEx, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED_EACH(LPVOID, SHBrowseForFolder, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED_EACH(int, SHFileOperation, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED_EACH(int, SHCreateDirectoryEx, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED_EACH(DWORD_PTR, SHGetFileInfo, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED(VOID, SHChangeNotify, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED(VOID, DragAcceptFiles, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED(VOID, DragFinish, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED_EACH(HINSTANCE, ShellExecute, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED_EACH(HINSTANCE, FindExecutable, MOBSYNC_NO_SHELL)
MOBSYNC_REFUSED_EACH(BOOL, CreateProcess, MOBSYNC_NO_SYSTEM)
MOBSYNC_REFUSED(BOOL, OpenProcessToken, MOBSYNC_NO_SYSTEM)
MOBSYNC_REFUSED_EACH(BOOL, LookupAccountSid, MOBSYNC_NO_SYSTEM)
MOBSYNC_REFUSED_EACH(BOOL, GetUserName, MOBSYNC_NO_SYSTEM)
MOBSYNC_REFUSED_EACH(BOOL, GetComputerName, MOBSYNC_NO_SYSTEM)
MOBSYNC_REFUSED_EACH(BOOL, GetComputerNameEx, MOBSYNC_NO_SYSTEM)
MOBSYNC_REFUSED(BOOL, InternetGetConnectedState, MOBSYNC_NO_SYSTEM)
MOBSYNC_REFUSED(BOOL, IsNetworkAlive, MOBSYNC_NO_SYSTEM)
MOBSYNC_REFUSED_EACH(BOOL, IsDestinationReachable, MOBSYNC_NO_SYSTEM)
MOBSYNC_REFUSED_EACH(BOOL, GetVersionEx, MOBSYNC_NO_SYSTEM)
MOBSYNC_REFUSED_EACH(BOOL, VerifyVersionInfo, MOBSYNC_NO_SYSTEM)
MOBSYNC_REFUSED(HANDLE, OpenProcess, MOBSYNC_NO_SYSTEM)
MOBSYNC_REFUSED(HANDLE, CreateToolhelp32Snapshot, MOBSYNC_NO_SYSTEM)
MOBSYNC_REFUSED_EACH(HANDLE, CreateJobObject, MOBSYNC_NO_SYSTEM)
MOBSYNC_REFUSED_EACH(HMODULE, LoadLibrary, MOBSYNC_NO_LIBRARIES)
MOBSYNC_REFUSED_EACH(HMODULE, LoadLibraryEx, MOBSYNC_NO_LIBRARIES)
MOBSYNC_REFUSED(BOOL, FreeLibrary, MOBSYNC_NO_LIBRARIES)
MOBSYNC_REFUSED(FARPROC, GetProcAddress, MOBSYNC_NO_LIBRARIES)
MOBSYNC_REFUSED_EACH(DWORD, WNetAddConnection2, MOBSYNC_NO_NETWORK)
MOBSYNC_REFUSED_EACH(DWORD, WNetGetConnection, MOBSYNC_NO_NETWORK)
MOBSYNC_REFUSED_EACH(DWORD, WNetOpenEnum, MOBSYNC_NO_NETWORK)
MOBSYNC_REFUSED_EACH(DWORD, WNetGetUniversalName, MOBSYNC_NO_NETWORK)
MOBSYNC_REFUSED_EACH(DWORD, RasDial, MOBSYNC_NO_NETWORK)
MOBSYNC_REFUSED_EACH(DWORD, RasHangUp, MOBSYNC_NO_NETWORK)
MOBSYNC_REFUSED_EACH(DWORD, RasEnumConnections, MOBSYNC_NO_NETWORK)
MOBSYNC_REFUSED_EACH(DWORD, RasGetConnectStatus, MOBSYNC_NO_NETWORK)
MOBSYNC_REFUSED_EACH(HANDLE, InternetOpen, MOBSYNC_NO_NETWORK)
MOBSYNC_REFUSED_EACH(HANDLE, InternetOpenUrl, MOBSYNC_NO_NETWORK)
MOBSYNC_REFUSED_EACH(HANDLE, InternetConnect, MOBSYNC_NO_NETWORK)
MOBSYNC_REFUSED(BOOL, InternetAutodial, MOBSYNC_NO_NETWORK)
MOBSYNC_REFUSED(BOOL, InternetReadFile, MOBSYNC_NO_NETWORK)
MOBSYNC_REFUSED(BOOL, InternetCloseHandle, MOBSYNC_NO_NETWORK)
MOBSYNC_REFUSED(DWORD, SuspendThread, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED(BOOL, TerminateThread, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED(BOOL, SetWaitableTimer, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED(BOOL, CancelWaitableTimer, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED(BOOL, RegisterWaitForSingleObject, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED(BOOL, UnregisterWait, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED(BOOL, UnregisterWaitEx, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED(BOOL, CreateTimerQueueTimer, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED(BOOL, DeleteTimerQueueTimer, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED(BOOL, DeleteTimerQueueEx, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED(BOOL, VirtualProtect, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED(DWORD, QueueUserAPC, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED_EACH(HANDLE, CreateWaitableTimer, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED_EACH(HANDLE, OpenWaitableTimer, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED(HANDLE, CreateTimerQueue, MOBSYNC_NO_THREADS)
MOBSYNC_REFUSED(HRESULT, CoMarshalInterface, MOBSYNC_NO_MARSHAL)
MOBSYNC_REFUSED(HRESULT, CoUnmarshalInterface, MOBSYNC_NO_MARSHAL)
MOBSYNC_REFUSED(HRESULT, CoGetMarshalSizeMax, MOBSYNC_NO_MARSHAL)
MOBSYNC_REFUSED(HRESULT, CoCreateFreeThreadedMarshaler, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, CoLockObjectExternal, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, CoSetProxyBlanket, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, CoInitializeSecurity, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, CoRegisterClassObject, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, CoRevokeClassObject, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, CoCreateInstanceEx, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, CoGetObject, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, CreateStreamOnHGlobal, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, StgCreateDocfile, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, StgOpenStorage, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, CLSIDFromProgID, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, ProgIDFromCLSID, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, CreateBindCtx, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, MkParseDisplayName, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, GetHGlobalFromStream, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, LoadTypeLib, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, RegisterTypeLib, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, LoadRegTypeLib, MOBSYNC_NO_COM)
MOBSYNC_REFUSED(HRESULT, CoWaitForMultipleHandles, MOBSYNC_NO_COM)
MOBSYNC_REFUSED_EACH(int, GetDateFormat, MOBSYNC_NO_LOCALES)
MOBSYNC_REFUSED_EACH(int, GetTimeFormat, MOBSYNC_NO_LOCALES)
MOBSYNC_REFUSED_EACH(int, GetLocaleInfo, MOBSYNC_NO_LOCALES)
MOBSYNC_REFUSED_EACH(int, GetNumberFormat, MOBSYNC_NO_LOCALES)
MOBSYNC_REFUSED_EACH(int, LCMapString, MOBSYNC_NO_LOCALES)
MOBSYNC_REFUSED(LCID, GetUserDefaultLCID, MOBSYNC_NO_LOCALES)
MOBSYNC_REFUSED(LCID, GetSystemDefaultLCID, MOBSYNC_NO_LOCALES)
MOBSYNC_REFUSED(LCID, GetThreadLocale, MOBSYNC_NO_LOCALES)
MOBSYNC_REFUSED(LANGID, GetUserDefaultLangID, MOBSYNC_NO_LOCALES)
MOBSYNC_REFUSED(LANGID, GetSystemDefaultLangID, MOBSYNC_NO_LOCALES)
MOBSYNC_REFUSED(PVOID, AddVectoredExceptionHandler, MOBSYNC_NO_EXCEPTIONS)
MOBSYNC_REFUSED(PVOID, SetUnhandledExceptionFilter, MOBSYNC_NO_EXCEPTIONS)
MOBSYNC_REFUSED(VOID, RaiseException, MOBSYNC_NO_EXCEPTIONS)
#ifndef __cplusplus
#pragma GCC diagnostic pop
#endif

#define MessageBox MOBSYNC_T(MessageBox)
#define MessageBoxEx MOBSYNC_T(MessageBoxEx)
#define DialogBoxParam MOBSYNC_T(DialogBoxParam)
#define DialogBoxIndirectParam MOBSYNC_T(DialogBoxIndirectParam)
#define PropertySheet MOBSYNC_T(PropertySheet)
#define CreateWindowEx MOBSYNC_T(CreateWindowEx)
#define CreateDialogParam MOBSYNC_T(CreateDialogParam)
#define CreateDialogIndirectParam MOBSYNC_T(CreateDialogIndirectParam)
#define FindWindow MOBSYNC_T(FindWindow)
#define FindWindowEx MOBSYNC_T(FindWindowEx)
#define SendMessage MOBSYNC_T(SendMessage)
#define SendMessageTimeout MOBSYNC_T(SendMessageTimeout)
#define SendDlgItemMessage MOBSYNC_T(SendDlgItemMessage)
#define DefWindowProc MOBSYNC_T(DefWindowProc)
#define DefDlgProc MOBSYNC_T(DefDlgProc)
#define CallWindowProc MOBSYNC_T(CallWindowProc)
#define DispatchMessage MOBSYNC_T(DispatchMessage)
#define PostMessage MOBSYNC_T(PostMessage)
#define PostThreadMessage MOBSYNC_T(PostThreadMessage)
#define SendNotifyMessage MOBSYNC_T(SendNotifyMessage)
#define GetMessage MOBSYNC_T(GetMessage)
#define PeekMessage MOBSYNC_T(PeekMessage)
#define IsDialogMessage MOBSYNC_T(IsDialogMessage)
#define UnregisterClass MOBSYNC_T(UnregisterClass)
#define SetWindowText MOBSYNC_T(SetWindowText)
#define SetDlgItemText MOBSYNC_T(SetDlgItemText)
#define GetClassInfo MOBSYNC_T(GetClassInfo)
#define AppendMenu MOBSYNC_T(AppendMenu)
#define SystemParametersInfo MOBSYNC_T(SystemParametersInfo)
#define GetWindowText MOBSYNC_T(GetWindowText)
#define GetWindowTextLength MOBSYNC_T(GetWindowTextLength)
#define GetClassName MOBSYNC_T(GetClassName)
#define DrawText MOBSYNC_T(DrawText)
#define GetKeyNameText MOBSYNC_T(GetKeyNameText)
#define GetDlgItemText MOBSYNC_T(GetDlgItemText)
#define RegisterWindowMessage MOBSYNC_T(RegisterWindowMessage)
#define RegisterClass MOBSYNC_T(RegisterClass)
#define RegisterClassEx MOBSYNC_T(RegisterClassEx)
#define GetWindowLong MOBSYNC_T(GetWindowLong)
#define SetWindowLong MOBSYNC_T(SetWindowLong)
#define GetWindowLongPtr MOBSYNC_T(GetWindowLongPtr)
#define SetWindowLongPtr MOBSYNC_T(SetWindowLongPtr)
#define LoadMenu MOBSYNC_T(LoadMenu)
#define LoadIcon MOBSYNC_T(LoadIcon)
#define ExtractIcon MOBSYNC_T(ExtractIcon)
#define LoadCursor MOBSYNC_T(LoadCursor)
#define LoadBitmap MOBSYNC_T(LoadBitmap)
#define CreatePropertySheetPage MOBSYNC_T(CreatePropertySheetPage)
#define ImageList_LoadImage MOBSYNC_T(ImageList_LoadImage)
#define CreateFont MOBSYNC_T(CreateFont)
#define CreateFontIndirect MOBSYNC_T(CreateFontIndirect)
#define TextOut MOBSYNC_T(TextOut)
#define LoadImage MOBSYNC_T(LoadImage)
#define LoadString MOBSYNC_T(LoadString)
#define FindResource MOBSYNC_T(FindResource)
#define FindResourceEx MOBSYNC_T(FindResourceEx)
#define RegOpenKey MOBSYNC_T(RegOpenKey)
#define RegOpenKeyEx MOBSYNC_T(RegOpenKeyEx)
#define RegCreateKey MOBSYNC_T(RegCreateKey)
#define RegCreateKeyEx MOBSYNC_T(RegCreateKeyEx)
#define RegSetValue MOBSYNC_T(RegSetValue)
#define RegSetValueEx MOBSYNC_T(RegSetValueEx)
#define RegQueryValue MOBSYNC_T(RegQueryValue)
#define RegQueryValueEx MOBSYNC_T(RegQueryValueEx)
#define RegGetValue MOBSYNC_T(RegGetValue)
#define RegDeleteKey MOBSYNC_T(RegDeleteKey)
#define RegDeleteKeyEx MOBSYNC_T(RegDeleteKeyEx)
#define RegDeleteValue MOBSYNC_T(RegDeleteValue)
#define RegDeleteTree MOBSYNC_T(RegDeleteTree)
#define RegEnumKey MOBSYNC_T(RegEnumKey)
#define RegEnumKeyEx MOBSYNC_T(RegEnumKeyEx)
#define RegEnumValue MOBSYNC_T(RegEnumValue)
#define RegQueryInfoKey MOBSYNC_T(RegQueryInfoKey)
#define RegSaveKey MOBSYNC_T(RegSaveKey)
#define RegLoadKey MOBSYNC_T(RegLoadKey)
#define SHGetValue MOBSYNC_T(SHGetValue)
#define SHSetValue MOBSYNC_T(SHSetValue)
#define SHDeleteValue MOBSYNC_T(SHDeleteValue)
#define SHDeleteKey MOBSYNC_T(SHDeleteKey)
#define SHDeleteEmptyKey MOBSYNC_T(SHDeleteEmptyKey)
#define SHRegGetUSValue MOBSYNC_T(SHRegGetUSValue)
#define GetPrivateProfileString MOBSYNC_T(GetPrivateProfileString)
#define GetPrivateProfileInt MOBSYNC_T(GetPrivateProfileInt)
#define GetProfileString MOBSYNC_T(GetProfileString)
#define WritePrivateProfileString MOBSYNC_T(WritePrivateProfileString)
#define WriteProfileString MOBSYNC_T(WriteProfileString)
#define CreateFile MOBSYNC_T(CreateFile)
#define FindFirstFile MOBSYNC_T(FindFirstFile)
#define FindFirstFileEx MOBSYNC_T(FindFirstFileEx)
#define FindFirstChangeNotification MOBSYNC_T(FindFirstChangeNotification)
#define CreateFileMapping MOBSYNC_T(CreateFileMapping)
#define OpenFileMapping MOBSYNC_T(OpenFileMapping)
#define CreateNamedPipe MOBSYNC_T(CreateNamedPipe)
#define CopyFile MOBSYNC_T(CopyFile)
#define CopyFileEx MOBSYNC_T(CopyFileEx)
#define MoveFile MOBSYNC_T(MoveFile)
#define MoveFileEx MOBSYNC_T(MoveFileEx)
#define ReplaceFile MOBSYNC_T(ReplaceFile)
#define DeleteFile MOBSYNC_T(DeleteFile)
#define FindNextFile MOBSYNC_T(FindNextFile)
#define CreateDirectory MOBSYNC_T(CreateDirectory)
#define CreateDirectoryEx MOBSYNC_T(CreateDirectoryEx)
#define RemoveDirectory MOBSYNC_T(RemoveDirectory)
#define SetFileAttributes MOBSYNC_T(SetFileAttributes)
#define GetFileAttributesEx MOBSYNC_T(GetFileAttributesEx)
#define GetDiskFreeSpace MOBSYNC_T(GetDiskFreeSpace)
#define GetDiskFreeSpaceEx MOBSYNC_T(GetDiskFreeSpaceEx)
#define GetVolumeInformation MOBSYNC_T(GetVolumeInformation)
#define SetCurrentDirectory MOBSYNC_T(SetCurrentDirectory)
#define CreateHardLink MOBSYNC_T(CreateHardLink)
#define CreateSymbolicLink MOBSYNC_T(CreateSymbolicLink)
#define PathFileExists MOBSYNC_T(PathFileExists)
#define PathIsDirectory MOBSYNC_T(PathIsDirectory)
#define PathFindOnPath MOBSYNC_T(PathFindOnPath)
#define GetFileAttributes MOBSYNC_T(GetFileAttributes)
#define GetFullPathName MOBSYNC_T(GetFullPathName)
#define GetShortPathName MOBSYNC_T(GetShortPathName)
#define GetLongPathName MOBSYNC_T(GetLongPathName)
#define GetTempPath MOBSYNC_T(GetTempPath)
#define GetCurrentDirectory MOBSYNC_T(GetCurrentDirectory)
#define GetLogicalDriveStrings MOBSYNC_T(GetLogicalDriveStrings)
#define SearchPath MOBSYNC_T(SearchPath)
#define GetFinalPathNameByHandle MOBSYNC_T(GetFinalPathNameByHandle)
#define ExpandEnvironmentStrings MOBSYNC_T(ExpandEnvironmentStrings)
#define GetTempFileName MOBSYNC_T(GetTempFileName)
#define GetDriveType MOBSYNC_T(GetDriveType)
#define GetWindowsDirectory MOBSYNC_T(GetWindowsDirectory)
#define GetSystemDirectory MOBSYNC_T(GetSystemDirectory)
#define SHGetFolderPath MOBSYNC_T(SHGetFolderPath)
#define SHGetSpecialFolderPath MOBSYNC_T(SHGetSpecialFolderPath)
#define SHGetPathFromIDList MOBSYNC_T(SHGetPathFromIDList)
#define Shell_NotifyIcon MOBSYNC_T(Shell_NotifyIcon)
#define ShellExecuteEx MOBSYNC_T(ShellExecuteEx)
#define SHBrowseForFolder MOBSYNC_T(SHBrowseForFolder)
#define SHFileOperation MOBSYNC_T(SHFileOperation)
#define SHCreateDirectoryEx MOBSYNC_T(SHCreateDirectoryEx)
#define SHGetFileInfo MOBSYNC_T(SHGetFileInfo)
#define ShellExecute MOBSYNC_T(ShellExecute)
#define FindExecutable MOBSYNC_T(FindExecutable)
#define CreateProcess MOBSYNC_T(CreateProcess)
#define LookupAccountSid MOBSYNC_T(LookupAccountSid)
#define GetUserName MOBSYNC_T(GetUserName)
#define GetComputerName MOBSYNC_T(GetComputerName)
#define GetComputerNameEx MOBSYNC_T(GetComputerNameEx)
#define IsDestinationReachable MOBSYNC_T(IsDestinationReachable)
#define GetVersionEx MOBSYNC_T(GetVersionEx)
#define VerifyVersionInfo MOBSYNC_T(VerifyVersionInfo)
#define CreateJobObject MOBSYNC_T(CreateJobObject)
#define LoadLibrary MOBSYNC_T(LoadLibrary)
#define LoadLibraryEx MOBSYNC_T(LoadLibraryEx)
#define WNetAddConnection2 MOBSYNC_T(WNetAddConnection2)
#define WNetGetConnection MOBSYNC_T(WNetGetConnection)
#define WNetOpenEnum MOBSYNC_T(WNetOpenEnum)
#define WNetGetUniversalName MOBSYNC_T(WNetGetUniversalName)
#define RasDial MOBSYNC_T(RasDial)
#define RasHangUp MOBSYNC_T(RasHangUp)
#define RasEnumConnections MOBSYNC_T(RasEnumConnections)
#define RasGetConnectStatus MOBSYNC_T(RasGetConnectStatus)
#define InternetOpen MOBSYNC_T(InternetOpen)
#define InternetOpenUrl MOBSYNC_T(InternetOpenUrl)
#define InternetConnect MOBSYNC_T(InternetConnect)
#define CreateWaitableTimer MOBSYNC_T(CreateWaitableTimer)
#define OpenWaitableTimer MOBSYNC_T(OpenWaitableTimer)
#define GetDateFormat MOBSYNC_T(GetDateFormat)
#define GetTimeFormat MOBSYNC_T(GetTimeFormat)
#define GetLocaleInfo MOBSYNC_T(GetLocaleInfo)
#define GetNumberFormat MOBSYNC_T(GetNumberFormat)
#define LCMapString MOBSYNC_T(LCMapString)
#define CreateWindowW(name, title, style, x, y, width, height, parent, menu, module, argument)                         \
    CreateWindowExW(0, (name), (title), (style), (x), (y), (width), (height), (parent), (menu), (module), (argument))
#define CreateWindowA(name, title, style, x, y, width, height, parent, menu, module, argument)                         \
    CreateWindowExA(0, (name), (title), (style), (x), (y), (width), (height), (parent), (menu), (module), (argument))
#define CreateWindow MOBSYNC_T(CreateWindow)
#define DialogBox(module, name, parent, routine) DialogBoxParam((module), (name), (parent), (routine), 0)
#define CreateDialog(module, name, parent, routine) CreateDialogParam((module), (name), (parent), (routine), 0)

#endif /* MOBSYNC_REFUSED_H */
