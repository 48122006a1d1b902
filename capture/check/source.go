package check

import (
	"context"
	"time"

	"boothd/capture"
)

// Source is whoever can be asked about evidence: the local lists, the central portal.
type Source interface {
	// Name is "local", "portal".
	Name() string
	// Systems lists the systems that Look will answer for, so that the officer sees what
	// is awaited; one that will answer several times, once for each list, as often. A source
	// that has nothing to say about this evidence returns none and is not asked. The source respects the query's profile and tells at once, from memory.
	Systems(q capture.Query) []string
	// Look asks and hands on each answer the moment it is there, in any order. It calls
	// answer from one goroutine at a time and not after it has returned. Systems that were
	// named but not answered for when Look returns, or when ctx ends, are taken as
	// unavailable; the error says why, for the log.
	Look(ctx context.Context, q capture.Query, answer func(capture.Answer)) error
}

// Recorder keeps records so that nothing is lost.
type Recorder interface {
	// Ready returns nil if a whole further check can be kept. Otherwise its error tells
	// why not: the disk is full, the queue has reached its limit.
	Ready(ctx context.Context) error
	// Record returns nil once the record is durable. It is not cancelled half-way.
	Record(ctx context.Context, r *capture.Record) error
}

// Asking is a source with the time it is given for each question.
type Asking struct {
	Source Source
	// Central is set for the portal: a record made while it could not be asked says so.
	Central bool
	// Identifies is set for a source that can be asked who somebody is.
	Identifies bool
	// Timeout is how long a check waits for the source. A system that has not answered by
	// then is unavailable.
	Timeout time.Duration
	// Linger is how much longer the source may go on, so that a late hit becomes an alert.
	Linger time.Duration
}
