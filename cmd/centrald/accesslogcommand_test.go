package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"boothd/cmd/centrald/accesslog"
	"boothd/cmd/centrald/store"
)

// exported writes the access log of five queries, and returns the export's lines.
func exported(t *testing.T) []string {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "central.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	log, err := accesslog.Open(t.Context(), db, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for i := range 5 {
		if _, err := log.Append(t.Context(), accesslog.Entry{Kind: accesslog.KindQuery, Officer: fmt.Sprintf("officer-%d", i+1)}); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := log.Export(t.Context(), &b, time.Now().Add(-time.Hour), time.Now().Add(time.Hour), "the supervisory authority"); err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(b.String(), "\n")
}

func TestAnExportedAccessLogIsProvenWithoutTheDatabase(t *testing.T) {
	lines := exported(t)
	verify := func(text string, args ...string) (string, error) {
		file := filepath.Join(t.TempDir(), "export.jsonl")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var c commands
		var out bytes.Buffer
		k, err := kong.New(&c, kong.Writers(&out, &out))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := k.Parse(append([]string{"access-log", "verify", file}, args...))
		if err != nil {
			t.Fatal(err)
		}
		err = parsed.Run()
		return out.String(), err
	}
	whole := strings.Join(lines, "")
	out, err := verify(whole)
	if err != nil || !strings.HasPrefix(out, "intact: entries 1 to 5, 5 of them, 0 erased on schedule\nhead: 5:") || !strings.Contains(out, "nobody vouches") {
		t.Fatalf("whole: %q, %v", out, err)
	}
	_, rest, _ := strings.Cut(out, "head: ")
	head, _, _ := strings.Cut(rest, "\n")
	if out, err := verify(whole, "--anchor", head); err != nil || !strings.Contains(out, "vouches for everything up to entry 5") {
		t.Errorf("with the head as it was noted: %q, %v", out, err)
	}
	for name, c := range map[string]struct {
		text, says string
		args       []string
	}{
		"an officer's name changed":   {strings.Replace(whole, "officer-3", "officer-1", 1), "entry 3", nil},
		"an entry left out":           {strings.Replace(whole, lines[2], "", 1), "entry 2", nil},
		"another head than was noted": {whole, "entry 4", []string{"--anchor", "4:" + strings.Repeat("0", 64)}},
	} {
		if out, err := verify(c.text, c.args...); !errors.Is(err, errBroken) || !strings.HasPrefix(out, "broken: ") || !strings.Contains(out, c.says) {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	if _, err := verify("no export\n"); err == nil {
		t.Error("what is no export was proven")
	}
	if _, err := verify(whole, "--anchor", "five"); err == nil {
		t.Error("an anchor that is none was taken")
	}
}
