package itl

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"boothd/capture"
)

// question is a search as a booth asks it: two fingers, one of them absent if so wished.
func question(v Version, absent bool) *Search {
	s := &Search{
		Header: Header{
			Version: v, Kind: "QUERY", Destination: "EU/CS", Origin: "XX/BOOTH-7", Control: "7-000123", Domain: Domain{Name: "DOMAIN", Version: "1"},
		},
		At:   time.Date(2026, 3, 1, 0, 30, 15, 999, time.FixedZone("", 3600)),
		Text: []Field{NewField(3, "a"), {Number: 10, Subfields: [][]string{{"b", "c"}, {"d"}}}},
		Fingers: []Finger{{
			Position: 2, Image: Image{400, 500, WSQ, []byte("\xff\xa0wsq\x1c")}, DPI: 500, NFIQ: 2,
			Quality: []Measure{{Score: 71, Vendor: 0xab, Product: 9}}, Captured: time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC),
		}, {
			Position: 7, Image: Image{Width: 2, Height: 1, Data: []byte{1, 2}}, DPI: 500,
		}},
	}
	if absent {
		s.Fingers[1] = Finger{Position: 7, Absent: UnableToPrint}
	}
	return s
}

func TestSearchWithType4Records(t *testing.T) {
	tr, err := question(V2000, false).Type4()
	if err != nil {
		t.Fatal(err)
	}
	b, err := tr.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	want := withLength("1.001:", "<GS>1.002:0300<GS>1.003:1<US>3<RS>2<US>00<RS>4<US>01<RS>4<US>02<GS>1.004:QUERY<GS>1.005:20260301<GS>1.007:EU/CS"+
		"<GS>1.008:XX/BOOTH-7<GS>1.009:7-000123<GS>1.011:19.69<GS>1.012:19.69<GS>1.013:DOMAIN<US>1<GS>1.014:20260228233015Z<FS>") +
		withLength("2.001:", "<GS>2.002:00<GS>2.003:a<GS>2.010:b<US>c<RS>d<FS>") +
		"\x00\x00\x00\x18\x01\x00\x02\xff\xff\xff\xff\xff\x00\x01\x90\x01\xf4\x01\xff\xa0wsq\x1c" +
		"\x00\x00\x00\x14\x02\x00\x07\xff\xff\xff\xff\xff\x00\x00\x02\x00\x01\x00\x01\x02"
	if !bytes.Equal(b, file(want)) {
		t.Errorf("got  %q\nwant %q", b, file(want))
	}
	if back, err := Read(b); err != nil || !reflect.DeepEqual(back, tr) {
		t.Errorf("read back %+v, %v", back, err)
	}
}

func TestSearchWithType14Records(t *testing.T) {
	tr, err := question(V2013, true).Type14()
	if err != nil {
		t.Fatal(err)
	}
	b, err := tr.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	want := withLength("1.001:", "<GS>1.002:0501<GS>1.003:1<US>3<RS>2<US>00<RS>14<US>01<RS>14<US>02<GS>1.004:QUERY<GS>1.005:20260301<GS>1.007:EU/CS"+
		"<GS>1.008:XX/BOOTH-7<GS>1.009:7-000123<GS>1.011:00.00<GS>1.012:00.00<GS>1.013:DOMAIN<US>1<GS>1.014:20260228233015Z<FS>") +
		withLength("2.001:", "<GS>2.002:00<GS>2.003:a<GS>2.010:b<US>c<RS>d<FS>") +
		withLength("14.001:", "<GS>14.002:01<GS>14.003:0<GS>14.004:XX/BOOTH-7<GS>14.005:20260228<GS>14.006:400<GS>14.007:500<GS>14.008:1<GS>14.009:500"+
			"<GS>14.010:500<GS>14.011:WSQ20<GS>14.012:8<GS>14.013:2<GS>14.022:2<US>2<GS>14.024:2<US>71<US>00AB<US>9<GS>14.999:\xff\xa0wsq\x1c<FS>") +
		withLength("14.001:", "<GS>14.002:02<GS>14.003:0<GS>14.004:XX/BOOTH-7<GS>14.005:20260301<GS>14.013:7<GS>14.018:7<US>UP<FS>")
	if !bytes.Equal(b, file(want)) {
		t.Errorf("got  %s\nwant %s", visible.Replace(string(b)), visible.Replace(want))
	}
	if back, err := Read(b); err != nil || !reflect.DeepEqual(back, tr) {
		t.Errorf("read back %+v, %v", back, err)
	}
}

