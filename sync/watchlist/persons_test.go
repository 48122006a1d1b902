package watchlist

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"boothd/internal/shareddata"
	"boothd/localmatch/gallery"
)

func TestNationalitiesAreFoundInWords(t *testing.T) {
	c := parseCountries(countriesText)
	for text, want := range map[string]string{
		"Russian":                                              "RUS",
		"Ukrainian, Russian":                                   "UKR RUS",
		"(a) German, (b) Moroccan":                             "D MAR",
		"Democratic People’s Republic of Korea":                "PRK",
		"Democratic Republic of the Congo":                     "COD",
		"Republic of Moldova, Romanian":                        "MDA ROU",
		"South Sudan":                                          "SSD",
		"Sudanese by birth":                                    "SDN",
		"United Kingdom of Great Britain and Northern Ireland": "GBR",
		"Iranian and US":                                       "IRN USA",
		"Guinea-Bissau":                                        "GNB",
		"Türkiye":                                              "TUR",
		"Korea":                                                "",
		"Congolese":                                            "",
		"na":                                                   "",
		"":                                                     "",
	} {
		if got := strings.Join(c.in(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestDocumentNumbersAreFoundInWords(t *testing.T) {
	c := parseCountries(countriesText)
	for text, want := range map[string]gallery.DocumentNumber{
		"1084010":                                   {Number: "1084010"},
		"R85243":                                    {Number: "R85243"},
		"AB 123456":                                 {Number: "AB123456"},
		"Libyan passport No. 513519":                {Number: "513519", Issuer: "LBY"},
		"CAR diplomatic passport no. D00000898":     {Number: "D00000898", Issuer: "CAF"},
		"381110042 (Expired 25 Jan. 2016)":          {Number: "381110042"},
		"403062567 (US)":                            {Number: "403062567", Issuer: "USA"},
		"R00012098, South Sudan":                    {Number: "R00012098", Issuer: "SSD"},
		"Russian passport number 8208 No. 555627":   {Number: "8208555627", Issuer: "RUS"},
		"German travel document (“Reise”) A 013924": {Number: "A013924", Issuer: "D"},
		"No34409/129":                               {Number: "34409129"},
		"Congo service passport number SA0020249":   {Number: "SA0020249", Issuer: "COG"},
		"Laissez-passer no. N°235/MISPAT/DIRCAB/DGPC/DGAEI/SI/SP": {},
		"no passport": {},
		"12":          {},
	} {
		got, ok := documentIn(text, c)
		if want.Number != "" {
			want.Type = "P"
		}
		if got != want || ok != (want.Number != "") {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestPersonsBecomeEntries(t *testing.T) {
	in := `{"src":"s","id":"1","name":"Ann ONE","aliases":["A. ONE","Ann ONE"],"weak":["Annie"],"orig":["Анн"],"dob":["1970-01-02","1971","1970-02-30"],"nat":["Ruritanian","French"],"passport":["1234567","none"],"gender":"Female","more":1}

{"src":"s","id":"2","name":"Bob TWO"}
{"src":"s","id":"2","name":"Bea TWO"}
{"src":"s","id":"2","name":"Bea TWO"}`
	var out bytes.Buffer
	done, err := Import(ImportOptions{In: strings.NewReader(in), Out: &out, Category: "c", Action: "a"})
	if err != nil || done != (Imported{Entries: 3, Renamed: 3, Repeated: 1, Nationalities: 1, Documents: 1, BirthDates: 1}) {
		t.Fatalf("%+v, %v", done, err)
	}
	var ids []string
	for e, err := range gallery.ReadEntries(&out) {
		if err != nil {
			t.Fatal(err)
		}
		if e.ID == "s:1" && (!slices.Equal(e.Names, []string{"Ann ONE", "A. ONE", "Анн"}) || !slices.Equal(e.Nationalities, []string{"FRA"}) ||
			len(e.BirthDates) != 2 || e.Sex != "F" || e.Category != "c" || e.Action != "a" || len(e.Documents) != 1) {
			t.Errorf("entry = %+v", *e)
		}
		ids = append(ids, e.ID)
	}
	if len(ids) != 3 || ids[0] != "s:1" || !strings.HasPrefix(ids[1], "s:2~") || ids[1] == ids[2] {
		t.Errorf("ids = %v", ids)
	}
}

func TestImportNamesLineAndFieldOfAFault(t *testing.T) {
	good := `{"src":"s","id":"1","name":"ONE"}`
	for bad, want := range map[string]string{
		`{"src":"s","name":"x"}`:        "line 2: src or id: missing",
		`{"src":"s","id":"2"}`:          "line 2: entry: nothing to find it by",
		`{"src":"s","id":2,"name":"x"}`: "line 2: id: of the wrong kind",
		`x`:                             "line 2: line: not JSON at byte 1",
	} {
		_, err := Import(ImportOptions{In: strings.NewReader(good + "\n" + bad), Out: &bytes.Buffer{}})
		var le *gallery.LineError
		if !errors.As(err, &le) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", bad, err, want)
		}
	}
}

func TestPublishedListsAreImportedWhole(t *testing.T) {
	f, err := os.Open(shareddata.Path(t, "data/names/persons.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out bytes.Buffer
	done, err := Import(ImportOptions{In: f, Out: &out})
	if err != nil || done.Entries+done.Repeated != 9850 {
		t.Fatalf("%+v, %v", done, err)
	}
	t.Logf("%+v", done)
	n := 0
	for _, err := range gallery.ReadEntries(&out) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != done.Entries {
		t.Errorf("%d entries written, %d read", done.Entries, n)
	}
}

func FuzzImport(f *testing.F) {
	f.Add([]byte(`{"src":"s","id":"1","name":"Ann ONE","dob":["1970"],"nat":["(a) German, (b) Moroccan"],"passport":["Russian passport number 8208 No. 555627"]}`))
	f.Add([]byte(`{"src":"s","id":"1","name":"x","passport":["((","1(2)3) 45"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		done, err := Import(ImportOptions{In: bytes.NewReader(b), Out: &out, Weak: true})
		if err != nil {
			return
		}
		n := 0
		for _, err := range gallery.ReadEntries(&out) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != done.Entries {
			t.Errorf("%d entries written, %d read", done.Entries, n)
		}
	})
}
