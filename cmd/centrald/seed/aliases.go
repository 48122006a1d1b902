package seed

import (
	"errors"
	"strings"

	"boothd/capture"
	"boothd/cmd/centrald/identity"
	"boothd/sync/system"
)

// aliasOffset leads from a traveller's number to that of whose name and document the
// traveller's other identity is made of. Nobody of such a number is put in.
const aliasOffset = 5_000_000

// alias is a second identity that the detector will link with the person's own.
type alias struct {
	system string             // VIS or Eurodac, where the second identity is
	same   bool               // the finger is the person's own; otherwise name and birth date are alike
	colour capture.LinkColour // as which the link was verified; yellow if not yet
}

// known gives the person a second identity.
func known(a alias) holding {
	return func(b *batch, p *person) {
		other, err := newPerson(p.number+aliasOffset, p.now, false)
		b.err = errors.Join(b.err, err)
		if err != nil || len(p.file.Biometrics) == 0 { // a child under twelve has no finger that could tell
			return
		}
		other.id = p.id + "-2"
		other.file.ID = other.id
		if a.same {
			other.share(p)
		} else {
			other.resemble(p)
		}
		switch a.system {
		case system.VIS:
			admitted(visaValid)(b, other)
		case system.Eurodac:
			listed(applicant)(b, other)
		}
		b.repository = append(b.repository, other.file)
		if a.colour != capture.LinkYellow {
			b.verified = append(b.verified, verified{other.file.Holdings[0], a.colour})
		}
	}
}

// share gives the second identity the person's finger.
func (p *person) share(o *person) {
	o.takeFinger()
	p.finger, p.prints, p.file.Biometrics = o.finger, o.prints, o.file.Biometrics
}

// resemble takes over the name, and the birth date with day and month in the other order;
// where there is no such day, the nationality is another one instead. The finger is another.
func (p *person) resemble(o *person) {
	p.zone.Surname, p.zone.GivenNames, p.zone.NameTruncated, p.zone.Sex = o.zone.Surname, o.zone.GivenNames, o.zone.NameTruncated, o.zone.Sex
	p.zone.Nationality, p.born = o.zone.Nationality, o.born
	part := strings.Split(o.born, "-")
	if len(part) == 3 && part[2] <= "12" && part[1] != part[2] {
		p.born = part[0] + "-" + part[2] + "-" + part[1]
	} else if p.zone.Nationality = "XXB"; o.zone.Nationality == "XXB" {
		p.zone.Nationality = "XXA"
	}
	p.file.Identity = p.identity()
	p.file.Biometrics = []identity.Biometric{{Kind: capture.ModalityFinger, Reference: "B-" + p.id}}
}

// watchedDiscreetly puts another identity of the person into SIS for a discreet check. The
// link between the two is discreet as well.
func watchedDiscreetly(b *batch, p *person) {
	other, err := newPerson(p.number+aliasOffset, p.now, false)
	if err != nil {
		b.err = errors.Join(b.err, err)
		return
	}
	other.id = p.id
	other.share(p)
	listed(discreetCheck)(b, other)
	b.watched = append(b.watched, identity.Record{
		Member:   identity.Member{System: system.SIS, Entry: other.id, Discreet: true},
		Identity: other.identity(), Documents: other.file.Documents, Biometrics: p.file.Biometrics,
	})
}

// oldDocument has the systems know a document that the person does not carry any more.
func oldDocument(_ *batch, p *person) {
	p.paper.Number = "OLD" + p.paper.Number
	p.file.Documents = []identity.Document{{Type: p.paper.Type, Issuer: p.paper.Issuer, Number: p.paper.Number}}
}

// anothersFinger has the systems hold a finger that is not the person's.
func anothersFinger(_ *batch, p *person) { p.finger += aliasOffset }
