package trust

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"boothd/capture/chip/pki"
	"boothd/localmatch/gallery"
)

// Entry is a list's entry that holds a piece of trust material. Its id is the material's kind and
// SHA-256, "csca:0f3a…", so that the same is the same entry wherever it came from.
func Entry(e pki.Entry) gallery.Entry {
	sum := sha256.Sum256(e.DER)
	return gallery.Entry{ID: string(e.Kind) + ":" + hex.EncodeToString(sum[:]), Certificate: &e}
}

// Convert turns trust material in lines (pki.WriteLines) into JSON Lines of list entries, once
// each and always in the same order, and returns how many. A piece that no booth could use, or
// that is too long for a list, is an error: a list without it would say less than whoever made it
// believes.
func Convert(in io.Reader, out io.Writer) (int, error) {
	material, err := pki.ReadLines(in)
	if err != nil {
		return 0, err
	}
	t, faults := pki.New(material)
	if len(faults) > 0 {
		return 0, fmt.Errorf("convert trust material: %d of %d entries cannot be used: %w", len(faults), len(material), faults[0])
	}
	w := bufio.NewWriter(out)
	lines := json.NewEncoder(w)
	for _, m := range t.Entries() {
		e := Entry(m)
		if err := e.Validate(); err != nil {
			return 0, fmt.Errorf("convert trust material: %s: %w", e.ID, err)
		}
		if err := lines.Encode(&e); err != nil {
			return 0, fmt.Errorf("convert trust material: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return 0, fmt.Errorf("convert trust material: %w", err)
	}
	return len(t.Entries()), nil
}
