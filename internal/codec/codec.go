// Package codec turns the exchange's protobuf payloads into events and back, by hand: a
// plain loop over the wire format into a fixed struct costs a fifth of what generated code
// does, and exactly one allocation, the event itself (BenchmarkDecodeBidOffer).
//
// Decode judges form, not markets. What google.golang.org/protobuf refuses, it refuses;
// what that accepts, it accepts with the same values, and then asks for what a trader must
// be able to rely on: the symbol is there and is the topic's, prices and times fit. Unknown
// fields are skipped, unknown enum numbers kept, and of a field that comes twice the last
// value counts, sub-messages merging field by field, as proto3 has it.
package codec

import (
	"errors"
	"fmt"

	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// MaxPayload is the largest payload that is decoded, in bytes. The largest real message is
// under a kilobyte; without a cap a hostile one could ask for a hundred times its size.
const MaxPayload = 64 << 10

// Error says why a payload was refused. It holds nothing of the payload but field names.
type Error struct {
	Class  ledger.DecodeClass
	Kind   messages.Kind
	Field  string // "" when it is the whole message
	Reason string
}

func (e *Error) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("decode %s: %s: %s", e.Kind, e.Class, e.Reason)
	}
	return fmt.Sprintf("decode %s: %s: %s: %s", e.Kind, e.Class, e.Field, e.Reason)
}

// ErrOversized is returned for a payload over MaxPayload.
var ErrOversized = fmt.Errorf("decode: the payload is over %d bytes", MaxPayload)

// ClassOf gives the class of an error of Decode for the ledger; what is no *Error counts as
// malformed. ErrOversized has a counter of its own and should be looked for first.
func ClassOf(err error) ledger.DecodeClass {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ledger.Malformed
}

// Class names all that may be wrong with a message, as `runner decode` prints it.
type Class string

// The classes: those of Decode, then what never came to be decoded.
const (
	ClassMalformed    Class = "malformed"
	ClassMissing      Class = "missing"
	ClassMismatch     Class = "mismatch"
	ClassOutOfRange   Class = "out_of_range"
	ClassOversized    Class = "oversized"
	ClassUnknownTopic Class = "unknown_topic"
)

// ClassName gives the class of an error of Decode or DecodeTopic.
func ClassName(err error) Class {
	switch {
	case errors.Is(err, topic.ErrUnknown):
		return ClassUnknownTopic
	case errors.Is(err, ErrOversized):
		return ClassOversized
	}
	return Class(ClassOf(err).String())
}

// Decode reads the payload of a message on t; its errors are *Error and ErrOversized. The
// event shares t's strings and holds no part of payload, so that is all it allocates. Orders
// have strings of their own besides, and so has an exchange info of another market.
func Decode(t *topic.Topic, payload []byte, m messages.Meta) (messages.Event, error) {
	if len(payload) > MaxPayload {
		return nil, ErrOversized
	}
	switch t.Kind {
	case messages.KindBidOffer:
		return decodeBidOffer(t, payload, m)
	case messages.KindPriceInfo:
		return decodePriceInfo(t, payload, m)
	case messages.KindCandlestick:
		return decodeCandlestick(t, payload, m)
	case messages.KindEquityExchangeInfo:
		return decodeEquityExchangeInfo(t, payload, m)
	case messages.KindDerivativesExchangeInfo:
		return decodeDerivativesExchangeInfo(t, payload, m)
	case messages.KindEquityOrder:
		return decodeEquityOrder(t, payload, m)
	case messages.KindDerivativesOrder:
		return decodeDerivativesOrder(t, payload, m)
	}
	return nil, fmt.Errorf("%w: %s", topic.ErrUnknown, t.Key())
}

// DecodeTopic is Decode for a topic by name, for use outside the hot path. Of its errors
// ClassName tells the class.
func DecodeTopic(name string, payload []byte, m messages.Meta) (messages.Event, error) {
	t, err := topic.Parse(name)
	if err != nil {
		return nil, err
	}
	return Decode(&t, payload, m)
}

func refuse(k messages.Kind, c ledger.DecodeClass, field, reason string) error {
	return &Error{Class: c, Kind: k, Field: field, Reason: reason}
}

func malformed(k messages.Kind) error {
	return refuse(k, ledger.Malformed, "", "the bytes are no protobuf message of this kind")
}

func missing(k messages.Kind, field string) error {
	return refuse(k, ledger.Missing, field, "it is not there")
}

// identity holds what must be the topic's own.
func identity(k messages.Kind, field string, got []byte, want string) error {
	switch {
	case len(got) == 0:
		return missing(k, field)
	case string(got) != want:
		return refuse(k, ledger.Mismatch, field, "it is not the topic's")
	}
	return nil
}
