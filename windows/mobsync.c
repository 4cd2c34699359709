/* For handlers that import mobsync.dll, which Wine and newer versions of Windows do not have. It has the one function of that
   library: a dialog that asks the user which version of an item to keep. Nobody is there to answer, so nothing is chosen. */
#include <windows.h>

__declspec(dllexport) int WINAPI SyncMgrResolveConflictA(HWND parent, void *conflict) { (void)parent; (void)conflict; return 0; }
__declspec(dllexport) int WINAPI SyncMgrResolveConflictW(HWND parent, void *conflict) { (void)parent; (void)conflict; return 0; }
__declspec(dllexport) int WINAPI SyncMgrResolveConflict(HWND parent, void *conflict) { (void)parent; (void)conflict; return 0; }
