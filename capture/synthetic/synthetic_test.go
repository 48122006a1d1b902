package synthetic

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture/mrz"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestEveryDocumentReadsBackValid(t *testing.T) {
	seen := map[string]bool{}
	for n := range 2000 {
		who := New(n)
		z, err := mrz.Read(who.MRZ, now)
		if err != nil {
			t.Fatalf("traveller %d: %v", n, err)
		}
		if !z.Valid() || len(z.Repairs) > 0 || z.Format != who.Format {
			t.Fatalf("traveller %d: %s, checks %v, faults %v, repairs %v", n, z.Format, z.Checks, z.Faults, z.Repairs)
		}
		if z.Surname != who.Fields.Surname || z.DocumentNumber != who.Fields.DocumentNumber {
			t.Fatalf("traveller %d: read as %q %q", n, z.Surname, z.DocumentNumber)
		}
		if seen[z.DocumentNumber] {
			t.Fatalf("traveller %d: document number %s twice", n, z.DocumentNumber)
		}
		seen[z.DocumentNumber] = true
	}
}

func TestAnySurnameAndGivenNameFitEveryDocument(t *testing.T) {
	longest := func(names []string) int {
		n := 0
		for _, name := range names {
			n = max(n, len(name))
		}
		return n
	}
	given := max(longest(womensNames[:]), longest(mensNames[:]))
	if n := longest(surnames[:]) + len("<<") + given; n >= shortestNameField {
		t.Errorf("the longest name has %d characters", n)
	}
}

func TestTheLastDigitSaysWhatIsSpecial(t *testing.T) {
	is := func(f mrz.Format) func(mrz.Zone) bool { return func(z mrz.Zone) bool { return z.Format == f } }
	expired := func(z mrz.Zone) bool { return z.ExpiryDate.Year < now.Year() }
	child := func(z mrz.Zone) bool { return z.BirthDate.Year >= 2021 }
	for _, tt := range []struct {
		name   string
		number int
		is     func(mrz.Zone) bool
	}{
		{"passport", 1, is(mrz.TD3)},
		{"identity card", 3, is(mrz.TD1)},
		{"identity card with a long number", 13, func(z mrz.Zone) bool { return z.LongDocumentNumber && len(z.DocumentNumber) == 11 }},
		{"child", 4, child},
		{"larger identity card", 5, is(mrz.TD2)},
		{"birth year only", 6, func(z mrz.Zone) bool { return z.BirthDate.Year > 0 && z.BirthDate.Month == 0 }},
		{"no birth date", 16, func(z mrz.Zone) bool { return z.BirthDate.Text == "<<<<<<" }},
		{"visa A", 7, is(mrz.MRVA)},
		{"visa B", 17, is(mrz.MRVB)},
		{"expired", 8, expired},
		{"name to the last position", 9, func(z mrz.Zone) bool { return z.NameTruncated }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for n := tt.number; n < 400; n += 20 {
				who := New(n)
				z, err := mrz.Read(who.MRZ, now)
				if err != nil {
					t.Fatal(err)
				}
				if !tt.is(z) {
					t.Errorf("traveller %d is not", n)
				}
				if expired(z) != (n%10 == 8) || child(z) != who.Child || who.Child != (n%10 == 4) {
					t.Errorf("traveller %d: expired %t, child %t", n, expired(z), child(z))
				}
			}
		})
	}
}

func TestNumbersOutsideAreFolded(t *testing.T) {
	for _, n := range []int{-1, people - 1, 2*people - 1} {
		if got := New(n).Number; got != people-1 {
			t.Errorf("traveller %d is number %d", n, got)
		}
	}
}

