package itl

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"boothd/capture"
)

func TestLengthCountsItsOwnDigits(t *testing.T) {
	for rest := 1; rest < 101_000; rest++ {
		n := selfLength(rest)
		if n != rest+len(strconv.Itoa(n)) {
			t.Fatalf("%d bytes and the digits of %d are not %d", rest, n, n)
		}
	}
	for rest, want := range map[int]int{7: 8, 8: 9, 9: 11, 97: 99, 98: 101, 996: 999, 997: 1001, 9995: 9999, 9996: 10001} {
		if got := selfLength(rest); got != want {
			t.Errorf("%d bytes make a record of %d, want %d", rest, got, want)
		}
	}
}

func TestWhatIsWrittenReadsBackEqual(t *testing.T) {
	for seed := range uint64(500) {
		tr := randomTransaction(rand.New(rand.NewPCG(seed, 1)))
		b, err := tr.MarshalBinary()
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got, err := Read(b)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !reflect.DeepEqual(got, tr) {
			t.Fatalf("seed %d:\ngot  %+v\nwant %+v", seed, got, tr)
		}
		again, err := got.AppendBinary([]byte("before"))
		if err != nil || !bytes.Equal(again, append([]byte("before"), b...)) {
			t.Fatalf("seed %d: not the same bytes again: %v", seed, err)
		}
	}
}

func TestRecordsOfOtherTypesStayAsTheyAre(t *testing.T) {
	minutiae := withLength("9.001:", "<GS>9.002:01<GS>9.003:0<GS>9.004:S<GS>9.012:1<US>00000000000<RS>2<US>0<FS>")
	portrait := withLength("10.001:", "<GS>10.002:2<GS>10.003:FACE<GS>10.999:\xff\xd8<FS><GS><RS><US><FS><FS>")
	signature := "\x00\x00\x00\x0a\x03<GS><FS><US>\x00\x01"
	palm := withLength("15.1:", "<GS>15.2:4<GS>odd<FS>")
	b := transactionOf("9<US>01<RS>10<US>02<RS>8<US>03<RS>15<US>04", minutiae, portrait, signature, palm)
	got, err := Read(b)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{minutiae, portrait, signature, palm} {
		o := got.Records[i].(*Opaque)
		if !bytes.Equal(o.Data, file(want)) || o.Designation() != i+1 {
			t.Errorf("record %d: IDC %d, %q", i, o.Designation(), o.Data)
		}
	}
	if again, err := got.MarshalBinary(); err != nil || !bytes.Equal(again, b) {
		t.Errorf("wrote %s, %v", visible.Replace(string(again)), err)
	}
}

