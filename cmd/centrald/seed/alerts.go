package seed

import (
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

// alert is an entry of a system that is a plain register of people or documents.
type alert struct {
	system           string
	category, action string
	discreet         bool
	by               by
}

// by is by what an entry can be found.
type by int

const (
	byAll      by = iota // document, name and, if there is one, finger
	byName               // the entry knows another document, or none
	byDocument           // the alert is about the document
	byFinger             // it is not known who it is
)

// The alerts. Those of SIS are the categories of Regulations (EU) 2018/1860, 2018/1861 and
// 2018/1862; the actions are worded for an officer.
var (
	refusalOfEntry = alert{system: system.SIS, category: "refusal of entry", action: "refuse entry; consult the issuing state if there is a residence title"}
	toReturn       = alert{system: system.SIS, category: "return", action: "on exit confirm departure; on entry refuse or refer"}
	arrest         = alert{system: system.SIS, category: "arrest", action: "verify identity, then arrest"}
	missing        = alert{system: system.SIS, category: "missing person", action: "protect, inform the police"}
	toBeProtected  = alert{system: system.SIS, category: "vulnerable person", action: "prevent travel, protect, inform the police"}
	judicial       = alert{system: system.SIS, category: "judicial procedure", action: "note the address; let pass"}
	discreetCheck  = alert{system: system.SIS, category: "discreet check", action: "note time, place and company; let pass", discreet: true}
	inquiryCheck   = alert{system: system.SIS, category: "inquiry check", action: "interview the person in second line"}
	specificCheck  = alert{system: system.SIS, category: "specific check", action: "search person and baggage in second line"}
	document       = alert{system: system.SIS, category: "document to be seized", action: "seize the document, refer", by: byDocument}
	unknownWanted  = alert{system: system.SIS, category: "unknown wanted person", action: "find out who it is, then arrest", by: byFinger}

	stolenDocument  = alert{system: system.SLTD, category: "stolen document", action: "seize the document, refer", by: byDocument}
	lostDocument    = alert{system: system.SLTD, category: "lost document", action: "seize the document, refer", by: byDocument}
	noticedDocument = alert{system: system.TDAWN, category: "document associated with a notice", action: "refer; confirm with the national bureau", by: byDocument}

	applicant        = alert{system: system.Eurodac, category: "applicant for international protection", action: "state of origin UTO: refer to the asylum authority"}
	irregular        = alert{system: system.Eurodac, category: "irregular crossing", action: "state of origin UTO: refer to second line"}
	illegalStay      = alert{system: system.Eurodac, category: "illegal stay", action: "state of origin UTO: refer to second line"}
	conviction       = alert{system: system.ECRISTCN, category: "conviction", action: "convicting state UTO: ask it for the record"}
	europolData      = alert{system: system.Europol, category: "Europol data", action: "contact the national unit"}
	witness          = alert{system: National, category: "wanted as a witness", action: "note the address"}
	nationalDiscreet = alert{system: National, category: "discreet check", action: "note time, place and company; let pass", discreet: true, by: byFinger}
)

// listed puts the person into the alert's system.
func listed(a alert) holding {
	return func(b *batch, p *person) {
		if a.by == byFinger && p.finger == 0 || !p.enters(a.system) {
			return // nothing would find it, or something does already
		}
		e := p.entry()
		switch a.by {
		case byName:
			e.Documents = nil
		case byDocument:
			e = gallery.Entry{Documents: []gallery.DocumentNumber{p.paper}}
		case byFinger:
			e = gallery.Entry{}
		}
		switch a.by {
		case byAll:
			e.Fingers = p.filed()
		case byFinger:
			e.Fingers = p.fingers()
		}
		e.ID, e.Category, e.Action, e.Discreet = p.id, a.category, a.action, a.discreet
		b.entries[a.system] = append(b.entries[a.system], e)
		switch a.system {
		case system.Eurodac, system.ECRISTCN: // of which the repository has files
			p.holds(a.system, e.Fingers)
		}
	}
}

// found is the alert, to be found by something else.
func (a alert) found(how by) alert {
	a.by = how
	return a
}
