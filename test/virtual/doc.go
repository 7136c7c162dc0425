// Package virtual runs the whole tree against the whole exchange in a testing/synctest
// bubble: REST, TLS, WebSocket and MQTT over connections in memory, on a clock that moves
// when everyone waits. A trading day takes seconds, and nothing in it is shortened: the
// delays, keep-alives and deadlines are the defaults.
//
// `go test` lives through a fifth of a day, `make virtual` through a whole one.
package virtual
