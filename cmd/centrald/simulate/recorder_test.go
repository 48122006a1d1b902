package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/sync/system"
)

// numbered is a question about document n.
func numbered(n int) system.Question {
	return system.Question{ID: fmt.Sprintf("id%d", n), System: "SIS", DocumentNumber: fmt.Sprint(n), At: time.Unix(int64(n), 0).UTC()}
}

// hitOrFault hits for even numbers and fails for odd ones.
var hitOrFault = adapter(func(_ context.Context, q system.Question) (system.Reply, error) {
	if strings.HasSuffix(q.DocumentNumber, "1") {
		return system.Reply{}, errors.New("down")
	}
	return hit, nil
})

func TestARecordingReplaysWhatHappened(t *testing.T) {
	clock := time.Unix(1_800_000_000, 0).UTC()
	r := NewRecorder(hitOrFault, 10, func() time.Time { clock = clock.Add(time.Second); return clock })
	for n := range 4 {
		r.Ask(t.Context(), numbered(n))
	}
	var file bytes.Buffer
	if n, err := r.WriteTo(&file); err != nil || n != int64(file.Len()) {
		t.Fatalf("wrote %d of %d bytes: %v", n, file.Len(), err)
	}
	all, err := Read(bytes.NewReader(file.Bytes()))
	if err != nil || !reflect.DeepEqual(all, r.Exchanges()) || len(all) != 4 || all[0].Took != time.Second {
		t.Fatalf("read %d exchanges: %v", len(all), err)
	}
	p := NewPlayer(all)
	for n := range 4 {
		q := numbered(n)
		q.ID, q.At = "another", time.Now()
		reply, err := p.Ask(t.Context(), q)
		if n == 1 {
			if !errors.Is(err, ErrRecorded) || !strings.Contains(err.Error(), "down") {
				t.Errorf("question 1: error %v", err)
			}
		} else if err != nil || !reflect.DeepEqual(reply, hit) {
			t.Errorf("question %d: %+v, %v", n, reply, err)
		}
	}
	if _, err := p.Ask(t.Context(), numbered(9)); !errors.Is(err, ErrNotRecorded) {
		t.Errorf("a question that was not recorded: %v", err)
	}
}

func TestAQuestionRecordedTwiceIsReplayedInOrder(t *testing.T) {
	p := NewPlayer([]Exchange{
		{Question: numbered(2), Reply: noHit},
		{Question: numbered(2), Reply: hit},
	})
	for i, want := range []capture.State{capture.StateNoHit, capture.StateHit, capture.StateHit} {
		if r, err := p.Ask(t.Context(), numbered(2)); err != nil || r.State != want {
			t.Errorf("ask %d: %s, %v", i+1, r.State, err)
		}
	}
}

func TestOnlyTheLastExchangesAreKept(t *testing.T) {
	r := NewRecorder(nothing, 3, nil)
	for n := range 10 {
		r.Ask(t.Context(), numbered(n))
	}
	var got []string
	for _, e := range r.Exchanges() {
		got = append(got, e.Question.DocumentNumber)
	}
	if !reflect.DeepEqual(got, []string{"7", "8", "9"}) {
		t.Errorf("kept %v", got)
	}
}

func TestLargeExchangesAreLimitedInMemory(t *testing.T) {
	r := NewRecorder(nothing, 1000, nil)
	q := numbered(1)
	q.Finger = &capture.Finger{PNG: make([]byte, 2<<20)}
	for range 4 {
		r.Ask(t.Context(), q)
	}
	if n := len(r.Exchanges()); n == 0 || n > 3 || r.size > maxKept {
		t.Errorf("%d exchanges of %d bytes are kept", n, r.size)
	}
	q.Finger.PNG = make([]byte, 5<<20)
	before := len(r.Exchanges())
	r.Ask(t.Context(), q)
	if len(r.Exchanges()) != before {
		t.Error("an exchange was kept that no recording can hold")
	}
}

func TestWhatIsKeptIsNotChangedByOthers(t *testing.T) {
	reply := system.Reply{State: capture.StateHit, Findings: []capture.Finding{{Entry: "e1", State: capture.StateHit}}}
	r := NewRecorder(adapter(func(context.Context, system.Question) (system.Reply, error) { return reply, nil }), 1, nil)
	r.Ask(t.Context(), question)
	reply.Findings[0].Entry = "changed"
	if r.Exchanges()[0].Reply.Findings[0].Entry != "e1" {
		t.Error("what was kept changed with the adapter's reply")
	}
}

func TestExchangesStayOutOfLogs(t *testing.T) {
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("kept", "exchange", Exchange{Question: question, Reply: hit})
	if strings.Contains(log.String(), question.DocumentNumber) || strings.Contains(log.String(), "e1") {
		t.Errorf("log: %s", log.String())
	}
}

const good = `{"recording":"boothd exchanges v1"}` + "\n"

func TestFilesThatAreNoRecordingsAreRefused(t *testing.T) {
	const exchange = `{"question":{"id":"q","system":"SIS"},"reply":{"state":"no_hit"}}` + "\n"
	for _, test := range []struct {
		name, text string
		ok         bool
	}{
		{"a recording", good + exchange, true},
		{"a recording with an empty line", good + "\n" + exchange, true},
		{"a recording of nothing", good, true},
		{"nothing", "", false},
		{"no head", exchange, false},
		{"a head of another version", `{"recording":"boothd exchanges v9"}` + "\n" + exchange, false},
		{"garbage", good + "ERIKSSON", false},
		{"a question without id", good + `{"question":{"system":"SIS","surname":"ERIKSSON"}}`, false},
		{"a reply without state", good + `{"question":{"id":"q","system":"SIS"}}`, false},
		{"a fault without reply", good + `{"question":{"id":"q","system":"SIS"},"fault":"down"}`, true},
		{"a fault too long", good + `{"question":{"id":"q","system":"SIS"},"fault":"` + strings.Repeat("x", system.MaxText+1) + `"}`, false},
		{"too many exchanges", good + strings.Repeat(exchange, MaxExchanges+1), false},
		{"a line too long", good + strings.Repeat(" ", maxLine+2), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(test.text))
			if (err == nil) != test.ok || err != nil && (!errors.Is(err, ErrRecording) || strings.Contains(err.Error(), "ERIKSSON")) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(good + `{"at":"2026-01-02T03:04:05Z","took_ns":5,"question":{"id":"q","system":"SIS","document_number":"X"},"reply":{"state":"no_hit"}}`))
	f.Add([]byte(good + `{"question":{"id":"q","system":"SIS"},"fault":"down"}` + "\r\n\n"))
	f.Add([]byte("{}\n[]"))
	f.Fuzz(func(t *testing.T, file []byte) {
		all, err := Read(bytes.NewReader(file))
		if err != nil {
			if !errors.Is(err, ErrRecording) {
				t.Fatalf("error of no kind: %v", err)
			}
			return
		}
		p := NewPlayer(all)
		for _, e := range all {
			if _, err := p.Ask(t.Context(), e.Question); err != nil && !errors.Is(err, ErrRecorded) {
				t.Fatalf("what was read is not replayed: %v", err)
			}
		}
	})
}
