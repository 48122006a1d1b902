package portal

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"boothd/capture"
)

func FuzzReplies(f *testing.F) {
	f.Add([]byte(sisNoHit + sltdNoHit + end))
	f.Add([]byte(`{"answer":{"system":"SIS","state":"hit","findings":[{"entry":"e","by":"name","score":0.5,"name":"\u202eX","explanation":[{"what":"a","asked":"b","found":"c","weight":1}]}]}}` + "\n" + end))
	f.Add([]byte(`{"answer":{"system":"VIS","state":"hit"}}` + "\n\n\r\n" + `{"answer":null,"end":true}`))
	f.Add([]byte(`{"answer":{"system":"SIS","state":"possible","reason":"r","rest":{"state":"stale","reason":"old"},"findings":[{"state":"hit","score":1,"discreet":true},{"state":"?","score":1}]}}` + "\n" + end))
	f.Add([]byte(`{"answer":{"system":"SIS","state":"no_hit","facts":[{"code":"days_left","value":"\u0007"},{"code":"X"}],"links":[{"id":"l","colour":"red","systems":["SIS","VIS"]},{"colour":"blue","discreet":true},{"id":"m","colour":"yellow","systems":["Europol"],"due":"2026-01-02T03:04:05Z"}]}}` + "\n" + end))
	f.Add([]byte(`{"answer":{"system":"SLTD","state":"possible","findings":[{"state":"possible","score":1,"needs":"judicial","minor":true}]}}` + "\n" + end))
	f.Add([]byte("{}\n[]\nnull\n\"\"\n\x00\xff\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		now := time.Unix(1_800_000_000, 0)
		r := replies{asked: []string{"SIS", "SLTD"}, evidence: "document-1", modality: capture.ModalityDocument, source: "portal", named: func(s string) bool { return s != "Europol" }, now: func() time.Time { return now }}
		var got []capture.Answer
		err := r.read(bytes.NewReader(stream), func(a capture.Answer) { got = append(got, a) })
		if len(got) > len(r.asked) || len(got)+len(r.missing()) != len(r.asked) {
			t.Fatalf("%d answers, %d missing", len(got), len(r.missing()))
		}
		if err == nil && !bytes.Contains(stream, []byte("end")) {
			t.Fatal("no error and no end")
		}
		for _, a := range got {
			if !slices.Contains(r.asked, a.System) || a.Source != "portal" || a.Evidence != "document-1" || a.Late || a.AsOf.After(now) {
				t.Fatalf("answer not made its own: %+v", a)
			}
			if a.State == capture.StateNoHit && len(a.Findings) > 0 || len(a.Findings) > 2*MaxFindings {
				t.Fatalf("%s with %d findings", a.State, len(a.Findings))
			}
			if r := a.Rest; r != nil && (r.State != capture.StateStale && r.State != capture.StateUnavailable || len(r.Reason) > MaxText) {
				t.Fatalf("rest not limited: %+v", r)
			}
			if shown := a.Shown(false); len(shown.Findings) == 0 && len(a.Findings) > 0 && (shown.State == capture.StateHit || shown.State == capture.StatePossible) {
				t.Fatalf("%s is shown without findings", shown.State)
			}
			for _, fact := range a.Facts {
				if !codePattern.MatchString(string(fact.Code)) || len(fact.Value) > MaxText || strings.ContainsFunc(fact.Value, unicode.IsControl) {
					t.Fatalf("fact not limited: %q", fact.Code)
				}
			}
			for _, l := range a.Links {
				if !l.Colour.Valid() || len(l.ID) > MaxText || len(l.Work) > MaxText || slices.Contains(l.Systems, "Europol") {
					t.Fatalf("link not limited: %+v", l)
				}
			}
			if len(a.Facts) > MaxFacts || len(a.Links) > 2*MaxLinks {
				t.Fatalf("%d facts, %d links", len(a.Facts), len(a.Links))
			}
			for _, fi := range a.Findings {
				if fi.Score < 0 || fi.Score > 1 || len(fi.Name) > MaxText || len(fi.Needs) > MaxText || strings.ContainsFunc(fi.Name, unicode.IsControl) ||
					fi.State != capture.StateHit && fi.State != capture.StatePossible {
					t.Fatalf("finding not limited: %+v", fi)
				}
			}
		}
	})
}

