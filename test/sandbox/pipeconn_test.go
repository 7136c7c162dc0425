package sandbox

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"

	"golang.org/x/net/nettest"
)

func TestAPipesConnectionsAreConnections(t *testing.T) {
	nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
		one, other := newPipeConn()
		return one, other, func() { one.Close(); other.Close() }, nil
	})
}

func TestWhatWasWrittenBeforeACloseIsReadButNotAfterAReset(t *testing.T) {
	for _, abrupt := range []bool{false, true} {
		one, other := newPipeConn()
		one.Write([]byte("last words"))
		if abrupt {
			one.SetLinger(0)
		}
		one.Close()
		said, err := io.ReadAll(other)
		if abrupt != errors.Is(err, syscall.ECONNRESET) || abrupt == (string(said) == "last words") {
			t.Errorf("abrupt %v: read %q, %v", abrupt, said, err)
		}
		if _, err := other.Write([]byte("too late")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("abrupt %v: a write to who has gone: %v", abrupt, err)
		}
	}
}
