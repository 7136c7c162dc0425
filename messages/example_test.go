package messages_test

import (
	"fmt"

	"github.com/feedtree/feedtree/messages"
)

func price(s string) messages.Price {
	p, err := messages.ParsePrice(s)
	if err != nil {
		panic(err)
	}
	return p
}

func ExampleBidOffer() {
	book := messages.NewBidOffer(&messages.BidOfferData{
		Symbol: "AOT",
		Bids:   [messages.Levels]messages.Level{{Price: price("34.25"), Volume: 1200}, {Price: price("34.00"), Volume: 5000}},
		Asks:   [messages.Levels]messages.Level{{Price: price("34.75"), Volume: 800}},
	})
	spread, ok := book.Spread()
	fmt.Println(book.Symbol(), book.BestBid().Price, book.BestAsk().Price, book.BidDepth())
	fmt.Println(spread, ok)
	// Output:
	// AOT 34.25 34.75 2
	// 0.5 true
}

// In an auction the first level has no price, and so there is no spread.
func ExampleBidOffer_IsAuction() {
	book := messages.NewBidOffer(&messages.BidOfferData{
		Symbol: "AOT", BidFlag: messages.FlagATO,
		Bids: [messages.Levels]messages.Level{{Volume: 1200}},
		Asks: [messages.Levels]messages.Level{{Price: price("34.75"), Volume: 800}},
	})
	_, ok := book.Spread()
	fmt.Println(book.IsAuction(), book.BestBid().Price, ok)
	// Output: true 0 false
}

func ExamplePrice_AddTicks() {
	p := price("24.90")
	fmt.Println(p.TickSize(), p.AddTicks(2), p.AddTicks(-1))
	// Output: 0.1 25.25 24.8
}

func ExampleParsePrice() {
	p, err := messages.ParsePrice("34.25")
	fmt.Println(p, p == 34*messages.Baht+messages.Baht/4, err)
	_, err = messages.ParsePrice("34,25")
	fmt.Println(err)
	// Output:
	// 34.25 true <nil>
	// price: "34,25": expected a decimal number with at most nine decimals, like 34.25
}
