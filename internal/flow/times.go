package flow

import (
	"time"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/hist"
)

// Times are how long events took up to the strategies' queues. Events of a run mostly share
// their stamps, so that recording one costs a comparison. Decode is an event's time with the
// decoder together with its run; Dispatch is counted for each strategy that an event goes to.
type Times struct {
	Receive  hist.Histogram // socket read → decoder
	Decode   hist.Histogram // decoder → dispatcher's queue
	Dispatch hist.Histogram // dispatcher's queue → strategy's queue
	// How many events went on together from the decoder, and to a strategy.
	DecodeRuns, DispatchRuns hist.Histogram
}

// record counts the events of a run that a stage is done with.
func (t *Times) record(by Stage, run []Item) {
	first, second, runs := hist.Batch{Histogram: &t.Receive}, hist.Batch{Histogram: &t.Decode}, &t.DecodeRuns
	if by == Dispatch {
		first, runs = hist.Batch{Histogram: &t.Dispatch}, &t.DispatchRuns
	}
	events := 0
	for i := range run {
		it := &run[i]
		if IsNotice(it) {
			continue
		}
		events++
		if by == Dispatch {
			first.Record(clock.Since(it.Dispatched, it.Decoded))
		} else {
			first.Record(clock.Since(it.Decoding, it.Received))
			second.Record(clock.Since(it.Decoded, it.Decoding))
		}
	}
	first.Flush()
	second.Flush()
	if events > 0 {
		runs.Record(time.Duration(events))
	}
}
