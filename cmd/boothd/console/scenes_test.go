package console_test

import (
	"bytes"
	"image/jpeg"
	"image/png"
	"slices"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/capture/mrz"
	"boothd/capture/policy"
	"boothd/capture/synthetic"
	"boothd/cmd/boothd/console"
	"boothd/devices"
)

// The scenes of a booth's day, all of them invented.

func calmStatus() console.BoothStatus {
	now := time.Now()
	device := func(kind devices.Kind, model string) devices.Status {
		return devices.Status{Address: "usb:1-1", Driver: "demo", Kind: kind, State: devices.Ready,
			Info: devices.Info{Model: model, Kind: kind}, Since: now.Add(-time.Hour)}
	}
	list := func(name, system string, version uint64, age time.Duration) console.List {
		return console.List{Name: name, System: system, Version: version, AsOf: now.Add(-age), State: console.ListCurrent}
	}
	return console.BoothStatus{
		Booth: "K7", Place: "Harbour, lane 3", Version: "1.0.0", Require: []capture.Modality{doc, face, fing},
		Devices: []devices.Status{device(devices.KindDocumentReader, "Access-IS LSR110"),
			device(devices.KindCamera, "Network camera"), device(devices.KindFingerScanner, "U.are.U 4500")},
		Link: console.Link{State: console.LinkOnline, Since: now.Add(-4 * time.Hour)},
		Lists: []console.List{list("sis-persons", "SIS", 1204, 3*time.Minute), list("sltd", "SLTD", 88, 50*time.Minute),
			list("national", "National", 17, 2*time.Hour)},
		Outbox: console.Outbox{},
	}
}

func cutStatus() console.BoothStatus {
	st := calmStatus()
	now := time.Now()
	st.Link = console.Link{State: console.LinkPortalDown, Since: now.Add(-12 * time.Minute)}
	st.Lists[1].State, st.Lists[1].AsOf = console.ListStale, now.Add(-3*24*time.Hour)
	st.Trust = &console.Trust{
		List: "csca", State: console.ListStale, Version: 12, AsOf: now.Add(-3 * 24 * time.Hour), Expires: now.Add(4 * 24 * time.Hour), Authorities: 514, States: 96,
	}
	st.Unknown = []policy.Unknown{{System: "SLTD", Why: "only an old copy is on this booth", Since: now.Add(-3 * 24 * time.Hour)}}
	st.Outbox = console.Outbox{Depth: 14, Bytes: 1_300_000, Oldest: now.Add(-12 * time.Minute), Checks: 14, ChecksOldest: now.Add(-12 * time.Minute)}
	st.Devices[2].State, st.Devices[2].Reason = devices.Fault, "the device was unplugged or does not answer"
	st.Warnings = []string{
		"The finger scanner does not answer: unplug it and plug it in again.",
		"The list sltd is 3 days old: finding nothing in it says little.",
	}
	return st
}

func zone() *mrz.Zone {
	right := func(fields ...string) (all []mrz.Check) {
		for _, f := range fields {
			all = append(all, mrz.Check{Field: f, OK: true})
		}
		return all
	}
	return &mrz.Zone{
		Format: mrz.TD3, DocumentCode: "P", Issuer: "UTO", DocumentNumber: "L898902C3",
		Lines:   []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F3204159ZE184226B<<<<<10"},
		Surname: "ERIKSSON", GivenNames: "ANNA MARIA", Nationality: "UTO", Sex: "F",
		BirthDate:  mrz.Date{Text: "740812", Year: 1974, Month: 8, Day: 12},
		ExpiryDate: mrz.Date{Text: "320415", Year: 2032, Month: 4, Day: 15},
		Checks: right(mrz.FieldDocumentNumber, mrz.FieldBirthDate, mrz.FieldExpiryDate, mrz.FieldOptional,
			mrz.FieldComposite),
	}
}

func evidence() []check.EvidenceView {
	now := time.Now()
	return []check.EvidenceView{
		{ID: "document-1", Modality: capture.ModalityDocument, At: now, Device: "Access-IS LSR110"},
		{ID: "face-1", Modality: capture.ModalityFace, At: now, Device: "Network camera", Image: true},
		{ID: "finger-1", Modality: capture.ModalityFinger, At: now, Device: "U.are.U 4500", Position: 2, Quality: 72, Image: true},
	}
}

