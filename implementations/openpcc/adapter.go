// Adapter for github.com/openpcc/ohttp with its bhttp and twoway: JSON Lines on the standard streams, as docs/adapter.md describes.
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
	"strings"
)

const library = "github.com/openpcc/ohttp"

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
	version, source := "unknown", []string{}
	if info, found := debug.ReadBuildInfo(); found {
		for _, module := range info.Deps {
			if strings.HasPrefix(module.Path, "github.com/openpcc/") {
				source = append(source, "pkg:golang/"+module.Path+"@"+module.Version)
			}
			if module.Path == library {
				version = module.Version
			}
		}
	}
	// The modules take every combination of circl's KEMs, KDFs and AEADs; these are the ones in use.
	suites := []string{
		"0020/0001/0001", "0020/0001/0002", "0020/0001/0003", "0010/0001/0001", "0010/0001/0003",
		"0011/0002/0002", "0012/0003/0002", "0021/0003/0003",
	}
	with := func(features ...string) map[string]any {
		return map[string]any{"features": append([]string{}, features...), "variants": map[string]any{"suite": suites}}
	}
	both := map[string]any{"variants": map[string]any{"framing": []string{"known", "indeterminate"}}}
	offered := []string{}
	for _, offer := range offers {
		for _, algorithm := range offer.algorithms {
			offered = append(offered, fmt.Sprintf("%04x/%04x/%04x",
				uint16(offer.kem), uint16(algorithm.KDFID), uint16(algorithm.AEADID)))
		}
	}
	return ok(map[string]any{
		"protocol": 1, "name": "openpcc", "version": version, "language": "go",
		"source": source,
		"roles": map[string]any{
			"ohttp.gateway": map[string]any{
				"features": []string{"chunked"},
				"variants": map[string]any{"http": []int{1, 2}, "suite": offered},
			},
			"ohttp.client": with("plain", "chunked"), "ohttp.sender": with(), "ohttp.receiver": with("nonce", "private-key"),
			"keyconfig.decoder": with(), "keyconfig.encoder": with("private-key"),
			"bhttp.decoder": both, "bhttp.encoder": both,
		},
		"operations": []string{
			"bhttp.decode", "bhttp.encode", "keyconfig.decode", "keyconfig.encode", "ohttp.request.encapsulate",
			"ohttp.request.decapsulate", "ohttp.response.encapsulate", "ohttp.response.decapsulate",
			"ohttp.client.fetch",
		},
		"parallel": 1, "controls": []string{"reset"},
	})
}
