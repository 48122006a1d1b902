package gallery

import "testing"

func TestADocumentAndItsEntryShareADigest(t *testing.T) {
	secret := []byte("a secret of the test")
	e := &Entry{ID: "e1", Names: []string{"MÜLLER, ERIKA"}, BirthDates: []string{"1980-01-02"}, Documents: []DocumentNumber{{Number: "X123-45"}}}
	digests := map[[32]byte]bool{}
	for _, k := range KeysOf(e) {
		digests[k.Digest(secret)] = true
	}
	for name, test := range map[string]struct {
		key  Key
		want bool
	}{
		"the number":                  {ByNumber("X12345"), true},
		"a look-alike of the number":  {ByNumber("XI2345"), true},
		"another number":              {ByNumber("X12346"), false},
		"the name in the year":        {ByName([]string{"ERIKA", "MUELLER"}, 1980), true},
		"the name in another year":    {ByName([]string{"ERIKA", "MUELLER"}, 1981), false},
		"the entry's id as a number":  {ByNumber("e1"), false},
		"the number taken for a name": {ByName([]string{"X12345"}, 1980), false},
	} {
		if digests[test.key.Digest(secret)] != test.want {
			t.Errorf("%s: want %t", name, test.want)
		}
		if digests[test.key.Digest([]byte("another secret"))] {
			t.Errorf("%s: found with another secret", name)
		}
	}
}
