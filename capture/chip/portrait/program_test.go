//go:build linux

package portrait_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"boothd/capture/chip/portrait"
)

// Programs that were taken over, or are other programs.
func TestAProgramIsNotBelieved(t *testing.T) {
	const head = `printf 'BJP2\001\000\000\000\002\000\000\000\002\001`
	tests := []struct {
		name, script string
		want         error
	}{
		{"it says nothing", "exit 0", portrait.ErrDamaged},
		{"it says what is no picture", "echo hello, how do you do; exit 0", portrait.ErrDamaged},
		{"it never ends saying it", "exec cat /dev/zero", portrait.ErrDamaged},
		{"it ends before its picture does", head + `abc'`, portrait.ErrDamaged},
		{"it goes on behind its picture", head + `abcde'`, portrait.ErrDamaged},
		{"it goes on without end", head + `'; exec cat /dev/zero`, portrait.ErrDamaged},
		{"it announces four gigabytes", `printf 'BJP2\001\377\377\377\377\377\377\377\377\003'; exec cat /dev/zero`, portrait.ErrDamaged},
		{"it has a picture and fails", head + `abcd'; exit 1`, portrait.ErrDamaged},
		{"it has a picture and stays", head + `abcd'; exec sleep 600`, portrait.ErrTooSlow},
		{"it stays", "exec sleep 600", portrait.ErrTooSlow},
		{"it used up its time", "kill -9 $$", portrait.ErrTooSlow},
		{"it crashed", "kill -11 $$", portrait.ErrDamaged},
		{"it could not be confined", "exit 13", errors.ErrUnsupported},
		{"it knows no such picture", "exit 12", errors.ErrUnsupported},
		{"it has a picture", head + `abcd'`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "program")
			if err := os.WriteFile(path, []byte("#!/bin/sh\nPATH=/usr/bin:/bin\n"+test.script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			m := portrait.Maker{JP2: path, Timeout: time.Minute}
			if test.want == portrait.ErrTooSlow {
				m.Timeout = time.Second
			}
			p, err := m.Make(t.Context(), []byte("\xFF\x4F\xFF\x51"))
			if !errors.Is(err, test.want) || err == nil && (p.Width != 2 || p.Height != 2) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestTheCallersEndEndsTheProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	started := path + ".started"
	if err := os.WriteFile(path, []byte("#!/bin/sh\n: > "+started+"\nexec /bin/sleep 600\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		for range 5000 {
			if _, err := os.Stat(started); err == nil {
				return
			}
			<-time.After(2 * time.Millisecond)
		}
	}()
	if _, err := (portrait.Maker{JP2: path, Timeout: time.Minute}).Make(ctx, []byte("\xFF\x4F\xFF\x51")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
