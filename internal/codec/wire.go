package codec

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// reader walks over one message's fields. After a failure bad is set and it stands at the
// end, so that loops end by themselves.
type reader struct {
	b   []byte
	bad bool
}

// Wire types, as protobuf numbers them.
const (
	wireVarint = 0
	wireBytes  = 2
)

func (r *reader) fail() { r.b, r.bad = nil, true }

// tag reads the next field's key, number<<3 | wire type; ok is false at the end.
func (r *reader) tag() (key uint32, ok bool) {
	if len(r.b) == 0 {
		return 0, false
	}
	v := r.varint()
	if n := v >> 3; n == 0 || n > uint64(protowire.MaxValidNumber) {
		r.fail()
	}
	return uint32(v), !r.bad
}

func (r *reader) varint() uint64 {
	b := r.b
	switch {
	case len(b) > 0 && b[0] < 0x80:
		r.b = b[1:]
		return uint64(b[0])
	case len(b) > 1 && b[1] < 0x80:
		r.b = b[2:]
		return uint64(b[0]&0x7f) | uint64(b[1])<<7
	}
	v, n := protowire.ConsumeVarint(b)
	if n < 0 {
		r.fail()
		return 0
	}
	r.b = b[n:]
	return v
}

func (r *reader) bytes() []byte {
	n := r.varint()
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

// text reads a string, which must be UTF-8.
func (r *reader) text() []byte {
	v := r.bytes()
	for _, c := range v {
		if c >= utf8.RuneSelf {
			if !utf8.Valid(v) {
				r.fail()
			}
			break
		}
	}
	return v
}

// skip passes over a field that is not ours: an unknown number, or a known one with
// another wire type.
func (r *reader) skip(key uint32) {
	n := protowire.ConsumeFieldValue(protowire.Number(key>>3), protowire.Type(key&7), r.b)
	if n < 0 {
		r.fail()
		return
	}
	r.b = r.b[n:]
}

// amount is a Money while it is read: when the field comes twice the two are merged, field
// by field, as protobuf does.
type amount struct {
	units int64
	nanos int32
}

func (r *reader) amount(a *amount) {
	in := reader{b: r.bytes()}
	for {
		key, ok := in.tag()
		if !ok {
			break
		}
		switch key {
		case 1<<3 | wireBytes:
			in.text()
		case 2<<3 | wireVarint:
			a.units = int64(in.varint())
		case 3<<3 | wireVarint:
			a.nanos = int32(in.varint())
		default:
			in.skip(key)
		}
	}
	if in.bad {
		r.fail()
	}
}

// maxUnits is the largest number of whole baht that a Price can hold for sure; amounts
// beyond it take the careful way.
const maxUnits = (1<<63-1)/int64(messages.Baht) - 3

// price converts what was read.
func (a amount) price() (messages.Price, bool) {
	if a.units < maxUnits && a.units > -maxUnits {
		return messages.Price(a.units*int64(messages.Baht) + int64(a.nanos)), true
	}
	m, ok := messages.NewMoney(a.units, a.nanos)
	if !ok {
		return 0, false
	}
	return m.Price()
}

// priceField is an amount on its way into an event's field, named for the error.
type priceField struct {
	name string
	from amount
	to   *messages.Price
}

func setPrices(k messages.Kind, fields ...priceField) error {
	for _, f := range fields {
		p, ok := f.from.price()
		if !ok {
			return refuse(k, ledger.OutOfRange, f.name, "it does not fit a 64-bit count of nano-baht")
		}
		*f.to = p
	}
	return nil
}

func setMoney(k messages.Kind, name string, from amount, to *messages.Money) error {
	m, ok := messages.NewMoney(from.units, from.nanos)
	if !ok {
		return refuse(k, ledger.OutOfRange, name, "it does not fit 64-bit units")
	}
	*to = m
	return nil
}

// integers reads a message of up to four integers, numbered from 1: Timestamp, Date and TimeOfDay.
func (r *reader) integers(v *[4]int64) {
	in := reader{b: r.bytes()}
	for {
		key, ok := in.tag()
		if !ok {
			break
		}
		if num := key >> 3; num <= 4 && key&7 == wireVarint {
			v[num-1] = int64(in.varint())
		} else {
			in.skip(key)
		}
	}
	if in.bad {
		r.fail()
	}
}
