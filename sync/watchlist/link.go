package watchlist

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// link is a booth's connection to the broker. It comes back by itself.
type link struct {
	ctx     context.Context // of Run
	client  mqtt.Client
	timeout time.Duration // for a retained message to come
	log     *slog.Logger
	heads   map[string]func(mqtt.Message) // what to do with a head, by topic
	back    func()                        // called when the connection is there again

	mu      sync.Mutex
	waiting map[string]chan mqtt.Message
	up      chan struct{} // closed while connected
}

// attempts is how often a retained message is asked for before it is taken as gone.
const attempts = 3

// errGone means that the broker does not have a message that should be retained.
var errGone = errors.New("not to be had from the broker")

func newLink(b Broker, timeout, retry time.Duration, log *slog.Logger) *link {
	l := &link{timeout: timeout, log: log, heads: map[string]func(mqtt.Message){}, waiting: map[string]chan mqtt.Message{}, up: make(chan struct{})}
	o := b.options().SetCleanSession(false).SetAutoAckDisabled(true)
	o.SetAutoReconnect(true).SetConnectRetry(true).SetConnectRetryInterval(retry)
	o.SetDefaultPublishHandler(l.message)
	o.SetOnConnectHandler(l.connected)
	o.SetConnectionLostHandler(l.lost)
	l.client = mqtt.NewClient(o)
	return l
}

// connected subscribes again: the broker may have lost the session, and only a new
// subscription brings the retained messages.
func (l *link) connected(mqtt.Client) {
	topics := []string{}
	for t := range l.heads {
		topics = append(topics, t)
	}
	l.mu.Lock()
	for t := range l.waiting {
		topics = append(topics, t)
	}
	select {
	case <-l.up:
	default:
		close(l.up)
	}
	l.mu.Unlock()
	for _, t := range topics {
		if err := subscribe(l.ctx, l.client, t); err != nil {
			l.log.Warn("subscription failed", "topic", t, "err", err)
		}
	}
	l.back()
}

func (l *link) lost(_ mqtt.Client, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.up:
		l.up = make(chan struct{})
	default:
	}
	l.log.Info("connection to the broker lost", "err", err)
}

func (l *link) isUp() bool { return l.client.IsConnectionOpen() }

// message hands over and returns, as the library wants it.
func (l *link) message(_ mqtt.Client, m mqtt.Message) {
	if head, ok := l.heads[m.Topic()]; ok {
		head(m)
		return
	}
	l.mu.Lock()
	ch := l.waiting[m.Topic()]
	l.mu.Unlock()
	if ch == nil {
		m.Ack()
		return
	}
	select {
	case ch <- m:
	default: // one is there already
		m.Ack()
	}
}

// fetch gets a retained message that accept takes, and acknowledges it after that. While
// the link is down it waits. The error is errGone, or what accept said last.
func (l *link) fetch(ctx context.Context, topic string, accept func([]byte) error) error {
	ch := make(chan mqtt.Message, 1)
	l.mu.Lock()
	l.waiting[topic] = ch
	l.mu.Unlock()
	defer l.forget(topic)
	last := errGone
	for tried := 0; tried < attempts; tried++ {
		if err := l.waitUp(ctx); err != nil {
			return err
		}
		if err := subscribe(ctx, l.client, topic); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			last = err
			continue
		}
		err := l.receive(ctx, ch, accept)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !l.isUp():
			tried-- // says nothing about the broker
		case !errors.Is(err, errGone) || errors.Is(last, errGone):
			last = err
		}
	}
	return fmt.Errorf("fetch %s: %w", topic, last)
}

func (l *link) receive(ctx context.Context, ch <-chan mqtt.Message, accept func([]byte) error) error {
	timer := time.NewTimer(l.timeout)
	defer timer.Stop()
	select {
	case m := <-ch:
		defer m.Ack()
		return accept(m.Payload())
	case <-timer.C:
		return errGone
	case <-ctx.Done():
		return ctx.Err()
	}
}

// forget unsubscribes without waiting for the broker's answer.
func (l *link) forget(topic string) {
	l.mu.Lock()
	delete(l.waiting, topic)
	l.mu.Unlock()
	if l.isUp() {
		l.client.Unsubscribe(topic)
	}
}

func (l *link) waitUp(ctx context.Context) error {
	l.mu.Lock()
	up := l.up
	l.mu.Unlock()
	select {
	case <-up:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tell publishes a retained message; an error means that it must be told again.
func (l *link) tell(ctx context.Context, topic string, payload []byte) error {
	if !l.isUp() {
		return mqtt.ErrNotConnected
	}
	return wait(ctx, l.client.Publish(topic, qos, true, payload))
}
