/* Loads the library that its argument names, and ends: the least that a session in a process of its own takes. */
#include <dlfcn.h>

int main(int many, char **words) { return many == 2 && dlopen(words[1], RTLD_NOW) ? 0 : 1; }
