package seed

import (
	"fmt"
	"time"

	"boothd/cmd/centrald/visa"
	"boothd/sync/system"
)

// sticker is how somebody's visa stands; from and until are days after today.
type sticker struct {
	status        visa.Status
	from, until   int
	entries, used int
	territory     string
}

// The visas.
var (
	visaValid    = sticker{status: visa.StatusValid, from: -60, until: 300}
	visaOneEntry = sticker{status: visa.StatusValid, from: -5, until: 25, entries: 1}
	visaLimited  = sticker{status: visa.StatusValid, from: -10, until: 80, entries: 2, territory: "Utopia only"}
	visaExpired  = sticker{status: visa.StatusValid, from: -120, until: -30}
	visaNotYet   = sticker{status: visa.StatusValid, from: 14, until: 44}
	visaUsedUp   = sticker{status: visa.StatusValid, from: -60, until: 30, entries: 1, used: 1}
	visaRevoked  = sticker{status: visa.StatusRevoked, from: -40, until: 140}
	visaAnnulled = sticker{status: visa.StatusAnnulled, from: -40, until: 140}
)

// admitted gives the person a visa. Who presents a visa presents this one.
func admitted(s sticker) holding {
	return func(b *batch, p *person) {
		if !p.enters(system.VIS) {
			return
		}
		e := p.entry()
		e.Fingers = p.filed()
		b.entries[system.VIS] = append(b.entries[system.VIS], e)
		number := fmt.Sprintf("UTO%07d", p.number)
		if p.visaOnly() {
			number = p.zone.DocumentNumber
		}
		b.visas = append(b.visas, visa.Visa{
			Sticker: number, Holder: p.id, From: date(p.now, s.from), Until: date(p.now, s.until),
			Entries: s.entries, Used: s.used, Territory: s.territory, Status: s.status,
		})
		p.permitted = !p.visaOnly()
		p.holds(system.VIS, e.Fingers)
	}
}

// authorisation is how somebody's travel authorisation stands.
type authorisation struct {
	status      visa.Status
	from, until int
	flag        string
}

// The authorisations.
var (
	authorised       = authorisation{status: visa.StatusValid, from: -200, until: 800}
	authorisedPast   = authorisation{status: visa.StatusValid, from: -1100, until: -10}
	authorisedLater  = authorisation{status: visa.StatusValid, from: 7, until: 1000}
	authorisedFlag   = authorisation{status: visa.StatusValid, from: -100, until: 900, flag: "second-line check recommended"}
	authorisationNo  = authorisation{status: visa.StatusRefused, from: -100, until: 900}
	authorisationOff = authorisation{status: visa.StatusRevoked, from: -100, until: 900}
)

// of is the authorisation of the person's document.
func (a authorisation) of(p *person) visa.Authorisation {
	return visa.Authorisation{
		Number: p.zone.DocumentNumber, Issuer: p.zone.Issuer, Holder: p.id,
		From: date(p.now, a.from), Until: date(p.now, a.until), Status: a.status, Flag: a.flag,
	}
}

// authorise gives the person a travel authorisation.
func authorise(a authorisation) holding {
	return func(b *batch, p *person) {
		b.authorisations = append(b.authorisations, a.of(p))
		p.permitted = true
		p.holds(system.ETIAS, nil)
	}
}

// unauthorised leaves the person without any permission to travel.
func unauthorised(_ *batch, p *person) { p.permitted = true }

func date(now time.Time, days int) string { return noon(now, days).Format(time.DateOnly) }
