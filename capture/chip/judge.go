package chip

import (
	"context"
	"crypto"
	"errors"
	"slices"
	"strings"
	"time"

	"boothd/capture/chip/lds"
	"boothd/capture/chip/pki"
	"boothd/capture/chip/portrait"
	"boothd/capture/chip/security"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
)

// errNoSecurity is matched if EF.CardSecurity was not read.
var errNoSecurity = errors.New("no EF.CardSecurity")

func isPassive(name string) bool { return strings.HasPrefix(name, passivePrefix) }

// document is what Passive Authentication knows of the document.
func (r *run) document() pki.Document {
	d := pki.Document{SOD: r.files[lds.SOD], Digest: r.digest}
	z, err := r.zoneOf()
	if err != nil {
		z = r.line.password.Zone
	}
	if z != nil {
		d.State, d.Type, d.Number = z.Issuer, z.DocumentCode, z.DocumentNumber
	}
	if issue, err := lds.ParseIssue(r.files[lds.DG12]); err == nil {
		d.Issued, _ = time.Parse("20060102", issue.Date)
	}
	return d
}

func (r *run) digest(group int, h crypto.Hash) ([]byte, bool) {
	file, read := r.files[lds.File(group)]
	if !read || !h.Available() {
		return nil, false
	}
	w := h.New()
	w.Write(file)
	return w.Sum(nil), true
}

// passive does Passive Authentication.
func (r *run) passive() pki.Result {
	if r.line.session == nil {
		return pki.Result{}
	}
	r.verifying.Wait()
	if r.opened == nil {
		r.opened = r.trust.Open(nil) // nobody signed anything
	}
	res := r.opened.Verify(r.document(), r.Now())
	for _, f := range res.Facts {
		c := inspection.Check{
			Name: passivePrefix + string(f.Check), State: inspection.State(f.State), Reason: string(f.Reason), Group: f.Group, Text: f.Text,
		}
		if f.Check == pki.CheckHash && f.Reason == pki.ReasonNotRead && !r.wanted(f.Group) {
			continue // nobody asked for it
		}
		r.out.Checks = append(r.out.Checks, c)
	}
	return res
}

// wanted reports whether the inspection reads the data group wherever it is.
func (r *run) wanted(group int) bool {
	switch f := lds.File(group); f {
	case lds.DG1, lds.DG2, lds.DG14:
		return true
	case lds.DG3, lds.DG4:
		return false
	}
	return slices.Contains(r.Groups, group)
}

// cardSecurity is EF.CardSecurity and what is to be thought of it.
type cardSecurity struct {
	infos  security.Infos
	err    error // why there are none
	signed bool  // by a document signer, as far as that is known
}

func (r *run) cardSecurity() *cardSecurity {
	if r.security != nil {
		return r.security
	}
	r.security = &cardSecurity{err: errNoSecurity}
	if file := r.files[lds.CardSecurity]; file != nil {
		content, res := r.trust.VerifyCardSecurity(file, r.document(), r.Now())
		r.security.infos, r.security.err = security.Parse(content)
		r.security.signed = res.Fact(pki.CheckSignature).State == pki.Successful && res.Fact(pki.CheckChain).State != pki.Failed
	}
	return r.security
}

// authentic reports whether Passive Authentication vouches for a file: the signature and all
// above it hold, as far as that is known, and the file is the one that was signed.
func authentic(p pki.Result, group int) bool {
	hashed := false
	for _, f := range p.Facts {
		switch {
		case f.Check == pki.CheckHash && f.Group == group:
			hashed = f.State == pki.Successful
		case f.Check == pki.CheckSignature && f.State != pki.Successful:
			return false
		}
	}
	return hashed
}

// weighProof takes a proof back that rests on a key which nobody signed.
func (r *run) weighProof(p pki.Result) {
	keys := map[string]func() bool{
		CheckChip:    func() bool { return authentic(p, 14) },
		CheckActive:  func() bool { return authentic(p, 15) },
		CheckMapping: func() bool { return r.cardSecurity().signed },
	}
	for i := range r.out.Checks {
		c := &r.out.Checks[i]
		if ok := keys[c.Name]; ok != nil && c.State == inspection.Successful && !ok() {
			c.State, c.Reason = inspection.Undetermined, "key_not_signed"
			c.Text = "The chip has the key that it names, but that key was not signed for this document."
		}
	}
}

// compare does the checks of consistency.
func (r *run) compare(p pki.Result) {
	if r.line.session == nil {
		return
	}
	r.compareAccess(p)
	r.compareCommon()
	r.compareZone()
}

// compareAccess finds out whether somebody on the air made the chip look weaker than it is.
func (r *run) compareAccess(p pki.Result) {
	signed, ok := r.dg14, authentic(p, 14)
	if c := r.cardSecurity(); c.err == nil && c.signed {
		signed, ok = c.infos, true
	}
	switch {
	case ok && r.line.said == nil && len(signed.PACE) > 0:
		r.add(CheckDowngrade, inspection.Failed, "downgrade", "The chip can do PACE, and somebody hid that.")
	case ok && !signed.Contains(r.line.infos):
		r.add(CheckDowngrade, inspection.Failed, "differs", "What the chip offered before it was opened is not what was signed.")
	case ok && weaker(r.line.infos.PACE, signed.PACE):
		r.add(CheckDowngrade, inspection.Failed, "downgrade", "The chip can do better than it offered before it was opened.")
	case r.line.said == nil:
		r.add(CheckDowngrade, inspection.NotSupported, "no_pace", "The chip offers BAC only, and nothing that was signed says otherwise.")
	case !ok:
		r.add(CheckDowngrade, inspection.Undetermined, "not_signed", "Nothing that was signed confirms what the chip offered before it was opened.")
	default:
		r.add(CheckDowngrade, inspection.Successful, "", "What the chip offered before it was opened was signed.")
	}
}

