package itl

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"
)

// visible turns the separators into letters that can be read: <FS>, <GS>, <RS>, <US>.
var visible = strings.NewReplacer("\x1c", "<FS>", "\x1d", "<GS>", "\x1e", "<RS>", "\x1f", "<US>")

// file turns them back.
func file(text string) []byte {
	return []byte(strings.NewReplacer("<FS>", "\x1c", "<GS>", "\x1d", "<RS>", "\x1e", "<US>", "\x1f").Replace(text))
}

func date(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// The transactions in the documentation of nistitl (github.com/idemia/python-nistitl,
// nistitl.py), by value.
func TestTransactionsOfNistitlAreReadAndWrittenByteForByte(t *testing.T) {
	head := Header{
		Version: V2007, Kind: "TOTFORTEST", Date: date(2009, 9, 24),
		Destination: "000", Origin: "000", Control: "12345", ShortIDC: true,
	}
	two := Field{Number: 12, Subfields: [][]string{{"TEST12-SF1"}, {"TEST12-SF2"}}}
	for name, c := range map[string]struct {
		file string
		want Transaction
	}{
		"one record": {
			"1.001:123<GS>1.002:0400<GS>1.003:1<US>1<RS>2<US>1<GS>1.004:TOTFORTEST<GS>1.005:20090924<GS>1.007:000<GS>1.008:000<GS>" +
				"1.009:12345<GS>1.011:00.00<GS>1.012:00.00<FS>2.001:45<GS>2.002:1<GS>2.012:TEST12-SF1<RS>TEST12-SF2<FS>",
			Transaction{head, []Record{&Text{IDC: 1, Fields: []Field{two}}}},
		},
		"two records of a type": {
			"1.001:127<GS>1.002:0400<GS>1.003:1<US>2<RS>2<US>1<RS>2<US>2<GS>1.004:TOTFORTEST<GS>1.005:20090924<GS>1.007:000<GS>1.008:000<GS>" +
				"1.009:12345<GS>1.011:00.00<GS>1.012:00.00<FS>2.001:45<GS>2.002:1<GS>2.012:TEST12-SF1<RS>TEST12-SF2<FS>2.001:30<GS>2.002:2<GS>2.012:TEST12<FS>",
			Transaction{head, []Record{&Text{IDC: 1, Fields: []Field{two}}, &Text{IDC: 2, Fields: []Field{NewField(12, "TEST12")}}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(file(c.file))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, c.want) {
				t.Errorf("read %+v", *got)
			}
			written, err := got.MarshalBinary()
			if err != nil || !bytes.Equal(written, file(c.file)) {
				t.Errorf("wrote %s, %v", visible.Replace(string(written)), err)
			}
		})
	}
}

// The Type-1 example of Council Decision 2008/616/JHA, annex, chapter 2, 9.5 (appendix 5),
// field by field. Its own LEN of 230 does not count its fields.
func TestPrümHeaderExampleIsWrittenFieldByField(t *testing.T) {
	tr := Transaction{Header: Header{
		Version: V2000, Kind: "CPS", Date: date(2005, 1, 1), Priority: 4, Destination: "DE/BKA", Origin: "NL/NAFIS",
		Control: "0200000004F", Reference: "0200000004F", Scanned: 1968, Transmitted: 1968,
		Domain: Domain{"INT-I", "4.22"}, Time: time.Date(2005, 1, 1, 12, 59, 59, 0, time.UTC),
	}, Records: []Record{&Text{}}}
	for i := range 14 {
		tr.Records = append(tr.Records, &FixedPrint{
			IDC: i + 1, Impression: LiveRolled, Positions: []Position{Position(i + 1)},
			Image: Image{Width: 2, Height: 2, Compression: WSQ, Data: []byte{0xff}},
		})
	}
	b, err := tr.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := strings.Cut(string(b), "\x1c")
	fields := strings.Split(visible.Replace(header), "<GS>")
	want := []string{
		"1.001:267", "1.002:0300",
		"1.003:1<US>15<RS>2<US>00<RS>4<US>01<RS>4<US>02<RS>4<US>03<RS>4<US>04<RS>4<US>05<RS>4<US>06<RS>4<US>07" +
			"<RS>4<US>08<RS>4<US>09<RS>4<US>10<RS>4<US>11<RS>4<US>12<RS>4<US>13<RS>4<US>14",
		"1.004:CPS", "1.005:20050101", "1.006:4", "1.007:DE/BKA", "1.008:NL/NAFIS", "1.009:0200000004F", "1.010:0200000004F",
		"1.011:19.68", "1.012:19.68", "1.013:INT-I<US>4.22", "1.014:20050101125959Z",
	}
	if !reflect.DeepEqual(fields, want) {
		t.Errorf("got  %q\nwant %q", fields, want)
	}
	if len(header)+1 != 267 {
		t.Errorf("the header is %d bytes long", len(header)+1)
	}
	if got, err := Read(b); err != nil || !reflect.DeepEqual(*got, tr) {
		t.Errorf("read back %+v, %v", got, err)
	}
}

// The sizes and their order are those of NBIS, an2k.h: LEN 4, IDC 1, IMP 1, FGP 6, ISR 1,
// HLL 2, VLL 2, CA 1, as jnbis writes them too.
func TestType4RecordIsEighteenBytesAndThePicture(t *testing.T) {
	tr := Transaction{header(V2007), []Record{
		&FixedPrint{IDC: 3, Impression: LiveRolled, Positions: []Position{RightFour}, Image: Image{800, 750, WSQ, []byte("wsq")}},
		&FixedPrint{IDC: 4, Positions: []Position{2, 3}, Native: true, Image: Image{2, 1, None, []byte{7, fs}}},
	}}
	b, err := tr.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	_, records, _ := bytes.Cut(b, []byte{fs})
	want := []byte{
		0, 0, 0, 21, 3, 1, 13, 255, 255, 255, 255, 255, 0, 0x03, 0x20, 0x02, 0xee, 1, 'w', 's', 'q',
		0, 0, 0, 20, 4, 0, 2, 3, 255, 255, 255, 255, 1, 0, 2, 0, 1, 0, 7, fs,
	}
	if !bytes.Equal(records, want) {
		t.Errorf("got  %v\nwant %v", records, want)
	}
	if got, err := Read(b); err != nil || !reflect.DeepEqual(*got, tr) {
		t.Errorf("read back %+v, %v", got, err)
	}
}

// Field values of nist4j's fixtures (github.com/nist4j/nist4j, Record14Fixtures.java) for
// an entire joint image, by value; the areas and the scale are theirs. ASEG is laid out as
// its comment says, a number of points and that many pairs.
func TestType14RecordOfNist4jIsReadAndWrittenByteForByte(t *testing.T) {
	record := "<GS>14.002:01<GS>14.003:0<GS>14.004:SRC<GS>14.005:20120730<GS>14.006:804<GS>14.007:1000<GS>14.008:2<GS>14.009:197" +
		"<GS>14.010:197<GS>14.011:WSQ20<GS>14.012:8<GS>14.013:19<GS>14.014:1<US>EJI<GS>14.015:FV1<US>NA<US>100<US>101<US>100<US>101" +
		"<GS>14.016:197<GS>14.017:197<GS>14.018:1<US>XX<GS>14.020:Comment<GS>14.022:1<US>2<GS>14.023:1<US>0<US>0000<US>1" +
		"<GS>14.024:1<US>0<US>0000<US>1<GS>14.025:1<US>3<US>0<US>0<US>35<US>55<US>12<US>85<GS>14.026:1<GS>14.027:Y" +
		"<GS>14.030:UNKNOWN<GS>14.031:10<GS>14.046:A<GS>14.999:" + strings.Repeat("\x03", 64) + "<FS>"
	b := transactionOf("14<US>01", withLength("14.001:", record))
	got, err := Read(b)
	if err != nil {
		t.Fatal(err)
	}
	want := &Print{
		IDC: 1, Source: "SRC", Captured: date(2012, 7, 30), Positions: []Position{PartOfFinger},
		Image: Image{804, 1000, WSQ, bytes.Repeat([]byte{3}, 64)}, Scale: Scale{PerCentimetre, 197, 197}, Bits: 8,
		Part: &Part{1, "EJI"}, Areas: []Area{{"FV1", "NA", 100, 101, 100, 101}}, Absent: []Absent{{1, Amputated}},
		NFIQ: []NFIQ{{1, 2}}, Segmentation: []Quality{{1, Measure{0, 0, 1}}}, Quality: []Quality{{1, Measure{0, 0, 1}}},
		Outlines: []Outline{{1, []Point{{0, 0}, {35, 55}, {12, 85}}}},
		Other: []Field{
			NewField(16, "197"), NewField(17, "197"), NewField(20, "Comment"), NewField(26, "1"), NewField(27, "Y"),
			NewField(30, "UNKNOWN"), NewField(31, "10"), NewField(46, "A"),
		},
	}
	if !reflect.DeepEqual(got.Records[0], Record(want)) {
		t.Errorf("read %+v", got.Records[0])
	}
	if dpi := want.Scale.DPI(); dpi != 500 {
		t.Errorf("197 pixels a centimetre are %d dpi", dpi)
	}
	written, err := got.MarshalBinary()
	if err != nil || !bytes.Equal(written, b) {
		t.Errorf("wrote %s, %v", visible.Replace(string(written)), err)
	}
}

// The Type-2 record of NIST's reference file type-14-amp-nqm-utf8.an2, as jnbis's
// AnsiReferencesTest tells it: 55 bytes, IDC 00, a field in UTF-8.
func TestTextInUTF8IsCountedInBytes(t *testing.T) {
	tr := Transaction{header(V2007), []Record{&Text{Fields: []Field{NewField(3, "two chinese characters: 華裔")}}}}
	b, err := tr.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := bytes.Cut(b, []byte{fs})
	if want := "2.001:55<GS>2.002:00<GS>2.003:two chinese characters: 華裔<FS>"; visible.Replace(string(text)) != want {
		t.Errorf("got  %s\nwant %s", visible.Replace(string(text)), want)
	}
}

// header is a valid header.
func header(v Version) Header {
	return Header{
		Version: v, Kind: "TEST", Date: date(2026, 3, 1), Destination: "CENTRAL", Origin: "BOOTH", Control: "1",
		Scanned: 1969, Transmitted: 1969,
	}
}

// transactionOf puts a header before the records, which are written with visible
// separators; content is what CNT says of them.
func transactionOf(content string, records ...string) []byte {
	n := strings.Count(content, "<RS>") + 1
	head := "<GS>1.002:0501<GS>1.003:1<US>" + decimals(n)[0] + "<RS>" + content +
		"<GS>1.004:TEST<GS>1.005:20260301<GS>1.007:CENTRAL<GS>1.008:BOOTH<GS>1.009:1<GS>1.011:19.69<GS>1.012:19.69<FS>"
	return file(withLength("1.001:", head) + strings.Join(records, ""))
}

// withLength puts the tag and the length before the rest of a record.
func withLength(tag, rest string) string {
	return tag + decimals(selfLength(len(tag) + len(file(rest))))[0] + rest
}
