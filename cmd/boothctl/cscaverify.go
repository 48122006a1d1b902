package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/signature"
)

type cscaVerify struct {
	File string `arg:"" type:"existingfile" help:"Trust material, as csca import writes it."`
	Past bool   `help:"Do not count what is past its time as a fault; many states publish late."`
}

// Run prints every finding, and fails if one of them is a fault.
func (v *cscaVerify) Run(c *call) error {
	entries, err := readTrust(v.File)
	if err != nil {
		return err
	}
	faults := 0
	for _, f := range verifyTrust(entries, time.Now()) {
		level := "fault"
		if f.weight == noted || f.weight == past && v.Past {
			level = "note"
		} else {
			faults++
		}
		c.say("%s: %s: %s", level, f.what, f.text)
	}
	c.say("%s", census(entries))
	if faults > 0 {
		c.say("faults: %d", faults)
		return errUnwell
	}
	c.say("no faults")
	return nil
}

// finding is something to be said of trust material.
type finding struct {
	weight     weight
	what, text string
}

type weight int

const (
	wrong weight = iota // it does not count, or is not what it says
	past                // its time is over
	noted
)

// auditor verifies trust material, everything against the authorities that are trusted.
type auditor struct {
	now      time.Time
	issuers  []*cert.Certificate // the authorities, and the links that they hold
	findings []finding
}

// verifyTrust looks at every entry by itself, and at what holds it.
func verifyTrust(entries []pki.Entry, now time.Time) []finding {
	a := &auditor{now: now}
	_, unusable := pki.New(entries)
	for _, err := range unusable {
		a.add(wrong, "unusable", "%v", err)
	}
	var links, signers []*cert.Certificate
	var lists []*cert.CRL
	for _, e := range entries {
		switch e.Kind {
		case pki.KindAuthority, pki.KindLink, pki.KindSigner:
			c, err := cert.Parse(e.DER)
			switch {
			case err != nil || c.Key == nil: // said above
			case e.Kind == pki.KindAuthority:
				a.authority(c)
			case e.Kind == pki.KindLink:
				links = append(links, c)
			default:
				signers = append(signers, c)
			}
		case pki.KindCRL:
			if l, err := cert.ParseCRL(e.DER); err == nil {
				lists = append(lists, l)
			}
		}
	}
	a.judgeLinks(links)
	a.judgeSigners(signers)
	a.judgeLists(lists)
	return a.findings
}

func (a *auditor) add(w weight, what, format string, args ...any) {
	a.findings = append(a.findings, finding{w, what, fmt.Sprintf(format, args...)})
}

// named names a certificate so that it can be found again.
func named(c *cert.Certificate) string {
	return fmt.Sprintf("%s (%s)", c.Subject, short(c.Fingerprint()))
}

func (a *auditor) authority(c *cert.Certificate) {
	a.issuers = append(a.issuers, c)
	if !c.SelfSigned() {
		a.add(wrong, "authority", "%s did not sign itself", named(c))
	}
	a.judge("authority", c)
}

// judge looks at what every certificate has.
func (a *auditor) judge(what string, c *cert.Certificate) {
	switch {
	case a.now.Before(c.NotBefore):
		a.add(wrong, what, "%s is not valid before %s", named(c), dayOf(c.NotBefore))
	case a.now.After(c.NotAfter):
		a.add(past, what, "%s expired on %s", named(c), dayOf(c.NotAfter))
	}
	for _, weak := range slices.Compact([]string{c.Key.Weakness(), c.Algorithm().Weakness()}) {
		if weak != "" {
			a.add(noted, what, "%s is weak: %s", named(c), weak)
		}
	}
	for _, odd := range c.Oddities {
		a.add(noted, what, "%s is odd: %s", named(c), odd)
	}
}

// issuer returns the authority whose key made a signature and that may have: by the key
// identifier that is given or by its name, since neither is always right.
func (a *auditor) issuer(name cert.Name, keyID []byte, verify func(*signature.Key) error) *cert.Certificate {
	for _, c := range a.issuers {
		if (len(keyID) > 0 && bytes.Equal(c.KeyID(), keyID) || c.Subject.Equal(name)) && verify(c.Key) == nil {
			return c
		}
	}
	return nil
}

// judgeLinks goes from what is trusted to what it signed, until no link is reached any more.
func (a *auditor) judgeLinks(links []*cert.Certificate) {
	open := slices.Clone(links)
	for reached := true; reached; {
		reached = false
		open = slices.DeleteFunc(open, func(link *cert.Certificate) bool {
			held := a.issuer(link.Issuer, link.AuthorityKeyID, link.Verify) != nil
			if held {
				a.issuers, reached = append(a.issuers, link), true
			}
			return held
		})
	}
	for _, link := range links {
		if slices.Contains(open, link) {
			a.add(wrong, "link", "%s hangs on no authority that is trusted", named(link))
		}
		a.judge("link", link)
	}
}

func (a *auditor) judgeSigners(signers []*cert.Certificate) {
	for _, c := range signers {
		if a.issuer(c.Issuer, c.AuthorityKeyID, c.Verify) == nil {
			a.add(wrong, "signer", "%s was issued by no authority that is trusted", named(c))
		}
		a.judge("signer", c)
	}
}

// judgeLists looks at the newest revocation list of every key; the others do not count any more.
func (a *auditor) judgeLists(lists []*cert.CRL) {
	type owned struct {
		*cert.CRL
		by *cert.Certificate
	}
	newest := map[string]owned{}
	covered := map[string]bool{}
	for _, l := range lists {
		by := a.issuer(l.Issuer, l.AuthorityKeyID, l.Verify)
		if by == nil {
			a.add(wrong, "revocation list", "that of %s, made on %s, is signed by no authority that is trusted", l.Issuer, dayOf(l.ThisUpdate))
			continue
		}
		covered[by.Subject.Country] = true
		key := string(by.Key.Bits())
		if other, known := newest[key]; !known || l.ThisUpdate.After(other.ThisUpdate) {
			newest[key] = owned{l, by}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(newest)) {
		l := newest[key]
		switch {
		case l.ThisUpdate.After(a.now.Add(24 * time.Hour)):
			a.add(wrong, "revocation list", "that of %s is of the future: %s", named(l.by), dayOf(l.ThisUpdate))
		case l.NextUpdate.IsZero():
			a.add(noted, "revocation list", "that of %s, made on %s, does not say until when it holds", named(l.by), dayOf(l.ThisUpdate))
		case a.now.After(l.NextUpdate):
			a.add(past, "revocation list", "that of %s is of %s and held until %s", named(l.by), dayOf(l.ThisUpdate), dayOf(l.NextUpdate))
		}
	}
	var without []string
	for _, c := range a.issuers {
		if country := c.Subject.Country; !covered[country] && !slices.Contains(without, country) {
			without = append(without, country)
		}
	}
	if slices.Sort(without); len(without) > 0 {
		a.add(noted, "revocation list", "there is none of: %s", strings.Join(without, ", "))
	}
}
