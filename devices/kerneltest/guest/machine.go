package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const udevLog = "/tmp/udev.log"

// startMachine does what the system's own services do on a real one, then starts the
// booth's unit.
func startMachine() error {
	// Each module needs those before it.
	for _, name := range []string{"usb-common", "usbcore", "usbip-core", "vhci-hcd"} {
		if err := loadModule(filepath.Join("/modules", name+".ko")); err != nil {
			return err
		}
	}
	if err := startUdev(); err != nil {
		return err
	}
	if err := run("/bin/systemctl", "start", "boothd.service"); err != nil {
		status, _ := exec.Command("/bin/systemctl", "status", "boothd.service").CombinedOutput()
		return fmt.Errorf("%w\n%s", err, status)
	}
	return nil
}

func loadModule(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), "", 0); err != nil {
		return fmt.Errorf("load %s: %w", path, err)
	}
	return nil
}

// startUdev starts the daemon and has it look at the devices that were there before it.
// The daemon ends with the machine.
func startUdev() error {
	log, err := os.Create(udevLog)
	if err != nil {
		return err
	}
	defer log.Close()
	udev := exec.Command("/bin/udevadm")
	udev.Args = []string{"systemd-udevd"} // udevadm is the daemon if it is called so
	udev.Stderr = log
	if err := udev.Start(); err != nil {
		return fmt.Errorf("start udev: %w", err)
	}
	err = await("udev's socket", func() bool {
		_, err := os.Stat("/run/udev/control")
		return err == nil
	})
	if err != nil {
		return err
	}
	if err := run("/bin/udevadm", "trigger", "--action=add"); err != nil {
		return err
	}
	return run("/bin/udevadm", "settle")
}

func run(program string, args ...string) error {
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, out)
	}
	return nil
}

// powerOff ends the machine.
func powerOff() {
	unix.Sync()
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

// await polls what the kernel and udev do in their own time.
func await(what string, done func() bool) error {
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New(what + ": waited 20 s in vain")
		}
	}
	return nil
}
