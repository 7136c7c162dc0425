package httpd

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Token is what a request must present that changes something or may show orders, where the
// door is on loopback and asks for nothing else. It is made when the door opens and kept in a
// file that its user alone can read.
type Token string

// TokenFile is where the token of the process at an address is: host:port as bound.
func TokenFile(addr string) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a directory for the token: %w", err)
	}
	return filepath.Join(dir, "feedtree", strings.NewReplacer(":", "_", "[", "", "]", "").Replace(addr)+".token"), nil
}

// NewToken makes a token and writes its file, 0600.
func NewToken(addr string) (Token, error) {
	path, err := TokenFile(addr)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make a directory for the token: %w", err)
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	t := Token(hex.EncodeToString(secret))
	os.Remove(path) // whatever stands there, its permissions are not to be inherited
	if err := os.WriteFile(path, []byte(t), 0o600); err != nil {
		os.Remove(path) // half a token is none
		return "", fmt.Errorf("write the token: %w", err)
	}
	return t, nil
}

// ReadToken reads the token of the process at an address; "" if there is none to read.
func ReadToken(addr string) string {
	path, err := TokenFile(addr)
	if err != nil {
		return ""
	}
	secret, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(secret))
}

// Forget takes the token's file away.
func (t Token) Forget(addr string) {
	if path, err := TokenFile(addr); err == nil && t != "" {
		os.Remove(path)
	}
}
