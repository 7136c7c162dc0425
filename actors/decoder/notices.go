package decoder

import (
	"time"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/seen"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// PutStale asks for a SymbolStale notice. The decoder looks at the last-seen store once
// more: if the symbol was seen since, or is not live, nothing happens.
type PutStale struct {
	Index     int // the symbol's slot in the last-seen store
	Symbol    string
	Threshold time.Duration
}

// PutFeedDead asks for a FeedDead notice, after a second look likewise.
type PutFeedDead struct {
	Threshold time.Duration
}

// MarketStatus says that a market's status is another one than before.
type MarketStatus struct {
	Market string
	Kind   messages.Kind // which exchange info carried it
	Equity messages.EquityMarketStatus
	Deriv  messages.DerivativesMarketStatus
	Mono   int64
}
