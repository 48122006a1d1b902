// Package kerneltest boots Debian's kernel in a virtual machine and drives emulated
// fingerprint scanners and cameras through its real USB and video stacks: enumeration, udev,
// usbfs, libusb, gousb, uvcvideo, V4L2, the device manager and the drivers are those of a booth.
// Only the devices are emulated; they are wired to the kernel's virtual host controller
// (vhci_hcd) and cannot be told from ones at the end of a cable. Another camera is the kernel's
// own virtual one (vivid). The program that runs in the machine is in the folder guest.
package kerneltest_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/kerneltest/prints"
	"boothd/devices/secugen"
	"boothd/devices/secugen/secugenemu"
	"boothd/devices/usbip"
	"boothd/internal/testtool"
)

// The modules that the kernel must load, in this order.
var modules = []string{
	"usb-common", "usbcore", "usbip-core", "vhci-hcd",
	"mc", "videodev", "videobuf2-common", "videobuf2-memops", "videobuf2-vmalloc", "videobuf2-dma-contig", "videobuf2-v4l2",
	"v4l2-dv-timings", "v4l2-tpg", "rc-core", "cec", "vivid", "uvcvideo",
}

// What the guest must report, in this order.
var steps = []string{
	"the booth starts under its hardened unit",
	"the kernel enumerates a U.are.U",
	"udev gives the scanner to the booth and to nobody else",
	"the booth captures the finger that is laid, every pixel",
	"unplugging in mid-capture ends the capture with ErrGone",
	"a scanner plugged in again is found",
	"it captures the next finger, every pixel",
	"it is unplugged",
	"the kernel enumerates a SecuGen",
	"udev gives it to the booth too",
	"it captures a finger, every pixel",
	"unplugging it in mid-capture ends the capture with ErrGone",
	"plugged in again it captures the next finger",
	"it is unplugged too",
	"udev gives the cameras to the group video and to nobody else",
	"the kernel's virtual camera shows its bars in their colours",
	"a camera that is taken away while it is watched is gone",
	"the camera is back",
	"the kernel makes a video device of a USB camera",
	"the booth takes its picture, every byte, under automatic exposure",
	"unplugging it while a picture comes is noticed",
	"plugged in again it is found",
	"it shows its picture again",
}

func TestDevicesOnARealKernel(t *testing.T) {
	if runtime.GOARCH != "amd64" || runtime.GOOS != "linux" {
		t.Skip("the virtual machine is a PC and its programs are the host's: needs linux on amd64")
	}
	qemu := testtool.Path(t, "qemu-system-x86_64")
	kernel := kernelFolder(t)
	image := filepath.Join(t.TempDir(), "initramfs")
	buildImage(t, kernel, image)
	transcript, console := boot(t, qemu, filepath.Join(kernel, "vmlinuz"), image)

	reported := 0
	for line := range strings.Lines(transcript) {
		line = strings.TrimSpace(line)
		if reason, ok := strings.CutPrefix(line, "not ok - "); ok {
			t.Errorf("in the virtual machine: %s", reason)
		}
		if name, ok := strings.CutPrefix(line, "ok - "); ok {
			if reported >= len(steps) || name != steps[reported] {
				t.Fatalf("step %d of the guest is %q", reported+1, name)
			}
			reported++
		}
	}
	if reported < len(steps) {
		t.Errorf("the guest did not report %q", steps[reported])
	}
	if t.Failed() {
		t.Logf("the virtual machine's console:\n%s", console)
	}
}

// kernelFolder returns where packaging/deps unpacked the kernel.
func kernelFolder(t testing.TB) string {
	cache := os.Getenv("BOOTHD_CACHE")
	if cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(dir, "boothd")
	}
	folder := filepath.Join(cache, "kernel")
	if _, err := os.Stat(filepath.Join(folder, "vmlinuz")); err != nil {
		testtool.Missing(t, "the virtual machine's kernel "+filepath.Join(folder, "vmlinuz"))
	}
	return folder
}

