package stage

import (
	"time"

	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/localmatch/gallery"
)

// role is a traveller of the demo and why anybody might know him.
type role struct {
	traveller int
	note      string // what to expect, for the page
	alerts    []alert
}

// alert puts the traveller into a local list, a system of the portal, or both.
type alert struct {
	list, system     string
	category, action string
	byName           bool // the entry has another document number
	byFinger         bool // the entry holds a finger and nothing else
	discreet         bool
}

// cast is who comes to the demo's booth.
func cast() []role {
	return []role{
		{1, "known to nobody", nil},
		{2, "passport reported stolen", []alert{{list: "sltd", system: "SLTD", category: "stolen document", action: "seize the document, refer"}}},
		{3, "identity card, known to nobody", nil},
		{4, "child under twelve: no fingerprints", nil},
		{5, "somebody wanted has this name and birth date", []alert{{list: "sis-persons", system: "SIS", category: "arrest", action: "verify identity, then arrest", byName: true}}},
		{7, "visa revoked, known to the portal only", []alert{{system: "VIS", category: "revoked visa", action: "refer"}}},
		{8, "passport expired", nil},
		{10, "discreet check: the traveller must not notice", []alert{{list: "sis-persons", system: "SIS", category: "discreet check", action: "note time, place and company; let pass", discreet: true}}},
		{11, "on the national list", []alert{{list: "national", category: "wanted as a witness", action: "note the address"}}},
		{12, "overstayed, known to the portal only", []alert{{system: "EES", category: "overstay", action: "refer"}}},
		{21, "known to nobody: add to a list, present again", nil},
		{50, "clean passport, discreet check by the finger", []alert{{list: "national", category: "discreet check", action: "note time, place and company; let pass", byFinger: true, discreet: true}}},
		{91, "clean passport, but the finger is that of somebody wanted", []alert{{list: "sis-persons", system: "SIS", category: "unknown wanted person", action: "find out who it is, then arrest", byFinger: true}}},
	}
}

// zone reads the document of a traveller as a booth would.
func zone(n int) (mrz.Zone, error) {
	return mrz.Parse(synthetic.New(n).MRZ, time.Now())
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
