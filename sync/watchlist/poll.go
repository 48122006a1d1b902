package watchlist

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"time"
)

// pollSeldom is how many times as seldom the web server is asked while the broker tells of
// what is new.
const pollSeldom = 10

// lookAround asks the web server for news and looks at the sticks, until ctx ends.
func (s *Subscriber) lookAround(ctx context.Context) {
	tick := time.NewTicker(s.o.StickPoll)
	defer tick.Stop()
	var asked time.Time
	pause := time.Duration(0)
	for {
		s.retryKeys()
		if s.sticks != nil {
			s.lookAtSticks()
		}
		if s.web != nil && time.Since(asked) >= pause {
			s.askWeb(ctx)
			asked, pause = time.Now(), s.o.Poll/2+rand.N(s.o.Poll) // so that booths do not come all at once
			if s.link.isUp() {
				pause *= pollSeldom
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if pause > s.o.Poll*2 && !s.link.isUp() {
				pause = s.o.Poll
			}
		case <-s.look:
			asked = time.Time{}
			s.forgetNews()
		}
	}
}

// lookNow has the web server and the sticks looked at at once.
func (s *Subscriber) lookNow() {
	select {
	case s.look <- struct{}{}:
	default:
	}
}

// forgetNews has every document count as news again.
func (s *Subscriber) forgetNews() {
	if s.web != nil {
		s.web.forgetNews()
	}
	if s.sticks != nil {
		s.sticks.forgetNews()
	}
}

// retryKeys takes the keys document that could not be written.
func (s *Subscriber) retryKeys() {
	s.mu.Lock()
	b := s.unsaved
	s.unsaved = nil
	s.mu.Unlock()
	if b != nil {
		s.takeKeys(b)
	}
}

func (s *Subscriber) lookAtSticks() {
	s.sticks.news(keysPath, s.takeKeys)
	s.sticks.news(ordersPath, s.takeOrders)
	for _, w := range s.workers {
		s.sticks.news(headPath(w.list.Name), func(b []byte) {
			w.offer(&arrival{payload: b, source: SourceStick})
		})
	}
}

func (s *Subscriber) askWeb(ctx context.Context) {
	err := s.web.news(ctx, keysPath, s.takeKeys)
	err = errors.Join(err, s.web.news(ctx, ordersPath, s.takeOrders))
	for _, w := range s.workers {
		err = errors.Join(err, s.web.news(ctx, headPath(w.list.Name), func(b []byte) {
			w.offer(&arrival{payload: b, source: SourceHTTPS})
		}))
	}
	if err != nil && ctx.Err() == nil {
		s.o.Log.Info("the web server was asked for news of the lists", "err", err)
	}
}

// takeOrders takes a file of orders.
func (s *Subscriber) takeOrders(b []byte) {
	var all []json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil || len(all) > maxOrders {
		s.refuse(&refused{DocumentOrder, "", 0, ReasonMalformed, "the file of orders is not readable"}, b)
		return
	}
	for _, order := range all {
		s.orders.offer(order)
	}
}
