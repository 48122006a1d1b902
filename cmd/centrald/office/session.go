package office

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"
)

// sessionLife is how long somebody stays signed in at most: a shift with its hand-over.
const sessionLife = 12 * time.Hour

// session is what the office keeps of somebody who signed in.
type session struct {
	Officer string    `json:"officer"`
	Token   string    `json:"token"`
	Refresh string    `json:"refresh,omitempty"`
	Profile string    `json:"profile,omitempty"` // the chosen one
	Ends    time.Time `json:"ends"`
}

// errNoSession is returned for a cookie that opens nothing.
var errNoSession = errors.New("no such session")

// rowOf is the name of a session's row.
func rowOf(id string) string {
	sum := sha256.Sum256([]byte("office session " + id))
	return hex.EncodeToString(sum[:])
}

// boxOf closes and opens what belongs to a secret.
func boxOf(secret []byte, purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "centrald office "+purpose+" v1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func sealJSON(secret []byte, purpose string, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	box, err := boxOf(secret, purpose)
	if err != nil {
		return nil, err
	}
	return box.Seal(nil, nil, text, nil), nil
}

func openJSON(secret []byte, purpose string, sealed []byte, v any) error {
	box, err := boxOf(secret, purpose)
	if err != nil {
		return err
	}
	text, err := box.Open(nil, nil, sealed, nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

// openSession writes a new session and returns the cookie's value.
func (b *Book) openSession(ctx context.Context, s session) (string, error) {
	id := rand.Text()
	sealed, err := sealJSON([]byte(id), "session", s)
	if err != nil {
		return "", err
	}
	_, err = b.db.ExecContext(ctx, "INSERT INTO office_session (id, ends, sealed) VALUES ($1, $2, $3)", rowOf(id), s.Ends.UnixNano(), sealed)
	return id, err
}

// session returns the session of a cookie's value, or errNoSession.
func (b *Book) session(ctx context.Context, id string) (session, error) {
	var sealed []byte
	err := b.db.QueryRowContext(ctx, "SELECT sealed FROM office_session WHERE id = $1 AND ends > $2", rowOf(id), b.now().UnixNano()).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return session{}, errNoSession
	}
	if err != nil {
		return session{}, err
	}
	var s session
	if err := openJSON([]byte(id), "session", sealed, &s); err != nil {
		return session{}, errNoSession
	}
	return s, nil
}

// replaceSession writes what has changed of a session that was not closed meanwhile.
func (b *Book) replaceSession(ctx context.Context, id string, s session) error {
	sealed, err := sealJSON([]byte(id), "session", s)
	if err != nil {
		return err
	}
	_, err = b.db.ExecContext(ctx, "UPDATE office_session SET sealed = $1 WHERE id = $2", sealed, rowOf(id))
	return err
}

func (b *Book) closeSession(ctx context.Context, id string) error {
	_, err := b.db.ExecContext(ctx, "DELETE FROM office_session WHERE id = $1", rowOf(id))
	return err
}

// pending is a sign-in that has begun. It travels in a cookie that only the office opens.
type pending struct {
	Redirect string    `json:"redirect"`
	State    string    `json:"state"`
	Verifier string    `json:"verifier"`
	Nonce    string    `json:"nonce"`
	Ends     time.Time `json:"ends"`
}

const maxCookie = 4096 // bytes

func (o *Office) sealPending(p pending) (string, error) {
	sealed, err := sealJSON(o.opt.Signing.Seed(), "sign-in", p)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

func (o *Office) openPending(value string) (pending, bool) {
	if len(value) > maxCookie {
		return pending{}, false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return pending{}, false
	}
	var p pending
	err = openJSON(o.opt.Signing.Seed(), "sign-in", sealed, &p)
	return p, err == nil && o.opt.Now().Before(p.Ends)
}
