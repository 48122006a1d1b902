package main

import (
	"context"
	"os"
	"strconv"
	"strings"

	"boothd/capture/audit"
	"boothd/internal/keys"
	"boothd/localmatch"
	"boothd/sync/watchlist"
)

// openSubscriber makes the subscriber of list updates, if there is a broker.
func (b *booth) openSubscriber(context.Context) error {
	if b.config.MQTT.Broker == "" || len(b.config.Lists) == 0 {
		return nil
	}
	broker, err := b.broker()
	if err != nil {
		return err
	}
	options := watchlist.SubscriberOptions{
		Booth:   b.config.Booth.ID,
		Broker:  broker,
		Gallery: watchedLists{b.gallery, b.watch},
		Spool:   b.config.SpoolDir(),
		KeysDir: b.config.KeysDir(),
		Log:     b.log,
		Refused: b.listRefused,
		Applied: b.listApplied,
	}
	for _, l := range b.config.Lists {
		trusted, err := keys.ReadVerifyingAll(l.Keys)
		if err != nil {
			return err
		}
		options.Lists = append(options.Lists, watchlist.Subscription{
			List: localmatch.List{Name: l.Name, System: l.System}, Keys: trusted,
		})
	}
	b.subscriber, err = watchlist.NewSubscriber(options)
	return err
}

func (b *booth) broker() (watchlist.Broker, error) {
	m := b.config.MQTT
	broker := watchlist.Broker{URL: m.Broker, ClientID: "boothd-" + b.config.Booth.ID, Username: m.Username}
	if m.PasswordFile != "" {
		password, err := os.ReadFile(m.PasswordFile)
		if err != nil {
			return broker, err
		}
		broker.Password = strings.TrimSpace(string(password))
	}
	if strings.HasPrefix(m.Broker, "ssl://") {
		var err error
		if broker.TLS, err = m.TLS(); err != nil {
			return broker, err
		}
	}
	return broker, nil
}

func (b *booth) listApplied(a watchlist.Applied) {
	b.journal(audit.KindListApplied, map[string]string{
		"list": a.List, "version": strconv.FormatUint(a.Version, 10),
	})
}

func (b *booth) listRefused(r watchlist.Refusal) {
	b.journal(audit.KindListRefused, map[string]string{
		"list": r.List, "version": strconv.FormatUint(r.Version, 10), "reason": string(r.Reason),
	})
}

// journal records an event that bears on every check.
func (b *booth) journal(kind audit.Kind, detail map[string]string) {
	e := audit.Entry{Kind: kind, Booth: b.config.Booth.ID, Detail: detail}
	if err := b.store.Journal(context.Background(), e); err != nil {
		b.log.Error("event not journalled", "kind", kind, "error", err)
	}
}
