package watchlist

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// FleetOptions say whose booths to look at.
type FleetOptions struct {
	Broker Broker
	List   string // "" for all
	Roots  Roots  // whom the heads must lead back to
	Now    time.Time
	// Quiet is how long the broker must have sent nothing until that counts as all. 2 s if
	// left out.
	Quiet time.Duration
}

// Proof judges what a booth tells of the version that it holds.
type Proof string

// The proofs.
const (
	ProofRight   Proof = "right"   // it holds what the head names
	ProofWrong   Proof = "wrong"   // what it tells cannot be: look after that booth
	ProofOlder   Proof = "older"   // it was given for an earlier head
	ProofUnnamed Proof = "unnamed" // of a version that the head does not name
	ProofNone    Proof = "none"    // it holds nothing, or there is no head to judge by
)

// BoothList is how a booth stands with a list, judged by the list's head.
type BoothList struct {
	Status
	Target uint64 `json:"target"` // the version that the head names for the booth's group; 0 if not known
	Proof  Proof  `json:"proof"`
}

// maxFleet limits what is kept of a broker's messages.
const maxFleet = 1_000_000

// Fleet asks the broker how all booths stand with their lists, ordered by list and booth.
// What booths tell is theirs to tell; the proof is what can be checked of it.
func Fleet(ctx context.Context, o FleetOptions) ([]BoothList, error) {
	all, err := fleet(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("ask for the booths' lists: %w", err)
	}
	return all, nil
}

func fleet(ctx context.Context, o FleetOptions) ([]BoothList, error) {
	if err := errors.Join(o.Broker.validate(), o.Roots.Validate()); err != nil {
		return nil, err
	}
	list := cmp.Or(o.List, "+")
	if o.List != "" && !isTopicLevel(o.List) {
		return nil, errors.New("no name of a list")
	}
	c := &collector{got: map[string][]byte{}, came: make(chan struct{}, 1)}
	options := o.Broker.options().SetCleanSession(true).SetAutoReconnect(false)
	options.SetDefaultPublishHandler(c.message)
	client := mqtt.NewClient(options)
	if err := wait(ctx, client.Connect()); err != nil {
		client.Disconnect(0)
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer client.Disconnect(quiesce)
	for _, topic := range []string{keysTopic, headTopic(list), StatusTopic("+", list)} {
		if err := subscribe(ctx, client, topic); err != nil {
			return nil, err
		}
	}
	if err := c.settle(ctx, cmp.Or(o.Quiet, 2*time.Second)); err != nil {
		return nil, err
	}
	return c.judge(o)
}

// collector keeps the last message of each topic.
type collector struct {
	mu   sync.Mutex
	got  map[string][]byte
	came chan struct{}
}

func (c *collector) message(_ mqtt.Client, m mqtt.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(m.Payload()) <= MaxMessage && len(c.got) < maxFleet {
		c.got[m.Topic()] = m.Payload()
	}
	select {
	case c.came <- struct{}{}:
	default:
	}
}

// settle waits until nothing more comes.
func (c *collector) settle(ctx context.Context, quiet time.Duration) error {
	for {
		timer := time.NewTimer(quiet)
		select {
		case <-c.came:
			timer.Stop()
		case <-timer.C:
			return nil
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

func (c *collector) judge(o FleetOptions) ([]BoothList, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, err := ParseKeys(c.got[keysTopic])
	if err == nil {
		err = k.Verify(o.Roots)
	}
	if err != nil {
		return nil, fmt.Errorf("keys document at the broker: %w", err)
	}
	heads := map[string]*SignedHead{}
	for topic, b := range c.got {
		if h, err := ParseHead(b); err == nil && topic == headTopic(h.List) && h.Verify(k.ForList(h.List, h.Issued)) == nil {
			heads[h.List] = h
		}
	}
	var all []BoothList
	for topic, b := range c.got {
		var s Status
		if json.Unmarshal(b, &s) == nil && s.Booth != "" && topic == StatusTopic(s.Booth, s.List) {
			all = append(all, judge(s, heads[s.List]))
		}
	}
	slices.SortFunc(all, func(a, b BoothList) int {
		return cmp.Or(strings.Compare(a.List, b.List), strings.Compare(a.Booth, b.Booth))
	})
	return all, nil
}

// judge holds a status against the head that counts; nil if there is none.
func judge(s Status, h *SignedHead) BoothList {
	l := BoothList{Status: s, Proof: ProofNone}
	if h == nil {
		return l
	}
	l.Target = h.For(s.Group).Version
	if s.State == StateNone || s.Version == 0 {
		return l
	}
	i := slices.IndexFunc(h.targets(), func(t Target) bool { return t.Version == s.Version })
	switch {
	case i >= 0 && h.targets()[i].Manifest != s.Manifest:
		l.Proof = ProofWrong
	case s.Head != h.Hash:
		l.Proof = ProofOlder
	case s.Digest != Digest(s.Booth, s.Manifest, h.Nonce):
		l.Proof = ProofWrong
	case i < 0:
		l.Proof = ProofUnnamed
	default:
		l.Proof = ProofRight
	}
	return l
}
