package mrz

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReportOfADamagedZoneShowsItAsPrintedAndRepaired(t *testing.T) {
	r := NewReport([]string{specimen[0], strings.Replace(specimen[1], "L89890", "L8989O", 1)}, now)
	got, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
 "format": "TD3",
 "valid": false,
 "checks": {
  "birthDate": true,
  "composite": false,
  "documentNumber": false,
  "expiryDate": true,
  "optional": true
 },
 "fields": {
  "documentCode": "P",
  "issuer": "UTO",
  "documentNumber": "L8989O2C3",
  "surname": "ERIKSSON",
  "givenNames": "ANNA MARIA",
  "nameTruncated": false,
  "nationality": "UTO",
  "birthDate": "740812",
  "sex": "F",
  "expiryDate": "120415",
  "optional": "ZE184226B",
  "optional2": "",
  "administrativeCode": ""
 },
 "birth": "1974-08-12",
 "expiry": "2012-04-15",
 "repairs": [
  {
   "field": "documentNumber",
   "line": 2,
   "column": 6,
   "read": "O",
   "meant": "0"
  }
 ],
 "repaired": {
  "format": "TD3",
  "valid": true,
  "checks": {
   "birthDate": true,
   "composite": true,
   "documentNumber": true,
   "expiryDate": true,
   "optional": true
  },
  "fields": {
   "documentCode": "P",
   "issuer": "UTO",
   "documentNumber": "L898902C3",
   "surname": "ERIKSSON",
   "givenNames": "ANNA MARIA",
   "nameTruncated": false,
   "nationality": "UTO",
   "birthDate": "740812",
   "sex": "F",
   "expiryDate": "120415",
   "optional": "ZE184226B",
   "optional2": "",
   "administrativeCode": ""
  },
  "birth": "1974-08-12",
  "expiry": "2012-04-15",
  "repairs": []
 }
}`
	if string(got) != want {
		t.Errorf("got\n%s", got)
	}
}

func TestReportOfNoZoneIsItsError(t *testing.T) {
	got, err := json.Marshal(NewReport([]string{"SECRET"}, now))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"valid":false,"repairs":[],"error":"no machine-readable zone: no format has 1 lines of 6 characters"}`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRecordsAreSplitAtEmptyLines(t *testing.T) {
	broken := errors.New("cable cut")
	for _, tt := range []struct {
		name string
		in   string
		want []string // the lines of each record joined by "/", or its error
	}{
		{"nothing", "", nil},
		{"empty lines only", "\n \r\n\n", nil},
		{"one record without an end of line", "A\nB", []string{"A/B"}},
		{"two records", "A\nB\n\nC\n", []string{"A/B", "C"}},
		{"CR LF, blanks and several empty lines", "\r\n\r\nA \t\r\nB\r\n\r\n   \r\nC\r\n\r\n", []string{"A/B", "C"}},
		{"a fourth line spoils its record only", "A\nB\nC\nD\nE\n\nF\nG", []string{"record cannot be read: line 4: more than 3 lines", "F/G"}},
		{"a long line spoils its record only", "A\n" + strings.Repeat("B", 1000) + "\nC\n\nD", []string{"record cannot be read: line 2: 256 bytes or more", "D"}},
		{"a long last line", "A\n\n" + strings.Repeat("B", 256), []string{"A", "record cannot be read: line 3: 256 bytes or more"}},
		{"a long line of blanks is no empty line", "A\n" + strings.Repeat(" ", 1000) + "\nC", []string{"record cannot be read: line 2: 256 bytes or more"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := collect(strings.NewReader(tt.in)); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if got := collect(iotest.OneByteReader(strings.NewReader(tt.in))); !slices.Equal(got, tt.want) {
				t.Errorf("byte by byte: got %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("a reader that fails ends the records", func(t *testing.T) {
		in := iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("A\n\nB\n\n")))
		got := collect(in)
		if len(got) != 1 || got[0] != "read line 1: timeout" {
			t.Errorf("got %q", got)
		}
		if got := collect(iotest.ErrReader(broken)); len(got) != 1 || got[0] != "read line 1: cable cut" {
			t.Errorf("got %q", got)
		}
	})
}

func TestRecordsStopWhenTheCallerHasEnough(t *testing.T) {
	for range Records(strings.NewReader("A\n\nB\n\nC")) {
		break
	}
	for range Records(strings.NewReader("A\nB\nC\nD\n\nE")) {
		break
	}
}

func collect(r interface{ Read([]byte) (int, error) }) (got []string) {
	for lines, err := range Records(r) {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, strings.Join(lines, "/"))
	}
	return got
}

func FuzzRecords(f *testing.F) {
	f.Add(strings.Join(specimen, "\r\n") + "\r\n\r\nA\nB\nC\nD\n")
	f.Add(strings.Repeat("\n", 9) + strings.Repeat("X", 600))
	f.Fuzz(func(t *testing.T, in string) {
		budget := strings.Count(in, "\n") + 1
		for lines, err := range Records(strings.NewReader(in)) {
			if budget--; budget < 0 {
				t.Fatal("more records than lines")
			}
			if err != nil {
				if !errors.Is(err, ErrRecord) || lines != nil {
					t.Fatalf("%q, %v", lines, err)
				}
				continue
			}
			if len(lines) == 0 || len(lines) > maxLines {
				t.Fatalf("a record of %d lines", len(lines))
			}
			for _, line := range lines {
				if line == "" || len(line) > maxRecordLine || !strings.Contains(in, line) {
					t.Fatalf("a line of %d bytes", len(line))
				}
			}
			if r := NewReport(lines, now); (r.Error == "") == (r.Format == "") {
				t.Fatal("neither a zone nor an error")
			}
		}
	})
}

func ExampleRecords() {
	in := strings.NewReader("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10\n\nnot a zone\n")
	for lines, err := range Records(in) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		r := NewReport(lines, now)
		fmt.Printf("%q valid %t born %q, %q\n", r.Format, r.Valid, r.Birth, r.Error)
	}
	// Output:
	// "TD3" valid true born "1974-08-12", ""
	// "" valid false born "", "no machine-readable zone: line 1 column 4: not a letter, digit or filler"
}
