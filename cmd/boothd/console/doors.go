package console

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	"boothd/sync/signin"
)

const (
	doorCookie   = "boothd_login"
	doorPath     = apiRoot + "login"
	doorLifetime = 10 * time.Minute // to sign in at the issuer, or to choose a profile
	maxDoors     = 32
)

// door is a sign-in that has begun and has opened no session yet. One of the three is set.
type door struct {
	pending signin.Pending // the browser is at the issuer
	tokens  *signin.Tokens // it has come back, and a profile must be chosen
	failed  *problem       // it came to nothing
	ends    time.Time
}

// doors are the sign-ins that have begun, each known by a cookie.
type doors struct {
	mu    sync.Mutex
	byKey map[[sha256.Size]byte]door
}

// put remembers a door and returns the cookie's value. If there are too many the oldest
// makes room.
func (s *doors) put(d door) string {
	id := rand.Text()
	d.ends = time.Now().Add(doorLifetime)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey == nil {
		s.byKey = make(map[[sha256.Size]byte]door)
	}
	if len(s.byKey) >= maxDoors {
		var oldest [sha256.Size]byte
		var ends time.Time
		for key, one := range s.byKey {
			if ends.IsZero() || one.ends.Before(ends) {
				oldest, ends = key, one.ends
			}
		}
		delete(s.byKey, oldest)
	}
	s.byKey[sha256.Sum256([]byte(id))] = d
	return id
}

func (s *doors) look(id string) (door, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.byKey[sha256.Sum256([]byte(id))]
	return d, ok && time.Now().Before(d.ends)
}

// take is look, once.
func (s *doors) take(id string) (door, bool) {
	d, ok := s.look(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byKey, sha256.Sum256([]byte(id)))
	return d, ok
}

func doorOf(r *http.Request) string {
	cookie, err := r.Cookie(doorCookie)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// openDoor remembers the door and gives the browser its cookie, which must come along when
// the issuer's page sends the browser back, hence is not strict.
func (s *Server) openDoor(w http.ResponseWriter, d door) {
	http.SetCookie(w, &http.Cookie{
		Name: doorCookie, Value: s.doors.put(d), Path: doorPath, MaxAge: int(doorLifetime / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func closeDoor(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: doorCookie, Path: doorPath, MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
