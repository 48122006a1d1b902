package portal

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
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

// saying is a portal that replies to a question about the epoch "e 1&2" with the text.
func saying(t *testing.T, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != PathThrough || r.URL.Query().Get("epoch") != "e 1&2" {
			t.Errorf("asked with %s %s", r.Method, r.URL)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(text))
	}
}

func TestThroughReturnsAGenuineWord(t *testing.T) {
	pub, key, _ := ed25519.GenerateKey(nil)
	word := Through{Booth: "booth-1", Epoch: "e 1&2", Sequence: 9, Journal: "ab", At: time.Now(), Key: "k"}
	word.Sign(key)
	text, err := json.Marshal(word)
	if err != nil {
		t.Fatal(err)
	}
	got, err := newPlace(t, saying(t, string(text))).client(t).Through(t.Context(), "e 1&2")
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Verify(pub, "booth-1", "e 1&2"); err != nil || got.Sequence != 9 {
		t.Errorf("word %+v: %v", got, err)
	}
}

func TestThroughTakesNoReplyThatDoesNotFit(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"no JSON":       {"through nine", ErrRefused},
		"another booth": {`{"booth":"booth-2","epoch":"e 1&2","sequence":9}`, ErrRefused},
		"another epoch": {`{"booth":"booth-1","epoch":"e","sequence":9}`, ErrRefused},
		"without end":   {strings.Repeat(" ", maxThrough+1), ErrTooLarge},
	} {
		got, err := newPlace(t, saying(t, test.text)).client(t).Through(t.Context(), "e 1&2")
		if !errors.Is(err, test.want) || got != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	closed := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "not known", http.StatusServiceUnavailable)
	})).client(t)
	var status *StatusError
	if _, err := closed.Through(t.Context(), "e"); !errors.As(err, &status) || status.Code != http.StatusServiceUnavailable {
		t.Errorf("a portal that does not know: %v", err)
	}
}
