package trial

import (
	"context"
	"slices"
	"sync"
	"time"

	"boothd/localmatch/gallery"
	"boothd/localmatch/names"
	"boothd/localmatch/names/trial"
)

// asker asks the gallery the same questions again and again.
type asker struct {
	gallery   *gallery.Gallery
	questions []gallery.Question
	usual     []time.Duration // median of each question while nothing else happens
}

// answer is how long a question took.
type answer struct {
	question int
	at       time.Time
	took     time.Duration
}

func newAsker(g *gallery.Gallery, c *central, questions int) *asker {
	a := &asker{gallery: g}
	step := max(1, c.plan.entries/questions)
	for i := range questions {
		person := i * step % c.plan.entries
		if i%2 == 1 {
			person = trial.MaxPeople + i // nobody whom the list ever has
		}
		a.questions = append(a.questions, questionOf(c.people.Entry(person)))
	}
	return a
}

// questionOf asks for an entry as for a traveller with its first name, birth date and document.
func questionOf(e *gallery.Entry) gallery.Question {
	q := gallery.Question{Name: names.Parse(e.Names[0])}
	if len(e.Documents) > 0 {
		q.Document = e.Documents[0].Document()
	}
	for _, d := range e.BirthDates {
		if b, err := names.ParseBirth(d); err == nil {
			q.Births = append(q.Births, b)
		}
	}
	return q
}

func (a *asker) ask(ctx context.Context, question int) (answer, error) {
	began := time.Now()
	_, err := a.gallery.Find(ctx, listName, a.questions[question])
	return answer{question, began, time.Since(began)}, err
}

// rounds is how often each question is asked to learn how long it takes.
const rounds = 9

// learn learns how long each question takes.
func (a *asker) learn(ctx context.Context) ([]answer, error) {
	var all []answer
	for range rounds {
		for q := range a.questions {
			one, err := a.ask(ctx, q)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
		}
	}
	for q := range a.questions {
		var took []time.Duration
		for i := q; i < len(all); i += len(a.questions) {
			took = append(took, all[i].took)
		}
		slices.Sort(took)
		a.usual = append(a.usual, took[len(took)/2])
	}
	return all, nil
}

// asking is asking without a pause, in a goroutine of its own.
type asking struct {
	cancel context.CancelFunc
	work   sync.WaitGroup
	all    []answer
	err    error
}

func (a *asker) begin(ctx context.Context) *asking {
	s := &asking{}
	asked, cancel := context.WithCancel(ctx)
	s.cancel = cancel
	s.work.Go(func() {
		for i := 0; asked.Err() == nil && s.err == nil; i++ {
			var one answer
			if one, s.err = a.ask(ctx, i%len(a.questions)); s.err == nil {
				s.all = append(s.all, one)
			}
		}
	})
	return s
}

// end ends it and returns the answers. It may be called again.
func (s *asking) end() ([]answer, error) {
	s.cancel()
	s.work.Wait()
	return s.all, s.err
}

// within returns the answers that were sought at any time between two.
func within(all []answer, begin, end time.Time) []answer {
	return slices.DeleteFunc(slices.Clone(all), func(a answer) bool {
		return a.at.After(end) || a.at.Add(a.took).Before(begin)
	})
}

// delay sums answers up.
func (a *asker) delay(during string, all []answer) Delay {
	if len(all) == 0 {
		return Delay{During: during}
	}
	var took, extra []time.Duration
	for _, one := range all {
		took, extra = append(took, one.took), append(extra, one.took-a.usual[one.question])
	}
	slices.Sort(took)
	slices.Sort(extra)
	last := len(all) - 1
	return Delay{
		During: during, Questions: len(all), P50: ms(took[last/2]), P99: ms(took[last*99/100]), Max: ms(took[last]),
		ExtraP99: ms(extra[last*99/100]), Extra: ms(extra[last]),
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
