package direct

import (
	"context"
	"sync"
	"time"
)

// lookTimeout is how long a look at a system's health may take.
const lookTimeout = 3 * time.Second

// Run looks at the health of the systems until ctx ends; it returns nil.
func (s *Source) Run(ctx context.Context) error {
	for {
		s.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(s.opt.HealthEvery):
		}
	}
}

// look looks at all systems at the same time.
func (s *Source) look(ctx context.Context) {
	var all sync.WaitGroup
	for _, sys := range s.opt.Systems {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, lookTimeout)
			defer cancel()
			err := sys.Adapter.Health(ctx)
			if err == nil || context.Cause(ctx) != context.Canceled {
				s.saw(sys.Name, err == nil)
			}
		})
	}
	all.Wait()
}

// saw notes whether a system could be asked.
func (s *Source) saw(name string, up bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.health[name]
	if h.Up == up && !h.Since.IsZero() {
		return
	}
	if !h.Since.IsZero() {
		s.opt.Log.Info("system asked directly has changed", "system", name, "up", up)
	}
	s.health[name] = Health{System: name, Up: up, Since: s.opt.Now()}
}

// Health tells of each system whether it could be asked, in the order of the options.
func (s *Source) Health() []Health {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Health
	for _, name := range s.names {
		all = append(all, s.health[name])
	}
	return all
}
