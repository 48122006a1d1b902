package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"boothd/cmd/boothd/console"
	"boothd/devices"
)

// gauges shows the booth's status to Prometheus at each scrape. It tells of machines and
// queues, never of what was found about a traveller.
type gauges struct {
	booth *booth

	info, link, device                          *prometheus.Desc
	listVersion, listAge, listUsable            *prometheus.Desc
	depth, bytes, oldest, quarantined, reserve  *prometheus.Desc
	delivered, refused, badAcks, reportFailures *prometheus.Desc
	sequence                                    *prometheus.Desc
}

func newRegistry(b *booth) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(newGauges(b), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

func newGauges(b *booth) *gauges {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("boothd_"+name, help, labels, nil)
	}
	return &gauges{
		booth:          b,
		info:           desc("info", "Always 1; tells booth and version.", "booth", "version"),
		link:           desc("link_up", "1 if the central portal answers."),
		device:         desc("device_up", "1 if the device can be used.", "kind", "driver", "address"),
		listVersion:    desc("list_version", "Version of a local list.", "list", "system"),
		listAge:        desc("list_age_seconds", "Age of the data of a local list.", "list", "system"),
		listUsable:     desc("list_usable", "1 if the list is within its lease.", "list", "system"),
		depth:          desc("outbox_items", "Records that central has not acknowledged."),
		bytes:          desc("outbox_bytes", "Size of these records, in whole MiB."),
		oldest:         desc("outbox_oldest_seconds", "Age of the oldest of these records."),
		quarantined:    desc("outbox_quarantined_items", "Damaged or refused records that need a person."),
		reserve:        desc("outbox_reserve_bytes", "Disk kept for checks already begun."),
		sequence:       desc("outbox_records_total", "Records written in this life of the database."),
		delivered:      desc("outbox_delivered_total", "Records acknowledged by central since the start."),
		refused:        desc("outbox_refused_total", "Records refused by central since the start."),
		badAcks:        desc("outbox_bad_acks_total", "Acknowledgements that did not verify since the start."),
		reportFailures: desc("outbox_failures_in_a_row", "Reports to central in a row that brought nothing forward."),
	}
}

func (g *gauges) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(g, ch) }

func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	st := g.booth.status(ctx)
	now := time.Now()
	set := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	count := func(d *prometheus.Desc, v uint64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v))
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
	set(g.depth, float64(stats.Depth))
	set(g.bytes, float64(stats.Bytes>>20<<20)) // the exact size would tell of what was found
	set(g.quarantined, float64(stats.Quarantined))
	set(g.reserve, float64(stats.Reserve))
	count(g.sequence, stats.Sequence)
	if !stats.Oldest.IsZero() {
		set(g.oldest, now.Sub(stats.Oldest).Seconds())
	}
	if g.booth.sender != nil {
		sent := g.booth.sender.Stats()
		count(g.delivered, sent.Delivered)
		count(g.refused, sent.Refused)
		count(g.badAcks, sent.BadAcks)
		set(g.reportFailures, float64(sent.Failures))
	}
}

func one(ok bool) float64 {
	if ok {
		return 1
	}
	return 0
}
