package sbi

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"boothd/capture/synthetic"
	"boothd/devices"
)

func frame(t *testing.T, img image.Image) *devices.Frame {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return &devices.Frame{JPEG: b.Bytes(), Width: img.Bounds().Dx(), Height: img.Bounds().Dy()}
}

// changed is a picture whose tones are v*by+add.
func changed(img image.Image, by, add float64) image.Image {
	out := image.NewRGBA(img.Bounds())
	tone := func(v uint32) uint8 { return uint8(min(max(float64(v>>8)*by+add, 0), 255)) }
	for y := out.Rect.Min.Y; y < out.Rect.Max.Y; y++ {
		for x := out.Rect.Min.X; x < out.Rect.Max.X; x++ {
			r, g, b, _ := img.At(x, y).RGBA()
			out.SetRGBA(x, y, color.RGBA{tone(r), tone(g), tone(b), 255})
		}
	}
	return out
}

// blurred is a picture of means of 16 by 16.
func blurred(img image.Image) image.Image {
	out := image.NewRGBA(img.Bounds())
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, img.At(x&^15, y&^15))
		}
	}
	return out
}

func TestAPictureScoresByItsLightAndSharpness(t *testing.T) {
	portrait := synthetic.New(1).Portrait()
	score := func(img image.Image) int {
		got, err := judge(frame(t, img))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	good := score(portrait)
	if good < 20 {
		t.Errorf("a portrait scores %d", good)
	}
	for name, img := range map[string]image.Image{
		"dark": changed(portrait, 0.15, 0), "bright": changed(portrait, 0.3, 200), "flat": changed(portrait, 0.1, 110),
		"blurred": blurred(portrait), "one tone": image.NewGray(image.Rect(0, 0, 64, 64)),
	} {
		if got := score(img); got >= good {
			t.Errorf("a %s portrait scores %d, the good one %d", name, got, good)
		}
	}
}

func TestWhatIsNoPictureIsNotJudged(t *testing.T) {
	for name, data := range map[string][]byte{"nothing": nil, "text": []byte("JPEG"), "an end": frame(t, image.NewGray(image.Rect(0, 0, 9, 9))).JPEG[:20]} {
		if got, err := judge(&devices.Frame{JPEG: data}); err == nil {
			t.Errorf("%s scores %d", name, got)
		}
	}
}

func TestTheMakerIsTheFirstWordOfAModelThatNamesOne(t *testing.T) {
	for model, want := range map[string]string{
		"DigitalPersona U.are.U 4500": "DigitalPersona", "network camera, MJPEG stream": "unknown", "3M reader": "unknown", "": "unknown", "SecuGen": "SecuGen",
	} {
		if got := makerOf(model); got != want {
			t.Errorf("%q is made by %q, want %q", model, got, want)
		}
	}
}
