package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/demo/demoemu"
)

// loud is a buffer that several goroutines may write and read.
type loud struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *loud) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *loud) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// demoBooth is a booth whose daemon does not run, with a demo scanner on a line and another line
// that is not there.
func demoBooth(t *testing.T) (*call, *loud, *demoemu.Plugged) {
	t.Helper()
	link := filepath.Join(t.TempDir(), "scanner")
	scanner, err := demoemu.Plug(link)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { scanner.Close() })
	c, _ := boothFolder(t, fmt.Sprintf("[documents]\nreaders = []\n[[serial]]\npath = %q\nbaud = 115200\ndriver = \"demo\"\n", link))
	out := new(loud)
	c.out = out
	return c, out, scanner
}

// wantIn wants texts in what was printed.
func wantIn(t *testing.T, out fmt.Stringer, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(out.String(), w) {
			t.Errorf("%q is not in:\n%s", w, out)
		}
	}
}

func TestWithoutADaemonDevicesAreLookedAtDirectly(t *testing.T) {
	c, out, scanner := demoBooth(t)
	if err := (&devicesList{}).Run(c); err != nil {
		t.Fatal(err)
	}
	wantIn(t, out, "boothd does not run", "finger-scanner", "serial:"+scanner.Path(), "ready", demoemu.Model)
	scanner.Mute()
	if err := (&devicesList{}).Run(c); err != nil {
		t.Fatal(err)
	}
	wantIn(t, out, "fault", "the device does not work properly")
}

func TestChangesAreToldAsTheyCome(t *testing.T) {
	c, out, scanner := demoBooth(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.ctx = ctx
	ended := make(chan error, 1)
	go func() { ended <- (&devicesWatch{}).Run(c) }()
	awaitText(t, out, "ready: "+demoemu.Model)
	if err := scanner.Unplug(); err != nil {
		t.Fatal(err)
	}
	awaitText(t, out, ": unplugged")
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// awaitText waits until something was printed; nothing signals it.
func awaitText(t *testing.T, out *loud, want string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !strings.Contains(out.String(), want) {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("%q was not printed:\n%s", want, out)
		}
	}
}

func TestATapeIsRecordedOnlyIfItIsAgreedThatItIsPersonal(t *testing.T) {
	c, out, scanner := demoBooth(t)
	file := filepath.Join(t.TempDir(), "tape.jsonl")
	address := "serial:" + scanner.Path()
	err := (&devicesRecord{Address: address, Out: file, Captures: 1, Wait: time.Second}).Run(c)
	if err == nil || !strings.Contains(err.Error(), "personal data") {
		t.Fatalf("without --yes: %v", err)
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal("something was written")
	}
	finger := demoemu.Draw(3)
	scanner.Lay(finger)
	record := &devicesRecord{Address: address, Out: file, Yes: true, Captures: 1, Wait: 20 * time.Second}
	if err := record.Run(c); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the tape: %v, %v", info.Mode(), err)
	}
	if err := record.Run(c); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a tape that is there: %v", err)
	}
	if err := scanner.Unplug(); err != nil {
		t.Fatal(err)
	}
	picture := filepath.Join(t.TempDir(), "finger.png")
	if err := (&devicesReplay{Tape: file, Out: picture, Wait: 20 * time.Second}).Run(c); err != nil {
		t.Fatal(err)
	}
	wantIn(t, out, "They are personal data.", "demo, "+demoemu.Model+": a finger of 256 by 288 pixels at 500 dpi")
	b, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for y := range demoemu.Height {
		for x := range demoemu.Width {
			if r, _, _, _ := img.At(x, y).RGBA(); byte(r>>8) != finger.GrayAt(x, y).Y {
				t.Fatalf("another finger at %d,%d", x, y)
			}
		}
	}
}

func TestNothingIsRecordedWhereNothingIsPlugged(t *testing.T) {
	c, _, scanner := demoBooth(t)
	err := (&devicesRecord{Address: "serial:/dev/none", Out: filepath.Join(t.TempDir(), "tape"), Yes: true}).Run(c)
	if err == nil || !strings.Contains(err.Error(), "there is: serial:"+scanner.Path()) {
		t.Errorf("%v", err)
	}
}

