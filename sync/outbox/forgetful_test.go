//go:build linux

package outbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// forgetful is a disk that forgets at a power cut what was not synced. What was written
// since a file's last sync survives by chance, sector by sector and in any order; a file
// that was never synced may be gone altogether.
type forgetful struct {
	mu    sync.Mutex
	files map[string]*content
	rng   *rand.Rand
	left  int  // writes and syncs until the power is cut
	off   bool // it was
}

// content is what a file holds.
type content struct {
	now     []byte
	synced  []byte
	pending []change
	durable bool // its name is
}

// change is a write, or a truncation if data is nil.
type change struct {
	at   int64
	data []byte
}

const sector = 512

func (c change) apply(b []byte) []byte {
	end := c.at + int64(len(c.data))
	if c.data == nil && c.at < int64(len(b)) {
		return b[:c.at]
	}
	if end > int64(len(b)) {
		b = append(b, make([]byte, end-int64(len(b)))...)
	}
	copy(b[c.at:], c.data)
	return b
}

// act counts an operation towards the power cut and reports whether the power is still on.
// Whoever calls it holds mu.
func (d *forgetful) act() bool {
	if d.off {
		return false
	}
	d.left--
	d.off = d.left <= 0
	return !d.off
}

// powerOn puts the disk in the state that is found after the cut.
func (d *forgetful) powerOn() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, c := range d.files {
		if !c.durable && d.rng.IntN(2) == 0 {
			delete(d.files, name)
			continue
		}
		keep := d.rng.Float64() // how much the disk had written by itself
		for _, ch := range c.pending {
			for _, part := range sectors(ch) {
				if d.rng.Float64() < keep {
					c.synced = part.apply(c.synced)
				}
			}
		}
		c.now, c.pending, c.durable = append([]byte(nil), c.synced...), nil, true
	}
	d.off = false
}

func sectors(c change) []change {
	if c.data == nil {
		return []change{c}
	}
	var parts []change
	for len(c.data) > 0 {
		n := min(sector-int(c.at%sector), len(c.data))
		parts = append(parts, change{c.at, c.data[:n]})
		c.at, c.data = c.at+int64(n), c.data[n:]
	}
	return parts
}

const (
	diskFolder = "BOOTHD_TEST_DISK"
	diskSeed   = "BOOTHD_TEST_SEED"
	diskDone   = "disk: done"
)

// TestForgetfulDisk is the process that serves the disk, until its input ends. It is one of
// its own, since a process that maps files of a file system which it serves itself can come
// to wait for itself. It answers each command with diskDone or with what went wrong.
func TestForgetfulDisk(t *testing.T) {
	dir := os.Getenv(diskFolder)
	if dir == "" {
		t.Skip("runs only as the child of another test")
	}
	seed, err := strconv.ParseUint(os.Getenv(diskSeed), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	d := &forgetful{files: map[string]*content{}, rng: rand.New(rand.NewPCG(seed, 2))}
	var server *fuse.Server
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var err error
		switch in.Text() {
		case "mount": // each time anew, since the kernel keeps nothing of a former mount
			d.left = 1 << 30
			server, err = fs.Mount(dir, &folder{disk: d}, &fs.Options{MountOptions: fuse.MountOptions{DirectMount: true, Name: "forgetful"}})
		case "cut soon":
			d.mu.Lock()
			d.left = 20 + d.rng.IntN(600)
			d.mu.Unlock()
		case "unmount":
			err = server.Unmount()
			d.powerOn()
		}
		if err != nil {
			fmt.Println("disk:", err)
		} else {
			fmt.Println(diskDone)
		}
	}
}

// disk is the other end: it commands the process that serves the disk.
type disk struct {
	dir string
	in  io.WriteCloser
	out *bufio.Scanner
}

func newDisk(t *testing.T, seed uint64) *disk {
	t.Helper()
	f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("power cuts not tested: %v", err)
	}
	f.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{dir: t.TempDir()}
	child := exec.Command(self, "-test.run=^TestForgetfulDisk$")
	child.Env = append(os.Environ(), diskFolder+"="+d.dir, diskSeed+"="+fmt.Sprint(seed))
	child.Stderr = os.Stderr
	if d.in, err = child.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	d.out = bufio.NewScanner(out)
	t.Cleanup(func() {
		d.in.Close()
		syscall.Unmount(d.dir, syscall.MNT_DETACH) // if the test has failed meanwhile
		child.Wait()
	})
	return d
}

