package watchlist

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
)

const keptVersions = 64 // whose deltas stay at the broker

// ChunkMode says which contents a broker carries chunk by chunk. What it does not carry,
// booths get over HTTPS or from a stick.
type ChunkMode string

// The modes.
const (
	ChunksSmall  ChunkMode = "small"  // deltas only
	ChunksAlways ChunkMode = "always" // snapshots too: of a national list gigabytes, kept by the broker
	ChunksNever  ChunkMode = "never"
)

// sent returns the contents that a broker carries chunk by chunk.
func (s *Signed) sent(mode ChunkMode, snapshot bool) []*Content {
	var all []*Content
	if s.Delta != nil && mode != ChunksNever {
		all = append(all, s.Delta)
	}
	if s.Snapshot != nil && snapshot && mode == ChunksAlways {
		all = append(all, s.Snapshot)
	}
	return all
}

// parts are the topics of these contents.
func (s *Signed) parts(mode ChunkMode, snapshot bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, c := range s.sent(mode, snapshot) {
			for i, h := range c.Chunks {
				for part := range chunkParts(c.ChunkSize(i)) {
					if !yield(chunkTopic(s.List, h, part)) {
						return
					}
				}
			}
		}
	}
}

// window returns the versions that belong on the broker, in their order: those that the head
// names, back to the last snapshots, and the last keptVersions as far as there are as many.
// With them it returns the versions of those snapshots.
func (f folder) window(h *SignedHead) ([]*Signed, map[uint64]bool, error) {
	first := h.Version - min(h.Version-1, keptVersions)
	snapshots := map[uint64]bool{}
	for _, t := range h.targets() {
		s, err := f.signed(t.Version)
		if err == nil && s.Hash != t.Manifest {
			err = errors.New("is another than the head names")
		}
		if err != nil {
			return nil, nil, fmt.Errorf("version %d: %w", t.Version, err)
		}
		snapshots[s.LastSnapshot] = true
	}
	oldest := slices.Min(slices.Collect(maps.Keys(snapshots)))
	var window []*Signed
	for v := min(first, oldest); v <= h.Version; v++ {
		s, err := f.signed(v)
		if errors.Is(err, fs.ErrNotExist) && v < oldest {
			continue // pruned
		}
		if err != nil {
			return nil, nil, err
		}
		if n := len(window); n > 0 {
			if err := s.follows(window[n-1]); err != nil {
				return nil, nil, fmt.Errorf("version %d: %w", v, err)
			}
		}
		window = append(window, s)
	}
	return window, snapshots, nil
}

// stale returns the topics that the new head leaves without use.
func (p *publisher) stale() ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, err := p.headBefore()
	if err != nil {
		return nil, err
	}
	needed := map[string]bool{}
	for _, s := range p.window {
		needed[manifestTopic(p.list, s.Version)] = true
		for topic := range s.parts(p.mode, p.snapshots[s.Version]) {
			needed[topic] = true
		}
	}
	var stale []string
	mode := ChunkMode(p.retained[sentTopic(p.list)])
	for topic, b := range p.retained {
		if !strings.HasPrefix(topic, listTopic(p.list)+"manifests/") {
			continue
		}
		leaves := !needed[topic]
		if leaves {
			stale = append(stale, topic)
		}
		s := p.genuine(b)
		if s == nil {
			continue
		}
		if err := p.agrees(s); err != nil {
			return nil, err
		}
		for part := range s.parts(mode, leaves || before[s.Version]) {
			if !needed[part] {
				needed[part] = true // once
				stale = append(stale, part)
			}
		}
	}
	return stale, nil
}

// genuine reads a manifest at the broker; nil if no booth would take it. Whoever gets at the
// broker can put anything there, and must not stop what is to be published by that.
func (p *publisher) genuine(b []byte) *Signed {
	s, err := ParseSigned(b)
	if err != nil || s.List != p.list || s.Verify(p.trust.keys.ForList(p.list, s.Issued)) != nil {
		return nil
	}
	return s
}

// headBefore checks that the head may take the place of the broker's, and returns the
// versions whose snapshots that one needed.
func (p *publisher) headBefore() (map[uint64]bool, error) {
	h, err := ParseHead(p.retained[headTopic(p.list)])
	if err != nil || h.List != p.list || h.Verify(p.trust.keys.ForList(p.list, h.Issued)) != nil {
		return nil, nil // there is none, or none that a booth would follow
	}
	if err := p.head.Follows(h); err != nil {
		return nil, fmt.Errorf("the broker holds another head: %w", err)
	}
	snapshots := map[uint64]bool{}
	for _, t := range h.targets() {
		if s := p.genuine(p.retained[manifestTopic(p.list, t.Version)]); s != nil {
			snapshots[s.LastSnapshot] = true
		}
	}
	return snapshots, nil
}

// agrees checks that a manifest at the broker does not contradict those in the window.
func (p *publisher) agrees(s *Signed) error {
	newest := p.window[len(p.window)-1]
	if s.Version > newest.Version {
		return fmt.Errorf("the broker holds version %d, later than %d", s.Version, newest.Version)
	}
	for _, w := range p.window {
		if w.Version == s.Version && w.Hash != s.Hash {
			return fmt.Errorf("the broker holds another version %d", s.Version)
		}
	}
	return nil
}
