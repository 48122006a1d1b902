package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"

	"boothd/internal/keys"
)

// maxFile limits a file that the configuration names, in bytes.
const maxFile = 1 << 20

// file reports whether the file that the key names can be read, and adds a fault if not.
func (f *faultList) file(key, path string) bool {
	if path == "" {
		f.unless(false, key, "is missing")
		return false
	}
	err := readable(path)
	f.unless(err == nil, key, "%v", err)
	return err == nil
}

// readable reads a byte: that a file is there does not say that it can be read.
func readable(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("%s is no file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Read(make([]byte, 1))
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s is empty", path)
	}
	return err
}

func readLimited(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("read %s: longer than 1 MiB", path)
	}
	return b, err
}

// verifying adds a fault for each file that is no public signing key.
func (f *faultList) verifying(key string, paths []string) {
	for i, path := range paths {
		key := fmt.Sprintf("%s[%d]", key, i)
		if f.file(key, path) {
			_, err := keys.ReadVerifying(path)
			f.unless(err == nil, key, "%v", err)
		}
	}
}

// authority adds a fault if the file has no certificate of an authority.
func (f *faultList) authority(key, path string) {
	if f.file(key, path) {
		_, err := readPool(path)
		f.unless(err == nil, key, "%v", err)
	}
}

func readPool(path string) (*x509.CertPool, error) {
	pem, err := readLimited(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read %s: no certificate in it", path)
	}
	return pool, nil
}

// pair adds a fault if the files are not a certificate and its key.
func (f *faultList) pair(certKey, cert, keyKey, key string) {
	certOK, keyOK := f.file(certKey, cert), f.file(keyKey, key)
	if certOK && keyOK {
		_, err := tls.LoadX509KeyPair(cert, key)
		f.unless(err == nil, certKey, "%s with %s: %v", cert, key, err)
	}
}
