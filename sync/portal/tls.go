package portal

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// maxPEM limits certificate and key files, in bytes.
const maxPEM = 1 << 20

// MutualTLS makes a TLS configuration for clients of central: the server must show a
// certificate of the authority in caFile, and the booth shows the one in certFile. When
// certFile or keyFile changes, new connections use the new pair; one that cannot be read
// is reported to log and the old pair stays in use.
func MutualTLS(caFile, certFile, keyFile string, log *slog.Logger) (*tls.Config, error) {
	ca, err := readLimited(caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("read %s: no certificate in it", caFile)
	}
	pair := &pairOnDisk{certFile: certFile, keyFile: keyFile, log: log}
	if err := pair.load(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:           tls.VersionTLS13,
		RootCAs:              pool,
		GetClientCertificate: pair.get,
	}, nil
}

// pairOnDisk is a certificate with its key, read again when a file's stamp changes.
type pairOnDisk struct {
	certFile, keyFile string
	log               *slog.Logger

	mu    sync.Mutex
	stamp [2]stamp
	cert  *tls.Certificate
}

// stamp tells one state of a file from another.
type stamp struct {
	mod  time.Time
	size int64
}

func (p *pairOnDisk) get(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.load(); err != nil && p.log != nil {
		p.log.Warn("booth certificate not read, the old one stays in use", "err", err)
	}
	return p.cert, nil
}

// load reads the pair if a file is not as it was when it was last read.
func (p *pairOnDisk) load() error {
	now, err := p.stamps()
	if err != nil {
		return err
	}
	if p.cert != nil && now == p.stamp {
		return nil
	}
	cert, err := readLimited(p.certFile)
	if err != nil {
		return err
	}
	key, err := readLimited(p.keyFile)
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("read %s and %s: %w", p.certFile, p.keyFile, err)
	}
	p.cert, p.stamp = &pair, now
	return nil
}

func (p *pairOnDisk) stamps() (s [2]stamp, err error) {
	for i, name := range []string{p.certFile, p.keyFile} {
		st, err := os.Stat(name)
		if err != nil {
			return s, err
		}
		s[i] = stamp{mod: st.ModTime(), size: st.Size()}
	}
	return s, nil
}

func readLimited(name string) ([]byte, error) {
	st, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if st.Size() > maxPEM {
		return nil, fmt.Errorf("read %s: longer than %d bytes", name, maxPEM)
	}
	return os.ReadFile(name)
}
