package mailbox

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/internal/clock"
)

// ErrGoexit is the failure of an actor whose Receive ended its goroutine with
// runtime.Goexit, as testing.T.FailNow does.
var ErrGoexit = errors.New("mailbox: Receive called runtime.Goexit")

// runLimit is how many elements an actor that takes runs is given at once: enough that a
// lock and a wake-up are nothing, few enough that its control messages wait well under a
// millisecond.
const runLimit = 256

// box is an actor.Mailbox of three lanes: the system's, then control messages, which are
// never dropped, then the queue's. Control and queue take turns under load, so that neither
// starves the other. An idle mailbox has no goroutine.
type box[T any] struct {
	q          *Queue[T]
	opts       Options[T]
	lease      *Lease[T]
	invoker    actor.MessageInvoker
	dispatcher actor.Dispatcher

	started   atomic.Bool // everything above is set, and does not change any more
	running   atomic.Bool
	suspended atomic.Bool
	pending   atomic.Int32 // system and control messages waiting

	mu      sync.Mutex
	system  []any
	control []any
	ended   bool

	hand *Hand[T] // what takeOne works on; here, so that handing out its address allocates nothing
}

// PostUserMessage puts a message on the control lane. Messages of a batch are put one by one.
func (m *box[T]) PostUserMessage(message any) {
	body := message
	if env, ok := message.(*actor.MessageEnvelope); ok {
		body = env.Message
	}
	if batch, ok := body.(actor.MessageBatch); ok {
		for _, msg := range batch.GetMessages() {
			m.PostUserMessage(msg)
		}
		return
	}
	m.mu.Lock()
	if m.ended {
		m.mu.Unlock()
		if m.opts.Unread != nil {
			m.opts.Unread.Inc()
		}
		return
	}
	m.control = append(m.control, message)
	m.mu.Unlock()
	m.pending.Add(1)
	m.schedule()
}

// PostSystemMessage puts a message on the system lane.
func (m *box[T]) PostSystemMessage(message any) {
	m.mu.Lock()
	m.system = append(m.system, message)
	m.mu.Unlock()
	m.pending.Add(1)
	m.schedule()
}

// RegisterHandlers is called by the engine before Start.
func (m *box[T]) RegisterHandlers(invoker actor.MessageInvoker, dispatcher actor.Dispatcher) {
	m.invoker, m.dispatcher = invoker, dispatcher
}

// Start is called by the engine once the actor may receive. Only now is the lease taken:
// producers push all the time, and must not wake what is not whole yet. What was pushed or
// posted before is read now.
func (m *box[T]) Start() {
	m.lease = m.q.Lease(m.schedule)
	m.started.Store(true)
	m.schedule()
}

// UserMessageCount is the number of control messages waiting.
func (m *box[T]) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.control)
}

func (m *box[T]) schedule() {
	if m.started.Load() && m.running.CompareAndSwap(false, true) {
		m.dispatcher.Schedule(m.process)
	}
}

// process runs until there is nothing to do. The look after going idle finds whatever came
// between the last look and then, so no wake-up is lost.
func (m *box[T]) process() {
	for {
		if !m.drain() {
			return // the goroutine is ending; another one goes on
		}
		m.running.Store(false)
		if !m.work() || !m.running.CompareAndSwap(false, true) {
			return
		}
	}
}

func (m *box[T]) work() bool {
	if m.suspended.Load() {
		m.mu.Lock()
		defer m.mu.Unlock()
		return len(m.system) > 0
	}
	return m.pending.Load() > 0 || m.lease.Ready()
}

// drain hands over messages until none is left or the actor failed. It returns false when
// Receive ended the goroutine under it.
func (m *box[T]) drain() (alive bool) {
	var msg any
	returned := false
	defer func() {
		if returned {
			return
		}
		reason := recover()
		goexit := reason == nil
		if goexit {
			reason = ErrGoexit
		}
		m.failed(reason, msg)
		if alive = !goexit; goexit {
			m.dispatcher.Schedule(m.process)
		}
	}()
	m.handOver(&msg)
	returned = true
	return true
}

