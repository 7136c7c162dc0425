package app

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/messages"
)

// maxLine bounds what one input line may make this process hold.
const maxLine = 16 << 20

func (a *program) decodeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "decode",
		Short: "Decode payloads: JSON lines in, JSON lines out",
		Long: `decode reads lines {"topic": "…", "payload": "<base64>"} and writes one line for
each, in order: the line's other keys, and the event or the error it decoded to.
It exits 0 when every line was read, whatever the payloads held.`,
		Example: `  runner decode < payloads.jsonl`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("%s takes no arguments, got %q; it reads standard input: %[1]s < FILE", cmd.CommandPath(), args[0])
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			if err := decodeLines(a.In, a.Out); err != nil {
				return &exitError{exitFailure, err}
			}
			return nil
		},
	}
}

func decodeLines(in io.Reader, out io.Writer) error {
	r := bufio.NewReaderSize(in, 64<<10)
	w := bufio.NewWriterSize(out, 64<<10)
	for {
		line, tooLong, err := readLine(r)
		if len(line) > 0 || tooLong {
			w.Write(decodeLine(line, tooLong))
			if err := w.WriteByte('\n'); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
		if r.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
		if errors.Is(err, io.EOF) {
			return w.Flush()
		}
		if err != nil {
			return errors.Join(w.Flush(), fmt.Errorf("read: %w", err))
		}
	}
}

// readLine reads a line without its end; of one that is too long nothing is kept.
func readLine(r *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		piece, err := r.ReadSlice('\n')
		if len(line)+len(piece) > maxLine {
			tooLong, line = true, nil
		} else if !tooLong {
			line = append(line, piece...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimSpace(line), tooLong, err
		}
	}
}

// input is a line's keys in their order.
type input struct {
	keys           []string
	values         []json.RawMessage
	topic, payload string
	hasTopic       bool
	hasPayload     bool
}

func decodeLine(line []byte, tooLong bool) []byte {
	if tooLong {
		return appendError([]byte{'{'}, string(codec.ClassMalformed), fmt.Sprintf("a line of more than %d MiB", maxLine>>20))
	}
	in, err := parseLine(line)
	if err != nil {
		return appendError([]byte{'{'}, string(codec.ClassMalformed), "not a JSON object: "+err.Error())
	}
	dst := []byte{'{'}
	for i, k := range in.keys {
		name, _ := json.Marshal(k)
		dst = append(append(append(dst, name...), ':'), in.values[i]...)
		dst = append(dst, ',')
	}
	if !in.hasTopic || !in.hasPayload {
		return appendError(dst, string(codec.ClassMalformed), `expected {"topic": "…", "payload": "<base64>"}`)
	}
	payload, err := base64.StdEncoding.DecodeString(in.payload)
	if err != nil {
		return appendError(dst, string(codec.ClassMalformed), "the payload is not base64: "+err.Error())
	}
	e, err := codec.DecodeTopic(in.topic, payload, messages.Meta{})
	if err != nil {
		return appendError(dst, string(codec.ClassName(err)), err.Error())
	}
	dst = append(dst, `"event":`...)
	return append(e.AppendJSON(dst), '}')
}

func appendError(dst []byte, class, message string) []byte {
	body, _ := json.Marshal(map[string]string{"class": class, "message": message})
	dst = append(dst, `"error":`...)
	return append(append(dst, body...), '}')
}

// parseLine keeps the line's keys in order, but for those that the answer brings.
func parseLine(line []byte) (in input, err error) {
	d := json.NewDecoder(bytes.NewReader(line))
	open, err := d.Token()
	if err != nil {
		return in, err
	}
	if open != json.Delim('{') {
		return in, errors.New("it does not begin with {")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return in, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return in, err
		}
		name := key.(string)
		switch name {
		case "payload":
			in.hasPayload = json.Unmarshal(value, &in.payload) == nil
			continue
		case "event", "error":
			continue
		case "topic":
			in.hasTopic = json.Unmarshal(value, &in.topic) == nil
		}
		// Between its parts a value may hold ends of lines, to some readers.
		var compact bytes.Buffer
		if err := json.Compact(&compact, value); err != nil {
			return in, err
		}
		in.keys, in.values = append(in.keys, name), append(in.values, compact.Bytes())
	}
	if _, err := d.Token(); err != nil {
		return in, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return in, errors.New("something follows the object")
	}
	return in, nil
}
