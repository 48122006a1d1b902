package gallery

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"boothd/internal/keys/rest"
)

// secretsOf are the words that tell who is in a list, or how it is sealed.
func secretsOf(t *testing.T, g *Gallery, entries []*Entry) map[string][]byte {
	t.Helper()
	known := map[string][]byte{}
	for _, e := range entries {
		for i, text := range append(slices.Concat([]string{e.ID, e.Category, e.Action}, e.Names, e.BirthDates), e.Documents[0].Number) {
			for _, word := range strings.Fields(strings.ReplaceAll(text, ",", " ")) {
				if len(word) >= 6 { // a short one may be met by chance
					known[fmt.Sprintf("text %d of %s: %s", i, e.ID, word)] = []byte(word)
				}
			}
		}
		if e.Face != nil {
			known["face of "+e.ID] = e.Face
		}
		for _, f := range e.Fingers {
			known["template of "+e.ID] = f.Data[:24]
			known["end of template of "+e.ID] = f.Data[len(f.Data)-24:]
		}
	}
	for _, word := range []string{`"names"`, `"put"`, `{"id`, `"number"`, `"version"`, `"segments"`, FormatBoothd + `"`} {
		known["JSON "+word] = []byte(word)
	}
	root, err := g.keys.Read(filepath.Join(g.keysDir, "gallery.key"), secretSize)
	if err != nil {
		t.Fatal(err)
	}
	known["secret of the gallery"] = root
	v, err := g.list("sis").acquire()
	if err != nil {
		t.Fatal(err)
	}
	defer v.release()
	for _, p := range v.parts {
		known[fmt.Sprint("secret of segment ", p.Serial)] = p.secrets.key
		known[fmt.Sprint("number secret of segment ", p.Serial)] = p.secrets.numbers[:]
	}
	return known
}

// forms are the ways in which a secret may lie on a disk.
func forms(secret []byte) [][]byte {
	all := [][]byte{secret, bytes.ToLower(secret), bytes.ToUpper(secret), []byte(hex.EncodeToString(secret))}
	units := utf16.Encode([]rune(string(secret)))
	little, big := make([]byte, 0, 2*len(units)), make([]byte, 0, 2*len(units))
	for _, u := range units {
		little = append(little, byte(u), byte(u>>8))
		big = append(big, byte(u>>8), byte(u))
	}
	all = append(all, little, big)
	for shift := range 3 { // as part of something longer
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), secret...))
		whole := text[(8*shift+5)/6 : (len(secret)+shift)*8/6]
		all = append(all, []byte(whole), []byte(strings.NewReplacer("+", "-", "/", "_").Replace(whole)))
	}
	return all
}

// search tells which secrets are in a file.
func search(content []byte, known map[string][]byte) (found []string) {
	for name, secret := range known {
		for _, form := range forms(secret) {
			if bytes.Contains(content, form) {
				found = append(found, name)
				break
			}
		}
	}
	slices.Sort(found)
	return found
}

// disk are the files of a folder, by path.
func disk(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func knownPeople(t *testing.T) []*Entry {
	var all []*Entry
	for i := range steps(300) {
		all = append(all, person(fmt.Sprintf("identifier-%05d", i), fmt.Sprintf("QUERULOUS%c, XANTHIPPE", 'A'+i%26), "1970-11-23", fmt.Sprintf("ZQ99887%05d", i)))
	}
	all[7] = &Entry{
		ID: "identifier-of-entry", Names: []string{"RASUMOWSKAJA, JEKATERINA", "Разумовская Екатерина"}, BirthDates: []string{"1955-02-28"},
		Documents: []DocumentNumber{{Number: "KX5550123", Issuer: "UTO"}}, Fingers: printed(t, "x", newHand(9)).Fingers,
		Face: []byte("\xff\xd8 a face that nobody else has"), Category: "refusal of entry", Action: "detain and report",
	}
	return all
}

// The attacker has the disk and everything that is said of its formats.
func TestAStolenDiskTellsNothingOfTheLists(t *testing.T) {
	passphrase := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(passphrase, []byte("six words that were drawn by lot\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]rest.Source{"without its folder of keys": rest.SourceNone, "with wrapped keys": rest.SourcePassphrase} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			keysDir := filepath.Join(dir, "keys")
			keeper, err := rest.Open(t.Context(), rest.Options{Dir: keysDir, Source: source, PassphraseFile: passphrase})
			if err != nil {
				t.Fatal(err)
			}
			g, err := Open(t.Context(), filepath.Join(dir, "gallery.db"), keysDir, Options{Keys: keeper})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { g.Close() })
			people := knownPeople(t)
			apply(t, g, update("sis", 0, 1, len(people), puts(people...)...))
			apply(t, g, update("sis", 1, 2, len(people), puts(people[:20]...)...)) // merged with the others
			g.work.Wait()
			known := secretsOf(t, g, people)
			known["passphrase"] = []byte("six words that were drawn by lot")
			running := disk(t, dir)
			if err := g.Close(); err != nil {
				t.Fatal(err)
			}
			for when, files := range map[string]map[string][]byte{"running": running, "closed": disk(t, dir)} {
				for path, content := range files {
					if source == rest.SourceNone && filepath.Dir(path) == keysDir {
						continue
					}
					if found := search(content, known); len(found) > 0 {
						t.Errorf("%s: %s holds %q", when, filepath.Base(path), found)
					}
					wantNoise(t, path, content, len(people)+20)
				}
			}
			stringsTool(t, disk(t, dir), known, func(path string) bool { return source == rest.SourceNone && filepath.Dir(path) == keysDir })
		})
	}
}

