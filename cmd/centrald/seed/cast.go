package seed

import (
	"context"
	"errors"

	"boothd/capture"
	"boothd/sync/system"
)

// Role is a traveller of the cast.
type Role struct {
	Traveller int
	Note      string // what to expect
}

// role is a traveller of the cast and what is known of him, now and later.
type role struct {
	traveller int
	note      string
	holds     []holding
	late      []holding // put in by Late
}

// Roles lists the cast.
func Roles() []Role {
	var all []Role
	for _, r := range cast() {
		all = append(all, Role{r.traveller, r.note})
	}
	return all
}

// Cast puts the cast in. Put in again, it is as it was.
func Cast(ctx context.Context, s Stores) error {
	return play(ctx, &s, func(r *role) []holding { return r.holds })
}

// Late puts in what becomes known later than the cast: whoever was checked before is found
// among the checks of the last hours then.
func Late(ctx context.Context, s Stores) error {
	return play(ctx, &s, func(r *role) []holding { return r.late })
}

// play puts in what is held of those of whom anything is.
func play(ctx context.Context, s *Stores, holds func(*role) []holding) error {
	now := s.now()
	var roles []role
	var made []*person
	for _, r := range cast() {
		if holds(&r) == nil {
			continue
		}
		p, err := newPerson(r.traveller, now, true)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		p.unprinted, p.shelf = s.NoPrints, s.prints
		roles, made = append(roles, r), append(made, p)
	}
	b := newBatch()
	for i := range roles {
		b.add(made[i], holds(&roles[i])...)
	}
	return b.put(ctx, s, s.CIR)
}

func cast() []role {
	just := func(n int, note string, holds ...holding) role {
		return role{traveller: n, note: note, holds: append([]holding{}, holds...)}
	}
	return []role{
		just(1, "known to nobody"),
		just(2, "SLTD: passport reported stolen", listed(stolenDocument)),
		just(3, "identity card; known to ETIAS only: authorisation valid", authorise(authorised)),
		just(4, "child under twelve: no fingerprints; known to nobody"),
		just(5, "SIS: somebody wanted has this name and birth date", listed(arrest.found(byName))),
		just(7, "VIS: visa revoked", admitted(visaRevoked)),
		just(8, "passport expired; known to nobody"),
		just(10, "SIS: discreet check, the traveller must not notice", listed(discreetCheck)),
		just(11, "on the national list", listed(witness)),
		just(12, "EES: overstayed", stayed(overstayed)),
		just(21, "known to nobody: add to a list, present again"),
		just(50, "national list: discreet check by the finger", listed(nationalDiscreet)),
		just(91, "SIS: clean passport, but the finger is that of somebody wanted", listed(unknownWanted)),

		just(101, "SIS: refusal of entry", listed(refusalOfEntry)),
		just(111, "SIS: return", listed(toReturn)),
		just(112, "SIS: arrest", listed(arrest)),
		just(114, "SIS: missing, a child under twelve", listed(missing)),
		just(116, "SIS: vulnerable, a minor of fifteen; the document does not tell the age", aged(15), listed(toBeProtected)),
		just(121, "SIS: judicial procedure", listed(judicial)),
		just(122, "SIS: inquiry check", listed(inquiryCheck)),
		just(132, "SIS: specific check", listed(specificCheck)),
		just(140, "SIS: passport to be seized", listed(document)),
		just(150, "SLTD: passport reported lost", listed(lostDocument)),
		just(151, "TDAWN: passport associated with a notice", listed(noticedDocument)),
		just(152, "Europol data: hit; second line only", listed(europolData)),
		just(160, "ECRIS-TCN: a conviction behind a judicial grant; second line only", listed(conviction)),
		just(161, "Eurodac, by the finger: applicant for international protection", listed(applicant)),
		just(162, "Eurodac, by the finger: irregular crossing", listed(irregular)),
		just(170, "Eurodac, by the finger: illegal stay", listed(illegalStay)),
		just(136, "Eurodac, by the finger: applicant, a minor of fourteen", aged(14), listed(applicant)),

		just(171, "EES: inside, 69 days left on the first day", stayed(inside)),
		just(172, "EES: outside after one stay", stayed(outside)),
		just(180, "EES: inside, third stay", stayed(severalStays)),
		just(181, "EES: refused entry before", stayed(refused)),
		just(182, "EES: outside, no days of stay left", stayed(usedUp)),
		just(190, "EES: an exit was not recorded", stayed(incomplete)),
		just(191, "EES: inside, the entry was stored locally first", stayed(storedFirst)),
		just(192, "EES: inside for longer than 90 days, extended by an authority", stayed(extended)),
		just(202, "EES: the finger is not that of the file", anothersFinger, stayed(inside)),
		just(210, "EES: a file under another document, found by name or finger", oldDocument, stayed(outside)),
		just(211, "EES: overstayed once, left since", stayed(overstayOver)),
		just(124, "EES: a child under twelve, inside; not verified by a finger", stayed(inside)),

		just(102, "VIS: visa valid", admitted(visaValid)),
		just(110, "VIS: visa valid for one entry", admitted(visaOneEntry)),
		just(120, "VIS: visa of limited territory", admitted(visaLimited)),
		just(130, "VIS: visa expired", admitted(visaExpired)),
		just(131, "VIS: visa not valid yet", admitted(visaNotYet)),
		just(141, "VIS: entries of the visa used up", admitted(visaUsedUp)),
		just(201, "VIS: visa annulled", admitted(visaAnnulled)),
		just(17, "VIS, by the sticker: visa valid", admitted(visaValid)),
		just(177, "VIS: nobody knows the sticker"),
		just(257, "VIS: the finger is not the visa holder's", anothersFinger, admitted(visaValid)),
		just(221, "VIS: perhaps this person's visa, by the name", oldDocument, admitted(visaValid)),
		just(134, "VIS: a child's visa", admitted(visaValid)),

		just(212, "ETIAS: no authorisation", unauthorised),
		just(220, "ETIAS: authorisation expired", authorise(authorisedPast)),
		just(222, "ETIAS: authorisation refused", authorise(authorisationNo)),
		just(230, "ETIAS: authorisation revoked", authorise(authorisationOff)),
		just(231, "ETIAS: authorisation valid, flagged", authorise(authorisedFlag)),
		just(232, "ETIAS: authorisation not valid yet", authorise(authorisedLater)),

		just(241, "white link: EES and VIS know one identity", stayed(outside), admitted(visaValid)),
		just(242, "yellow link: the finger has another name in the VIS; to be verified in second line", stayed(inside), known(alias{system.VIS, true, capture.LinkYellow})),
		just(250, "red link: the finger has another name in the VIS, verified as unlawful", stayed(outside), known(alias{system.VIS, true, capture.LinkRed})),
		just(300, "green link: somebody else in the VIS has a like name and birth date", stayed(outside), known(alias{system.VIS, false, capture.LinkGreen})),
		just(260, "discreet link: the finger has another name in SIS, for a discreet check", stayed(inside), watchedDiscreetly),
		just(270, "law enforcement: held by EES, VIS and Eurodac", stayed(outside), admitted(visaValid), listed(applicant)),

		{traveller: 262, note: "known to nobody yet; wanted for arrest in SIS later", holds: []holding{}, late: []holding{listed(arrest)}},
	}
}
