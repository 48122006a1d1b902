package watchlist

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/internal/signed"
)

func TestFleetJudgesWhatBoothsTell(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(1)
	c.now = c.now.Add(time.Minute)
	second := c.build(people("A1", "B2"), false)
	c.publish(b)
	x.waitVersion(2)
	head, err := ParseHead(c.head())
	if err != nil {
		t.Fatal(err)
	}
	x.waitStatus(b, "version 2 is told", func(s Status) bool { return s.Version == 2 && s.Head == head.Hash })
	var right Status
	if err := json.Unmarshal(b.retained(StatusTopic("booth-7", "sis")), &right); err != nil {
		t.Fatal(err)
	}
	tell := func(booth string, change func(*Status)) {
		t.Helper()
		s := right
		s.Booth, s.Digest = booth, Digest(booth, s.Manifest, head.Nonce)
		change(&s)
		told, _ := json.Marshal(s)
		b.retain(t, StatusTopic(booth, "sis"), told)
	}
	tell("copied", func(s *Status) { s.Digest = right.Digest }) // of another booth
	tell("other-content", func(s *Status) { s.Manifest[0] ^= 1 })
	tell("replayed", func(s *Status) { s.Head[0] ^= 1 })
	tell("far-behind", func(s *Status) { s.Version = 1 })
	tell("empty", func(s *Status) { s.State, s.Version = StateNone, 0 })
	b.retain(t, StatusTopic("for-another", "sis"), b.retained(StatusTopic("copied", "sis")))
	b.retain(t, StatusTopic("junk", "sis"), []byte("{"))
	all, err := Fleet(t.Context(), FleetOptions{Broker: b.broker("looker"), Roots: c.trusted(), Now: c.now, Quiet: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Proof{}
	for _, l := range all {
		got[l.Booth] = l.Proof
		if l.Target != second.Version {
			t.Errorf("%s: target %d", l.Booth, l.Target)
		}
	}
	want := map[string]Proof{
		"booth-7": ProofRight, "copied": ProofWrong, "other-content": ProofWrong, "replayed": ProofOlder,
		"far-behind": ProofUnnamed, "empty": ProofNone,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("proofs %v, want %v", got, want)
	}
	if copies := Copies(all); len(copies) != 5 || copies[0].Since.IsZero() || copies[0].System != "SIS" {
		t.Errorf("copies %+v", copies)
	}
	strangers := newCentral(t)
	if _, err := Fleet(t.Context(), FleetOptions{Broker: b.broker("looker"), Roots: strangers.trusted(), Quiet: 50 * time.Millisecond}); !errors.Is(err, ErrForged) {
		t.Errorf("judged by heads of others: %v", err)
	}
}

func TestInventoryIsSignedInPartsOfWhichNoneMayBeMissing(t *testing.T) {
	key := newKey(t)
	trusted := []ed25519.PublicKey{publicOf(key)}
	var copies []TechnicalCopy
	for i := range 2*inventoryPart + 1 {
		copies = append(copies, TechnicalCopy{Booth: fmt.Sprintf("booth-%d", i), List: "sis", System: "SIS", Version: 3, Drawn: testDay, Until: testDay.Add(time.Hour), Proof: ProofRight})
	}
	var out bytes.Buffer
	if err := WriteInventory(&out, copies, testDay, key); err != nil {
		t.Fatal(err)
	}
	i, err := ReadInventory(bytes.NewReader(out.Bytes()), trusted)
	if err != nil || !slices.Equal(i.Copies, copies) || !i.At.Equal(testDay) {
		t.Fatalf("%d copies, %v", len(i.Copies), err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(out.String(), "\n"), "\n")
	var later bytes.Buffer
	if err := WriteInventory(&later, copies, testDay.Add(time.Hour), key); err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"nothing":                     "",
		"the last part is missing":    lines[0] + lines[1],
		"a part is missing":           lines[0] + lines[2],
		"a part is there twice":       lines[0] + lines[0] + lines[1] + "\n" + lines[2],
		"a part of another inventory": lines[0] + strings.SplitAfter(later.String(), "\n")[1] + lines[2],
		"a changed byte":              strings.Replace(out.String(), lines[1][40:50], lines[1][41:51], 1),
	} {
		if _, err := ReadInventory(strings.NewReader(text), trusted); !errors.Is(err, signed.ErrNotValid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := ReadInventory(bytes.NewReader(out.Bytes()), []ed25519.PublicKey{newKey(t).Public().(ed25519.PublicKey)}); err == nil {
		t.Error("verified with another key")
	}
	out.Reset()
	if err := WriteInventory(&out, nil, testDay, key); err != nil {
		t.Fatal(err)
	}
	if i, err := ReadInventory(&out, trusted); err != nil || i.Total != 0 {
		t.Errorf("an inventory of nothing: %+v, %v", i, err)
	}
}
