package codec

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// The functions here read one thing of b at position i and return it with the position
// behind it. After a failure that position is broken, which is past every end, so that
// loops end by themselves and one look at the end tells. Positions go by value, so that a
// loop over a book keeps them in registers.

const broken = math.MaxInt

// Wire types, as protobuf numbers them.
const (
	wireVarint = 0
	wireBytes  = 2
)

// varint reads an unsigned number.
func varint(b []byte, i int) (v uint64, next int) {
	if v, n := number(word(b, i)); n <= 8 {
		return v, i + n
	}
	return longVarint(b, i)
}

// word gives the eight bytes at i, or a word that holds no end of a number when there are
// not as many.
func word(b []byte, i int) uint64 {
	if i <= len(b)-8 {
		return binary.LittleEndian.Uint64(b[i:])
	}
	return math.MaxUint64
}

// number takes a varint of n bytes from the first of eight, without a branch on its length,
// which in prices and volumes nobody can predict. With n over 8 it is longer and v means nothing.
func number(w uint64) (v uint64, n int) {
	ends := ^w & 0x8080808080808080
	w &= (ends ^ (ends - 1)) & 0x7f7f7f7f7f7f7f7f // the bytes up to the first that ends
	w = w&0x007f007f007f007f | w&0x7f007f007f007f00>>1
	w = w&0x00003fff00003fff | w&0x3fff00003fff0000>>2
	return w&0x0fffffff | w>>32<<28, bits.TrailingZeros64(ends)>>3 + 1
}

// longVarint is for numbers of nine and ten bytes, negative ones above all, for padded
// ones, and for the last bytes of a payload.
func longVarint(b []byte, i int) (v uint64, next int) {
	if i > len(b) {
		return 0, broken
	}
	v, n := protowire.ConsumeVarint(b[i:])
	if n < 0 {
		return 0, broken
	}
	return v, i + n
}

// tag reads a field's key, number<<3 | wire type, which must be one that protobuf allows.
func tag(b []byte, i int) (key uint32, next int) {
	v, next := varint(b, i)
	if n := v >> 3; n == 0 || n > uint64(protowire.MaxValidNumber) {
		return 0, broken
	}
	return uint32(v), next
}

// span reads a length and finds the end of what it measures.
func span(b []byte, i int) (from, to int) {
	n, i := varint(b, i)
	if i > len(b) || n > uint64(len(b)-i) {
		return broken, broken
	}
	return i, i + int(n)
}

// text reads a string, which must be UTF-8. The bytes are a piece of b.
func text(b []byte, i int) (v []byte, next int) {
	from, to := span(b, i)
	if to == broken {
		return nil, broken
	}
	v = b[from:to:to]
	for _, c := range v {
		if c >= utf8.RuneSelf {
			if !utf8.Valid(v) {
				return nil, broken
			}
			break
		}
	}
	return v, to
}

// skip passes over a field that is not ours: an unknown number, or a known one with
// another wire type. Groups must be nested as they should, to a bounded depth.
func skip(b []byte, i int, key uint32) int {
	if i > len(b) {
		return broken
	}
	n := protowire.ConsumeFieldValue(protowire.Number(key>>3), protowire.Type(key&7), b[i:])
	if n < 0 {
		return broken
	}
	return i + n
}

// reader walks over one message's fields, for the messages that come once a second and
// whose decoders should rather be easy to read.
type reader struct {
	b []byte
	i int
}

func (r *reader) bad() bool { return r.i > len(r.b) }

// tag reads the next field's key; ok is false at the end and after a failure.
func (r *reader) tag() (key uint32, ok bool) {
	if r.i >= len(r.b) {
		return 0, false
	}
	key, r.i = tag(r.b, r.i)
	return key, r.i != broken
}

func (r *reader) varint() (v uint64) {
	v, r.i = varint(r.b, r.i)
	return v
}

func (r *reader) text() (v []byte) {
	v, r.i = text(r.b, r.i)
	return v
}

func (r *reader) amount(a *amount) { r.i = readAmount(r.b, r.i, a) }

func (r *reader) skip(key uint32) { r.i = skip(r.b, r.i, key) }

// sub makes a reader of a sub-message, which must be read to its end and given to join.
func (r *reader) sub() reader {
	from, to := span(r.b, r.i)
	if r.i = to; to == broken {
		return reader{i: broken}
	}
	return reader{b: r.b[:to], i: from}
}

func (r *reader) join(sub *reader) {
	if sub.bad() {
		r.i = broken
	}
}

// parts reads a Timestamp, Date or TimeOfDay, over what an earlier one left there.
func (r *reader) parts(p *parts) {
	p.set = true
	in := r.sub()
	for {
		key, ok := in.tag()
		if !ok {
			break
		}
		if num := key >> 3; num <= uint32(len(p.n)) && key&7 == wireVarint {
			p.n[num-1] = int64(in.varint())
		} else {
			in.skip(key)
		}
	}
	r.join(&in)
}
