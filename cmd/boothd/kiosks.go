package main

import (
	"context"
	"fmt"
	"time"

	"boothd/cmd/boothd/sbi"
)

// openKiosks opens the interface through which registration kiosks use the devices.
func (b *booth) openKiosks(ctx context.Context) error {
	c := &b.config.SBI
	if !c.Enabled {
		return nil
	}
	var err error
	b.kioskKey, err = sbi.OpenIdentity(sbi.IdentityOptions{
		Cert: c.Cert, Key: c.Key, Dir: b.config.KeysDir(), Keys: b.atRest,
		Booth: b.config.Booth.ID, Now: time.Now, Log: b.log,
	})
	if err != nil {
		return err
	}
	conf := sbi.Config{
		Devices: b.devices, Identity: b.kioskKey, Booth: b.config.Booth.ID, Version: version,
		Purpose: c.Purpose, Env: c.Env, Provider: c.Provider, ProviderID: c.ProviderID,
		Origins: c.Origins, Now: time.Now, Log: b.log,
	}
	if c.Domain != "" {
		if conf.Domain, err = sbi.ReadDomain(c.Domain); err != nil {
			return err
		}
	}
	listener, err := sbi.Listen(ctx)
	if err != nil {
		return err
	}
	b.closers = append(b.closers, func() { listener.Close() }) // served to its end already, or never served
	if b.kiosks, err = sbi.New(listener, conf); err != nil {
		return err
	}
	b.log.Info("registration kiosks may use the devices", "listen", listener.Addr().String(), "purpose", c.Purpose)
	return nil
}

// keyNotice is how long before its end an officer is told of the device key.
const keyNotice = 7 * 24 * time.Hour

// kioskNotices are the sentences about registration kiosks: what one does now, and that none
// can soon do anything.
func (b *booth) kioskNotices(now time.Time) []string {
	if b.kiosks == nil {
		return nil
	}
	var w []string
	if notice := b.kiosks.Notice(); notice != "" {
		w = append(w, notice)
	}
	switch left := b.kioskKey.Expires().Sub(now); {
	case left < 0:
		w = append(w, "Registration kiosks cannot capture: the certificate of the device key has expired.")
	case left < keyNotice:
		w = append(w, fmt.Sprintf("The certificate of the registration kiosks' device key expires in %d day(s).", int(left.Hours()/24)))
	}
	return w
}
