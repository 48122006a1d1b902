package sbi

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

func FuzzCaptureRequest(f *testing.F) {
	for _, seed := range []string{
		`{"env":"Developer","purpose":"Registration","specVersion":"0.9.5","timeout":"10000","transactionId":"1636824682071",` +
			`"bio":[{"type":"Finger","count":"1","bioSubType":["Left Thumb"],"exception":[],"requestedScore":"60","deviceId":"B1","deviceSubId":"0","previousHash":""}]}`,
		`{"env":"Developer","purpose":"Auth","timeout":10000,"transactionId":"abcd","domainUri":"x",` +
			`"bio":[{"type":"Finger","count":4,"requestedScore":60,"deviceId":"B1","deviceSubId":1}]}`,
		`{"env":"Developer","purpose":"Registration","timeout":1,"transactionId":"abcd",` +
			`"bio":[{"type":"Finger","count":3,"exception":["Left IndexFinger",null],"requestedScore":0,"deviceId":"B1","deviceSubId":"1"}]}`,
		`{"env":"Developer","purpose":"Registration","timeout":1,"transactionId":"abcd","bio":[{"type":"Face","count":1,"bioSubType":[null],"requestedScore":0,"deviceId":"B1"}]}`,
		`{"timeout":1e400}`, `{"timeout":{}}`, `[]`, `null`,
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, auth bool) {
		v := verbRegistration
		if auth {
			v = verbAuth
		}
		var q captureRequest
		if json.Unmarshal(body, &q) != nil {
			return
		}
		o, c := q.check(v, "Developer")
		if c != success {
			if o != nil || texts[c] == "" {
				t.Fatalf("code %d with %v", c, o)
			}
			return
		}
		switch {
		case o.timeout <= 0 || o.timeout > maxTimeout || o.timeout%time.Millisecond != 0:
			t.Fatalf("timeout %v", o.timeout)
		case o.score < 0 || o.score > maxScore || o.device == "" || !transactionID.MatchString(o.transaction):
			t.Fatalf("order %+v", o)
		case len(o.previous) != 0 && len(o.previous) != hashSize || !slices.Contains(specVersions, o.spec):
			t.Fatalf("order %+v", o)
		case len(o.subs) == 0 || len(o.subs) > 10 || o.kind == typeFinger && slices.ContainsFunc(o.subs, isNoFinger) || twice(o.subs) && o.kind == typeFinger:
			t.Fatalf("fingers %q", o.subs)
		}
	})
}

func FuzzStreamRequest(f *testing.F) {
	f.Add([]byte(`{"deviceId":"B1","deviceSubId":"0","timeout":"300000"}`))
	f.Add([]byte(`{"deviceId":"B1","deviceSubId":1,"timeout":7}`))
	f.Add([]byte(`{"deviceId":"B1"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var q streamRequest
		if json.Unmarshal(body, &q) != nil {
			return
		}
		if limit, c := q.limit(); c == success && (limit < 0 || limit > maxTimeout) {
			t.Fatalf("a stream of %v", limit)
		}
	})
}

func TestEveryCodeHasAText(t *testing.T) {
	for c := range texts {
		f := c.fault()
		if f.Info == "" || f.Code == "" {
			t.Errorf("code %d: %v", c, f)
		}
	}
	for _, c := range []captureCode{timedOut, inProgress, noID, unknownID, wrongPurpose} {
		for _, v := range []verb{verbRegistration, verbAuth} {
			if texts[c.of(v)] == "" {
				t.Errorf("code %d has no text", c.of(v))
			}
		}
	}
}
