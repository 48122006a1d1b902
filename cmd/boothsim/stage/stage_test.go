package stage

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"boothd/capture/synthetic"
	"boothd/cmd/boothsim/demo"
	"boothd/cmd/boothsim/hardware"
	"boothd/cmd/boothsim/line"
	"boothd/cmd/centrald/seed"
	"boothd/internal/keys"
	"boothd/localmatch/finger"
	"boothd/sync/watchlist"
)

const free = "127.0.0.1:0"

func play(t *testing.T) (*Stage, *demo.Folder) {
	t.Helper()
	folder, err := demo.Make(filepath.Join(t.TempDir(), "demo"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Start(context.Background(), folder, Options{Listen{free, free, free, free, free, free}, true, true}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, folder
}

// heads connects as the booth and returns the heads of a list as they arrive.
func heads(t *testing.T, s *Stage, folder *demo.Folder, list string) <-chan []byte {
	t.Helper()
	conf, err := folder.PublisherTLS() // its pool
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(folder.Path("booth.pem"), folder.Path("booth.key"))
	if err != nil {
		t.Fatal(err)
	}
	conf.Certificates = []tls.Certificate{pair}
	got := make(chan []byte, 16)
	o := paho.NewClientOptions().AddBroker(s.Addresses().Broker).SetClientID("boothd-" + demo.Booth).SetTLSConfig(conf).
		SetMaxReconnectInterval(50 * time.Millisecond)
	o.OnConnect = func(c paho.Client) {
		c.Subscribe("boothd/v2/lists/"+list+"/head", 1, func(_ paho.Client, m paho.Message) { got <- m.Payload() })
	}
	c := paho.NewClient(o)
	if token := c.Connect(); !token.WaitTimeout(20*time.Second) || token.Error() != nil {
		t.Fatalf("connect: %v", token.Error())
	}
	t.Cleanup(func() { c.Disconnect(0) })
	return got
}

// expect waits for the head of a version and verifies it.
func expect(t *testing.T, heads <-chan []byte, folder *demo.Folder, version uint64, entries int) {
	t.Helper()
	pub, err := keys.ReadVerifying(folder.Path("lists-signing.pub"))
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.After(30 * time.Second)
	for {
		select {
		case b := <-heads:
			head, err := watchlist.ParseHead(b)
			if err != nil {
				t.Fatal(err)
			}
			if err := head.Verify([]ed25519.PublicKey{pub}); err != nil {
				t.Fatal(err)
			}
			if head.Version < version {
				continue // retained from before
			}
			signed := head.Newest()
			if signed == nil {
				t.Fatal("the head does not carry the manifest")
			}
			if signed.Version != version || signed.Entries != entries {
				t.Errorf("version %d with %d entries, want %d with %d", signed.Version, signed.Entries, version, entries)
			}
			return
		case <-deadline:
			t.Fatalf("version %d did not come", version)
		}
	}
}

func TestBoothsGetSignedUpdatesAlsoAfterTheirLineWasCut(t *testing.T) {
	s, folder := play(t)
	national := heads(t, s, folder, "national")
	expect(t, national, folder, 1, 2)
	if _, err := s.AddToList(t.Context(), "national", 21, Added{}); err != nil {
		t.Fatal(err)
	}
	expect(t, national, folder, 2, 3)
	s.SetLine("broker", line.Cut)
	if v, err := s.AddToList(t.Context(), "national", 22, Added{Discreet: true, ByFinger: true}); err != nil || v != 3 {
		t.Fatalf("central cannot publish while the booth is cut off: %d, %v", v, err)
	}
	s.SetLine("broker", line.Up)
	expect(t, national, folder, 3, 4)
}

func TestAddingTwiceChangesOneEntry(t *testing.T) {
	s, _ := play(t)
	for range 2 {
		if _, err := s.AddToList(t.Context(), "sltd", 21, Added{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range s.lists.state() {
		if l.Name == "sltd" && (l.Entries != 2 || l.Version != 3) {
			t.Errorf("list = %+v", l)
		}
	}
}

func TestEverybodyOnAListIsOfTheCast(t *testing.T) {
	roles := map[int]bool{}
	for _, r := range seed.Roles() {
		roles[r.Traveller] = true
	}
	for _, on := range onLists() {
		e, err := entry(on.traveller, on.alert)
		if err == nil {
			err = e.Validate()
		}
		if err != nil {
			t.Errorf("traveller %d: %v", on.traveller, err)
		}
		if !roles[on.traveller] || !slices.ContainsFunc(demo.Lists(), func(l demo.List) bool { return l.Name == on.list }) {
			t.Errorf("traveller %d on %s is not of the demo", on.traveller, on.list)
		}
	}
}

// The fingers of the cast are invented and few; whoever is listed must be told from all others.
func TestListedFingersOfTheCastAreFoundAndNobodyElses(t *testing.T) {
	listed := map[int]*finger.Prepared{}
	laid := map[int]*finger.Prepared{}
	for _, r := range seed.Roles() {
		made, err := finger.Extract(synthetic.New(r.Traveller).Finger(hardware.RightIndex), synthetic.FingerDPI)
		if err != nil {
			t.Fatal(err)
		}
		laid[r.Traveller] = finger.Prepare(made)
	}
	for _, on := range onLists() {
		if !on.byFinger {
			continue
		}
		e, err := entry(on.traveller, on.alert)
		if err != nil {
			t.Fatal(err)
		}
		_, kept, err := e.Fingers[0].Read()
		if err != nil {
			t.Fatal(err)
		}
		listed[on.traveller] = finger.Prepare(kept)
	}
	if len(listed) == 0 {
		t.Fatal("nobody is listed by a finger")
	}
	for who, kept := range listed {
		for n, shown := range laid {
			if score := shown.Compare(kept).Score; (n == who) != (score >= 60) || n != who && score >= 28 {
				t.Errorf("traveller %d scores %.0f against the listed finger of %d", n, score, who)
			}
		}
	}
}

func TestPlaceThatIsTakenIsNamedAndNothingIsLeft(t *testing.T) {
	taken, err := net.Listen("tcp", free)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	at := taken.Addr().String()
	folder, err := demo.Make(filepath.Join(t.TempDir(), "demo"))
	if err != nil {
		t.Fatal(err)
	}
	for name, listen := range map[string]Listen{
		"portal":   {Portal: at},
		"office":   {Office: at},
		"national": {National: at},
		"broker":   {Broker: at},
		"usbip":    {USBIP: at},
		"camera":   {Camera: at},
	} {
		for _, p := range []*string{&listen.Portal, &listen.Office, &listen.National, &listen.Broker, &listen.USBIP, &listen.Camera} {
			if *p == "" {
				*p = free
			}
		}
		s, err := Start(context.Background(), folder, Options{listen, true, true}, slog.New(slog.DiscardHandler))
		if err == nil {
			s.Close()
			t.Fatalf("%s: started on a port that is taken", name)
		}
		if !strings.Contains(err.Error(), name) || errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		again, err := Start(context.Background(), folder, Options{Listen{free, free, free, free, free, free}, true, true}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Errorf("%s: after the fault: %v", name, err)
			continue
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
}
