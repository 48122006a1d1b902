package watchlist

import (
	"strconv"
	"strings"

	"boothd/localmatch/gallery"
)

// Where things lie under the lists' folder, with slashes: in central's own folder, under
// /lists/ of a web server, and on a stick alike.
const (
	keysPath   = "keys.json"
	ordersPath = "orders.json" // no list can have such a name
)

func headPath(list string) string { return list + "/head.json" }

func manifestPath(list string, version uint64) string {
	return list + "/manifests/" + strconv.FormatUint(version, 10) + ".json"
}

// contentPath is a whole packed content in one file; its chunks lie in it one after the other.
func contentPath(list string, name gallery.Hash) string {
	return list + "/contents/" + name.String()
}

// published reports whether a path is one of these: what booths may have.
func published(path string) bool {
	if path == keysPath || path == ordersPath {
		return true
	}
	list, rest, _ := strings.Cut(path, "/")
	if !gallery.ValidListName(list) {
		return false
	}
	kind, name, below := strings.Cut(rest, "/")
	switch {
	case !below:
		return rest == "head.json"
	case kind == "manifests":
		v, ok := versionOf(name)
		return ok && path == manifestPath(list, v)
	case kind == "contents":
		var h gallery.Hash
		return h.UnmarshalText([]byte(name)) == nil && path == contentPath(list, h)
	}
	return false
}

// versionOf reads the name of a manifest's file.
func versionOf(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, ".json")
	v, err := strconv.ParseUint(digits, 10, 64)
	return v, ok && err == nil && v > 0
}
