package dial

import (
	"errors"
	"io"
	"net"
	"testing"
)

func TestBeyondItsLimitNothingIsReadUntilThatIsLifted(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	go func() {
		far.Write(make([]byte, 100))
		far.Close()
	}()
	l := Limit(near, 30)
	n, err := io.Copy(io.Discard, l)
	if n != 30 || !errors.Is(err, ErrTooLong) {
		t.Fatalf("%d bytes were read: %v", n, err)
	}
	l.Lift()
	if n, err := io.Copy(io.Discard, l); n != 70 || err != nil {
		t.Fatalf("%d bytes were read: %v", n, err)
	}
}
