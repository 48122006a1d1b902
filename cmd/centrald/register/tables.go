package register

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
)

var (
	systemName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	plainName  = regexp.MustCompile(`^[A-Z0-9]{1,24}$`)
)

// longestName is how much of a system's name its tables show: PostgreSQL cuts off names of
// more than 63 bytes.
const longestName = 24

// tables knows the names of a system's tables.
type tables struct {
	prefix string
	names  *strings.Replacer
}

// tablesOf names the tables of a system. Names of capitals and digits are written small,
// SIS's entries are in register_sis_entry; all others are told apart by a hash, since
// databases do not tell capitals apart and know no dots and hyphens.
func tablesOf(system string) tables {
	t := tables{prefix: "register_" + strings.ToLower(system)}
	if !plainName.MatchString(system) {
		sum := sha256.Sum256([]byte(system))
		shown := strings.NewReplacer("-", "_", ".", "_").Replace(strings.ToLower(system))
		t.prefix = "register_" + shown[:min(len(shown), longestName)] + "_" + hex.EncodeToString(sum[:8])
	}
	var words []string
	for _, table := range []string{"entry", "key", "print", "gone", "state"} {
		words = append(words, "@"+table, t.name(table))
	}
	t.names = strings.NewReplacer(words...)
	return t
}

func (t tables) name(table string) string { return t.prefix + "_" + table }

// sql puts the names of the tables where the text has @entry, @key and so on.
func (t tables) sql(text string) string { return t.names.Replace(text) }

// schema is that of one system. An entry is never changed: one that is replaced goes, and comes
// again under a number of its own. Numbers are drawn from state.seq and rise in the order of
// commits, so that whatever was changed since is what has a greater number.
const schema = `
CREATE TABLE @entry (
	num   BIGINT PRIMARY KEY,
	id    TEXT NOT NULL UNIQUE,
	entry BLOB NOT NULL -- JSON
);
CREATE TABLE @key (
	num    BIGINT NOT NULL,
	digest BIGINT NOT NULL, -- the first 8 bytes of a lookup key's HMAC
	PRIMARY KEY (num, digest)
);
CREATE INDEX @key_digest ON @key (digest, num);
CREATE TABLE @print ( -- the entries that have fingers
	num BIGINT PRIMARY KEY
);
CREATE TABLE @gone ( -- those that had
	num BIGINT PRIMARY KEY,
	seq BIGINT NOT NULL
);
CREATE INDEX @gone_seq ON @gone (seq);
CREATE TABLE @state (
	one     BIGINT PRIMARY KEY,
	seq     BIGINT NOT NULL, -- of the last change
	entries BIGINT NOT NULL,
	prints  BIGINT NOT NULL,
	mark    BLOB NOT NULL -- tells whether the secret is the one that the digests were made with
);`

// list is "($1,$2,…)".
func list(n int) string {
	b := []byte{'('}
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, '$'), int64(i+1), 10)
	}
	return string(append(b, ')'))
}
