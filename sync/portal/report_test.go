package portal

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func items(n int) []Item {
	list := make([]Item, n)
	for i := range list {
		it := Item{
			Booth: "booth-1", Epoch: "e1", Sequence: uint64(i + 1), ID: fmt.Sprintf("record-%d", i+1),
			Journal: strings.Repeat("ab", 32), Sealed: []byte("sealed"),
		}
		it.Hash = HashItem(&it)
		list[i] = it
	}
	return list
}

func ackFor(it Item, key ed25519.PrivateKey) Ack {
	a := Ack{
		Booth: it.Booth, Epoch: it.Epoch, Sequence: it.Sequence, ID: it.ID, Journal: it.Journal, Hash: it.Hash,
		At: time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC), Key: "k",
	}
	a.Sign(key)
	return a
}

// acknowledging is a portal that acknowledges everything but sequence 2, which it refuses.
func acknowledging(t *testing.T, key ed25519.PrivateKey) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		list, err := ReadReport(w, r)
		if err != nil {
			w.WriteHeader(ReplyStatus(err))
			return
		}
		reply := ReportReply{Acks: []Ack{}}
		for _, it := range list {
			if it.Sequence == 2 {
				reply.Refused = append(reply.Refused, Refusal{Sequence: 2, Reason: "does not\nopen"})
				continue
			}
			reply.Acks = append(reply.Acks, ackFor(it, key))
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(reply)
	}
}

func TestReportReturnsGenuineAcknowledgements(t *testing.T) {
	pub, key, _ := ed25519.GenerateKey(nil)
	c := newPlace(t, acknowledging(t, key)).client(t)
	list := items(3)
	reply, err := c.Report(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	if len(reply.Acks) != 2 || len(reply.Refused) != 1 || reply.Refused[0] != (Refusal{Sequence: 2, Reason: "does notopen"}) {
		t.Fatalf("reply = %+v", reply)
	}
	if err := reply.Acks[0].Verify(pub, &list[0]); err != nil {
		t.Errorf("acknowledgement does not verify after its journey: %v", err)
	}
	if err := reply.Acks[0].Verify(pub, &list[2]); !errors.Is(err, ErrBadAck) {
		t.Errorf("acknowledgement of one item verified for another: %v", err)
	}
	bent := reply.Acks[0]
	bent.At = bent.At.Add(1)
	if err := bent.VerifySignature(pub); !errors.Is(err, ErrBadAck) {
		t.Errorf("changed acknowledgement: %v", err)
	}
}

func TestReportOfNothingAsksNobody(t *testing.T) {
	c := newPlace(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("portal was asked") })).client(t)
	if _, err := c.Report(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestReportRefusesBatchesThatTheWireCannotCarry(t *testing.T) {
	c := newPlace(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("portal was asked") })).client(t)
	mixed := items(2)
	mixed[1].Epoch = "e2"
	double := items(2)
	double[1].Sequence = 1
	for name, test := range map[string]struct {
		items []Item
		want  error
	}{
		"too many items":  {items(MaxReportItems + 1), ErrTooLarge},
		"two epochs":      {mixed, ErrRefused},
		"a sequence over": {double, ErrRefused},
	} {
		if _, err := c.Report(t.Context(), test.items); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestReportTakesNoReplyThatDoesNotFit(t *testing.T) {
	for _, test := range []struct {
		name, reply string
		want        error
	}{
		{"garbage", "\x00{", ErrRefused},
		{"nothing", "", ErrRefused},
		{"too long", `{"acks":[],"x":"` + strings.Repeat("x", MaxReportReply) + `"}`, ErrTooLarge},
		{"an item that was not sent", `{"acks":[{"sequence":9}]}`, ErrRefused},
		{"one item twice", `{"acks":[{"sequence":1},{"sequence":1}]}`, ErrRefused},
		{"taken and refused", `{"acks":[{"sequence":1}],"refused":[{"sequence":1,"reason":"x"}]}`, ErrRefused},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				io.WriteString(w, test.reply)
			}))
			if _, err := p.client(t).Report(t.Context(), items(2)); !errors.Is(err, test.want) {
				t.Errorf("error = %v, want %v", err, test.want)
			}
		})
	}
}

func TestReportTellsThePortalsStatus(t *testing.T) {
	p := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	c := p.client(t)
	_, err := c.Report(t.Context(), items(1))
	var status *StatusError
	if !errors.As(err, &status) || status.Code != http.StatusServiceUnavailable {
		t.Errorf("error = %v", err)
	}
	if !c.Status().Up {
		t.Error("a portal that cannot take reports is taken for one that cannot answer")
	}
}

func TestReportSurvivesALostReply(t *testing.T) {
	_, key, _ := ed25519.GenerateKey(nil)
	var p *place
	first := true
	p = newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if first {
			first = false
			io.Copy(io.Discard, r.Body)
			p.line.set(true) // after the request, before the reply
			return
		}
		acknowledging(t, key)(w, r)
	}))
	c := p.client(t)
	if _, err := c.Report(t.Context(), items(1)); err == nil {
		t.Fatal("a lost reply was taken for an answer")
	}
	p.line.set(false)
	if reply, err := c.Report(t.Context(), items(1)); err != nil || len(reply.Acks) != 1 {
		t.Errorf("repeated report = %+v, %v", reply, err)
	}
}
