package main

import (
	"context"
	"log/slog"
	"time"

	"boothd/sync/portal"
)

// askCentral asks the portal for its health, as the daemon does.
func (d *doctor) askCentral() error {
	p := d.booth.Portal
	conf, err := portal.MutualTLS(p.CA, p.Cert, p.Key, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	client, err := portal.New(portal.Options{URL: p.URL, TLS: conf, Booth: d.booth.Booth.ID})
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(d.ctx, 10*time.Second)
	defer cancel()
	return client.Health(ctx)
}