func answer(m capture.Modality, system, source, list string, state capture.State, age time.Duration) check.Line {
	now := time.Now()
	return check.Line{Answer: capture.Answer{Evidence: string(m) + "-1", Modality: m, System: system, Source: source,
		List: list, State: state, AsOf: now.Add(-age), At: now}}
}

func awaited(m capture.Modality, system string) check.Line {
	l := answer(m, system, "portal", "", "", 0)
	l.Waiting = true
	return l
}

const doc, fing, face = capture.ModalityDocument, capture.ModalityFinger, capture.ModalityFace

func lines() []check.Line {
	return []check.Line{
		answer(doc, "EES", "portal", "", capture.StateNoHit, time.Second),
		answer(fing, "EES", "portal", "", capture.StateNoHit, time.Second),
		answer(doc, "ETIAS", "portal", "", capture.StateNoHit, time.Second),
		answer(doc, "National", "local", "national", capture.StateNoHit, 2*time.Hour),
		answer(doc, "SIS", "local", "sis-persons", capture.StateNoHit, 3*time.Minute),
		answer(doc, "SIS", "portal", "", capture.StateNoHit, time.Second),
		answer(fing, "SIS", "portal", "", capture.StateNoHit, time.Second),
		answer(doc, "SLTD", "local", "sltd", capture.StateNoHit, 50*time.Minute),
		answer(doc, "VIS", "portal", "", capture.StateNoHit, time.Second),
	}
}

func collecting() check.View {
	v := decided(capture.OutcomeClear)
	c := v.Check
	c.Phase, c.Recommendation = check.PhaseCollecting, nil
	c.Wanted = []capture.Modality{face, fing}
	c.Evidence = c.Evidence[:1]
	c.Guidance = []check.Guidance{{Modality: fing, Text: "Press longer"}, {Modality: face, Text: "Look at the camera"}}
	c.Lines = []check.Line{
		awaited(doc, "EES"), awaited(doc, "ETIAS"),
		answer(doc, "National", "local", "national", capture.StateNoHit, 2*time.Hour),
		answer(doc, "SIS", "local", "sis-persons", capture.StateNoHit, 3*time.Minute), awaited(doc, "SIS"),
		answer(doc, "SLTD", "local", "sltd", capture.StateNoHit, 50*time.Minute),
		awaited(doc, "VIS"),
	}
	return v
}

// fourFingers is a check in the middle of a hand of which one finger is bandaged.
func fourFingers() check.View {
	v := collecting()
	c := v.Check
	c.Wanted = []capture.Modality{fing}
	c.Evidence = append(evidence(), check.EvidenceView{
		ID: "finger-2", Modality: fing, At: time.Now(), Device: "stated by the officer", Position: 3, Missing: capture.MissingTemporary,
	})
	c.Fingers = []capture.FingerStep{
		{Position: 2, State: capture.FingerTaken, Evidence: "finger-1", Quality: 72},
		{Position: 3, State: capture.FingerMissing, Missing: capture.MissingTemporary, Evidence: "finger-2"},
		{Position: 4, State: capture.FingerNow}, {Position: 5, State: capture.FingerAwaited},
	}
	c.Guidance = []check.Guidance{{Modality: fing, Text: "Lay the right ring finger on the scanner: 2 of 3."}}
	return v
}

func started() check.View {
	v := collecting()
	v.Check.Zone, v.Check.Evidence, v.Check.Lines = nil, nil, nil
	v.Check.Wanted = []capture.Modality{doc, face, fing}
	v.Check.Guidance = []check.Guidance{{Modality: doc, Text: "Place the document on the reader"}}
	return v
}

