package main

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/cert"
)

type cscaCommand struct {
	Import cscaImport `cmd:"" help:"Make trust material of master lists, the ICAO directory's files, certificates and revocation lists, and tell what is vouched for."`
	List   cscaList   `cmd:"" help:"List trust material."`
	Verify cscaVerify `cmd:"" help:"Check trust material: signatures, links, validity, age of revocation lists."`
}

// readTrust reads trust material that csca import wrote.
func readTrust(path string) ([]pki.Entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := pki.ReadLines(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return entries, nil
}

// census says in one line what trust material there is.
func census(entries []pki.Entry) string {
	kinds, states := map[pki.Kind]int{}, map[string]bool{}
	for _, e := range entries {
		kinds[e.Kind]++
		if e.Kind != pki.KindAuthority {
			continue
		}
		if c, err := cert.Parse(e.DER); err == nil {
			states[c.Subject.Country] = true
		}
	}
	return fmt.Sprintf("%d authorities of %d states, %d links, %d signers, %d revocation lists, %d defect lists, %d deviation lists",
		kinds[pki.KindAuthority], len(states), kinds[pki.KindLink], kinds[pki.KindSigner],
		kinds[pki.KindCRL], kinds[pki.KindDefects], kinds[pki.KindDeviations])
}

type cscaList struct {
	File  string `arg:"" type:"existingfile" help:"Trust material, as csca import writes it."`
	State string `help:"Only what is of this country, by its two letters."`
	JSON  bool   `help:"Print JSON lines."`
}

// trustLine is what is listed of an entry.
type trustLine struct {
	Kind    pki.Kind `json:"kind"`
	Country string   `json:"country,omitempty"`
	Name    string   `json:"name,omitempty"` // of the certificate's subject, or the list's issuer
	// From and Until are the certificate's validity, or when the list was made and holds until.
	From        time.Time `json:"from,omitzero"`
	Until       time.Time `json:"until,omitzero"`
	Key         string    `json:"key,omitempty"`
	Signed      string    `json:"signed,omitempty"` // algorithm
	KeyID       string    `json:"key_id,omitempty"`
	Revoked     *int      `json:"revoked,omitempty"` // certificates on a revocation list
	Fingerprint string    `json:"sha256,omitempty"`
	Source      string    `json:"source,omitempty"`
	Fault       string    `json:"fault,omitempty"`
}

func describe(e pki.Entry) trustLine {
	t := trustLine{Kind: e.Kind, Source: e.Source}
	switch e.Kind {
	case pki.KindAuthority, pki.KindLink, pki.KindSigner:
		c, err := cert.Parse(e.DER)
		if err != nil {
			t.Fault = err.Error()
			return t
		}
		t.Country, t.Name, t.From, t.Until = c.Subject.Country, c.Subject.String(), c.NotBefore, c.NotAfter
		t.Signed, t.KeyID, t.Fingerprint = c.Algorithm().String(), hex.EncodeToString(c.KeyID()), c.Fingerprint()
		if c.Key != nil {
			t.Key = c.Key.String()
		}
	case pki.KindCRL:
		l, err := cert.ParseCRL(e.DER)
		if err != nil {
			t.Fault = err.Error()
			return t
		}
		n := l.Len()
		t.Country, t.Name, t.From, t.Until = l.Issuer.Country, l.Issuer.String(), l.ThisUpdate, l.NextUpdate
		t.Signed, t.KeyID, t.Revoked = l.Algorithm().String(), hex.EncodeToString(l.AuthorityKeyID), &n
	}
	return t
}

func (l *cscaList) Run(c *call) error {
	entries, err := readTrust(l.File)
	if err != nil {
		return err
	}
	var lines []trustLine
	var kept []pki.Entry
	for _, e := range entries {
		if t := describe(e); l.State == "" || strings.EqualFold(t.Country, l.State) {
			lines, kept = append(lines, t), append(kept, e)
		}
	}
	slices.SortStableFunc(lines, func(a, b trustLine) int {
		return cmp.Or(cmp.Compare(a.Country, b.Country), cmp.Compare(a.Kind, b.Kind), a.From.Compare(b.From))
	})
	if l.JSON {
		for _, t := range lines {
			if err := c.json(t); err != nil {
				return err
			}
		}
		return nil
	}
	if err := sayTrust(c.out, lines); err != nil {
		return err
	}
	c.say("%s", census(kept))
	return nil
}

func sayTrust(out io.Writer, lines []trustLine) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "COUNTRY\tKIND\tFROM\tUNTIL\tKEY\tSHA-256\tNAME")
	for _, t := range lines {
		name := t.Name
		switch {
		case t.Fault != "":
			name = "unreadable: " + t.Fault
		case t.Revoked != nil:
			name = fmt.Sprintf("%d revoked by %s", *t.Revoked, t.Name)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", orDash(t.Country), t.Kind, dayOf(t.From), dayOf(t.Until), orDash(t.Key), orDash(short(t.Fingerprint)), name)
	}
	return w.Flush()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func short(fingerprint string) string { return fingerprint[:min(16, len(fingerprint))] }

func dayOf(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateOnly)
}
