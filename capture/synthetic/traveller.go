// Package synthetic invents travellers for demonstration, training and tests: names,
// documents, portraits and fingerprints.
//
// Everything is made up. Names are built from invented lists, documents are of
// Utopia (UTO), the specimen state of ICAO Doc 9303, or of nationality codes for persons
// without one; portraits are drawn; fingerprints grow out of noise. No picture, print or
// entry of a real person was used, and a likeness would be chance.
//
// A traveller is known by a number: [New] of the same number gives the same traveller,
// portrait and fingerprints, bit for bit. The last digit of the number says what is special:
//
//	0, 1, 2  passport (TD3)
//	3        identity card (TD1); 13, 33, …: with a document number of eleven characters
//	4        a child under twelve until the end of 2032, passport
//	5        identity card (TD2)
//	6        passport, birth date known by year only; 16, 36, …: not known at all
//	7        visa of size A (MRV-A); 17, 37, …: of size B (MRV-B)
//	8        passport expired in 2024
//	9        passport whose name fills its field and may be cut
//
// Other documents expire from 2033 to 2035.
package synthetic

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"

	"boothd/capture/mrz"
)

// Traveller is an invented traveller.
type Traveller struct {
	Number int
	Child  bool       // under twelve
	Format mrz.Format // of the document
	Fields mrz.Fields // what the document says
	MRZ    []string   // its machine-readable zone, every check digit right
}

// LogValue shows the number only, as it would be for a real traveller.
func (t Traveller) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("synthetic traveller %d", t.Number))
}

// New returns traveller number n, from 0 to 9,999,999. Numbers outside are folded into it.
func New(n int) Traveller {
	n = ((n % people) + people) % people
	t := Traveller{Number: n, Format: mrz.TD3}
	rng := t.rng(purposeIdentity)
	t.Fields = mrz.Fields{
		DocumentCode:   "P",
		Issuer:         "UTO",
		DocumentNumber: fmt.Sprintf("SY%07d", n),
		Surname:        surnames[rng.IntN(len(surnames))],
		Nationality:    "UTO",
		BirthDate:      fmt.Sprintf("%02d%02d%02d", (45+rng.IntN(60))%100, 1+rng.IntN(12), 1+rng.IntN(28)),
		Sex:            "F",
		ExpiryDate:     fmt.Sprintf("%02d%02d%02d", 33+rng.IntN(3), 1+rng.IntN(12), 1+rng.IntN(28)),
	}
	names := &womensNames
	if rng.IntN(2) == 0 {
		t.Fields.Sex, names = "M", &mensNames
	}
	t.Fields.GivenNames = names[rng.IntN(len(names))]
	second := names[rng.IntN(len(names))]
	both := t.Fields.GivenNames + " " + second
	if rng.IntN(3) == 0 && second != t.Fields.GivenNames && len(t.Fields.Surname+"<<"+both) < shortestNameField {
		t.Fields.GivenNames = both
	}
	if rng.IntN(5) == 0 {
		t.Fields.Nationality = []string{"XXA", "XXB", "XXC"}[rng.IntN(3)] // 9303-3 §5, part D
	}
	if rng.IntN(12) == 0 {
		t.Fields.Sex = "<"
	}
	t.makeSpecial(rng)
	var err error
	if t.MRZ, err = mrz.Compose(t.Format, t.Fields); err != nil {
		panic("synthetic: a traveller that fits no document: " + err.Error())
	}
	return t
}

const people = 10_000_000

const shortestNameField = 30 // of TD1, 9303-5 §4.2.2

// makeSpecial does what the last digit asks for.
func (t *Traveller) makeSpecial(rng *rand.Rand) {
	odd := t.Number/10%2 == 1
	f := &t.Fields
	switch t.Number % 10 {
	case 3:
		t.Format, f.DocumentCode = mrz.TD1, "ID"
		if odd {
			f.DocumentNumber += "42"
		}
	case 4:
		t.Child = true
		f.BirthDate = fmt.Sprintf("%02d%02d%02d", 21+rng.IntN(4), 1+rng.IntN(12), 1+rng.IntN(28))
	case 5:
		t.Format, f.DocumentCode = mrz.TD2, "I"
	case 6:
		f.BirthDate = f.BirthDate[:2] + "<<<<"
		if odd {
			f.BirthDate = "<<<<<<"
		}
	case 7:
		t.Format, f.DocumentCode = mrz.MRVA, "V"
		if odd {
			t.Format = mrz.MRVB
		}
	case 8:
		f.ExpiryDate = "24" + f.ExpiryDate[2:]
	case 9:
		const field = 39 // of TD3, 9303-4 §4.2.2
		long := f.GivenNames + " " + strings.Join(longNames[:], " ")
		f.GivenNames = long[:field-len("<<")-len(f.Surname)]
		if strings.HasSuffix(f.GivenNames, " ") {
			f.GivenNames = f.GivenNames[:len(f.GivenNames)-1] + "A"
		}
	}
}

// Each thing that is drawn at random has its own sequence, so that a change to one leaves
// the others as they were.
const (
	purposeIdentity = iota
	purposePortrait
	purposeFinger     // and the ten fingers
	purposeImpression = 100
)

func (t Traveller) rng(purpose int) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(t.Number), uint64(purpose)))
}

var surnames = [...]string{
	"ALDERVANE", "BRIMOLEC", "CASTAVERN", "DRENNIKOR", "ELOWYNSKA", "FARROWIND", "GALDIMERE",
	"HOSTRAVEL", "ILVERENKO", "JASPERAN", "KELDOMAR", "LUNDAVIK", "MORVANESCU", "NERIDOTTE",
	"OSTREVANN", "PELLAMOUR", "QUENTARIS", "ROSKEVALD", "SANTHOREL", "TAMBUREK", "UDOVARRI",
	"VELDRANE", "WYSTANOR", "YARROMET", "ZELANDRO", "VAN DER OLMEK", "DE LA TORVENNE", "AL MERIDAH",
}

var womensNames = [...]string{
	"AMRIELLE", "BETHANORA", "CELINDRE", "DARIVA", "ELSAVINE", "FIORELKA", "GRETANYA", "ILMARET",
	"JOVANIE", "KASSIMIRE", "LIORENNE", "MIRELDA", "NOEMIRA", "OLIVANNE", "PETRINEL", "SANNELIE",
}

var mensNames = [...]string{
	"ANDRESKO", "BRANNICK", "CORVANO", "DAMIREL", "EMILIANDER", "FLORIVAN", "GUSTAVEN", "HENDRIM",
	"ISAKORO", "JORANTE", "KRISTOVAN", "LUCARION", "MARTISEK", "NICOLARO", "OSVALDIN", "TOMASIEL",
}

var longNames = [...]string{"THEODORISSIMA", "MAXIMILIANDRA", "WILHELMARIUS", "ALEXANDROVIN"}
