// Package broker runs an MQTT broker inside the simulator: mochi-mqtt, on loopback, with
// mutual TLS or without.
//
// A broker has two doors. Booths come to the first, which may be cut off from them;
// central's publisher comes to the second, so that it goes on publishing meanwhile. A
// client is who its certificate says. A booth must use a client id with its own name in
// it, so that it cannot take over another's session, and may publish its own status only;
// publishers may publish lists only. Everybody may read everything.
package broker

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// maxPacket limits what a client may send in one packet, in bytes.
const maxPacket = 1 << 20

// Broker is a running broker.
type Broker struct{ server *mqtt.Server }

// Doors are where clients come to.
type Doors struct {
	Booths, Publishers net.Listener
	TLS                *tls.Config // asks for certificates; nil: everybody may do everything
	Publisher          string      // common name of those who may publish lists
}

// The doors' names at the server.
const (
	boothDoor     = "booths"
	publisherDoor = "publishers"
)

// Start serves clients until Close. It closes the listeners then, also if it fails.
func Start(d Doors, log *slog.Logger) (*Broker, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	capabilities := mqtt.NewDefaultServerCapabilities()
	capabilities.MaximumPacketSize = maxPacket
	server := mqtt.New(&mqtt.Options{Logger: log, Capabilities: capabilities})
	err := server.AddHook(&gate{tls: d.TLS != nil, publisher: d.Publisher}, nil)
	for name, l := range map[string]net.Listener{boothDoor: d.Booths, publisherDoor: d.Publishers} {
		if d.TLS != nil {
			l = tls.NewListener(l, d.TLS)
		}
		err = errors.Join(err, server.AddListener(listeners.NewNet(name, l)))
	}
	if err == nil {
		err = server.Serve()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start broker: %w", err), server.Close())
	}
	return &Broker{server: server}, nil
}

// Clients counts the booths that are connected.
func (b *Broker) Clients() int {
	n := 0
	for _, c := range b.server.Clients.GetAll() {
		if !c.Closed() && c.Net.Listener == boothDoor {
			n++
		}
	}
	return n
}

// Close ends all connections.
func (b *Broker) Close() error { return b.server.Close() }

// gate decides who may connect and what they may do.
type gate struct {
	mqtt.HookBase
	tls       bool
	publisher string
}

// ID implements mqtt.Hook.
func (g *gate) ID() string { return "gate" }

// Provides implements mqtt.Hook.
func (g *gate) Provides(b byte) bool {
	return b == mqtt.OnConnectAuthenticate || b == mqtt.OnACLCheck
}

// OnConnectAuthenticate implements mqtt.Hook.
func (g *gate) OnConnectAuthenticate(c *mqtt.Client, pk packets.Packet) bool {
	if !g.tls {
		return true
	}
	name := commonName(c)
	return name != "" && (name == g.publisher || strings.Contains(pk.Connect.ClientIdentifier, name))
}

// OnACLCheck implements mqtt.Hook.
func (g *gate) OnACLCheck(c *mqtt.Client, topic string, write bool) bool {
	if !g.tls || !write {
		return true
	}
	name := commonName(c)
	if name == g.publisher {
		return strings.HasPrefix(topic, "boothd/v2/lists/") || strings.HasPrefix(topic, "boothd/v2/orders/") || topic == "boothd/v2/keys"
	}
	return strings.HasPrefix(topic, "boothd/v2/booths/"+name+"/")
}

// commonName is that of the client's certificate.
func commonName(c *mqtt.Client) string {
	conn, ok := c.Net.Conn.(*tls.Conn)
	if !ok {
		return ""
	}
	if certs := conn.ConnectionState().PeerCertificates; len(certs) > 0 {
		return certs[0].Subject.CommonName
	}
	return ""
}
