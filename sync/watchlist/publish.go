package watchlist

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// PublishOptions say which list to bring to which broker.
type PublishOptions struct {
	Dir    string
	List   string // "" for the keys document and the orders alone
	Broker Broker
	Chunks ChunkMode // ChunksSmall if left out
	Log    *slog.Logger
	Now    func() time.Time
}

// Published tells what Publish did.
type Published struct {
	Version uint64 `json:"version"`
	Sent    int    `json:"sent"`    // messages
	Bytes   int64  `json:"bytes"`   // in them
	Cleared int    `json:"cleared"` // retained messages taken off the broker
}

// inFlight is how many messages may be on their way.
const inFlight = 32

// Publish brings the keys document, the orders and a list's signed head to the broker, with the versions
// that booths may still need: chunks first, then manifests, then the head, so that nothing is
// announced before it can be had. What is there already is not sent again, what is no longer
// needed is cleared. It returns after the broker has shown that it holds the new head. If it
// fails half-way, booths are as they were; call it again. What would take the broker back
// behind what it holds is refused.
func Publish(ctx context.Context, o PublishOptions) (Published, error) {
	p, err := publish(ctx, o)
	if err != nil {
		return p, fmt.Errorf("publish list %s: %w", o.List, err)
	}
	return p, nil
}

func publish(ctx context.Context, o PublishOptions) (Published, error) {
	if err := o.Broker.validate(); err != nil {
		return Published{}, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &publisher{
		folder: openFolder(o.Dir, o.List), list: o.List, mode: cmp.Or(o.Chunks, ChunksSmall), now: o.Now,
		lost: make(chan struct{}), retained: map[string][]byte{},
	}
	if err := p.prepare(); err != nil {
		return Published{}, err
	}
	client := mqtt.NewClient(p.options(o.Broker))
	if err := wait(ctx, client.Connect()); err != nil {
		client.Disconnect(0)
		return Published{}, fmt.Errorf("connect: %w", err)
	}
	defer client.Disconnect(quiesce)
	p.client = client
	if err := p.run(ctx); err != nil {
		return p.done, err
	}
	o.Log.Info("list published", "list", o.List, "version", p.done.Version, "sent", p.done.Sent, "cleared", p.done.Cleared)
	return p.done, nil
}

type publisher struct {
	folder folder
	list   string
	mode   ChunkMode
	now    func() time.Time
	trust  *trust
	head   *SignedHead // nil without a list
	window []*Signed
	// snapshots are the versions in the window whose snapshots booths may need.
	snapshots map[uint64]bool
	client    mqtt.Client
	done      Published
	lost      chan struct{} // closed when the connection is lost

	mu       sync.Mutex
	retained map[string][]byte // what the broker holds of documents, and the marker
	arrived  chan struct{}     // closed when awaited is in retained
	awaited  string
	payload  []byte
}

// prepare reads what is to be published.
func (p *publisher) prepare() error {
	if !slices.Contains([]ChunkMode{ChunksSmall, ChunksAlways, ChunksNever}, p.mode) {
		return fmt.Errorf("chunks %q must be small, always or never", p.mode)
	}
	var err error
	if p.trust, err = readTrust(p.folder.dir); err != nil || p.list == "" {
		return err
	}
	if p.head, err = p.folder.head(); err != nil {
		return err
	}
	if p.head == nil {
		return errors.New("no signed version")
	}
	p.window, p.snapshots, err = p.folder.window(p.head)
	return err
}

func (p *publisher) options(b Broker) *mqtt.ClientOptions {
	o := b.options().SetCleanSession(true).SetAutoReconnect(false).SetConnectRetry(false)
	o.SetOrderMatters(true) // the marker must not overtake the manifests, see readBroker
	o.SetDefaultPublishHandler(p.message)
	o.SetConnectionLostHandler(func(mqtt.Client, error) { close(p.lost) })
	return o
}

func (p *publisher) message(_ mqtt.Client, m mqtt.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(m.Payload()) <= MaxMessage {
		p.retained[m.Topic()] = bytes.Clone(m.Payload())
	}
	if p.arrived != nil && m.Topic() == p.awaited && bytes.Equal(m.Payload(), p.payload) {
		close(p.arrived)
		p.arrived = nil
	}
}

func (p *publisher) run(ctx context.Context) error {
	if err := p.readBroker(ctx); err != nil {
		return err
	}
	trust, err := p.trust.missing(p.held, p.now())
	if err != nil {
		return err
	}
	over := p.expiredOrders()
	p.done.Cleared = len(over)
	if err := p.send(ctx, append(trust, over...)); err != nil || p.head == nil {
		return err
	}
	stale, err := p.stale()
	if err != nil {
		return err
	}
	for _, s := range p.window {
		if err := p.sendVersion(ctx, s); err != nil {
			return fmt.Errorf("version %d: %w", s.Version, err)
		}
	}
	if string(p.held(sentTopic(p.list))) != string(p.mode) {
		if err := p.send(ctx, []message{{sentTopic(p.list), []byte(p.mode)}}); err != nil {
			return err
		}
	}
	return locked(p.folder.dir, func() error { return p.change(ctx, stale) })
}

// change sends the head and clears what it leaves without use, unless a later one was signed
// while this one was prepared: that is published by somebody else.
func (p *publisher) change(ctx context.Context, stale []string) error {
	now, err := p.folder.head()
	if err != nil {
		return err
	}
	if now == nil || now.Hash != p.head.Hash {
		return errors.New("another head was signed meanwhile: publish again")
	}
	if err := p.sendHead(ctx); err != nil {
		return err
	}
	p.done.Version = p.head.Version
	var clear []message
	for _, topic := range stale {
		clear = append(clear, message{topic, nil})
	}
	p.done.Cleared += len(clear)
	return p.send(ctx, clear)
}

func (p *publisher) sendHead(ctx context.Context) error {
	envelope, err := p.head.envelope()
	if err != nil {
		return err
	}
	topic := headTopic(p.list)
	if err := p.send(ctx, []message{{topic, envelope}}); err != nil {
		return err
	}
	return p.await(ctx, topic, envelope, func() error { return subscribe(ctx, p.client, topic) })
}

// expiredOrders clears orders at the broker that no booth would carry out.
func (p *publisher) expiredOrders() []message {
	p.mu.Lock()
	defer p.mu.Unlock()
	var clear []message
	for topic, b := range p.retained {
		if o, err := ParseOrder(b); err == nil && topic == ordersTopic+o.ID && o.Expired(p.now()) {
			clear = append(clear, message{topic, nil})
		}
	}
	return clear
}

// held returns what the broker holds at a topic; nil if nothing.
func (p *publisher) held(topic string) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.retained[topic]
}

