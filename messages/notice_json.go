package messages

import (
	"encoding/json"
	"strconv"
	"time"
)

// object is a notice's JSON object while it is written.
type object struct{ b []byte }

// describe opens the object with the keys that every notice has.
func describe(dst []byte, n Notice, epoch uint64, at time.Time, reason string) *object {
	o := &object{append(append(append(dst, `{"type":"`...), n.Type()...), '"')}
	return o.count("epoch", epoch).time("at", at).text("reason", reason)
}

func (o *object) key(name string) {
	o.b = append(append(append(o.b, `,"`...), name...), `":`...)
}

func (o *object) text(name, v string) *object {
	o.key(name)
	o.b = quote(o.b, v)
	return o
}

func (o *object) count(name string, v uint64) *object {
	o.key(name)
	o.b = strconv.AppendUint(o.b, v, 10)
	return o
}

func (o *object) time(name string, v time.Time) *object {
	o.key(name)
	o.b = append(o.b, '"')
	if !v.IsZero() {
		o.b = v.UTC().AppendFormat(o.b, time.RFC3339Nano)
	}
	o.b = append(o.b, '"')
	return o
}

func (o *object) duration(name string, v time.Duration) *object {
	o.key(name)
	o.b = strconv.AppendInt(o.b, int64(v), 10)
	return o
}

func (o *object) end() []byte { return append(o.b, '}') }

// AppendJSON implements Notice.
func (n *Disconnected) AppendJSON(dst []byte) []byte {
	return describe(dst, n, n.Epoch, n.At, n.Reason).end()
}

// AppendJSON implements Notice; "at" is the end of the gap.
func (n *Gap) AppendJSON(dst []byte) []byte {
	return describe(dst, n, n.Epoch, n.To, n.Reason).time("from", n.From).time("to", n.To).end()
}

// AppendJSON implements Notice.
func (n *Reconnected) AppendJSON(dst []byte) []byte {
	return describe(dst, n, n.Epoch, n.At, "").duration("outage_ns", n.Outage).end()
}

// AppendJSON implements Notice; "from" is the epoch that ended.
func (n *RolledOver) AppendJSON(dst []byte) []byte {
	return describe(dst, n, n.Epoch, n.At, "").count("from", n.From).end()
}

// AppendJSON implements Notice.
func (n *FeedDead) AppendJSON(dst []byte) []byte {
	return describe(dst, n, n.Epoch, n.At, "").duration("age_ns", n.Age).duration("threshold_ns", n.Threshold).end()
}

// AppendJSON implements Notice.
func (n *FeedLive) AppendJSON(dst []byte) []byte {
	return describe(dst, n, n.Epoch, n.At, "").end()
}

// AppendJSON implements Notice.
func (n *SymbolLive) AppendJSON(dst []byte) []byte {
	return describe(dst, n, n.Epoch, n.At, "").text("symbol", n.Symbol).end()
}

// AppendJSON implements Notice.
func (n *SymbolStale) AppendJSON(dst []byte) []byte {
	return describe(dst, n, n.Epoch, n.At, "").text("symbol", n.Symbol).
		duration("age_ns", n.Age).duration("threshold_ns", n.Threshold).end()
}

// AppendJSON implements Notice.
func (n *SymbolRejected) AppendJSON(dst []byte) []byte {
	return describe(dst, n, n.Epoch, n.At, n.Reason).text("symbol", n.Symbol).
		text("topic", n.Topic).text("kind", n.Kind).end()
}

// AppendJSON implements Notice; "at" is the receive time of the last dropped event.
func (n *Overflowed) AppendJSON(dst []byte) []byte {
	return describe(dst, n, 0, n.To, "").count("count", n.Count).
		time("from", n.From).time("to", n.To).text("where", n.Where).end()
}

// AppendJSON implements Notice; the reason is the cause.
func (n *Restarted) AppendJSON(dst []byte) []byte {
	return describe(dst, n, 0, n.At, n.Cause).text("cause", n.Cause).count("lost", n.Lost).end()
}

// AppendJSON implements Notice; the reason is the cause.
func (n *Supervised) AppendJSON(dst []byte) []byte {
	return describe(dst, n, 0, n.At, n.Cause).text("node", n.Node).text("child", n.Child).text("kind", n.Kind).text("class", n.Class).
		text("cause", n.Cause).count("attempt", uint64(n.Attempt)).count("failures", n.Failures).duration("delay_ns", n.Delay).count("count", n.Count).end()
}

// AppendJSON implements Notice; parameters that have no JSON are null.
func (n *Reconfigured) AppendJSON(dst []byte) []byte {
	o := describe(dst, n, 0, n.At, "")
	o.key("params")
	params, err := json.Marshal(n.Params)
	if err != nil {
		params = []byte("null")
	}
	o.b = append(o.b, params...)
	return o.end()
}

// AppendJSON implements Notice.
func (n *Snapshot) AppendJSON(dst []byte) []byte {
	o := describe(dst, n, n.Event.Epoch(), n.Event.Time(), "")
	o.key("event")
	o.b = n.Event.AppendJSON(o.b)
	return o.end()
}

// MarshalJSON implements json.Marshaler.
func (n *Disconnected) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (n *Gap) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (n *Reconnected) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (n *RolledOver) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (n *FeedDead) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (n *FeedLive) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (n *SymbolLive) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (n *SymbolStale) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (n *SymbolRejected) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (n *Overflowed) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (n *Restarted) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (n *Supervised) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (n *Reconfigured) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (n *Snapshot) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }
