package main

import (
	"net/http"
	"time"

	"boothd/capture"
	"boothd/cmd/boothd/console"
	"boothd/sync/signin"
)

// openSignIn makes what signs officers in at an issuer, if there is one.
func (b *booth) openSignIn() (*console.SignIn, error) {
	s := b.config.SignIn
	if s.Issuer == "" {
		return nil, nil
	}
	tls, err := s.TLS()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = tls
	b.verifier, err = signin.New(signin.Options{
		Issuer:       s.Issuer,
		Audience:     s.Client,
		KeysFile:     b.config.SignInKeysPath(),
		Client:       &http.Client{Transport: transport},
		OfflineGrace: time.Duration(s.Grace),
		Log:          b.log,
	})
	if err != nil {
		return nil, err
	}
	return &console.SignIn{Flow: signin.NewFlow(b.verifier, s.Scopes...), Profile: b.profile}, nil
}

// profile returns the profile of that name, if it allows something at this booth now.
func (b *booth) profile(name string) (capture.Profile, bool) {
	p := b.profiles.named(name)
	return p, len(p.Systems) > 0
}
