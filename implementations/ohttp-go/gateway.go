package main

import (
	"context"
	"errors"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	ohttp "github.com/chris-wood/ohttp-go"
	"github.com/cloudflare/circl/hpke"
)

const (
	resource     = "/.well-known/ohttp-gateway" // RFC 9540, section 5
	maxRequest   = 64 << 20
	targetWithin = 5 * time.Second
)

// offers are the gateway's keys. The library ties a private key to one suite, so each suite has a key id of its own.
var offers = []struct {
	id   uint8
	kem  hpke.KEM
	kdf  hpke.KDF
	aead hpke.AEAD
}{
	{1, hpke.KEM_X25519_HKDF_SHA256, hpke.KDF_HKDF_SHA256, hpke.AEAD_AES128GCM},
	{2, hpke.KEM_X25519_HKDF_SHA256, hpke.KDF_HKDF_SHA256, hpke.AEAD_ChaCha20Poly1305},
	{3, hpke.KEM_P256_HKDF_SHA256, hpke.KDF_HKDF_SHA256, hpke.AEAD_AES128GCM},
}

// server is the HTTP around the library: media types, statuses, the choice of targets and the forwarding are the
// shim's. Key configurations, decapsulation, the conversion from and to Binary HTTP and encapsulation are the library's.
//
// Each key has a library gateway of its own: one with several keys writes the key id of every request into the same
// array, and of two requests at one moment with different ids now and then one does not open.
type server struct {
	http     *http.Server
	gateways []ohttp.Gateway
	targets  []string
	forward  http.RoundTripper
}

func (s *server) keys() (collection []byte) {
	for _, gateway := range s.gateways {
		collection = append(collection, gateway.MarshalConfigs()...)
	}
	return collection
}

func (s *server) decapsulate(request ohttp.EncapsulatedRequest) ([]byte, ohttp.DecapsulateRequestContext, error) {
	chosen := s.gateways[0]
	for _, gateway := range s.gateways {
		if gateway.MatchesConfig(request) {
			chosen = gateway
		}
	}
	return chosen.DecapsulateRequest(request) // which refuses an id that none of them knows
}

func (a *adapter) serve(with struct {
	Role    string
	Options struct{ Targets []string }
}) answer {
	if with.Role != "ohttp.gateway" {
		return unsupported("no role " + with.Role)
	}
	a.stop(nothing{})
	gateways := []ohttp.Gateway{}
	for _, offer := range offers {
		config, err := ohttp.NewConfig(offer.id, offer.kem, offer.kdf, offer.aead)
		if err != nil {
			return broken(err)
		}
		gateways = append(gateways, ohttp.NewDefaultGateway([]ohttp.PrivateConfig{config}))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return broken(err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s := &server{
		gateways: gateways,
		targets:  with.Options.Targets,
		forward:  &http.Transport{DisableCompression: true, ResponseHeaderTimeout: targetWithin},
	}
	mux := http.NewServeMux()
	mux.Handle(resource, s)
	s.http = &http.Server{Handler: mux, Protocols: protocols, ErrorLog: log.New(os.Stderr, "", 0)}
	a.server = s
	go s.http.Serve(listener)
	return ok(map[string]any{"url": "http://" + listener.Addr().String() + resource})
}

func (a *adapter) stop(nothing) answer {
	if a.server != nil {
		a.server.http.Close()
		a.server = nil
	}
	return ok(nothing{})
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		w.Header().Set("Content-Type", "application/ohttp-keys")
		w.Write(s.keys())
		return
	case http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "not a method of this resource", http.StatusMethodNotAllowed)
		return
	}
	// Parse errors of parameters are no reason to refuse; ParseMediaType lower-cases the type.
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType != "message/ohttp-req" ||
		(err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter)) {
		http.Error(w, "not message/ohttp-req", http.StatusUnsupportedMediaType)
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	encapsulated, err := ohttp.UnmarshalEncapsulatedRequest(raw)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	plain, receiver, err := s.decapsulate(encapsulated)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	// From here on every answer is encapsulated (RFC 9458, section 5.2).
	within, cancel := context.WithTimeout(r.Context(), targetWithin)
	defer cancel()
	response := s.answer(within, plain)
	defer response.Body.Close()
	message := ohttp.CreateBinaryResponse(response)
	encoded, err := message.Marshal() // reads the target's content, so it fails where that is cut
	if err != nil {
		message = ohttp.CreateBinaryResponse(inner(http.StatusBadGateway, err))
		encoded, err = message.Marshal()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	sealed, err := receiver.EncapsulateResponse(encoded)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "message/ohttp-res")
	w.Write(sealed.Marshal())
}

// answer makes the inner response: the target's, or an error of the shim's.
func (s *server) answer(within context.Context, plain []byte) *http.Response {
	request, err := ohttp.UnmarshalBinaryRequest(plain)
	switch {
	case err != nil:
		return inner(http.StatusBadRequest, err)
	case request.Method == http.MethodConnect: // RFC 9292, section 6
		return inner(http.StatusNotImplemented, errors.New("no tunnels"))
	case strings.Contains(strings.ToLower(request.Header.Get("Expect")), "100-continue"): // RFC 9458, section 5.1
		return inner(http.StatusExpectationFailed, errors.New("no interim responses"))
	case !slices.Contains(s.targets, request.URL.Scheme+"://"+request.URL.Host):
		return inner(http.StatusForbidden, errors.New("not a target of this gateway"))
	}
	stripHopByHop(request.Header)
	if _, set := request.Header["User-Agent"]; !set {
		request.Header["User-Agent"] = nil // net/http would add one of its own
	}
	response, err := s.forward.RoundTrip(request.WithContext(within)) // a transport follows no redirects
	if err != nil {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() || within.Err() != nil {
			return inner(http.StatusGatewayTimeout, err)
		}
		return inner(http.StatusBadGateway, err)
	}
	stripHopByHop(response.Header)
	return response
}

// stripHopByHop removes what belongs to one connection (RFC 9110, section 7.6.1).
func stripHopByHop(fields http.Header) {
	for _, value := range fields.Values("Connection") {
		for name := range strings.SplitSeq(value, ",") {
			fields.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range []string{
		"Connection", "Proxy-Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
	} {
		fields.Del(name)
	}
}

func inner(status int, err error) *http.Response {
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
		Body:       io.NopCloser(strings.NewReader(err.Error() + "\n")),
	}
}
