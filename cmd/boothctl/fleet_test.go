package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/rogpeppe/go-internal/testscript"

	"boothd/sync/watchlist"
)

// brokerKey finds a script's broker among its values.
type brokerKey struct{}

// startBroker starts a broker for a script, which finds its address in BROKER.
func startBroker(env *testscript.Env) error {
	b := mqtt.New(&mqtt.Options{InlineClient: true, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	tcp := listeners.NewTCP(listeners.Config{ID: "tcp", Address: "127.0.0.1:0"})
	if err := b.AddHook(new(auth.AllowHook), nil); err != nil {
		return err
	}
	if err := b.AddListener(tcp); err != nil {
		return err
	}
	if err := b.Serve(); err != nil {
		return err
	}
	env.Defer(func() { b.Close() })
	env.Values[brokerKey{}] = b
	env.Setenv("BROKER", "tcp://"+tcp.Address())
	return nil
}

// tell has a booth tell the script's broker what it holds of list sis in the folder lists:
// "right", "wrong" (with another booth's proof) or "nothing".
func tell(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tell BOOTH right|wrong|nothing")
	}
	head, err := watchlist.ParseHead([]byte(ts.ReadFile("lists/sis/head.json")))
	ts.Check(err)
	now := time.Now().UTC()
	s := watchlist.Status{Booth: args[0], List: "sis", System: "SIS", State: watchlist.StateNone, Known: head.Version, Keys: 1, At: now}
	if args[1] != "nothing" {
		of := map[string]string{"right": s.Booth, "wrong": "another"}[args[1]]
		s.State, s.Version, s.Manifest, s.Entries = watchlist.StateCurrent, head.Version, head.Manifest, 2
		s.Issued, s.Applied, s.Expires, s.Source = head.Issued, now, now.Add(time.Hour), watchlist.SourceMQTT
		s.Head, s.Digest = head.Hash, watchlist.Digest(of, head.Manifest, head.Nonce)
	}
	b, err := json.Marshal(s)
	ts.Check(err)
	ts.Check(ts.Value(brokerKey{}).(*mqtt.Server).Publish(watchlist.StatusTopic(s.Booth, s.List), b, true, 1))
}
