package portal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// held is a copy that can be.
func held(list string) Copy {
	taken := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	return Copy{
		List: list, System: "SIS", Version: 7, Manifest: strings.Repeat("0a", 32), Entries: 12, Taken: taken, Expires: taken.Add(48 * time.Hour),
	}
}

func TestCopiesAreToldInThisBoothsName(t *testing.T) {
	var body []byte
	status := http.StatusOK
	c := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(status)
	})).client(t)
	if err := c.Copies(t.Context(), []Copy{held("sis"), held("sltd")}); err != nil {
		t.Fatal(err)
	}
	var got Holding
	if err := json.Unmarshal(body, &got); err != nil || got.Booth != "booth-1" || !slices.Equal(got.Copies, []Copy{held("sis"), held("sltd")}) {
		t.Errorf("told %s, %v", body, err)
	}
	if err := c.Copies(t.Context(), nil); err != nil || string(body) != `{"booth":"booth-1","copies":[]}` {
		t.Errorf("of no copies it told %s, %v", body, err)
	}
	status = http.StatusServiceUnavailable
	var refused *StatusError
	if err := c.Copies(t.Context(), nil); !errors.As(err, &refused) || refused.Code != status {
		t.Errorf("not recorded: %v", err)
	}
	body = nil
	if err := c.Copies(t.Context(), make([]Copy, MaxCopies+1)); !errors.Is(err, ErrTooLarge) || body != nil {
		t.Errorf("too many copies were sent: %v", err)
	}
}

// readCopies reads a body as central does.
func readCopies(body []byte) (*Holding, error) {
	r := httptest.NewRequest(http.MethodPost, PathCopies, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return ReadCopies(httptest.NewRecorder(), r)
}

func TestReadCopiesTakesOnlyWhatABoothCanHold(t *testing.T) {
	many := func(n int) (all []Copy) {
		for i := range n {
			all = append(all, held("list-"+strings.Repeat("x", i%50)+string(rune('a'+i/50))))
		}
		return all
	}
	one := func(change func(*Copy)) []Copy {
		k := held("sis")
		change(&k)
		return []Copy{k}
	}
	for name, test := range map[string]struct {
		copies []Copy
		status int // 0 if it is taken
	}{
		"no copy":                            {[]Copy{}, 0},
		"as many as there may be":            {many(MaxCopies), 0},
		"one more":                           {many(MaxCopies + 1), 413},
		"copies that are not spoken of":      {nil, 400},
		"one list twice":                     {[]Copy{held("sis"), held("sltd"), held("sis")}, 400},
		"a list without a name":              {[]Copy{held("")}, 400},
		"a list that names a folder":         {[]Copy{held("../sis")}, 400},
		"a long name of a list":              {[]Copy{held(strings.Repeat("a", 65))}, 400},
		"no system":                          {one(func(k *Copy) { k.System = "" }), 400},
		"a long name of a system":            {one(func(k *Copy) { k.System = strings.Repeat("S", 65) }), 400},
		"a system that turns the text round": {one(func(k *Copy) { k.System = "SIS\u202e" }), 400},
		"version 0":                          {one(func(k *Copy) { k.Version = 0 }), 400},
		"a version that no database holds":   {one(func(k *Copy) { k.Version = 1 << 63 }), 400},
		"fewer entries than none":            {one(func(k *Copy) { k.Entries = -1 }), 400},
		"a short manifest":                   {one(func(k *Copy) { k.Manifest = "0a" }), 400},
		"a manifest in capitals":             {one(func(k *Copy) { k.Manifest = strings.Repeat("0A", 32) }), 400},
		"no time at which it was taken":      {one(func(k *Copy) { k.Taken = time.Time{} }), 400},
		"a lease that ends before it begins": {one(func(k *Copy) { k.Expires = k.Taken }), 400},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := json.Marshal(Holding{Booth: "booth-1", Copies: test.copies})
			if err != nil {
				t.Fatal(err)
			}
			got, err := readCopies(body)
			switch {
			case test.status == 0 && (err != nil || !slices.Equal(got.Copies, test.copies)):
				t.Errorf("read %+v, %v", got, err)
			case test.status != 0 && (err == nil || got != nil || ReplyStatus(err) != test.status):
				t.Errorf("read %+v, %v", got, err)
			}
		})
	}
}

func TestReadCopiesLimitsAndStatuses(t *testing.T) {
	for name, test := range map[string]struct {
		kind, body string
		status     int
	}{
		"another media type": {"text/plain", `{"booth":"b","copies":[]}`, 400},
		"garbage":            {"application/json", `{"booth":`, 400},
		"two bodies":         {"application/json", `{"booth":"b","copies":[]}{}`, 400},
		"no booth":           {"application/json", `{"copies":[]}`, 400},
		"a long body":        {"application/json", strings.Repeat(" ", MaxCopiesBody) + `{"booth":"b","copies":[]}`, 413},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, PathCopies, strings.NewReader(test.body))
			r.Header.Set("Content-Type", test.kind)
			if _, err := ReadCopies(httptest.NewRecorder(), r); err == nil || ReplyStatus(err) != test.status {
				t.Errorf("error %v", err)
			}
		})
	}
}

func FuzzReadCopies(f *testing.F) {
	good, err := json.Marshal(Holding{Booth: "booth-1", Copies: []Copy{held("sis"), held("sltd")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"booth":"b","copies":[]}`))
	f.Add([]byte(`{"booth":"b","copies":null}`))
	f.Add([]byte(`{"booth":"b","copies":[{"list":"a","system":"\u0007","version":18446744073709551615,"taken":"0000-01-01T00:00:00Z","expires":"9999-12-31T23:59:59Z"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		h, err := readCopies(body)
		if err != nil {
			if h != nil || ReplyStatus(err) != 400 && ReplyStatus(err) != 413 {
				t.Fatalf("%+v and %v", h, err)
			}
			return
		}
		if h.Booth == "" || h.Copies == nil || len(h.Copies) > MaxCopies {
			t.Fatalf("booth %q, %d copies", h.Booth, len(h.Copies))
		}
		seen := map[string]bool{}
		for _, k := range h.Copies {
			if seen[k.List] || k.List == "" || len(k.List) > 64 || k.System == "" || len(k.System) > maxSystem || int64(k.Version) <= 0 ||
				len(k.Manifest) != 64 || k.Entries < 0 || k.Taken.Before(time.Unix(0, 0)) || !k.Expires.After(k.Taken) {
				t.Fatalf("took %+v", k)
			}
			seen[k.List] = true
		}
		again, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if len(again) > MaxCopiesBody { // escapes may be longer than what was read
			return
		}
		if _, err := readCopies(again); err != nil {
			t.Fatalf("what was taken is not taken again: %v", err)
		}
	})
}
