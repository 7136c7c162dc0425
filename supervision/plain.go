package supervision

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

// sayLimit is how long a failure's reason may take to say what it is.
const sayLimit = 100 * time.Millisecond

// plain is a failure's reason as nothing but text and class.
type plain struct {
	text  string
	class Class
}

func (p *plain) Error() string           { return p.text }
func (p *plain) SupervisionClass() Class { return p.class }

// Plain turns what an actor panicked with into an error that is text and class and nothing
// else. A reason may be a value of the user's, whose methods panic, block or end their
// goroutine: they are called here, apart, for at most sayLimit, and never by the supervisor,
// which all of its children would wait for. clean takes out of the text what no log may hold;
// nil leaves it as it is.
func Plain(reason any, clean func(string) string) error {
	p := say(reason)
	if clean != nil {
		p.text = clean(p.text)
	}
	p.text = Cause(p.text)
	return p
}

func say(reason any) *plain {
	switch r := reason.(type) {
	case *plain:
		return &plain{r.text, r.class}
	case string:
		return &plain{text: r}
	case runtime.Error:
		return &plain{text: r.Error()}
	}
	said := make(chan *plain, 1)
	go func() {
		defer close(said)
		defer func() {
			if recover() != nil {
				said <- nil
			}
		}()
		said <- &plain{fmt.Sprint(reason), ClassOf(reason)}
	}()
	over := time.NewTimer(sayLimit)
	defer over.Stop()
	select {
	case p := <-said:
		if p != nil {
			return p
		}
	case <-over.C:
	}
	return &plain{text: fmt.Sprintf("a %T that cannot say what it is", reason)}
}

// causeLimit is how much of a failure's reason is shown, in bytes.
const causeLimit = 300

// Cause renders a failure's reason as one line of at most 300 bytes.
func Cause(reason any) string {
	text, ok := reason.(string)
	if !ok {
		text = fmt.Sprint(reason)
	}
	text = strings.ToValidUTF8(text[:min(len(text), causeLimit)], "")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}
