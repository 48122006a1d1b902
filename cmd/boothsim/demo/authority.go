package demo

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"path/filepath"
	"time"

	"boothd/internal/keys"
)

// lifetime of the demo's certificates. They protect nothing but synthetic travellers.
const lifetime = 5 * 365 * 24 * time.Hour

// authority issues the demo's certificates.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority makes an authority and writes ca.pem. Its key is kept in ca.key, so that a
// trainer can issue more.
func newAuthority(dir string) (*authority, error) {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "boothsim demo authority"},
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	a := &authority{dir: dir}
	key, cert, err := a.sign("ca", template)
	if err != nil {
		return nil, err
	}
	a.key, a.cert = key, cert
	return a, nil
}

// server issues name.pem for a server on this machine.
func (a *authority) server(name string) error {
	_, _, err := a.sign(name, &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		DNSNames:    []string{"localhost"},
	})
	return err
}

// client issues file.pem for a client with the common name.
func (a *authority) client(file, commonName string) error {
	_, _, err := a.sign(file, &x509.Certificate{
		Subject:     pkix.Name{CommonName: commonName},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}

// sign makes a key and a certificate for it and writes both as file.key and file.pem.
// Without an authority yet the certificate signs itself.
func (a *authority) sign(file string, template *x509.Certificate) (*ecdsa.PrivateKey, *x509.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return nil, nil, err
	}
	template.NotBefore = time.Now().Add(-24 * time.Hour)
	template.NotAfter = time.Now().Add(lifetime)
	issuer, signer := a.cert, a.key
	if issuer == nil {
		issuer, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), signer)
	if err != nil {
		return nil, nil, fmt.Errorf("issue %s: %w", file, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	if err := a.write(file+".key", "PRIVATE KEY", secret, 0o600); err != nil {
		return nil, nil, err
	}
	return key, cert, a.write(file+".pem", "CERTIFICATE", der, 0o644)
}

func (a *authority) write(file, kind string, der []byte, mode fs.FileMode) error {
	b := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	return keys.WriteNew(filepath.Join(a.dir, file), b, mode)
}

// serverTLS is the configuration of a server of the demo that wants clients with
// certificates of the demo's authority.
func serverTLS(dir, name string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key"))
	if err != nil {
		return nil, err
	}
	pool, err := readPool(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates: []tls.Certificate{pair},
		ClientCAs:    pool,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		MinVersion:   tls.VersionTLS13,
	}, nil
}
