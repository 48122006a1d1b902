package config

import (
	"crypto/tls"

	"boothd/internal/settings"
)

// TLS makes the TLS configuration for the broker. The booth shows a certificate if it has
// one.
func (m MQTT) TLS() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if m.CA != "" {
		var err error
		if c.RootCAs, err = settings.Pool(m.CA); err != nil {
			return nil, err
		}
	}
	if m.Cert != "" {
		pair, err := tls.LoadX509KeyPair(m.Cert, m.Key)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
