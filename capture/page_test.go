package capture_test

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/mrz/ocr/drawn"
	"boothd/devices"
	"boothd/devices/pagecam"
	"boothd/devices/v4l2"
	"boothd/devices/v4l2/v4l2emu"
	"boothd/internal/testtool"
)

// specimen is the zone of ICAO 9303-4's example.
var specimen = []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}

// page photographs a document with the lines, or none, as a JPEG file.
func page(t *testing.T, lines []string, blur float64) []byte {
	t.Helper()
	var img image.Image = image.NewGray(image.Rect(0, 0, 640, 480))
	if lines != nil {
		if _, err := os.Stat(drawn.FontFolder); err != nil {
			testtool.Missing(t, "package fonts-ocr-b, with which zones are drawn,")
		}
		fonts, err := drawn.Load(drawn.FontFolder)
		if err != nil {
			t.Fatal(err)
		}
		photo, err := fonts.Photograph(rand.New(rand.NewPCG(4, 2)), lines, drawn.Conditions{Pitch: 16, Noise: 1, Contrast: 0.9, Blur: blur})
		if err != nil {
			t.Fatal(err)
		}
		img = photo.Image
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// desk is a session that collects a document under an emulated page camera.
type desk struct {
	camera *v4l2emu.Camera
	said   chan string
	done   chan result
}

func newDesk(t *testing.T, first []byte, reads ...devices.Kind) *desk {
	t.Helper()
	if underRace {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	d := &desk{said: make(chan string, 1000), done: make(chan result, 1)}
	d.camera = v4l2emu.New(v4l2emu.Options{Settings: v4l2.Settings{Driver: "pagecam"}})
	d.camera.Show(0, first)
	manager := &devices.Manager{Buses: []devices.Bus{d.camera}, Drivers: []devices.Driver{pagecam.Driver()}, Interval: 20 * time.Millisecond}
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	ran := make(chan error, 1)
	go func() { ran <- manager.Run(ctx) }()
	session := &capture.Session{Devices: manager, Reads: reads, Now: func() time.Time { return time.Date(2010, 5, 1, 0, 0, 0, 0, time.UTC) }}
	go func() {
		ev, err := session.Collect(ctx, capture.ModalityDocument, nil, func(text string) { d.said <- text })
		d.done <- result{ev, err}
	}()
	t.Cleanup(func() { cancel(); <-ran })
	return d
}

// awaitSaid waits until the traveller is told something with the words.
func (d *desk) awaitSaid(t *testing.T, words string) {
	t.Helper()
	for {
		select {
		case text := <-d.said:
			if strings.Contains(text, words) {
				return
			}
		case got := <-d.done:
			t.Fatalf("collected %v, %v before %q was said", got.Evidence, got.err, words)
		}
	}
}

func (d *desk) document(t *testing.T) *mrz.Zone {
	t.Helper()
	for {
		select {
		case <-d.said:
		case got := <-d.done:
			if got.err != nil {
				t.Fatal(got.err)
			}
			if got.Device.Kind != devices.KindPageCamera || got.Document == nil {
				t.Fatalf("evidence of a %s", got.Device.Kind)
			}
			return &got.Document.Zone
		}
	}
}

func TestAPageIsReadByItsPicture(t *testing.T) {
	bare, laid := page(t, nil, 0), page(t, specimen, 0)
	d := newDesk(t, bare, devices.KindPageCamera)
	d.awaitSaid(t, "The page camera is ready.")
	d.camera.Show(0, laid)
	zone := d.document(t)
	if !slices.Equal(zone.Lines, specimen) || !zone.Valid() {
		t.Errorf("read %q with faults %v", zone.Lines, zone.Faults)
	}
}

func TestAPageThatLayThereBeforeIsNotRead(t *testing.T) {
	other := page(t, []string{"P<UTOSMITH<<JOHN<<<<<<<<<<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}, 0)
	d := newDesk(t, other, devices.KindPageCamera)
	d.awaitSaid(t, "Take the document away")
	d.camera.Show(0, page(t, nil, 0))
	d.awaitSaid(t, "The page camera is ready.")
	d.camera.Show(0, page(t, specimen, 0))
	if zone := d.document(t); zone.Surname != "ERIKSSON" {
		t.Error("another traveller's document was read")
	}
}

// TestDoubtsAreNotHidden has a zone whose number ends with a wrong digit: what it says cannot be
// told for sure.
func TestDoubtsAreNotHidden(t *testing.T) {
	wrong := []string{specimen[0], strings.Replace(specimen[1], "L898902C36", "L898902C35", 1)}
	d := newDesk(t, page(t, nil, 0), devices.KindPageCamera)
	d.awaitSaid(t, "The page camera is ready.")
	d.camera.Show(0, page(t, wrong, 0))
	zone := d.document(t)
	if zone.Valid() || len(zone.DoubtfulFields()) == 0 {
		t.Errorf("valid %t, doubtful %v", zone.Valid(), zone.DoubtfulFields())
	}
}

func TestAPageCameraStandsBesideAReader(t *testing.T) {
	d := newDesk(t, page(t, nil, 0), devices.KindDocumentReader, devices.KindPageCamera)
	d.awaitSaid(t, "Document reader not connected. It is used as soon as it is plugged in. The page camera is ready.")
	d.camera.Show(0, page(t, specimen, 0))
	if zone := d.document(t); zone.Surname != "ERIKSSON" {
		t.Error("the document was not read")
	}
}
