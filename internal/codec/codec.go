// Package codec turns the exchange's protobuf payloads into events and back, by hand: a
// plain loop over the wire format into a fixed struct costs a third of what generated code
// does, and exactly one allocation, the event itself.
//
// Decode judges form, not markets. What google.golang.org/protobuf refuses, it refuses;
// what that accepts, it accepts with the same values, and then asks for what a trader must
// be able to rely on: the symbol is there and is the topic's, prices and times fit.
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

// ClassOf gives the class of an error of Decode; what is no *Error counts as malformed.
func ClassOf(err error) ledger.DecodeClass {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ledger.Malformed
}

// ClassName gives the class of an error of DecodeTopic as `runner decode` prints it.
func ClassName(err error) string {
	switch {
	case errors.Is(err, topic.ErrUnknown):
		return "unknown_topic"
	case errors.Is(err, ErrOversized):
		return "oversized"
	}
	return ClassOf(err).String()
}

// Decode reads the payload of a message on t. The event shares t's symbol string and holds
// no part of payload. It allocates the event and, for orders, their strings.
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

// DecodeTopic is Decode for a topic by name, for use outside the hot path.
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

// identity holds what must be the topic's own.
func identity(k messages.Kind, field string, got []byte, want string) error {
	switch {
	case len(got) == 0:
		return refuse(k, ledger.Missing, field, "it is not there")
	case string(got) != want:
		return refuse(k, ledger.Mismatch, field, "it is not the topic's")
	}
	return nil
}
