// Adapter for github.com/quic-go/masque-go: JSON Lines on the standard streams, as docs/adapter.md describes. It proxies
// UDP over HTTP/3, and opens tunnels as a client. Nothing recovers: a panic of the library ends the process.
package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/yosida95/uritemplate/v3"
)

const (
	library   = "github.com/quic-go/masque-go"
	wellKnown = "/.well-known/masque/udp/{target_host}/{target_port}/"
	// With the 1280 octets of quic-go's default a tunnel carries no payload of 1200.
	packetSize = 1350
)

type answer map[string]any

func ok(content any) answer { return answer{"ok": content} }

func refused(class string, err error) answer {
	return answer{"refused": map[string]string{"class": class, "detail": err.Error()}}
}

func broken(err error) answer { return answer{"error": map[string]string{"detail": err.Error()}} }

func main() {
	log.SetOutput(os.Stderr)
	in := bufio.NewReaderSize(os.Stdin, 1<<16)
	out := json.NewEncoder(os.Stdout)
	var writing sync.Mutex
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
		reply := func(said answer) {
			said["id"] = question.ID
			writing.Lock()
			defer writing.Unlock()
			if err := out.Encode(said); err != nil {
				log.Fatal(err)
			}
		}
		switch question.Do {
		case "hello":
			reply(hello())
		case "serve":
			reply(serve())
		case "masque.client.connect-udp":
			go func() { reply(connect(question.With)) }()
		case "ping", "reset", "stop":
			reply(ok(map[string]any{}))
		case "bye":
			reply(ok(map[string]any{}))
			return
		default:
			reply(answer{"unsupported": map[string]string{"reason": "no operation " + question.Do}})
		}
	}
}

func hello() answer {
	version := "unknown"
	if info, found := debug.ReadBuildInfo(); found {
		for _, module := range info.Deps {
			if module.Path == library {
				version = module.Version
			}
		}
	}
	three := map[string]any{"http": []int{3}}
	return ok(map[string]any{
		"protocol": 1, "name": "masque-go", "version": version, "language": "go",
		"source": []string{"pkg:golang/" + library + "@" + version},
		"roles": map[string]any{
			"masque.proxy":  map[string]any{"features": []string{}, "variants": map[string]any{"http": []int{3}, "asked": []int{3}}},
			"masque.client": map[string]any{"features": []string{}, "variants": three},
		},
		"operations": []string{"masque.client.connect-udp"},
		"parallel":   4, "controls": []string{},
	})
}

func certificate() (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	made := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:   time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(240 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, made, made, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(text), nil
}

func serve() answer {
	pair, text, err := certificate()
	if err != nil {
		return broken(err)
	}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return broken(err)
	}
	origin := "https://" + socket.LocalAddr().String()
	template := uritemplate.MustNew(origin + wellKnown)
	server := http3.Server{
		Handler:         http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { proxied(w, r, template) }),
		EnableDatagrams: true,
		QUICConfig:      &quic.Config{EnableDatagrams: true, InitialPacketSize: packetSize},
		TLSConfig:       http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{pair}}),
	}
	go func() { log.Fatal(server.Serve(socket)) }()
	return ok(map[string]any{"url": origin + "/", "template": origin + wellKnown, "certificate": text})
}

func connect(raw json.RawMessage) answer {
	var with struct {
		Template    string   `json:"template"`
		Host        string   `json:"host"`
		Port        int      `json:"port"`
		Payloads    []string `json:"payloads"`
		Certificate string   `json:"certificate"`
		HTTP        int      `json:"http"`
	}
	if err := json.Unmarshal(raw, &with); err != nil {
		return broken(err)
	}
	if with.HTTP != 3 {
		return answer{"unsupported": map[string]string{"reason": "the library has HTTP/3 only"}}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(with.Certificate))
	at, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(with.Template))
	if err != nil {
		return refused("template", err)
	}
	security := &tls.Config{RootCAs: pool, ServerName: at.Hostname(), NextProtos: []string{http3.NextProtoH3}}
	transport := &quic.Config{EnableDatagrams: true, InitialPacketSize: packetSize}
	ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
	defer cancel()
	template, err := uritemplate.New(with.Template)
	if err != nil {
		return refused("template", err)
	}
	tunnel, closing, err := dialled(ctx, template, net.JoinHostPort(with.Host, strconv.Itoa(with.Port)), security, transport)
	defer closing()
	if err != nil {
		return refused("tunnel", err)
	}
	defer tunnel.Close()
	back := []string{}
	buffer := make([]byte, 1<<16)
	deadline := time.Now().Add(1500 * time.Millisecond)
	for _, text := range with.Payloads {
		octets, err := hex.DecodeString(text)
		if err != nil {
			return broken(err)
		}
		if _, err := tunnel.WriteTo(octets, nil); err != nil {
			return refused("send", err)
		}
		if err := tunnel.SetReadDeadline(deadline); err != nil {
			return broken(err)
		}
		n, _, err := tunnel.ReadFrom(buffer)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil {
			return refused("receive", err)
		}
		back = append(back, hex.EncodeToString(buffer[:n]))
	}
	return ok(map[string]any{"payloads": back})
}
