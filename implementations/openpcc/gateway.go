package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cloudflare/circl/hpke"
	"github.com/openpcc/bhttp"
	"github.com/openpcc/ohttp"
	decoding "github.com/openpcc/ohttp/encoding/bhttp"
	"github.com/openpcc/twoway"
)

const (
	resource     = "/.well-known/ohttp-gateway" // RFC 9540, section 5
	targetWithin = 5 * time.Second
)

// offers are the gateway's keys.
var offers = []struct {
	id         uint8
	kem        hpke.KEM
	algorithms []ohttp.SymmetricAlgorithm
}{
	{1, hpke.KEM_X25519_HKDF_SHA256, []ohttp.SymmetricAlgorithm{
		{KDFID: hpke.KDF_HKDF_SHA256, AEADID: hpke.AEAD_AES128GCM},
		{KDFID: hpke.KDF_HKDF_SHA256, AEADID: hpke.AEAD_ChaCha20Poly1305},
	}},
	{2, hpke.KEM_P256_HKDF_SHA256, []ohttp.SymmetricAlgorithm{
		{KDFID: hpke.KDF_HKDF_SHA256, AEADID: hpke.AEAD_AES128GCM},
	}},
}

// finder looks through several keys; the error of the last one is the library's own "not found".
type finder []ohttp.KeyPair

func (f finder) FindSecretKey(ctx context.Context, header twoway.RequestHeader) (key ohttp.SecretKeyInfo, err error) {
	for _, pair := range f {
		if key, err = pair.FindSecretKey(ctx, header); err == nil {
			return key, nil
		}
	}
	return key, err
}

// server is the handler behind the library's middleware, and the resource before it that serves keys. Everything on
// the way of a POST up to the inner request, and from the inner response on, is the library's: media types, statuses
// and problem documents too. The choice of targets and the forwarding are the shim's.
type server struct {
	http    *http.Server
	keys    []byte
	gateway http.Handler
	targets []string
	proxy   *httputil.ReverseProxy
}

func (a *adapter) serve(with struct {
	Role    string
	Options struct{ Targets []string }
}) answer {
	if with.Role != "ohttp.gateway" {
		return unsupported("no role " + with.Role)
	}
	a.stop(nothing{})
	configs, pairs := ohttp.KeyConfigs{}, finder{}
	for _, offer := range offers {
		public, private, err := offer.kem.Scheme().GenerateKeyPair()
		if err != nil {
			return broken(err)
		}
		config := ohttp.KeyConfig{
			KeyID: offer.id, KemID: offer.kem, PublicKey: public, SymmetricAlgorithms: offer.algorithms,
		}
		configs, pairs = append(configs, config), append(pairs, ohttp.KeyPair{SecretKey: private, KeyConfig: config})
	}
	s := &server{targets: with.Options.Targets}
	var err error
	if s.keys, err = configs.MarshalBinary(); err != nil {
		return broken(err)
	}
	// The default mapping drops the scheme, without which no target can be chosen; nothing else is changed in it. The
	// default validator allows one host name and would answer unprotected: the handler below decides instead.
	decoder, err := decoding.NewRequestDecoder(decoding.WithCustomRequestDecoder(&bhttp.RequestDecoder{
		MapFunc: func(ctx context.Context, own *bhttp.Request) (*http.Request, error) {
			request, err := bhttp.DefaultRequestToHTTP(ctx, own)
			if err == nil {
				request.URL.Scheme = string(own.ControlData.Scheme)
			}
			return request, err
		},
	}))
	if err != nil {
		return broken(err)
	}
	gateway, err := ohttp.NewGateway(pairs, ohttp.WithRequestDecoder(decoder), ohttp.WithRequestValidator(nil))
	if err != nil {
		return broken(err)
	}
	s.gateway = ohttp.Middleware(gateway, http.HandlerFunc(s.inner))
	s.proxy = &httputil.ReverseProxy{
		Rewrite:   rewrite,
		Transport: &http.Transport{DisableCompression: true, ResponseHeaderTimeout: targetWithin},
		// Nothing of a whole answer leaves before the target's is complete, so that its failures can be encapsulated.
		ModifyResponse: func(response *http.Response) error {
			if streamed(response.Request) {
				return nil
			}
			content, err := io.ReadAll(response.Body)
			response.Body = io.NopCloser(bytes.NewReader(content))
			return err
		},
		ErrorHandler: targetFailed,
		ErrorLog:     log.New(os.Stderr, "", 0),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return broken(err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	mux := http.NewServeMux()
	mux.HandleFunc(resource, s.outer)
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

type chunkedKey struct{}

func streamed(r *http.Request) bool { return r.Context().Value(chunkedKey{}).(bool) }

func (s *server) outer(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		w.Header().Set("Content-Type", "application/ohttp-keys")
		w.Write(s.keys)
	case http.MethodPost:
		chunked := r.Header.Get("Content-Type") == ohttp.ChunkedRequestMediaType
		s.gateway.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), chunkedKey{}, chunked)))
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "not a method of this resource", http.StatusMethodNotAllowed)
	}
}

// inner answers the decapsulated request; what it writes is encapsulated by the middleware.
func (s *server) inner(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect: // RFC 9292, section 6
		http.Error(w, "no tunnels", http.StatusNotImplemented)
		return
	case strings.Contains(strings.ToLower(r.Header.Get("Expect")), "100-continue"): // RFC 9458, section 5.1
		http.Error(w, "no interim responses", http.StatusExpectationFailed)
		return
	case !slices.Contains(s.targets, r.URL.Scheme+"://"+r.Host):
		http.Error(w, "not a target of this gateway", http.StatusForbidden)
		return
	}
	if streamed(r) {
		r.Body = reportingBody{r.Body} // forwarded while it arrives
	} else {
		// The library reads the content last, so its errors show here, before the target has seen anything.
		within, cancel := context.WithTimeout(r.Context(), targetWithin)
		defer cancel()
		r = r.WithContext(within)
		content, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(content))
		if len(r.Trailer) == 0 { // a trailer section can only follow a transfer coding
			r.ContentLength, r.TransferEncoding = int64(len(content)), nil
		}
	}
	s.proxy.ServeHTTP(w, r)
}

// rewrite undoes what net/http's reverse proxy does beyond the rules for an intermediary.
func rewrite(pr *httputil.ProxyRequest) {
	pr.Out.URL.Host, pr.Out.Host = pr.In.Host, pr.In.Host
	pr.Out.URL.RawQuery = pr.In.URL.RawQuery
	pr.Out.Trailer = pr.In.Trailer // filled at the end of the content, so not a copy
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, sent := pr.In.Header[name]; sent {
			pr.Out.Header[name] = values
		}
	}
	for _, name := range []string{"Connection", "Te", "Upgrade"} { // it puts these back in
		pr.Out.Header.Del(name)
	}
}

var errContent = errors.New("the request's content")

// reportingBody marks errors as the inner request's, so that they are not blamed on the target.
type reportingBody struct{ io.ReadCloser }

func (b reportingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: %w", errContent, err)
	}
	return n, err
}

func targetFailed(w http.ResponseWriter, _ *http.Request, err error) {
	status := http.StatusBadGateway
	var timeout net.Error
	switch {
	case errors.Is(err, errContent):
		status = http.StatusBadRequest
	case errors.As(err, &timeout) && timeout.Timeout():
		status = http.StatusGatewayTimeout
	}
	http.Error(w, err.Error(), status)
}
