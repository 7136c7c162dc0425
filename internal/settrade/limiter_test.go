package settrade

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// passed tells of an instant at which more calls arrived within a span than a limit allows.
func passed(arrivals []time.Time) (span time.Duration, n int, ok bool) {
	for span, most := range map[time.Duration]int{time.Second: perSecond, time.Minute: perMinute} {
		for i := most; i < len(arrivals); i++ {
			if arrivals[i].Sub(arrivals[i-most]) < span {
				return span, most + 1, true
			}
		}
	}
	return 0, 0, false
}

// Calls take any time, and arrive at any moment of it.
func TestTheLimitsAreNeverPassedWhereTheyAreCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w window
		now := time.Unix(0, 0)
		var arrivals []time.Time
		for range rapid.IntRange(1, 200).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "pause")))
			at, known := w.next(now)
			if !known || at.Before(now) {
				t.Fatal("a call in the past, or never")
			}
			w.begin()
			took := time.Duration(rapid.Int64Range(0, int64(2*time.Second)).Draw(t, "took"))
			arrivals = append(arrivals, at.Add(time.Duration(rapid.Float64Range(0, 1).Draw(t, "way")*float64(took))))
			now = at.Add(took)
			w.end(now)
			if span, n, is := passed(arrivals); is {
				t.Fatalf("%d calls within %v", n, span)
			}
		}
	})
}

// A dozen callers that never rest, for an hour: the limits hold, and are used.
func TestManyCallersAtOncePassNoLimitAndWasteLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var l limiter
		var mu sync.Mutex
		var arrivals []time.Time
		var wg sync.WaitGroup
		rng := rand.New(rand.NewPCG(1, 2))
		draw := func(most time.Duration) time.Duration {
			mu.Lock()
			defer mu.Unlock()
			return time.Duration(rng.Int64N(int64(most)))
		}
		for range 12 {
			wg.Go(func() {
				for {
					done, err := l.wait(ctx)
					if err != nil {
						return
					}
					time.Sleep(draw(300 * time.Millisecond)) // its way there
					mu.Lock()
					arrivals = append(arrivals, time.Now())
					mu.Unlock()
					time.Sleep(draw(300 * time.Millisecond)) // and back
					done()
				}
			})
		}
		wg.Wait()
		if span, n, is := passed(arrivals); is {
			t.Errorf("%d calls within %v", n, span)
		}
		if n := len(arrivals); n < 3500 || n > 3600+perMinute {
			t.Errorf("%d calls in an hour, want close to 3600", n)
		}
	})
}

func TestACallWaitsItsTurnAndCanBeGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limiter
		began := time.Now()
		call := func() func() {
			t.Helper()
			done, err := l.wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return done
		}
		for range 5 {
			call()()
		}
		sixth := call()
		if took := time.Since(began); took != time.Second {
			t.Errorf("six calls took %v, want 1s", took)
		}
		for range 4 {
			defer call()()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		go func() {
			time.Sleep(10 * time.Second)
			sixth()
		}()
		if _, err := l.wait(ctx); err != nil || time.Since(began) != 12*time.Second {
			t.Errorf("with five under way the next one came after %v, %v; want a second after one ended", time.Since(began), err)
		}
		l.block(time.Now().Add(time.Hour))
		if _, err := l.wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
