package codec

import (
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// The years 1 to 9999, the range of google.protobuf.Timestamp (timestamp.proto).
const (
	minSeconds = -62135596800
	maxSeconds = 253402300799
)

func within(n, lo, hi int64) bool { return lo <= n && n <= hi }

func timestamp(k messages.Kind, field string, v [4]int64, set bool) (messages.Timestamp, error) {
	if !set {
		return messages.Timestamp{}, nil
	}
	nanos := int64(int32(v[1]))
	if !within(v[0], minSeconds, maxSeconds) || !within(nanos, 0, 999_999_999) {
		return messages.Timestamp{}, refuse(k, ledger.OutOfRange, field, "it is outside the years 1 to 9999")
	}
	return messages.Timestamp{Seconds: v[0], Nanos: int32(nanos), Set: true}, nil
}

func date(k messages.Kind, field string, v [4]int64) (messages.Date, error) {
	y, m, d := int64(int32(v[0])), int64(int32(v[1])), int64(int32(v[2]))
	if !within(y, 0, 9999) || !within(m, 0, 12) || !within(d, 0, 31) {
		return messages.Date{}, refuse(k, ledger.OutOfRange, field, "it is no date")
	}
	return messages.Date{Year: int32(y), Month: int32(m), Day: int32(d)}, nil
}

func timeOfDay(k messages.Kind, field string, v [4]int64, set bool) (messages.TimeOfDay, error) {
	h, m, s, n := int64(int32(v[0])), int64(int32(v[1])), int64(int32(v[2])), int64(int32(v[3]))
	if !within(h, 0, 24) || !within(m, 0, 59) || !within(s, 0, 60) || !within(n, 0, 999_999_999) {
		return messages.TimeOfDay{}, refuse(k, ledger.OutOfRange, field, "it is no time of day")
	}
	return messages.TimeOfDay{Hours: int32(h), Minutes: int32(m), Seconds: int32(s), Nanos: int32(n), Set: set}, nil
}
