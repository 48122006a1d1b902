package system

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"boothd/capture"
)

func FuzzReadReply(f *testing.F) {
	whole, _ := json.Marshal(fullReply())
	f.Add(whole)
	f.Add([]byte(`{"state":"no_hit","as_of":"2999-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"state":"possible","findings":[{"state":"hit","score":1,"name":"\u202eX","explanation":[{}]}],"rest":{"state":"no_hit"}}`))
	f.Add([]byte(`{"state":"unavailable","reason":"\u0000","links":[{"colour":"red","systems":["SIS"]}],"facts":[{"code":"file"}]}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := readReply(bytes.NewReader(body), now)
		if err != nil {
			if !errors.Is(err, ErrRefused) && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("error of no kind: %v", err)
			}
			return
		}
		if r.State == capture.StateNoHit && len(r.Findings) > 0 || len(r.Findings) > 2*MaxFindings || len(r.Facts) > MaxFacts || len(r.Links) > 2*MaxLinks {
			t.Fatalf("%s with %d findings, %d facts, %d links", r.State, len(r.Findings), len(r.Facts), len(r.Links))
		}
		for _, fi := range r.Findings {
			if fi.Score < 0 || fi.Score > 1 || len(fi.Name) > MaxText || !printable(fi.Name) {
				t.Fatalf("finding not limited")
			}
		}
		for _, l := range r.Links {
			if !l.Colour.Valid() || len(l.Systems) == 0 || !printable(l.ID) {
				t.Fatal("link not limited")
			}
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatalf("what was read cannot be handed on: %v", err)
		}
		if _, err := readReply(bytes.NewReader(again), now); err != nil && len(again) <= MaxReply {
			t.Fatalf("what was handed on is not taken: %v", err)
		}
	})
}

func FuzzReadQuestion(f *testing.F) {
	q := documentQuestion()
	whole, _ := json.Marshal(q)
	f.Add(whole)
	q.Finger, q.Face = &capture.Finger{Position: 2, PNG: []byte("x")}, &capture.Face{JPEG: []byte("x")}
	q.Identify = &capture.Identification{Ground: capture.GroundDoubtOnHolder}
	whole, _ = json.Marshal(q)
	f.Add(whole)
	f.Add([]byte(`{"id":"q","system":"SIS","birth_date":"1974-00"}`))
	f.Add([]byte(`{"id":"q","system":"SIS","finger":{"position":-1}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		q, err := readQuestion(bytes.NewReader(body))
		if err != nil {
			if !errors.Is(err, ErrRefused) && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("error of no kind: %v", err)
			}
			return
		}
		if q.ID == "" || len(q.System) > MaxName || !printable(q.Surname) || len(q.DocumentNumber) > MaxText {
			t.Fatal("question not limited")
		}
	})
}
