package signin

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAnOfficerSignsInAndIsRenewed(t *testing.T) {
	p := newPlace(t)
	f := NewFlow(p.verifier())
	pending, query := p.signIn(f)
	tokens, err := f.Finish(t.Context(), pending, query)
	if err != nil {
		t.Fatal(err)
	}
	if id := tokens.Identity; id.Officer != anna.ID || len(id.Profiles) != 2 || !id.Is(RoleSecondLine) || id.Expires.Sub(id.Issued) != 15*time.Minute {
		t.Errorf("identity %+v", id)
	}
	for round := range 3 {
		p.clock.turn(10 * time.Minute)
		next, err := f.Refresh(t.Context(), tokens.Refresh, anna.ID)
		if err != nil {
			t.Fatalf("renewal %d: %v", round, err)
		}
		if next.Refresh == tokens.Refresh || next.ID == tokens.ID || !next.Identity.Issued.Equal(p.clock.now()) {
			t.Errorf("renewal %d brought nothing new", round)
		}
		tokens = next
	}
	p.clock.turn(12 * time.Hour)
	if _, err := f.Refresh(t.Context(), tokens.Refresh, anna.ID); !errors.Is(err, ErrRefused) {
		t.Errorf("after the session's life: %v", err)
	}
}

// exchange asks at the token endpoint as a client that may lie.
func (p *place) exchange(form url.Values) answer {
	p.t.Helper()
	return p.send("POST", p.url+"/token", form)
}

func TestACodeCountsOnceAndOnlyForWhatItWasAskedFor(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(p *place, form url.Values)
		want   string // in the answer
	}{
		{"as it was meant", func(*place, url.Values) {}, `"id_token"`},
		{"with another PKCE verifier", func(_ *place, f url.Values) { f.Set("code_verifier", strings.Repeat("a", 43)) }, "invalid_grant"},
		{"without a PKCE verifier", func(_ *place, f url.Values) { f.Del("code_verifier") }, "invalid_grant"},
		{"on another redirect", func(_ *place, f url.Values) { f.Set("redirect_uri", "http://127.0.0.1:9999/api/v1/login/return") }, "invalid_grant"},
		{"without a redirect", func(_ *place, f url.Values) { f.Del("redirect_uri") }, "invalid_grant"},
		{"by another client", func(_ *place, f url.Values) { f.Set("client_id", "other") }, "invalid_client"},
		{"after a minute", func(p *place, _ url.Values) { p.clock.turn(time.Minute) }, "invalid_grant"},
		{"with another code", func(_ *place, f url.Values) { f.Set("code", strings.Repeat("A", 26)) }, "invalid_grant"},
		{"with two codes", func(_ *place, f url.Values) { f.Add("code", "A") }, "invalid_request"},
		{"for a password", func(_ *place, f url.Values) { f.Set("grant_type", "password") }, "unsupported_grant_type"},
		{"by an officer who was dismissed meanwhile", func(p *place, _ url.Values) { p.employ(Officer{ID: "boris"}) }, "invalid_grant"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlace(t)
			pending, query := p.signIn(NewFlow(p.verifier()))
			form := url.Values{"grant_type": {"authorization_code"}, "code": {query.Get("code")}, "redirect_uri": {redirect},
				"client_id": {"boothd"}, "code_verifier": {pending.Verifier}}
			test.change(p, form)
			got := p.exchange(form)
			if !strings.Contains(got.body, test.want) || (got.status == 200) != (test.want == `"id_token"`) || got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
}

func TestACodeThatIsReplayedEndsWhatItBegan(t *testing.T) {
	p := newPlace(t)
	f := NewFlow(p.verifier())
	pending, query := p.signIn(f)
	tokens, err := f.Finish(t.Context(), pending, query)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Finish(t.Context(), pending, query); !errors.Is(err, ErrRefused) {
		t.Errorf("replayed: %v", err)
	}
	if _, err := f.Refresh(t.Context(), tokens.Refresh, anna.ID); !errors.Is(err, ErrRefused) {
		t.Errorf("renewal after a replay: %v", err)
	}
}

func TestACodeOnceShownWronglyIsUsedUp(t *testing.T) {
	p := newPlace(t)
	f := NewFlow(p.verifier())
	pending, query := p.signIn(f)
	wrong := pending
	wrong.Verifier = strings.Repeat("a", 52)
	if _, err := f.Finish(t.Context(), wrong, query); !errors.Is(err, ErrRefused) {
		t.Errorf("wrong verifier: %v", err)
	}
	if _, err := f.Finish(t.Context(), pending, query); !errors.Is(err, ErrRefused) {
		t.Errorf("right verifier afterwards: %v", err)
	}
}

func TestWhatComesBackMustBeOfThisSignIn(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(p *Pending, q url.Values)
	}{
		{"another state", func(_ *Pending, q url.Values) { q.Set("state", "other") }},
		{"no state", func(_ *Pending, q url.Values) { q.Del("state") }},
		{"two states", func(_ *Pending, q url.Values) { q.Add("state", "other") }},
		{"no state on either side", func(p *Pending, q url.Values) { p.State = ""; q.Del("state") }},
		{"another issuer", func(_ *Pending, q url.Values) { q.Set("iss", "https://other.example") }},
		{"a refusal", func(_ *Pending, q url.Values) { q.Set("error", "access_denied") }},
		{"no code", func(_ *Pending, q url.Values) { q.Del("code") }},
		{"a code that is far too long", func(_ *Pending, q url.Values) { q.Set("code", strings.Repeat("a", maxCode+1)) }},
		{"another nonce", func(p *Pending, _ url.Values) { p.Nonce = "other" }},
		{"a redirect that was not asked for", func(p *Pending, _ url.Values) { p.Redirect = "http://127.0.0.1:9999/api/v1/login/return" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlace(t)
			f := NewFlow(p.verifier())
			pending, query := p.signIn(f)
			test.change(&pending, query)
			if tokens, err := f.Finish(t.Context(), pending, query); !errors.Is(err, ErrRefused) || tokens.ID != "" {
				t.Errorf("Finish: %v", err)
			}
		})
	}
}

