package register

import (
	"errors"
	"fmt"

	"boothd/localmatch/gallery"
)

// leastMinutiae is how many minutiae a template must have to enter a system. Fewer agree
// with strangers too often.
const leastMinutiae = 12

// ErrGate is matched by the errors of templates that may not enter.
var ErrGate = errors.New("finger template shows too little to enter")

// gate judges the templates of an entry before they enter.
func gate(e *gallery.Entry) error {
	for i := range e.Fingers {
		_, t, err := e.Fingers[i].Read()
		if err != nil {
			return err
		}
		if n := len(t.Minutiae); n < leastMinutiae {
			return fmt.Errorf("%w: %d minutiae, at least %d", ErrGate, n, leastMinutiae)
		}
	}
	return nil
}