func FuzzReportReply(f *testing.F) {
	f.Add([]byte(`{"acks":[{"booth":"booth-1","epoch":"e1","sequence":1,"at":"2026-01-02T03:04:05Z","signature":"AAAA"}],"refused":[{"sequence":2,"reason":"x"}]}`))
	f.Add([]byte(`{"acks":[{"sequence":1},{"sequence":1}]}`))
	f.Add([]byte(`{"acks":null}`))
	f.Add([]byte(`[]`))
	sent := items(3)
	f.Fuzz(func(t *testing.T, body []byte) {
		reply, err := readReportReply(bytes.NewReader(body), sent)
		if err != nil {
			return
		}
		seen := make(map[uint64]bool)
		for _, a := range reply.Acks {
			if seen[a.Sequence] || a.Sequence < 1 || a.Sequence > 3 {
				t.Fatalf("acknowledgement of %d", a.Sequence)
			}
			seen[a.Sequence] = true
		}
		for _, r := range reply.Refused {
			if seen[r.Sequence] || len(r.Reason) > MaxText {
				t.Fatalf("refusal of %d, %d bytes", r.Sequence, len(r.Reason))
			}
			seen[r.Sequence] = true
		}
	})
}

func FuzzReadLook(f *testing.F) {
	f.Add([]byte(`{"query":{"check":"c","booth":"b","officer":{"id":"o","profile":{"systems":{"document":["SIS"]}}},"evidence":{"id":"d","document":{"zone":{}}}},"systems":["SIS"]}`))
	f.Add([]byte(`{"query":{"evidence":{"finger":{}}},"systems":[]}`))
	f.Add([]byte(`{}{}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, PathLook, bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		req, err := ReadLook(httptest.NewRecorder(), r)
		if err != nil {
			return
		}
		for _, s := range req.Systems {
			if !req.Query.Officer.Profile.May(s, req.Query.Evidence.Modality()) {
				t.Fatalf("took %q beyond the profile", s)
			}
		}
	})
}

func FuzzReadReport(f *testing.F) {
	f.Add([]byte(`{"items":[{"booth":"b","epoch":"e","sequence":1,"id":"r","journal":"00","sealed":"AAAA","hash":"00"}]}`))
	f.Add([]byte(`{"items":[{},{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, PathReport, bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		list, err := ReadReport(httptest.NewRecorder(), r)
		if err == nil && (len(list) == 0 || len(list) > MaxReportItems) {
			t.Fatalf("%d items", len(list))
		}
	})
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte("id: 7\nevent: alert\ndata: " + alertText(7, "booth-1") + "\n\n"))
	f.Add([]byte(": beat\n\nid: 8\r\nevent: drill\r\ndata: {\"id\":8,\r\ndata: \"order\":\"a.b.c\"}\r\n\r\n"))
	f.Add([]byte("id:9\nevent:alert\ndata\ndata:{}\n\nretry: 5\nid: 99999999999999999999\ndata: x\n\n"))
	f.Add([]byte("data: \x00\xff\n\nid: 1"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		now := time.Unix(1_800_000_000, 0)
		c := &Client{opt: Options{Booth: "booth-1", Source: "portal", Now: func() time.Time { return now }}}
		err := readEvents(bytes.NewReader(stream), func() {}, func(raw rawEvent) error {
			if len(raw.data) > MaxEvent {
				t.Fatalf("event of %d bytes", len(raw.data))
			}
			e, err := c.event(raw)
			switch {
			case err != nil && (e.Alert != nil || e.Drill != ""):
				t.Fatal("content and an error")
			case err == nil && (e.ID == 0 || (e.Alert == nil) == (e.Drill == "")):
				t.Fatalf("event %d without content", e.ID)
			}
			if a := e.Alert; a != nil && (a.Booth != "booth-1" || a.ID != e.ID || len(a.Answer.Findings) == 0 || a.At.After(now) || a.Answer.AsOf.After(now)) {
				t.Fatalf("alert not made its own: %+v", a)
			}
			return nil
		})
		if err == nil {
			t.Fatal("a stream has no end of its own")
		}
	})
}

func FuzzDocuments(f *testing.F) {
	f.Add([]byte(`{"documents":["a.b.c"]}`))
	f.Add([]byte(`{"documents":null}`))
	f.Add([]byte(`{"documents":[""]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		docs, err := readDocuments(bytes.NewReader(body))
		if err != nil && docs != nil || len(docs) > MaxDocuments || slices.Contains(docs, "") {
			t.Fatalf("%d documents, %v", len(docs), err)
		}
	})
}
