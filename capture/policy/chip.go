package policy

import (
	"slices"
	"strings"

	"boothd/capture"
	"boothd/capture/chip"
	"boothd/capture/chip/pki"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
)

// Weight is what a state of a check of the chip counts for.
type Weight string

// The weights, the lightest first.
const (
	Pass       Weight = "pass"       // nothing: it is no reason
	Note       Weight = "note"       // a reason that is told and speaks against nobody
	Incomplete Weight = "incomplete" // the check is not complete
	Refer      Weight = "refer"
	Stop       Weight = "stop"
)

// weighs has the outcome that a weight recommends; Pass recommends none.
var weighs = map[Weight]capture.Outcome{
	Pass: "", Note: capture.OutcomeClear, Incomplete: capture.OutcomeIncomplete, Refer: capture.OutcomeRefer, Stop: capture.OutcomeStop,
}

// Valid reports whether the weight is one of the five.
func (w Weight) Valid() bool {
	_, ok := weighs[w]
	return ok
}

// CheckRule says what the states of a check of the chip count for. Of a state whose weight is
// empty it says nothing: then the next rule that fits does.
type CheckRule struct {
	Check        string // package chip's names: "pa_chain"
	Reason       string // of the check; empty: whatever it is
	Documents    []Kind // in which the chip is; none: in whichever
	Failed       Weight
	Undetermined Weight
	NotDone      Weight // or not supported
}

// What package pki calls who signed a chip's content, whether they did, and that it is whole, as
// package chip names the checks.
const (
	checkSignature = "pa_" + string(pki.CheckSignature)
	checkChain     = "pa_" + string(pki.CheckChain)
	checkHash      = "pa_" + string(pki.CheckHash)
)

// checkRules are those of every booth, after its own: what is not known is not taken for good. A
// chip that was not read to its end leaves the check incomplete, or else whoever pulls a document
// away would be let pass; one whose content nobody signed that can be named refers. A list of
// certificates that is old or gone counts as one of people does. A check that none of them fits
// refers if it failed, and is no reason otherwise.
var checkRules = []CheckRule{
	{Check: chip.CheckPresent, Undetermined: Refer},
	{Check: chip.CheckAccess, NotDone: Incomplete},
	{Check: chip.CheckChannel, Undetermined: Incomplete},
	{Check: chip.CheckZone, NotDone: Incomplete},
	{Check: checkHash, Reason: string(pki.ReasonNotRead), NotDone: Incomplete},
	{Check: checkSignature, Undetermined: Refer},
	{Check: chip.CheckTerminal, Failed: Note}, // the booth's certificates, and nothing against the holder
	{Check: checkChain, Reason: string(pki.ReasonTrustStale), Undetermined: Refer},
	{Check: checkChain, Reason: string(pki.ReasonTrustExpired), Undetermined: Incomplete},
	{Check: checkChain, Reason: string(pki.ReasonTrustMissing), Undetermined: Incomplete},
}

// chipReasons speaks of the chips that were inspected: one reason for each check whose rule gives
// one.
func chipReasons(r Rules, evidence []capture.Evidence) []capture.Reason {
	var reasons []capture.Reason
	for _, of := range inspected(evidence) {
		for _, c := range of.chip.Checks {
			if o := weighs[r.weight(c, of.zone)]; o != "" {
				reasons = append(reasons, capture.Reason{Outcome: o, Code: "chip_" + c.Name, Modality: capture.ModalityChip, Text: c.Text})
			}
		}
	}
	return reasons
}

// ofDocument is a chip and the zone of the page that it belongs to; the zone may be nil.
type ofDocument struct {
	chip *capture.Chip
	zone *mrz.Zone
}

// inspected returns the chips that count, the last first: of each document the one that was
// inspected last. Of documents before the last only chips that opened count, since what was read
// of the others' pages may have been wrong.
func inspected(evidence []capture.Evidence) []ofDocument {
	var counts []ofDocument
	last := capture.ChipBearer(evidence)
	for i := range slices.Backward(evidence) {
		c := evidence[i].Chip
		if c == nil || last != nil && c.Document != last.ID && c.Opened == "" {
			continue
		}
		of := ofDocument{chip: c}
		if d := slices.IndexFunc(evidence, func(e capture.Evidence) bool { return e.Document != nil && e.ID == c.Document }); d >= 0 {
			of.zone = &evidence[d].Document.Zone
		}
		if !slices.ContainsFunc(counts, func(later ofDocument) bool { return sameDocument(of.zone, later.zone) }) {
			counts = append(counts, of)
		}
	}
	return counts
}

func sameDocument(a, b *mrz.Zone) bool {
	return a == nil || b == nil || a.Issuer == b.Issuer && a.DocumentNumber == b.DocumentNumber
}

// weight is what a check of the chip counts for: by the first rule that fits and speaks of its
// state.
func (r Rules) weight(c inspection.Check, zone *mrz.Zone) Weight {
	for _, rules := range [][]CheckRule{r.Checks, checkRules} {
		for _, rule := range rules {
			if !rule.fits(c, zone) {
				continue
			}
			if w := rule.of(c.State); w != "" {
				return w
			}
		}
	}
	if c.State == inspection.Failed {
		return Refer
	}
	return Pass
}

func (r CheckRule) fits(c inspection.Check, zone *mrz.Zone) bool {
	if r.Check != c.Name || r.Reason != "" && r.Reason != c.Reason {
		return false
	}
	return len(r.Documents) == 0 || slices.ContainsFunc(r.Documents, func(k Kind) bool { return k.Fits(zone) })
}

// of is the weight of a state; empty if the rule says nothing of it.
func (r CheckRule) of(s inspection.State) Weight {
	switch s {
	case inspection.Failed:
		return r.Failed
	case inspection.Undetermined:
		return r.Undetermined
	case inspection.NotDone, inspection.NotSupported:
		return r.NotDone
	}
	return ""
}

// Covers reports whether a rule after this one can never count, since this one says all that it
// could of everything that it fits.
func (r CheckRule) Covers(later CheckRule) bool {
	says := func(mine, its Weight) bool { return mine != "" || its == "" }
	kinds := len(r.Documents) == 0 || len(later.Documents) > 0 && !slices.ContainsFunc(later.Documents, func(k Kind) bool { return !slices.Contains(r.Documents, k) })
	return r.Check == later.Check && (r.Reason == "" || r.Reason == later.Reason) && kinds &&
		says(r.Failed, later.Failed) && says(r.Undetermined, later.Undetermined) && says(r.NotDone, later.NotDone)
}

// ReasonForm reports whether the text has the form of a check's reason: a to z, digits and '_'.
func ReasonForm(text string) bool {
	return text != "" && len(text) <= 40 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
