package codec

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/feedtree/feedtree/messages"
)

type vector struct {
	Name, Topic, Payload, Error string
	Event                       json.RawMessage
}

func vectors(t testing.TB) []vector {
	f, err := os.Open("testdata/vectors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []vector
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var v vector
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if len(out) != 532 {
		t.Fatalf("%d vectors, want 532", len(out))
	}
	return out
}

func (v vector) payload(t testing.TB) []byte {
	b, err := base64.StdEncoding.DecodeString(v.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decodeJSON(t testing.TB, b []byte) map[string]any {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return m
}

func TestEveryVectorOfTheOfficialSDKDecodesToItsEventOrItsError(t *testing.T) {
	for _, v := range vectors(t) {
		e, err := DecodeTopic(v.Topic, v.payload(t), messages.Meta{})
		switch {
		case v.Error != "" && err == nil:
			t.Errorf("%s: accepted, want %s", v.Name, v.Error)
		case v.Error != "" && v.Error != "any" && string(ClassName(err)) != v.Error:
			t.Errorf("%s: %v is of class %s, want %s", v.Name, err, ClassName(err), v.Error)
		case v.Error == "" && err != nil:
			t.Errorf("%s: %v", v.Name, err)
		case v.Error == "":
			got := decodeJSON(t, e.AppendJSON(nil))
			if want := decodeJSON(t, v.Event); !reflect.DeepEqual(got, want) {
				t.Errorf("%s:\n got %v\nwant %v", v.Name, got, want)
			}
		}
	}
}
