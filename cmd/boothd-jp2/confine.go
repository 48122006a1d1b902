//go:build linux && cgo && (amd64 || arm64)

package main

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The bounds of the process. The largest picture takes some 130 MB and a second; what Go's
// memory manager reserves without using it counts as address space and not as data.
const (
	maxData         = 384 << 20 // bytes
	maxAddressSpace = 4 << 30   // bytes
	maxCPU          = 5         // seconds
)

// limit bounds what the process can take, whatever it executes.
func limit() error {
	for _, l := range []struct {
		what int
		most uint64
	}{
		{unix.RLIMIT_AS, maxAddressSpace},
		{unix.RLIMIT_DATA, maxData},
		{unix.RLIMIT_CPU, maxCPU},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_NOFILE, 0},
		{unix.RLIMIT_CORE, 0},
	} {
		if err := unix.Setrlimit(l.what, &unix.Rlimit{Cur: l.most, Max: l.most}); err != nil {
			return fmt.Errorf("set resource limit %d: %w", l.what, err)
		}
	}
	return nil
}

// confine takes from all threads, for good, the system calls that decoding does not need:
// no file can be opened, no program started, no memory made executable, no other process
// reached.
func confine() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	program := filter(uint32(unix.Getpid()))
	header := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&header)))
	if errno != 0 {
		return fmt.Errorf("install system call filter: %w", errno)
	}
	if thread != 0 {
		return fmt.Errorf("install system call filter: thread %d has another one", thread)
	}
	return nil
}

// architectures are the numbers that the kernel has for the processors.
var architectures = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// needed are the system calls of Go's scheduler and memory manager, and those of the C
// library's, besides the ones that filter looks into.
var needed = []uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_CLOSE,
	unix.SYS_BRK, unix.SYS_MUNMAP, unix.SYS_MREMAP, unix.SYS_MADVISE,
	unix.SYS_FUTEX, unix.SYS_SCHED_YIELD, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_GETRANDOM,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_SCHED_GETAFFINITY,
	unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
}

// Where the kernel keeps the call's number, the architecture and the low halves of the
// arguments (struct seccomp_data; both processors are little-endian).
const (
	offNumber       = 0
	offArchitecture = 4
	offArguments    = 16
)

const (
	allow  = unix.SECCOMP_RET_ALLOW
	kill   = unix.SECCOMP_RET_KILL_PROCESS
	refuse = unix.SECCOMP_RET_ERRNO | uint32(syscall.EPERM)
	absent = unix.SECCOMP_RET_ERRNO | uint32(syscall.ENOSYS)
)

// filter returns the program that the kernel runs on each call of the process.
func filter(pid uint32) []unix.SockFilter {
	const (
		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		has   = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
		end   = unix.BPF_RET | unix.BPF_K
	)
	program := []unix.SockFilter{
		{Code: load, K: offArchitecture},
		{Code: equal, Jt: 1, K: architectures[runtime.GOARCH]},
		{Code: end, K: kill},
		{Code: load, K: offNumber},
	}
	for _, number := range needed {
		program = append(program, unix.SockFilter{Code: equal, Jf: 1, K: number}, unix.SockFilter{Code: end, K: allow})
	}
	// A clone3 that is not there makes the C library take clone, whose flags can be seen.
	program = append(program, unix.SockFilter{Code: equal, Jf: 1, K: unix.SYS_CLONE3}, unix.SockFilter{Code: end, K: absent})
	for _, look := range []struct {
		number   uint32
		argument uint32
		test     uint16
		value    uint32
		yes, no  uint32
	}{
		{unix.SYS_CLONE, 0, has, unix.CLONE_THREAD, allow, refuse},
		{unix.SYS_MMAP, 2, has, unix.PROT_EXEC, refuse, allow},
		{unix.SYS_MPROTECT, 2, has, unix.PROT_EXEC, refuse, allow},
		{unix.SYS_TGKILL, 0, equal, pid, allow, refuse},
	} {
		program = append(program,
			unix.SockFilter{Code: equal, Jf: 4, K: look.number},
			unix.SockFilter{Code: load, K: offArguments + 8*look.argument},
			unix.SockFilter{Code: look.test, Jf: 1, K: look.value},
			unix.SockFilter{Code: end, K: look.yes},
			unix.SockFilter{Code: end, K: look.no})
	}
	return append(program, unix.SockFilter{Code: end, K: refuse})
}
