package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/openpcc/bhttp"
	"github.com/quic-go/quic-go/quicvarint"
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
	Status        int             `json:"status"`
	Informational []informational `json:"informational"`
	Fields        []line          `json:"fields"`
	Content       octets          `json:"content"`
	Trailers      []line          `json:"trailers"`
}

// informational stands in JSON as a list of status and fields.
type informational struct {
	status int
	fields []line
}

func (i informational) MarshalJSON() ([]byte, error) { return json.Marshal([]any{i.status, i.fields}) }

func (i *informational) UnmarshalJSON(raw []byte) error {
	return json.Unmarshal(raw, &[]any{&i.status, &i.fields})
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

func decodeMessage(with struct{ Message octets }) answer {
	// One decoder a direction: the indicator says which one a user would have called.
	indicator, _, err := quicvarint.Parse(with.Message)
	if err == nil && indicator&1 == 1 {
		return decodeResponse(with.Message)
	}
	return decodeRequest(with.Message)
}

// decodeRequest shows the library's own form of the message, which the mapping functions get and which alone keeps the
// scheme and all trailers. The default mapping runs all the same: it is where the library checks method and authority.
func decodeRequest(message []byte) answer {
	var own *bhttp.Request
	var fields http.Header
	decoder := bhttp.RequestDecoder{MapFunc: func(ctx context.Context, r *bhttp.Request) (*http.Request, error) {
		own, fields = r, r.Header.Clone() // the mapping takes fields out of the original
		return bhttp.DefaultRequestToHTTP(ctx, r)
	}}
	request, err := decoder.DecodeRequest(context.Background(), bytes.NewReader(message))
	if err != nil {
		return refused("invalid", err)
	}
	content, err := io.ReadAll(request.Body)
	if err != nil {
		return refused("invalid", err)
	}
	control := own.ControlData
	return ok(map[string]any{"message": requestJSON{
		Method: control.Method, Scheme: control.Scheme, Authority: control.Authority, Path: control.Path,
		Fields: lines(fields), Content: content, Trailers: lines(own.Trailer),
	}})
}

func decodeResponse(message []byte) answer {
	var own *bhttp.Response
	var fields http.Header
	decoder := bhttp.ResponseDecoder{MapFunc: func(_ context.Context, r *bhttp.Response) (*http.Response, error) {
		own, fields = r, r.FinalHeader.Clone()
		return bhttp.MapToHTTP1Response(r)
	}}
	response, err := decoder.DecodeResponse(context.Background(), bytes.NewReader(message))
	if err != nil {
		return refused("invalid", err)
	}
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return refused("invalid", err)
	}
	interim := []informational{}
	for _, i := range own.Informational {
		interim = append(interim, informational{i.StatusCode, lines(i.Header)})
	}
	return ok(map[string]any{"message": responseJSON{
		Status: own.FinalStatusCode, Informational: interim, Fields: lines(fields), Content: content,
		Trailers: lines(own.Trailer),
	}})
}

type encodeMessageWith struct {
	Message json.RawMessage
	Framing string
}

func encodeMessage(with encodeMessageWith) answer {
	var direction struct{ Status *int }
	if err := json.Unmarshal(with.Message, &direction); err != nil {
		return broken(err)
	}
	if direction.Status != nil {
		return encodeResponse(with.Message, with.Framing == "known")
	}
	return encodeRequest(with.Message, with.Framing == "known")
}

// encodeRequest hands over the library's own form, because its mapping from net/http adds a Content-Length field and
// chooses the framing itself.
func encodeRequest(raw json.RawMessage, known bool) answer {
	var message requestJSON
	if err := json.Unmarshal(raw, &message); err != nil {
		return broken(err)
	}
	encoder := bhttp.RequestEncoder{MapFunc: func(*http.Request) (*bhttp.Request, error) {
		return &bhttp.Request{
			KnownLength: known, ContentLength: int64(len(message.Content)),
			ControlData: bhttp.RequestControlData{
				Method: message.Method, Scheme: message.Scheme, Authority: message.Authority, Path: message.Path,
			},
			Header: header(message.Fields), Body: bytes.NewReader(message.Content), Trailer: header(message.Trailers),
		}, nil
	}}
	return encoded(encoder.EncodeRequest(&http.Request{}))
}

func encodeResponse(raw json.RawMessage, known bool) answer {
	var message responseJSON
	if err := json.Unmarshal(raw, &message); err != nil {
		return broken(err)
	}
	interim := []bhttp.InformationalResponse{}
	for _, i := range message.Informational {
		interim = append(interim, bhttp.InformationalResponse{StatusCode: i.status, Header: header(i.fields)})
	}
	encoder := bhttp.ResponseEncoder{MapFunc: func(r *http.Response) (*bhttp.Response, error) {
		if _, err := bhttp.DefaultResponseFromHTTP(r); err != nil { // it is where the library checks the status
			return nil, err
		}
		return &bhttp.Response{
			KnownLength: known, ContentLength: int64(len(message.Content)), Informational: interim,
			FinalStatusCode: message.Status, FinalHeader: header(message.Fields),
			Body: bytes.NewReader(message.Content), Trailer: header(message.Trailers),
		}, nil
	}}
	return encoded(encoder.EncodeResponse(&http.Response{StatusCode: message.Status}))
}

func encoded(message *bhttp.Message, err error) answer {
	if err != nil {
		return refused("invalid", err)
	}
	octetsOut, err := io.ReadAll(message)
	if err != nil {
		return refused("invalid", err)
	}
	return ok(map[string]any{"message": octets(octetsOut)})
}
