package codec

import (
	"encoding/binary"

	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
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

// readAmount reads a Money into a, over what an earlier one left there.
func readAmount(b []byte, i int, a *amount) int {
	i, end := span(b, i)
	if end == broken {
		return broken
	}
	if rest := b[i:]; len(rest) >= 8 && end-i >= 5 && binary.LittleEndian.Uint64(rest)&currencyMask == currencyTHB {
		i += 5
	}
	// Numbers are read from the whole payload, where a word can be loaded at once; one that
	// runs over this message's end is found out by its position.
	for i < end {
		var v uint64
		switch b[i] {
		case moneyUnits:
			v, i = varint(b, i+1)
			a.units = int64(v)
		case moneyNanos:
			v, i = varint(b, i+1)
			a.nanos = int32(v)
		default:
			i = readAmountField(b[:end], i, a)
		}
	}
	if i != end {
		return broken
	}
	return end
}

// readAmountField reads a field of a Money that is not written in the usual way.
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
