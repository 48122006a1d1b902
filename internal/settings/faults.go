package settings

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"

	"boothd/internal/keys"
)

// Faults collects what is wrong with a configuration.
type Faults struct{ list []Fault }

// Unless adds a fault if ok is false.
func (f *Faults) Unless(ok bool, key, reason string, args ...any) {
	if !ok {
		f.list = append(f.list, Fault{key, fmt.Sprintf(reason, args...)})
	}
}

// File reports whether the file that the key names can be read, and adds a fault if not.
func (f *Faults) File(key, path string) bool {
	if path == "" {
		f.Unless(false, key, "is missing")
		return false
	}
	err := readable(path)
	f.Unless(err == nil, key, "%v", err)
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

// Verifying adds a fault for each file that is no public signing key.
func (f *Faults) Verifying(key string, paths []string) {
	for i, path := range paths {
		key := fmt.Sprintf("%s[%d]", key, i)
		if f.File(key, path) {
			_, err := keys.ReadVerifying(path)
			f.Unless(err == nil, key, "%v", err)
		}
	}
}

// Authority adds a fault if the file has no certificate of an authority.
func (f *Faults) Authority(key, path string) {
	if f.File(key, path) {
		_, err := Pool(path)
		f.Unless(err == nil, key, "%v", err)
	}
}

// Pair adds a fault if the files are not a certificate and its key.
func (f *Faults) Pair(certKey, cert, keyKey, key string) {
	certOK, keyOK := f.File(certKey, cert), f.File(keyKey, key)
	if certOK && keyOK {
		_, err := tls.LoadX509KeyPair(cert, key)
		f.Unless(err == nil, certKey, "%s with %s: %v", cert, key, err)
	}
}

// Listen adds a fault if the text is not an address and port to listen on.
func (f *Faults) Listen(key, listen string, loopbackOnly bool) {
	host, port, err := net.SplitHostPort(listen)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	f.Unless(err == nil, key, "must be an address and port, such as \"127.0.0.1:8470\"")
	ip := net.ParseIP(host)
	f.Unless(err != nil || !loopbackOnly || ip != nil && ip.IsLoopback(), key, "must be a loopback address")
}

// maxFile limits a file that the configuration names, in bytes.
const maxFile = 1 << 20

// Pool reads the certificates of authorities.
func Pool(path string) (*x509.CertPool, error) {
	pem, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read %s: no certificate in it", path)
	}
	return pool, nil
}

// ReadFile reads a file of at most 1 MiB.
func ReadFile(path string) ([]byte, error) {
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
