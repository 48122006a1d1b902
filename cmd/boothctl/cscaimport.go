package main

import (
	"bufio"
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/cert"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

type cscaImport struct {
	Trust     []string `sep:"none" placeholder:"CSCA.cer" type:"existingfile" help:"The certificate of an authority, received on a way of its own, that is trusted for its documents and to make lists of others."`
	Authority []string `sep:"none" placeholder:"CSCA.cer" type:"existingfile" help:"The certificate of an authority, likewise, that is trusted for its own documents only."`
	Signers   bool     `help:"Keep document signers' certificates too; nearly every chip brings its own."`
	Out       string   `required:"" short:"o" type:"path" help:"The file to write anew, for csca list and verify and for a signed list."`
	Files     []string `arg:"" optional:"" name:"file" type:"existingfile" help:"Master, defect and deviation lists (CMS), LDIF files of the ICAO directory, links, revocation lists; in DER or PEM. Revocation lists count for the files after them."`
}

// Run writes the file only if every file could be taken.
func (i *cscaImport) Run(c *call) error {
	im := &importing{call: c, now: time.Now(), signers: i.Signers}
	for _, name := range i.Trust {
		if err := im.given(name, true); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, name := range i.Authority {
		if err := im.given(name, false); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, name := range i.Files {
		if err := im.file(name); err != nil {
			return fmt.Errorf("%s: %w; nothing is written", name, err)
		}
	}
	trust, faults := pki.New(im.kept)
	for _, err := range faults {
		c.say("left out: %v", err)
	}
	if len(trust.Entries()) == 0 {
		return errors.New("there is nothing to write: neither --trust nor --authority nor a file")
	}
	out := output{Out: i.Out}
	if err := out.write(c, func(w io.Writer) error { return pki.WriteLines(w, trust.Entries()) }); err != nil {
		return err
	}
	c.say("%s: %s", i.Out, census(trust.Entries()))
	return nil
}

// importing is an import under way.
type importing struct {
	*call
	now     time.Time
	signers bool
	vouch   []pki.Entry // what lists are verified against
	kept    []pki.Entry
}

func (im *importing) keep(e pki.Entry) error {
	im.kept = append(im.kept, e)
	if e.Kind == pki.KindLink || e.Kind == pki.KindCRL {
		im.vouch = append(im.vouch, e) // as good as what it was signed with
	}
	return nil
}

// given takes the certificate of an authority for which the operator vouches.
func (im *importing) given(name string, lists bool) error {
	pieces, err := readPieces(name)
	if err != nil {
		return err
	}
	for _, der := range pieces {
		e, err := pki.ImportCertificate(der, "given by the operator")
		if err != nil {
			return err
		}
		if e.Kind != pki.KindAuthority {
			return fmt.Errorf("a %s certificate, and not one that an authority signed for itself", e.Kind)
		}
		im.sayCertificate(name, e, "trusted as given")
		im.kept = append(im.kept, e)
		if lists {
			im.vouch = append(im.vouch, e)
		}
	}
	return nil
}

func (im *importing) sayCertificate(name string, e pki.Entry, why string) {
	t := describe(e)
	im.say("%s: %s %s, SHA-256 %s, %s", name, e.Kind, t.Name, t.Fingerprint, why)
}

// file takes a file of any kind; its first bytes tell which.
func (im *importing) file(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	begin, _ := r.Peek(len(pemBegin))
	if len(begin) == 0 {
		return errors.New("the file is empty")
	}
	if begin[0] != derBegin && string(begin) != pemBegin {
		return im.ldif(name, r)
	}
	pieces, err := readPieces(name)
	if err != nil {
		return err
	}
	for _, der := range pieces {
		if err := im.piece(name, der); err != nil {
			return err
		}
	}
	return nil
}

const (
	pemBegin = "-----BEGIN "
	derBegin = 0x30
	// largestList bounds a file in DER or PEM: all the world's authorities have 2 MB.
	largestList = 64 << 20
)

// readPieces reads what a file in DER or PEM holds.
func readPieces(name string) ([][]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, largestList+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > largestList:
		return nil, fmt.Errorf("larger than %d bytes", largestList)
	case !bytes.HasPrefix(data, []byte(pemBegin)):
		return [][]byte{data}, nil
	}
	var pieces [][]byte
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		pieces, data = append(pieces, block.Bytes), rest
	}
	if len(pieces) == 0 {
		return nil, errors.New("no whole PEM block")
	}
	return pieces, nil
}

// piece takes a list in CMS, a revocation list or a certificate.
func (im *importing) piece(name string, der []byte) error {
	if isCMS(der) {
		return im.list(name, der)
	}
	l, errCRL := cert.ParseCRL(der)
	if errCRL == nil {
		im.say("%s: revocation list of %s of %s, %d revoked", name, l.Issuer, dayOf(l.ThisUpdate), l.Len())
		return im.keep(pki.Entry{Kind: pki.KindCRL, DER: der, Source: filepath.Base(name)})
	}
	e, err := pki.ImportCertificate(der, filepath.Base(name))
	if err != nil {
		return fmt.Errorf("neither a revocation list (%w) nor a certificate (%w)", errCRL, err)
	}
	switch e.Kind {
	case pki.KindAuthority:
		return im.lone(name, e)
	case pki.KindSigner:
		if !im.signers {
			return errors.New("a document signer's certificate, which --signers keeps")
		}
	}
	im.sayCertificate(name, e, "as good as what it was signed with")
	return im.keep(e)
}

// lone takes the certificate of an authority if it is known already: a file vouches for nothing.
func (im *importing) lone(name string, e pki.Entry) error {
	for _, k := range im.kept {
		if k.Kind == e.Kind && bytes.Equal(k.DER, e.DER) {
			im.sayCertificate(name, e, "known already")
			return nil
		}
	}
	im.sayCertificate(name, e, "NOT vouched for")
	return errors.New("nobody vouches for this authority: compare its SHA-256 with what the state told you, then give it with --authority")
}

// isCMS tells a ContentInfo, which begins with an object identifier, from what has a sequence
// there.
func isCMS(der []byte) bool {
	if len(der) > 1 && der[1] == 0x80 { // BER of indefinite length
		return len(der) > 2 && der[2] == byte(cbasn1.OBJECT_IDENTIFIER)
	}
	s, content := cryptobyte.String(der), cryptobyte.String(nil)
	return s.ReadASN1(&content, cbasn1.SEQUENCE) && content.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER)
}

