package visa

import (
	"bytes"
	"image"
	"image/png"
	"slices"
	"testing"

	"boothd/capture"
	"boothd/capture/synthetic"
	"boothd/cmd/centrald/register"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/localmatch/finger"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// taken is a picture of a finger as a booth takes it.
func taken(t testing.TB, img *image.Gray) *capture.Finger {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return &capture.Finger{Position: 2, PNG: b.Bytes(), Width: img.Rect.Dx(), Height: img.Rect.Dy(), DPI: synthetic.FingerDPI}
}

func TestAVisasHolderInARealRegister(t *testing.T) {
	template, err := finger.Extract(synthetic.New(1).Finger(2), synthetic.FingerDPI)
	if err != nil {
		t.Fatal(err)
	}
	data, err := template.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	again := synthetic.Press{X: -14, Y: 9, Turn: 8, Area: 0.95, Pressure: 0.1, Seed: 3}
	hers, anothers := taken(t, synthetic.New(1).Press(2, again)), taken(t, synthetic.New(12).Press(2, again))
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		people, err := register.Open(t.Context(), db, register.Options{System: system.VIS, Secret: secret, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		err = people.Put(t.Context(), gallery.Entry{
			ID: "h1", Names: []string{"MORVANESCU, DARIVA"}, BirthDates: []string{"1990-04-05"},
			Documents: []gallery.DocumentNumber{{Number: "P1234567", Type: "P", Issuer: "UTO"}},
			Fingers:   []gallery.FingerTemplate{{Position: 2, Format: gallery.FormatBoothd, Data: data}},
		})
		if err != nil {
			t.Fatal(err)
		}
		s, err := OpenVIS(t.Context(), db, VISOptions{People: people, Secret: secret, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Put(t.Context(), plain); err != nil {
			t.Fatal(err)
		}
		facts := []string{"visa=valid", "valid_from=2026-06-01", "valid_until=2026-06-30", "territory=Schengen", "entries=multiple"}
		for _, tt := range []struct {
			name string
			q    system.Question
			want []string
		}{
			{"by sticker and finger", system.Question{VisaSticker: plain.Sticker, Finger: hers},
				slices.Concat([]string{"no_hit"}, facts, []string{"file=verified"})},
			{"by sticker and another's finger", system.Question{VisaSticker: plain.Sticker, Finger: anothers},
				slices.Concat([]string{"possible"}, facts, []string{"file=not_verified", "possible finger fingers not the visa holder's"})},
			{"by the document", system.Question{DocumentNumber: "P1234567", DocumentType: "P", Issuer: "UTO"}, slices.Concat([]string{"no_hit"}, facts)},
			{"by the finger", system.Question{Finger: hers}, slices.Concat([]string{"no_hit"}, facts, []string{"file=verified"})},
			{"by the name", system.Question{Surname: "MORVANESCU", GivenNames: "DARIVA", BirthDate: "1990-04-05"},
				[]string{"possible", "possible name perhaps this person's visa"}},
			{"by a document and name that nobody knows", system.Question{DocumentNumber: "P9999999", DocumentType: "P", Issuer: "UTO", Surname: "KELDOMAR", BirthDate: "1980-01-01"}, []string{"no_hit"}},
		} {
			r, err := s.Ask(t.Context(), tt.q)
			if got := said(r); err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%s:\ngot  %q %s, %v\nwant %q", tt.name, got, r.Reason, err, tt.want)
			}
		}
	})
}
