package watchlist

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/capture/chip"
	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/pki"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	chiptrust "boothd/localmatch/trust"
)

// utopia issues the passport of these tests.
var utopia = sync.OnceValues(func() (*chipemu.Issuer, error) { return chipemu.NewIssuer(chipemu.State{}) })

// certificates are the entries of what documents of the state are verified against.
func certificates(t *testing.T, state *chipemu.Issuer) string {
	t.Helper()
	var lines, entries bytes.Buffer
	err := pki.WriteLines(&lines, state.Trust())
	if err == nil {
		_, err = chiptrust.Convert(&lines, &entries)
	}
	if err != nil {
		t.Fatal(err)
	}
	return entries.String()
}

// chainOf inspects a passport of the state, at the booth's time, with what its list has brought.
func (x *booth) chainOf(state *chipemu.Issuer, k *chiptrust.Keeper) inspection.Check {
	x.t.Helper()
	k.Refresh(x.t.Context())
	d, err := chipemu.DocumentOf(synthetic.New(7))
	if err != nil {
		x.t.Fatal(err)
	}
	issued, err := chipemu.Issue(d, state)
	if err != nil {
		x.t.Fatal(err)
	}
	emulated, err := chipemu.New(issued)
	if err != nil {
		x.t.Fatal(err)
	}
	defer emulated.Close()
	zone, err := mrz.Parse(d.MRZ, x.clock())
	if err != nil {
		x.t.Fatal(err)
	}
	in := chip.Inspector{Trust: k.Material, Now: x.clock}
	found := in.Inspect(x.t.Context(), emulated, chip.Password{Zone: &zone})
	return found.Check("pa_chain")
}

func TestCertificatesTravelLikeAnyListAndChipsAreVerifiedAgainstThem(t *testing.T) {
	state, err := utopia()
	if err != nil {
		t.Fatal(err)
	}
	other, err := chipemu.NewIssuer(chipemu.State{})
	if err != nil {
		t.Fatal(err)
	}
	// Each way says how a booth hears of central, and how a version gets onto it.
	for way, travel := range map[string]func(t *testing.T, c *central) (booth func(*SubscriberOptions), bring func()){
		"over MQTT": func(t *testing.T, c *central) (func(*SubscriberOptions), func()) {
			b := startBroker(t)
			return func(o *SubscriberOptions) { o.Broker = b.broker("booth-7") }, func() { c.publish(b) }
		},
		"over HTTPS": func(t *testing.T, c *central) (func(*SubscriberOptions), func()) {
			return serveFolder(t, c.dir).options, func() {}
		},
		"on a stick": func(t *testing.T, c *central) (func(*SubscriberOptions), func()) {
			stick := filepath.Join(t.TempDir(), "stick")
			return func(o *SubscriberOptions) { o.Sticks = []string{stick} }, func() {
				if err := errors.Join(os.RemoveAll(stick), os.CopyFS(stick, os.DirFS(c.dir))); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(way, func(t *testing.T) {
			c := newCentral(t)
			options, bring := travel(t, c)
			x := newBoothWith(t, c.trusted(), options)
			k := chiptrust.New(x.gallery, "sis", chiptrust.Options{Now: x.clock})
			want := func(when string, state *chipemu.Issuer, s inspection.State, reason string) {
				t.Helper()
				if got := x.chainOf(state, k); got.State != s || got.Reason != reason {
					t.Errorf("%s: %+v, want %s %s", when, got, s, reason)
				}
			}
			want("before there is a list", state, inspection.Undetermined, "trust_missing")
			c.build(certificates(t, other), false)
			bring()
			x.waitVersion(1)
			want("by a list with another key of the state", state, inspection.Failed, "chain_signature")
			c.now = c.now.Add(time.Minute)
			c.build(certificates(t, state), false)
			bring()
			x.waitVersion(2)
			want("by a list with the state's key", state, inspection.Successful, "")
			want("and without the other one", other, inspection.Failed, "chain_signature")

			x.halt() // from here on no news comes
			x.now = testDay.Add(30 * time.Hour)
			want("a day later", state, inspection.Successful, "")
			want("and who is not on the list that is old by then", other, inspection.Undetermined, "trust_stale")
			x.now = testDay.Add(50 * time.Hour)
			want("past the list's lease", state, inspection.Undetermined, "trust_expired")
		})
	}
}

func TestAListIsOfPeopleOrOfCertificates(t *testing.T) {
	state, err := utopia()
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]string{"people": people("A1", "B2"), "certificates": certificates(t, state)}
	for list, other := range map[string]string{"people": "certificates", "certificates": "people"} {
		t.Run("of "+list, func(t *testing.T) {
			build := func(c *central, entries string) error {
				_, err := Build(BuildOptions{Dir: c.dir, List: "sis", System: "SIS", Entries: strings.NewReader(entries), Now: c.now, Lease: 48 * time.Hour})
				return err
			}
			c := newCentral(t)
			if err := build(c, of[list]+of[other]); !errors.Is(err, errMixed) {
				t.Errorf("both in one: %v", err)
			}
			c.build(of[list], false)
			if err := build(c, of[other]); !errors.Is(err, errMixed) || !strings.Contains(err.Error(), other+" in a list of "+list) {
				t.Errorf("the other in the next version: %v", err)
			}
			_, err := Urgent(UrgentOptions{Dir: c.dir, List: "sis", Add: strings.NewReader(of[other]), Key: c.key, Now: c.now})
			if !errors.Is(err, errMixed) {
				t.Errorf("the other added urgently: %v", err)
			}
			if err := build(c, ""); err != nil {
				t.Errorf("a list may run empty: %v", err)
			}
		})
	}
}
