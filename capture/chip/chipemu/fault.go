package chipemu

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"boothd/capture/chip/lds"
)

// Fault is something wrong with a document or its chip. It is written as its name, or as
// name=value: "cloned", "altered=DG2", "torn-off=40", "slow=300ms".
type Fault struct {
	Name  string        // one of [Faults]
	File  lds.File      // of those whose value is a file
	At    int           // of those that begin with an APDU: which one, counted from 1
	Delay time.Duration // of "slow"
}

// FaultKind is a row of the table of faults.
type FaultKind struct {
	Name string
	// What says for people what is wrong.
	What string
	// Value is what stands behind the equals sign: "" for nothing, "file", "apdu" or
	// "duration"; Default is what is taken where nothing stands.
	Value, Default string

	before func(*issuing, Fault) error // on the document, before its files are made
	after  func(*issuing, Fault) error // on the files, after they were signed
	wire   func(*Chip, Fault)          // on the chip
}

// Faults returns the table of faults, attacks first.
func Faults() []FaultKind { return slices.Clone(kinds()) }

// Values of faults.
const (
	valueFile     = "file"
	valueAPDU     = "apdu"
	valueDuration = "duration"
)

func kinds() []FaultKind {
	return []FaultKind{
		{Name: "cloned", What: "a copy of the files on another chip, without the private keys", after: clone},
		{Name: "altered", What: "a file of which one byte was changed after it was signed", Value: valueFile, Default: "DG2", after: alter},
		{Name: "unknown-signer", What: "signed under an authority of the state that nobody knows", before: signedBy(stranger)},
		{Name: "forged-signer", What: "signed under an authority that only has the name of the state's own", before: signedBy(forger)},
		{Name: "expired-signer", What: "signed by a document signer whose certificate is over", before: signedBy(expired)},
		{Name: "revoked-signer", What: "signed by a document signer that was revoked", before: signedBy(revoked)},
		{Name: "wrong-country", What: "signed by the known authority of another state", before: signedBy(foreign)},
		{Name: "stripped", What: "EF.CardAccess is gone, so that PACE seems not to be there", after: strip},
		{Name: "other-zone", What: "DG1 holds another name than the document's page", before: otherZone},
		{Name: "unlisted", What: "EF.COM lists other data groups than EF.SOD", after: unlist},
		{Name: "missing", What: "a file is not on the chip that EF.COM and EF.SOD list", Value: valueFile, Default: "DG12", after: remove},
		{Name: "huge-portrait", What: "a portrait of 500 KB", before: huge},
		{Name: "bomb", What: "a portrait that announces as many pixels as can be", before: explode},
		{Name: "wrong-length", What: "a file that announces more bytes than it has", Value: valueFile, Default: "DG2", after: lengthen},
		{Name: "endless", What: "a file that has no end", Value: valueFile, Default: "DG2", wire: func(c *Chip, f Fault) { c.wire.endless = f.File }},
		{Name: "torn-off", What: "the chip leaves the field after so many APDUs", Value: valueAPDU, Default: "10", wire: func(c *Chip, f Fault) { c.wire.torn = f.At }},
		{Name: "refuses", What: "every answer is 6300, beginning with an APDU", Value: valueAPDU, Default: "1", wire: func(c *Chip, f Fault) { c.wire.refuses = f.At }},
		{Name: "garbage", What: "answers are random bytes, beginning with an APDU", Value: valueAPDU, Default: "1", wire: func(c *Chip, f Fault) { c.wire.garbage = f.At }},
		{Name: "slow", What: "every answer takes so long", Value: valueDuration, Default: "300ms", wire: func(c *Chip, f Fault) { c.wire.delay = f.Delay }},
		{Name: "wrong-mac", What: "protected answers have a wrong authentication code, beginning with the nth of them", Value: valueAPDU, Default: "3", wire: func(c *Chip, f Fault) { c.wire.wrongMAC = f.At }},
		{Name: "replayed", What: "the nth protected answer is the one before it again", Value: valueAPDU, Default: "3", wire: func(c *Chip, f Fault) { c.wire.replayed = f.At }},
		{Name: "ends-early", What: "every READ BINARY yields half of what it should, with 6282", wire: func(c *Chip, _ Fault) { c.wire.early = true }},
		{Name: "lost-after-error", What: "every error ends the session; the command after it gets 6988", wire: func(c *Chip, _ Fault) { c.quirks.LostAfterError = true }},
		{Name: "no-le", What: "SELECT and MANAGE SECURITY ENVIRONMENT that expect an answer are refused", wire: func(c *Chip, _ Fault) { c.quirks.NoLe = true }},
	}
}

func kindOf(name string) (FaultKind, bool) {
	for _, k := range kinds() {
		if k.Name == name {
			return k, true
		}
	}
	return FaultKind{}, false
}

// ParseFault reads a fault as it is written.
func ParseFault(text string) (Fault, error) {
	name, value, given := strings.Cut(text, "=")
	k, known := kindOf(name)
	if !known {
		return Fault{}, fmt.Errorf("fault %q is unknown", name)
	}
	if !given {
		value = k.Default
	} else if k.Value == "" {
		return Fault{}, fmt.Errorf("fault %q takes no value", name)
	}
	f := Fault{Name: name}
	var err error
	switch k.Value {
	case valueFile:
		f.File, err = fileNamed(value)
	case valueAPDU:
		if f.At, err = strconv.Atoi(value); err == nil && f.At < 1 {
			err = fmt.Errorf("want 1 or more")
		}
	case valueDuration:
		if f.Delay, err = time.ParseDuration(value); err == nil && f.Delay < 0 {
			err = fmt.Errorf("want 0 or more")
		}
	}
	if err != nil {
		return Fault{}, fmt.Errorf("fault %q: %w", name, err)
	}
	return f, nil
}

// fileNamed reads a file's name, with or without "EF.", in any case.
func fileNamed(name string) (lds.File, error) {
	for f := lds.File(1); f.Valid(); f++ {
		if strings.EqualFold(f.String(), name) || strings.EqualFold(f.String(), "EF."+name) {
			return f, nil
		}
	}
	return 0, fmt.Errorf("file %q is unknown", name)
}

// String writes the fault as ParseFault reads it.
func (f Fault) String() string {
	k, _ := kindOf(f.Name)
	switch k.Value {
	case valueFile:
		return f.Name + "=" + f.File.String()
	case valueAPDU:
		return f.Name + "=" + strconv.Itoa(f.At)
	case valueDuration:
		return f.Name + "=" + f.Delay.String()
	}
	return f.Name
}

// MarshalText is String.
func (f Fault) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText is ParseFault.
func (f *Fault) UnmarshalText(text []byte) (err error) {
	*f, err = ParseFault(string(text))
	return err
}
