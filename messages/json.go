package messages

import (
	"encoding/json"
	"fmt"
	"time"
)

func openObject(dst []byte, k Kind) []byte {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, k.String()...)
	return append(dst, '"')
}

// quote appends a JSON string. Symbols, markets and enum names need no escape and take the
// short way; whatever else a broker may write takes the library's.
func quote(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			b, _ := json.Marshal(s) // a string always marshals
			return append(dst, b...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

type appender interface{ Append([]byte) []byte }

func decimal[T appender](dst []byte, v T) []byte {
	dst = append(dst, '"')
	dst = v.Append(dst)
	return append(dst, '"')
}

func (t Timestamp) appendJSON(dst []byte) []byte {
	if !t.Set {
		return append(dst, `""`...)
	}
	dst = append(dst, '"')
	dst = t.Time().AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"')
}

func (d Date) appendJSON(dst []byte) []byte {
	if d == (Date{}) {
		return append(dst, `""`...)
	}
	return fmt.Appendf(dst, `"%04d-%02d-%02d"`, d.Year, d.Month, d.Day)
}

func (t TimeOfDay) appendJSON(dst []byte) []byte {
	if !t.Set {
		return append(dst, `""`...)
	}
	dst = fmt.Appendf(dst, `"%02d:%02d:%02d`, t.Hours, t.Minutes, t.Seconds)
	if t.Nanos != 0 {
		dst = append(dst, appendDecimal(nil, 0, uint32(t.Nanos))[1:]...)
	}
	return append(dst, '"')
}
