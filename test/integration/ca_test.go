package integration

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
)

// writeCA puts a certificate where tls.ca_file can name it.
func writeCA(t testing.TB, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