func decided(o capture.Outcome) check.View {
	return check.View{Alerts: []check.Alert{}, Check: &check.CheckView{
		ID: "C1", Phase: check.PhaseDecided, Officer: "officer-7", Started: time.Now(), Zone: zone(),
		Wanted: []capture.Modality{}, Guidance: []check.Guidance{}, Evidence: evidence(), Lines: lines(),
		Recommendation: &capture.Recommendation{Outcome: o, Reasons: []capture.Reason{
			{Outcome: o, Code: "nothing_found", Text: "Nothing was found in any system asked."}}},
	}}
}

func hitFinding() capture.Finding {
	return capture.Finding{
		Entry: "SIS-2024-0815", By: capture.ByDocumentNumber, State: capture.StateHit, Score: .97, Name: "ERIKSSON, ANNA",
		Category: "Wanted for arrest", Action: "Arrest; inform the duty officer",
		Explanation: []capture.Part{
			{What: "document number", Asked: "L898902C3", Found: "L8989O2C3", Note: "0 read as O", Weight: .6},
			{What: "surname", Asked: "ERIKSSON", Found: "ERIKSSON", Weight: .25},
			{What: "birth date", Asked: "1974-08-12", Found: "1974-08-12", Weight: .15},
		},
	}
}

func stopped() check.View {
	v := decided(capture.OutcomeStop)
	l := &v.Check.Lines[4]
	l.State, l.Findings = capture.StateHit, []capture.Finding{hitFinding()}
	v.Check.Recommendation.Reasons = []capture.Reason{
		{Outcome: capture.OutcomeStop, Code: "system_hit", System: "SIS", Modality: doc, Text: "SIS has a hit on the document."},
		{Outcome: capture.OutcomeClear, Code: "zone_repaired", Text: "1 character(s) of the machine-readable zone were read wrongly and put right; a check digit proves it."},
	}
	v.Check.Zone.Repairs = []mrz.Repair{{Field: mrz.FieldDocumentNumber, Line: 2, Column: 7, Read: "O", Meant: "0"}}
	return v
}

// fingered is a check whose document is clean, but whose finger is on a list.
func fingered() check.View {
	v := decided(capture.OutcomeStop)
	match := capture.PrintMatch{
		Entry: "SIS-2025-0040", Position: 2,
		Asked: capture.PrintSize{Width: synthetic.FingerWidth, Height: synthetic.FingerHeight}, Found: capture.PrintSize{Width: 300, Height: 400},
	}
	for i := range 14 {
		m := capture.Minutia{X: 90 + 53*i%210, Y: 60 + 97*i%180, Direction: float64(37 * i % 360)}
		match.Pairs = append(match.Pairs, capture.PrintPair{Asked: m, Found: capture.Minutia{X: m.X - 30, Y: m.Y + 70, Direction: m.Direction}})
	}
	l := answer(fing, "SIS", "local", "sis-persons", capture.StateHit, 3*time.Minute)
	l.Prints = []capture.PrintMatch{match}
	l.Findings = []capture.Finding{{
		Entry: match.Entry, By: capture.ByFinger, State: capture.StateHit, Score: .81,
		Category: "Unknown wanted person", Action: "Find out who it is",
		Explanation: []capture.Part{
			{What: "finger", Asked: "right index finger", Found: "right index finger", Note: "by chance in less than one of 10,000 searches of this list", Weight: .81},
			{What: "minutiae", Asked: "41", Found: "38", Note: "14 agree"},
		},
	}}
	v.Check.Lines = append(v.Check.Lines, l)
	v.Check.Recommendation.Reasons = []capture.Reason{
		{Outcome: capture.OutcomeStop, Code: "system_hit", System: "SIS", Modality: fing, Text: "SIS has a hit on the finger."},
	}
	return v
}

// discreet is a check in which SIS holds a discreet alert: the policy counts it as absent.
func discreet() check.View {
	v := decided(capture.OutcomeClear)
	f := hitFinding()
	f.Category, f.Action, f.Discreet = "Discreet check", "Note vehicle and companions; let pass", true
	l := &v.Check.Lines[4]
	l.State, l.Findings, l.Rest = capture.StateHit, []capture.Finding{f}, &capture.Rest{State: capture.StateNoHit}
	return v
}

