package server_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"boothd/sync/portal"
	"boothd/sync/watchlist"
)

// list puts a list and an order into the lists' folder and returns the path of its content.
func (p *place) list() string {
	p.t.Helper()
	dir, now := p.folder.Path("lists"), time.Now()
	key, err := p.folder.ListSigning()
	if err != nil {
		p.t.Fatal(err)
	}
	m, err := watchlist.Build(watchlist.BuildOptions{
		Dir: dir, List: "sltd", System: "SLTD", Entries: bytes.NewBufferString(`{"id":"x-1","names":["NOBODY, NEVER"]}`), Now: now, Lease: time.Hour,
	})
	if err == nil {
		_, err = watchlist.Sign(watchlist.SignOptions{Dir: dir, List: "sltd", Key: key, Now: now})
	}
	var order []byte
	if err == nil {
		order, err = watchlist.SignOrder(watchlist.Order{
			ID: "lost", Booth: "booth-9", List: watchlist.All, Deed: watchlist.DeedErase, Issued: now, Expires: now.Add(time.Hour),
		}, key)
	}
	if err == nil {
		_, err = watchlist.AddOrder(dir, order, now)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return "sltd/contents/" + m.Snapshot.Name().String()
}

// TestBoothsFetchListsFromCentral asks for what booths may have of the lists' folder, and for
// a part of a content, as a booth does that goes on where it stopped.
func TestBoothsFetchListsFromCentral(t *testing.T) {
	p := newPlace(t, "")
	dir, content := p.folder.Path("lists"), p.list()
	in := p.start()
	client := func(conf *tls.Config) *http.Client {
		return &http.Client{Transport: &http.Transport{TLSClientConfig: conf}}
	}
	conf, err := portal.MutualTLS(p.folder.Path("ca.pem"), p.folder.Path("booth.pem"), p.folder.Path("booth.key"), nil)
	if err != nil {
		t.Fatal(err)
	}
	booth := client(conf)
	get := func(path, part string) (int, []byte) {
		t.Helper()
		request, err := http.NewRequest("GET", in.url+"/lists/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if part != "" {
			request.Header.Set("Range", part)
		}
		reply, err := booth.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer reply.Body.Close()
		b, err := io.ReadAll(reply.Body)
		if err != nil {
			t.Fatal(err)
		}
		return reply.StatusCode, b
	}
	for _, path := range []string{"keys.json", "orders.json", "sltd/head.json", "sltd/manifests/1.json", content} {
		want, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if status, got := get(path, ""); status != http.StatusOK || !bytes.Equal(got, want) {
			t.Errorf("%s: %d, %d bytes", path, status, len(got))
		}
		if status, got := get(path, "bytes=10-"); status != http.StatusPartialContent || !bytes.Equal(got, want[10:]) {
			t.Errorf("%s from byte 10: %d, %d bytes", path, status, len(got))
		}
	}
	for _, path := range []string{"sltd/work/1.json", "sltd/work/1.jsonl.zst", "", "../centrald.toml", "%2e%2e/centrald.toml"} {
		if status, _ := get(path, ""); status != http.StatusNotFound {
			t.Errorf("%q: %d", path, status)
		}
	}
	if reply, err := client(&tls.Config{InsecureSkipVerify: true}).Get(in.url + "/lists/keys.json"); err == nil {
		reply.Body.Close()
		t.Errorf("somebody without a certificate got %d", reply.StatusCode)
	}
}
