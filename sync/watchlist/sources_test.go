package watchlist

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// webServer serves the folder of central, with faults.
type webServer struct {
	*httptest.Server
	sent   atomic.Int64 // bytes of contents
	ranges atomic.Int64 // requests for contents

	mu    sync.Mutex
	fault fault // nil for none
}

// fault stands before a content that is served.
type fault func(w http.ResponseWriter, r *http.Request) http.ResponseWriter

func (s *webServer) fails(f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *webServer) failing() fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

func serveFolder(t testing.TB, dir string) *webServer {
	s := &webServer{}
	lists := http.StripPrefix("/lists", Handler(dir))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/contents/") {
			s.ranges.Add(1)
			w = &countedWriter{w, &s.sent}
			if f := s.failing(); f != nil {
				w = f(w, r)
			}
		}
		lists.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *webServer) options(o *SubscriberOptions) {
	o.HTTPS = HTTPS{URL: s.URL + "/lists", Client: s.Client()}
}

type countedWriter struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (w *countedWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.n.Add(int64(n))
	return n, err
}

// cutWriter ends the connection after so many bytes.
type cutWriter struct {
	http.ResponseWriter
	left int
}

func (w *cutWriter) Write(b []byte) (int, error) {
	if len(b) < w.left {
		w.left -= len(b)
		return w.ResponseWriter.Write(b)
	}
	w.ResponseWriter.Write(b[:w.left])
	http.NewResponseController(w.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

func (w *countedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// bendWriter changes one byte at a place of the body.
type bendWriter struct {
	http.ResponseWriter
	at int
}

func (w *bendWriter) Write(b []byte) (int, error) {
	if w.at >= 0 && w.at < len(b) {
		b = slices.Clone(b)
		b[w.at] ^= 1
	}
	w.at -= len(b)
	return w.ResponseWriter.Write(b)
}

func TestListsComeOverHTTPSAloneHoweverOftenTheLinkIsCut(t *testing.T) {
	for what, upTo := range map[string]int{
		"within each chunk": 300 << 10, "at the end of each chunk": MaxChunk, "behind the first byte of the next": MaxChunk + 1,
	} {
		t.Run(what, func(t *testing.T) { comesOverHTTPS(t, upTo) })
	}
}

func comesOverHTTPS(t *testing.T, upTo int) {
	c := newCentral(t)
	first := c.build(bulky(60)+people("A1"), false)
	s := serveFolder(t, c.dir)
	s.fails(func(w http.ResponseWriter, r *http.Request) http.ResponseWriter { return &cutWriter{w, upTo} })
	x := newBoothWith(t, c.trusted(), s.options)
	x.waitVersion(1)
	x.wantNumbers("A1")
	if packed := first.Snapshot.Packed; s.ranges.Load() < packed/int64(upTo) || s.sent.Load() > packed+packed/10 {
		t.Errorf("%d bytes sent in %d requests for a content of %d", s.sent.Load(), s.ranges.Load(), packed)
	}
	c.build(bulky(60)+people("B2"), false)
	x.waitVersion(2)
	x.wantNumbers("B2")
	if got := x.sub.Status()[0]; got.Source != SourceHTTPS || got.State != StateCurrent || got.Keys != 1 {
		t.Errorf("status %+v", got)
	}
}

func TestServerThatKnowsNoRangesIsCopedWith(t *testing.T) {
	c := newCentral(t)
	c.build(bulky(60)+people("A1"), false)
	s := serveFolder(t, c.dir)
	var cuts atomic.Int64
	s.fails(func(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
		r.Header.Del("Range")
		if n := int(cuts.Add(1)); n < 3 {
			return &cutWriter{w, n * 700 << 10}
		}
		return w
	})
	x := newBoothWith(t, c.trusted(), s.options)
	x.waitVersion(1)
	x.wantNumbers("A1")
}

func TestFetchedChunksOfAContentAreNotAskedForAgainAfterARestart(t *testing.T) {
	c := newCentral(t)
	first := c.build(bulky(80), false)
	s := serveFolder(t, c.dir)
	var mu sync.Mutex
	refuse := false
	var asked []string
	s.fails(func(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Header.Get("Range"))
		if refuse {
			panic(http.ErrAbortHandler)
		}
		refuse = true
		return &cutWriter{w, 2*MaxChunk + 1000}
	})
	x := newBoothWith(t, c.trusted(), s.options)
	until(t, "the link was cut and the server is away", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(asked) > 4
	})
	x.halt()
	mu.Lock()
	refuse, asked = false, nil
	s.fails(func(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Header.Get("Range"))
		return w
	})
	mu.Unlock()
	x.start()
	x.waitVersion(1)
	mu.Lock()
	defer mu.Unlock()
	if len(asked) != 1 || !strings.HasPrefix(asked[0], "bytes=2097152-") {
		t.Errorf("asked for %q of %d bytes", asked, first.Snapshot.Packed)
	}
}

