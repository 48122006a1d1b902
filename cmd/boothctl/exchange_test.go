package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"boothd/capture"
	"boothd/internal/keys"
)

// boothConfig is a booth's configuration; its address follows.
const boothConfig = `
[booth]
id = "north-3"
place = "North gate, lane 3"
state_dir = "state"
[[profile]]
name = "first-line"
category = "border guard"
purpose = "border check"
legal_basis = "Regulation (EU) 2016/399 Art 8"
systems = { document = ["SIS"] }
[[officer]]
id = "officer-7"
profile = "first-line"
token_file = "token"
[portal]
sealing_key = "keys/seal.pub"
signing_keys = ["keys/sign.pub"]
[trust]
roots = ["keys/sign.pub"]
threshold = 1
[[list]]
name = "sis-persons"
system = "SIS"
[api]
listen = %q
`

const boothToken = "0123456789abcdef0123456789abcdef"

// journal is the part of a booth's local API that exchanges are journalled through.
type journal struct {
	mu      sync.Mutex
	refuses bool
	entries []capture.Exchange
}

func (j *journal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != "Bearer "+boothToken:
		http.Error(w, "sign in", http.StatusUnauthorized)
	case r.Method == "GET" && r.URL.Path == "/api/v1/status":
		fmt.Fprint(w, "{}")
	case r.Method != "POST" || r.URL.Path != "/api/v1/exchange":
		http.NotFound(w, r)
	case j.refuses:
		w.WriteHeader(http.StatusInsufficientStorage)
		fmt.Fprint(w, `{"title":"This could not be recorded."}`)
	default:
		var e capture.Exchange
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		j.entries = append(j.entries, e)
		w.WriteHeader(http.StatusNoContent)
	}
}

type journalKey struct{}

// TestExchangeScripts runs scripts beside a booth. In them "journal N" fails unless N
// exchanges were journalled and prints the newest; "refuse" and "accept" say whether the
// booth can journal.
func TestExchangeScripts(t *testing.T) {
	scripts := func(f func(*testscript.TestScript, *journal, []string)) func(*testscript.TestScript, bool, []string) {
		return func(ts *testscript.TestScript, _ bool, args []string) {
			j := ts.Value(journalKey{}).(*journal)
			j.mu.Lock()
			defer j.mu.Unlock()
			f(ts, j, args)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/exchange",
		Setup: standInBooth,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"refuse": scripts(func(_ *testscript.TestScript, j *journal, _ []string) { j.refuses = true }),
			"accept": scripts(func(_ *testscript.TestScript, j *journal, _ []string) { j.refuses = false }),
			"journal": scripts(func(ts *testscript.TestScript, j *journal, args []string) {
				if fmt.Sprint(len(j.entries)) != args[0] {
					ts.Fatalf("%d exchanges are journalled", len(j.entries))
				}
				if len(j.entries) == 0 {
					return
				}
				told, err := json.Marshal(j.entries[len(j.entries)-1])
				ts.Check(err)
				fmt.Fprintf(ts.Stdout(), "%s\n", told)
			}),
		},
	})
}

// standInBooth makes a booth's files and serves its local API.
func standInBooth(env *testscript.Env) error {
	j := &journal{}
	server := httptest.NewServer(j)
	env.Defer(server.Close)
	env.Values[journalKey{}] = j
	path := func(name string) string { return filepath.Join(env.WorkDir, name) }
	for _, dir := range []string{"state", "keys"} {
		if err := os.Mkdir(path(dir), 0o700); err != nil {
			return err
		}
	}
	if _, err := keys.GenerateSealing(path("keys/seal")); err != nil {
		return err
	}
	if _, err := keys.GenerateSigning(path("keys/sign")); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"token":      boothToken,
		"booth.toml": fmt.Sprintf(boothConfig, strings.TrimPrefix(server.URL, "http://")),
		"away.toml":  fmt.Sprintf(boothConfig, "127.0.0.1:1"),
	} {
		if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	env.Setenv("BOOTHD_CONFIG", path("booth.toml"))
	env.Setenv("TMPDIR", env.WorkDir)
	return nil
}
