package watchlist

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// link is a booth's connection to the broker. It comes back by itself.
type link struct {
	ctx     context.Context // of Run
	client  mqtt.Client
	timeout time.Duration // for a retained message to come
	retry   time.Duration
	log     *slog.Logger
	news    map[string]func(mqtt.Message) // what to do with news, by topic; it may end with "/+"
	back    func()                        // called when the connection is there again

	mu      sync.Mutex
	waiting map[string]chan mqtt.Message
	up      chan struct{} // closed while connected
}

var _ source = (*link)(nil)

// parallel is how many chunks are fetched from the broker at a time.
const parallel = 8

// maxReconnect bounds the pauses between connections, so that booths are back soon after a
// broker is.
const maxReconnect = time.Minute

// newLink makes a link that pauses at least and at most so long between attempts.
func newLink(b Broker, timeout, retry, retryMax time.Duration, log *slog.Logger) *link {
	l := &link{timeout: timeout, retry: retry, log: log, news: map[string]func(mqtt.Message){}, waiting: map[string]chan mqtt.Message{}, up: make(chan struct{})}
	o := b.options().SetCleanSession(false).SetAutoAckDisabled(true)
	o.SetAutoReconnect(true).SetConnectRetry(true).SetConnectRetryInterval(retry)
	o.SetMaxReconnectInterval(min(retryMax, maxReconnect))
	o.SetDefaultPublishHandler(l.message)
	o.SetOnConnectHandler(l.connected)
	o.SetConnectionLostHandler(l.lost)
	l.client = mqtt.NewClient(o)
	return l
}

func (l *link) name() string { return SourceMQTT }

// connected subscribes again: the broker may have lost the session, and only a new
// subscription brings the retained messages.
func (l *link) connected(mqtt.Client) {
	topics := []string{}
	for t := range l.news {
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
	for l.subscribeAll(&topics); len(topics) > 0 && l.isUp() && sleep(l.ctx, l.retry); {
		l.subscribeAll(&topics)
	}
	l.back()
}

// subscribeAll subscribes to topics and leaves those that failed.
func (l *link) subscribeAll(topics *[]string) {
	*topics = slices.DeleteFunc(*topics, func(t string) bool {
		err := subscribe(l.ctx, l.client, t)
		if err != nil && l.ctx.Err() == nil {
			l.log.Warn("subscription failed: trying again", "topic", t, "err", err)
		}
		return err == nil
	})
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

func (l *link) isUp() bool { return l != nil && l.client.IsConnectionOpen() }

// askAgain has the broker send its retained message once more.
func (l *link) askAgain(ctx context.Context, topic string) error {
	return subscribe(ctx, l.client, topic)
}

// message hands over and returns, as the library wants it.
func (l *link) message(_ mqtt.Client, m mqtt.Message) {
	topic := m.Topic()
	news, ok := l.news[topic]
	if !ok {
		news, ok = l.news[topic[:strings.LastIndexByte(topic, '/')+1]+"+"]
	}
	if ok {
		// What waits is kept in memory, and the broker keeps it for the next start: an
		// acknowledgement that waited too could fill the broker's window, and nothing else
		// would come.
		news(m)
		m.Ack()
		return
	}
	l.mu.Lock()
	ch := l.waiting[topic]
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

func (l *link) manifest(ctx context.Context, list string, version uint64, accept func([]byte) error) error {
	return l.fetch(ctx, manifestTopic(list, version), accept)
}

// pieces gets chunks from the broker, part by part, several at a time. The first that is not
// there ends it: a broker has all chunks of a content or none.
func (l *link) pieces(ctx context.Context, list string, want []piece, accept func(piece, []byte) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan piece)
	var mu sync.Mutex
	var altered []error
	var wg sync.WaitGroup
	for range min(parallel, len(want)) {
		wg.Go(func() {
			for p := range queue {
				err := l.piece(ctx, list, p, accept)
				if endsAll(err) {
					cancel(err)
				} else if err != nil {
					mu.Lock()
					altered = append(altered, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, p := range want {
		select {
		case queue <- p:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(queue)
	wg.Wait()
	return errors.Join(append(altered, context.Cause(ctx))...)
}

// piece gets one chunk. Its parts are proved together.
func (l *link) piece(ctx context.Context, list string, p piece, accept func(piece, []byte) error) error {
	size := p.size()
	chunk := make([]byte, 0, size)
	for part := range chunkParts(size) {
		want := min(MaxPart, size-int64(part)*MaxPart)
		err := l.fetch(ctx, chunkTopic(list, p.hash(), part), func(b []byte) error {
			if int64(len(b)) != want {
				return fmt.Errorf("part %d of chunk %s: %w", part, p.hash(), ErrAltered)
			}
			chunk = append(chunk, b...)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return accept(p, chunk)
}

// fetch gets a retained message that accept takes, and acknowledges it after that. For a link
// that is down it waits, but not for long. The error is errGone, or what accept said last.
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

// errDown means that the broker cannot be reached. When it can, the lists are looked at again.
var errDown = errors.New("the broker cannot be reached")

func (l *link) waitUp(ctx context.Context) error {
	l.mu.Lock()
	up := l.up
	l.mu.Unlock()
	timer := time.NewTimer(l.timeout)
	defer timer.Stop()
	select {
	case <-up:
		return nil
	case <-timer.C:
		return errDown
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