func TestWhatTheServerHasNotOrHasAlteredComesFromTheBroker(t *testing.T) {
	for what, c := range map[string]struct {
		fault fault
		want  string
	}{
		"one chunk altered": {func(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
			return &bendWriter{w, MaxChunk + 77}
		}, "https+mqtt"},
		"not there": {func(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
			r.URL.Path = "/nothing"
			return w
		}, "mqtt"},
		"in trouble": {func(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
			panic(http.ErrAbortHandler)
		}, "mqtt"},
	} {
		t.Run(what, func(t *testing.T) {
			b, central := startBroker(t), newCentral(t)
			central.build(bulky(55)+people("A1"), false)
			central.publish(b)
			s := serveFolder(t, central.dir)
			s.fails(c.fault)
			x := newBoothWith(t, central.trusted(), func(o *SubscriberOptions) {
				s.options(o)
				o.Broker = b.broker("booth-7")
			})
			x.waitVersion(1)
			x.wantNumbers("A1")
			x.waitStatus(b, "the status tells the ways", func(s Status) bool { return s.Source == c.want })
			if c.want == "https+mqtt" {
				chunks := map[string]bool{}
				for _, counts := range b.fetches.connections() {
					for topic := range counts {
						chunks[filepath.Dir(topic)] = true
					}
				}
				if len(chunks) != 1 {
					t.Errorf("%d chunks from the broker, want the one that was altered", len(chunks))
				}
			}
		})
	}
}

func TestListsComeFromAStickAlone(t *testing.T) {
	c := newCentral(t)
	c.build(bulky(40)+people("A1"), false)
	stick := filepath.Join(t.TempDir(), "stick")
	x := newBoothWith(t, c.trusted(), func(o *SubscriberOptions) { o.Sticks = []string{"/nowhere", stick} })
	plug := func(from string) {
		t.Helper()
		if err := errors.Join(os.RemoveAll(stick), os.CopyFS(stick, os.DirFS(from))); err != nil {
			t.Fatal(err)
		}
	}
	old := c.clone()
	plug(c.dir)
	x.waitVersion(1)
	c.now = c.now.Add(time.Minute)
	c.build(people("A1", "B2"), true)
	plug(c.dir)
	x.waitVersion(2)
	x.wantNumbers("A1", "B2")
	if s := x.sub.Status()[0]; s.Source != SourceStick {
		t.Errorf("source %q", s.Source)
	}
	// A stick from a drawer holds what was overtaken: that is no attack.
	plug(old.dir)
	c.now = c.now.Add(time.Minute)
	c.build(people("C3"), true)
	plug(c.dir)
	x.waitVersion(3)
	x.halt()
	if len(x.refusals) != 0 {
		t.Errorf("refused %+v", x.refusals)
	}
}

func TestAStickThatLeadsElsewhereIsNotFollowed(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	stick := t.TempDir()
	for _, name := range []string{"keys.json", "sis"} {
		if err := os.Symlink(filepath.Join(c.dir, name), filepath.Join(stick, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := newSticks([]string{stick})
	s.news(keysPath, func([]byte) { t.Error("a link out of the stick was followed") })
	if _, err := s.read(stick, headPath("sis")); !errors.Is(err, errGone) {
		t.Errorf("read through a linked folder: %v", err)
	}
}

func TestSpoolIsSealedAndNothingOfItIsReadAfterItWasErased(t *testing.T) {
	dir := t.TempDir()
	s, err := openSpool(dir, filepath.Join(dir, "keys"), "sis", nil)
	if err != nil {
		t.Fatal(err)
	}
	piece := []byte("TESTER, A1")
	h := hashOf(piece)
	if err := s.put(h, piece); err != nil {
		t.Fatal(err)
	}
	box := mustRead(t, s.file(h))
	if strings.Contains(string(box), "TESTER") {
		t.Error("the piece is readable on the disk")
	}
	if b, err := s.get(h); err != nil || string(b) != string(piece) || !s.has(h, int64(len(piece))) {
		t.Errorf("got %q, %v", b, err)
	}
	if err := s.erase(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.file(h), box, 0o600); err != nil { // from a copy of the disk
		t.Fatal(err)
	}
	if _, err := s.get(h); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was erased opens: %v", err)
	}
	if s.has(h, int64(len(piece))) {
		t.Error("a piece that does not open is still there")
	}
}
