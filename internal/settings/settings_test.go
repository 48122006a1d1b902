package settings

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sample is a configuration with one of everything.
type sample struct {
	Name  string   `toml:"name"`
	File  string   `toml:"file"`
	Wait  Duration `toml:"wait"`
	Limit Size     `toml:"limit"`
	Where string   `toml:"where"`
}

func (s *sample) Paths() []*string { return []*string{&s.File} }

func (s *sample) Validate(f *Faults) {
	f.Unless(Name.MatchString(s.Name), "name", "is no name")
	f.File("file", s.File)
	f.Listen("where", s.Where, true)
}

const good = `name = "booth-1"
file = "there"
wait = "5s"
limit = "4GiB"
where = "127.0.0.1:8470"
`

func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "there"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "file.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAGoodFileIsReadWithPathsMadeAbsolute(t *testing.T) {
	path := write(t, good)
	var s sample
	if err := Read(path, &s); err != nil {
		t.Fatal(err)
	}
	if s.File != filepath.Join(filepath.Dir(path), "there") || time.Duration(s.Wait) != 5*time.Second || s.Limit != 4<<30 {
		t.Errorf("read %+v", s)
	}
}

func TestEveryFaultIsNamedWithFileAndKey(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"an unknown key", `name =`, `nmae =`, "nmae: unknown key"},
		{"a value of another type", `name = "booth-1"`, `name = 7`, "line 1"},
		{"no TOML", `name =`, `name`, "line 1"},
		{"a name that is none", `booth-1`, `booth 1`, "name: is no name"},
		{"a file that is not there", `"there"`, `"nowhere"`, "file: "},
		{"a file that is not named", `"there"`, `""`, "file: is missing"},
		{"a folder for a file", `"there"`, `"."`, "is no file"},
		{"a time span without a unit", `"5s"`, `"5"`, "no positive time span"},
		{"a time span that runs backwards", `"5s"`, `"-5s"`, "no positive time span"},
		{"a size without a unit", `"4GiB"`, `"4"`, "no size"},
		{"an address for everybody", `127.0.0.1:8470`, `0.0.0.0:8470`, "where: must be a loopback address"},
		{"an address without a port", `127.0.0.1:8470`, `127.0.0.1`, "where: must be an address and port"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, strings.Replace(good, test.old, test.new, 1))
			var e *Error
			err := Read(path, new(sample))
			if !errors.As(err, &e) || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("error %v, want the file and %q", err, test.want)
			}
		})
	}
}

func TestAFileThatIsFarTooLongIsNotRead(t *testing.T) {
	path := write(t, good+"# "+strings.Repeat("x", maxSize))
	var e *Error
	if err := Read(path, new(sample)); !errors.As(err, &e) {
		t.Errorf("error %v", err)
	}
	if err := Read(path+"x", new(sample)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}
