/* For sources written for the Windows SDK: see mobsync_interfaces.h. */
#include "mobsync_interfaces.h"
