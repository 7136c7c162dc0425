package supervision

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Class is what kind of failure it was; it chooses the policy (see Decide).
type Class uint8

// The classes of failures. A failure that says nothing of its class is a Bug.
const (
	Bug           Class = iota // a panic
	Stuck                      // a Receive that does not return
	Configuration              // cannot succeed as configured
	Auth                       // credentials or a token were refused
	Transport                  // the network, or who is at its other end
	Poison                     // one message is bad, and nothing else is
	numClasses
)

var classNames = [numClasses]string{"bug", "stuck", "configuration", "auth", "transport", "poison"}

// String is the class's name: "bug", "stuck", …
func (c Class) String() string { return classNames[c] }

// MarshalText writes the class by its name.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a class by its name.
func (c *Class) UnmarshalText(name []byte) error {
	i := slices.Index(classNames[:], string(name))
	if i < 0 {
		return fmt.Errorf("failure class %q: expected one of %s", name, strings.Join(classNames[:], ", "))
	}
	*c = Class(i)
	return nil
}

// Classified is an error that knows its class.
type Classified interface {
	error
	SupervisionClass() Class
}

// ClassOf gives the class of a failure's reason; whatever says nothing is a bug.
func ClassOf(reason any) Class {
	var c Classified
	if err, ok := reason.(error); ok && errors.As(err, &c) {
		if class := c.SupervisionClass(); class < numClasses {
			return class
		}
	}
	return Bug
}

// As gives an error a class. An actor that panics with it chooses its policy:
//
//	panic(supervision.As(supervision.Poison, err))
//
// loses the message in hand, which is kept, and goes on without a restart.
func As(class Class, err error) error { return &classified{err, class} }

type classified struct {
	error
	class Class
}

func (c *classified) Unwrap() error           { return c.error }
func (c *classified) SupervisionClass() Class { return c.class }
