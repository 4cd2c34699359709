/* For sources written for the Windows SDK: see mobsync_platform.h. */
#include "mobsync_platform.h"
