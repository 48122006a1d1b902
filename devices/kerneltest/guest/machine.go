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
	names, err := os.ReadFile("/modules/order")
	if err != nil {
		return err
	}
	for name := range strings.FieldsSeq(string(names)) {
		if err := loadModule(name, options[name]); err != nil {
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

// options of modules: one virtual camera, of the kind that is like a webcam.
var options = map[string]string{"vivid": "n_devs=1 node_types=0x1 num_inputs=1 input_types=0"}

func loadModule(name, options string) error {
	f, err := os.Open(filepath.Join("/modules", name+".ko"))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), options, 0); err != nil {
		return fmt.Errorf("load %s: %w", name, err)
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
