package sbi

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"boothd/internal/keys/rest"
	"boothd/internal/settings"
)

// The lives of the keys that a booth makes for itself.
const (
	rotation = 30 * 24 * time.Hour // after which a device key is replaced
	overlap  = 15 * 24 * time.Hour // for which its certificate counts longer
	rootLife = 20 * 365 * 24 * time.Hour
	backdate = time.Hour // of certificates, for clocks that are behind
	keyBits  = 2048
)

// The files of the keys that a booth makes for itself, below the folder of its keys. RootFile
// is the certificate that whoever is to believe the answers is given once.
const (
	RootFile   = "sbi-root.pem"
	rootKey    = "sbi-root.key"
	deviceFile = "sbi-device.pem"
	deviceKey  = "sbi-device.key"
)

var errExpired = errors.New("the certificate of the device key has expired")

// IdentityOptions say where the device key comes from.
type IdentityOptions struct {
	// Cert and Key are files of an imported key: certificates in PEM, the device's own first,
	// and its RSA key in PKCS #8, plain or wrapped by Keys. Both or neither.
	Cert, Key string
	// Dir is the folder of the booth's own keys, for a key that the booth makes for itself.
	Dir   string
	Keys  *rest.Keeper
	Booth string // name in the certificates
	Now   func() time.Time
	Log   *slog.Logger
}

// Identity signs answers with the device key.
//
// Without an imported key the booth makes one for itself, and a root that signs its
// certificate. The device key is replaced after 30 days, while the booth runs; the root stays.
// An imported key is never replaced here: when its certificate has expired, nothing is signed.
type Identity struct {
	o IdentityOptions

	mu     sync.Mutex
	chain  []*x509.Certificate // the device's own first
	signer jose.Signer
}

// OpenIdentity reads the device key, or makes it.
func OpenIdentity(o IdentityOptions) (*Identity, error) {
	i := &Identity{o: o}
	if o.Cert != "" {
		key, chain, err := o.read(o.Cert, o.Key)
		if err != nil {
			return nil, fmt.Errorf("imported device key: %w", err)
		}
		return i, i.use(key, chain)
	}
	key, chain, err := o.read(filepath.Join(o.Dir, deviceFile), filepath.Join(o.Dir, deviceKey))
	switch {
	case errors.Is(err, rest.ErrOff) || errors.Is(err, rest.ErrDamaged):
		return nil, fmt.Errorf("device key: %w", err)
	case err == nil && !o.Now().After(chain[0].NotBefore.Add(rotation)):
		return i, i.use(key, chain)
	}
	return i, i.renew() // there is none, or only half of one after a power cut, or an old one
}

// Expires is when the certificate of the present device key ends.
func (i *Identity) Expires() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.freshen() // an expired one is told by its end
	return i.chain[0].NotAfter
}

// sign returns v as a compact JWS (RFC 7515) with the certificates in x5c. The error matches
// errExpired if the key may not be used any more.
func (i *Identity) sign(v any) (string, error) {
	payload, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.freshen(); err != nil {
		return "", err
	}
	object, err := i.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return object.CompactSerialize()
}

// usable says why nothing can be signed now.
func (i *Identity) usable() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.freshen()
}

// freshen replaces a key of the booth's own making that is old. It is called with mu held.
func (i *Identity) freshen() error {
	now := i.o.Now()
	if i.o.Cert == "" && now.After(i.chain[0].NotBefore.Add(rotation)) {
		if err := i.renew(); err != nil {
			i.o.Log.Error("device key of the biometric interface not replaced", "err", err)
		}
	}
	if now.After(i.chain[0].NotAfter) {
		return errExpired
	}
	return nil
}

// use signs with the key from now on.
func (i *Identity) use(key *rsa.PrivateKey, chain []*x509.Certificate) error {
	x5c := make([]string, len(chain))
	for n, c := range chain {
		x5c[n] = base64.StdEncoding.EncodeToString(c.Raw)
	}
	opt := (&jose.SignerOptions{}).WithType("JWT").WithHeader("x5c", x5c)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, opt)
	if err != nil {
		return fmt.Errorf("device key: %w", err)
	}
	i.signer, i.chain = signer, chain
	return nil
}

