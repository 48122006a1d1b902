package signin

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestWithoutALineTheKeptKeysCount(t *testing.T) {
	p := newPlace(t)
	token := p.token(anna)
	if _, err := p.verifier().Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	p.server.Close()
	if _, err := p.verifier().Verify(t.Context(), token); err != nil {
		t.Errorf("with kept keys: %v", err)
	}
	if _, err := p.verifier(func(o *Options) { o.KeysFile = "" }).Verify(t.Context(), token); !errors.Is(err, ErrUnreachable) || errors.Is(err, ErrNotValid) {
		t.Errorf("without: %v", err)
	}
	stranger := forge(t, jose.EdDSA, newKey(t), map[jose.HeaderKey]any{"kid": "0123456789abcdef"}, Claims{})
	if _, err := p.verifier().Verify(t.Context(), stranger); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a stranger's: %v", err)
	}
	file := filepath.Join(p.dir, "keys.json")
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("keys: %v, %v", st, err)
	}
	for name, text := range map[string]string{"damaged": "{", "another issuer's": `{"issuer":"https://other.example","keys":[]}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := p.verifier().Verify(t.Context(), token); !errors.Is(err, ErrUnreachable) {
			t.Errorf("keys that are %s: %v", name, err)
		}
	}
}

func TestGraceIsGivenOnlyWhileTheIssuerCannotBeReached(t *testing.T) {
	hour := func(o *Options) { o.OfflineGrace = time.Hour }
	for _, test := range []struct {
		name   string
		change func(*Options)
		status int // that the issuer answers with; 0: as it should
		age    time.Duration
		grace  bool
		err    error
	}{
		{"before its end", hour, 503, 14 * time.Minute, false, nil},
		{"within the leeway", hour, 0, 15*time.Minute + 30*time.Second, false, nil},
		{"within the leeway, unreachable", hour, 503, 15*time.Minute + 30*time.Second, true, nil},
		{"after it, unreachable", hour, 503, time.Hour, true, nil},
		{"after it, reached", hour, 0, time.Hour, false, ErrExpired},
		{"after it, refused", hour, 404, time.Hour, false, ErrExpired},
		{"after the grace", hour, 503, 76 * time.Minute, false, ErrExpired},
		{"at central", func(*Options) {}, 503, 17 * time.Minute, false, ErrExpired},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlace(t)
			v := p.verifier(test.change)
			token := p.token(anna)
			if _, err := v.Verify(t.Context(), token); err != nil {
				t.Fatal(err)
			}
			p.breakDown(test.status)
			p.clock.turn(test.age)
			id, err := v.Verify(t.Context(), token)
			if !errors.Is(err, test.err) || err == nil && id.Grace != test.grace {
				t.Errorf("Verify = %+v, %v", id, err)
			}
			if err == nil && test.grace && !id.Until.Equal(id.Expires.Add(time.Hour)) {
				t.Errorf("until %v", id.Until)
			}
		})
	}
}

func TestAClockSetBackMakesNoOldTokenValid(t *testing.T) {
	p := newPlace(t)
	old := p.token(anna)
	v := p.verifier()
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	p.clock.turn(2 * time.Hour)
	if _, err := v.Verify(t.Context(), p.token(anna)); err != nil {
		t.Fatal(err)
	}
	p.clock.turn(-2 * time.Hour)
	for name, v := range map[string]*Verifier{"the same verifier": v, "after a restart": p.verifier()} {
		if _, err := v.Verify(t.Context(), old); !errors.Is(err, ErrExpired) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAClockThatIsSlowIsNamed(t *testing.T) {
	p := newPlace(t)
	token := p.token(anna)
	p.clock.turn(-50 * 365 * 24 * time.Hour)
	if _, err := p.verifier().Verify(t.Context(), token); !errors.Is(err, ErrNotYet) {
		t.Errorf("Verify: %v", err)
	}
}
