package gallery

import (
	"context"
	"runtime"
	"sync"
)

// inOrder reads values, makes something of each on all processors, and takes what was made in
// the order in which it was read. It ends with the first error of any of the three. preparer is
// called once for each goroutine that makes.
func inOrder[A, B any](ctx context.Context, read func(give func(A) bool) error, preparer func() func(A) (B, error), take func(B) error) error {
	const batch = 256
	type job struct {
		in   []A
		out  []B
		err  error
		done chan struct{}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := runtime.GOMAXPROCS(0)
	todo, order := make(chan *job), make(chan *job, 2*workers)
	var running sync.WaitGroup
	defer running.Wait()
	for range workers {
		running.Go(func() {
			prepare := preparer()
			for j := range todo {
				j.out = make([]B, 0, len(j.in))
				for i, a := range j.in {
					if i%8 == 0 {
						runtime.Gosched() // questions go before
					}
					b, err := prepare(a)
					if err != nil {
						j.err = err
						break
					}
					j.out = append(j.out, b)
				}
				close(j.done)
			}
		})
	}
	var reading error
	running.Go(func() {
		defer close(order)
		defer close(todo)
		var in []A
		send := func() bool {
			j := &job{in: in, done: make(chan struct{})}
			in = make([]A, 0, batch)
			for _, c := range []chan *job{order, todo} {
				select {
				case c <- j:
				case <-ctx.Done():
					close(j.done)
					return false
				}
			}
			return true
		}
		reading = read(func(a A) bool {
			in = append(in, a)
			return len(in) < batch || send()
		})
		if len(in) > 0 {
			send()
		}
	})
	for j := range order {
		<-j.done
		for _, b := range j.out {
			if err := take(b); err != nil {
				cancel(err)
				return err
			}
		}
		if j.err != nil {
			cancel(j.err)
			return j.err
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return reading
}