func TestOtherSpellingsAreReadAndWrittenInCanonicalForm(t *testing.T) {
	head := "<GS>1.012:019.69<GS>1.2:400<GS>1.3:001<US>03<RS>02<US>0<RS>4<US>1<RS>14<US>2<GS>1.4:TEST<GS>1.05:20260301<GS>1.007:C<GS>1.008:B" +
		"<GS>1.009:1<GS>1.011:19.69<GS>1.013:INT-I<GS>1.015:0<US>ASCII<GS><FS>"
	text := "2.001:0000036<GS>2.2:0<GS>2.9:b<GS>2.000004:<FS>"
	fixed := "\x00\x00\x00\x13\x01\x00\x01\xff\xff\xff\xff\xff\x00\x00\x01\x00\x01\x00a"
	print := "<GS>14.013:02<GS>14.002:2<GS>14.003:00<GS>14.020:c<GS>14.016:1<GS>14.004:S<GS>14.005:20260301<GS>14.006:01<GS>14.007:1<GS>14.008:1" +
		"<GS>14.009:500<GS>14.010:500<GS>14.011:NONE<GS>14.012:8<GS>14.024:2<US>7<US>00ff<US>9<GS>14.999:a<FS>"
	got, err := Read(file(withLength("1.1:", head) + text + fixed + withLength("14.001:", print)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := got.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	want := withLength("1.001:", "<GS>1.002:0400<GS>1.003:1<US>3<RS>2<US>0<RS>4<US>1<RS>14<US>2<GS>1.004:TEST<GS>1.005:20260301<GS>1.007:C<GS>1.008:B"+
		"<GS>1.009:1<GS>1.011:19.69<GS>1.012:19.69<GS>1.013:INT-I<US><GS>1.015:000<US>ASCII<US><FS>") +
		withLength("2.001:", "<GS>2.002:0<GS>2.009:b<GS>2.004:<FS>") + fixed +
		withLength("14.001:", "<GS>14.002:2<GS>14.003:0<GS>14.004:S<GS>14.005:20260301<GS>14.006:1<GS>14.007:1<GS>14.008:1"+
			"<GS>14.009:500<GS>14.010:500<GS>14.011:NONE<GS>14.012:8<GS>14.013:2<GS>14.016:1<GS>14.020:c<GS>14.024:2<US>7<US>00FF<US>9<GS>14.999:a<FS>")
	if string(b) != string(file(want)) {
		t.Errorf("got  %s\nwant %s", visible.Replace(string(b)), want)
	}
	again, err := Read(b)
	if err != nil || !reflect.DeepEqual(again, got) {
		t.Errorf("read back %+v, %v", again, err)
	}
}

// secret stands where a file's content is; no error may show it.
const secret = "SECRET"

func TestBadFilesAreRefusedByFieldAndWithoutContent(t *testing.T) {
	const print = "<GS>14.002:01<GS>14.003:0<GS>14.004:SECRET<GS>14.005:20260301<GS>14.006:4<GS>14.007:2<GS>14.008:1<GS>14.009:500" +
		"<GS>14.010:500<GS>14.011:NONE<GS>14.012:8<GS>14.013:13<GS>14.999:SECRET89<FS>"
	fourteen := func(old, new string) []byte {
		if !strings.Contains(print, old) {
			panic(old)
		}
		return transactionOf("14<US>01", withLength("14.001:", strings.Replace(print, old, new, 1)))
	}
	if _, err := Read(fourteen("SECRET", "SECRET")); err != nil {
		t.Fatal(err)
	}
	text := withLength("2.001:", "<GS>2.002:00<GS>2.003:SECRET<FS>")
	whole := string(transactionOf("2<US>00", text))
	one := func(old, new string) []byte {
		old, new = string(file(old)), string(file(new))
		if !strings.Contains(whole, old) {
			panic(old)
		}
		changed := strings.Replace(whole, old, new, 1)
		_, after, _ := strings.Cut(changed, "\x1d")
		head, rest, _ := strings.Cut(after, "\x1c")
		return file(withLength("1.001:", "\x1d"+head+"\x1c") + rest)
	}
	four := func(at int, value byte) []byte {
		r := []byte("\x00\x00\x00\x1a\x01\x00\x02\xff\xff\xff\xff\xff\x00\x00\x04\x00\x02\x00SECRET89")
		r[at] = value
		return transactionOf("4<US>01", string(r))
	}
	if _, err := Read(four(0, 0)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file                []byte
		record, kind, field int
	}{
		"nothing":                              {nil, 1, 1, 1},
		"something else":                       {[]byte("SECRET"), 1, 1, 1},
		"a length beyond the file":             {[]byte(strings.Replace(whole, "1.001:1", "1.001:9", 1)), 1, 1, 1},
		"a length with no end":                 {[]byte("1.001:12"), 1, 1, 1},
		"a length of too many digits":          {file("1.001:0000000000000013<GS><FS>"), 1, 1, 1},
		"a length that is too short":           {file("1.001:9<GS>1.002:0500<FS>"), 1, 1, 1},
		"a length that ends within the record": {file("1.001:12<GS>1.002:0500<FS>"), 1, 1, 1},
		"an unknown version":                   {one("0501", "0999"), 1, 1, 2},
		"version 2025":                         {one("0501", "0600"), 1, 1, 2},
		"no version":                           {one("1.002:0501<GS>", ""), 1, 1, 2},
		"no contents":                          {one("1.003:1<US>1<RS>2<US>00<GS>", ""), 1, 1, 3},
		"contents that miscount":               {one("1<US>1<RS>", "1<US>2<RS>"), 1, 1, 3},
		"contents that name nothing":           {one("1<US>1<RS>2<US>00", "1<US>0"), 1, 1, 3},
		"contents with a second header":        {one("2<US>00", "1<US>00"), 1, 1, 3},
		"contents with an item too many":       {one("2<US>00", "2<US>00<US>SECRET"), 1, 1, 3},
		"contents of letters":                  {one("2<US>00", "2<US>SECRET"), 1, 1, 3},
		"an IDC of three digits":               {one("2<US>00", "2<US>100"), 1, 1, 3},
		"no type of transaction":               {one("TEST", ""), 1, 1, 4},
		"a long type of transaction":           {one("TEST", "SECRETSECRETSECRET"), 1, 1, 4},
		"a day that is not":                    {one("20260301", "20260230"), 1, 1, 5},
		"priority zero":                        {one("<GS>1.007", "<GS>1.006:0<GS>1.007"), 1, 1, 6},
		"priority ten":                         {one("<GS>1.007", "<GS>1.006:10<GS>1.007"), 1, 1, 6},
		"no destination":                       {one("1.007:CENTRAL<GS>", ""), 1, 1, 7},
		"an empty origin":                      {one("BOOTH", ""), 1, 1, 8},
		"an origin that is not ASCII":          {one("BOOTH", "SECRÉT"), 1, 1, 8},
		"a control number of two items":        {one("1.009:1", "1.009:SECRET<US>1"), 1, 1, 9},
		"an empty reference":                   {one("<GS>1.011", "<GS>1.010:<GS>1.011"), 1, 1, 10},
		"a density without decimals":           {one("1.011:19.69", "1.011:20"), 1, 1, 11},
		"a density of words":                   {one("1.012:19.69", "1.012:SECRET"), 1, 1, 12},
		"an empty domain":                      {one("<FS>", "<GS>1.013:<FS>"), 1, 1, 13},
		"two domains":                          {one("<FS>", "<GS>1.013:A<RS>B<FS>"), 1, 1, 13},
		"a time of day alone":                  {one("<FS>", "<GS>1.014:123000Z<FS>"), 1, 1, 14},
		"a character set without a name":       {one("<FS>", "<GS>1.015:3<FS>"), 1, 1, 15},
		"a field twice":                        {one("<FS>", "<GS>1.016:a<GS>1.016:SECRET<FS>"), 1, 1, 16},
		"a field of another record":            {one("<GS>1.007", "<GS>2.007"), 1, 1, 0},
		"text that is no field":                {one("<GS>1.007", "<GS>SECRET"), 1, 1, 0},

		"a record that is missing":                 {[]byte(whole[:strings.Index(whole, "2.001:")]), 2, 2, 1},
		"a record that is cut off":                 {[]byte(whole[:len(whole)-1]), 2, 2, 1},
		"bytes after the last record":              {[]byte(whole + secret), 0, 0, 0},
		"a record of another type than it says":    {one("2<US>00", "9<US>00"), 2, 9, 1},
		"an IDC that contradicts the contents":     {one("2<US>00", "2<US>01"), 2, 2, 2},
		"text without IDC":                         {transactionOf("2<US>00", withLength("2.001:", "<GS>2.003:SECRET<FS>")), 2, 2, 2},
		"text with a field twice":                  {transactionOf("2<US>00", withLength("2.001:", "<GS>2.002:0<GS>2.003:a<GS>2.003:SECRET<FS>")), 2, 2, 3},
		"text with a file separator inside":        {transactionOf("2<US>00", withLength("2.001:", "<GS>2.002:0<GS>2.003:SECRET<FS>SECRET<FS>")), 2, 2, 3},
		"another record without IDC":               {transactionOf("9<US>01", withLength("9.001:", "<GS>9.003:SECRET<FS>")), 2, 9, 2},
		"another record with another IDC":          {transactionOf("9<US>01", withLength("9.001:", "<GS>9.002:2<FS>")), 2, 9, 2},
		"a binary record that is too short":        {transactionOf("8<US>01", "\x00\x00\x00\x05"), 2, 8, 0},
		"a binary record that is longer than what": {transactionOf("8<US>01", "\x00\x00\xff\xff\x01"), 2, 8, 1},
		"a binary record of a short length":        {transactionOf("8<US>01", "\x00\x00\x00\x04\x01"), 2, 8, 1},

		"a Type-4 record without a picture":   {transactionOf("4<US>01", "\x00\x00\x00\x12\x01\x00\x02\xff\xff\xff\xff\xff\x00\x00\x04\x00\x02\x01"), 2, 4, 9},
		"a Type-4 record without its header":  {transactionOf("4<US>01", "\x00\x00\x00\x06\x01\x00"), 2, 4, 1},
		"a Type-4 record with IDC 200":        {four(4, 200), 2, 4, 2},
		"a Type-4 impression that is unknown": {four(5, 99), 2, 4, 3},
		"a Type-4 record of no finger":        {four(6, 255), 2, 4, 4},
		"a Type-4 record of a palm":           {four(6, 21), 2, 4, 4},
		"a Type-4 position after a gap":       {four(11, 3), 2, 4, 4},
		"a Type-4 resolution flag of 2":       {four(12, 2), 2, 4, 5},
		"a Type-4 picture without width":      {four(14, 0), 2, 4, 6},
		"a Type-4 picture without height":     {four(16, 0), 2, 4, 7},
		"a Type-4 compression of 7":           {four(17, 7), 2, 4, 8},
		"a Type-4 picture of another size":    {four(14, 5), 2, 4, 9},
		"Type-4 without a scanner's density": {
			[]byte(strings.Replace(string(four(0, 0)), "1.011:19.69", "1.011:00.00", 1)), 1, 1, 11},
		"Type-4 without a resolution": {
			[]byte(strings.Replace(string(four(0, 0)), "1.012:19.69", "1.012:00.00", 1)), 1, 1, 12},

		"no impression":                      {fourteen("<GS>14.003:0", ""), 2, 14, 3},
		"an impression of words":             {fourteen("14.003:0", "14.003:SECRET"), 2, 14, 3},
		"an impression that is unknown":      {fourteen("14.003:0", "14.003:77"), 2, 14, 3},
		"no source":                          {fourteen("<GS>14.004:SECRET", ""), 2, 14, 4},
		"an empty source":                    {fourteen("14.004:SECRET", "14.004:"), 2, 14, 4},
		"no day of capture":                  {fourteen("<GS>14.005:20260301", ""), 2, 14, 5},
		"a day of capture that is not":       {fourteen("14.005:20260301", "14.005:SECRET"), 2, 14, 5},
		"no width":                           {fourteen("<GS>14.006:4", ""), 2, 14, 6},
		"a width of zero":                    {fourteen("14.006:4", "14.006:0"), 2, 14, 6},
		"a width of six digits":              {fourteen("14.006:4", "14.006:100000"), 2, 14, 6},
		"no height":                          {fourteen("<GS>14.007:2", ""), 2, 14, 7},
		"a unit that is unknown":             {fourteen("14.008:1", "14.008:3"), 2, 14, 8},
		"a scale of zero":                    {fourteen("14.009:500", "14.009:0"), 2, 14, 9},
		"no vertical scale":                  {fourteen("<GS>14.010:500", ""), 2, 14, 10},
		"a compression that is unknown":      {fourteen("14.011:NONE", "14.011:SECRET"), 2, 14, 11},
		"one bit a pixel":                    {fourteen("14.012:8<GS>14.013:13<GS>14.999:SECRET89", "14.012:1<GS>14.013:13<GS>14.999:S"), 2, 14, 12},
		"no position":                        {fourteen("<GS>14.013:13", ""), 2, 14, 13},
		"a position that is a palm":          {fourteen("14.013:13", "14.013:21"), 2, 14, 13},
		"two positions":                      {fourteen("14.013:13", "14.013:1<RS>2"), 2, 14, 13},
		"a part of a finger not named":       {fourteen("14.013:13", "14.013:19"), 2, 14, 14},
		"a part named for a whole finger":    {fourteen("14.013:13", "14.013:1<GS>14.014:1<US>EJI"), 2, 14, 14},
		"two parts":                          {fourteen("14.013:13", "14.013:19<GS>14.014:1<US>EJI<RS>2<US>TIP"), 2, 14, 14},
		"areas of a whole finger":            {fourteen("14.013:13", "14.013:1<GS>14.015:FV1<US>NA<US>0<US>1<US>0<US>1"), 2, 14, 15},
		"an absent finger without a reason":  {fourteen("14.013:13", "14.013:13<GS>14.018:2"), 2, 14, 18},
		"an absent finger with a bad reason": {fourteen("14.013:13", "14.013:13<GS>14.018:2<US>SECRET"), 2, 14, 18},
		"an absent slap":                     {fourteen("14.013:13", "14.013:13<GS>14.018:13<US>XX"), 2, 14, 18},
		"a segment outside the picture":      {fourteen("14.013:13", "14.013:13<GS>14.021:2<US>0<US>5<US>0<US>2"), 2, 14, 21},
		"a segment turned round":             {fourteen("14.013:13", "14.013:13<GS>14.021:2<US>2<US>1<US>0<US>2"), 2, 14, 21},
		"a segment of one finger":            {fourteen("14.013:13", "14.013:2<GS>14.021:2<US>0<US>4<US>0<US>2"), 2, 14, 21},
		"a segment of four items":            {fourteen("14.013:13", "14.013:13<GS>14.021:2<US>0<US>4<US>0"), 2, 14, 21},
		"an NFIQ of 6":                       {fourteen("14.013:13", "14.013:13<GS>14.022:2<US>6"), 2, 14, 22},
		"a segmentation quality of 101":      {fourteen("14.013:13", "14.013:13<GS>14.023:2<US>101<US>0000<US>1"), 2, 14, 23},
		"a quality without a vendor":         {fourteen("14.013:13", "14.013:13<GS>14.024:2<US>50<US>0<US>1"), 2, 14, 24},
		"a quality of product 65536":         {fourteen("14.013:13", "14.013:13<GS>14.024:2<US>50<US>0001<US>65536"), 2, 14, 24},
		"an outline of two points":           {fourteen("14.013:13", "14.013:13<GS>14.025:2<US>2<US>0<US>0<US>1<US>1"), 2, 14, 25},
		"an outline that miscounts":          {fourteen("14.013:13", "14.013:13<GS>14.025:2<US>3<US>0<US>0<US>1<US>1"), 2, 14, 25},
		"an outline that leaves":             {fourteen("14.013:13", "14.013:13<GS>14.025:2<US>3<US>0<US>0<US>1<US>1<US>0<US>3"), 2, 14, 25},
		"a picture of another size":          {fourteen("SECRET89", "SECRET8"), 2, 14, 999},
		"an empty picture":                   {fourteen("SECRET89", ""), 2, 14, 999},
		"a picture described but not there":  {fourteen("<GS>14.999:SECRET89", ""), 2, 14, 999},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(c.file)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got error %v", err)
			}
			if e.Record != c.record || e.Type != c.kind || e.Field != c.field {
				t.Errorf("%v (record %d, type %d, field %d), want %d, %d, %d", e, e.Record, e.Type, e.Field, c.record, c.kind, c.field)
			}
			if strings.Contains(err.Error(), "SECR") {
				t.Errorf("the error shows content: %v", err)
			}
		})
	}
}

