package stage

import (
	"time"

	"boothd/capture/mrz"
	"boothd/localmatch/gallery"
)

// listed is a traveller of the cast who is on a local list. What central's systems hold is
// seeded there (cmd/centrald/seed).
type listed struct {
	traveller int
	list      string
	alert
}

// alert is why somebody is on a list or in a system.
type alert struct {
	category, action string
	byName           bool // the entry has another document number
	byFinger         bool // the entry holds a finger and nothing else
	discreet         bool
}

// onLists are the entries of the demo's local lists at its first start.
func onLists() []listed {
	return []listed{
		{2, "sltd", alert{category: "stolen document", action: "seize the document, refer"}},
		{5, "sis-persons", alert{category: "arrest", action: "verify identity, then arrest", byName: true}},
		{10, "sis-persons", alert{category: "discreet check", action: "note time, place and company; let pass", discreet: true}},
		{11, "national", alert{category: "wanted as a witness", action: "note the address"}},
		{50, "national", alert{category: "discreet check", action: "note time, place and company; let pass", byFinger: true, discreet: true}},
		{91, "sis-persons", alert{category: "unknown wanted person", action: "find out who it is, then arrest", byFinger: true}},
	}
}

// zone reads the document of a traveller as a booth would.
func zone(n int) (mrz.Zone, error) {
	t, err := travellerOf(n)
	if err != nil {
		return mrz.Zone{}, err
	}
	return mrz.Parse(t.MRZ, time.Now())
}

// entry is the traveller as an entry of a list or system.
func entry(n int, a alert) (gallery.Entry, error) {
	e := gallery.Entry{ID: entryID(n), Category: a.category, Action: a.action, Discreet: a.discreet}
	if !a.byFinger {
		err := describe(&e, n, a.byName)
		return e, err
	}
	listed, err := listedFinger(n)
	e.Fingers = []gallery.FingerTemplate{listed}
	return e, err
}

// describe adds what the traveller's document says.
func describe(e *gallery.Entry, n int, byName bool) error {
	z, err := zone(n)
	if err != nil {
		return err
	}
	name := z.Surname
	if z.GivenNames != "" {
		name += ", " + z.GivenNames
	}
	e.Names, e.Nationalities, e.Sex = []string{name}, []string{z.Nationality}, z.Sex
	if born := z.BirthDate.ISO(); born != "" {
		e.BirthDates = []string{born}
	}
	if !byName {
		e.Documents = []gallery.DocumentNumber{{Number: z.DocumentNumber, Type: z.DocumentCode, Issuer: z.Issuer}}
	}
	return nil
}
