package seed

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/cmd/centrald/identity"
	"boothd/localmatch/finger"
	"boothd/localmatch/gallery"
)

// person is a traveller on the way into the stores.
type person struct {
	number int
	id     string // of the person's entries, in every system
	zone   mrz.Zone
	// The document and the birth date as the systems know them: an old one, or better than
	// the document says.
	paper     gallery.DocumentNumber
	born      string
	now       time.Time
	shelf     *printShelf
	unprinted bool // entries that are found otherwise too have no finger
	finger    int  // the traveller whose finger systems hold as the person's; 0 for none
	prints    []gallery.FingerTemplate
	err       error    // of the finger
	in        []string // the systems that know the person already
	// permitted is set once it is settled by which permission the person travels.
	permitted bool
	file      identity.File // in the common identity repository; put if it holds anything
}

// rightIndex is the finger that the simulator's travellers lay.
const rightIndex capture.FingerPosition = 2

// newPerson is the traveller of the number. Only who is printed has a finger in systems; a
// child under twelve never has.
func newPerson(n int, now time.Time, printed bool) (*person, error) {
	t := synthetic.New(n)
	z, err := mrz.Parse(t.MRZ, now)
	if err != nil {
		return nil, fmt.Errorf("read the document of traveller %d: %w", n, err)
	}
	p := &person{number: n, id: fmt.Sprintf("T-%07d", n), zone: z, born: z.BirthDate.ISO(), now: now}
	p.paper = gallery.DocumentNumber{Number: z.DocumentNumber, Type: z.DocumentCode, Issuer: z.Issuer}
	p.file = identity.File{ID: p.id, Identity: p.identity()}
	if !p.visaOnly() {
		p.file.Documents = []identity.Document{{Type: z.DocumentCode, Issuer: z.Issuer, Number: z.DocumentNumber}}
	}
	if !t.Child {
		p.file.Biometrics = []identity.Biometric{{Kind: capture.ModalityFinger, Reference: "B-" + p.id}}
		if printed {
			p.finger = n
		}
	}
	return p, nil
}

// fingers are what a system takes of the person: the finger that is laid at a booth, laid
// another time, otherwise.
func (p *person) fingers() []gallery.FingerTemplate {
	p.takeFinger()
	return p.prints
}

// filed are the fingers of an entry that is found otherwise too.
func (p *person) filed() []gallery.FingerTemplate {
	if p.unprinted {
		return nil
	}
	return p.fingers()
}

// takeFinger makes the print of the person's finger, which takes long, unless it is there.
func (p *person) takeFinger() {
	if p.finger == 0 || p.prints != nil || p.err != nil {
		return
	}
	if p.shelf == nil {
		p.prints, p.err = printOf(p.finger)
		return
	}
	if kept, there := p.shelf.made.Load(p.finger); there {
		p.prints = kept.([]gallery.FingerTemplate)
		return
	}
	if p.prints, p.err = printOf(p.finger); p.err == nil {
		p.shelf.made.Store(p.finger, p.prints)
	}
}

// printOf is the finger of a traveller as systems hold it.
func printOf(n int) ([]gallery.FingerTemplate, error) {
	earlier := synthetic.Press{X: -14, Y: 9, Turn: 8, Area: 0.95, Pressure: 0.1, Seed: 3}
	t, err := finger.Extract(synthetic.New(n).Press(int(rightIndex), earlier), synthetic.FingerDPI)
	if err != nil {
		return nil, fmt.Errorf("finger of traveller %d: %w", n, err)
	}
	data, err := t.AppendBinary(nil)
	return []gallery.FingerTemplate{{Position: rightIndex, Format: gallery.FormatBoothd, Data: data}}, err
}

func (p *person) identity() identity.Identity {
	return identity.Identity{
		Surname: p.zone.Surname, GivenNames: p.zone.GivenNames, BirthDate: p.born, Sex: p.zone.Sex, Nationality: p.zone.Nationality,
	}
}

// visaOnly reports whether the person presents a visa and no passport.
func (p *person) visaOnly() bool { return p.zone.Format == mrz.MRVA || p.zone.Format == mrz.MRVB }

// entry is the person as the systems describe people, with the document.
func (p *person) entry() gallery.Entry {
	e := entryOf(p.id, p.identity())
	if !p.visaOnly() {
		e.Documents = []gallery.DocumentNumber{p.paper}
	}
	return e
}

// entryOf is an identity as an entry.
func entryOf(id string, i identity.Identity) gallery.Entry {
	e := gallery.Entry{ID: id, Names: []string{i.Surname}, Sex: i.Sex, Nationalities: []string{i.Nationality}}
	if i.GivenNames != "" {
		e.Names[0] += ", " + i.GivenNames
	}
	if i.BirthDate != "" {
		e.BirthDates = []string{i.BirthDate}
	}
	return e
}

// enters reports whether the person is new in the system. Nobody has two entries in one:
// the first counts.
func (p *person) enters(system string) bool {
	if slices.Contains(p.in, system) {
		return false
	}
	p.in = append(p.in, system)
	return true
}

// holding puts a person into a system, or more than one.
type holding func(b *batch, p *person)

// holds notes in the person's file of the repository that a system has an entry, and hands
// its fingers on.
func (p *person) holds(system string, fingers []gallery.FingerTemplate) {
	p.file.Holdings = append(p.file.Holdings, identity.Member{System: system, Entry: p.id})
	if len(fingers) > 0 {
		p.file.Fingers = fingers
	}
}

// add puts the person in with all that is held, and a travel authorisation if nothing else
// settles by what the person travels.
func (b *batch) add(p *person, holds ...holding) {
	for _, put := range holds {
		put(b, p)
	}
	if !p.permitted && p.zone.Nationality == needsAuthorisation {
		b.authorisations = append(b.authorisations, authorised.of(p))
	}
	b.err = errors.Join(b.err, p.err)
	if len(p.file.Holdings) > 0 {
		b.repository = append(b.repository, p.file)
	}
}

// needsAuthorisation is the one nationality of travellers who need a travel authorisation;
// the others need a visa.
const needsAuthorisation = "UTO"

// aged sets the birth date as the systems know it, so that the person is of the age.
func aged(years int) holding {
	return func(_ *batch, p *person) {
		p.born = p.now.AddDate(-years, -1, 0).Format(time.DateOnly)
		p.file.BirthDate = p.born
	}
}
