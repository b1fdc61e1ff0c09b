package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	ohttp "github.com/chris-wood/ohttp-go"
)

type line [2]octets

type requestJSON struct {
	Method    octets `json:"method"`
	Scheme    octets `json:"scheme"`
	Authority octets `json:"authority"`
	Path      octets `json:"path"`
	Fields    []line `json:"fields"`
	Content   octets `json:"content"`
	Trailers  []line `json:"trailers"`
}

type responseJSON struct {
	Status        int               `json:"status"`
	Informational []json.RawMessage `json:"informational"`
	Fields        []line            `json:"fields"`
	Content       octets            `json:"content"`
	Trailers      []line            `json:"trailers"`
}

// lines shows what the library's user sees. A net/http map has lost the order of different names and the spelling of
// each: they come sorted and in lower case.
func lines(fields http.Header) []line {
	shown := []line{}
	for name, values := range fields {
		for _, value := range values {
			shown = append(shown, line{octets(strings.ToLower(name)), octets(value)})
		}
	}
	slices.SortStableFunc(shown, func(a, b line) int { return bytes.Compare(a[0], b[0]) })
	return shown
}

func header(lines []line) http.Header {
	fields := http.Header{}
	for _, line := range lines {
		fields.Add(string(line[0]), string(line[1]))
	}
	return fields
}

// pathOf puts together again what url.Parse took apart.
func pathOf(u *url.URL) string {
	path := u.EscapedPath()
	if u.RawQuery != "" || u.ForceQuery {
		path += "?" + u.RawQuery
	}
	if u.Fragment != "" {
		path += "#" + u.EscapedFragment()
	}
	return path
}

func decodeMessage(with struct{ Message octets }) answer {
	// One function a direction: the indicator says which one a user would have called.
	indicator, err := ohttp.UnmarshalFrameIndicator(bytes.NewReader(with.Message))
	if err == nil && indicator&1 == 1 {
		return decodeResponse(with.Message)
	}
	request, err := ohttp.UnmarshalBinaryRequest(with.Message)
	if err != nil {
		return refused("invalid", err)
	}
	content, err := io.ReadAll(request.Body)
	if err != nil {
		return refused("invalid", err)
	}
	return ok(map[string]any{"message": requestJSON{
		Method: octets(request.Method), Scheme: octets(request.URL.Scheme), Authority: octets(request.Host),
		Path: octets(pathOf(request.URL)), Fields: lines(request.Header), Content: content, Trailers: lines(request.Trailer),
	}})
}

func decodeResponse(message []byte) answer {
	response, err := ohttp.UnmarshalBinaryResponse(message)
	if err != nil {
		return refused("invalid", err)
	}
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return refused("invalid", err)
	}
	return ok(map[string]any{"message": responseJSON{
		Status: response.StatusCode, Informational: []json.RawMessage{}, Fields: lines(response.Header),
		Content: content, Trailers: lines(response.Trailer),
	}})
}

type encodeMessageWith struct {
	Message json.RawMessage
	Framing string
}

func encodeMessage(with encodeMessageWith) answer {
	if with.Framing != "known" {
		return unsupported("only known lengths are written")
	}
	var direction struct{ Status *int }
	if err := json.Unmarshal(with.Message, &direction); err != nil {
		return broken(err)
	}
	encode := encodeRequest
	if direction.Status != nil {
		encode = encodeResponse
	}
	return encode(with.Message)
}

func encodeRequest(raw json.RawMessage) answer {
	encoder, trouble := binaryRequest(raw)
	if trouble != nil {
		return trouble
	}
	encoded, err := encoder.Marshal()
	if err != nil {
		return refused("invalid", err)
	}
	return ok(map[string]any{"message": octets(encoded)})
}

// binaryRequest is the message in the library's own form, or what to answer where there is none.
func binaryRequest(raw json.RawMessage) (*ohttp.BinaryRequest, answer) {
	var message requestJSON
	if err := json.Unmarshal(raw, &message); err != nil {
		return nil, broken(err)
	}
	address := &url.URL{}
	if len(message.Path) > 0 {
		var err error
		if address, err = url.ParseRequestURI(string(message.Path)); err != nil {
			// Not a refusal: the library, which takes a finished http.Request, never saw it.
			return nil, unsupported("net/http cannot hold this path: " + err.Error())
		}
	}
	address.Scheme, address.Host = string(message.Scheme), string(message.Authority)
	return &ohttp.BinaryRequest{
		Method: string(message.Method), URL: address, Host: address.Host, Body: io.NopCloser(bytes.NewReader(message.Content)),
		Header: header(message.Fields), Trailer: header(message.Trailers),
	}, nil
}

func encodeResponse(raw json.RawMessage) answer {
	var message responseJSON
	if err := json.Unmarshal(raw, &message); err != nil {
		return broken(err)
	}
	if len(message.Informational) > 0 {
		return unsupported("informational responses are not written")
	}
	encoder := ohttp.CreateBinaryResponse(&http.Response{
		StatusCode: message.Status, Header: header(message.Fields), Trailer: header(message.Trailers),
		Body: io.NopCloser(bytes.NewReader(message.Content)),
	})
	encoded, err := encoder.Marshal()
	if err != nil {
		return refused("invalid", err)
	}
	return ok(map[string]any{"message": octets(encoded)})
}
