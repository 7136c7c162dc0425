package sandbox

// Stats is what the exchange did; GET /stats gives it as JSON.
type Stats struct {
	Logins           uint64         `json:"logins"`
	RejectedLogins   uint64         `json:"rejected_logins"`
	Refreshes        uint64         `json:"refreshes"`
	DispatcherTokens uint64         `json:"dispatcher_tokens"`
	Connections      uint64         `json:"connections"` // that were accepted
	Refused          uint64         `json:"refused"`     // that were not, by the fault of that name
	Evicted          uint64         `json:"evicted"`     // that a newer one ended, by the fault single
	OpenConnections  int            `json:"open_connections"`
	PeakConnections  int            `json:"peak_connections"` // the most that were open at once
	Subscriptions    map[string]int `json:"subscriptions"`
	Published        uint64         `json:"published"` // messages of the market's stream
	Delivered        uint64         `json:"delivered"` // PUBLISH packets handed to a socket
	System           uint64         `json:"system"`    // of those on $sys, apart
	Malformed        uint64         `json:"malformed"` // payloads damaged by a fault
	Swallowed        uint64         `json:"swallowed"` // packets lost on half-open links
	SlowDropped      uint64         `json:"slow_dropped"`
	RateLimited      uint64         `json:"rate_limited"`
	Gets             uint64         `json:"gets"`  // REST calls that came, whatever they were answered
	Posts            uint64         `json:"posts"` //
}

// Stats reads the counters.
func (x *Exchange) Stats() Stats {
	c := &x.count
	s := Stats{Logins: c.logins.Load(), RejectedLogins: c.rejectedLogins.Load(), Refreshes: c.refreshes.Load(),
		DispatcherTokens: c.dispatcherTokens.Load(), Connections: c.connections.Load(), Subscriptions: map[string]int{},
		Published: c.published.Load(), Delivered: c.delivered.Load(), System: c.system.Load(), Malformed: c.malformed.Load(),
		Swallowed: c.swallowed.Load(), SlowDropped: c.slowDropped.Load(), RateLimited: c.rateLimited.Load(), Refused: c.refused.Load(), Evicted: c.evicted.Load(),
		Gets: c.gets.Load(), Posts: c.posts.Load()}
	x.mu.Lock()
	defer x.mu.Unlock()
	s.OpenConnections, s.PeakConnections = len(x.wires), x.peak
	for w := range x.wires {
		for f := range w.filters {
			s.Subscriptions[f]++
		}
	}
	return s
}
