"""Let file permissions count in a test, even if root runs it."""

import ctypes
import os
import sys

IS_POSSIBLE = sys.platform == "linux" or (os.name == "posix" and os.geteuid() != 0)
# <linux/capability.h>: the version of the structs, and the right of root to ignore permissions.
VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1


def respect_permissions() -> None:
    """Take from this process the right of root to ignore file permissions."""
    if os.geteuid():
        return
    library = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(VERSION_3, 0)
    # Effective, permitted and inheritable, the lower 32 of each first.
    sets = (ctypes.c_uint32 * 6)()
    library.capget(header, sets)
    for index in (0, 1):
        sets[index] &= ~(1 << CAP_DAC_OVERRIDE)
    if library.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")
