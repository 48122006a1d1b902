package gallery

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"boothd/capture/bdir"
	"boothd/localmatch/names"
	"boothd/localmatch/numbers"
)

const goodEntry = `{"id":"a","names":["SMITH, JOHN"],"birth_dates":["1970-02-28","1971-02","1972"],"documents":[{"number":"X1","type":"P","issuer":"UTO"}]}`

func TestEntriesAreReadLineByLine(t *testing.T) {
	n := 0
	for e, err := range ReadEntries(strings.NewReader(goodEntry + "\n\n  " + goodEntry + " \r\n" + goodEntry)) {
		if err != nil || e.ID != "a" || len(e.BirthDates) != 3 {
			t.Fatalf("entry %d: %v", n, err)
		}
		n++
	}
	if n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
}

func TestBadEntriesAreRefusedNamingLineAndFieldButNoContent(t *testing.T) {
	const secret = "XANTHIPPE"
	quote := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	many := func(n int, item string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
	}
	for what, c := range map[string]struct{ line, field string }{
		"not JSON":                     {secret, "line: not JSON at byte 1"},
		"cut off":                      {`{"id":"` + secret, "line: cut off"},
		"two values":                   {goodEntry + goodEntry, "line: more than one JSON value"},
		"a list":                       {`["` + secret + `"]`, "line: not a JSON object"},
		"unknown field":                {`{"id":"a","` + secret + `":1}`, "line: a field that is not known or not readable"},
		"wrong kind":                   {`{"id":"a","names":[12345]}`, "names: of the wrong kind"},
		"not UTF-8":                    {"{\"id\":\"" + secret + "\xff\"}", "line: not UTF-8"},
		"no id":                        {`{"names":["` + secret + `"]}`, "id: missing"},
		"long id":                      {`{"id":"` + strings.Repeat("x", MaxID+1) + `"}`, "id: longer than 128 bytes"},
		"control character":            {`{"id":"a","names":["` + secret + `\u0007"]}`, "names[0]: a control character in it"},
		"empty name":                   {`{"id":"a","names":["x",""]}`, "names[1]: empty"},
		"long name":                    {`{"id":"a","names":[` + quote(strings.Repeat("x", MaxName+1)) + `]}`, "names[0]: longer than 512 bytes"},
		"many names":                   {`{"id":"a","names":` + many(MaxNames+1, `"x"`) + `}`, "names: more than 128"},
		"no such day":                  {`{"id":"a","names":["x"],"birth_dates":["1970-02-29"]}`, "birth_dates[0]: not a date"},
		"date in another form":         {`{"id":"a","names":["x"],"birth_dates":["28/02/1970"]}`, "birth_dates[0]: not a date"},
		"date of another age":          {`{"id":"a","names":["x"],"birth_dates":["0001"]}`, "birth_dates[0]: not a date"},
		"many dates":                   {`{"id":"a","names":["x"],"birth_dates":` + many(MaxBirthDates+1, `"1970"`) + `}`, "birth_dates: more than 32"},
		"nationality in words":         {`{"id":"a","names":["x"],"nationalities":["Utopian"]}`, "nationalities[0]: not a code"},
		"sex":                          {`{"id":"a","names":["x"],"sex":"male"}`, "sex: not"},
		"number of punctuation":        {`{"id":"a","documents":[{"number":"--"}]}`, "documents[0].number: no letter"},
		"long number":                  {`{"id":"a","documents":[{"number":"` + strings.Repeat("1", MaxNumber+1) + `"}]}`, "documents[0].number: longer than 64 bytes"},
		"issuer in words":              {`{"id":"a","documents":[{"number":"1","issuer":"Utopia"}]}`, "documents[0].issuer: not a code"},
		"document type":                {`{"id":"a","documents":[{"number":"1","type":"passport"}]}`, "documents[0].type: not a code"},
		"finger that nobody has":       {`{"id":"a","fingers":[{"position":11,"format":"x","data":"AA=="}]}`, "fingers[0].position: not 0 to 10"},
		"empty template":               {`{"id":"a","fingers":[{"position":1,"format":"x","data":""}]}`, "fingers[0].data: empty"},
		"long category":                {`{"id":"a","names":["x"],"category":` + quote(strings.Repeat("x", MaxText+1)) + `}`, "category: longer"},
		"nothing to find it by":        {`{"id":"a","category":"` + secret + `"}`, "entry: nothing to find it by"},
		"line longer than is accepted": {`{"id":"` + strings.Repeat("x", MaxLine) + `"}`, "line: longer than 1048576 bytes"},
	} {
		t.Run(what, func(t *testing.T) {
			var last error
			for _, err := range ReadEntries(strings.NewReader(goodEntry + "\n" + c.line)) {
				last = err
			}
			var le *LineError
			if !errors.As(last, &le) || le.Line != 2 || !strings.HasPrefix(last.Error(), "line 2: "+c.field) {
				t.Fatalf("error = %v, want %q in line 2", last, c.field)
			}
			if strings.Contains(last.Error(), secret) || strings.Contains(last.Error(), "12345") {
				t.Errorf("the error holds the content: %v", last)
			}
		})
	}
}

