package portal

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"testing"
	"time"
)

func TestAWordThroughASequenceIsValidAsItWasSignedOnly(t *testing.T) {
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	word := Through{Booth: "booth-1", Epoch: "e", Sequence: 7, Journal: "ab", At: time.Unix(1_800_000_000, 5).UTC(), Key: "k"}
	word.Sign(priv)
	b, err := json.Marshal(word)
	if err != nil {
		t.Fatal(err)
	}
	var got Through
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if err := got.Verify(pub, "booth-1", "e"); err != nil {
		t.Errorf("after the wire: %v", err)
	}
	for name, change := range map[string]func(*Through){
		"another booth":    func(w *Through) { w.Booth = "booth-2" },
		"another epoch":    func(w *Through) { w.Epoch = "f" },
		"another sequence": func(w *Through) { w.Sequence++ },
		"another journal":  func(w *Through) { w.Journal = "cd" },
		"another time":     func(w *Through) { w.At = w.At.Add(1) },
		"another key":      func(w *Through) { w.Key = "l" },
		"no signature":     func(w *Through) { w.Signature = nil },
		"a bent signature": func(w *Through) { w.Signature[0] ^= 1 },
	} {
		w := word
		w.Signature = append([]byte(nil), word.Signature...)
		change(&w)
		if err := w.Verify(pub, "booth-1", "e"); !errors.Is(err, ErrBadAck) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if word.Verify(pub, "booth-2", "e") == nil || word.Verify(pub, "booth-1", "f") == nil {
		t.Error("the word counts for another booth or epoch")
	}
	ack := Ack{Booth: "booth-1", Epoch: "e", Sequence: 7, Journal: "ab", At: word.At, Key: "k", Signature: word.Signature}
	if ack.VerifySignature(pub) == nil {
		t.Error("the word passes for an acknowledgement")
	}
}
