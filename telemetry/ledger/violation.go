package ledger

// Violation says in which packet a broker broke the protocol.
type Violation uint8

// The packets that are told apart. What no server sends at all is unexpected.
const (
	BadConnack Violation = iota
	BadPublish
	BadSuback
	BadUnsuback
	BadPingresp
	BadWebSocket
	BadUnexpected
	numViolations
)

var violationNames = [numViolations]string{"connack", "publish", "suback", "unsuback", "pingresp", "websocket", "unexpected"}

func (v Violation) String() string { return violationNames[v] }