// readBroker learns which documents the broker holds. A broker sends them before what is
// published after the subscription, so the marker comes last; if a broker does not, a few
// messages are sent again for nothing.
func (p *publisher) readBroker(ctx context.Context) error {
	marked := publisherTopic(p.list)
	topics := []string{marked, keysTopic, ordersTopic + "+"}
	if p.list != "" {
		topics = append(topics, headTopic(p.list), sentTopic(p.list), listTopic(p.list)+"manifests/+")
	}
	for _, topic := range topics {
		if err := subscribe(ctx, p.client, topic); err != nil {
			return err
		}
	}
	marker := []byte(rand.Text())
	return p.await(ctx, marked, marker, func() error {
		return wait(ctx, p.client.Publish(marked, qos, false, marker))
	})
}

// await does something and waits for the message that it is to bring about.
func (p *publisher) await(ctx context.Context, topic string, payload []byte, do func() error) error {
	arrived := make(chan struct{})
	p.mu.Lock()
	p.arrived, p.awaited, p.payload = arrived, topic, payload
	p.mu.Unlock()
	if err := do(); err != nil {
		return err
	}
	timer := time.NewTimer(tokenTimeout)
	defer timer.Stop()
	select {
	case <-arrived:
		return nil
	case <-p.lost:
		return errLost
	case <-timer.C:
		return fmt.Errorf("read %s back: %w", topic, errTimeout)
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errLost = errors.New("connection to the broker was lost")

// sendVersion sends a version's chunks, then its manifest; nothing if the broker holds that
// manifest and what this mode sends, because it then got the chunks before.
func (p *publisher) sendVersion(ctx context.Context, s *Signed) error {
	topic := manifestTopic(p.list, s.Version)
	envelope, err := s.envelope()
	if err != nil {
		return err
	}
	if bytes.Equal(p.held(topic), envelope) && string(p.held(sentTopic(p.list))) == string(p.mode) {
		return nil
	}
	for _, c := range s.sent(p.mode, p.snapshots[s.Version]) {
		if err := p.sendContent(ctx, c); err != nil {
			return err
		}
	}
	return p.send(ctx, []message{{topic, envelope}})
}

func (p *publisher) sendContent(ctx context.Context, c *Content) error {
	read := p.folder.chunk(c)
	for i, h := range c.Chunks {
		b, err := read(i)
		if err == nil {
			err = c.proveChunk(i, b)
		}
		if err != nil {
			return fmt.Errorf("chunk %s: %w", h, err)
		}
		var parts []message
		for part := range slices.Chunk(b, MaxPart) {
			parts = append(parts, message{chunkTopic(p.list, h, len(parts)), part})
		}
		if err := p.send(ctx, parts); err != nil {
			return err
		}
	}
	return nil
}

type message struct {
	topic   string
	payload []byte
}

// send publishes retained messages and returns when the broker has acknowledged them all on
// a connection that is still there.
func (p *publisher) send(ctx context.Context, all []message) error {
	var tokens []mqtt.Token
	for i, m := range all {
		tokens = append(tokens, p.client.Publish(m.topic, qos, true, m.payload))
		if len(tokens) < inFlight && i < len(all)-1 {
			continue
		}
		for _, t := range tokens {
			if err := wait(ctx, t); err != nil {
				return fmt.Errorf("send: %w", err)
			}
		}
		tokens = tokens[:0]
	}
	select {
	case <-p.lost:
		return errLost
	default:
	}
	if !p.client.IsConnectionOpen() {
		return errLost
	}
	for _, m := range all {
		if len(m.payload) > 0 {
			p.done.Sent++
			p.done.Bytes += int64(len(m.payload))
		}
	}
	return nil
}
