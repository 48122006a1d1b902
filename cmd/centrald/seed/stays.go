package seed

import (
	"fmt"
	"time"

	"boothd/cmd/centrald/border"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// crossing is one record of a file.
type crossing struct {
	kind     border.Kind
	ago      int           // days before today
	reason   border.Reason // of a refusal
	until    int           // days after today until when an authority has allowed the stay; 0 leaves it to the rule
	fallback bool
}

// history is a file's records.
type history []crossing

// The histories. The rule that they are judged by is 90 days in any 180.
var (
	outside      = history{{kind: border.KindEntry, ago: 60}, {kind: border.KindExit, ago: 51}}
	longAgo      = history{{kind: border.KindEntry, ago: 420}, {kind: border.KindExit, ago: 400}}
	inside       = history{{kind: border.KindEntry, ago: 20}}
	severalStays = history{
		{kind: border.KindEntry, ago: 160}, {kind: border.KindExit, ago: 150}, {kind: border.KindEntry, ago: 100},
		{kind: border.KindExit, ago: 81}, {kind: border.KindEntry, ago: 9},
	}
	overstayed   = history{{kind: border.KindEntry, ago: 120}}
	overstayOver = history{{kind: border.KindEntry, ago: 400}, {kind: border.KindExit, ago: 290}}
	refused      = history{{kind: border.KindRefusal, ago: 30, reason: "E"}}
	usedUp       = history{{kind: border.KindEntry, ago: 95}, {kind: border.KindExit, ago: 6}}
	incomplete   = history{{kind: border.KindEntry, ago: 90}, {kind: border.KindEntry, ago: 40}, {kind: border.KindExit, ago: 30}}
	storedFirst  = history{{kind: border.KindEntry, ago: 15, fallback: true}}
	extended     = history{{kind: border.KindEntry, ago: 100, until: 20}}
)

// stayed gives the person a file of the entry/exit system. The fingers of visa holders are
// in the VIS and not here.
func stayed(h history) holding {
	return func(b *batch, p *person) {
		if !p.enters(system.EES) {
			return
		}
		e := p.entry()
		e.Documents = []gallery.DocumentNumber{p.paper}
		if p.zone.Nationality == needsAuthorisation && !p.visaOnly() {
			e.Fingers = p.filed()
		}
		b.files = append(b.files, border.File{Entry: e, Records: h.records(p)})
		p.holds(system.EES, e.Fingers)
	}
}

// records are the history as it happened to the person.
func (h history) records(p *person) []border.Crossing {
	records := make([]border.Crossing, len(h))
	for i, c := range h {
		r := border.Crossing{
			ID: fmt.Sprintf("%s-%d", p.id, i+1), Booth: "seed", Place: "Port of Utopia", Kind: c.kind,
			At: noon(p.now, -c.ago), Reason: c.reason, Fallback: c.fallback,
		}
		if c.fallback {
			r.Uploaded = r.At.Add(3 * time.Hour)
		}
		if c.until != 0 {
			r.AuthorisedUntil = border.DayOf(noon(p.now, c.until))
		}
		records[i] = r
	}
	return records
}

// noon is the middle of a day, so many days after today.
func noon(now time.Time, days int) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d+days, 12, 0, 0, 0, now.Location())
}