// wantNoise proves that what is sealed cannot be made shorter: there is no pattern in it. records is
// how many a file has at most.
func wantNoise(t *testing.T, path string, content []byte, records int) {
	t.Helper()
	if filepath.Ext(path) != ".records" && filepath.Ext(path) != ".index" {
		return
	}
	var short bytes.Buffer
	w, err := flate.NewWriter(&short, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(content)
	w.Close()
	// The beginning of the file and the lengths of the records, two bytes of which are zero, stand open.
	open := 0
	if filepath.Ext(path) == ".records" {
		open = len("boothd segment 1\n") + 4*records
	}
	if short.Len()+open < len(content) {
		t.Errorf("%s: %d bytes can be written as %d", filepath.Base(path), len(content), short.Len())
	}
}

// stringsTool searches with strings(1), in the character encodings that it knows.
func stringsTool(t *testing.T, files map[string][]byte, known map[string][]byte, skip func(path string) bool) {
	t.Helper()
	tool, err := exec.LookPath("strings")
	if err != nil {
		t.Log("not searched with strings(1): it is not installed")
		return
	}
	for path := range files {
		if skip(path) {
			continue
		}
		for _, encoding := range []string{"s", "S", "l", "b"} {
			out, err := exec.CommandContext(context.Background(), tool, "-a", "-n", "4", "-e", encoding, path).Output()
			if err != nil {
				t.Fatal(err)
			}
			if found := search(out, known); len(found) > 0 {
				t.Errorf("strings -e %s %s shows %q", encoding, filepath.Base(path), found)
			}
		}
	}
}

func TestTheSearchFindsWhatIsThere(t *testing.T) {
	secret := []byte("XANTHIPPE")
	for what, content := range map[string][]byte{
		"as it is":          []byte("..XANTHIPPE.."),
		"in small letters":  []byte("xanthippe"),
		"in hexadecimal":    []byte(hex.EncodeToString([]byte("XANTHIPPE"))),
		"in UTF-16":         []byte("X\x00A\x00N\x00T\x00H\x00I\x00P\x00P\x00E\x00"),
		"in UTF-16, big":    []byte("\x00X\x00A\x00N\x00T\x00H\x00I\x00P\x00P\x00E"),
		"in base64":         []byte(base64.StdEncoding.EncodeToString([]byte("XANTHIPPE, Q"))),
		"in base64, behind": []byte(base64.StdEncoding.EncodeToString([]byte("Q XANTHIPPE, Q"))),
		"in base64, later":  []byte(base64.StdEncoding.EncodeToString([]byte("QXANTHIPPE"))),
	} {
		if len(search(content, map[string][]byte{"it": secret})) != 1 {
			t.Errorf("not found %s", what)
		}
	}
	if found := search([]byte("ZANTHIPPE"), map[string][]byte{"it": secret}); len(found) > 0 {
		t.Errorf("found %q where it is not", found)
	}
}

func TestWithoutItsOwnKeyAListIsClosedToWhoeverHasAllElse(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	people := knownPeople(t)
	apply(t, g, update("sis", 0, 1, len(people), puts(people...)...))
	g.Close()
	keys, err := filepath.Glob(filepath.Join(dir, "keys", "sis.*.key"))
	if err != nil || len(keys) != 1 {
		t.Fatalf("keys %v, %v", keys, err)
	}
	if err := os.WriteFile(keys[0], make([]byte, secretSize), 0o600); err != nil {
		t.Fatal(err)
	}
	g = openGallery(t, dir)
	if f, err := g.Find(t.Context(), "sis", withNumber("KX5550123")); !errors.Is(err, ErrDamaged) || len(f.Entries) > 0 {
		t.Errorf("found %d entries, %v", len(f.Entries), err)
	}
}
