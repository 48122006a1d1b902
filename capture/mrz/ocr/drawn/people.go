package drawn

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"boothd/capture/mrz"
)

// formats are those whose photographs are drawn, each as often as it stands here.
var formats = [...]mrz.Format{mrz.TD3, mrz.TD3, mrz.TD1, mrz.TD1, mrz.TD2, mrz.MRVA, mrz.MRVB, mrz.FRAID}

// Lines invents a document and returns its zone.
func Lines(rng *rand.Rand) ([]string, error) {
	format := formats[rng.IntN(len(formats))]
	f := mrz.Fields{
		DocumentCode: map[mrz.Format]string{mrz.TD3: "P", mrz.TD1: "I", mrz.TD2: "I", mrz.MRVA: "V", mrz.MRVB: "V"}[format],
		Issuer:       pick(rng, states[:]), Nationality: pick(rng, states[:]),
		DocumentNumber: serial(rng, 9), Surname: name(rng), GivenNames: name(rng),
		BirthDate: date(rng), ExpiryDate: date(rng), Sex: pick(rng, []string{"M", "F", "<"}),
	}
	if chance(rng, 0.5) {
		f.GivenNames = name(rng)[:3] + " " + f.GivenNames
	}
	if chance(rng, 0.5) {
		f.Optional = serial(rng, 3+rng.IntN(5))
	}
	if format == mrz.FRAID {
		f.DocumentCode, f.Issuer, f.Nationality, f.ExpiryDate, f.Optional = "ID", "FRA", "", "", ""
		f.DocumentNumber = date(rng)[:4] + serial(rng, 8)
		f.GivenNames = strings.ReplaceAll(f.GivenNames, " ", ", ")
		f.GivenNames = f.GivenNames[:min(len(f.GivenNames), 13)]
	}
	lines, err := mrz.Compose(format, f)
	if err != nil {
		return nil, fmt.Errorf("invent a document: %w", err)
	}
	return lines, nil
}

var states = [...]string{"UTO", "D", "FRA", "POL", "GBR", "SRB", "AUS", "BIH", "QAT", "XXA", "KGZ", "MOZ", "VNM", "JPN", "CHE", "EST"}

func pick(rng *rand.Rand, of []string) string { return of[rng.IntN(len(of))] }

// serial mixes letters and digits, mostly digits.
func serial(rng *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		if chance(rng, 0.2) || i < 2 && chance(rng, 0.4) {
			b.WriteByte(byte('A' + rng.IntN(26)))
		} else {
			b.WriteByte(byte('0' + rng.IntN(10)))
		}
	}
	return b.String()
}

// name has any letters, so that no language helps to read it.
func name(rng *rand.Rand) string {
	b := make([]byte, 4+rng.IntN(7))
	for i := range b {
		b[i] = byte('A' + rng.IntN(26))
	}
	return string(b)
}

func date(rng *rand.Rand) string {
	return fmt.Sprintf("%02d%02d%02d", rng.IntN(100), 1+rng.IntN(12), 1+rng.IntN(28))
}
