package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"boothd/cmd/boothd/config"
	"boothd/sync/watchlist"
)

// brokerFlags say how to reach an MQTT broker.
type brokerFlags struct {
	Broker   string `help:"ssl://host:8883 or tcp://host:1883."`
	CA       string `type:"existingfile" help:"The broker's authority."`
	Cert     string `type:"existingfile" help:"Our certificate."`
	Key      string `type:"existingfile" help:"Its key."`
	Username string

	PasswordFile string `type:"existingfile" help:"The file of the password; else it is taken from the environment variable BOOTHCTL_MQTT_PASSWORD."`

	ClientID string `default:"boothctl-publish" help:"Our name at the broker."`
}

func (b *brokerFlags) broker() (watchlist.Broker, error) {
	broker := watchlist.Broker{URL: b.Broker, ClientID: b.ClientID, Username: b.Username}
	var err error
	if broker.Password, err = b.password(); err != nil {
		return broker, err
	}
	if b.CA != "" || b.Cert != "" {
		broker.TLS, err = config.MQTT{CA: b.CA, Cert: b.Cert, Key: b.Key}.TLS()
	}
	return broker, err
}

// password is never an argument: those are in the list of processes.
func (b *brokerFlags) password() (string, error) {
	if b.PasswordFile == "" {
		return os.Getenv("BOOTHCTL_MQTT_PASSWORD"), nil
	}
	text, err := os.ReadFile(b.PasswordFile)
	return strings.TrimSpace(string(text)), err
}

// publish brings a list, or with none only keys and orders, to the broker.
func (b *brokerFlags) publish(c *call, o watchlist.PublishOptions) error {
	if b.Broker == "" {
		return errors.New("no broker")
	}
	var err error
	if o.Broker, err = b.broker(); err != nil {
		return err
	}
	done, err := watchlist.Publish(c.ctx, o)
	if err != nil {
		return err
	}
	what := "keys and orders"
	if o.List != "" {
		what = fmt.Sprintf("%s version %d", o.List, done.Version)
	}
	c.say("%s published: %d messages, %d bytes, %d old ones cleared", what, done.Sent, done.Bytes, done.Cleared)
	return nil
}
