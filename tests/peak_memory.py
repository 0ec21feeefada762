"""The largest size of a process, for tests that measure one in a process of its own.

Not ``ru_maxrss``: on Linux a child that was started by vfork begins with what its parent had, so that in the middle of
a whole run it tells the size of the run.
"""

from __future__ import annotations

from pathlib import Path


def peak_memory() -> int:
    """The peak of this process's resident memory so far, in KiB (VmHWM of proc(5))."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