func TestWhatWouldNotBeReadIsNotWritten(t *testing.T) {
	text := func(f Field) []Record { return []Record{&Text{Fields: []Field{f}}} }
	for name, c := range map[string]struct {
		change  func(*Header)
		records []Record
		field   int
	}{
		"no record":                     {nil, nil, 3},
		"too many records":              {nil, slices.Repeat([]Record{&Text{}}, MaxRecords+1), 3},
		"no day":                        {func(h *Header) { h.Date = time.Time{} }, []Record{&Text{}}, 5},
		"a day with an hour":            {func(h *Header) { h.Date = h.Date.Add(time.Hour) }, []Record{&Text{}}, 5},
		"a time with nanoseconds":       {func(h *Header) { h.Time = h.Date.Add(1) }, []Record{&Text{}}, 14},
		"a separator in the origin":     {func(h *Header) { h.Origin = "a" + us }, []Record{&Text{}}, 8},
		"a version without a domain":    {func(h *Header) { h.Domain.Version = "1" }, []Record{&Text{}}, 13},
		"a field of the header's own":   {func(h *Header) { h.Other = []Field{NewField(9, "x")} }, []Record{&Text{}}, 9},
		"fields in descending order":    {func(h *Header) { h.Other = []Field{NewField(17, "x"), NewField(16, "x")} }, []Record{&Text{}}, 16},
		"text with LEN":                 {nil, text(NewField(1, "x")), 1},
		"text without a subfield":       {nil, text(Field{Number: 3}), 3},
		"text without an item":          {nil, text(NewField(3)), 3},
		"text with a group separator":   {nil, text(NewField(3, "a\x1d2.004:b")), 3},
		"an IDC of 100":                 {nil, []Record{&Text{IDC: 100}}, 2},
		"an opaque Type-14 record":      {nil, []Record{&Opaque{Kind: 14}}, 0},
		"an opaque record of two":       {nil, []Record{&Opaque{Kind: 8, Data: []byte{0, 0, 0, 5, 1, 0, 0, 0, 5, 1}}}, 0},
		"an opaque record of nothing":   {nil, []Record{&Opaque{Kind: 9}}, 1},
		"a missing finger before 2011":  {func(h *Header) { h.Version = V2007 }, []Record{&Print{Source: "S", Captured: date(2026, 3, 1), Positions: []Position{1}}}, 999},
		"a picture's bits without it":   {nil, []Record{&Print{Source: "S", Captured: date(2026, 3, 1), Positions: []Position{1}, Bits: 8}}, 6},
		"a finger's picture without it": {nil, []Record{&FixedPrint{Positions: []Position{1}}}, 6},
	} {
		t.Run(name, func(t *testing.T) {
			tr := Transaction{header(V2013), c.records}
			if c.change != nil {
				c.change(&tr.Header)
			}
			b, err := tr.AppendBinary([]byte("x"))
			var e *Error
			if !errors.As(err, &e) || e.Field != c.field {
				t.Errorf("got %v, want field %d", err, c.field)
			}
			if string(b) != "x" {
				t.Errorf("wrote %q", b)
			}
		})
	}
}

