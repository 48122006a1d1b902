package portal

import "net/http"

// Caller is the booth that calls, on the portal's side: the common name of the client's
// certificate, empty if there is none. Requests must come over mutual TLS.
func Caller(r *http.Request) string {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return ""
	}
	return r.TLS.PeerCertificates[0].Subject.CommonName
}
