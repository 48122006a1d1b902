package itl_test

import (
	"fmt"
	"time"

	"boothd/capture/itl"
)

func ExampleSearch() {
	s := itl.Search{
		Header: itl.Header{
			Version: itl.V2007, Kind: "AS-THEY-SAY", Destination: "EU/CS", Origin: "XX/BOOTH-7", Control: "7-000123",
		},
		At:   time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Text: []itl.Field{itl.NewField(3, "as the receiver's document says")},
		Fingers: []itl.Finger{{
			Position: 2, DPI: 500, Image: itl.Image{Width: 400, Height: 500, Compression: itl.WSQ, Data: []byte("a WSQ file")},
		}},
	}
	t, err := s.Type4()
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := t.MarshalBinary()
	fmt.Println(len(file), "bytes,", err, t.CheckVIS())
	// Output: 248 bytes, <nil> <nil>
}
