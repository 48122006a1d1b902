package signin

import (
	"encoding/json"
	"net/http"
	"regexp"
)

// verifierPattern is RFC 7636 §4.1.
var verifierPattern = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// token is the token endpoint (RFC 6749 §3.2).
func (is *Issuer) token(w http.ResponseWriter, r *http.Request) {
	form, ok := readForm(w, r)
	if !ok || r.URL.RawQuery != "" {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	if form.Get("client_id") != is.audience {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		verifier := form.Get("code_verifier")
		if !verifierPattern.MatchString(verifier) {
			verifier = "" // fits no challenge, and uses the code up
		}
		c, refresh, ok := is.grants.useCode(form.Get("code"), form.Get("redirect_uri"), verifier, is.now())
		is.answer(w, r, c.officer, c.nonce, refresh, ok)
	case "refresh_token":
		officer, refresh, ok := is.grants.renew(form.Get("refresh_token"), is.now())
		is.answer(w, r, officer, "", refresh, ok)
	default:
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
	}
}

// answer signs a token for the officer as the file has it now.
func (is *Issuer) answer(w http.ResponseWriter, r *http.Request, id, nonce, refresh string, ok bool) {
	if !ok {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	officer := is.officer(r.Context(), id)
	if officer == nil {
		is.grants.end(refresh)
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	token, err := is.issue(*officer, nonce)
	if err != nil {
		is.log.ErrorContext(r.Context(), "token not signed", "officer", id, "error", err)
		refuse(w, http.StatusInternalServerError, "server_error")
		return
	}
	reply(w, http.StatusOK, map[string]any{
		"id_token": token, "access_token": token, "token_type": "Bearer", "scope": "openid",
		"expires_in": int(is.life.Seconds()), "refresh_token": refresh,
	})
}

func refuse(w http.ResponseWriter, status int, code string) {
	reply(w, status, map[string]string{"error": code})
}

func reply(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(data)
}
