package hardware

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"boothd/capture/synthetic"
)

// start plugs a booth's devices in, without a chip reader.
func start(t *testing.T) (*Booth, string) { return startWith(t, true) }

func startWith(t *testing.T, noChips bool) (*Booth, string) {
	t.Helper()
	link := filepath.Join(t.TempDir(), "reader")
	if err := os.Symlink("/dev/pts/left-behind", link); err != nil {
		t.Fatal(err)
	}
	b, err := New(t.Context(), Where{Reader: link, Camera: "127.0.0.1:0", NoChips: noChips}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v", err)
		}
		if _, err := os.Lstat(link); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the reader's link after the end: %v", err)
		}
	})
	return b, link
}

// page is a document without a chip.
func page(n int) Document { return Document{Traveller: n, MRZ: synthetic.New(n).MRZ} }

func TestReaderIsFoundAtItsLinkWhileItIsPlugged(t *testing.T) {
	b, link := start(t)
	node, err := os.OpenFile(link, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Present(t.Context(), page(1)); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 2)
	if _, err := io.ReadFull(node, head); err != nil || string(head) != "\x1c\x02" {
		t.Errorf("read %x, %v", head, err)
	}
	node.Close()
	if err := b.Unplug(Reader); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(link); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("link of a reader that is pulled out: %v", err)
	}
	if err := b.Plug(Reader); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(link); err != nil {
		t.Errorf("link of a reader that is plugged in again: %v", err)
	}
}

func TestStateTellsWhoUsesWhat(t *testing.T) {
	b, _ := start(t)
	for _, err := range []error{b.Present(t.Context(), page(3)), b.Lay(4, Short), b.Stand(5)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s := b.State()
	for _, test := range []struct {
		device    DeviceState
		traveller int
		says      string
	}{
		{s.Reader, 3, "document of traveller 3"},
		{s.Scanner, 4, "finger of traveller 4, short"},
		{s.Camera, 5, "sees traveller 5"},
	} {
		if test.device.Traveller != test.traveller || !strings.Contains(test.device.String(), test.says) {
			t.Errorf("state %+v, want %q", test.device, test.says)
		}
	}
	b.Lift()
	if err := b.Unplug(Camera); err != nil {
		t.Fatal(err)
	}
	s = b.State()
	if s.Scanner.Traveller != 0 || s.Scanner.String() != "plugged in" || s.Camera.String() != "pulled out" {
		t.Errorf("after lifting and pulling: %v, %v", s.Scanner, s.Camera)
	}
}

func TestNothingCanBeDoneWithADeviceThatIsPulledOut(t *testing.T) {
	b, _ := start(t)
	for _, d := range []Device{Scanner, Reader, Camera} {
		for range 2 { // the second does nothing
			if err := b.Unplug(d); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, err := range map[string]error{"present": b.Present(t.Context(), page(1)), "lay": b.Lay(1, Good), "stand": b.Stand(1)} {
		if err == nil || !strings.Contains(err.Error(), "pulled out") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, d := range []Device{Scanner, Reader, Camera} {
		for range 2 {
			if err := b.Plug(d); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, err := range map[string]error{"present": b.Present(t.Context(), page(1)), "lay": b.Lay(1, Wrong), "stand": b.Stand(1)} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := b.Plug("toaster"); err == nil {
		t.Error("plugged a toaster in")
	}
}
