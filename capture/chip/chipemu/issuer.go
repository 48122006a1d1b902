package chipemu

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/pkitest"
	"boothd/internal/keys"
)

// State is what an issuer is made of. The zero value is Utopia, with brainpool curves.
type State struct {
	// Country and Code are the codes of two letters and of three that certificates and zones
	// have; "" is UT and UTO, the specimen state of ICAO 9303.
	Country, Code string
	// From is the first day of all certificates; the zero time is 2020-01-01. The authority's
	// ends after 20 years, signers' after 15.
	From time.Time
	// Authority and Signer are how they sign; the zero value is ECDSA with SHA-256 on
	// brainpoolP256r1.
	Authority, Signer pkitest.Algorithm
}

// Issuer is a state that issues documents for tests: a signing authority, a document signer,
// and those that sign what a booth must recognise.
type Issuer struct {
	Country, Code string
	seed          []byte
	authorities   map[string]*pkitest.Authority
	signers       map[string]*pkitest.Signer
	crl           []byte
	masterList    []byte
	inspector     inspector
}

// LogValue keeps the keys out of logs.
func (is *Issuer) LogValue() slog.Value { return slog.StringValue("test issuer " + is.Code) }

// The authorities and signers by name. Nobody knows the authorities of the stranger, which has
// a name of its own, and of the forger, which has the issuer's; everybody knows the foreign
// one, another state's.
const (
	own      = "own"
	stranger = "stranger"
	forger   = "forger"
	foreign  = "foreign"
	expired  = "expired"
	revoked  = "revoked"
	lister   = "master-list"
)

// party is a signer with its authority.
type party struct {
	name, authority string
	years           int // of its certificate
}

var parties = []party{
	{own, own, 15}, {expired, own, 1}, {revoked, own, 15}, {stranger, stranger, 15}, {forger, forger, 15}, {foreign, foreign, 15}, {lister, own, 15},
}

// NewIssuer makes a state with new keys.
func NewIssuer(s State) (*Issuer, error) {
	is, err := newIssuer(s.orDefault())
	if err != nil {
		return nil, fmt.Errorf("make test issuer: %w", err)
	}
	return is, nil
}

