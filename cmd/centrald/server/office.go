package server

import "net/http"

// Office serves the pages of people at central, and the issuer of officers' tokens if this
// instance is one.
func (s *Server) Office() (http.Handler, error) {
	mux := http.NewServeMux()
	if s.Issuer != nil {
		mux.Handle("/issuer/", s.Issuer)
	}
	return mux, nil
}
