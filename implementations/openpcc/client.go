package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/openpcc/ohttp"
)

type fetchWith struct {
	URL     string          `json:"url"`
	Keys    octets          `json:"keys"`
	Request json.RawMessage `json:"request"`
	Chunked bool            `json:"chunked"`
}

// fetch is the library's own client, its transport. The first entry of the collection is the shim's choice.
func fetch(with fetchWith) answer {
	var configs ohttp.KeyConfigs
	if err := configs.UnmarshalBinary(with.Keys); err != nil {
		return refused("keys", err)
	}
	if len(configs) == 0 {
		return refused("keys", errors.New("there is none"))
	}
	relay := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       5 * time.Second,
	}
	transport, err := ohttp.NewTransport(configs[0], with.URL, ohttp.WithHTTPClient(relay))
	if err != nil {
		return refused("keys", err)
	}
	var message requestJSON
	if err := json.Unmarshal(with.Request, &message); err != nil {
		return broken(err)
	}
	var content io.Reader = bytes.NewReader(message.Content)
	if with.Chunked {
		content = io.MultiReader(content) // no length is known, which makes the library send chunks
	}
	address := fmt.Sprintf("%s://%s%s", message.Scheme, message.Authority, message.Path)
	request, err := http.NewRequest(string(message.Method), address, content)
	if err != nil {
		// Not a refusal: the library, which takes a finished http.Request, never saw it.
		return unsupported("net/http cannot hold this request: " + err.Error())
	}
	if with.Chunked {
		request.ContentLength, request.TransferEncoding = -1, []string{"chunked"}
	}
	request.Header = header(message.Fields)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return refused("fetch", err)
	}
	defer response.Body.Close()
	received, err := io.ReadAll(response.Body)
	if err != nil {
		return refused("content", err)
	}
	return ok(map[string]any{"response": responseJSON{
		Status: response.StatusCode, Informational: []informational{}, Fields: lines(response.Header),
		Content: received, Trailers: lines(response.Trailer),
	}})
}
