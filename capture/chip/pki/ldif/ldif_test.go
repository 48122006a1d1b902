package ldif_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"boothd/capture/chip/pki/ldif"
)

func entries(t *testing.T, file string) ([]ldif.Entry, error) {
	t.Helper()
	var all []ldif.Entry
	err := ldif.Read(t.Context(), strings.NewReader(file), func(e *ldif.Entry) error {
		all = append(all, *e)
		return nil
	})
	return all, err
}

func TestEntriesAreRead(t *testing.T) {
	file := "version: 1\r\n\r\n# a comment\r\n that goes on\r\ndn: cn=a,\r\n dc=int\r\ncn: plain\r\n" +
		"userCertificate;binary:: AQI\r\n DBA==\r\n\r\n\r\n\ndn:: Y249Yg==\nempty:\n"
	all, err := entries(t, file)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	if all[0].DN != "cn=a,dc=int" || all[0].Line != 5 || all[1].DN != "cn=b" {
		t.Errorf("%q at line %d, %q", all[0].DN, all[0].Line, all[1].DN)
	}
	if v := all[0].Values("usercertificate"); len(v) != 1 || !bytes.Equal(v[0], []byte{1, 2, 3, 4}) {
		t.Errorf("%v", v)
	}
	if v := all[1].Values("empty"); len(v) != 1 || len(v[0]) != 0 {
		t.Errorf("%v", v)
	}
}

func TestWhatIsNoContentRecordIsRefused(t *testing.T) {
	for name, file := range map[string]string{
		"no name":        "cn: a\n",
		"no colon":       "dn: a\nnothing\n",
		"no base64":      "dn: a\nb:: %%\n",
		"a change":       "dn: a\nchangetype: delete\n",
		"a value by URL": "dn: a\nb:< file:///etc/passwd\n",
		"a fold first":   " dn: a\n",
		"many values":    "dn: a\n" + strings.Repeat("b: c\n", ldif.MaxAttributes+1),
	} {
		if _, err := entries(t, file); err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// endless is a line that never ends.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	n := copy(b, bytes.Repeat([]byte("a"), min(len(b), 4096)))
	e.read += n
	return n, nil
}

func TestALineThatDoesNotEndIsRefused(t *testing.T) {
	e := &endless{}
	err := ldif.Read(t.Context(), e, func(*ldif.Entry) error { return nil })
	if err == nil || e.read > ldif.MaxEntry+1<<20 {
		t.Errorf("%v after %d bytes", err, e.read)
	}
}

func TestReadingEndsWhenItsUserFails(t *testing.T) {
	full := errors.New("disk full")
	err := ldif.Read(t.Context(), strings.NewReader("dn: a\n\ndn: b\n"), func(*ldif.Entry) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err = ldif.Read(ctx, strings.NewReader("dn: a\n\ndn: b\n"), func(*ldif.Entry) error { n++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("%v after %d entries", err, n)
	}
}

// download is a directory of n entries of about 2 KB.
func download(n int) io.Reader {
	var one strings.Builder
	one.WriteString("dn: cn=a,dc=int\nuserCertificate;binary:: ")
	for range 25 {
		one.WriteString(strings.Repeat("AAAA", 19) + "\n ")
	}
	one.WriteString("AAAA\n\n")
	readers := make([]io.Reader, n)
	for i := range readers {
		readers[i] = strings.NewReader(one.String())
	}
	return io.MultiReader(readers...)
}

func TestOneEntryIsInMemoryAtATime(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	err := ldif.Read(t.Context(), download(20_000), func(*ldif.Entry) error {
		if n++; n == 19_000 {
			runtime.GC()
			runtime.ReadMemStats(&after)
		}
		return nil
	})
	if err != nil || n != 20_000 {
		t.Fatalf("%d entries, %v", n, err)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("%d bytes in memory", grown)
	}
}

func BenchmarkRead(b *testing.B) {
	b.SetBytes(1000 * 2020)
	for b.Loop() {
		if err := ldif.Read(b.Context(), download(1000), func(*ldif.Entry) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("version: 1\n\ndn: a\nb:: AQID\n c\n\n# x\n")
	f.Add("dn:: YQ==\r\nb;binary: c\r\n \r\n\r\n")
	f.Fuzz(func(t *testing.T, file string) {
		size := 0
		err := ldif.Read(t.Context(), strings.NewReader(file), func(e *ldif.Entry) error {
			size += len(e.DN)
			for _, a := range e.Attributes {
				size += len(a.Name) + len(a.Value)
			}
			return nil
		})
		// Small letters of some capitals are longer; nothing else grows.
		if err == nil && size > 3*len(file) {
			t.Errorf("%d bytes of %d", size, len(file))
		}
	})
}