func TestARefreshTokenWhoseAnswerWasLostCountsAgain(t *testing.T) {
	p := newPlace(t)
	f := NewFlow(p.verifier())
	pending, query := p.signIn(f)
	first, err := f.Finish(t.Context(), pending, query)
	if err != nil {
		t.Fatal(err)
	}
	lost, err := f.Refresh(t.Context(), first.Refresh, anna.ID)
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.Refresh(t.Context(), first.Refresh, anna.ID)
	if err != nil {
		t.Fatalf("again, because the answer was lost: %v", err)
	}
	if _, err := f.Refresh(t.Context(), lost.Refresh, anna.ID); !errors.Is(err, ErrRefused) {
		t.Errorf("with the lost one: %v", err)
	}
	if _, err := f.Refresh(t.Context(), second.Refresh, anna.ID); !errors.Is(err, ErrRefused) {
		t.Errorf("the session goes on though two had its tokens: %v", err)
	}
}

func TestAStolenRefreshTokenEndsTheSession(t *testing.T) {
	p := newPlace(t)
	f := NewFlow(p.verifier())
	pending, query := p.signIn(f)
	tokens, err := f.Finish(t.Context(), pending, query)
	if err != nil {
		t.Fatal(err)
	}
	stolen := tokens.Refresh
	for range 2 {
		if tokens, err = f.Refresh(t.Context(), tokens.Refresh, anna.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Refresh(t.Context(), stolen, anna.ID); !errors.Is(err, ErrRefused) {
		t.Errorf("the stolen one: %v", err)
	}
	if _, err := f.Refresh(t.Context(), tokens.Refresh, anna.ID); !errors.Is(err, ErrRefused) {
		t.Errorf("the officer's own, afterwards: %v", err)
	}
}

func TestRenewalTellsRefusalFromSilence(t *testing.T) {
	p := newPlace(t)
	f := NewFlow(p.verifier())
	pending, query := p.signIn(f)
	tokens, err := f.Finish(t.Context(), pending, query)
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range []int{404, 429, 500, 503} {
		p.breakDown(status)
		if _, err := f.Refresh(t.Context(), tokens.Refresh, anna.ID); !errors.Is(err, ErrUnreachable) {
			t.Errorf("answered %d: %v", status, err)
		}
	}
	p.breakDown(0)
	if _, err := f.Refresh(t.Context(), tokens.Refresh, "boris"); !errors.Is(err, ErrRefused) {
		t.Errorf("as another officer: %v", err)
	}
	p.employ(Officer{ID: "boris"})
	if _, err := f.Refresh(t.Context(), tokens.Refresh, anna.ID); !errors.Is(err, ErrRefused) {
		t.Errorf("after being dismissed: %v", err)
	}
	p.server.Close()
	if _, err := f.Refresh(t.Context(), tokens.Refresh, anna.ID); !errors.Is(err, ErrUnreachable) {
		t.Errorf("without a line: %v", err)
	}
	p.clock.turn(probePeriod)
	if _, err := f.Start(t.Context(), redirect); !errors.Is(err, ErrUnreachable) {
		t.Errorf("a sign-in without a line: %v", err)
	}
}

func TestRedirectsOfAnIssuerAreNotFollowed(t *testing.T) {
	key := newKey(t)
	p := newPlace(t)
	var moved http.HandlerFunc = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, p.url+"/.well-known/openid-configuration", http.StatusFound)
	}
	v := p.verifier(func(o *Options) { o.Client = &http.Client{Transport: served{moved}}; o.KeysFile = "" })
	if _, err := v.Verify(t.Context(), forge(t, "EdDSA", key, nil, Claims{})); err == nil || p.requests() != 0 {
		t.Errorf("Verify: %v, %d requests", err, p.requests())
	}
}
