package apdu

import (
	"context"
	"fmt"

	"boothd/devices"
)

// maxParts is the most GET RESPONSE commands that one answer is collected with.
const maxParts = 300

// Send puts the command to the card and returns its answer, whatever its status. An error
// is the transport's, or matches ErrMalformed.
func Send(ctx context.Context, card devices.Card, c Command) (Response, error) {
	r, err := exchange(ctx, card, c)
	if err != nil {
		return Response{}, err
	}
	// A repeated protected command would be out of its session's order.
	if exact := int(r.Status & 0xFF); r.Status>>8 == 0x6C && c.CLA&0x0C == 0 && exact != c.Ne {
		c.Ne = length(exact, maxShortNe)
		if r, err = exchange(ctx, card, c); err != nil {
			return Response{}, err
		}
	}
	var data []byte
	for parts := 0; r.Status>>8 == 0x61; parts++ {
		data = append(data, r.Data...)
		if parts == maxParts || len(data) > MaxNe {
			return Response{}, fmt.Errorf("send %v: %w: answer without an end", c, ErrMalformed)
		}
		more := Command{INS: 0xC0, Ne: length(int(r.Status&0xFF), maxShortNe)}
		if r, err = exchange(ctx, card, more); err != nil {
			return Response{}, err
		}
	}
	if data == nil {
		return r, nil
	}
	if len(data)+len(r.Data) > MaxNe {
		return Response{}, fmt.Errorf("send %v: %w: answer of more than %d bytes", c, ErrMalformed, MaxNe)
	}
	return Response{Data: append(data, r.Data...), Status: r.Status}, nil
}

func exchange(ctx context.Context, card devices.Card, c Command) (Response, error) {
	command, err := c.Encode()
	if err != nil {
		return Response{}, err
	}
	answer, err := card.Transmit(ctx, command)
	if err != nil {
		return Response{}, fmt.Errorf("send %v: %w", c, err)
	}
	r, err := ParseResponse(answer)
	if err != nil {
		return Response{}, fmt.Errorf("send %v: %w", c, err)
	}
	return r, nil
}
