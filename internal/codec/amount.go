package codec

import (
	"encoding/binary"

	"github.com/feedtree/feedtree/messages"
)

// amount is a Money while it is read: when the field comes twice the two are merged, field
// by field, as protobuf does.
type amount struct {
	units int64
	nanos int32
}

// Keys of Money's fields.
const (
	moneyCurrency = 1<<3 | wireBytes
	moneyUnits    = 2<<3 | wireVarint
	moneyNanos    = 3<<3 | wireVarint
)

// currencyTHB is a Money's first five bytes, little-endian, as the exchange sends it:
// currency_code "THB". Seen as one word they need no walk through a string.
const (
	currencyTHB  = moneyCurrency | 3<<8 | 'T'<<16 | 'H'<<24 | 'B'<<32
	currencyMask = 1<<40 - 1
)

// usual is how many bytes must be there to read a Money in one go: its length, currency,
// and two numbers with their keys, for which number answers nine when they are too long.
const usual = 1 + 5 + 2*(1+9)

// readAmount reads a Money into a, over what an earlier one left there. One that is written
// as the exchange writes it, in order and with no currency but THB, is read in one go.
func readAmount(b []byte, i int, a *amount) int {
	if i > len(b)-usual {
		return readAnyAmount(b, i, a)
	}
	m := (*[usual]byte)(b[i:])
	at, length, wide := 1, 0, 0
	if binary.LittleEndian.Uint64(m[1:])&currencyMask == currencyTHB {
		at = 6
	}
	units, nanos := uint64(a.units), uint64(a.nanos) // which stay if the message has none
	if m[at] == moneyUnits {
		units, length = number(binary.LittleEndian.Uint64(m[at+1:]))
		at, wide = at+1+length, length
	}
	if m[at] == moneyNanos {
		nanos, length = number(binary.LittleEndian.Uint64(m[at+1:]))
		at, wide = at+1+length, wide|length
	}
	// Where the length does not say the same, more or less was written than was read.
	if int(m[0])+1 != at || wide > 8 {
		return readAnyAmount(b, i, a)
	}
	a.units, a.nanos = int64(units), int32(nanos)
	return i + 1 + int(m[0]) // not at: the next field need not wait for the numbers
}

// readAnyAmount reads a Money in whatever way it is written.
func readAnyAmount(b []byte, i int, a *amount) int {
	i, end := span(b, i)
	if end == broken {
		return broken
	}
	for b = b[:end]; i < end; {
		i = readAmountField(b, i, a)
	}
	if i != end {
		return broken
	}
	return end
}

// readAmountField reads one field of a Money.
func readAmountField(b []byte, i int, a *amount) int {
	key, i := tag(b, i)
	var v uint64
	switch key {
	case moneyCurrency:
		_, i = text(b, i)
	case moneyUnits:
		v, i = varint(b, i)
		a.units = int64(v)
	case moneyNanos:
		v, i = varint(b, i)
		a.nanos = int32(v)
	default:
		i = skip(b, i, key)
	}
	return i
}

// maxUnits is the largest number of whole baht that a Price can hold for sure, whatever the
// nanos; amounts beyond it take the careful way.
const maxUnits = int64(messages.MaxPrice/messages.Baht) - 3

// price converts what was read.
func (a amount) price() (messages.Price, bool) {
	if a.units < maxUnits && a.units > -maxUnits {
		return messages.Price(a.units*int64(messages.Baht) + int64(a.nanos)), true
	}
	return a.widePrice()
}

func (a amount) widePrice() (messages.Price, bool) {
	m, ok := messages.NewMoney(a.units, a.nanos)
	if !ok {
		return 0, false
	}
	return m.Price()
}
