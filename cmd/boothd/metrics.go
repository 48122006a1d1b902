package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"boothd/cmd/boothd/console"
	"boothd/devices"
)

// newMetrics serves figures about machines and lists to everybody, and to whoever shows the
// token those about the queue and the process as well. These count records, bytes and
// instructions exactly, and a discreet alert makes a record more. An empty token is nobody's.
func newMetrics(b *booth, token string) http.Handler {
	open, whole := prometheus.NewRegistry(), prometheus.NewRegistry()
	open.MustRegister(newGauges(b))
	whole.MustRegister(newGauges(b), newQueue(b), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	all, some := promhttp.HandlerFor(whole, promhttp.HandlerOpts{}), promhttp.HandlerFor(open, promhttp.HandlerOpts{})
	return guarded(token, some, all)
}

// guarded sends those who show the token to all, those who show none to some, and those who
// show another away.
func guarded(token string, some, all http.Handler) http.Handler {
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		got := sha256.Sum256([]byte(shown))
		switch {
		case !ok:
			some.ServeHTTP(w, r)
		case token != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1:
			all.ServeHTTP(w, r)
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="boothd metrics"`)
			http.Error(w, "not the token for metrics", http.StatusUnauthorized)
		}
	})
}

// gauges shows the booth's status to Prometheus at each scrape. It tells of machines and
// lists, and nothing that differs with what was found about a traveller.
type gauges struct {
	booth *booth

	info, link, device               *prometheus.Desc
	listVersion, listAge, listUsable *prometheus.Desc
	quarantined, reserve             *prometheus.Desc
}

func newGauges(b *booth) *gauges {
	return &gauges{
		booth:       b,
		info:        desc("info", "Always 1; tells booth and version.", "booth", "version"),
		link:        desc("link_up", "1 if the central portal answers."),
		device:      desc("device_up", "1 if the device can be used.", "kind", "driver", "address"),
		listVersion: desc("list_version", "Version of a local list.", "list", "system"),
		listAge:     desc("list_age_seconds", "Age of the data of a local list.", "list", "system"),
		listUsable:  desc("list_usable", "1 if the list is within its lease.", "list", "system"),
		quarantined: desc("outbox_quarantined_items", "Damaged or refused records that need a person."),
		reserve:     desc("outbox_reserve_bytes", "Disk kept for checks already begun."),
	}
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("boothd_"+name, help, labels, nil)
}

func (g *gauges) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(g, ch) }

func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	st := g.booth.condition(ctx)
	now := time.Now()
	set := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	set(g.info, 1, st.Booth, st.Version)
	set(g.link, one(st.Link.State == console.LinkOnline))
	seen := map[string]bool{} // a port that is configured twice is listed twice
	for _, d := range st.Devices {
		if seen[d.Address] {
			continue
		}
		seen[d.Address] = true
		set(g.device, one(d.State == devices.Ready || d.State == devices.Busy), string(d.Kind), d.Driver, d.Address)
	}
	for _, l := range st.Lists {
		set(g.listVersion, float64(l.Version), l.Name, l.System)
		set(g.listUsable, one(l.State == console.ListCurrent || l.State == console.ListStale), l.Name, l.System)
		if !l.AsOf.IsZero() {
			set(g.listAge, now.Sub(l.AsOf).Seconds(), l.Name, l.System)
		}
	}
	stats := g.booth.store.Stats()
	set(g.quarantined, float64(stats.Quarantined))
	set(g.reserve, float64(stats.Reserve))
}

// queue shows how the records fare on their way to central.
type queue struct {
	booth *booth

	depth, bytes, oldest, sequence              *prometheus.Desc
	delivered, refused, badAcks, reportFailures *prometheus.Desc
}

func newQueue(b *booth) *queue {
	return &queue{
		booth:          b,
		depth:          desc("outbox_items", "Records that central has not acknowledged."),
		bytes:          desc("outbox_bytes", "Size of these records."),
		oldest:         desc("outbox_oldest_seconds", "Age of the oldest of these records."),
		sequence:       desc("outbox_records_total", "Records written in this life of the database."),
		delivered:      desc("outbox_delivered_total", "Records acknowledged by central since the start."),
		refused:        desc("outbox_refused_total", "Records refused by central since the start."),
		badAcks:        desc("outbox_bad_acks_total", "Acknowledgements that did not verify since the start."),
		reportFailures: desc("outbox_failures_in_a_row", "Reports to central in a row that brought nothing forward."),
	}
}

func (q *queue) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(q, ch) }

func (q *queue) Collect(ch chan<- prometheus.Metric) {
	set := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	count := func(d *prometheus.Desc, v uint64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v))
	}
	stats := q.booth.store.Stats()
	set(q.depth, float64(stats.Depth))
	set(q.bytes, float64(stats.Bytes))
	count(q.sequence, stats.Sequence)
	if !stats.Oldest.IsZero() {
		set(q.oldest, time.Since(stats.Oldest).Seconds())
	}
	if q.booth.sender != nil {
		sent := q.booth.sender.Stats()
		count(q.delivered, sent.Delivered)
		count(q.refused, sent.Refused)
		count(q.badAcks, sent.BadAcks)
		set(q.reportFailures, float64(sent.Failures))
	}
}

func one(ok bool) float64 {
	if ok {
		return 1
	}
	return 0
}
