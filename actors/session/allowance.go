package session

// allowance is what the roll-overs have taught of how many connections the exchange allows at
// a time. It is a value without a clock: each method takes note of one thing that happened.
type allowance struct {
	one       bool // one alone
	refusals  int  // of connections beside a good one, in a row
	evictions int  // of the old connection by one that went on to stand, in a row
	closures  int  // orderly ones that this taught, since it did
}

const (
	// maxRefusals is after how many refusals beside a good connection the exchange is taken to
	// allow one alone.
	maxRefusals = 3
	// maxEvictions is after how many roll-overs in a row in which the old connection ended as
	// the new one came. One may be chance: a cut at that very moment.
	maxEvictions = 2
	// maxClosures is after how many roll-overs that closed the old connection first the other
	// way is tried again. A broker that was overloaded for a while looks like one that allows
	// one connection, and must not cost a gap at every renewal from then on.
	maxClosures = 10
)

// passed notes a roll-over with two connections: nothing stands against them.
func (a *allowance) passed() { *a = allowance{} }

// refused notes that a connection beside a good one was refused.
func (a *allowance) refused() { a.refusals++; a.look() }

// evicted notes that a connection at whose coming its predecessor ended has stood until its
// own renewal. If it ends as well, both met the same fault, and it proves nothing.
func (a *allowance) evicted() { a.evictions++; a.look() }

func (a *allowance) look() {
	a.one = a.one || a.refusals >= maxRefusals || a.evictions >= maxEvictions
}

// closes notes that the old connection is closed first for what was learnt, and reports
// whether it is; now and then it is not, and what was learnt is forgotten.
func (a *allowance) closes() bool {
	if a.closures++; a.closures > maxClosures {
		*a = allowance{}
	}
	return a.one
}