func TestChangesOfANewerCentralAreUnderstood(t *testing.T) {
	for c, err := range ReadChanges(strings.NewReader(`{"put":{"id":"a","names":["x"],"new_field":{"a":1}}}`)) {
		if err != nil || c.Put.ID != "a" {
			t.Errorf("change = %v, %v", c.Put, err)
		}
	}
	for _, bad := range []string{`{}`, `{"drop":"a","put":{"id":"a","names":["x"]}}`, `{"drop":"\u0000"}`, `{"put":{"id":"a"}}`} {
		for _, err := range ReadChanges(strings.NewReader(bad)) {
			if err == nil {
				t.Errorf("%s was accepted", bad)
			}
		}
	}
}

func FuzzReadEntries(f *testing.F) {
	f.Add([]byte(goodEntry))
	f.Add([]byte(`{"id":"a","names":["Müller"]}` + "\n" + `{"id":`))
	f.Add([]byte(`{"id":"b","fingers":[{"position":1,"format":"x","data":"AAAA"}],"face":"/9j/"}`))
	for _, edition := range []bdir.Edition{bdir.ISO2005, bdir.ISO2011, bdir.INCITS2004} {
		listed := newHand(1).listed
		data, err := listed.Record(edition, 2, bdir.NotGiven).Bytes()
		if err != nil {
			f.Fatal(err)
		}
		e := Entry{ID: "c", Fingers: []FingerTemplate{encoded(f, listed)}}
		for format, is := range formats {
			if is == edition {
				e.Fingers = append(e.Fingers, FingerTemplate{Format: format, Data: data})
			}
		}
		seed, err := json.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for e, err := range ReadEntries(strings.NewReader(string(b))) {
			if err != nil {
				continue
			}
			// What is accepted can be stored and read again, and found by its keys.
			keys := KeysOf(e)
			out, err := json.Marshal(Change{Put: e})
			if err != nil {
				t.Fatal(err)
			}
			for c, err := range ReadChanges(strings.NewReader(string(out))) {
				if err != nil {
					t.Fatalf("%s: %v", out, err)
				}
				if again := KeysOf(c.Put); len(again) != len(keys) {
					t.Errorf("%d keys, then %d", len(keys), len(again))
				}
			}
		}
	})
}

func FuzzNames(f *testing.F) {
	f.Add("ERIKSSON, Anna Maria")
	f.Add("Mu\u0308XXeeller ŒÆ ﬀ Иван صدام")
	f.Add("NILAVADHANANANDA Chayapa Dejthamrong Krasuang")
	f.Fuzz(func(t *testing.T, s string) {
		tokens, ok := NameTokens(s)
		if ok != (len(tokens) > 0) {
			t.Fatalf("%d words, %t", len(tokens), ok)
		}
		for _, token := range tokens {
			if strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || names.Fold(names.Fold(token)) != names.Fold(token) {
				t.Errorf("word %q folds to %q", token, names.Fold(token))
			}
		}
		for _, form := range cutForms(s) {
			if !slices.Contains(KeysOf(&Entry{Names: []string{s}}), ByCutName(form, NoYear)) {
				t.Errorf("%q is not found by %q", s, form)
			}
		}
		if n := numbers.Fold(s); numbers.Fold(n) != n || numbers.Normal(n) != n {
			t.Errorf("number %q folds to %q", s, n)
		}
	})
}
