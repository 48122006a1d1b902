package capture

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"boothd/capture/chip"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
)

// Chip is the inspection of a document's chip.
type Chip struct {
	Document string             `json:"document"` // the Evidence.ID of the zone that opened it
	Checks   []inspection.Check `json:"checks"`
	// Missing is set if there was no chip to be inspected; Checks then says so.
	Missing MissingChip `json:"missing,omitempty"`
	Opened  string      `json:"opened,omitempty"` // how: "PACE ECDH-GM AES-128 with parameters 13"
	Groups  []int       `json:"groups,omitempty"` // the data groups that were read
	Zone    *mrz.Zone   `json:"zone,omitempty"`   // of DG1
	// Portrait is that of DG2, encoded anew; nil if there is none to be shown.
	Portrait *Face `json:"portrait,omitempty"`
}

// MissingChip says why there was no chip to be inspected.
type MissingChip string

// The reasons for a missing chip.
const (
	MissingNoChip MissingChip = "no_chip" // the document bears no chip symbol
	MissingSilent MissingChip = "silent"  // it bears one, or should, and no chip answers
)

// ReasonExpected is the reason of a chip that is missing from a document that must have one.
const ReasonExpected = "expected"

// ChipBearer returns the document that was read last of those that may have a chip, or nil. Visas
// never have one (ICAO 9303-7).
func ChipBearer(evidence []Evidence) *Evidence {
	for i := range slices.Backward(evidence) {
		if d := evidence[i].Document; d != nil && !strings.HasPrefix(d.Zone.DocumentCode, "V") {
			return &evidence[i]
		}
	}
	return nil
}

// ChipMissing is the evidence that there was no chip, as an officer says. Expected is by what the
// document must have one, "by the rules of this booth"; empty if nothing says so. Then a chip that
// does not answer leaves the question open: the symbol is not for machines.
func ChipMissing(document string, why MissingChip, expected string) *Chip {
	c := inspection.Check{Name: chip.CheckPresent, State: inspection.NotSupported, Reason: string(why), Text: "The document has no chip."}
	switch {
	case expected != "" && why == MissingSilent:
		c.State, c.Reason, c.Text = inspection.Failed, ReasonExpected, "The document must have a chip "+expected+", and none answers."
	case expected != "":
		c.State, c.Reason, c.Text = inspection.Failed, ReasonExpected, "The document must have a chip "+expected+", and bears no symbol of one."
	case why == MissingSilent:
		c.State, c.Text = inspection.Undetermined, "No chip answers, and whether the document must have one is not known."
	}
	return &Chip{Document: document, Missing: why, Checks: []inspection.Check{c}}
}

// ChipOf is the evidence of an inspection.
func ChipOf(document string, i *chip.Inspection) *Chip {
	c := &Chip{Document: document, Checks: i.Checks, Opened: i.Opened, Groups: i.Groups, Zone: i.Zone}
	if p := i.Portrait; p != nil {
		c.Portrait = &Face{JPEG: p.JPEG, Width: p.Width, Height: p.Height}
	}
	return c
}

// LogValue keeps the traveller out of logs.
func (c *Chip) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("chip with %d checks", len(c.Checks)))
}