func (m *box[T]) failed(reason, msg any) {
	if m.opts.Current != nil {
		m.opts.Current.Store(0)
	}
	if m.opts.Reason != nil {
		reason = m.opts.Reason(reason)
	}
	e, ok := m.lease.Fail()
	if m.opts.Failed != nil {
		m.opts.Failed(e, ok, reason)
	}
	m.hand.Full = false
	m.invoker.EscalateFailure(reason, msg)
}

func (m *box[T]) handOver(msg *any) {
	throughput := m.dispatcher.Throughput()
	now := clock.Mono()
	for i := 0; ; i++ {
		if i > throughput {
			i = 0
			runtime.Gosched()
		}
		if m.pending.Load() > 0 {
			m.lease.Done()
			took := false
			for m.takeSystem(msg) {
				took = true
			}
			controlled := !m.suspended.Load() && m.takeControl(msg)
			if took || controlled {
				now = clock.Mono() // that time was not the next element's
			}
			if controlled && i%2 == 0 {
				continue // else the queue has its turn
			}
		}
		if m.suspended.Load() {
			m.lease.Done()
			return
		}
		if m.opts.Runs {
			if !m.takeRun(msg) {
				return
			}
		} else if !m.takeOne(msg, &now) && m.pending.Load() == 0 {
			return
		}
	}
}

func (m *box[T]) takeRun(msg *any) bool {
	run := m.lease.Take(runLimit)
	if run == nil {
		return m.pending.Load() > 0
	}
	m.watch(clock.Mono()) // one that is never idle is busy, not stuck
	*msg = run
	m.invoker.InvokeUserMessage(run)
	m.watch(0)
	return true
}

func (m *box[T]) takeOne(msg *any, now *int64) bool {
	var isNotice, ok bool
	h := m.hand
	if h.Elem, isNotice, ok = m.lease.Next(); !ok {
		return false
	}
	h.Full, h.Start = !isNotice, *now
	m.watch(h.Start)
	*msg = m.opts.Message(&h.Elem)
	m.invoker.InvokeUserMessage(*msg)
	m.watch(0)
	h.Full = false
	*now = clock.Mono()
	if m.opts.Delivered != nil {
		m.opts.Delivered(&h.Elem, isNotice, h.Start, *now)
	}
	return true
}

func (m *box[T]) watch(at int64) {
	if m.opts.Current != nil {
		m.opts.Current.Store(at)
	}
}

func (m *box[T]) takeSystem(msg *any) bool {
	m.mu.Lock()
	if len(m.system) == 0 {
		m.mu.Unlock()
		return false
	}
	*msg = m.system[0]
	if m.system = m.system[1:]; len(m.system) == 0 {
		m.system = nil
	}
	m.mu.Unlock()
	m.pending.Add(-1)
	switch (*msg).(type) {
	case *actor.SuspendMailbox:
		m.suspended.Store(true)
	case *actor.ResumeMailbox:
		m.suspended.Store(false)
	default:
		if _, stop := (*msg).(*actor.Stop); stop {
			m.end() // a stopped actor must not be handed anything: the engine would swallow it
		}
		m.watch(clock.Mono()) // a constructor or a Stopping that does not return is stuck, too
		m.invoker.InvokeSystemMessage(*msg)
		m.watch(0)
	}
	return true
}

// end gives the queue back and counts what is left on the control lane.
func (m *box[T]) end() {
	m.lease.Done()
	m.lease.Release()
	m.mu.Lock()
	unread := len(m.control)
	m.control, m.ended = nil, true
	m.mu.Unlock()
	m.pending.Add(-int32(unread))
	if m.opts.Unread != nil {
		m.opts.Unread.Add(uint64(unread))
	}
}

func (m *box[T]) takeControl(msg *any) bool {
	m.mu.Lock()
	if len(m.control) == 0 {
		m.mu.Unlock()
		return false
	}
	*msg = m.control[0]
	if m.control = m.control[1:]; len(m.control) == 0 {
		m.control = nil
	}
	m.mu.Unlock()
	m.pending.Add(-1)
	m.watch(clock.Mono())
	m.invoker.InvokeUserMessage(*msg)
	m.watch(0)
	return true
}
