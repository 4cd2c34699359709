/* For Wine before version 9, which has no bcryptprimitives.dll: Rust's standard library takes its random numbers from it.
   mobsync.exe finds this library beside itself. A newer Wine has its own, and Windows does as well. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG size); /* RtlGenRandom */

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T size) { return SystemFunction036(buffer, (ULONG)size); }
