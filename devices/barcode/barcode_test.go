package barcode_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/barcode"
	"boothd/devices/barcode/barcodeemu"
	"boothd/devices/devicestest"
	"boothd/devices/serial"
)

// pass is the first example of IATA Resolution 792, attachment B, without its security data.
var pass = []byte("M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 326J001A0025 100")

// seal is the visa sticker's of BSI TR-03137-1 v2.5, annex F: binary.
var seal, _ = hex.DecodeString(strings.ReplaceAll(`dc036abc6d32c8a72cb10f7134b798155d01022cdd52134a74da1347c6fed95c
b89f9fce133c133c133c133c203833734aaf47f0c32f1a1e20eb2625393afe310403a00000050633be1fed20c6ff38
d5573247608c9b64cae022c1c5249660e51ae316d600f974aac2129c3f093c35955314026304705cd24c1b8100711bd4411f068e8d93e8b7`, "\n", ""))

func plug(t *testing.T, prefix, suffix string) (*barcodeemu.Scanner, func() devices.Port) {
	t.Helper()
	emu, err := barcodeemu.New(filepath.Join(t.TempDir(), "scanner"), prefix, suffix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { emu.Close() })
	bus, err := serial.NewBus(serial.Config{Path: emu.Path(), Baud: 9600, Driver: "barcode"})
	if err != nil {
		t.Fatal(err)
	}
	return emu, func() devices.Port {
		ports, err := bus.Scan(t.Context())
		if err != nil || len(ports) != 1 {
			t.Fatalf("scan: %v, %v", ports, err)
		}
		return ports[0]
	}
}

func TestContract(t *testing.T) {
	for name, tt := range map[string]struct {
		golden         []byte
		prefix, suffix string
	}{
		"a boarding pass that ends in CR LF": {pass, "", "\r\n"},
		"a seal between STX and ETX":         {seal, "\x02", "\x03"},
	} {
		t.Run(name, func(t *testing.T) {
			devicestest.Run(t, func(t *testing.T) *devicestest.Rig { return newRig(t, tt.golden, tt.prefix, tt.suffix) })
		})
	}
}

func newRig(t *testing.T, golden []byte, prefix, suffix string) *devicestest.Rig {
	emu, port := plug(t, prefix, suffix)
	do := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	send := func(data []byte) func() { return func() { do(emu.Send(data)) } }
	return &devicestest.Rig{
		Driver:   barcode.Driver(),
		Port:     port,
		Golden:   golden,
		Present:  func() { do(emu.Present(golden)) },
		Withdraw: func() {},
		Unplug:   func() { do(emu.Unplug()) },
		Replug:   func() { do(emu.Replug()) },
		Garble:   send(barcodeemu.Noise()),
		Truncate: send(emu.Cut(golden)),
		Faults: map[string]func(){
			"a barcode that does not end": send(emu.Endless(golden)),
			"an empty barcode":            send(emu.Frame(nil)),
		},
	}
}

// read starts a call and presents something when it waits.
func read(t *testing.T, r devices.BarcodeReader, present func() error) ([]byte, error) {
	t.Helper()
	done := make(chan struct{})
	var content []byte
	var err error
	go func() {
		defer close(done)
		content, err = r.ReadBarcode(t.Context())
	}()
	select {
	case <-time.After(600 * time.Millisecond):
	case <-done:
		t.Fatalf("read %q, %v before anything was presented", content, err)
	}
	if err := present(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(15 * time.Second):
		t.Fatal("nothing is read")
	}
	return content, err
}

func TestEveryFramingIsTakenOff(t *testing.T) {
	long := bytes.Repeat([]byte("0123456789abcdef"), devices.MaxBarcode/16)
	newlines := []byte("\xdcone\r\ntwo\x03\rthree")
	for name, tt := range map[string]struct {
		config         barcode.Config
		prefix, suffix string
		content        []byte
		wrong          bool
	}{
		"CR":                              {suffix: "\r", content: seal},
		"LF":                              {suffix: "\n", content: seal},
		"newlines and ETX in the content": {suffix: "\r\n", content: newlines},
		"STX and ETX":                     {prefix: "\x02", suffix: "\x03", content: newlines},
		"the longest":                     {suffix: "\r", content: long},
		"one byte more than the longest":  {suffix: "\r", content: append(long, 'x'), wrong: true},
		"what the configuration says":     {barcode.Config{Prefix: "<", Suffix: ">\t"}, "<", ">\t", newlines, false},
		"not what the configuration says": {barcode.Config{Prefix: "<", Suffix: ">"}, "<", ")", pass, true},
		"nothing, as configured":          {config: barcode.Config{Bare: true}, content: []byte("\xdcABC\r")},
		"nothing, against expectation":    {content: pass, wrong: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			emu, port := plug(t, tt.prefix, tt.suffix)
			d, err := tt.config.Driver().Open(t.Context(), port())
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			got, err := read(t, d.(devices.BarcodeReader), func() error { return emu.Present(tt.content) })
			var retry *devices.RetryError
			if tt.wrong {
				if !errors.As(err, &retry) || retry.Hint != devices.HintPresentAgain {
					t.Errorf("read %q, %v; want a *RetryError", got, err)
				}
				return
			}
			if err != nil || !bytes.Equal(got, tt.content) {
				t.Errorf("read %q, %v; want %q", got, err, tt.content)
			}
		})
	}
}

func TestABarcodeThatIsSentTwiceIsReadOnce(t *testing.T) {
	emu, port := plug(t, "", "\r")
	d, err := barcode.Driver().Open(t.Context(), port())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r := d.(devices.BarcodeReader)
	if _, err := read(t, r, func() error { return emu.Present(pass) }); err != nil {
		t.Fatal(err)
	}
	if err := emu.Present(pass); err != nil { // the scanner's second
		t.Fatal(err)
	}
	if got, err := read(t, r, func() error { return emu.Present(seal) }); err != nil || !bytes.Equal(got, seal) {
		t.Errorf("read %q, %v; want the seal", got, err)
	}
	if err := emu.Present(pass); err != nil { // another traveller's
		t.Fatal(err)
	}
	var retry *devices.RetryError
	if got, err := r.ReadBarcode(t.Context()); !errors.As(err, &retry) {
		t.Errorf("read %q, %v; want a *RetryError", got, err)
	}
}

func TestImpossibleConfigurationsAreRefused(t *testing.T) {
	_, port := plug(t, "", "")
	if d, err := (barcode.Config{Bare: true, Suffix: "\r"}).Driver().Open(t.Context(), port()); err == nil {
		d.Close()
		t.Error("a bare barcode with a suffix was accepted")
	}
}
