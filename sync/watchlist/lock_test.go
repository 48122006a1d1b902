package watchlist

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestSeveralAtOnceInOneFolderMakeOneHistory(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	var wg sync.WaitGroup
	const atOnce = 12
	for i := range atOnce {
		wg.Go(func() {
			_, err := Urgent(UrgentOptions{Dir: c.dir, List: "sis", Add: strings.NewReader(people(fmt.Sprintf("N%d", i))), Key: c.key, Now: c.now})
			if err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			b, err := SignOrder(wipe(fmt.Sprintf("order-%d", i), c.now, time.Hour), c.key)
			if err == nil {
				_, err = AddOrder(c.dir, b, c.now)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	info, err := Verify(VerifyOptions{Dir: c.dir, List: "sis", Roots: c.trusted(), Now: c.now})
	if err != nil || info.Version != 1+atOnce || info.Entries != 1+atOnce {
		t.Errorf("%+v, %v", info, err)
	}
	if n := len(c.numbersOf(1 + atOnce)); n != 1+atOnce {
		t.Errorf("%d entries", n)
	}
	if orders, err := Orders(c.dir); err != nil || len(orders) != atOnce {
		t.Errorf("%d orders, %v", len(orders), err)
	}
}

// readerThat does something when everything was read.
type readerThat struct {
	io.Reader
	atEnd func()
}

func (r *readerThat) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err == io.EOF && r.atEnd != nil {
		r.atEnd()
		r.atEnd = nil
	}
	return n, err
}

func TestABuildIsNotPutOnTopOfAnUrgentChangeThatCameMeanwhile(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	_, err := Build(BuildOptions{
		Dir: c.dir, List: "sis", System: "SIS", Now: c.now, Lease: time.Hour,
		Entries: &readerThat{strings.NewReader(people("A1", "C3")), func() { c.urgent(people("B2")) }},
	})
	if err == nil || !strings.Contains(err.Error(), "version 2 was signed meanwhile") {
		t.Fatal(err)
	}
	if got := fmt.Sprint(c.numbersOf(2)); got != "[A1 B2]" {
		t.Errorf("version 2 holds %v", got)
	}
	if s := c.build(people("A1", "B2", "C3"), false); s.Version != 3 || s.Delta.Lines != 1 {
		t.Errorf("version 3 = %+v", s.Manifest)
	}
}

func TestAPublisherThatWasOvertakenDoesNotTakeTheBrokerBack(t *testing.T) {
	b, c := startBroker(t), newCentral(t)
	c.build(people("A1"), false)
	c.publish(b)
	c.build(people("A1", "B2"), false)
	overtaken := make(chan error, 1)
	var wg sync.WaitGroup
	err := locked(c.dir, func() error {
		wg.Go(func() {
			_, err := c.publishTo(b, ChunksSmall)
			overtaken <- err
		})
		until(t, "all but the head is sent", func() bool { return b.retained(manifestTopic("sis", 2)) != nil })
		_, err := urgent(UrgentOptions{Dir: c.dir, List: "sis", Add: strings.NewReader(people("C3")), Key: c.key, Now: c.now})
		b.retain(t, headTopic("sis"), c.head())
		return err
	})
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if err := <-overtaken; err == nil || !strings.Contains(err.Error(), "another head was signed meanwhile") {
		t.Errorf("published: %v", err)
	}
	if h, err := ParseHead(b.retained(headTopic("sis"))); err != nil || h.Version != 3 {
		t.Errorf("the broker holds %+v, %v", h, err)
	}
	c.publish(b)
	x := newBooth(t, b.broker("booth-7"), c.trusted())
	x.waitVersion(3)
	x.wantNumbers("A1", "B2", "C3")
}
