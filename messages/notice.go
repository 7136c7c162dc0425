package messages

// Notice is a message of the feed about itself.
type Notice interface {
	// Type is the notice's name in event JSON: "gap", "symbol_live", ...
	Type() string
	isNotice()
}
