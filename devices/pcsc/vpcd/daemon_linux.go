package vpcd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Slots is how many readers a daemon has. Their names are "Virtual PCD 00 00" and
// "Virtual PCD 00 01".
const Slots = 2

// SocketVariable names the environment variable by which a program finds another pcscd than
// the machine's. libpcsclite reads it once, at its first use.
const SocketVariable = "PCSCLITE_CSOCK_NAME"

// driver is where Debian's package vsmartcard-vpcd puts the driver.
const driver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"

const (
	startLimit = 15 * time.Second
	startPoll  = 10 * time.Millisecond
)

// script hides the machine's /run, where pcscd has its socket, behind a folder of ours.
const script = `mount --bind "$1" /run && exec "$2" --foreground --config "$3"`

// Daemon is a pcscd of its own, beside the machine's if that runs, with virtual readers.
// Its methods are called by one goroutine at a time.
type Daemon struct {
	program string
	dir     string
	port    int
	cmd     *exec.Cmd     // nil while stopped
	ended   chan struct{} // closed when it has ended
}

// Start starts pcscd with [Slots] empty readers and waits until it is there. It needs
// Debian's pcscd and vsmartcard-vpcd and the right to mount: root's, or that of a user
// namespace. Start makes the folder dir for the daemon's files, which Close removes again;
// its path has at most 80 bytes, because a socket's path has at most 107. ctx bounds the
// start only.
func Start(ctx context.Context, dir string) (*Daemon, error) {
	program, err := findDaemon()
	if err != nil {
		return nil, fmt.Errorf("start pcscd: %w", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, fmt.Errorf("start pcscd: %w", err)
	}
	d := &Daemon{program: program, dir: dir}
	if d.port, err = freePorts(); err == nil {
		err = d.configure()
	}
	if err == nil {
		err = d.start(ctx)
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("start pcscd: %w", err)
	}
	return d, nil
}

func findDaemon() (string, error) {
	if _, err := os.Stat(driver); err != nil {
		return "", fmt.Errorf("find the driver of Debian's package vsmartcard-vpcd: %w", err)
	}
	if program, err := exec.LookPath("pcscd"); err == nil {
		return program, nil
	}
	const program = "/usr/sbin/pcscd" // outside the PATH of most users
	if _, err := os.Stat(program); err != nil {
		return "", err
	}
	return program, nil
}

// freePorts returns the first of as many free ports in a row as there are readers.
func freePorts() (int, error) {
	for range 100 {
		first, err := net.Listen("tcp", ":0")
		if err != nil {
			return 0, err
		}
		port := first.Addr().(*net.TCPAddr).Port
		second, err := net.Listen("tcp", ":"+strconv.Itoa(port+1))
		first.Close()
		if err == nil {
			second.Close()
			return port, nil
		}
	}
	return 0, errors.New("no two free ports in a row")
}

func (d *Daemon) configure() error {
	for _, folder := range []string{d.run(), d.config()} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:0x%X\nLIBPATH %s\nCHANNELID 0x%X\n",
		d.port, driver, d.port)
	return os.WriteFile(filepath.Join(d.config(), "vpcd"), []byte(text), 0o644)
}

func (d *Daemon) run() string    { return filepath.Join(d.dir, "run") }
func (d *Daemon) config() string { return filepath.Join(d.dir, "conf") }
func (d *Daemon) log() string    { return filepath.Join(d.dir, "log") }

// Socket returns the path of the daemon's socket, for [SocketVariable]. It stays the same
// when the daemon is stopped and started again.
func (d *Daemon) Socket() string { return filepath.Join(d.run(), "pcscd", "pcscd.comm") }

// Reader returns the address on which the reader of a slot takes a chip, for [Lay].
func (d *Daemon) Reader(slot int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(d.port+slot))
}

// Stop kills the daemon without warning, which is how all its readers are unplugged. It
// does nothing while the daemon is stopped.
func (d *Daemon) Stop() {
	if d.cmd == nil {
		return
	}
	_ = d.cmd.Process.Kill() // an error means that it has ended
	<-d.ended
	d.cmd = nil
}

// Signal sends the daemon a signal, such as SIGSTOP, after which it answers nobody.
func (d *Daemon) Signal(s os.Signal) error {
	if d.cmd == nil {
		return os.ErrProcessDone
	}
	return d.cmd.Process.Signal(s)
}

// Restart starts a stopped daemon again, on the same socket and ports.
func (d *Daemon) Restart(ctx context.Context) error {
	if d.cmd != nil {
		return nil
	}
	if err := d.start(ctx); err != nil {
		return fmt.Errorf("restart pcscd: %w", err)
	}
	return nil
}

// Close ends the daemon and removes its files.
func (d *Daemon) Close() error {
	d.Stop()
	return os.RemoveAll(d.dir)
}

func (d *Daemon) start(ctx context.Context) error {
	if err := os.RemoveAll(filepath.Join(d.run(), "pcscd")); err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", "-c", script, "vpcd", d.run(), d.program, d.config())
	cmd.SysProcAttr = namespace()
	log, err := os.Create(d.log())
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("take a mount namespace: %w", err)
	}
	d.cmd, d.ended = cmd, make(chan struct{})
	go func() {
		_ = cmd.Wait() // killed, or it says on its output why not
		close(d.ended)
	}()
	if err := d.await(ctx); err != nil {
		d.Stop()
		return err
	}
	return nil
}

// namespace gives the daemon mounts of its own, and lets it end with this process. Who is
// not root is root in a namespace of users.
func namespace() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		attr.Cloneflags = syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return attr
}

// await waits until the daemon's socket takes connections. pcscd starts its readers before.
func (d *Daemon) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(startPoll)
	defer tick.Stop()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", d.Socket())
		if err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-d.ended:
			return fmt.Errorf("it ended: %s", d.firstLine())
		case <-ctx.Done():
			return fmt.Errorf("wait for its socket: %w", ctx.Err())
		}
	}
}

// firstLine returns the first thing that the daemon said.
func (d *Daemon) firstLine() string {
	text, err := os.ReadFile(d.log())
	if err != nil {
		return err.Error()
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return line
}