func (im *importing) voucher() *pki.Trust {
	t, _ := pki.New(im.vouch) // each was read before
	return t
}

// list takes a signed list, if it is vouched for.
func (im *importing) list(name string, der []byte) error {
	l, err := pki.ParseList(der, filepath.Base(name))
	if err != nil {
		return err
	}
	facts := l.Verify(im.voucher(), im.now)
	if l.Signer != nil {
		im.say("%s: list of %s of %s: %s", name, l.Signer.Subject, dayOf(l.SigningTime), census(l.Entries))
	}
	for _, fault := range l.Faults {
		im.say("%s: left out: %v", name, fault)
	}
	for _, f := range facts {
		if f.State != pki.Successful {
			im.say("%s: %s %s: %s", name, f.Check, f.State, f.Text)
		}
	}
	if !pki.Vouched(facts) {
		return errors.New("no authority given with --trust vouches for this list")
	}
	for _, e := range l.Entries {
		if err := im.keep(e); err != nil {
			return err
		}
	}
	return nil
}

// ldif takes what is vouched for in a file of the ICAO directory.
func (im *importing) ldif(name string, r io.Reader) error {
	report, faults, err := pki.Import{
		Trust: im.voucher(), Now: im.now, Source: filepath.Base(name), Signers: im.signers, Keep: im.keep,
	}.LDIF(im.ctx, r)
	if err != nil {
		return err
	}
	if report.Entries == 0 {
		return errors.New("neither DER nor PEM nor LDIF with entries")
	}
	im.say("%s: %d entries, %d of them not conformant; %d document signers, %d revocation lists", name,
		report.Entries, report.NonConformant, report.Signers, report.CRLs)
	im.say("%s: %d lists vouched for, %d not; %d authorities and %d links on them, %d left out", name,
		report.Lists, report.SkippedLists, report.Authorities, report.Links, report.UnreadableInLists)
	for _, fault := range faults {
		im.say("%s: left out: %v", name, fault)
	}
	if more := report.Unreadable - len(faults); more > 0 {
		im.say("%s: left out: %d more", name, more)
	}
	return nil
}
