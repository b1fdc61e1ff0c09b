package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"

	"github.com/quic-go/masque-go"
	"github.com/quic-go/quic-go"
	"github.com/yosida95/uritemplate/v3"
)

var proxy masque.Proxy

// proxied serves one request with what the library offers, as its own command does.
func proxied(w http.ResponseWriter, r *http.Request, template *uritemplate.Template) {
	request, err := masque.ParseRequest(r, template)
	if err != nil {
		status := http.StatusBadRequest
		var known *masque.RequestParseError
		if errors.As(err, &known) {
			status = known.HTTPStatus
		}
		w.WriteHeader(status)
		return
	}
	_ = proxy.Proxy(w, request) // it has answered
}

func dialled(
	ctx context.Context, template *uritemplate.Template, target string, security *tls.Config, transport *quic.Config,
) (net.PacketConn, func(), error) {
	client := &masque.Client{TLSClientConfig: security, QUICConfig: transport}
	tunnel, _, err := client.DialAddr(ctx, template, target)
	return tunnel, func() { _ = client.Close() }, err
}