func (s State) orDefault() State {
	usual := pkitest.Algorithm{Curve: "brainpoolP256r1", Hash: crypto.SHA256}
	if s.Country == "" && s.Code == "" {
		s.Country, s.Code = "UT", "UTO"
	}
	if s.From.IsZero() {
		s.From = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if s.Authority == (pkitest.Algorithm{}) {
		s.Authority = usual
	}
	if s.Signer == (pkitest.Algorithm{}) {
		s.Signer = usual
	}
	return s
}

func newIssuer(s State) (*Issuer, error) {
	is := &Issuer{
		Country: s.Country, Code: s.Code, seed: make([]byte, 32),
		authorities: map[string]*pkitest.Authority{}, signers: map[string]*pkitest.Signer{},
	}
	rand.Read(is.seed)
	for _, name := range []string{own, stranger, forger, foreign} {
		a := pkitest.Authority{Country: s.Country, State: s.Code, Name: "CSCA " + s.Code, NotBefore: s.From, NotAfter: s.From.AddDate(20, 0, 0)}
		switch name {
		case stranger:
			a.Name += " G2"
		case foreign:
			a.Country, a.State, a.Name = "XO", "XOX", "CSCA XOX"
		}
		if err := is.addAuthority(name, a, s.Authority); err != nil {
			return nil, err
		}
	}
	for i, p := range parties {
		signer := pkitest.Signer{
			Name: fmt.Sprintf("Document Signer %d", i+1), NotBefore: s.From, NotAfter: s.From.AddDate(p.years, 0, 0),
		}
		if p.name == lister {
			signer.Name, signer.Purpose = "Master List Signer", pkitest.MasterListSigner
		}
		if err := is.addSigner(p, signer, s.Signer); err != nil {
			return nil, err
		}
	}
	var err error
	if is.inspector, err = newInspector(s.Country, s.From); err != nil {
		return nil, err
	}
	return is, is.publish(s.From)
}

func (is *Issuer) addAuthority(name string, a pkitest.Authority, how pkitest.Algorithm) error {
	key, err := pkitest.NewKey(how)
	if err != nil {
		return err
	}
	a.Key = key
	is.authorities[name], err = pkitest.NewAuthority(a)
	return err
}

func (is *Issuer) addSigner(p party, s pkitest.Signer, how pkitest.Algorithm) error {
	key, err := pkitest.NewKey(how)
	if err != nil {
		return err
	}
	s.Key = key
	is.signers[p.name], err = is.authorities[p.authority].Issue(s)
	return err
}

// publish makes the lists: both hold from the issuer's first day for 20 years, so that a
// folder serves for long.
func (is *Issuer) publish(from time.Time) error {
	var err error
	is.crl, err = is.authorities[own].CRL(from, from.AddDate(20, 0, 0),
		pkitest.Revoked{Certificate: is.signers[revoked].Certificate, At: from.AddDate(0, 1, 0), Reason: 1})
	if err != nil {
		return err
	}
	is.masterList, err = is.signers[lister].MasterList([][]byte{
		is.authorities[own].Certificate.Raw, is.authorities[foreign].Certificate.Raw,
	}, pkitest.Envelope{SigningTime: from, Enclose: []*cert.Certificate{is.authorities[own].Certificate}})
	return err
}

// MasterList returns the issuer's master list (CMS): its own authority and the foreign one.
func (is *Issuer) MasterList() []byte { return bytes.Clone(is.masterList) }

// CRL returns the issuer's revocation list, DER.
func (is *Issuer) CRL() []byte { return bytes.Clone(is.crl) }

// Trust returns what a booth is given to verify the issuer's documents: the authorities of
// the master list and the revocation list.
func (is *Issuer) Trust() []pki.Entry {
	source := "test issuer " + is.Code
	return []pki.Entry{
		{Kind: pki.KindAuthority, DER: is.authorities[own].Certificate.Raw, Source: source},
		{Kind: pki.KindAuthority, DER: is.authorities[foreign].Certificate.Raw, Source: source},
		{Kind: pki.KindCRL, DER: is.CRL(), Source: source},
	}
}

// issuerFile is the file in an issuer's folder that holds all of it; the others are what
// booths import.
const issuerFile = "issuer.json"

type storedIssuer struct {
	Country     string                  `json:"country"`
	Code        string                  `json:"code"`
	Seed        []byte                  `json:"seed"`
	Authorities map[string]storedHolder `json:"authorities"`
	Signers     map[string]storedHolder `json:"signers"`
	CRL         []byte                  `json:"crl"`
	MasterList  []byte                  `json:"master_list"`
	Inspector   inspector               `json:"inspector"`
}

type storedHolder struct {
	Algorithm   pkitest.Algorithm `json:"algorithm"`
	Key         []byte            `json:"key"`
	Certificate []byte            `json:"certificate"`
}

// Store writes the issuer into the folder, which is made if it is not there; an issuer that
// is there already is not replaced, and the error matches fs.ErrExist. Beside issuer.json,
// which holds the keys, stand csca.der, crl.der and masterlist.cms for booths, and cvca.cvc,
// dv.cvc, terminal.cvc and terminal.key (PKCS #8, DER) for a terminal.
func (is *Issuer) Store(dir string) error {
	if err := is.store(dir); err != nil {
		return fmt.Errorf("store test issuer: %w", err)
	}
	return nil
}

func (is *Issuer) store(dir string) error {
	s := storedIssuer{
		Country: is.Country, Code: is.Code, Seed: is.seed, CRL: is.crl, MasterList: is.masterList, Inspector: is.inspector,
		Authorities: map[string]storedHolder{}, Signers: map[string]storedHolder{},
	}
	var err error
	for name, a := range is.authorities {
		if s.Authorities[name], err = storedOf(a.Key, a.Certificate); err != nil {
			return err
		}
	}
	for name, signer := range is.signers {
		if s.Signers[name], err = storedOf(signer.Key, signer.Certificate); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := keys.WriteNew(filepath.Join(dir, issuerFile), text, 0o600); err != nil {
		return err
	}
	files := is.inspector.files()
	files["csca.der"], files["crl.der"], files["masterlist.cms"] = is.authorities[own].Certificate.Raw, is.crl, is.masterList
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func storedOf(k *pkitest.Key, c *cert.Certificate) (storedHolder, error) {
	key, err := k.PrivateKey()
	return storedHolder{Algorithm: k.Algorithm, Key: key, Certificate: c.Raw}, err
}

// OpenIssuer reads the issuer that Store wrote into the folder. The error matches
// fs.ErrNotExist if there is none.
func OpenIssuer(dir string) (*Issuer, error) {
	is, err := openIssuer(dir)
	if err != nil {
		return nil, fmt.Errorf("open test issuer: %w", err)
	}
	return is, nil
}

func openIssuer(dir string) (*Issuer, error) {
	f, err := os.Open(filepath.Join(dir, issuerFile))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var s storedIssuer
	if err := decode(f, &s); err != nil {
		return nil, err
	}
	is := &Issuer{
		Country: s.Country, Code: s.Code, seed: s.Seed, crl: s.CRL, masterList: s.MasterList, inspector: s.Inspector,
		authorities: map[string]*pkitest.Authority{}, signers: map[string]*pkitest.Signer{},
	}
	for name, h := range s.Authorities {
		key, c, err := h.load()
		if err != nil {
			return nil, fmt.Errorf("authority %q: %w", name, err)
		}
		is.authorities[name] = &pkitest.Authority{Country: c.Subject.Country, Key: key, Certificate: c, NotBefore: c.NotBefore, NotAfter: c.NotAfter}
	}
	for name, h := range s.Signers {
		key, c, err := h.load()
		if err != nil {
			return nil, fmt.Errorf("signer %q: %w", name, err)
		}
		is.signers[name] = &pkitest.Signer{Country: c.Subject.Country, Key: key, Certificate: c, NotBefore: c.NotBefore, NotAfter: c.NotAfter}
	}
	for _, p := range parties {
		if is.signers[p.name] == nil || is.authorities[p.authority] == nil {
			return nil, fmt.Errorf("signer %q is missing", p.name)
		}
	}
	return is, nil
}

func (h storedHolder) load() (*pkitest.Key, *cert.Certificate, error) {
	key, err := pkitest.LoadKey(h.Key, h.Algorithm)
	if err != nil {
		return nil, nil, err
	}
	c, err := cert.Parse(h.Certificate)
	return key, c, err
}
