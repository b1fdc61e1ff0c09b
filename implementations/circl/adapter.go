// Adapter for github.com/cloudflare/circl: JSON Lines on the standard streams, as docs/adapter.md describes.
// Questions are answered one after another and nothing recovers: a panic of the library ends the process.
//
// The library has VOPRF (RFC 9497) and blind signatures (RFC 9474); the messages and the HTTP of Privacy Pass around
// them are the shim's.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"log"
	"os"
	"runtime/debug"
)

const library = "github.com/cloudflare/circl"

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

type adapter struct {
	server *server
}

func main() {
	log.SetOutput(os.Stderr)
	a := new(adapter)
	operations := map[string]func(json.RawMessage) answer{
		"hello":                    asking(hello),
		"ping":                     asking(func(nothing) answer { return ok(nothing{}) }),
		"bye":                      asking(func(nothing) answer { return ok(nothing{}) }),
		"serve":                    asking(a.serve),
		"stop":                     asking(a.stop),
		"privacypass.client.issue": asking(issue),
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

func hello(nothing) answer {
	version := "unknown"
	if info, found := debug.ReadBuildInfo(); found {
		for _, module := range info.Deps {
			if module.Path == library {
				version = module.Version
			}
		}
	}
	types := map[string]any{"type": []int{1, 2}}
	return ok(map[string]any{
		"protocol": 1, "name": "circl", "version": version, "language": "go",
		"source": []string{"pkg:golang/" + library + "@" + version},
		"roles": map[string]any{
			"privacypass.issuer": map[string]any{"variants": map[string]any{"http": []int{1, 2}, "type": []int{1, 2}}},
			"privacypass.client": map[string]any{"variants": types},
		},
		"operations": []string{"privacypass.client.issue"},
		"parallel":   1, "controls": []string{},
	})
}