// weaker reports whether a way to do PACE was signed that was not offered.
func weaker(offered, signed []security.PACE) bool {
	return slices.ContainsFunc(signed, func(s security.PACE) bool {
		return !slices.ContainsFunc(offered, func(o security.PACE) bool { return o.OID.Equal(s.OID) && o.Parameter == s.Parameter })
	})
}

// compareCommon compares EF.COM, which nobody signs, with EF.SOD.
func (r *run) compareCommon() {
	c, err := lds.ParseCommon(r.files[lds.COM])
	switch {
	case r.files[lds.COM] == nil:
		r.add(CheckCommon, inspection.NotDone, "missing", "The chip has no EF.COM, or did not give it.")
		return
	case err != nil:
		r.add(CheckCommon, inspection.Failed, "malformed", "EF.COM cannot be understood.")
		return
	case r.sod == nil:
		r.add(CheckCommon, inspection.NotDone, "no_security_object", "There is no EF.SOD to compare EF.COM with.")
		return
	}
	for n := 1; n <= 16; n++ {
		if (r.sod.Groups[n] != nil) != slices.Contains(c.Files, lds.File(n)) {
			r.add(CheckCommon, inspection.Failed, "differs", "EF.COM names other data groups than were signed.")
			return
		}
	}
	r.add(CheckCommon, inspection.Successful, "", "EF.COM names the data groups that were signed.")
}

// compareZone compares DG1 with the zone that was read from the page.
func (r *run) compareZone() {
	z, err := r.zoneOf()
	if err != nil {
		reason, text := "missing", "DG1 was not read."
		state := inspection.NotDone
		if r.files[lds.DG1] != nil {
			state, reason, text = inspection.Failed, "malformed", "DG1 holds no machine-readable zone."
		}
		r.add(CheckDG1, state, reason, text)
		r.add(CheckZone, inspection.NotDone, reason, "There is no zone in DG1 to compare with.")
		return
	}
	r.out.Zone = z
	r.add(CheckDG1, inspection.Successful, "", "DG1 holds a machine-readable zone.")
	page := r.line.password.Zone
	if page == nil {
		r.add(CheckZone, inspection.NotDone, "zone_missing", "No zone was read from the page.")
		return
	}
	if fields := differing(page, z); len(fields) > 0 {
		r.add(CheckZone, inspection.Failed, "differs", "The chip differs from the page: "+strings.Join(fields, ", ")+".")
		return
	}
	r.add(CheckZone, inspection.Successful, "", "The zone of the page is that of the chip.")
}

// differing names the fields in which two zones differ.
func differing(a, b *mrz.Zone) []string {
	if a.Format != b.Format {
		return []string{"format"}
	}
	var fields []string
	for _, f := range []struct{ name, a, b string }{
		{mrz.FieldDocumentCode, a.DocumentCode, b.DocumentCode},
		{mrz.FieldIssuer, a.Issuer, b.Issuer},
		{mrz.FieldDocumentNumber, a.DocumentNumber, b.DocumentNumber},
		{mrz.FieldSurname, a.Surname, b.Surname},
		{mrz.FieldGivenNames, a.GivenNames, b.GivenNames},
		{mrz.FieldNationality, a.Nationality, b.Nationality},
		{mrz.FieldBirthDate, a.BirthDate.Text, b.BirthDate.Text},
		{mrz.FieldSex, a.Sex, b.Sex},
		{mrz.FieldExpiryDate, a.ExpiryDate.Text, b.ExpiryDate.Text},
		{mrz.FieldOptional, a.Optional, b.Optional},
		{mrz.FieldOptional2, a.Optional2, b.Optional2},
	} {
		if f.a != f.b {
			fields = append(fields, f.name)
		}
	}
	if len(fields) == 0 && !slices.Equal(a.Lines, b.Lines) {
		fields = append(fields, "check digits")
	}
	return fields
}

// draw makes a picture of the portrait in DG2.
func (r *run) draw(ctx context.Context, file []byte) (*portrait.Portrait, error) {
	faces, err := lds.ParseFaces(file)
	if err != nil {
		return nil, err
	}
	return r.Portrait.Make(ctx, faces.Faces[0].Picture.Data)
}

// show says whether there is a portrait to be shown, which was begun to be drawn when it was read.
func (r *run) show(ctx context.Context) {
	if r.line.session == nil {
		return
	}
	if r.files[lds.DG2] == nil {
		r.add(CheckPortrait, inspection.NotDone, "missing", "DG2 was not read.")
		return
	}
	r.drawing.Wait()
	r.out.Portrait = r.drawn
	err := r.undrawn
	switch {
	case err == nil:
		r.add(CheckPortrait, inspection.Successful, "", "DG2 holds a portrait.")
	case errors.Is(err, errors.ErrUnsupported):
		r.add(CheckPortrait, inspection.NotSupported, "format", "The portrait is of a kind that this booth cannot show.")
	case errors.Is(err, portrait.ErrTooLarge), errors.Is(err, portrait.ErrTooSlow):
		r.add(CheckPortrait, inspection.Failed, "size", "The portrait is larger than any portrait is.")
	case ctx.Err() != nil:
		r.add(CheckPortrait, inspection.NotDone, "time", "There was no time to decode the portrait.")
	case errors.Is(err, portrait.ErrDamaged), errors.Is(err, lds.ErrMalformed):
		r.add(CheckPortrait, inspection.Failed, "damaged", "The portrait cannot be decoded.")
	default:
		r.add(CheckPortrait, inspection.Undetermined, "booth", "The portrait could not be decoded on this machine.")
	}
}
