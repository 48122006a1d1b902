package kerneltest_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// initramfs is the virtual machine's root file system: an archive in cpio's "newc" format
// (kernel documentation, driver-api/early-userspace/buffer-format).
type initramfs struct {
	t       testing.TB
	archive bytes.Buffer
	names   map[string]bool
}

func newInitramfs(t testing.TB) *initramfs {
	return &initramfs{t: t, names: map[string]bool{}}
}

// file lays data down under an absolute name and makes the folders above it.
func (r *initramfs) file(name string, data []byte, perm fs.FileMode) {
	r.entry(name, 0o100000|uint32(perm.Perm()), data)
}

// dir makes an empty folder.
func (r *initramfs) dir(name string) {
	r.entry(name, 0o040755, nil)
}

// copy lays the host's file from down as name.
func (r *initramfs) copy(name, from string) {
	r.t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		r.t.Fatal(err)
	}
	info, err := os.Stat(from)
	if err != nil {
		r.t.Fatal(err)
	}
	r.file(name, data, info.Mode())
}

// program lays a dynamically linked program down as name, with its interpreter and the
// libraries it loads at the places where it looks for them.
func (r *initramfs) program(name, from string) {
	r.t.Helper()
	r.copy(name, from)
	out, err := exec.Command("ldd", from).Output()
	if err != nil {
		r.t.Fatalf("ldd %s: %v", from, err)
	}
	for word := range strings.FieldsSeq(string(out)) {
		if filepath.IsAbs(word) {
			r.copy(word, word)
		}
	}
}

// write closes the archive and stores it.
func (r *initramfs) write(file string) {
	r.t.Helper()
	r.entry("/TRAILER!!!", 0, nil)
	if err := os.WriteFile(file, r.archive.Bytes(), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *initramfs) entry(name string, mode uint32, data []byte) {
	name = strings.TrimPrefix(path.Clean(name), "/")
	if r.names[name] {
		return
	}
	r.names[name] = true
	if parent := path.Dir(name); parent != "." && !r.names[parent] {
		r.dir(parent)
	}
	// Magic, then 13 fields of eight hexadecimal digits: inode, mode, user, group, links,
	// time, size, four device numbers, length of the name with its NUL, checksum.
	fmt.Fprintf(&r.archive, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		len(r.names), mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0, name)
	r.pad()
	r.archive.Write(data)
	r.pad()
}

func (r *initramfs) pad() {
	for r.archive.Len()%4 != 0 {
		r.archive.WriteByte(0)
	}
}