func incomplete() check.View {
	v := decided(capture.OutcomeIncomplete)
	c := v.Check
	c.Lines = slices.DeleteFunc(c.Lines, func(l check.Line) bool { return l.Modality == fing })
	for i := range c.Lines {
		if c.Lines[i].System == "SLTD" {
			c.Lines[i].State, c.Lines[i].AsOf, c.Lines[i].Reason = capture.StateStale, time.Now().Add(-3*24*time.Hour), "the list is old"
		}
		if c.Lines[i].Source == "portal" {
			c.Lines[i].State, c.Lines[i].Reason = capture.StateUnavailable, "no answer in time"
		}
	}
	c.Evidence[2] = check.EvidenceView{ID: "finger-1", Modality: fing, At: time.Now(), Device: "stated by the officer", Missing: capture.MissingTemporary}
	c.Recommendation.Reasons = []capture.Reason{
		{Outcome: capture.OutcomeRefer, Code: "system_stale", Text: "Only an old copy of SLTD could be asked; it found nothing."},
		{Outcome: capture.OutcomeRefer, Code: "finger_temporary", Text: "The finger could not be taken this time: temporary impossibility, recorded."},
		{Outcome: capture.OutcomeIncomplete, Code: "system_unavailable", Text: "EES could not be asked: what it holds is not known."},
		{Outcome: capture.OutcomeIncomplete, Code: "system_unavailable", Text: "ETIAS could not be asked: what it holds is not known."},
		{Outcome: capture.OutcomeIncomplete, Code: "system_unavailable", Text: "VIS could not be asked: what it holds is not known."},
	}
	c.Recommendation.Reasons = c.Recommendation.Reasons[2:]
	return v
}

func alerted(v check.View) check.View {
	l := answer(doc, "SLTD", "portal", "", capture.StateHit, time.Second)
	f := hitFinding()
	f.Category, f.Action, f.Explanation = "Document reported stolen", "Seize the document; refer the traveller", nil
	l.Findings, l.Late = []capture.Finding{f}, true
	v.Alerts = []check.Alert{{ID: "A1", Check: "C1", Cause: check.CauseLateAnswer, At: time.Now(), Answer: l.Answer}}
	return v
}

// linked is a check with links, facts, something withheld and something not known.
func linked() check.View {
	v := decided(capture.OutcomeRefer)
	l := &v.Check.Lines[0]
	links := []capture.Link{
		{ID: "L1", Colour: capture.LinkYellow, Systems: []string{"EES", "VIS"}, Work: "W1", Due: time.Now().Add(12 * time.Hour)},
		{ID: "L2", Colour: capture.LinkRed, Systems: []string{"EES", "SIS"}, Discreet: true},
	}
	l.Answer.Links = links
	for _, k := range links {
		l.Links = append(l.Links, check.LinkView{Link: k, Meaning: k.Colour.Meaning()})
	}
	l.Facts = []capture.Fact{{Code: capture.FactDaysLeft, Value: "23"}, {Code: capture.FactHolds, Value: "VIS"}}
	l.Needs = "judicial"
	v.Check.Unknown = []policy.Unknown{{System: "SLTD", Modality: doc, Why: "only an old copy was asked", Since: time.Now().Add(-72 * time.Hour)}}
	v.Check.Grant = true
	return v
}

func closed() check.View {
	return check.View{Alerts: []check.Alert{}, Check: &check.CheckView{
		ID: "C1", Phase: check.PhaseClosed, Officer: "officer-7", Started: time.Now(),
		Wanted: []capture.Modality{}, Guidance: []check.Guidance{}, Evidence: []check.EvidenceView{}, Lines: []check.Line{},
		Recommendation: decided(capture.OutcomeClear).Check.Recommendation,
		Disposition:    &capture.Disposition{Decision: capture.OutcomeRefer, Why: "nervous", Officer: "officer-7", At: time.Now()},
	}}
}

func fingerPNG() []byte {
	var b bytes.Buffer
	png.Encode(&b, synthetic.New(1).Finger(2))
	return b.Bytes()
}

func portraitJPEG() []byte {
	var b bytes.Buffer
	jpeg.Encode(&b, synthetic.New(1).Portrait(), nil)
	return b.Bytes()
}
