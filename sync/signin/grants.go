package signin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"sync"
	"time"
)

// Limits of what an issuer remembers; the oldest make room.
const (
	maxCodes    = 10_000
	maxSessions = 100_000
)

// grants are the codes that were given out and the sessions that came of them. Codes and
// refresh tokens are known by their hashes only.
type grants struct {
	session time.Duration // a session's life

	mu       sync.Mutex
	codes    map[[32]byte]*code
	sessions map[string]*session
}

// code is what a code stands for.
type code struct {
	officer   string
	redirect  string
	challenge string
	nonce     string
	ends      time.Time
	session   string // that it began; empty until it was used
	used      bool
}

// session is one officer's at one booth, renewed by refresh tokens.
type session struct {
	officer string
	ends    time.Time
	current [32]byte // hash of the refresh token given out last
	before  [32]byte // of the one that it was given out for
}

// newCode remembers a code and returns it.
func (g *grants) newCode(c code, now time.Time) string {
	text := rand.Text()
	c.ends = now.Add(codeLife)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.codes == nil {
		g.codes = map[[32]byte]*code{}
	}
	if len(g.codes) >= maxCodes {
		makeRoom(g.codes, func(c *code) time.Time { return c.ends }, now)
	}
	g.codes[sha256.Sum256([]byte(text))] = &c
	return text
}

// makeRoom forgets what is over, and what is over next if nothing is.
func makeRoom[K comparable, V any](m map[K]V, ends func(V) time.Time, now time.Time) {
	var next K
	var at time.Time
	for key, v := range m {
		switch end := ends(v); {
		case !now.Before(end):
			delete(m, key)
		case at.IsZero() || end.Before(at):
			next, at = key, end
		}
	}
	if !at.IsZero() && len(m) > 0 {
		delete(m, next)
	}
}

// useCode uses a code up, whatever comes of it, and begins a session if it is shown with
// what it was asked for with. A code shown again ends the session that it began.
func (g *grants) useCode(text, redirect, verifier string, now time.Time) (c code, refresh string, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	known := g.codes[sha256.Sum256([]byte(text))]
	if known == nil || !now.Before(known.ends) {
		return code{}, "", false
	}
	if known.used {
		delete(g.sessions, known.session)
		return code{}, "", false
	}
	known.used = true
	proved := subtle.ConstantTimeCompare([]byte(challenge(verifier)), []byte(known.challenge)) == 1
	if !proved || redirect != known.redirect {
		return code{}, "", false
	}
	known.session, refresh = g.begin(known.officer, now)
	return *known, refresh, true
}

// begin is called with the lock held.
func (g *grants) begin(officer string, now time.Time) (id, refresh string) {
	if g.sessions == nil {
		g.sessions = map[string]*session{}
	}
	if len(g.sessions) >= maxSessions {
		makeRoom(g.sessions, func(s *session) time.Time { return s.ends }, now)
	}
	id = rand.Text()
	s := &session{officer: officer, ends: now.Add(g.session)}
	g.sessions[id] = s
	return id, s.next(id)
}

// next gives out a refresh token.
func (s *session) next(id string) string {
	text := id + "." + rand.Text()
	s.current = sha256.Sum256([]byte(text))
	return text
}

// renew gives out the next refresh token for one that counts.
func (g *grants) renew(refresh string, now time.Time) (officer, next string, ok bool) {
	id, _, _ := strings.Cut(refresh, ".")
	sum := sha256.Sum256([]byte(refresh))
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.sessions[id]
	if s == nil {
		return "", "", false
	}
	if !now.Before(s.ends) {
		delete(g.sessions, id)
		return "", "", false
	}
	switch {
	case subtle.ConstantTimeCompare(sum[:], s.current[:]) == 1:
		s.before = s.current
	case subtle.ConstantTimeCompare(sum[:], s.before[:]) == 1:
		// The answer that brought its successor was lost: the successor counts no more.
	default:
		delete(g.sessions, id) // somebody else has a token of this session
		return "", "", false
	}
	return s.officer, s.next(id), true
}

// end ends the session of a refresh token.
func (g *grants) end(refresh string) {
	id, _, _ := strings.Cut(refresh, ".")
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.sessions, id)
}
