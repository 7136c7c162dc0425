package app

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzDecodeLines: every line that holds anything is answered by one, in its place, and the
// answer is one JSON object with an event or an error.
func FuzzDecodeLines(f *testing.F) {
	f.Add([]byte("{\"topic\":\"proto/topic/bidofferv3/AOT\",\"payload\":\"CgNBT1Q=\",\"n\":1}\n\n{}\r\nnonsense"))
	f.Add([]byte("{\"a\":[1,\r2],\"a\":null,\"event\":1,\"error\":2}"))
	f.Add([]byte("{\"topic\":1,\"payload\":[]} {}\n{\"\xff\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		if err := decodeLines(bytes.NewReader(in), &out); err != nil {
			t.Fatal(err)
		}
		want := 0
		for line := range bytes.SplitSeq(in, []byte{'\n'}) {
			if len(bytes.TrimSpace(line)) > 0 {
				want++
			}
		}
		lines := bytes.Split(bytes.TrimSuffix(out.Bytes(), []byte{'\n'}), []byte{'\n'})
		if out.Len() == 0 {
			lines = nil
		}
		if len(lines) != want {
			t.Fatalf("%d lines for %d", len(lines), want)
		}
		for _, line := range lines {
			var answer map[string]json.RawMessage
			if err := json.Unmarshal(line, &answer); err != nil {
				t.Errorf("%q: %v", line, err)
			}
			if (answer["event"] == nil) == (answer["error"] == nil) {
				t.Errorf("%q: neither or both of an event and an error", line)
			}
			if bytes.ContainsAny(line, "\r\v\f") {
				t.Errorf("%q: no one line to every reader", line)
			}
		}
	})
}
