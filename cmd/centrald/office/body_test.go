package office

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// bodies makes an empty one of each kind.
func bodies() []body {
	return []body{&profileBody{}, &drillBody{}, &verifyBody{}, &caseBody{}, &accessBody{}, &declineBody{}, &exportBody{}, &proofBody{}, &releaseBody{}}
}

// texts are what a body that passed hands on, with the most bytes that each may have.
func texts(b body) map[string]int {
	switch b := b.(type) {
	case *profileBody:
		return map[string]int{b.Profile: maxName}
	case *drillBody:
		return map[string]int{b.Booth: 64, b.Target: maxName}
	case *verifyBody:
		return map[string]int{b.Why: maxWhy}
	case *caseBody:
		return map[string]int{b.File: maxText, b.Person.Surname: maxText, b.Person.DocumentNumber: maxText, b.Person.BirthDate: maxText}
	case *accessBody:
		return map[string]int{b.System: maxName, b.Grant: maxGrant}
	case *declineBody:
		return map[string]int{b.System: maxName, b.Reason: maxWhy}
	case *exportBody:
		return map[string]int{b.Recipient: maxText}
	case *releaseBody:
		return map[string]int{b.Entry: maxText, b.To: maxText, b.Grant: maxGrant}
	}
	return nil
}

func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", "[]", `{"booth":"b-1","target":"portal","minutes":5}`, `{"colour":"green","why":"x"}`, "colour=green&why=x",
		`{"aim":"investigation","offence":"serious","file":"F","named":"document","person":{"document_number":"L898902C3","issuer":"UTO"}}`,
		"from=2026-03-01T00%3A00&to=2026-03-02T00%3A00&recipient=x", "seq=3&hash=" + strings.Repeat("a", 64), "seq=-1", "%zz", "system=EES&entry=E1&field=names&field=sex",
		`{"from":"2026-03-01T00:00:00Z","to":"2026-03-02T00:00:00Z","recipient":"x"}`, "profile=a%00b", "booth=b\n&target=EES&minutes=99999999999999999999",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxBody {
			return
		}
		for i, b := range bodies() {
			again := bodies()[i]
			passed := [2]bool{fromJSON(data, b) == nil, fromForm(data, time.UTC, again) == nil}
			for j, b := range []body{b, again} {
				if !passed[j] {
					continue
				}
				for text, most := range texts(b) {
					if len(text) > most || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
						t.Errorf("%T passes %q", b, text)
					}
				}
			}
		}
	})
}

func FuzzPending(f *testing.F) {
	f.Add("")
	f.Add("AAAA")
	f.Add(strings.Repeat("A", maxCookie+1))
	f.Fuzz(func(t *testing.T, value string) {
		o := &Office{opt: Options{Signing: make([]byte, 64), Now: time.Now}}
		if _, ok := o.openPending(value); ok {
			t.Error("a forged sign-in opens")
		}
	})
}

func TestABodyThatIsTooLargeOrOfAnotherTypeIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		kind, body string
		want       int
	}{
		"too large":     {"application/json", `{"booth":"` + strings.Repeat("x", maxBody) + `"}`, http.StatusRequestEntityTooLarge},
		"a form":        {"application/x-www-form-urlencoded", "booth=b", http.StatusUnsupportedMediaType},
		"no type":       {"", "{}", http.StatusUnsupportedMediaType},
		"two objects":   {"application/json", "{}{}", http.StatusUnprocessableEntity},
		"unknown field": {"application/json", `{"more":1}`, http.StatusUnprocessableEntity},
	} {
		r, err := http.NewRequest("POST", "/v1/drills", strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", test.kind)
		c := &call{Request: r, o: &Office{}}
		if p := asProblem(c.read(&drillBody{})); p.Status != test.want {
			t.Errorf("%s: %d %s", name, p.Status, p.Title)
		}
	}
}
