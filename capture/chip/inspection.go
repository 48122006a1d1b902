package chip

import (
	"fmt"
	"log/slog"
	"time"

	"boothd/capture/chip/lds"
	"boothd/capture/chip/pki"
	"boothd/capture/chip/portrait"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
)

// The checks of a chip, in the order in which they are reported. Those of Passive Authentication
// are package pki's, with "pa_" before them.
const (
	CheckAccess       = "access"                  // PACE or BAC opened the chip
	CheckChannel      = "channel"                 // no message was altered on its way
	CheckDowngrade    = "card_access"             // what the chip offered is what was signed
	CheckMapping      = "pace_cam"                // PACE's chip authentication mapping
	CheckChip         = "chip_authentication"     // the chip has its private key
	CheckActive       = "active_authentication"   // likewise
	CheckTerminal     = "terminal_authentication" // the chip let this booth read fingers or irises
	CheckCommon       = "ef_com"                  // EF.COM names what EF.SOD does
	CheckZone         = "dg1_zone"                // the zone read from the page is DG1's
	CheckDG1          = "dg1_readable"
	CheckPortrait     = "dg2_readable"
	passivePrefix     = "pa_"
	CheckPresent      = "chip_present"
	reasonUnreachable = "chip_gone"

	// ReasonPassword is the reason of CheckAccess if what was read does not open the chip.
	ReasonPassword = "password"
)

// Names are those of all checks of a chip, for whoever gives rules for them.
func Names() []string {
	names := []string{
		CheckPresent, CheckAccess, CheckChannel, CheckDowngrade, CheckMapping, CheckChip, CheckActive, CheckTerminal,
		CheckCommon, CheckDG1, CheckZone, CheckPortrait,
	}
	for _, c := range pki.Checks() {
		names = append(names, passivePrefix+string(c))
	}
	return names
}

// Inspection is what was found out about a chip.
type Inspection struct {
	Checks []inspection.Check `json:"checks"`
	// Opened is how the chip was opened: "PACE ECDH-GM AES-128 with parameters 13", "BAC"; empty
	// if it was not.
	Opened string `json:"opened,omitempty"`
	// Groups are the data groups that were read, by number.
	Groups []int `json:"groups,omitempty"`
	// Zone is that of DG1; nil if it was not read.
	Zone     *mrz.Zone          `json:"zone,omitempty"`
	Portrait *portrait.Portrait `json:"-"`
	// Files are the files as they were read.
	Files    map[lds.File][]byte `json:"-"`
	Commands int                 `json:"commands"` // APDUs that were sent
	// Decided is how long it took until everything was known but whether the portrait can be
	// shown, Took how long everything took.
	Decided time.Duration `json:"decided_ns"`
	Took    time.Duration `json:"took_ns"`
}

// Check returns the first check with the name that is not successful, or its first; the zero
// Check if there is none.
func (i *Inspection) Check(name string) inspection.Check {
	var first inspection.Check
	for _, c := range i.Checks {
		switch {
		case c.Name != name:
		case c.State != inspection.Successful:
			return c
		case first.Name == "":
			first = c
		}
	}
	return first
}

// LogValue keeps the traveller out of logs.
func (i *Inspection) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("chip with %d checks, %d commands", len(i.Checks), i.Commands))
}
