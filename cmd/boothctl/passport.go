package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/pki"
	"boothd/capture/mrz"
)

type passportCommand struct {
	Read   passportRead   `cmd:"" help:"Inspect the chip of a travel document and report every check."`
	Issue  passportIssue  `cmd:"" help:"Issue an emulated chip for tests and training, with the authority that a booth is to trust for it."`
	Faults passportFaults `cmd:"" help:"List the attacks and mishaps that a chip can be issued with."`
}

// Names in the folder of an issued chip.
const (
	chipFile     = "chip.json"     // the chip, which passport read and boothsim lay on a reader
	documentFile = "document.json" // what it was personalised from
	trustFile    = "trust.jsonl"   // what a booth trusts for it
	filesFolder  = "files"         // its files, one by one
	issuerFolder = "issuer"        // the test state, with its keys
)

// openChip lays the chip of a folder into the field of a reader in this process.
func openChip(folder string) (*chipemu.Chip, *chipemu.Issued, error) {
	f, err := os.Open(filepath.Join(folder, chipFile))
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	issued, err := chipemu.ReadIssued(f)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	c, err := chipemu.New(issued)
	return c, issued, err
}

// maxZone is more than the lines of any zone, in bytes.
const maxZone = 1 << 10

// zoneLines reads a zone as it is given on a command line: lines with white space between them,
// or one after the other without; "-" reads them from standard input, so that nobody else on this
// machine sees them.
func zoneLines(c *call, text string) ([]string, error) {
	if text == "-" {
		b, err := io.ReadAll(io.LimitReader(c.in, maxZone))
		if err != nil {
			return nil, err
		}
		text = string(b)
	}
	lines := strings.Fields(text)
	if len(lines) != 1 {
		return lines, nil
	}
	width, known := map[int]int{88: 44, 72: 36, 90: 30}[len(text)]
	if !known {
		return lines, nil // of one line there are zones too
	}
	lines = nil
	for ; len(text) > 0; text = text[width:] {
		lines = append(lines, text[:width])
	}
	return lines, nil
}

// zoneOf reads the zone by which a chip is opened; what a reader would mistake is not put right.
func zoneOf(lines []string, now time.Time) (*mrz.Zone, error) {
	z, err := mrz.Parse(lines, now)
	if err != nil {
		return nil, err
	}
	for _, check := range z.Checks {
		switch check.Field {
		case mrz.FieldDocumentNumber, mrz.FieldBirthDate, mrz.FieldExpiryDate:
			if !check.OK {
				return nil, fmt.Errorf("the check digit of the zone's %s is wrong: it cannot open the chip", check.Field)
			}
		}
	}
	return &z, nil
}

type passportFaults struct{}

func (passportFaults) Run(c *call) error {
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, k := range chipemu.Faults() {
		name := k.Name
		if k.Value != "" {
			name += "=" + k.Default
		}
		fmt.Fprintf(w, "%s\t%s\n", name, k.What)
	}
	return w.Flush()
}

// errNoGroup says that a data group is none that is read on demand.
var errNoGroup = errors.New("data groups to be read besides 1 and 2 are 3 to 16")

func checkGroups(groups []int) error {
	for _, n := range groups {
		if n < 3 || lds.File(n).DataGroup() != n {
			return errNoGroup
		}
	}
	return nil
}

// trustIn reads what a booth trusts, nothing if no file is named.
func trustIn(c *call, path string) (*pki.Trust, error) {
	if path == "" {
		return nil, nil
	}
	entries, err := readTrust(path)
	if err != nil {
		return nil, err
	}
	trust, faults := pki.New(entries)
	if len(faults) > 0 {
		return nil, fmt.Errorf("%s: %d entries cannot be used; csca verify names them", path, len(faults))
	}
	return trust, nil
}