// buildImage makes the root file system: the guest program as init, the kernel's modules,
// Debian's udev with its default rules and ours, and the booth's user.
func buildImage(t testing.TB, kernel, image string) {
	t.Helper()
	guest := filepath.Join(t.TempDir(), "guest")
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags", "-s -w", "-o", guest, "./guest")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the guest: %v\n%s", err, out)
	}

	root := newInitramfs(t)
	root.program("/init", "/lib/systemd/systemd")
	root.program("/bin/systemctl", testtool.Path(t, "systemctl"))
	root.program("/bin/udevadm", testtool.Path(t, "udevadm"))
	root.program("/usr/bin/boothd", guest)
	root.copy("/lib/systemd/system/boothd.service", "../../packaging/boothd.service")
	root.file("/lib/systemd/system/default.target", []byte("[Unit]\nWants=machine.service\nAllowIsolate=yes\n"), 0o644)
	root.file("/lib/systemd/system/machine.service", []byte(machineUnit), 0o644)
	for _, unit := range []string{"sysinit.target", "basic.target", "shutdown.target"} {
		root.copy("/lib/systemd/system/"+unit, "/lib/systemd/system/"+unit)
	}
	root.copy("/lib/udev/rules.d/50-udev-default.rules", "/lib/udev/rules.d/50-udev-default.rules")
	root.copy("/lib/udev/rules.d/60-boothd.rules", "../../packaging/60-boothd.rules")
	for _, module := range modules {
		root.copy("/modules/"+module+".ko", filepath.Join(kernel, module+".ko"))
	}
	for n := range 4 {
		root.file(fmt.Sprintf("/golden/secugen-%d", n), []byte(seenBySecugen(t, n)), 0o644)
	}
	root.file("/modules/order", []byte(strings.Join(modules, "\n")), 0o644)
	root.file("/etc/passwd", []byte("root:x:0:0::/:/init\nboothd:x:990:990::/:/init\n"), 0o644)
	root.file("/etc/group", []byte("root:x:0:\ndialout:x:20:\nvideo:x:44:\nboothd:x:990:\n"), 0o644)
	root.file("/etc/machine-id", []byte("6c6f6e65626f6f74686f6e6574657374\n"), 0o644)
	for _, dir := range []string{"/proc", "/sys", "/dev", "/run", "/tmp", "/var/lib", "/home", "/root"} {
		root.dir(dir)
	}
	root.write(image)
}

// seenBySecugen tells the picture that the driver takes of a finger without a kernel between it and
// the scanner.
func seenBySecugen(t testing.TB, n int) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const slot = "1-1"
	server, scanner := usbip.NewServer(nil), secugenemu.New(secugenemu.Unit{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	defer func() { cancel(); <-served }()
	if err := server.Plug(slot, scanner); err != nil {
		t.Fatal(err)
	}
	defer server.Unplug(slot)
	ports, err := usbip.NewBus(nil, listener.Addr().String()).Scan(ctx)
	if err != nil || len(ports) != 1 {
		t.Fatalf("%d ports, %v", len(ports), err)
	}
	d, err := secugen.Driver().Open(ctx, ports[0])
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	scanner.Lay(prints.Draw(n))
	picture, err := d.(devices.FingerScanner).CaptureFinger(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return prints.Describe(picture.Gray)
}

// machineUnit runs the guest program as the one that plugs and unplugs.
const machineUnit = `[Unit]
DefaultDependencies=no
[Service]
ExecStart=/usr/bin/boothd machine
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS1
`

// boot runs the machine until it powers off. It returns what the guest wrote to the second
// serial line, which is its own, and what kernel and systemd wrote to the first.
func boot(t testing.TB, qemu, kernel, image string) (transcript, console string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	line := filepath.Join(t.TempDir(), "transcript")
	// The accelerator is the interpreter so that the test needs no /dev/kvm. The machine's clock
	// counts its instructions, two nanoseconds for each, and jumps where it would idle: so no
	// time-out in it depends on how busy this machine is.
	machine := exec.CommandContext(ctx, qemu, "-M", "q35", "-accel", "tcg", "-icount", "shift=1,sleep=off", "-cpu", "max", "-m", "512",
		"-display", "none", "-monitor", "none", "-serial", "stdio", "-serial", "file:"+line, "-nic", "none",
		"-no-reboot", "-kernel", kernel, "-initrd", image,
		"-append", "console=ttyS0 quiet panic=-1 systemd.show_status=false")
	out, err := machine.CombinedOutput()
	if err != nil {
		t.Fatalf("qemu: %v (%v); its console:\n%s", err, ctx.Err(), out)
	}
	written, err := os.ReadFile(line)
	if err != nil {
		t.Fatal(err)
	}
	return string(written), string(out)
}
