package gallery

import (
	"encoding/json"
	"reflect"
	"testing"
)

func fullEntry() *Entry {
	return &Entry{
		ID: "sis-00012345", Names: []string{"AL RASHIDI, MOHAMMED ABDULLAH", "محمد الرشيدي"}, BirthDates: []string{"1974-08-12", "1975"},
		Nationalities: []string{"UTO"}, Sex: "M", Documents: []DocumentNumber{{Number: "L898902C3", Type: "P", Issuer: "UTO"}, {Number: "7"}},
		Fingers:  []FingerTemplate{{Position: 2, Format: FormatBoothd, Data: []byte("no template")}, {Position: 10, Format: "x", Data: []byte{0}}},
		Face:     []byte{0xff, 0xd8},
		Category: "refusal of entry", Action: "refuse entry and report", Discreet: true,
	}
}

func TestLinesAsWeWriteThemAreReadQuickly(t *testing.T) {
	for _, c := range []Change{{Put: fullEntry()}, {Put: &Entry{ID: "a", Names: []string{"B"}}}, {Drop: "a"}} {
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var got Change
		if !decodeQuick(string(b), &got, new(Entry)) || !reflect.DeepEqual(got, c) {
			t.Errorf("%s: read %+v", b, got)
		}
	}
}

func TestLinesWrittenOtherwiseAreLeftToTheStandardLibrary(t *testing.T) {
	for _, line := range []string{
		``, `{`, `{}x`, `{"put":null}`, `{"drop":"a","drop":"b"}`, `{ "drop":"a"}`, `{"DROP":"a"}`, `{"drop":"\u0041"}`, `{"drop":1}`,
		`{"other":"a"}`, `{"drop":""}`, `{"drop":"","put":{"id":"a"}}`, `{"put":{"id":"a"},"drop":""}`, `{"put":{"id":"a","names":[]}}`, `{"put":{"id":"a","names":["B",]}}`, `{"put":{"id":"a","face":"!"}}`,
		`{"put":{"fingers":[{"position":007}]}}`, `{"put":{"discreet":yes}}`, "{\"drop\":\"a\tb\"}", "{\"drop\":\"\xff\"}",
	} {
		var got Change
		if decodeQuick(line, &got, new(Entry)) {
			t.Errorf("read %q", line)
		}
	}
}

func FuzzDecodeQuick(f *testing.F) {
	b, _ := json.Marshal(Change{Put: fullEntry()})
	for _, seed := range []string{string(b), `{"drop":"a"}`, `{"put":{"id":"a","names":["B"],"fingers":[{"position":1,"format":"f","data":"AA=="}]}}`, `{"put":{}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var got, want Change
		if !decodeQuick(line, &got, new(Entry)) {
			return
		}
		if err := json.Unmarshal([]byte(line), &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: read %+v, want %+v, %v", line, got, want, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	e := fullEntry()
	e.Fingers, e.Face = nil, nil
	line, err := json.Marshal(Change{Put: e})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("quick", func(b *testing.B) {
		for b.Loop() {
			var c Change
			if !decodeQuick(string(line), &c, new(Entry)) {
				b.Fatal("not read")
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		for b.Loop() {
			var c Change
			if err := json.Unmarshal(line, &c); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestALineWithAnEmptyFieldBesideItsEntryIsKeptAsItsEntry(t *testing.T) {
	g := openGallery(t, t.TempDir())
	u := update("sis", 0, 1, 2)
	u.Lines = func(yield func([]byte, error) bool) {
		for _, line := range []string{`{"drop":"","put":{"id":"a","names":["ONE"],"documents":[{"number":"N1"}]}}`, `{"put":{"id":"b","names":["TWO"],"documents":[{"number":"N2"}]},"drop":""}`} {
			if !yield([]byte(line), nil) {
				return
			}
		}
	}
	apply(t, g, u)
	wantIDs(t, "behind it", found(t, g, "sis", withNumber("N1")), "a")
	wantIDs(t, "before it", found(t, g, "sis", withNumber("N2")), "b")
}
