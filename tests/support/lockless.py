"""A process whose file system has no locks: the kernel rejects the system calls, as that of a network share would."""

import ctypes
import fcntl
import platform
import struct
import sys

# The numbers of fcntl and flock.
NUMBERS = {"x86_64": (72, 73), "aarch64": (25, 32)}
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
# Where the filter finds the number of a system call, and its second argument.
NUMBER, COMMAND = 0, 24
ALLOW, FAIL = 0x7FFF0000, 0x00050000
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
IS_POSSIBLE = sys.platform == "linux" and platform.machine() in NUMBERS


class Program(ctypes.Structure):
    """A filter of system calls, as the kernel takes it."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def reject_locks(number: int) -> None:
    """Let each lock that this process requests fail with the error *number*, until the process ends."""
    fcntl_number, flock_number = NUMBERS[platform.machine()]
    instructions = [
        (LOAD, 0, 0, NUMBER),
        (JUMP_IF_EQUAL, 5, 0, flock_number),
        (JUMP_IF_EQUAL, 0, 3, fcntl_number),
        (LOAD, 0, 0, COMMAND),
        (JUMP_IF_EQUAL, 2, 0, fcntl.F_SETLK),
        (JUMP_IF_EQUAL, 1, 0, fcntl.F_GETLK),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, FAIL | number),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in instructions))
    program = Program(len(instructions), ctypes.cast(code, ctypes.c_void_p))
    libc = ctypes.CDLL(None)
    assert 0 == libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    assert 0 == libc.prctl(SECCOMP, FILTER, ctypes.byref(program))
