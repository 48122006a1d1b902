package zfm

import (
	"context"
	"errors"
)

// Parameters of the ring of an R503: control, speed, colour, count.
const (
	ringBreathes = 1
	ringFlashes  = 2
	ringOff      = 4

	ringRed  = 1
	ringBlue = 2

	ringSlow    = 100
	ringFast    = 30
	ringEndless = 0
	ringTwice   = 2
)

// lights are what a module lets itself be told to light. The zero lights are none.
type lights struct {
	known bool
	ring  bool // the ring of an R503; otherwise the lamp below the glass
	lit   bool
}

// lightsOf guesses a module's lights. Those that refuse the first instruction have none.
func lightsOf(p parameters) lights { return lights{known: true, ring: p.system == 0} }

// take is the instruction that takes a picture and leaves the lights as they are.
func (l *lights) take() instruction {
	if l.lit && !l.ring {
		return takeImageOnly
	}
	return takeImage
}

// await shows that a finger may be laid.
func (l *lights) await(ctx context.Context, k *link) error {
	if l.lit || !l.known {
		return nil
	}
	l.lit = true
	return l.tell(ctx, k, lampOn, ringBreathes, ringSlow, ringBlue, ringEndless)
}

// refuse shows that the finger must be laid again.
func (l *lights) refuse(ctx context.Context, k *link) error {
	l.lit = false
	return l.tell(ctx, k, lampOff, ringFlashes, ringFast, ringRed, ringTwice)
}

func (l *lights) off(ctx context.Context, k *link) error {
	l.lit = false
	return l.tell(ctx, k, lampOff, ringOff, 0, ringBlue, 0)
}

// tell sends the lamp's instruction or the ring's. A module that does not understand it is not
// told again.
func (l *lights) tell(ctx context.Context, k *link, lamp instruction, control ...byte) error {
	if !l.known {
		return nil
	}
	if l.ring {
		lamp = ring
	} else {
		control = nil
	}
	_, err := k.ask(ctx, commandTimeout, lamp, control...)
	var refused *codeError
	if errors.As(err, &refused) || errors.Is(err, errSilent) {
		*l = lights{}
		return nil
	}
	return err
}
