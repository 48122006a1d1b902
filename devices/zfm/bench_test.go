package zfm_test

import (
	"fmt"
	"testing"
	"time"

	"boothd/devices/zfm"
	"boothd/devices/zfm/zfmemu"
)

// BenchmarkCapture measures how long a picture of 256 by 288 pixels takes from a module that
// keeps to its speed, as a ratio to what its bytes alone take on the line.
func BenchmarkCapture(b *testing.B) {
	for _, baud := range []int{57600, 115200} {
		b.Run(fmt.Sprint(baud), func(b *testing.B) {
			m := newBench(b, zfmemu.ZFM20, zfmemu.Options{Baud: baud, Packet: 256, Pace: true})
			d := m.open(b, zfm.Config{MaxBaud: baud})
			limit := time.Duration(zfmemu.OnLine(256*288/2, 256)) * 10 * time.Second / time.Duration(baud)
			for b.Loop() {
				m.Lift()
				m.Lay(finger())
				if _, err := capture(b, d); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/limit.Seconds(), "line")
			b.ReportMetric(limit.Seconds(), "s/limit")
		})
	}
}
