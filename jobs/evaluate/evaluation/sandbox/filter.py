"""The system calls that a confined process may make: an allow-list, enforced by the kernel, for root too.

A program may compute, read files and write to what it was given: no socket, no process, thread or other program, no
file made, changed or removed, no limit lifted. What is not listed fails with EPERM.
Source: https://docs.kernel.org/userspace-api/seccomp_filter.html, and the kernel's tables of system calls.
"""

import ctypes
import os
import struct

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, AND_JUMP, EQUAL, AT_LEAST, RETURN = 0x20, 0x45, 0x15, 0x35, 0x06
ALLOW, DENY, KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000
X32 = 0x40000000
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
FLAGS_OF_OPENAT = 32

# By machine: its audit architecture, openat, and what is allowed without a look at the arguments, by name:
# read write close fstat lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn pread64 readv writev
# sched_yield mremap madvise nanosleep getpid exit uname fcntl getcwd gettimeofday getrusage sysinfo times getuid getgid
# geteuid getegid getppid sigaltstack gettid futex sched_getaffinity getdents64 clock_gettime clock_getres
# clock_nanosleep exit_group newfstatat readlinkat faccessat pselect6 ppoll set_robust_list getrandom statx rseq
# faccessat2; and on x86-64 the older stat, poll, lstat, access, select, readlink.
MACHINES: dict[str, tuple[int, int, tuple[int, ...]]] = {
    "x86_64": (
        0xC000003E,
        257,
        (
            *(0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 17, 19, 20, 24, 25, 28, 35, 39, 60, 63, 72, 79, 96, 98, 99),
            *(100, 102, 104, 107, 108, 110, 131, 186, 202, 204, 217, 228, 229, 230, 231, 262, 267, 269, 270, 271, 273),
            *(318, 332, 334, 439, 4, 7, 6, 21, 23, 89),
        ),
    ),
    "aarch64": (
        0xC00000B7,
        56,
        (
            *(63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 67, 65, 66, 124, 216, 233, 101, 172, 93, 160, 25),
            *(
                17,
                169,
                165,
                179,
                153,
                174,
                176,
                175,
                177,
                173,
                132,
                178,
                98,
                123,
                61,
                113,
                114,
                115,
                94,
                79,
                78,
                48,
                72,
            ),
            *(73, 99, 278, 291, 293, 439),
        ),
    ),
}


def program(machine: str) -> bytes:
    """Return the filter as the kernel takes it. Raises: OSError for a machine that it does not know."""
    if machine not in MACHINES:
        raise OSError(f"the sandbox knows {' and '.join(MACHINES)}, not {machine}")
    architecture, openat, allowed = MACHINES[machine]
    code = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, architecture), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    if machine == "x86_64":
        code += [(AT_LEAST, 0, 1, X32), (RETURN, 0, 0, KILL)]
    for number in allowed:
        code += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    code += [(EQUAL, 0, 3, openat), (LOAD, 0, 0, FLAGS_OF_OPENAT), (AND_JUMP, 1, 0, WRITING), (RETURN, 0, 0, ALLOW)]
    code.append((RETURN, 0, 0, DENY))
    return b"".join(struct.pack("HBBI", *each) for each in code)


def confine() -> None:
    """Put the calling process behind the filter for good. Raises: OSError where the kernel cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = program(os.uname().machine)
    kept = ctypes.create_string_buffer(code, len(code))
    head = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(kept)))
    for arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(head), 0, 0),
    ):
        if libc.prctl(*(ctypes.c_ulong(each) for each in arguments)):
            error = ctypes.get_errno()
            raise OSError(error, f"the kernel refuses a seccomp filter: {os.strerror(error)}")
