package seed

import (
	"boothd/capture"
	"boothd/sync/system"
)

// whole is what shares are parts of.
const whole = 10_000

// share is how many of 10,000 people are held in some way.
type share struct {
	of10k int
	put   holding
}

// group is a choice of which each person gets one, or none.
type group struct {
	stride int // how the people are dealt out; see lot
	shares []share
	// first is how many people at the head of the mass take part; 0 for all.
	first int
	// of says who takes part; nil for everybody.
	of func(*person) bool
}

// groups deal the mass out over the systems.
//
// The shares are invented; those of what is rare are far too large, so that some of each
// are among any 2,000 people. In truth SIS knows about one traveller in many thousands. What
// the shares keep of the truth: most alerts on persons are about refusals of entry and
// returns, most travellers have a permission and are in nothing else, and most files of the
// entry/exit system are of people who left again in time.
func groups() []group {
	return []group{
		{stride: 6181, shares: []share{ // SIS and the national list: who is wanted, missed or watched
			{110, listed(refusalOfEntry)}, {110, listed(toReturn)}, {40, listed(arrest)}, {20, listed(arrest.found(byName))},
			{40, listed(missing)}, {30, all(minor, listed(toBeProtected))}, {40, listed(judicial)}, {40, listed(discreetCheck)},
			{30, listed(inquiryCheck)}, {30, listed(specificCheck)}, {40, listed(witness)},
		}},
		{stride: 3819, first: Prints, shares: []share{ // who is known by the finger alone
			{500, listed(unknownWanted)}, {500, listed(nationalDiscreet)},
		}},
		{stride: 7321, shares: []share{ // documents
			{60, listed(stolenDocument)}, {60, listed(lostDocument)}, {30, listed(noticedDocument)}, {40, listed(document)},
		}},
		{stride: 4143, shares: []share{ // the entry/exit system
			{1800, stayed(outside)}, {700, stayed(longAgo)}, {900, stayed(inside)}, {300, stayed(severalStays)}, {100, stayed(overstayed)},
			{80, stayed(overstayOver)}, {80, stayed(refused)}, {60, stayed(usedUp)}, {40, stayed(incomplete)}, {60, stayed(storedFirst)}, {40, stayed(extended)},
		}},
		{stride: 2361, of: (*person).needsETIAS, shares: []share{ // travel authorisations
			{8600, authorise(authorised)}, {300, authorise(authorisedPast)}, {100, authorise(authorisedLater)}, {150, authorise(authorisedFlag)},
			{100, authorise(authorisationNo)}, {100, authorise(authorisationOff)}, {650, unauthorised},
		}},
		{stride: 6457, of: (*person).needsVisa, shares: []share{ // visas
			{5000, admitted(visaValid)}, {1500, admitted(visaOneEntry)}, {300, admitted(visaLimited)}, {1000, admitted(visaExpired)},
			{300, admitted(visaNotYet)}, {500, admitted(visaUsedUp)}, {200, admitted(visaRevoked)}, {200, admitted(visaAnnulled)},
		}},
		{stride: 1623, shares: []share{ // asylum, convictions, police
			{80, listed(applicant)}, {80, listed(irregular)}, {60, listed(illegalStay)}, {50, listed(conviction)}, {50, listed(europolData)},
		}},
		{stride: 8317, first: Linked, shares: []share{ // second identities
			{60, all(stayed(inside), known(alias{system.VIS, true, capture.LinkYellow}))},
			{60, known(alias{system.Eurodac, true, capture.LinkYellow})},
			{40, known(alias{system.VIS, true, capture.LinkRed})},
			{40, known(alias{system.Eurodac, false, capture.LinkGreen})},
		}},
	}
}

// The people at the head of the mass who have more than the others: it is costly.
const (
	Prints = 300    // have fingerprints
	Linked = 10_000 // are looked at for links
)

// all is several holdings in one.
func all(some ...holding) holding {
	return func(b *batch, p *person) {
		for _, put := range some {
			put(b, p)
		}
	}
}

// minor makes somebody 15 years old whose document does not tell the age, and leaves others
// as they are.
func minor(b *batch, p *person) {
	if p.born == "" {
		aged(15)(b, p)
	}
}

// lot is what the person draws in a group, 0 to 9,999. Consecutive people draw numbers far
// apart that fill the range evenly, so that few people suffice for some of every kind.
func lot(person, stride int) int {
	return (person*stride + person/whole*(stride/7)) % whole
}

// drawn is what somebody draws in the group; nil for nothing.
func (g *group) drawn(i int, p *person) holding {
	if g.first > 0 && i >= g.first || g.of != nil && !g.of(p) {
		return nil
	}
	n := lot(i, g.stride)
	for _, s := range g.shares {
		if n -= s.of10k; n < 0 {
			return s.put
		}
	}
	return nil
}

// needsVisa reports whether the person travels with a visa: for want of a nationality that
// may travel without, or because it is a visa that is presented.
func (p *person) needsVisa() bool { return p.visaOnly() || p.zone.Nationality != needsAuthorisation }

func (p *person) needsETIAS() bool { return !p.needsVisa() }
