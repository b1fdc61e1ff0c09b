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
	request, err := masque.ParseProxyRequest(r, template)
	if err != nil {
		status := http.StatusBadRequest
		var known *masque.ProxyRequestParseError
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
	nothing := func() {}
	request, err := masque.NewRequest(ctx, template, target)
	if err != nil {
		return nil, nothing, err
	}
	dialler := masque.Transport{TLSClientConfig: security, QUICConfig: transport}
	tunnel, _, err := dialler.Dial(request)
	if err != nil {
		return nil, nothing, err
	}
	return tunnel, nothing, nil
}
