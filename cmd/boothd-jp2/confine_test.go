//go:build linux && cgo && (amd64 || arm64)

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// What a decoder that was taken over would try, and the error of each.
var attempts = []struct {
	name string
	try  func() error
}{
	{"open a file", func() error { return second(unix.Open("/etc/hostname", unix.O_RDONLY, 0)) }},
	{"make a socket", func() error { return second(unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)) }},
	{"start a program", func() error { return unix.Exec("/bin/true", []string{"true"}, nil) }},
	{"fork", func() error { return errno(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0) }},
	{"map memory that can be executed", func() error {
		_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
		return err
	}},
	{"signal the parent", func() error { return unix.Kill(os.Getppid(), 0) }},
	{"signal a thread of another process", func() error { return unix.Tgkill(1, 1, 0) }},
	{"trace", func() error { return errno(unix.SYS_PTRACE, unix.PTRACE_TRACEME, 0, 0) }},
	{"raise its limits", func() error { return unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: 100, Max: 100}) }},
	{"rename a file", func() error { return unix.Rename("/tmp/a", "/tmp/b") }},
	{"control a device", func() error { return errno(unix.SYS_IOCTL, 1, unix.TIOCSTI, 0) }},
}

func second(_ int, err error) error { return err }

func errno(number, a, b, c uintptr) error {
	if _, _, e := unix.Syscall(number, a, b, c); e != 0 {
		return e
	}
	return nil
}

func TestAConfinedProcessReachesNothing(t *testing.T) {
	if os.Getenv("BOOTHD_JP2_CONFINED") == "1" {
		attempt()
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestAConfinedProcessReachesNothing$")
	cmd.Env = append(os.Environ(), "BOOTHD_JP2_CONFINED=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("confined process: %v\n%s", err, out)
	}
	for _, a := range attempts {
		if want := a.name + ": refused\n"; !strings.Contains(string(out), want) {
			t.Errorf("%s: not refused\n%s", a.name, out)
		}
	}
}

// attempt tries everything from another thread than the one that confined the process.
func attempt() {
	ready, done := make(chan bool), make(chan bool)
	go func() {
		runtime.LockOSThread()
		<-ready
		for _, a := range attempts {
			if err := a.try(); errors.Is(err, syscall.EPERM) {
				fmt.Printf("%s: refused\n", a.name)
			} else {
				fmt.Printf("%s: %v\n", a.name, err)
			}
		}
		close(done)
	}()
	if err := confine(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	close(ready)
	<-done
	os.Exit(0)
}

func TestLimitsHold(t *testing.T) {
	if os.Getenv("BOOTHD_JP2_LIMITED") == "1" {
		err := limit()
		_, opened := os.Open("/etc/hostname")
		var data unix.Rlimit
		unix.Getrlimit(unix.RLIMIT_DATA, &data)
		fmt.Println(err, errors.Is(opened, syscall.EMFILE), data.Cur == maxData, data.Max == maxData)
		os.Exit(0)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestLimitsHold$")
	cmd.Env = append(os.Environ(), "BOOTHD_JP2_LIMITED=1")
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "<nil> true true true\n" {
		t.Errorf("limited process: %q, %v", out, err)
	}
}
