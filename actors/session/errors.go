package session

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/gorilla/websocket"

	"github.com/feedtree/feedtree/internal/dial"
	"github.com/feedtree/feedtree/internal/lane"
	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Error says why a connection could not be made. It never holds a token.
type Error struct {
	Op    string // "dial" or "connect"
	Host  string
	Class ledger.FailClass
	Hint  string
	Err   error
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s %s: %v", e.Op, e.Host, e.Err)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf gives the class of any error that an attempt can end with.
func ClassOf(err error) ledger.FailClass {
	var own *Error
	if errors.As(err, &own) {
		return own.Class
	}
	return settrade.ClassOf(err)
}

func dialError(ctx context.Context, host string, answer *http.Response, err error) error {
	e := &Error{Op: "dial", Host: host, Class: ledger.FailTransport, Err: err}
	var authority x509.UnknownAuthorityError
	switch {
	case errors.Is(err, websocket.ErrBadHandshake) && answer != nil:
		e.Err = fmt.Errorf("the WebSocket upgrade was answered %d, expected 101", answer.StatusCode)
		switch code := answer.StatusCode; {
		case code == http.StatusUnauthorized || code == http.StatusForbidden:
			e.Class, e.Hint = ledger.FailAuth, "the dispatcher token was refused"
		case code == http.StatusTooManyRequests:
			e.Class = ledger.FailRateLimit
		case code >= 500:
			e.Class = ledger.FailServer
		default:
			e.Class = ledger.FailProtocol
		}
	case errors.As(err, &authority):
		e.Class, e.Hint = ledger.FailTLS, "set tls.ca_file to the authority that signed the server's certificate"
	case errors.Is(err, dial.ErrTooLong):
		e.Class, e.Err = ledger.FailProtocol, dial.ErrTooLong
	case settrade.IsTLS(err):
		e.Class = ledger.FailTLS
	case ctx.Err() != nil:
		e.Err = fmt.Errorf("no connection: %w", ctx.Err())
	case strings.Contains(err.Error(), "websocket"):
		e.Class = ledger.FailProtocol
	}
	return e
}

// connackNames are the return codes of MQTT 3.1.1, section 3.2.2.3.
var connackNames = [...]string{"accepted", "unacceptable protocol version", "identifier rejected", "server unavailable",
	"bad user name or password", "not authorized"}

func connectError(host string, code byte, err error) error {
	e := &Error{Op: "connect", Host: host, Class: ledger.FailTransport, Err: err}
	var protocol *lane.ProtocolError
	switch {
	case errors.As(err, &protocol):
		e.Class = ledger.FailProtocol
	case code >= 1 && int(code) < len(connackNames):
		e.Class, e.Err = ledger.FailRefused, fmt.Errorf("CONNACK %d: %s", code, connackNames[code])
		if code >= packets.ErrRefusedBadUsernameOrPassword {
			e.Class = ledger.FailAuth
		}
	case err == nil:
		e.Class, e.Err = ledger.FailProtocol, fmt.Errorf("CONNACK %d, expected 0", code)
	}
	return e
}
