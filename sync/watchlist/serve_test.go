package watchlist

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func TestTheFolderIsServedAsFarAsBoothsMayHaveIt(t *testing.T) {
	c := newCentral(t)
	first := c.build(bulky(30), false)
	server := httptest.NewServer(http.StripPrefix("/lists/", Handler(c.dir)))
	defer server.Close()
	if err := os.Symlink("/etc", filepath.Join(c.dir, "etc")); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(c.dir, "sis", "manifests", "2.json"), nil, 0o644)
	os.Symlink("/etc/passwd", filepath.Join(c.dir, "sis", "manifests", "3.json"))
	content := contentPath("sis", first.Snapshot.Name())
	for path, want := range map[string]int{
		keysPath: 200, "sis/head.json": 200, "sis/manifests/1.json": 200, content: 200, "sis/manifests/2.json": 200,
		ordersPath: 404, "": 404, "sis": 404, "sis/": 404, "sis/manifests/": 404, "sis/manifests/01.json": 404, "sis/manifests/9.json": 404,
		"sis/work/1.json": 404, "sis/work/1.jsonl.zst": 404, "nowhere/head.json": 404, "sis/../keys.json": 404, "etc/head.json": 404,
		"sis/manifests/3.json": 404, "sis/contents/" + first.Hash.String(): 404, "%2e%2e/keys.json": 404,
	} {
		reply, err := http.Get(server.URL + "/lists/" + path)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, reply.Body)
		reply.Body.Close()
		if reply.StatusCode != want {
			t.Errorf("%q: %d, want %d", path, reply.StatusCode, want)
		}
	}
	request, _ := http.NewRequest("GET", server.URL+"/lists/"+content, nil)
	request.Header.Set("Range", "bytes=1048576-1048585")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	got, _ := io.ReadAll(reply.Body)
	whole := mustRead(t, filepath.Join(c.dir, content))
	if reply.StatusCode != http.StatusPartialContent || !bytes.Equal(got, whole[1<<20:1<<20+10]) {
		t.Errorf("range: %d, %d bytes", reply.StatusCode, len(got))
	}
	put, _ := http.NewRequest("PUT", server.URL+"/lists/keys.json", nil)
	if reply, err := http.DefaultClient.Do(put); err != nil || reply.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %v, %v", reply, err)
	}
}

func TestAHeadThatChangesWithinASecondHasAnotherTag(t *testing.T) {
	c := newCentral(t)
	server := httptest.NewServer(Handler(c.dir))
	defer server.Close()
	get := func(tag string) (int, string) {
		request, _ := http.NewRequest("GET", server.URL+"/sis/head.json", nil)
		request.Header.Set("If-None-Match", tag)
		reply, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		return reply.StatusCode, reply.Header.Get("ETag")
	}
	c.build(people("A1"), false)
	_, tag := get("")
	if status, _ := get(tag); status != http.StatusNotModified {
		t.Errorf("not changed: %d", status)
	}
	c.build(people("A1", "B2"), false)
	if status, next := get(tag); status != http.StatusOK || next == tag {
		t.Errorf("changed: %d, %s", status, next)
	}
}
