package settrade

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
)

// Secret is text that no log, error or encoding shows; Reveal gives it to those who need it.
type Secret string

const redacted = "[redacted]"

// Reveal gives the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format hides it from every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// LogValue hides it from log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides it from JSON and its like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ParseKey reads an application's secret: the base64 of a P-256 scalar, 32 bytes in
// big-endian order. Users paste it with white space around it or without its padding, so
// both are mended. An error tells what was expected, never what the secret held.
func ParseKey(secret Secret) (*ecdsa.PrivateKey, error) {
	text := strings.TrimRight(strings.TrimSpace(secret.Reveal()), "=")
	if text == "" {
		return nil, fmt.Errorf("is empty; expected the base64 text that the exchange's portal gave out")
	}
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("is not base64 (%d characters); expected 44 characters of A-Z a-z 0-9 + / as the exchange's portal gave them out", len(text))
	}
	if len(raw) > 32 {
		for _, b := range raw[:len(raw)-32] {
			if b != 0 {
				return nil, fmt.Errorf("holds %d bytes; expected 32, the private key of P-256", len(raw))
			}
		}
		raw = raw[len(raw)-32:]
	}
	scalar := make([]byte, 32)
	copy(scalar[32-len(raw):], raw)
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	if err != nil {
		return nil, fmt.Errorf("is no private key of P-256: the number is zero or too large; copy it again from the exchange's portal")
	}
	return key, nil
}