func TestSearchesThatCannotBeAskedAreRefused(t *testing.T) {
	change := func(v Version, absent bool, do func(*Search)) *Search {
		s := question(v, absent)
		do(s)
		return s
	}
	for name, c := range map[string]struct {
		s   *Search
		ask func(*Search) (*Transaction, error)
	}{
		"an absent finger as Type-4":      {question(V2013, true), (*Search).Type4},
		"an absent finger before 2011":    {question(V2007, true), (*Search).Type14},
		"an absent finger with a picture": {change(V2013, false, func(s *Search) { s.Fingers[0].Absent = Amputated }), (*Search).Type14},
		"1000 ppi as Type-4":              {change(V2013, false, func(s *Search) { s.Fingers[0].DPI = 1000 }), (*Search).Type4},
		"300 ppi as Type-14":              {change(V2013, false, func(s *Search) { s.Fingers[0].DPI = 300 }), (*Search).Type14},
		"no version":                      {question(0, false), (*Search).Type14},
		"no fingers":                      {change(V2013, false, func(s *Search) { s.Fingers = nil }), (*Search).Type14},
		"no control number":               {change(V2013, false, func(s *Search) { s.Header.Control = "" }), (*Search).Type4},
		"no picture":                      {change(V2013, false, func(s *Search) { s.Fingers[1].Image.Data = nil }), (*Search).Type4},
		"too many fingers":                {change(V2013, false, func(s *Search) { s.Fingers = make100(s.Fingers[0]) }), (*Search).Type4},
	} {
		t.Run(name, func(t *testing.T) {
			if tr, err := c.ask(c.s); err == nil || tr != nil {
				t.Errorf("got %v, %v", tr, err)
			}
		})
	}
}

func make100(f Finger) []Finger {
	list := make([]Finger, 100)
	for i := range list {
		list[i] = f
	}
	return list
}

func TestCapturedFingersBecomeFingersOfASearch(t *testing.T) {
	got, err := FromCapture(&capture.Finger{Position: 3, PNG: []byte("png"), Width: 30, Height: 40, DPI: 512, Quality: 88})
	if want := (Finger{Position: 3, Image: Image{30, 40, PNG, []byte("png")}, DPI: 512}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = FromCapture(&capture.Finger{Position: 4, Missing: capture.MissingPermanent})
	if want := (Finger{Position: 4, Absent: Amputated}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err = FromCapture(&capture.Finger{Position: 4, Missing: capture.MissingNotApplicable}); err == nil {
		t.Error("a child's finger became one of a search")
	}
	if _, err = FromCapture(&capture.Finger{Position: 4}); err == nil {
		t.Error("a finger without a picture became one of a search")
	}
}

func TestPublicRulesOfSISAndVIS(t *testing.T) {
	print := func(c Compression, unit Unit, scale, bits int) Record {
		return &Print{Image: Image{Width: 1, Compression: c}, Scale: Scale{unit, scale, scale}, Bits: bits}
	}
	for name, c := range map[string]struct {
		record   Record
		density  Density
		sis, vis int // the field that is wrong, 0 if none
	}{
		"WSQ at 500":                {print(WSQ, PerInch, 500, 8), 0, 0, 0},
		"WSQ at 197 per centimetre": {print(WSQ, PerCentimetre, 197, 8), 0, 0, 0},
		"WSQ in Type-4":             {&FixedPrint{Image: Image{Compression: WSQ}}, 1969, 0, 0},
		"uncompressed in Type-4":    {&FixedPrint{}, 1969, 8, 8},
		"Type-4 of 250 ppi":         {&FixedPrint{Image: Image{Compression: WSQ}}, 984, 5, 5},
		"JPEG 2000 at 1000":         {print(JP2, PerInch, 1000, 8), 0, 0, 11},
		"WSQ at 1000":               {print(WSQ, PerInch, 1000, 8), 0, 11, 0},
		"JPEG 2000 at 500":          {print(JP2L, PerInch, 500, 8), 0, 11, 11},
		"PNG at 500":                {print(PNG, PerInch, 500, 8), 0, 11, 11},
		"WSQ at 750":                {print(WSQ, PerInch, 750, 8), 0, 9, 0},
		"WSQ of unknown scale":      {print(WSQ, NoUnit, 1, 8), 0, 9, 9},
		"sixteen bits":              {print(WSQ, PerInch, 500, 16), 0, 12, 12},
		"no picture":                {&Print{}, 0, 0, 0},
		"a palm":                    {&Opaque{Kind: 15}, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tr := &Transaction{Header{Transmitted: c.density}, []Record{&Text{}, c.record}}
			for system, check := range map[string]struct {
				err  error
				want int
			}{"SIS": {tr.CheckSIS(), c.sis}, "VIS": {tr.CheckVIS(), c.vis}} {
				var e *Error
				if errors.As(check.err, &e) != (check.want != 0) || e != nil && (e.Field != check.want || e.Record != 3) {
					t.Errorf("%s: %v, want field %d", system, check.err, check.want)
				}
			}
		})
	}
}

func TestErrorsSayWhereSomethingIsWrong(t *testing.T) {
	for want, e := range map[string]*Error{
		"transaction is longer than the limit":        {Reason: "is longer than the limit"},
		"record 2 (type 8) is cut off":                {Record: 2, Type: 8, Reason: "is cut off"},
		"record 3: field 14.006 is not a width":       {Record: 3, Type: 14, Field: 6, Reason: "is not a width"},
		"record 1: field 1.003 names a type too many": {Record: 1, Type: 1, Field: 3, Reason: "names a type too many"},
	} {
		if e.Error() != want {
			t.Errorf("got %q", e.Error())
		}
	}
	if !strings.Contains((&Error{Record: 1, Type: 1, Field: 12345}).Error(), "1.12345") {
		t.Error("a long field number is cut")
	}
}
