"""Write lines to standard output: in UTF-8, each of them once, and none cut off by a signal."""

import errno
import os
import select
import stat
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence

from source_opsgenie.signals import postpone_signals

# How many bytes a pipe takes completely or not at all.
PIPE_BUF = getattr(select, "PIPE_BUF", 512)

if sys.platform == "linux":
    import fcntl
    import struct
    import termios

    def _capacity(pipe: int) -> int:
        """How many bytes *pipe* takes without waiting if it is empty."""
        return fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)

    def _is_empty(pipe: int) -> bool:
        return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))) == (0,)
else:

    def _capacity(_: int) -> int:
        return PIPE_BUF

    def _is_empty(_: int) -> bool:
        return False


# Fewer bytes make each row slower: other threads take over during every write.
MOST_BYTES = 2**16
# How long a line may wait for the next ones, so that they are written together.
LONGEST_WAIT_SECONDS = 0.1


class Output:
    """The only writer to a file *descriptor*, for messages and for the log.

    Only the thread that created it writes; lines from other threads wait for its next flush. A line leaves the buffer
    before it is written, so none is written twice. After an error nothing more is written, and every call raises it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        self._most_bytes = min(MOST_BYTES, _capacity(descriptor)) if self._is_pipe else MOST_BYTES
        self._writer = threading.get_ident()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._flushed_at = 0.0
        self._error: OSError | None = None

    def write_lines(self, lines: Sequence[bytes]) -> None:
        """Write *lines*, each of which ends with a line break, now or together with the next ones."""
        self._waiting.extend(lines)
        self._size += sum(map(len, lines))
        is_late = time.monotonic() - self._flushed_at >= LONGEST_WAIT_SECONDS
        self._write_waiting(most_left=0 if is_late else MOST_BYTES)

    def write(self, text: str) -> None:
        """Write a line of the log."""
        self.write_lines([text.encode(errors="backslashreplace")])

    def flush(self) -> None:
        """Write all lines that wait, unless another thread writes them."""
        self._write_waiting(most_left=0)

    def _write_waiting(self, *, most_left: int) -> None:
        """Write lines that wait, until at most so many bytes are left."""
        if threading.get_ident() != self._writer:
            return
        if self._error:
            raise self._error
        try:
            while self._waiting and self._size > most_left:
                self._write_some()
        except OSError as error:
            self._error = error
            raise
        if not self._waiting:
            self._size, self._flushed_at = 0, time.monotonic()

    def _write_some(self) -> None:
        """Write as many lines as fit at once, so that no signal ends the process in between; or one longer line."""
        most = PIPE_BUF if self._is_pipe and not _is_empty(self._descriptor) else self._most_bytes
        lines = self._take(most)
        if self._is_pipe and len(lines) <= most:
            self._write_all(lines)
        else:
            with postpone_signals():
                self._write_all(lines)

    def _take(self, most: int) -> bytes:
        """The first lines that wait, *most* bytes of them, but at least one."""
        lines = [self._waiting.popleft()]
        size = len(lines[0])
        while self._waiting and size + len(self._waiting[0]) <= most:
            lines.append(self._waiting.popleft())
            size += len(lines[-1])
        self._size -= size
        return b"".join(lines)

    def _write_all(self, lines: bytes) -> None:
        rest = memoryview(lines)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                # Another program shares the descriptor and made it non-blocking.
                select.select([], [self._descriptor], [])


def open_output() -> Output:
    """The output of this process; raises OSError if it has none."""
    if not sys.__stdout__:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return Output(sys.__stdout__.fileno())
