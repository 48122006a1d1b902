package numbers

import "testing"

func TestCodesOfOneIssuerAreOne(t *testing.T) {
	for _, same := range [][]string{
		{"D", "DEU", "DE", "DDR"},
		{"GBR", "GB", "UK", "GBD", "GBN", "GBO", "GBP", "GBS"},
		{"RKS", "XKX", "UNK", "XK", "KS"},
		{"ROU", "ROM", "RO"},
		{"COD", "ZAR", "CD", "ZR"},
		{"TLS", "TMP", "TL", "TP"},
		{"MMR", "BUR", "MM", "BU"},
		{"FRA", "FR", "FXX", "FX"},
		{"BEN", "DHY"}, {"BFA", "HVO"}, {"ZWE", "RHO"}, {"BLR", "BYS"}, {"VNM", "VDR"}, {"YEM", "YMD"},
		{"UNO", "UN"}, {"EUE", "EU"},
	} {
		for _, code := range same {
			if got := Issuer(code); got != same[0] {
				t.Errorf("%s is %s, want %s", code, got, same[0])
			}
		}
	}
}

func TestOtherCodesStayAsTheyAre(t *testing.T) {
	for _, code := range []string{"", "D", "FRA", "UTO", "UNA", "SUN", "YUG", "SCG", "CSK", "COG", "XXA", "XXX", "XOM", "ZZ", "QZ", "E"} {
		if got := Issuer(code); got != code {
			t.Errorf("%q is %q", code, got)
		}
	}
}

func TestANumberIsFoundUnderAnyCodeOfItsIssuer(t *testing.T) {
	b := NewBuilder(Secret{})
	if err := b.Add(Document{Number: "AB1234567", Type: "P", Issuer: "XKX"}, 7); err != nil {
		t.Fatal(err)
	}
	x, err := b.Build(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for issuer, want := range map[string]int{"RKS": 1, "UNK": 1, "XKX": 1, "SRB": 0} {
		n := 0
		for range x.All(Document{Number: "AB1234567", Type: "P", Issuer: issuer}) {
			n++
		}
		if n != want {
			t.Errorf("%s finds %d entries, want %d", issuer, n, want)
		}
	}
}
