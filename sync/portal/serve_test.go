package portal

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"boothd/capture"
)

func lookBody(t *testing.T, change func(*LookRequest)) string {
	t.Helper()
	req := LookRequest{Query: documentQuery(), Systems: []string{"SIS", "SLTD"}}
	change(&req)
	b, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestReadLookTakesOnlyQuestionsThatCanBeAnswered(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*LookRequest)
		ok     bool
	}{
		{"a good question", func(*LookRequest) {}, true},
		{"no evidence", func(r *LookRequest) { r.Query.Evidence.Document = nil }, false},
		{"two pieces of evidence", func(r *LookRequest) { r.Query.Evidence.Finger = &capture.Finger{} }, false},
		{"a document's chip", func(r *LookRequest) {
			r.Query.Evidence = capture.Evidence{ID: "chip-1", Chip: &capture.Chip{}}
			r.Query.Officer.Profile.Systems[capture.ModalityChip] = r.Systems
		}, false},
		{"a document with its chip", func(r *LookRequest) { r.Query.Evidence.Chip = &capture.Chip{} }, false},
		{"no systems", func(r *LookRequest) { r.Systems = nil }, false},
		{"too many systems", func(r *LookRequest) { r.Systems = make([]string, maxSystems+1) }, false},
		{"a system beyond the profile", func(r *LookRequest) { r.Systems = []string{"Eurodac"} }, false},
		{"a system of another modality", func(r *LookRequest) { r.Systems = []string{"VIS"} }, false},
		{"no booth", func(r *LookRequest) { r.Query.Booth = "" }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, PathLook, strings.NewReader(lookBody(t, test.change)))
			r.Header.Set("Content-Type", "application/json; charset=utf-8")
			if _, err := ReadLook(httptest.NewRecorder(), r); (err == nil) != test.ok {
				t.Errorf("error = %v", err)
			}
		})
	}
}

func TestReadReportLimitsAndStatuses(t *testing.T) {
	for _, test := range []struct {
		name, kind, body string
		status           int
	}{
		{"another media type", "text/plain", `{"items":[{}]}`, 400},
		{"no items", "application/json", `{"items":[]}`, 400},
		{"garbage", "application/json", `{"items":`, 400},
		{"two requests", "application/json", `{"items":[{"sequence":1}]}{}`, 400},
		{"too many items", "application/json", `{"items":[` + strings.Repeat("{},", MaxReportItems) + `{}]}`, 413},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, PathReport, strings.NewReader(test.body))
			r.Header.Set("Content-Type", test.kind)
			_, err := ReadReport(httptest.NewRecorder(), r)
			if err == nil || ReplyStatus(err) != test.status {
				t.Errorf("error %v, status %d, want %d", err, ReplyStatus(err), test.status)
			}
		})
	}
}

func TestBodiesBeyondTheLimitAreRefusedWhetherAnnouncedOrNot(t *testing.T) {
	for _, announced := range []bool{true, false} {
		r := httptest.NewRequest(http.MethodPost, PathReport, strings.NewReader(`{"x":"`+strings.Repeat("x", 1000)+`"}`))
		r.Header.Set("Content-Type", "application/json")
		if !announced {
			r.ContentLength = -1
		}
		var req ReportRequest
		if err := readJSON(httptest.NewRecorder(), r, 1000, &req); !errors.Is(err, ErrTooLarge) || ReplyStatus(err) != 413 {
			t.Errorf("announced %t: %v", announced, err)
		}
	}
}

func TestReplyWriterRefusesLinesThatTheBoothWouldRefuse(t *testing.T) {
	rec := httptest.NewRecorder()
	rw := NewReplyWriter(rec)
	if !rec.Flushed {
		t.Error("the head was not sent at once")
	}
	err := rw.Answer(capture.Answer{System: "SIS", State: capture.StateUnavailable, Reason: strings.Repeat("x", MaxReplyLine)})
	if !errors.Is(err, ErrTooLarge) || rec.Body.Len() != 0 {
		t.Errorf("error %v, %d bytes written", err, rec.Body.Len())
	}
}
