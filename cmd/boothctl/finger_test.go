package main

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"boothd/localmatch/finger"
)

func TestWordsWithOneDashAreFlagsBehindFingerOnly(t *testing.T) {
	for _, tt := range []struct{ name, args, want string }{
		{"one dash becomes two", "bench finger -dpi 500 -scores s.txt d", "bench finger --dpi 500 --scores s.txt d"},
		{"also with a value", "bench finger -dpi=500 d", "bench finger --dpi=500 d"},
		{"two dashes stay", "finger show --dpi 500 a", "finger show --dpi 500 a"},
		{"short flags stay", "bench finger -j 2 -o x d", "bench finger -j 2 -o x d"},
		{"what only begins so stays", "bench finger -dpis 500 d", "bench finger -dpis 500 d"},
		{"other commands are left alone", "list import -dpi finger", "list import -dpi finger"},
		{"what follows two dashes alone is no flag", "finger show -- -dpi", "finger show -- -dpi"},
		{"no arguments", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := strings.Fields(tt.args)
			before := slices.Clone(args)
			if got := strings.Join(longFlags(args), " "); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if !slices.Equal(args, before) {
				t.Error("the arguments themselves were changed")
			}
		})
	}
}

func TestWhatIsWrittenIsReadableForItsOwnerOnly(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old")
	if err := os.WriteFile(old, []byte("longer than what follows"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{old, filepath.Join(t.TempDir(), "new")} {
		err := (&output{Out: path}).write(nil, func(w io.Writer) error {
			_, err := io.WriteString(w, "secret")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != "secret" {
			t.Errorf("%s: %q, error %v", path, data, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, error %v", path, info.Mode(), err)
		}
	}
}

func TestATemplateComesBackFromJSONWithoutItsRidges(t *testing.T) {
	want := &finger.Template{Width: 300, Height: finger.MaxSide}
	for i := range 255 {
		want.Minutiae = append(want.Minutiae, finger.Minutia{
			X: i, Y: finger.MaxSide - 1 - i, Direction: uint8(i), Kind: finger.Kind(i % 3), Quality: uint8(i % 101),
		})
	}
	data, err := marshalJSONTemplate(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := unmarshalJSONTemplate(data)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("came back otherwise: error %v", err)
	}
}

func FuzzJSONTemplate(f *testing.F) {
	f.Add([]byte(`{"width":300,"height":400,"minutiae":[{"x":10,"y":20,"direction":45,"kind":"ending","quality":80}]}`))
	f.Add([]byte(`{"width":1,"height":1,"minutiae":[{"x":0,"y":0,"direction":-360,"kind":"other","quality":0}]}`))
	f.Add([]byte(`{"width":1,"height":1,"minutiae":null} {}`))
	f.Add([]byte(`{"width":-1,"height":1e9}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := unmarshalJSONTemplate(data)
		if err != nil {
			return
		}
		if _, err := first.AppendBinary(nil); err != nil {
			t.Fatalf("what was read cannot be kept: %v", err)
		}
		again, err := marshalJSONTemplate(first)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := unmarshalJSONTemplate(again); err != nil || !reflect.DeepEqual(first, second) {
			t.Fatalf("comes back otherwise: error %v", err)
		}
	})
}