func TestLimitsHoldInBothDirections(t *testing.T) {
	many := strings.Repeat(rs, MaxItems)
	tooMany := transactionOf("2<US>00", withLength("2.001:", "<GS>2.002:00<GS>2.003:"+many+"<FS>"))
	var e *Error
	if _, err := Read(tooMany); !errors.As(err, &e) || e.Field != 3 {
		t.Errorf("read of too many items: %v", err)
	}
	tr := Transaction{header(V2011), []Record{&Text{Fields: []Field{NewField(3, make([]string, MaxItems)...)}}}}
	if _, err := tr.MarshalBinary(); !errors.As(err, &e) || e.Record != 0 {
		t.Errorf("write of too many items: %v", err)
	}
	if _, err := Read(make([]byte, MaxSize+1)); !errors.As(err, &e) || e.Record != 0 {
		t.Errorf("read of too many bytes: %v", err)
	}
	big := make([]byte, MaxSize)
	tr.Records = []Record{&FixedPrint{Positions: []Position{1}, Image: Image{1, 1, WSQ, big}}}
	if _, err := tr.MarshalBinary(); !errors.As(err, &e) || e.Record != 0 {
		t.Errorf("write of too many bytes: %v", err)
	}
	tr.Records = slices.Repeat([]Record{&Text{Fields: []Field{NewField(3, "x")}}}, MaxRecords)
	b, err := tr.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Read(b); err != nil || len(got.Records) != MaxRecords {
		t.Errorf("read of as many records as may be: %v", err)
	}
}