// The sums change only if the travellers are meant to change: recorded demonstrations and
// lists know them.
func TestATravellerIsTheSameOnEveryMachine(t *testing.T) {
	who := New(7)
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"document", []byte(strings.Join(who.MRZ, "\n")), "58da0666"},
		{"finger", who.Finger(2).Pix, "345b9a9e"},
		{"impression", who.Impression(2, 3).Pix, "f49ff53f"},
		{"portrait", who.Portrait().Pix, "e638953d"},
	} {
		if got := fmt.Sprintf("%x", sha256.Sum256(tt.data))[:8]; got != tt.want {
			t.Errorf("%s: sum %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestFingersHaveRidgesAtAPlausibleDistance(t *testing.T) {
	for n := range 2 {
		for position := 2; position <= 10; position += 5 {
			img := New(n).Finger(position)
			if img.Bounds() != image.Rect(0, 0, FingerWidth, FingerHeight) {
				t.Fatalf("bounds %v", img.Bounds())
			}
			if d := ridgeDistance(img); d < 7 || d > 13 { // slanting ridges seem farther apart
				t.Errorf("traveller %d finger %d: ridges %.1f pixels apart", n, position, d)
			}
		}
	}
}

// ridgeDistance is measured in the upper middle of the finger, where ridges lie across.
func ridgeDistance(img *image.Gray) float64 {
	var distances []float64
	for x := FingerWidth/2 - 24; x < FingerWidth/2+24; x += 4 {
		first, last, n := 0, 0, 0
		dark := false
		for y := 12; y < 100; y++ {
			v := (int(img.GrayAt(x, y-1).Y) + int(img.GrayAt(x, y).Y) + int(img.GrayAt(x, y+1).Y)) / 3
			switch {
			case !dark && v < 135:
				dark = true
				if n++; n == 1 {
					first = y
				}
				last = y
			case dark && v > 175:
				dark = false
			}
		}
		if n > 2 {
			distances = append(distances, float64(last-first)/float64(n-1))
		}
	}
	if len(distances) == 0 {
		return 0
	}
	slices.Sort(distances)
	return distances[len(distances)/2]
}

func TestAFingerLaidAgainIsTheSameFingerAndNoOther(t *testing.T) {
	who := New(2)
	index := who.Grow(2)
	finger, again := index.Press(Press{Area: 1}), index.Press(Press{Area: 1, Seed: 9})
	if c := correlation(finger, again); c < 0.4 {
		t.Errorf("the same finger correlates at %.2f", c)
	}
	if slices.Equal(finger.Pix, again.Pix) {
		t.Error("laid again, the finger gives the same picture to the last pixel")
	}
	if c := correlation(finger, who.Finger(3)); c > 0.25 {
		t.Errorf("another finger correlates at %.2f", c)
	}
	if c := correlation(finger, New(12).Finger(2)); c > 0.25 {
		t.Errorf("another traveller's finger correlates at %.2f", c)
	}
}

// correlation compares the middles of two pictures, moved against each other by up to five
// pixels, and returns the best.
func correlation(a, b *image.Gray) float64 {
	best := -1.0
	for dy := -5; dy <= 5; dy++ {
		for dx := -5; dx <= 5; dx++ {
			best = max(best, correlationAt(a, b, dx, dy))
		}
	}
	return best
}

func correlationAt(a, b *image.Gray, dx, dy int) float64 {
	middle := image.Rect(140, 60, 244, 200)
	var n, sa, sb, saa, sbb, sab float64
	for y := middle.Min.Y; y < middle.Max.Y; y++ {
		for x := middle.Min.X; x < middle.Max.X; x++ {
			va, vb := float64(a.GrayAt(x, y).Y), float64(b.GrayAt(x+dx, y+dy).Y)
			n, sa, sb = n+1, sa+va, sb+vb
			saa, sbb, sab = saa+va*va, sbb+vb*vb, sab+va*vb
		}
	}
	return (n*sab - sa*sb) / math.Sqrt((n*saa-sa*sa)*(n*sbb-sb*sb))
}

func TestTheWayOfPressingShows(t *testing.T) {
	index := New(1).Grow(2)
	share := func(p Press) float64 {
		n := 0
		img := index.Press(p)
		for _, v := range img.Pix {
			if v < 150 {
				n++
			}
		}
		return float64(n) / float64(len(img.Pix))
	}
	good := share(Press{Area: 1})
	if none := share(Press{}); none > 0 {
		t.Errorf("no finger: %.3f of the glass is dark", none)
	}
	if short := share(Press{Area: 0.2}); short == 0 || short > good/3 {
		t.Errorf("a short press darkens %.3f, a good one %.3f", short, good)
	}
	if faint := share(Press{Area: 1, Pressure: -1}); faint > good/3 {
		t.Errorf("a faint press darkens %.3f, a good one %.3f", faint, good)
	}
	if hard := share(Press{Area: 1, Pressure: 1}); hard < good*1.5 {
		t.Errorf("a hard press darkens %.3f, a good one %.3f", hard, good)
	}
}

func TestPortraitsDiffer(t *testing.T) {
	seen := map[[32]byte]int{}
	for n := range 3 {
		img := New(n).Portrait()
		if img.Bounds() != image.Rect(0, 0, PortraitWidth, PortraitHeight) || !img.Opaque() {
			t.Fatalf("bounds %v, opaque %t", img.Bounds(), img.Opaque())
		}
		sum := sha256.Sum256(img.Pix)
		if other, ok := seen[sum]; ok {
			t.Errorf("travellers %d and %d look the same", n, other)
		}
		seen[sum] = n
		var file bytes.Buffer
		if err := png.Encode(&file, img); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkFinger(b *testing.B) {
	who := New(1)
	for b.Loop() {
		who.Finger(2)
	}
}

func BenchmarkPress(b *testing.B) {
	finger := New(1).Grow(2)
	for b.Loop() {
		finger.Press(Press{Area: 1})
	}
}

func BenchmarkPortrait(b *testing.B) {
	who := New(1)
	for b.Loop() {
		who.Portrait()
	}
}
