//go:build linux && (amd64 || arm64)

package v4l2

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"boothd/devices"
)

// nodes lists the video devices that take pictures. Each is asked once what it can do: to open
// it wakes up a camera that sleeps.
func (b *Bus) nodes(ctx context.Context) ([]found, error) {
	shown, err := filepath.Glob(filepath.Join(cmp.Or(b.Sys, "/sys"), "class/video4linux/video*"))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(shown, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	known := make(map[string]capability)
	var nodes []found
	for _, at := range shown {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		path := filepath.Join(cmp.Or(b.Dev, "/dev"), filepath.Base(at))
		number, ok := deviceNumber(path)
		if !ok {
			continue // udev is not done with it, or it has just gone
		}
		device, err := filepath.EvalSymlinks(at)
		if err != nil {
			continue
		}
		key := fmt.Sprintf("%s %d %s", path, number, device)
		can, asked := b.known[key]
		if !asked {
			can, err = ask(path)
			if err != nil {
				continue // asked again at the next scan
			}
		}
		known[key] = can
		if can.takesPictures {
			nodes = append(nodes, found{path: path, number: number, id: usbID(device)})
		}
	}
	b.known = known
	return nodes, nil
}

// find returns the node to which the path leads.
func find(nodes []found, path string) (found, bool) {
	number, ok := deviceNumber(path)
	i := slices.IndexFunc(nodes, func(n found) bool { return n.number == number })
	if !ok || i < 0 {
		return found{}, false
	}
	return nodes[i], true
}

func deviceNumber(path string) (uint64, bool) {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFCHR {
		return 0, false
	}
	return st.Rdev, true
}

// ask opens a node to hear what it can do. One that may not be opened is taken for a camera,
// so that the fault is told when it is opened for use.
func ask(path string) (capability, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err == unix.EACCES || err == unix.EPERM {
		return capability{true}, nil
	}
	if err != nil {
		return capability{}, err
	}
	defer unix.Close(fd)
	var caps v4l2Capability
	if err := query(fd, &caps); err != nil {
		return capability{}, err
	}
	return capability{caps.takesPictures()}, nil
}

// usbID finds the USB identity of a device by the folder that the kernel shows it in, or of
// the device that it is part of.
func usbID(folder string) devices.ID {
	for range 4 {
		folder = filepath.Dir(folder)
		vendor, err1 := hexFile(filepath.Join(folder, "idVendor"))
		product, err2 := hexFile(filepath.Join(folder, "idProduct"))
		if err1 == nil && err2 == nil {
			return devices.ID{Vendor: vendor, Product: product}
		}
	}
	return devices.ID{}
}

func hexFile(path string) (uint16, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 16, 16)
	return uint16(n), err
}
