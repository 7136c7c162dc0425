package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

var strategyName = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

const nameForm = "expected 1 to 64 of a-z, 0-9, '_' and '-'"

// EventNames are what a strategy's events may be, as messages.Kind calls them.
func EventNames() []string {
	var names []string
	for k := messages.KindBidOffer; k <= messages.KindDerivativesOrder; k++ {
		names = append(names, k.String())
	}
	return names
}

func (v *checker) strategies(list []Strategy) {
	first := map[string]int{}
	for i, s := range list {
		key := fmt.Sprintf("strategies[%d]", i)
		v.strategy(key, s)
		if before, seen := first[s.Name]; seen && s.Name != "" {
			v.fail(key+".name", s.Name, "the name of strategies[%d] too: each needs its own", before)
			continue
		}
		first[s.Name] = i
	}
}

func (v *checker) strategy(key string, s Strategy) {
	switch {
	case s.Name == "":
		v.fail(key+".name", nil, "missing: a strategy needs a name")
	case !strategyName.MatchString(s.Name):
		v.fail(key+".name", s.Name, nameForm)
	}
	if strings.TrimSpace(s.Type) == "" {
		v.fail(key+".type", nil, "missing: a strategy needs the name of its type")
	}
	v.symbols(key+".symbols", s.Symbols)
	for i, e := range s.Events {
		v.oneOf(fmt.Sprintf("%s.events[%d]", key, i), e, EventNames()...)
	}
	for i, name := range s.Intervals {
		v.interval(fmt.Sprintf("%s.intervals[%d]", key, i), name)
	}
	for i, w := range s.Watch {
		v.oneOf(fmt.Sprintf("%s.watch[%d]", key, i), w, WatchSupervision)
	}
	if len(s.Intervals) == 0 && slices.Contains(s.Events, messages.KindCandlestick.String()) {
		v.fail(key+".intervals", nil, "empty: candlesticks need at least one, like 1m")
	}
	v.between(key+".mailbox.capacity", s.Mailbox.Capacity, 1, maxCapacity)
	v.oneOf(key+".mailbox.overflow", s.Mailbox.Overflow, DropOldest, Conflate)
	v.orNone(key+".mailbox.max_age", s.Mailbox.MaxAge)
	if w := s.Mailbox.DropWarning; !(w > 0 && w <= 1) {
		v.fail(key+".mailbox.drop_warning", w, "expected a share above 0 and at most 1, like 0.01")
	}
}

// interval offers no nearest one: 1m and 1M are a minute and a month.
func (v *checker) interval(key, name string) {
	if !slices.Contains(topic.Intervals, name) {
		v.fail(key, name, "expected %s", oneOf(topic.Intervals))
	}
}
