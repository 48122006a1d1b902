package console

import (
	"net/http"
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

func (d door) until() time.Time { return d.ends }

// doors are the sign-ins that have begun, each known by a cookie.
type doors struct{ kept[door] }

func (s *doors) put(d door) string {
	d.ends = time.Now().Add(doorLifetime)
	return s.kept.put(d, maxDoors)
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
