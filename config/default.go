package config

import "time"

// Default is the configuration when nothing is configured.
func Default() Config {
	return Config{
		Session: Session{
			KeepAlive:        10 * time.Second,
			PingTimeout:      5 * time.Second,
			ConnectTimeout:   10 * time.Second,
			SubscribeTimeout: 10 * time.Second,
			SubscribeBatch:   100,
			RenewBefore:      300 * time.Second,
			Rollover:         RolloverAuto,
			StallAfter:       10 * time.Second,
			FastLane:         true,
			RESTTimeout:      10 * time.Second,
			CloseTimeout:     time.Second,
			Backoff:          Backoff{Min: time.Second, Max: 16 * time.Second, Factor: 2, Jitter: 1},
		},
		Feed:       Feed{RawQueue: RawQueue{Capacity: 100_000, MaxBytes: 64 << 20}},
		Dispatcher: Dispatcher{Capacity: 100_000},
		Health:     Health{FeedGap: 5 * time.Second, SymbolGap: 30 * time.Second, Sweep: 250 * time.Millisecond},
		Market: Market{
			Markets:     []string{"SET", "mai"},
			Derivatives: []string{"TFEX"},
			Sessions: []MarketSession{
				{Open: At(10, 0), Close: At(12, 30)},
				{Open: At(14, 0), Close: At(16, 30)},
			},
		},
		Supervision: Supervision{
			Scope:           OneForOne,
			Backoff:         Backoff{Min: 200 * time.Millisecond, Max: 30 * time.Second, Factor: 2, Jitter: 1},
			Budget:          Budget{Restarts: 10, Window: 5 * time.Minute},
			After:           Escalate,
			Stable:          30 * time.Second,
			ReceiveDeadline: 5 * time.Second,
		},
		Poison: Poison{Entries: 1000, Bytes: 16 << 20},
		HTTP:   HTTP{Addr: "127.0.0.1:9330"},
		Log:    Log{Level: "info", Format: "auto"},
		Telemetry: Telemetry{
			Traces: TelemetryTraces{Slow: time.Millisecond, Ratio: 0.0001, PerSecond: 100, Queue: 20_000},
		},
		Shutdown: Shutdown{Deadline: 10 * time.Second},
	}
}

// DefaultStrategy is an instance with the defaults of all it does not say: the events its
// type asks for, of Config.Symbols, one-minute bars if it asks for bars, a mailbox of 100,000.
func DefaultStrategy(name, typ string) Strategy {
	return Strategy{
		Name:      name,
		Type:      typ,
		Intervals: []string{"1m"},
		Mailbox:   Mailbox{Capacity: 100_000, Overflow: DropOldest, DropWarning: 0.01},
	}
}
