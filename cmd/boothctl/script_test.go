package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"boothd/capture/bdir"
	"boothd/capture/itl"
	"boothd/capture/synthetic"
	"boothd/capture/wsq"
)

// TestMain lets scripts run boothctl without building it.
func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"boothctl": main}) }

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"tell": tell},
		Setup: func(env *testscript.Env) error {
			if err := startBroker(env); err != nil {
				return err
			}
			files, err := prints()
			if err != nil {
				return err
			}
			for name, data := range files {
				path := filepath.Join(env.WorkDir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					return err
				}
				if err := os.WriteFile(path, data, 0o600); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// prints are files of invented fingers: three fingers in two impressions each in the folder
// set, the first picture also in other formats, and a blank one.
var prints = sync.OnceValues(func() (map[string][]byte, error) {
	files := map[string][]byte{}
	for f := range 3 {
		for i := range 2 {
			name := fmt.Sprintf("set/%d_%d.png", f+1, i+1)
			if err := addPNG(files, name, synthetic.New(f).Impression(2, i)); err != nil {
				return nil, err
			}
		}
	}
	blank := image.NewGray(image.Rect(0, 0, 300, 300))
	if err := addPNG(files, "blank.png", blank); err != nil {
		return nil, err
	}
	img := synthetic.New(0).Impression(2, 0)
	var b bytes.Buffer
	if err := wsq.Encode(&b, img, wsq.Options{DPI: 500}); err != nil {
		return nil, err
	}
	files["first.wsq"] = b.Bytes()
	raw := bdir.NewPicture(bdir.ISO2005, img, 500)
	packed := raw
	packed.Compression, packed.Data = bdir.WSQ, b.Bytes()
	for name, p := range map[string]bdir.Picture{"first.fir": raw, "wsq.fir": packed} {
		data, err := (&bdir.ImageRecord{Edition: bdir.ISO2005, Pictures: []bdir.Picture{p}}).Bytes()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[name] = data
	}
	data, err := transaction(img)
	files["first.nist"] = data
	return files, err
})

func addPNG(files map[string][]byte, name string, img image.Image) error {
	var b bytes.Buffer
	err := png.Encode(&b, img)
	files[name] = b.Bytes()
	return err
}

// transaction asks about a finger as an authority may ask another.
func transaction(img *image.Gray) ([]byte, error) {
	search := itl.Search{
		Header:  itl.Header{Version: itl.V2011, Kind: "TST", Destination: "EU/TEST", Origin: "XX/BOOTH", Control: "TST-1"},
		At:      time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Fingers: []itl.Finger{{Position: 2, Image: itl.Uncompressed(img), DPI: 500}},
	}
	t, err := search.Type14()
	if err != nil {
		return nil, err
	}
	return t.MarshalBinary()
}
