package codec

import (
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// values turns what was read into what events hold, and remembers the first field whose
// value does not fit. It is used for a whole message before err is asked once.
type values struct {
	field  string
	reason string
}

func (c *values) fault(field, reason string) {
	if c.field == "" {
		c.field, c.reason = field, reason
	}
}

func (c *values) err(k messages.Kind) error {
	if c.field == "" {
		return nil
	}
	return refuse(k, ledger.OutOfRange, c.field, c.reason)
}

func (c *values) price(field string, a amount) messages.Price {
	p, ok := a.price()
	if !ok {
		c.fault(field, "it does not fit a 64-bit count of nano-baht")
	}
	return p
}

func (c *values) money(field string, a amount) messages.Money {
	m, ok := messages.NewMoney(a.units, a.nanos)
	if !ok {
		c.fault(field, "it does not fit 64-bit units")
	}
	return m
}

// The years 1 to 9999, the range of google.protobuf.Timestamp (timestamp.proto).
const (
	minSeconds = -62135596800
	maxSeconds = 253402300799
)

// parts are the integers of a Timestamp, Date or TimeOfDay, and whether it was there.
type parts struct {
	n   [4]int64
	set bool
}

// int32 is part i as protobuf reads an int32 field.
func (p *parts) int32(i int) int32 { return int32(p.n[i]) }

func within(n, low, high int32) bool { return low <= n && n <= high }

func (c *values) timestamp(field string, p *parts) messages.Timestamp {
	t := messages.Timestamp{Seconds: p.n[0], Nanos: p.int32(1), Set: p.set}
	if t.Seconds < minSeconds || t.Seconds > maxSeconds || !within(t.Nanos, 0, 999_999_999) {
		c.fault(field, "it is outside the years 1 to 9999")
	}
	return t
}

// date judges form alone: a day 31 passes in every month, and a part may be missing.
func (c *values) date(field string, p *parts) messages.Date {
	d := messages.Date{Year: p.int32(0), Month: p.int32(1), Day: p.int32(2)}
	if !within(d.Year, 0, 9999) || !within(d.Month, 0, 12) || !within(d.Day, 0, 31) {
		c.fault(field, "it is no date")
	}
	return d
}

// timeOfDay lets 24:00 and a leap second pass.
func (c *values) timeOfDay(field string, p *parts) messages.TimeOfDay {
	t := messages.TimeOfDay{Hours: p.int32(0), Minutes: p.int32(1), Seconds: p.int32(2), Nanos: p.int32(3), Set: p.set}
	if !within(t.Hours, 0, 24) || !within(t.Minutes, 0, 59) || !within(t.Seconds, 0, 60) || !within(t.Nanos, 0, 999_999_999) {
		c.fault(field, "it is no time of day")
	}
	return t
}