// machine makes a host with USB devices, each given by its attributes.
func machine(t *testing.T, plugged map[string]map[string]string) host {
	t.Helper()
	root := t.TempDir()
	for name, attributes := range plugged {
		dir := filepath.Join(root, "sys/bus/usb/devices", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for attribute, text := range attributes {
			if err := os.WriteFile(filepath.Join(dir, attribute), []byte(text+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return newHost(root)
}

// slow is a Hamster Pro 20 behind a hub of an old kind, keyboard a keyboard.
var (
	slow = map[string]string{"idVendor": "1162", "idProduct": "2200", "bDeviceClass": "00", "speed": "12", "busnum": "1", "devnum": "7",
		"manufacturer": "SecuGen Corp.", "product": "SecuGen USB U20"}
	keyboard = map[string]string{"idVendor": "046d", "idProduct": "c31c", "bDeviceClass": "00", "speed": "1.5", "busnum": "1", "devnum": "3",
		"manufacturer": "Logitech", "product": "USB  Keyboard"}
	oldHub = map[string]string{"idVendor": "05e3", "idProduct": "0606", "bDeviceClass": "09", "speed": "12"}
)

func TestWhatHasNoDriverIsToldWithItsName(t *testing.T) {
	h := machine(t, map[string]map[string]string{"1-2": keyboard, "1-1": oldHub, "1-1.4": slow, "1-1:1.0": {}})
	got := strangersIn(h, nil)
	slices.SortFunc(got, func(a, b devices.Status) int { return strings.Compare(a.Address, b.Address) })
	if len(got) != 2 || got[0].Address != "usb:1-1.4" || got[0].Driver != "secugen" || got[0].State != devices.Fault ||
		got[1].State != noDriver || got[1].Reason != "Logitech USB Keyboard (046d:c31c) is nothing that boothd drives" {
		t.Errorf("%+v", got)
	}
	if known := strangersIn(h, []devices.Status{{Address: "usb:1-1.4"}}); len(known) != 1 {
		t.Errorf("beside what boothd has: %+v", known)
	}
}

func TestTheDoctorLooksAtRulesNodesCablesAndLines(t *testing.T) {
	rules, err := os.ReadFile("../../packaging/60-boothd.rules")
	if err != nil {
		t.Fatal(err)
	}
	nobody, boothd := &account{uid: 4242}, &account{uid: uint32(os.Getuid()), groups: []uint32{uint32(os.Getgid())}}
	tests := []struct {
		name, rules string
		who         *account
		serial      string
		want        []string
		bad         int
	}{
		{"all is well but the cable", string(rules), boothd, "", []string{
			"ok    udev rules", "BAD   cable          secugen at usb:1-1.4 runs at 12 Mbit/s instead of 480", "another cable",
			"note  cable          secugen at usb:1-1.4 is behind 1 hub(s)"}, 1},
		{"rules of an older version", strings.ReplaceAll(string(rules), "1162", "1163"), boothd, "", []string{
			"is of another version: it lacks 1162:2200 (secugen)", "udevadm trigger"}, 2},
		{"no rules", "", boothd, "", []string{"BAD   udev rules     are not installed"}, 2},
		{"a node that boothd may not open", string(rules), nobody, "", []string{"BAD   permission     boothd may not open secugen at usb:1-1.4"}, 2},
		{"a machine without the user boothd", string(rules), nil, "", []string{"there is no user boothd"}, 1},
		{"a line that is not there", string(rules), boothd, "/dev/serial/by-id/none", []string{"BAD   line           /dev/serial/by-id/none is not there"}, 2},
		{"a line that is a file", string(rules), boothd, "/etc/passwd", []string{"/etc/passwd is no serial line"}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := machine(t, map[string]map[string]string{"1-2": keyboard, "1-1": oldHub, "1-1.4": slow})
			put(t, filepath.Join(h.root, "dev/bus/usb/001/007"), "")
			if tt.rules != "" {
				put(t, filepath.Join(h.root, "usr/lib/udev/rules.d", rulesFile), tt.rules)
			}
			more := "[usb]\nlocal = true\n"
			if tt.serial != "" {
				more += fmt.Sprintf("[[serial]]\npath = %q\nbaud = 115200\ndriver = \"demo\"\n", tt.serial)
			}
			c, out := boothFolder(t, more)
			booth, err := c.booth()
			if err != nil {
				t.Fatal(err)
			}
			d := &doctor{call: c, booth: booth}
			d.plugsOf(h, tt.who)
			wantIn(t, out, tt.want...)
			if d.bad != tt.bad {
				t.Errorf("%d things are bad, not %d:\n%s", d.bad, tt.bad, out)
			}
		})
	}
}

// put writes a file that its owner and group may write.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o660); err != nil {
		t.Fatal(err)
	}
}