// do has the disk's process do something and returns what went wrong.
func (d *disk) do(command string) error {
	if _, err := fmt.Fprintln(d.in, command); err != nil {
		return err
	}
	for d.out.Scan() {
		switch line := d.out.Text(); {
		case line == diskDone:
			return nil
		case strings.HasPrefix(line, "disk:"):
			return errors.New(line)
		}
	}
	return errors.New("the disk's process has ended")
}

// folder is the disk's root.
type folder struct {
	fs.Inode
	disk *forgetful
}

// node is a file of it.
type node struct {
	fs.Inode
	disk *forgetful
	c    *content
}

var (
	_ fs.NodeLookuper  = (*folder)(nil)
	_ fs.NodeCreater   = (*folder)(nil)
	_ fs.NodeUnlinker  = (*folder)(nil)
	_ fs.NodeRenamer   = (*folder)(nil)
	_ fs.NodeFsyncer   = (*folder)(nil)
	_ fs.NodeStatfser  = (*folder)(nil)
	_ fs.NodeOpener    = (*node)(nil)
	_ fs.NodeReader    = (*node)(nil)
	_ fs.NodeWriter    = (*node)(nil)
	_ fs.NodeFsyncer   = (*node)(nil)
	_ fs.NodeGetattrer = (*node)(nil)
	_ fs.NodeSetattrer = (*node)(nil)
)

func (f *folder) child(ctx context.Context, c *content, out *fuse.EntryOut) *fs.Inode {
	out.Attr.Mode, out.Attr.Size = 0o600|syscall.S_IFREG, uint64(len(c.now))
	return f.NewInode(ctx, &node{disk: f.disk, c: c}, fs.StableAttr{Mode: syscall.S_IFREG})
}

func (f *folder) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	c := f.disk.files[name]
	if c == nil {
		return nil, syscall.ENOENT
	}
	if old := f.GetChild(name); old != nil {
		out.Attr.Mode, out.Attr.Size = 0o600|syscall.S_IFREG, uint64(len(c.now))
		return old, 0
	}
	return f.child(ctx, c, out), 0
}

func (f *folder) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.off {
		return nil, nil, 0, syscall.EIO
	}
	c := &content{}
	f.disk.files[name] = c
	return f.child(ctx, c, out), nil, 0, 0
}

func (f *folder) Unlink(ctx context.Context, name string) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.off {
		return syscall.EIO
	}
	delete(f.disk.files, name)
	return 0
}

func (f *folder) Rename(ctx context.Context, name string, to fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.off {
		return syscall.EIO
	}
	f.disk.files[newName] = f.disk.files[name]
	delete(f.disk.files, name)
	return 0
}

func (f *folder) Fsync(ctx context.Context, fh fs.FileHandle, flags uint32) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if !f.disk.act() {
		return syscall.EIO
	}
	for _, c := range f.disk.files {
		c.durable = true
	}
	return 0
}

func (f *folder) Statfs(ctx context.Context, out *fuse.StatfsOut) syscall.Errno {
	out.Bsize, out.Blocks, out.Bfree, out.Bavail = 4096, 1<<20, 1<<20, 1<<20
	return 0
}

func (n *node) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, 0, 0
}

func (n *node) Read(ctx context.Context, fh fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	if n.disk.off {
		return nil, syscall.EIO
	}
	off = min(off, int64(len(n.c.now)))
	return fuse.ReadResultData(append([]byte(nil), n.c.now[off:min(int(off)+len(dest), len(n.c.now))]...)), 0
}

func (n *node) Write(ctx context.Context, fh fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	return uint32(len(data)), n.change(change{off, append([]byte{}, data...)})
}

func (n *node) change(c change) syscall.Errno {
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	before := n.disk.off
	on := n.disk.act()
	if !before { // what is under way at the cut may reach the disk in part
		n.c.now = c.apply(n.c.now)
		n.c.pending = append(n.c.pending, c)
	}
	if !on {
		return syscall.EIO
	}
	return 0
}

func (n *node) Fsync(ctx context.Context, fh fs.FileHandle, flags uint32) syscall.Errno {
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	if !n.disk.act() {
		return syscall.EIO
	}
	for _, c := range n.c.pending {
		n.c.synced = c.apply(n.c.synced)
	}
	n.c.pending, n.c.durable = nil, true
	return 0
}

func (n *node) Getattr(ctx context.Context, fh fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	out.Attr.Mode, out.Attr.Size = 0o600|syscall.S_IFREG, uint64(len(n.c.now))
	return 0
}

func (n *node) Setattr(ctx context.Context, fh fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		if errno := n.change(change{at: int64(size)}); errno != 0 {
			return errno
		}
	}
	return n.Getattr(ctx, fh, out)
}
