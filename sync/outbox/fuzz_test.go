package outbox

import (
	"bytes"
	"encoding/json"
	"testing"

	"boothd/sync/portal"
)

func someItem(n uint64) portal.Item {
	it := portal.Item{Booth: "b1", Epoch: "0123456789abcdef0123456789abcdef", Sequence: n, ID: "r1", Journal: "00", Sealed: []byte("sealed")}
	it.Hash = portal.HashItem(&it)
	return it
}

func TestItemsComeBackFromTheirExport(t *testing.T) {
	c := newCentral(t)
	s := open(t, dbPath(t), c)
	mustRecord(t, s, 0, 150)
	if _, err := s.writer.ExecContext(t.Context(), "UPDATE item SET id = 'other' WHERE n = 3"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err := s.View(func(v *Reader) error {
		n, err := v.Export(t.Context(), &b)
		if n != 149 {
			t.Errorf("exported %d", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var items []portal.Item
	for it, err := range ReadExport(&b) {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, it)
	}
	if reply, err := c.Report(t.Context(), items); err != nil || len(reply.Acks) != 149 {
		t.Errorf("central took %d, %v", len(reply.Acks), err)
	}
}

func TestAReaderWorksBesideTheStoreAndWithoutIt(t *testing.T) {
	c := newCentral(t)
	path := dbPath(t)
	s := open(t, path, c)
	for range 2 {
		mustRecord(t, s, 0, 3)
		r, err := OpenReader(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for l, err := range r.List(t.Context()) {
			if err != nil || l.ID == "" || l.Bytes == 0 || l.At.IsZero() {
				t.Errorf("listed %+v, %v", l, err)
			}
			n++
		}
		if report, err := r.Verify(t.Context(), nil); err != nil || !report.Whole() || report.Items != n || n == 0 {
			t.Errorf("report = %+v, %v", report, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		s.Close()
		s = open(t, path, c)
	}
}

// FuzzReadExport reads items that somebody carried to central.
func FuzzReadExport(f *testing.F) {
	var b bytes.Buffer
	for n := range uint64(2) {
		json.NewEncoder(&b).Encode(someItem(n + 1))
	}
	f.Add(b.Bytes())
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"sequence":1,"hash":"00"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for it, err := range ReadExport(bytes.NewReader(data)) {
			if err == nil && it.Hash != portal.HashItem(&it) {
				t.Error("an item with a wrong hash was read")
			}
		}
	})
}

// FuzzItem reads rows as a damaged file may hold them.
func FuzzItem(f *testing.F) {
	it := someItem(1)
	f.Add(uint8(0), it.Booth, it.Epoch, int64(1), it.ID, it.Journal, int64(1), int64(0), it.Hash, it.Sealed)
	f.Add(uint8(1), it.Booth, it.Epoch, int64(1), it.ID, it.Journal, int64(1), int64(0), it.Hash, it.Sealed)
	f.Add(uint8(9), "", "", int64(-1), "", "", int64(-1), int64(-1), "", []byte(nil))
	f.Fuzz(func(t *testing.T, null uint8, booth, epoch string, sequence int64, id, journal string, seq, at int64, hash string, sealed []byte) {
		raw := rawItem{booth, epoch, sequence, id, journal, seq, at, hash, sealed}
		if null > 0 {
			raw[int(null)%len(raw)] = nil
		}
		q, err := raw.item()
		if err == nil && (portal.HashItem(&q.item) != hash || sequence < 0) {
			t.Errorf("a damaged row was taken as %+v", q)
		}
	})
}
