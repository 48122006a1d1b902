package person_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/border/person"
	"boothd/cmd/centrald/register"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

func TestHowOldSomebodyIsByABirthDateKnownInPart(t *testing.T) {
	now := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name         string
		born         string
		under, maybe bool // 12
	}{
		{"the day before the twelfth birthday", "2014-06-16", true, true},
		{"the twelfth birthday", "2014-06-15", false, false},
		{"in the month before the birthday's", "2014-07", true, true},
		{"in the month of the birthday, of an unknown day", "2014-06", false, true},
		{"in the month after the birthday's", "2014-05", false, false},
		{"in the year of the birthday", "2014", false, true},
		{"surely younger by the year", "2015", true, true},
		{"surely older by the year", "2013", false, false},
		{"an unknown birth date makes nobody young", "", false, false},
		{"nor does what is no date", "2014-06-99", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := person.Under(12, tt.born, now); got != tt.under {
				t.Errorf("surely under = %t", got)
			}
			if got := person.MayBeUnder(12, tt.born, now); got != tt.maybe {
				t.Errorf("perhaps under = %t", got)
			}
		})
	}
}

func TestABirthdayBeginsWithTheDayOfThePlace(t *testing.T) {
	evening := time.Date(2026, 6, 14, 22, 0, 0, 0, time.UTC)
	if person.Under(12, "2014-06-15", evening.In(time.FixedZone("EEST", 3*60*60))) {
		t.Error("the birthday has begun there")
	}
	if !person.Under(12, "2014-06-15", evening) {
		t.Error("the birthday has not begun in UTC")
	}
}

func FuzzBirthDate(f *testing.F) {
	for _, s := range []string{"2014-06-15", "2014-06", "2014", "", "2014-02-30", "0000", "9999-12-31", "2012-02-29"} {
		f.Add(s)
	}
	now := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		under, maybe := person.Under(12, s, now), person.MayBeUnder(12, s, now)
		if under && !maybe {
			t.Errorf("%q is surely and not perhaps under twelve", s)
		}
		if maybe && !gallery.ValidBirthDate(s) {
			t.Errorf("%q is no birth date", s)
		}
	})
}

func TestDigestsTellNumbersApart(t *testing.T) {
	secret := []byte("a secret of tests")
	one, err := person.NewDigests(secret, "visa")
	if err != nil {
		t.Fatal(err)
	}
	other, err := person.NewDigests(secret, "authorisation")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one.OfNumber("ab-12"), one.OfNumber("AB12")) {
		t.Error("separators and small letters count")
	}
	if !bytes.Equal(one.OfDocument("AB12", "D"), one.OfDocument("AB12", "DEU")) {
		t.Error("Germany has two digests")
	}
	seen := map[string]string{}
	for what, d := range map[string][]byte{
		"the number":             one.OfNumber("AB12"),
		"another number":         one.OfNumber("AB1"),
		"a document":             one.OfDocument("AB12", "UTO"),
		"its issuer cut":         one.OfDocument("AB12U", "TO"),
		"another kind of number": other.OfNumber("AB12"),
	} {
		if same, there := seen[fmt.Sprintf("%x", d)]; there {
			t.Errorf("%s has the digest of %s", what, same)
		}
		seen[fmt.Sprintf("%x", d)] = what
	}
	if _, err := person.NewDigests(secret[:person.LeastSecret-1], "visa"); err == nil {
		t.Error("a secret that is too short was taken")
	}
}

func TestNobodyIsFoundOnlyIfAllCouldBeSearched(t *testing.T) {
	unavailable := capture.Rest{State: capture.StateUnavailable, Reason: "damaged"}
	noHit := capture.Rest{State: capture.StateNoHit}
	document := system.Question{DocumentNumber: "P1234567", Issuer: "UTO"}
	finger := system.Question{Finger: &capture.Finger{PNG: []byte("hers")}}
	both := document
	both.Finger = finger.Finger
	for _, tt := range []struct {
		name                string
		q                   system.Question
		byDocument, byPrint capture.Rest
		want                capture.State
	}{
		{"the document could be searched", document, noHit, unavailable, capture.StateNoHit},
		{"the document could not", document, unavailable, noHit, capture.StateUnavailable},
		{"the finger could be searched", finger, unavailable, noHit, capture.StateNoHit},
		{"the finger could not", finger, noHit, unavailable, capture.StateUnavailable},
		{"both could be searched", both, noHit, noHit, capture.StateNoHit},
		{"of both the document could not", both, unavailable, noHit, capture.StateUnavailable},
		{"of both the finger could not", both, noHit, unavailable, capture.StateUnavailable},
		{"there is nothing to search with", system.Question{}, noHit, noHit, capture.StateUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, rest, err := person.Find(t.Context(), nobody{tt.byDocument, tt.byPrint}, tt.q)
			if err != nil || f.ID != "" || rest.State != tt.want {
				t.Errorf("%q, %s, %v", f.ID, rest.State, err)
			}
		})
	}
}

// nobody finds nobody, by a document or by a finger.
type nobody struct{ byDocument, byFinger capture.Rest }

func (n nobody) Find(_ context.Context, q system.Question) ([]register.Match, capture.Rest, error) {
	if q.Finger != nil {
		return nil, n.byFinger, nil
	}
	return nil, n.byDocument, nil
}

func (nobody) Get(context.Context, string) (*gallery.Entry, error) { return nil, nil }

func (nobody) Verify(context.Context, string, *capture.Finger) (float64, capture.State, error) {
	return 0, capture.StateUnavailable, nil
}
