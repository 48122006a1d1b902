package console

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

// kept are things that a browser knows by a cookie, of which only the hash is held, so that
// the time a wrong guess takes tells nothing about the right value.
type kept[T interface{ until() time.Time }] struct {
	mu    sync.Mutex
	byKey map[[sha256.Size]byte]T
}

func keyOf(id string) [sha256.Size]byte { return sha256.Sum256([]byte(id)) }

// put keeps one and returns the cookie's value. If there are as many as may be, the one that
// ends first makes room.
func (k *kept[T]) put(one T, most int) string {
	id := rand.Text()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byKey == nil {
		k.byKey = make(map[[sha256.Size]byte]T)
	}
	if len(k.byKey) >= most {
		var first [sha256.Size]byte
		var ends time.Time
		for key, other := range k.byKey {
			if ends.IsZero() || other.until().Before(ends) {
				first, ends = key, other.until()
			}
		}
		delete(k.byKey, first)
	}
	k.byKey[keyOf(id)] = one
	return id
}

// look finds one that has not ended.
func (k *kept[T]) look(id string) (one T, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	one, ok = k.byKey[keyOf(id)]
	if ok && !time.Now().Before(one.until()) {
		delete(k.byKey, keyOf(id))
		var none T
		return none, false
	}
	return one, ok
}

// take is look, for one caller only.
func (k *kept[T]) take(id string) (one T, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	one, ok = k.byKey[keyOf(id)]
	delete(k.byKey, keyOf(id))
	return one, ok && time.Now().Before(one.until())
}
