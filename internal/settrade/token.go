package settrade

import "time"

// Token is what a login or a refresh gives. The zero value is no token.
type Token struct {
	Access    Secret
	Refresh   Secret
	Type      string    // "Bearer"
	ExpiresAt time.Time // with its monotonic reading: a jump of the wall clock moves nothing
	Lifetime  time.Duration
}

// Valid reports whether there is a token at all.
func (t Token) Valid() bool { return t.Access != "" }

// Authorization is the header that presents the token.
func (t Token) Authorization() string { return t.Type + " " + t.Access.Reveal() }

// RenewAt is when the token should be renewed: before its expiry by the configured time, or
// by a third of its lifetime if that is less.
func (t Token) RenewAt(before time.Duration) time.Time {
	return t.ExpiresAt.Add(-min(before, t.Lifetime/3))
}

// Dispatch is where to connect, in order of preference, and with what.
type Dispatch struct {
	Hosts []string
	Token Secret
	Type  string
}

// Authorization is the header of the WebSocket's upgrade.
func (d Dispatch) Authorization() string { return d.Type + " " + d.Token.Reveal() }
