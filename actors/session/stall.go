package session

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Activity is how a topic fares, as the rest of the tree sees it.
type Activity struct {
	Events uint64 // decoded since the start
	Judged bool   // its market is open, and it is of a kind whose silence says something
}

// How silence is judged. A topic is mute when it has brought nothing for many times its usual
// gap while the rest of the market goes on as usual. Its own longest gap is the measure for
// topics that come in bursts.
const (
	usualGaps   = 30 // so many mean gaps of silence; for arrivals by chance one in e³⁰
	longestGaps = 3  // and so many of the longest gap lately
	minArrivals = 10 // seconds with events before a topic is known well enough
	marketShare = 4  // the market goes on as usual above this part of its usual rate: a quarter
	maxRetries  = 2  // subscriptions anew before the connection is made anew
	// stallPause is the least time between two connections made anew for silence: where that
	// does not help it must not become a storm.
	stallPause = 5 * time.Minute
)

// pulse is what is known of one topic.
type pulse struct {
	events   uint64
	arrivals int
	gap      float64 // mean seconds between seconds with events
	longest  float64 // the longest gap, slowly forgotten
	silent   float64 // seconds
	tries    int     // what was done about this silence: subscriptions anew, then a connection
}

// stallWatch judges, once a second, whether subscriptions that were granted are mute. It is
// pure but for its memory, which survives the session: clock and counts are passed in.
type stallWatch struct {
	topics    map[string]*pulse
	usual     float64 // the market's events a second, averaged over minutes
	recent    float64 // over seconds
	lastStall time.Duration
	now       time.Duration
}

// verdict is what is to be done: topics to be subscribed anew, or the connection.
type verdict struct {
	again []string
	stall string // why, "" for nothing
}

// step takes what happened in dt. after is the least silence that counts.
func (w *stallWatch) step(dt, after time.Duration, live []string, activity func(string) Activity) (v verdict) {
	if w.topics == nil {
		w.topics, w.lastStall = map[string]*pulse{}, -stallPause
	}
	w.now += dt
	sec := dt.Seconds()
	total := uint64(0)
	var silent []string
	for _, name := range live {
		a := activity(name)
		p := w.topics[name]
		if p == nil {
			p = &pulse{events: a.Events}
			w.topics[name] = p
		}
		n := a.Events - p.events
		p.events, total = a.Events, total+n
		switch {
		case n > 0:
			p.arrived(sec)
		case !a.Judged:
			p.silent, p.tries = 0, 0
		default:
			p.silent += sec
			silent = append(silent, name)
		}
	}
	rate := float64(total) / sec
	w.recent += (rate - w.recent) / 5
	if w.usual == 0 {
		w.usual = rate
	}
	if w.recent < w.usual/marketShare || total == 0 && w.recent < 0.1 {
		for _, p := range w.topics {
			p.silent = 0 // the whole market has gone quiet: that is the feed's health, not a topic's
		}
		w.usual += (rate - w.usual) / 300
		return v
	}
	w.usual += (rate - w.usual) / 300
	for _, name := range silent {
		w.judge(name, after, &v)
	}
	return v
}

func (w *stallWatch) judge(name string, after time.Duration, v *verdict) {
	p := w.topics[name]
	limit := max(after.Seconds(), usualGaps*p.gap, longestGaps*p.longest)
	if p.arrivals < minArrivals || p.silent <= limit*float64(p.tries+1) || p.tries > maxRetries {
		return
	}
	if p.tries < maxRetries {
		p.tries++
		v.again = append(v.again, name)
		return
	}
	if w.now-w.lastStall >= stallPause && v.stall == "" {
		w.lastStall = w.now
		p.tries++
		v.stall = fmt.Sprintf("stall: nothing on %s for %v, and subscribing anew did not help", keyOf(name),
			time.Duration(p.silent*float64(time.Second)).Round(time.Second))
	}
}

func (p *pulse) arrived(sec float64) {
	gap := p.silent + sec
	if p.arrivals++; p.arrivals == 1 {
		gap = sec // how long it was silent before is not known
	}
	p.gap += (gap - p.gap) / float64(min(p.arrivals, 20))
	p.longest = max(p.longest*0.99, gap)
	p.silent, p.tries = 0, 0
}

// keep forgets what is known of topics that nobody wants any more: one that is wanted again
// begins anew, and nobody waits for it meanwhile.
func (w *stallWatch) keep(wanted func(topic string) bool) {
	maps.DeleteFunc(w.topics, func(name string, _ *pulse) bool { return !wanted(name) })
}

// mute lists the topics about whose silence something was done.
func (w *stallWatch) mute() (out []string) {
	for name, p := range w.topics {
		if p.tries > 0 {
			out = append(out, keyOf(name))
		}
	}
	slices.Sort(out)
	return out
}

// watchSilence looks after subscriptions that were granted and bring nothing.
func (s *Session) watchSilence() {
	if s.d.Activity == nil || s.d.Config.StallAfter == 0 || s.state != Online {
		return
	}
	w := &s.d.Memory.watch
	w.keep(s.d.Wanted.Has)
	v := w.step(tickEvery, s.d.Config.StallAfter, s.cur.subs.granted(), s.d.Activity)
	s.d.Status.change(func(view *View) { view.Mute = w.mute() })
	for _, t := range v.again {
		s.d.Log.Warn("a subscription was granted and brings nothing: subscribing anew", "event", "subscription_mute",
			"topic", keyOf(t), "epoch", s.cur.epoch)
		s.cur.subs.again(t, time.Now())
	}
	if v.stall != "" {
		s.stall(s.cur, v.stall)
	}
}

// errStall is the cause of a connection that was ended because what it should bring did not
// come.
type errStall string

func (e errStall) Error() string { return string(e) }
