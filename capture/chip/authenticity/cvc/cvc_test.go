package cvc_test

import (
	"bytes"
	"crypto"
	"errors"
	"testing"
	"time"

	"boothd/capture/chip/authenticity/cvc"
	"boothd/capture/chip/authenticity/cvc/cvctest"
	"boothd/capture/chip/tlv"
)

var (
	fast = cvctest.Algorithm{Scheme: cvc.Scheme{Method: cvc.ECDSA, Hash: crypto.SHA256}, Curve: "P-256"}
	now  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func cvca(t testing.TB, o cvctest.Order) *cvctest.Holder {
	t.Helper()
	if o.Algorithm == (cvctest.Algorithm{}) {
		o.Algorithm = fast
	}
	h, err := cvctest.NewCVCA(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func issue(t testing.TB, by *cvctest.Holder, o cvctest.Order) *cvctest.Holder {
	t.Helper()
	if o.Algorithm == (cvctest.Algorithm{}) {
		o.Algorithm = fast
	}
	h, err := by.Issue(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func anchor(t testing.TB, c *cvc.Certificate) cvc.Trusted {
	t.Helper()
	a, err := cvc.Anchor(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestChainsOfEveryAlgorithmAreAccepted(t *testing.T) {
	var algorithms []cvctest.Algorithm
	for _, s := range cvc.Schemes() {
		a := cvctest.Algorithm{Scheme: s, Bits: 2048}
		if s.Method == cvc.ECDSA {
			a.Bits = 0
			a.Curve = map[crypto.Hash]string{crypto.SHA1: "brainpoolP192r1", crypto.SHA224: "brainpoolP224r1",
				crypto.SHA256: "brainpoolP256r1", crypto.SHA384: "P-384", crypto.SHA512: "P-521"}[s.Hash]
		}
		algorithms = append(algorithms, a)
	}
	rsa, err := cvctest.NewKey(cvctest.Algorithm{Scheme: cvc.Scheme{Method: cvc.PKCS1, Hash: crypto.SHA256}, Bits: 2048})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range algorithms {
		t.Run(a.String(), func(t *testing.T) {
			key := func() *cvctest.Key {
				if a.Method == cvc.ECDSA {
					return nil
				}
				k := *rsa // keys of RSA take long to make
				k.Algorithm = a
				return &k
			}
			root := cvca(t, cvctest.Order{Holder: "UTCVCA00001", Rights: 3, Algorithm: a, Key: key()})
			dv := issue(t, root, cvctest.Order{Holder: "UTDV00001", Role: cvc.DomesticDV, Rights: 3, Algorithm: a, Key: key()})
			terminal := issue(t, dv, cvctest.Order{Holder: "UTIS00001", Rights: 1, Algorithm: a, Key: key()})
			trusted, err := anchor(t, root.Certificate).Accept(dv.Certificate, now)
			if err != nil {
				t.Fatal(err)
			}
			if trusted, err = trusted.Accept(terminal.Certificate, now); err != nil {
				t.Fatal(err)
			}
			sig, err := terminal.Key.Sign([]byte("challenge"))
			if err != nil {
				t.Fatal(err)
			}
			if err := trusted.Verify([]byte("challenge"), sig); err != nil {
				t.Errorf("the terminal's signature: %v", err)
			}
			if err := trusted.Verify([]byte("Challenge"), sig); err == nil {
				t.Error("a signature over something else was accepted")
			}
			if !trusted.Effective.Fingerprints() || trusted.Effective.Irises() {
				t.Errorf("effective rights %X", trusted.Effective.Bits)
			}
		})
	}
}

func TestCertificatesThatNobodyMayIssueAreRefused(t *testing.T) {
	root := cvca(t, cvctest.Order{Holder: "UTCVCA00001", Rights: 3})
	other := cvca(t, cvctest.Order{Holder: "UTCVCA00001", Rights: 3})
	dv := issue(t, root, cvctest.Order{Holder: "UTDV00001", Role: cvc.ForeignDV, Rights: 1})
	terminal := issue(t, dv, cvctest.Order{Holder: "UTIS00001", Rights: 3})
	altered := bytes.Clone(terminal.Certificate.Raw)
	altered[bytes.Index(altered, []byte("UTIS"))] = 'X'
	tampered, err := cvc.Parse(altered)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		by   *cvctest.Holder
		c    *cvc.Certificate
		want error
	}{
		{"a DV's by its CVCA", root, dv.Certificate, nil},
		{"a terminal's by its DV", dv, terminal.Certificate, nil},
		{"a terminal's by a CVCA", root, issue(t, root, cvctest.Order{Holder: "UTIS00002"}).Certificate, cvc.ErrNotIssued},
		{"a DV's by a DV", dv, issue(t, dv, cvctest.Order{Holder: "UTDV00002", Role: cvc.DomesticDV}).Certificate, cvc.ErrNotIssued},
		{"a CVCA's by a DV", dv, issue(t, dv, cvctest.Order{Holder: "UTCVCA00002", Role: cvc.CVCA}).Certificate, cvc.ErrNotIssued},
		{"a terminal's by a terminal", terminal, issue(t, terminal, cvctest.Order{Holder: "UTIS00003"}).Certificate, cvc.ErrNotIssued},
		{"an altered one", dv, tampered, cvc.ErrNotIssued},
		{"by another authority of the same name", other, dv.Certificate, cvc.ErrNotIssued},
		{"by an authority of another name", root, terminal.Certificate, cvc.ErrNotIssued},
		{"for another type of terminal", root, issue(t, root, cvctest.Order{Holder: "UTDV00003", Role: cvc.DomesticDV,
			Type: cvc.AuthenticationTerminal}).Certificate, cvc.ErrNotIssued},
		{"an expired one", dv, issue(t, dv, cvctest.Order{Holder: "UTIS00004", Until: day("2026-11-21")}).Certificate, cvc.ErrExpired},
		{"one on its last day", dv, issue(t, dv, cvctest.Order{Holder: "UTIS00005", Until: day("2026-11-22")}).Certificate, nil},
		{"one of tomorrow", dv, issue(t, dv, cvctest.Order{Holder: "UTIS00006", From: day("2026-11-23")}).Certificate, nil},
		{"an expired link", root, issue(t, root, cvctest.Order{Holder: "UTCVCA00002", Role: cvc.CVCA, Until: day("2026-01-01")}).Certificate, nil},
		{"with extensions and its curve", dv, issue(t, dv, cvctest.Order{Holder: "UTIS00007", Whole: true, Extensions: []byte{0x73, 0}}).Certificate, nil},
		{"on another curve", dv, issue(t, dv, cvctest.Order{Holder: "UTIS00008", Algorithm: cvctest.Algorithm{
			Scheme: fast.Scheme, Curve: "brainpoolP256r1"}}).Certificate, cvc.ErrMalformed},
	}
	root1 := anchor(t, root.Certificate)
	dv1, err := root1.Accept(dv.Certificate, now)
	if err != nil {
		t.Fatal(err)
	}
	terminal1, err := dv1.Accept(terminal.Certificate, now)
	if err != nil {
		t.Fatal(err)
	}
	trusted := map[*cvctest.Holder]cvc.Trusted{root: root1, dv: dv1, terminal: terminal1, other: anchor(t, other.Certificate)}
	if terminal1.Effective.Irises() {
		t.Error("a terminal has a right that its DV has not")
	}
	for _, test := range tests {
		if _, err := trusted[test.by].Accept(test.c, now); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestAnchorsAreCVCAs(t *testing.T) {
	root := cvca(t, cvctest.Order{Holder: "UTCVCA00001"})
	dv := issue(t, root, cvctest.Order{Holder: "UTDV00001", Role: cvc.DomesticDV, Whole: true})
	if _, err := cvc.Anchor(dv.Certificate); !errors.Is(err, cvc.ErrNotIssued) {
		t.Errorf("a DV: %v", err)
	}
	forged := *root.Certificate
	forged.Signature = bytes.Repeat([]byte{1}, len(forged.Signature))
	if _, err := cvc.Anchor(&forged); !errors.Is(err, cvc.ErrNotIssued) {
		t.Errorf("a self-signed one with a wrong signature: %v", err)
	}
}

func TestPathIsTheShortestThroughTheLinks(t *testing.T) {
	first := cvca(t, cvctest.Order{Holder: "UTCVCA00001"})
	second := issue(t, first, cvctest.Order{Holder: "UTCVCA00002", Role: cvc.CVCA, Until: day("2026-01-01")})
	third := issue(t, second, cvctest.Order{Holder: "UTCVCA00003", Role: cvc.CVCA})
	back := issue(t, third, cvctest.Order{Holder: "UTCVCA00001", Role: cvc.CVCA})
	dv := issue(t, third, cvctest.Order{Holder: "UTDV00001", Role: cvc.DomesticDV})
	expired := issue(t, first, cvctest.Order{Holder: "UTDV00001", Role: cvc.DomesticDV, Until: day("2026-11-21")})
	terminal := issue(t, dv, cvctest.Order{Holder: "UTIS00001"}).Certificate
	known := []*cvc.Certificate{first.Certificate, back.Certificate, expired.Certificate, second.Certificate, third.Certificate, dv.Certificate}
	tests := []struct {
		name string
		from cvc.Reference
		now  time.Time
		want []*cvc.Certificate
	}{
		{"from the newest key", "UTCVCA00003", now, []*cvc.Certificate{dv.Certificate, terminal}},
		{"from the oldest key", "UTCVCA00001", now, []*cvc.Certificate{second.Certificate, third.Certificate, dv.Certificate, terminal}},
		{"from the oldest key while it issued to the DV", "UTCVCA00001", day("2026-11-20"), []*cvc.Certificate{expired.Certificate, terminal}},
		{"from the DV", "UTDV00001", now, []*cvc.Certificate{terminal}},
		{"from elsewhere", "XXCVCA00001", now, nil},
		{"after the terminal expired", "UTCVCA00003", day("2040-01-01"), nil},
	}
	for _, test := range tests {
		got := cvc.Path(test.from, terminal, known, test.now)
		same := len(got) == len(test.want)
		for i := range got {
			same = same && got[i] == test.want[i]
		}
		if !same {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestBytesThatAreNoCertificateAreRefused(t *testing.T) {
	good := issue(t, cvca(t, cvctest.Order{Holder: "UTCVCA00001"}), cvctest.Order{Holder: "UTIS00001"}).Certificate.Raw
	change := func(old, new []byte) []byte {
		if !bytes.Contains(good, old) || len(old) != len(new) {
			t.Fatalf("%X is not there, or not as long as %X", old, new)
		}
		return bytes.Replace(good, old, new, 1)
	}
	tests := []struct {
		name string
		b    []byte
		want error
	}{
		{"nothing", nil, cvc.ErrMalformed},
		{"the body alone", good[bytes.Index(good, []byte{0x7F, 0x4E}):], cvc.ErrMalformed},
		{"a byte too few", good[:len(good)-1], cvc.ErrMalformed},
		{"a byte too many", append(bytes.Clone(good), 0), cvc.ErrMalformed},
		{"too long", tlv.Append(nil, 0x7F21, make([]byte, 9000)), cvc.ErrMalformed},
		{"another profile", change([]byte{0x5F, 0x29, 1, 0}, []byte{0x5F, 0x29, 1, 1}), cvc.ErrUnsupported},
		{"an object in place of another", change([]byte{0x5F, 0x29, 1, 0}, []byte{0x5F, 0x2A, 1, 0}), cvc.ErrMalformed},
		{"an unknown algorithm", change([]byte{2, 2, 2, 2, 3, 0x86}, []byte{2, 2, 2, 2, 9, 0x86}), cvc.ErrUnsupported},
		{"an unknown type of terminal", change([]byte{3, 1, 2, 1, 0x53}, []byte{3, 1, 2, 9, 0x53}), cvc.ErrUnsupported},
		{"rights of another length", change([]byte{3, 1, 2, 1, 0x53}, []byte{3, 1, 2, 2, 0x53}), cvc.ErrMalformed},
		{"a month of thirteen", change([]byte{0x5F, 0x25, 6, 2, 5, 0, 1}, []byte{0x5F, 0x25, 6, 2, 5, 1, 3}), cvc.ErrMalformed},
		{"a digit of ten", change([]byte{0x5F, 0x24, 6, 3}, []byte{0x5F, 0x24, 6, 10}), cvc.ErrMalformed},
		{"a reference with a control character", change([]byte("UTIS0"), []byte("UTIS\n")), cvc.ErrMalformed},
	}
	for _, test := range tests {
		if _, err := cvc.Parse(test.b); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestCurvesOfOnesOwnAreRefused(t *testing.T) {
	root := parse(t, exampleCVCA)
	generator := unhex(t, "840481aee4bd")
	at := bytes.Index(root.Raw, generator[1:])
	if at < 0 {
		t.Fatal("the generator is not there")
	}
	for name, offset := range map[string]int{"generator": 20, "prime": -190, "order": 160} {
		b := bytes.Clone(root.Raw)
		b[at+offset] ^= 1
		if _, err := cvc.Parse(b); !errors.Is(err, cvc.ErrUnsupported) {
			t.Errorf("another %s: %v", name, err)
		}
	}
}

func TestReferencesOfEFCVCA(t *testing.T) {
	one := append([]byte{0x42, 11}, "UTCVCA00002"...)
	two := append(bytes.Clone(one), append([]byte{0x42, 11}, "UTCVCA00001"...)...)
	tests := []struct {
		name string
		b    []byte
		want []cvc.Reference
	}{
		{"one", one, []cvc.Reference{"UTCVCA00002"}},
		{"two and zeros", append(bytes.Clone(two), make([]byte, 10)...), []cvc.Reference{"UTCVCA00002", "UTCVCA00001"}},
		{"three", append(bytes.Clone(two), one...), nil},
		{"zeros", make([]byte, 36), nil},
		{"another object", []byte{0x43, 1, 'U'}, nil},
		{"a cut one", one[:5], nil},
		{"an empty one", []byte{0x42, 0, 1}, nil},
	}
	for _, test := range tests {
		got, err := cvc.References(test.b)
		if (err == nil) != (test.want != nil) || err != nil && !errors.Is(err, cvc.ErrMalformed) || len(got) != len(test.want) {
			t.Errorf("%s: %v, %v", test.name, got, err)
			continue
		}
		for i := range got {
			if got[i] != test.want[i] || got[i].Country() != "UT" {
				t.Errorf("%s: %v, want %v", test.name, got, test.want)
			}
		}
	}
	if got := cvc.Reference("D\xC4TEST").String(); got != "DÄTEST" {
		t.Errorf("in UTF-8 %q", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{exampleCVCA, exampleDV, exampleTerminal} {
		f.Add(unhex(f, s))
	}
	root, err := cvctest.NewCVCA(cvctest.Order{Holder: "UTCVCA00001", Extensions: []byte{0x73, 0},
		Algorithm: cvctest.Algorithm{Scheme: cvc.Scheme{Method: cvc.PSS, Hash: crypto.SHA256}, Bits: 1024}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(root.Certificate.Raw)
	trusted := anchor(f, parse(f, exampleCVCA))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := cvc.Parse(b)
		if err != nil {
			if !errors.Is(err, cvc.ErrMalformed) && !errors.Is(err, cvc.ErrUnsupported) {
				t.Fatalf("unknown error %v", err)
			}
			return
		}
		content, err := tlv.Only(c.Raw, 0x7F21)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := cvc.ParseContent(content); err != nil || again.String() != c.String() {
			t.Fatalf("parsed again: %v, %v", again, err)
		}
		if c.Holder != trusted.Holder { // verifying is slow and owes nothing to the parser
			return
		}
		if next, err := trusted.Accept(c, c.From); err == nil && !bytes.Equal(next.Raw, b) {
			t.Fatal("accepted another one than was given")
		}
	})
}

func FuzzReferences(f *testing.F) {
	f.Add(append([]byte{0x42, 11}, "UTCVCA00002"...))
	f.Add(make([]byte, 36))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := cvc.References(b)
		if err == nil && (len(all) == 0 || len(all) > 2) || err != nil && !errors.Is(err, cvc.ErrMalformed) {
			t.Fatalf("%v, %v", all, err)
		}
	})
}
