package gallery_test

import (
	"slices"
	"testing"

	"boothd/localmatch/gallery"
)

func TestKeysOfAnEntryAreThoseThatFindIt(t *testing.T) {
	e := &gallery.Entry{
		ID:         "1",
		Names:      []string{"MÜLLER, Anna", "MUELLER, ANNA"},
		BirthDates: []string{"1980-02-01", "1981"},
		Documents:  []gallery.DocumentNumber{{Number: "ab 12-O"}, {Number: "AB120"}},
	}
	keys := gallery.KeysOf(e)
	name := []string{"ANNA", "MULLER"}
	for what, k := range map[string]gallery.Key{
		"the number":                   gallery.ByNumber("AB120"),
		"the name with the first year": gallery.ByName(name, 1980),
		"the name with the other year": gallery.ByName(name, 1981),
		"the name without a year":      gallery.ByName(name, gallery.AnyYear),
	} {
		if !slices.Contains(keys, k) {
			t.Errorf("%s does not find the entry", what)
		}
	}
	if len(keys) != 4 {
		t.Errorf("%d keys, want 4, each once", len(keys))
	}
	if len(gallery.KeysOf(&gallery.Entry{ID: "2"})) != 0 {
		t.Error("an entry of nothing but its id has keys")
	}
}

func TestDigestsDifferByKeyAndBySecret(t *testing.T) {
	secret, other := []byte("one secret"), []byte("another secret")
	seen := map[[32]byte]string{}
	for what, d := range map[string][32]byte{
		"a number":            gallery.ByNumber("AB120").Digest(secret),
		"another number":      gallery.ByNumber("AB121").Digest(secret),
		"another secret":      gallery.ByNumber("AB120").Digest(other),
		"a name, any year":    gallery.ByName([]string{"AB120"}, gallery.AnyYear).Digest(secret),
		"a name, no year":     gallery.ByName([]string{"AB120"}, gallery.NoYear).Digest(secret),
		"a name that was cut": gallery.ByCutName([]string{"AB120"}, gallery.NoYear).Digest(secret),
	} {
		if same, ok := seen[d]; ok {
			t.Errorf("%s has the digest of %s", what, same)
		}
		seen[d] = what
	}
	if gallery.ByNumber("AB 12O").Digest(secret) != gallery.ByNumber("AB120").Digest(secret) {
		t.Error("look-alike numbers have different digests")
	}
}
