// Package demo makes and reads the folder in which a whole emulated booth lives.
//
// The folder holds an authority and the certificates of portal, broker, booth and
// publisher; central's keys for records and acknowledgements; the keys that sign lists, with
// the three root keys above them, profiles, grants and officers' tokens; the officers; the portal's database; boothd.toml, with
// which boothd runs beside the simulator, and centrald.toml, with which the portal runs in it. Everything in it is made at random for this folder and guards
// nothing but synthetic travellers.
package demo

import (
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"boothd/internal/keys"
)

// Booth is the id of the demo's booth.
const Booth = "demo-1"

// Folder is a folder of the demo. Make returns one.
type Folder struct{ dir string }

// marker is written last; a folder without it is not whole.
const marker = "README.txt"

const readme = `This folder belongs to boothsim: an emulated booth, its broker and its portal.
Nothing in it is secret or real. Delete it to begin anew.
`

// Make makes the folder, or returns the one that was made before. It refuses a folder
// that holds anything else.
func Make(dir string) (*Folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	f := &Folder{dir: dir}
	if _, err := os.Stat(f.Path(marker)); err == nil {
		return f, nil
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("make demo in %s: the folder holds something else", dir)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	// Built beside its place and moved there whole, so that there is never half a folder.
	building, err := os.MkdirTemp(filepath.Dir(dir), ".boothsim-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(building)
	if err := fill(building); err != nil {
		return nil, fmt.Errorf("make demo: %w", err)
	}
	if err := os.Rename(building, dir); err != nil {
		return nil, err
	}
	return f, nil
}

func fill(dir string) error {
	ca, err := newAuthority(dir)
	if err != nil {
		return err
	}
	_, sealing := keys.GenerateSealing(filepath.Join(dir, "central-opening"))
	_, signing := keys.GenerateSigning(filepath.Join(dir, "central-signing"))
	_, authority := keys.GenerateSigning(filepath.Join(dir, "authority-signing"))
	_, court := keys.GenerateSigning(filepath.Join(dir, "court-signing"))
	_, issuer := keys.GenerateSigning(filepath.Join(dir, "issuer-signing"))
	err = errors.Join(
		ca.server("portal"),
		ca.server("broker"),
		ca.client("booth", Booth),
		ca.client("publisher", "publisher"),
		sealing, signing, authority, court, issuer,
		makeKeys(dir, time.Now()),
		writeOfficers(dir),
		os.Mkdir(filepath.Join(dir, "state"), 0o700),
	)
	if err != nil {
		return err
	}
	for _, o := range officers() {
		if err := keys.WriteNew(filepath.Join(dir, o.TokenFile), []byte(rand.Text()+rand.Text()+"\n"), 0o600); err != nil {
			return err
		}
	}
	return keys.WriteNew(filepath.Join(dir, marker), []byte(readme), 0o644)
}

// Path returns the path of a file of the folder.
func (f *Folder) Path(name string) string { return filepath.Join(f.dir, name) }

// Dir is the folder's absolute path.
func (f *Folder) Dir() string { return f.dir }

// Token reads an officer's token.
func (f *Folder) Token(officer string) (string, error) {
	for _, o := range officers() {
		if o.ID == officer {
			b, err := os.ReadFile(f.Path(o.TokenFile))
			return strings.TrimSpace(string(b)), err
		}
	}
	return "", fmt.Errorf("no officer %q", officer)
}

// PortalTLS is the portal's configuration: it takes clients of the demo's authority only.
func (f *Folder) PortalTLS() (*tls.Config, error) { return serverTLS(f.dir, "portal") }

// BrokerTLS is the broker's.
func (f *Folder) BrokerTLS() (*tls.Config, error) { return serverTLS(f.dir, "broker") }

// PublisherTLS is the configuration of central operations as a client of the broker.
func (f *Folder) PublisherTLS() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(f.Path("publisher.pem"), f.Path("publisher.key"))
	if err != nil {
		return nil, err
	}
	pool, err := readPool(f.Path("ca.pem"))
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: pool, MinVersion: tls.VersionTLS13}, nil
}

// Opening is central's key that opens records.
func (f *Folder) Opening() (hpke.PrivateKey, error) {
	return keys.ReadOpening(f.Path("central-opening"))
}

// Signing is central's key that signs acknowledgements.
func (f *Folder) Signing() (ed25519.PrivateKey, error) {
	return keys.ReadSigning(f.Path("central-signing"))
}

// ListSigning is the key that signs lists.
func (f *Folder) ListSigning() (ed25519.PrivateKey, error) {
	return keys.ReadSigning(f.Path("lists-signing"))
}

func readPool(path string) (*x509.CertPool, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("read %s: no certificate in it", path)
	}
	return pool, nil
}

// replace writes a file whole or not at all.
func replace(path string, data []byte, mode fs.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(mode), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
