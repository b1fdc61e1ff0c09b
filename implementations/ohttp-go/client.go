package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	ohttp "github.com/chris-wood/ohttp-go"
)

type fetchWith struct {
	URL     string          `json:"url"`
	Keys    octets          `json:"keys"`
	Request json.RawMessage `json:"request"`
	Chunked bool            `json:"chunked"`
}

// fetch is a client made of the library: sealing, opening and Binary HTTP are its work. HTTP is the shim's: it posts, and
// takes for an encapsulated response what comes with 200 and the right media type.
func fetch(with fetchWith) answer {
	if with.Chunked {
		return unsupported("the library has no chunked form")
	}
	configs, err := readCollection(with.Keys)
	if err != nil {
		return refused("keys", err)
	}
	encoder, trouble := binaryRequest(with.Request)
	if trouble != nil {
		return trouble
	}
	plain, err := encoder.Marshal()
	if err != nil {
		return refused("bhttp", err)
	}
	// The first entry is the shim's choice, the first suite in it the library's.
	request, context, err := ohttp.NewDefaultClient(configs[0]).EncapsulateRequest(plain)
	if err != nil {
		return refused("encapsulate", err)
	}
	content, err := post(with.URL, request.Marshal())
	if err != nil {
		return refused("http", err)
	}
	encapsulated, err := ohttp.UnmarshalEncapsulatedResponse(content)
	if err != nil {
		return refused("layout", err)
	}
	opened, err := context.DecapsulateResponse(encapsulated)
	if err != nil {
		return refused("decapsulate", err)
	}
	reply := decodeResponse(opened)
	if found, decoded := reply["ok"].(map[string]any); decoded {
		return ok(map[string]any{"response": found["message"]})
	}
	return reply
}

// post sends one POST on a connection of its own.
func post(address string, content []byte) ([]byte, error) {
	request, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "message/ohttp-req")
	request.Header["User-Agent"] = nil
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       5 * time.Second,
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if response.StatusCode != http.StatusOK || err != nil || kind != "message/ohttp-res" {
		return nil, errors.Join(err, fmt.Errorf("%s with %q", response.Status, kind))
	}
	return io.ReadAll(response.Body)
}
