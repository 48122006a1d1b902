package main

import (
	"context"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"boothd/capture/audit"
	"boothd/internal/keys"
	"boothd/sync/portal"
	"boothd/sync/watchlist"
)

// openSubscriber makes the subscriber of list updates.
func (b *booth) openSubscriber(context.Context) error {
	if len(b.config.Lists) == 0 {
		return nil
	}
	roots, err := keys.ReadVerifyingAll(b.config.Trust.Roots)
	if err != nil {
		return err
	}
	options := watchlist.SubscriberOptions{
		Booth:   b.config.Booth.ID,
		Group:   b.config.Booth.Group,
		Roots:   watchlist.Roots{Keys: roots, Threshold: b.config.Trust.Threshold},
		Sticks:  append([]string{b.config.TakePath()}, b.config.Updates.Sticks...),
		Gallery: watchedLists{b.gallery, b.watch},
		State:   b.config.ListsDir(),
		Spool:   b.config.SpoolDir(),
		KeysDir: b.config.KeysDir(),
		Keys:    b.atRest,
		Log:     b.log,
		Refused: b.listRefused,
		Applied: b.listApplied,
		Ordered: b.orderCarriedOut,
	}
	for _, l := range b.namedLists() {
		options.Lists = append(options.Lists, watchlist.Subscription{List: l})
	}
	if b.config.MQTT.Broker != "" {
		if options.Broker, err = b.broker(); err != nil {
			return err
		}
	}
	if options.HTTPS.URL = b.config.ListsURL(); options.HTTPS.URL != "" {
		if options.HTTPS.Client, err = b.listsClient(); err != nil {
			return err
		}
	}
	if b.subscriber, err = watchlist.NewSubscriber(options); err == nil && b.copies != nil {
		b.copies.proofs = b.subscriber.Status
	}
	return err
}

// listsClient asks for lists over HTTPS with the booth's own certificate. A download may take
// as long as it goes on: the subscriber ends one that stalls.
func (b *booth) listsClient() (*http.Client, error) {
	p := b.config.Portal
	tls, err := portal.MutualTLS(p.CA, p.Cert, p.Key, b.log)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: tls, MaxConnsPerHost: len(b.config.Lists) + 1, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true}
	b.closers = append(b.closers, transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
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
		"list": a.List, "version": strconv.FormatUint(a.Version, 10), "source": a.Source,
	})
	if b.copies != nil {
		b.copies.look()
	}
}

func (b *booth) listRefused(r watchlist.Refusal) {
	b.journal(audit.KindListRefused, map[string]string{
		"document": string(r.Document), "list": r.List, "version": strconv.FormatUint(r.Version, 10), "reason": string(r.Reason),
	})
}

// orderCarriedOut journals each list that an order of central's erased, and the order itself
// if there was none.
func (b *booth) orderCarriedOut(c watchlist.CarriedOut) error {
	lists := c.Lists
	if len(lists) == 0 {
		lists = []string{""}
	}
	for _, list := range lists {
		e := audit.Entry{Kind: audit.KindListErased, Booth: b.config.Booth.ID, Detail: map[string]string{"list": list, "order": c.ID}}
		if err := b.store.Journal(context.Background(), e); err != nil {
			return err
		}
	}
	if b.copies != nil {
		b.copies.look()
	}
	return nil
}

// journal records an event that bears on every check.
func (b *booth) journal(kind audit.Kind, detail map[string]string) {
	e := audit.Entry{Kind: kind, Booth: b.config.Booth.ID, Detail: detail}
	if err := b.store.Journal(context.Background(), e); err != nil {
		b.log.Error("event not journalled", "kind", kind, "error", err)
	}
}