// renew makes a device key, and the root if there is none.
func (i *Identity) renew() error {
	o := &i.o
	root, chain, err := o.read(filepath.Join(o.Dir, RootFile), filepath.Join(o.Dir, rootKey))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errUnfit) {
		root, chain, err = o.make(RootFile, rootKey, nil, nil)
	}
	if err != nil {
		return fmt.Errorf("root of the device key: %w", err)
	}
	key, chain, err := o.make(deviceFile, deviceKey, root, chain[0])
	if err != nil {
		return fmt.Errorf("make device key: %w", err)
	}
	o.Log.Info("device key of the biometric interface made", "until", chain[0].NotAfter)
	return i.use(key, chain)
}

// make makes a key with its certificate by parent, or by itself, and keeps both.
func (o *IdentityOptions) make(certFile, keyFile string, parentKey *rsa.PrivateKey, parent *x509.Certificate) (*rsa.PrivateKey, []*x509.Certificate, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, nil, err
	}
	chain, err := o.certify(key, parentKey, parent)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, nil, err
	}
	var text []byte
	for _, c := range chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	if err := write(filepath.Join(o.Dir, keyFile), o.Keys.Wrap(keyFile, der), 0o600); err != nil {
		return nil, nil, err
	}
	return key, chain, write(filepath.Join(o.Dir, certFile), text, 0o644)
}

// certify returns the certificate of the key, and with a parent that of the parent behind it.
func (o *IdentityOptions) certify(key, parentKey *rsa.PrivateKey, parent *x509.Certificate) ([]*x509.Certificate, error) {
	serial := make([]byte, 16)
	rand.Read(serial)
	id := sha256.Sum256(x509.MarshalPKCS1PublicKey(&key.PublicKey))
	now := o.Now()
	c := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: "boothd device key", OrganizationalUnit: []string{o.Booth}},
		NotBefore:    now.Add(-backdate),
		NotAfter:     now.Add(rotation + overlap),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		SubjectKeyId: id[:20],

		BasicConstraintsValid: true,
	}
	if parent == nil {
		c.Subject.CommonName, c.IsCA, c.MaxPathLenZero = "boothd device root", true, true
		c.NotAfter, c.KeyUsage = now.Add(rootLife), x509.KeyUsageCertSign
		parent, parentKey = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, err
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if parent == c {
		return []*x509.Certificate{made}, nil
	}
	return []*x509.Certificate{made, parent}, nil
}

// errUnfit is of a pair of files that do not belong together or hold something else.
var errUnfit = errors.New("not an RSA key of 2048 bits or more with its certificate")

// read reads a key and its certificates. Its errors tell nothing of the key.
func (o *IdentityOptions) read(certFile, keyFile string) (*rsa.PrivateKey, []*x509.Certificate, error) {
	text, err := settings.ReadFile(certFile)
	if err != nil {
		return nil, nil, err
	}
	var chain []*x509.Certificate
	for block, more := pem.Decode(text); block != nil; block, more = pem.Decode(more) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", certFile, err)
		}
		chain = append(chain, c)
	}
	b, err := settings.ReadFile(keyFile)
	if err != nil {
		return nil, nil, err
	}
	if b, err = o.Keys.Unwrap(filepath.Base(keyFile), b); err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", keyFile, err)
	}
	if block, _ := pem.Decode(b); block != nil {
		b = block.Bytes
	}
	parsed, err := x509.ParsePKCS8PrivateKey(b)
	key, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok || len(chain) == 0 || key.N.BitLen() < keyBits || !key.PublicKey.Equal(chain[0].PublicKey) {
		return nil, nil, fmt.Errorf("read %s with %s: %w", certFile, keyFile, errUnfit)
	}
	return key, chain, nil
}

// write makes data the content of the file, durably.
func write(path string, data []byte, mode fs.FileMode) error {
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		os.Remove(part)
	}
	return err
}
