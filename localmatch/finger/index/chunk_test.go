package index

import (
	"testing"

	"boothd/localmatch/finger"
)

// gridTemplate is a template of minutiae in lines, the quickest there is to make.
func gridTemplate() *finger.Template {
	t := &finger.Template{Width: 300, Height: 300}
	for i := range 9 {
		t.Minutiae = append(t.Minutiae, finger.Minutia{X: 30 + i%3*40, Y: 30 + i/3*40, Direction: uint8(i * 28)})
	}
	return t
}

func TestRemovedTemplatesDoNotPileUp(t *testing.T) {
	x := New()
	template := gridTemplate()
	for key := range uint64(4 * chunkSize) {
		if err := x.Add(key, 1, template); err != nil {
			t.Fatal(err)
		}
		if key >= 2*chunkSize {
			if n := x.Remove(key - 2*chunkSize); n != 1 {
				t.Fatalf("%d templates of key %d removed", n, key-2*chunkSize)
			}
		}
	}
	s := x.state.Load()
	held, live := 0, 0
	for _, c := range s.chunks {
		held += c.count()
		live += c.live()
	}
	if live != 2*chunkSize || x.Len() != live {
		t.Errorf("%d templates live, %d counted, want %d", live, x.Len(), 2*chunkSize)
	}
	if held > 2*live+chunkSize {
		t.Errorf("%d records are held for %d live ones", held, live)
	}
}

func TestAStateIsNotChangedByWhatFollows(t *testing.T) {
	x := New()
	template := gridTemplate()
	var states []*state
	for key := range uint64(40) {
		states = append(states, x.state.Load())
		if err := x.Add(key, 1, template); err != nil {
			t.Fatal(err)
		}
	}
	x.Remove(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21)
	if err := x.Add(99, 1, template); err != nil {
		t.Fatal(err)
	}
	for n, s := range states {
		var keys []uint64
		for _, c := range s.chunks {
			for i := range c.all() {
				keys = append(keys, c.key(i))
			}
		}
		if len(keys) != n {
			t.Fatalf("state %d holds %d records", n, len(keys))
		}
		for i, key := range keys {
			if key != uint64(i) {
				t.Errorf("state %d holds key %d at place %d", n, key, i)
			}
		}
	}
}
