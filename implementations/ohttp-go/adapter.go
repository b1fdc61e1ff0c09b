// Adapter for github.com/chris-wood/ohttp-go: JSON Lines on the standard streams, as docs/adapter.md describes.
// Questions are answered one after another and nothing recovers: a panic of the library ends the process.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"runtime/debug"
)

const library = "github.com/chris-wood/ohttp-go"

// octets travel as lower-case hex.
type octets []byte

func (o octets) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(o)), nil }

func (o *octets) UnmarshalText(text []byte) (err error) {
	*o, err = hex.DecodeString(string(text))
	return err
}

// answer holds exactly one of ok, refused, unsupported and error.
type answer map[string]any

func ok(content any) answer { return answer{"ok": content} }

func refused(class string, err error) answer {
	return answer{"refused": map[string]string{"class": class, "detail": err.Error()}}
}

func unsupported(reason string) answer {
	return answer{"unsupported": map[string]string{"reason": reason}}
}

func broken(err error) answer { return answer{"error": map[string]string{"detail": err.Error()}} }

// asking turns a function of typed parameters into an operation.
func asking[T any](do func(T) answer) func(json.RawMessage) answer {
	return func(raw json.RawMessage) answer {
		var with T
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &with); err != nil {
				return broken(err)
			}
		}
		return do(with)
	}
}

type nothing struct{}

func main() {
	log.SetOutput(os.Stderr)
	a := newAdapter()
	operations := map[string]func(json.RawMessage) answer{
		"hello":                      asking(a.hello),
		"ping":                       asking(func(nothing) answer { return ok(nothing{}) }),
		"bye":                        asking(func(nothing) answer { return ok(nothing{}) }),
		"reset":                      asking(a.reset),
		"serve":                      asking(a.serve),
		"stop":                       asking(a.stop),
		"bhttp.decode":               asking(decodeMessage),
		"bhttp.encode":               asking(encodeMessage),
		"keyconfig.decode":           asking(decodeKeys),
		"keyconfig.encode":           asking(a.encodeKeys),
		"ohttp.request.encapsulate":  asking(a.encapsulateRequest),
		"ohttp.request.decapsulate":  asking(a.decapsulateRequest),
		"ohttp.response.encapsulate": asking(a.encapsulateResponse),
		"ohttp.response.decapsulate": asking(a.decapsulateResponse),
		"ohttp.client.fetch":         asking(fetch),
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<16)
	out := json.NewEncoder(os.Stdout) // one write a line, so nothing waits in a buffer
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var question struct {
			ID   json.RawMessage `json:"id"`
			Do   string          `json:"do"`
			With json.RawMessage `json:"with"`
		}
		if err := json.Unmarshal(line, &question); err != nil {
			log.Fatal(err)
		}
		reply := unsupported("no operation " + question.Do)
		if operation, known := operations[question.Do]; known {
			reply = operation(question.With)
		}
		reply["id"] = question.ID
		if err := out.Encode(reply); err != nil {
			log.Fatal(err)
		}
		if question.Do == "bye" {
			return
		}
	}
}

func (a *adapter) hello(nothing) answer {
	version := "unknown"
	if info, found := debug.ReadBuildInfo(); found {
		for _, module := range info.Deps {
			if module.Path == library {
				version = module.Version
			}
		}
	}
	// The library takes every KDF and AEAD with every KEM of circl; these are the combinations in use.
	suites := []string{
		"0020/0001/0001", "0020/0001/0002", "0020/0001/0003", "0010/0001/0001", "0010/0001/0003",
		"0011/0002/0002", "0012/0003/0002", "0021/0003/0003",
	}
	bySuite := map[string]any{"variants": map[string]any{"suite": suites}}
	// RFC 9292, section 3.2: the library knows the indicators of indeterminate length, but then reads known lengths.
	known := map[string]any{"variants": map[string]any{"framing": []string{"known"}}}
	offered := []string{}
	for _, entry := range offers {
		offered = append(offered, fmt.Sprintf("%04x/%04x/%04x", uint16(entry.kem), uint16(entry.kdf), uint16(entry.aead)))
	}
	return ok(map[string]any{
		"protocol": 1, "name": "ohttp-go", "version": version, "language": "go",
		"source": []string{"pkg:golang/" + library + "@" + version},
		"roles": map[string]any{
			"ohttp.gateway": map[string]any{
				"features": []string{},
				"variants": map[string]any{"http": []int{1, 2}, "suite": offered},
			},
			"ohttp.client": map[string]any{"features": []string{"plain"}, "variants": bySuite["variants"]},
			"ohttp.sender": bySuite, "ohttp.receiver": bySuite,
			"keyconfig.decoder": bySuite, "keyconfig.encoder": bySuite,
			"bhttp.decoder": known, "bhttp.encoder": known,
		},
		"operations": []string{
			"bhttp.decode", "bhttp.encode", "keyconfig.decode", "keyconfig.encode", "ohttp.request.encapsulate",
			"ohttp.request.decapsulate", "ohttp.response.encapsulate", "ohttp.response.decapsulate",
			"ohttp.client.fetch",
		},
		"parallel": 1, "controls": []string{"reset"},
	})
}
