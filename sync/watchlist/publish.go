package watchlist

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"boothd/localmatch/gallery"
)

// PublishOptions say which list to bring to which broker.
type PublishOptions struct {
	Dir    string
	List   string
	Broker Broker
	Log    *slog.Logger
}

// Published tells what Publish did.
type Published struct {
	Version uint64 `json:"version"`
	Sent    int    `json:"sent"`    // messages
	Bytes   int64  `json:"bytes"`   // in them
	Cleared int    `json:"cleared"` // retained messages taken off the broker
}

const (
	keptVersions = 64 // whose deltas stay at the broker
	inFlight     = 32
)

// Publish brings the newest signed version to the broker, with the versions that booths
// may still need: chunks first, then manifests, then the head, so that nothing is announced
// before it can be had. What is there already is not sent again, what is no longer needed
// is cleared. It returns after the broker has shown that it holds the new head. If it
// fails half-way, booths are as they were; call it again.
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
	f := openFolder(o.Dir, o.List)
	window, err := f.window()
	if err != nil {
		return Published{}, err
	}
	p := &publisher{folder: f, list: o.List, window: window, lost: make(chan struct{}), retained: map[string][]byte{}}
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

// window returns the signed versions that belong on the broker, in their order: the newest
// one, back to the last snapshot, and at least keptVersions if there are as many.
func (f folder) window() ([]*Signed, error) {
	head, err := f.lastSigned()
	switch {
	case err != nil:
		return nil, err
	case head == nil:
		return nil, errors.New("no signed version")
	}
	first := head.LastSnapshot
	if head.Version > keptVersions {
		first = min(first, head.Version-keptVersions)
	} else {
		first = 1
	}
	var window []*Signed
	for v := first; v <= head.Version; v++ {
		s, err := f.signed(v)
		if err != nil {
			return nil, err
		}
		if n := len(window); n > 0 {
			if err := s.follows(window[n-1]); err != nil {
				return nil, fmt.Errorf("version %d: %w", v, err)
			}
		}
		window = append(window, s)
	}
	return window, nil
}

type publisher struct {
	folder folder
	list   string
	window []*Signed
	client mqtt.Client
	done   Published
	lost   chan struct{} // closed when the connection is lost

	mu       sync.Mutex
	retained map[string][]byte // what the broker holds of manifests, and the marker
	arrived  chan struct{}     // closed when awaited is in retained
	awaited  string
	payload  []byte
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
	head := p.window[len(p.window)-1]
	stale, err := p.stale(head)
	if err != nil {
		return err
	}
	for _, s := range p.window {
		if err := p.sendVersion(ctx, s, s.Version == head.LastSnapshot); err != nil {
			return fmt.Errorf("version %d: %w", s.Version, err)
		}
	}
	envelope, err := readLimited(p.folder.signedFile(head.Version), MaxMessage)
	if err != nil {
		return err
	}
	if err := p.send(ctx, []message{{headTopic(p.list), envelope}}); err != nil {
		return err
	}
	if err := p.await(ctx, headTopic(p.list), envelope, func() error { return subscribe(ctx, p.client, headTopic(p.list)) }); err != nil {
		return err
	}
	p.done.Version = head.Version
	var clear []message
	for _, topic := range stale {
		clear = append(clear, message{topic, nil})
	}
	p.done.Cleared = len(clear)
	return p.send(ctx, clear)
}

// readBroker learns which manifests the broker holds. A broker sends them before what is
// published after the subscription, so the marker comes last; if a broker does not, a few
// messages are sent again for nothing.
func (p *publisher) readBroker(ctx context.Context) error {
	for _, topic := range []string{publisherTopic(p.list), headTopic(p.list), listTopic(p.list) + "manifests/+"} {
		if err := subscribe(ctx, p.client, topic); err != nil {
			return err
		}
	}
	marker := []byte(rand.Text())
	return p.await(ctx, publisherTopic(p.list), marker, func() error {
		return wait(ctx, p.client.Publish(publisherTopic(p.list), qos, false, marker))
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

// stale returns the topics that the new head leaves without use.
func (p *publisher) stale(head *Signed) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	needed := map[string]bool{}
	for _, s := range p.window {
		needed[manifestTopic(p.list, s.Version)] = true
		for _, h := range s.chunks(s.Version == head.LastSnapshot) {
			needed[chunkTopic(p.list, h)] = true
		}
	}
	var stale []string
	snapshot := p.lastSnapshot()
	for topic, b := range p.retained {
		s, err := ParseSigned(b)
		if err != nil || s.List != p.list {
			continue
		}
		if s.Version > head.Version {
			return nil, fmt.Errorf("the broker holds version %d, later than %d", s.Version, head.Version)
		}
		if s.Version == head.Version && s.Hash != head.Hash {
			return nil, fmt.Errorf("the broker holds another version %d", s.Version)
		}
		leaves := topic == manifestTopic(p.list, s.Version) && !needed[topic]
		candidates := []string{}
		if leaves {
			candidates = append(candidates, topic)
		}
		for _, h := range s.chunks(leaves || s.Version == snapshot) {
			candidates = append(candidates, chunkTopic(p.list, h))
		}
		for _, c := range candidates {
			if !needed[c] {
				needed[c] = true // once
				stale = append(stale, c)
			}
		}
	}
	return stale, nil
}

// lastSnapshot returns which version's snapshot the broker's head refers to; 0 if it has
// no head.
func (p *publisher) lastSnapshot() uint64 {
	s, err := ParseSigned(p.retained[headTopic(p.list)])
	if err != nil {
		return 0
	}
	return s.LastSnapshot
}

// chunks returns the chunks of the delta and, if asked for, of the snapshot.
func (s *Signed) chunks(snapshot bool) []gallery.Hash {
	var all []gallery.Hash
	if s.Delta != nil {
		all = append(all, s.Delta.Chunks...)
	}
	if s.Snapshot != nil && snapshot {
		all = append(all, s.Snapshot.Chunks...)
	}
	return all
}

// sendVersion sends a version's chunks, then its manifest; nothing if the broker holds that
// manifest, because it then got the chunks before.
func (p *publisher) sendVersion(ctx context.Context, s *Signed, snapshot bool) error {
	topic := manifestTopic(p.list, s.Version)
	envelope, err := readLimited(p.folder.signedFile(s.Version), MaxMessage)
	if err != nil {
		return err
	}
	p.mu.Lock()
	there := bytes.Equal(p.retained[topic], envelope)
	p.mu.Unlock()
	if there {
		return nil
	}
	contents := []*Content{s.Delta}
	if snapshot {
		contents = append(contents, s.Snapshot)
	}
	for _, c := range contents {
		if c == nil {
			continue
		}
		if err := p.sendContent(ctx, c); err != nil {
			return err
		}
	}
	return p.send(ctx, []message{{topic, envelope}})
}

func (p *publisher) sendContent(ctx context.Context, c *Content) error {
	var batch []message
	read := p.folder.chunk(c)
	for i, h := range c.Chunks {
		b, err := read(i)
		if err == nil {
			err = c.proveChunk(i, b)
		}
		if err != nil {
			return fmt.Errorf("chunk %s: %w", h, err)
		}
		batch = append(batch, message{chunkTopic(p.list, h), b})
		if len(batch) == inFlight || i == len(c.Chunks)-1 {
			if err := p.send(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
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
