package identity

import (
	"bytes"
	"image/png"
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

const rightIndex = 2

// TestWithTheRegister identifies people as central does, without a fake.
func TestWithTheRegister(t *testing.T) {
	enrolled := template(t, 7)
	laid := picture(t, 7)
	none := capture.Rest{State: capture.StateNoHit}
	doubt := &capture.Identification{Ground: capture.GroundDoubtOnHolder}
	tests := []struct {
		name  string
		q     system.Question
		state capture.State
	}{
		{"by document and name", system.Question{DocumentNumber: "L898902C3", Issuer: "UTO", Surname: "MUSTER", GivenNames: "ANNA MARIA", BirthDate: "1990-05-17", Identify: doubt}, capture.StatePossible},
		{"by name and birth date", system.Question{Surname: "MUSTER", GivenNames: "ANNA MARIA", BirthDate: "1990-05-17", Identify: doubt}, capture.StatePossible},
		{"by finger", system.Question{Finger: laid, Identify: doubt}, capture.StatePossible},
		{"another finger finds nobody", system.Question{Finger: picture(t, 8), Identify: doubt}, capture.StateNoHit},
		{"nothing to look for is not known", system.Question{Identify: doubt}, capture.StateUnavailable},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		r, err := register.Open(t.Context(), db, register.Options{System: system.CIR, Secret: []byte("a secret of tests"), Now: newClock().now})
		must(t, err)
		c := openCIR(t, db, r, Options{})
		must(t, c.Put(t.Context(), anna(func(f *File) { f.Fingers = enrolled })))
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				got, err := c.Ask(t.Context(), test.q)
				must(t, err)
				if got.State != test.state || (len(got.Facts) == 2) != (test.state == capture.StatePossible) {
					t.Errorf("%s %q, facts %v", got.State, got.Reason, got.Facts)
				}
			})
		}
		held, rest, err := c.Holds(t.Context(), system.Question{Finger: laid}, flaggable)
		if err != nil || rest != none || len(held) != 2 || held[0] != system.EES {
			t.Errorf("held by %q, %v, %v", held, rest, err)
		}
	})
}

func template(t *testing.T, n int) []gallery.FingerTemplate {
	t.Helper()
	made, err := finger.Extract(synthetic.New(n).Press(rightIndex, synthetic.Press{X: -14, Y: 9, Turn: 8, Area: 0.95, Pressure: 0.1, Seed: 3}), synthetic.FingerDPI)
	must(t, err)
	data, err := made.AppendBinary(nil)
	must(t, err)
	return []gallery.FingerTemplate{{Position: rightIndex, Format: gallery.FormatBoothd, Data: data}}
}

// picture is the traveller's finger as a booth sends it.
func picture(t *testing.T, n int) *capture.Finger {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, synthetic.New(n).Finger(rightIndex)))
	return &capture.Finger{Position: rightIndex, PNG: b.Bytes(), DPI: synthetic.FingerDPI}
}