func TestPictureKeptElsewhereIsAllowedSince2011(t *testing.T) {
	p := &Print{
		Source: "S", Captured: date(2026, 3, 1), Positions: []Position{1}, Image: Image{Width: 500, Height: 500},
		Scale: Scale{PerInch, 500, 500}, Bits: 8, Other: []Field{NewField(994, "file")},
	}
	tr := &Transaction{header(V2013), []Record{p}}
	b, err := tr.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Read(b); err != nil || !reflect.DeepEqual(got, tr) {
		t.Errorf("read back %+v, %v", got, err)
	}
	tr.Header.Version = V2007
	if _, err := tr.MarshalBinary(); err == nil {
		t.Error("written as of 2007")
	}
}

func TestUncompressedPicturesGoThereAndBack(t *testing.T) {
	whole := image.NewGray(image.Rect(0, 0, 7, 5))
	for i := range whole.Pix {
		whole.Pix[i] = byte(i)
	}
	part := whole.SubImage(image.Rect(2, 1, 6, 4)).(*image.Gray)
	im := Uncompressed(part)
	if im.Width != 4 || im.Height != 3 || len(im.Data) != 12 || im.Data[0] != 9 || im.Data[11] != 26 {
		t.Fatalf("got %+v", im)
	}
	g, err := im.Gray()
	if err != nil || g.GrayAt(3, 2).Y != 26 || g.Rect != image.Rect(0, 0, 4, 3) {
		t.Errorf("got %+v, %v", g, err)
	}
	for name, bad := range map[string]Image{
		"compressed": {1, 1, WSQ, []byte{1}}, "too short": {2, 2, None, []byte{1, 2, 3}}, "too long": {2, 2, None, make([]byte, 5)},
		"no width": {0, 2, None, nil}, "a row too many": {2, 2, None, make([]byte, 6)},
	} {
		if _, err := bad.Gray(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestPositionsAreFingers(t *testing.T) {
	for p, want := range map[Position]string{
		0: "[finger]", 2: "[right index finger]", 10: "[left little finger]", PlainRightThumb: "[right thumb]", PlainLeftThumb: "[left thumb]",
		LeftFour: "[left index finger left middle finger left ring finger left little finger]", BothThumbs: "[right thumb left thumb]",
		46: "[right index finger left index finger]", 54: "[left thumb left index finger left middle finger left ring finger left little finger]",
		RightExtra: "[]", PartOfFinger: "[]", 33: "[]", 55: "[]", -1: "[]",
	} {
		if got := fmt.Sprint(p.Fingers()); got != want {
			t.Errorf("position %d: %s, want %s", p, got, want)
		}
	}
}

func TestAbsentFingersMapToMissingOnes(t *testing.T) {
	for m, want := range map[capture.Missing]Absence{capture.MissingPermanent: Amputated, capture.MissingTemporary: UnableToPrint} {
		code, ok := AbsenceOf(m)
		if back, okBack := code.Missing(); !ok || !okBack || code != want || back != m {
			t.Errorf("%s: code %s, back %s", m, code, back)
		}
	}
	if code, ok := AbsenceOf(capture.MissingNotApplicable); ok {
		t.Errorf("a child's finger has the code %s", code)
	}
	for _, code := range []Absence{Scarred, "ZZ"} {
		if m, ok := code.Missing(); ok {
			t.Errorf("%s is missing: %s", code, m)
		}
	}
}
