package watchlist

import (
	"bufio"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"time"

	"boothd/internal/signed"
	"boothd/localmatch/gallery"
)

// TechnicalCopy is one copy of a system's data on a booth, for the inventory that central
// keeps and makes available to the supervisory authority (Regulation (EU) 2018/1862 Art 56).
type TechnicalCopy struct {
	Booth    string       `json:"booth"` // where it is
	List     string       `json:"list"`
	System   string       `json:"system"`
	Version  uint64       `json:"version"`
	Manifest gallery.Hash `json:"manifest"`
	Entries  int          `json:"entries"`
	Drawn    time.Time    `json:"drawn"` // when the data was taken from the system
	Since    time.Time    `json:"since"` // when the booth applied it, by its clock
	Until    time.Time    `json:"until"` // the end of its lease
	Told     time.Time    `json:"told"`  // when the booth told of it, by its clock
	Proof    Proof        `json:"proof"`
}

// Inventory is all technical copies at a time. One that is long is signed in several parts.
type Inventory struct {
	At     time.Time       `json:"at"`
	Part   int             `json:"part"` // from 1
	Parts  int             `json:"parts"`
	Total  int             `json:"total"` // copies in all parts
	Copies []TechnicalCopy `json:"copies"`
}

const (
	inventoryKind = "technical-copies"
	inventoryPart = 400 // copies in a part, so that its signed text stays in its limit
	maxParts      = 10_000
)

// Copies are the technical copies among what booths told: what they hold, also what can no
// longer be asked because its lease has ended.
func Copies(all []BoothList) []TechnicalCopy {
	var copies []TechnicalCopy
	for _, l := range all {
		if l.Version == 0 || l.State == StateNone && !l.Damaged {
			continue
		}
		copies = append(copies, TechnicalCopy{
			Booth: l.Booth, List: l.List, System: l.System, Version: l.Version, Manifest: l.Manifest, Entries: l.Entries,
			Drawn: l.Issued, Since: l.Applied, Until: l.Expires, Told: l.At, Proof: l.Proof,
		})
	}
	return copies
}

// WriteInventory signs an inventory of the copies and writes it: a line for each part, a
// signed document of internal/signed.
func WriteInventory(w io.Writer, copies []TechnicalCopy, at time.Time, key ed25519.PrivateKey) error {
	parts := max(1, (len(copies)+inventoryPart-1)/inventoryPart)
	for part := range parts {
		these := copies[part*inventoryPart : min((part+1)*inventoryPart, len(copies))]
		text, err := signed.Sign(inventoryKind, Inventory{at.UTC(), part + 1, parts, len(copies), these}, key)
		if err != nil {
			return fmt.Errorf("sign inventory: %w", err)
		}
		if _, err := fmt.Fprintln(w, text); err != nil {
			return err
		}
	}
	return nil
}

// ReadInventory verifies an inventory with any of the keys and returns it whole. The error
// matches signed.ErrNotValid if a part is missing, is another inventory's, or does not verify.
func ReadInventory(r io.Reader, trusted []ed25519.PublicKey) (*Inventory, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, signed.MaxSize+1)
	var whole *Inventory
	n := 0
	for lines.Scan() {
		var i Inventory
		if err := signed.Open(inventoryKind, lines.Text(), trusted, &i); err != nil {
			return nil, fmt.Errorf("part %d: %w", n+1, err)
		}
		if n++; whole == nil {
			whole = &Inventory{At: i.At, Part: 1, Parts: i.Parts, Total: i.Total}
		}
		if i.Part != n || i.Parts != whole.Parts || i.Parts > maxParts || i.Total != whole.Total || !i.At.Equal(whole.At) {
			return nil, fmt.Errorf("part %d: %w: it is not the next part of this inventory", n, signed.ErrNotValid)
		}
		whole.Copies = append(whole.Copies, i.Copies...)
	}
	if err := lines.Err(); err != nil {
		return nil, errors.Join(signed.ErrNotValid, err)
	}
	if whole == nil || n != whole.Parts || len(whole.Copies) != whole.Total {
		return nil, fmt.Errorf("%w: a part is missing", signed.ErrNotValid)
	}
	return whole, nil
}
