package watchlist

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"

	"boothd/localmatch/gallery"
)

// Broker says how to reach an MQTT broker.
type Broker struct {
	URL      string // "ssl://host:8883", "tcp://host:1883"
	ClientID string // stable, and unique at the broker
	Username string
	Password string
	TLS      *tls.Config // nil without TLS
}

const (
	connectTimeout = 15 * time.Second
	writeTimeout   = 10 * time.Second
	tokenTimeout   = 20 * time.Second // for a broker's acknowledgement
	quiesce        = 250              // milliseconds for what is on its way when leaving
	qos            = 1
)

// options are what publisher and subscriber have in common: nothing is kept on disk, for
// the file store of the library loses messages in a power cut and panics on a full disk.
func (b *Broker) options() *mqtt.ClientOptions {
	o := mqtt.NewClientOptions().AddBroker(b.URL).SetClientID(b.ClientID)
	o.SetUsername(b.Username).SetPassword(b.Password)
	if b.TLS != nil {
		o.SetTLSConfig(b.TLS)
	}
	o.SetProtocolVersion(4)
	o.SetStore(copies{mqtt.NewMemoryStore()})
	o.SetConnectTimeout(connectTimeout).SetWriteTimeout(writeTimeout)
	o.SetKeepAlive(30 * time.Second).SetPingTimeout(10 * time.Second)
	o.SetMaxReconnectInterval(time.Minute)
	o.SetOrderMatters(false)
	return o
}

func (b *Broker) validate() error {
	if b.URL == "" || b.ClientID == "" {
		return errors.New("broker needs an URL and a client id")
	}
	return nil
}

var errTimeout = errors.New("no answer from the broker in time")

// wait waits for the token. That it ends without an error does not mean that a message was
// delivered: the library also ends it when the connection is lost.
func wait(ctx context.Context, t mqtt.Token) error {
	timer := time.NewTimer(tokenTimeout)
	defer timer.Stop()
	select {
	case <-t.Done():
		return t.Error()
	case <-timer.C:
		return errTimeout
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A broker may refuse a packet whose number one of its own has that we have not acknowledged
// yet (mochi does, by a code that MQTT 3.1.1 does not have). The next number may do.
const (
	numberInUse    = 0x91
	subscribeTries = 100
)

// subscribe subscribes and makes sure that the broker agreed.
func subscribe(ctx context.Context, c mqtt.Client, topic string) error {
	for tried := 1; ; tried++ {
		t := c.Subscribe(topic, qos, nil)
		if err := wait(ctx, t); err != nil {
			return fmt.Errorf("subscribe to %s: %w", topic, err)
		}
		code := byte(0)
		if t, ok := t.(*mqtt.SubscribeToken); ok {
			code = t.Result()[topic]
		}
		switch {
		case code < 0x80:
			return nil
		case code != numberInUse || tried == subscribeTries:
			return fmt.Errorf("subscribe to %s: refused by the broker", topic)
		}
	}
}

const topicRoot = "boothd/v2/"

const (
	keysTopic   = topicRoot + "keys"
	ordersTopic = topicRoot + "orders/" // and the order's id
)

func listTopic(list string) string { return topicRoot + "lists/" + list + "/" }
func headTopic(list string) string { return listTopic(list) + "head" }

// publisherTopic is where a publisher writes to itself.
func publisherTopic(list string) string {
	if list == "" {
		return topicRoot + "lists/publisher"
	}
	return listTopic(list) + "publisher"
}

// sentTopic holds, for publishers, which contents were sent chunk by chunk.
func sentTopic(list string) string { return listTopic(list) + "sent" }

func manifestTopic(list string, version uint64) string {
	return listTopic(list) + "manifests/" + strconv.FormatUint(version, 10)
}

// chunkTopic is where a part of a chunk lies, from 0; all but the last are MaxPart long.
func chunkTopic(list string, h gallery.Hash, part int) string {
	return listTopic(list) + "chunks/" + h.String() + "/" + strconv.Itoa(part)
}

// StatusTopic is where a booth tells what it has of a list.
func StatusTopic(booth, list string) string {
	return topicRoot + "booths/" + booth + "/lists/" + list
}

// isTopicLevel reports whether s can be one level of a topic.
func isTopicLevel(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsAny(s, "/+#\x00 ")
}

// copies keeps copies of the messages on their way. After a lost connection the client marks what it
// keeps as sent again, while it may still be sending it.
type copies struct{ *mqtt.MemoryStore }

func (c copies) Put(key string, m packets.ControlPacket) { c.MemoryStore.Put(key, copied(m)) }

func (c copies) Get(key string) packets.ControlPacket { return copied(c.MemoryStore.Get(key)) }

func copied(m packets.ControlPacket) packets.ControlPacket {
	p, ok := m.(*packets.PublishPacket)
	if !ok {
		return m
	}
	other := *p
	return &other
}
