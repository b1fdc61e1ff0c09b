package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/cloudflare/circl/blindsign/blindrsa"
	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"
	"github.com/cloudflare/circl/zk/dleq"
)

const (
	directoryPath = "/.well-known/private-token-issuer-directory"
	directoryType = "application/private-token-issuer-directory"
	requestPath   = "/token-request"
	requestType   = "application/private-token-request"
	responseType  = "application/private-token-response"
	pointLength   = 49
	modulusLength = 256
	maxContent    = 1 << 17
)

var suite = oprf.SuiteP384

// spki writes a key in the form of RFC 9578, section 6.5: id-RSASSA-PSS, SHA-384, MGF1 with SHA-384, salt of 48.
type algorithm struct {
	OID        asn1.ObjectIdentifier
	Parameters asn1.RawValue `asn1:"optional"`
}

type subjectPublicKeyInfo struct {
	Algorithm algorithm
	Key       asn1.BitString
}

func der(value any) []byte {
	encoded, err := asn1.Marshal(value)
	if err != nil {
		log.Fatal(err)
	}
	return encoded
}

func parameters() []byte {
	sha384 := der(algorithm{OID: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}})
	mgf := der(algorithm{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}, asn1.RawValue{FullBytes: sha384}})
	explicit := func(tag int, content []byte) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: content}
	}
	return der(struct{ H, M, S asn1.RawValue }{explicit(0, sha384), explicit(1, mgf), explicit(2, der(48))})
}

var rsassaPSS = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}

func spki(key *rsa.PublicKey) []byte {
	content := x509.MarshalPKCS1PublicKey(key)
	return der(subjectPublicKeyInfo{
		algorithm{rsassaPSS, asn1.RawValue{FullBytes: parameters()}},
		asn1.BitString{Bytes: content, BitLength: len(content) * 8},
	})
}

func readSPKI(octets []byte) (*rsa.PublicKey, error) {
	var info subjectPublicKeyInfo
	rest, err := asn1.Unmarshal(octets, &info)
	if err != nil || len(rest) > 0 {
		return nil, errors.Join(err, fmt.Errorf("%d octets behind the key", len(rest)))
	}
	if !info.Algorithm.OID.Equal(rsassaPSS) || !bytes.Equal(info.Algorithm.Parameters.FullBytes, parameters()) {
		return nil, errors.New("not a key of RSASSA-PSS with the parameters of RFC 9578, section 6.5")
	}
	return x509.ParsePKCS1PublicKey(info.Key.Bytes)
}

// server is an issuer of types 1 and 2 with one key of each.
type server struct {
	http      *http.Server
	voprf     oprf.VerifiableServer
	signer    blindrsa.Signer
	ids       [2]byte
	directory []byte
}

func (a *adapter) serve(with struct{ Role string }) answer {
	if with.Role != "privacypass.issuer" {
		return unsupported("no role " + with.Role)
	}
	a.stop(nothing{})
	seed := make([]byte, 32) // the library takes no other length, though RFC 9578, section 5.5, says 48 for P-384
	rand.Read(seed)
	private, err := oprf.DeriveKey(suite, oprf.VerifiableMode, seed, []byte("PrivacyPass"))
	if err != nil {
		return broken(err)
	}
	point, err := private.Public().MarshalBinary()
	if err != nil {
		return broken(err)
	}
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return broken(err)
	}
	public := spki(&pair.PublicKey)
	s := &server{voprf: oprf.NewVerifiableServer(suite, private), signer: blindrsa.NewSigner(pair)}
	keys := []map[string]any{}
	for n, key := range [][]byte{point, public} {
		id := sha256.Sum256(key)
		s.ids[n] = id[len(id)-1]
		keys = append(keys, map[string]any{"token-type": n + 1, "token-key": base64.URLEncoding.EncodeToString(key)})
	}
	s.directory, err = json.Marshal(map[string]any{"issuer-request-uri": requestPath, "token-keys": keys})
	if err != nil {
		return broken(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return broken(err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+directoryPath, s.serveDirectory)
	mux.HandleFunc("POST "+requestPath, s.serveToken)
	s.http = &http.Server{Handler: dies{mux}, Protocols: protocols, ErrorLog: log.New(os.Stderr, "", 0)}
	a.server = s
	go s.http.Serve(listener)
	return ok(map[string]any{"url": "http://" + listener.Addr().String()})
}

// dies lets a panic of the library end the process, which net/http would hide.
type dies struct{ http.Handler }

func (d dies) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if why := recover(); why != nil {
			log.Printf("panic: %v", why)
			os.Exit(2)
		}
	}()
	d.Handler.ServeHTTP(w, r)
}

func (a *adapter) stop(nothing) answer {
	if a.server != nil {
		a.server.http.Close()
		a.server = nil
	}
	return ok(nothing{})
}

func (s *server) serveDirectory(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", directoryType)
	w.Header().Set("Cache-Control", "max-age=3600")
	w.Write(s.directory)
}

func (s *server) serveToken(w http.ResponseWriter, r *http.Request) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != requestType ||
		(err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter)) {
		http.Error(w, "not "+requestType, http.StatusUnsupportedMediaType)
		return
	}
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxContent))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	response, err := s.issue(content)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", responseType)
	w.Write(response)
}

// issue reads type, key and length by itself; the point, its evaluation and the signature are the library's.
func (s *server) issue(request []byte) ([]byte, error) {
	if len(request) < 3 || request[0] != 0 || request[1] < 1 || request[1] > 2 {
		return nil, errors.New("no type that is issued")
	}
	if request[2] != s.ids[request[1]-1] {
		return nil, errors.New("no such key")
	}
	blinded := request[3:]
	if request[1] == 2 {
		if len(blinded) != modulusLength {
			return nil, errors.New("a message of another length")
		}
		return s.signer.BlindSign(blinded)
	}
	if len(blinded) != pointLength {
		return nil, errors.New("an element of another length")
	}
	element := suite.Group().NewElement()
	if err := element.UnmarshalBinary(blinded); err != nil {
		return nil, err
	}
	if element.IsIdentity() { // RFC 9497, section 3.3, leaves this to who calls
		return nil, errors.New("the identity element")
	}
	evaluation, err := s.voprf.Evaluate(&oprf.EvaluationRequest{Elements: []group.Element{element}})
	if err != nil {
		return nil, err
	}
	evaluated, err := evaluation.Elements[0].MarshalBinaryCompress()
	if err != nil {
		return nil, err
	}
	proof, err := evaluation.Proof.MarshalBinary()
	return append(evaluated, proof...), err
}

// --- The client ------------------------------------------------------------------------------------------------------

type pending interface {
	request() []byte
	finish([]byte) ([]byte, error)
}

type pendingVOPRF struct {
	client  oprf.VerifiableClient
	state   *oprf.FinalizeData
	blinded []byte
}

func (p *pendingVOPRF) request() []byte { return p.blinded }

func (p *pendingVOPRF) finish(response []byte) ([]byte, error) {
	if len(response) < pointLength {
		return nil, fmt.Errorf("%d octets are no response", len(response))
	}
	element := suite.Group().NewElement()
	if err := element.UnmarshalBinary(response[:pointLength]); err != nil {
		return nil, err
	}
	proof := new(dleq.Proof)
	if err := proof.UnmarshalBinary(suite.Group(), response[pointLength:]); err != nil {
		return nil, err
	}
	outputs, err := p.client.Finalize(p.state, &oprf.Evaluation{Elements: []group.Element{element}, Proof: proof})
	if err != nil {
		return nil, err
	}
	return outputs[0], nil
}

type pendingRSA struct {
	client  blindrsa.Client
	state   blindrsa.State
	blinded []byte
}

func (p *pendingRSA) request() []byte { return p.blinded }

func (p *pendingRSA) finish(response []byte) ([]byte, error) {
	return p.client.Finalize(p.state, response)
}

func begin(kind int, key, input []byte) (pending, error) {
	if kind == 1 {
		var public oprf.PublicKey
		if err := public.UnmarshalBinary(suite, key); err != nil {
			return nil, err
		}
		client := oprf.NewVerifiableClient(suite, &public)
		state, request, err := client.Blind([][]byte{input})
		if err != nil {
			return nil, err
		}
		blinded, err := request.Elements[0].MarshalBinaryCompress()
		return &pendingVOPRF{client, state, blinded}, err
	}
	public, err := readSPKI(key)
	if err != nil {
		return nil, err
	}
	client, err := blindrsa.NewClient(blindrsa.SHA384PSSDeterministic, public)
	if err != nil {
		return nil, err
	}
	blinded, state, err := client.Blind(rand.Reader, input)
	return &pendingRSA{client, state, blinded}, err
}

// issue gets one token: the directory says where requests go, the challenge what it is for.
func issue(with struct {
	Challenge octets
	Issuer    string
	TokenKey  octets `json:"token_key"`
	Type      int
}) answer {
	if with.Type != 1 && with.Type != 2 {
		return unsupported(fmt.Sprintf("no type %d", with.Type))
	}
	digest, id := sha256.Sum256(with.Challenge), sha256.Sum256(with.TokenKey)
	input := append([]byte{0, byte(with.Type)}, make([]byte, 32)...)
	rand.Read(input[2:])
	input = append(append(input, digest[:]...), id[:]...)
	pending, err := begin(with.Type, with.TokenKey, input)
	if err != nil {
		return refused("key", err)
	}
	request := append([]byte{0, byte(with.Type), id[len(id)-1]}, pending.request()...)
	response, err := exchanged(with.Issuer, request)
	if err != nil {
		return refused("response", err)
	}
	authenticator, err := pending.finish(response)
	if err != nil {
		return refused("response", err)
	}
	return ok(map[string]octets{"token": append(input, authenticator...)})
}

// exchanged carries a request to where the issuer's directory says, and gives the content of a right answer.
func exchanged(issuer string, request []byte) ([]byte, error) {
	within, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	where, err := url.Parse(issuer)
	if err != nil {
		return nil, err
	}
	where = where.ResolveReference(&url.URL{Path: directoryPath})
	content, err := fetched(client, within, http.MethodGet, where.String(), "", directoryType, nil)
	if err != nil {
		return nil, err
	}
	var directory struct {
		URI string `json:"issuer-request-uri"`
	}
	if err := json.Unmarshal(content, &directory); err != nil {
		return nil, err
	}
	target, err := where.Parse(directory.URI)
	if err != nil {
		return nil, err
	}
	return fetched(client, within, http.MethodPost, target.String(), requestType, responseType, request)
}

func fetched(
	client *http.Client, within context.Context, method, url, kind, accept string, content []byte,
) ([]byte, error) {
	request, err := http.NewRequestWithContext(within, method, url, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	request.Header.Set("Accept", accept)
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	if got, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); got != accept {
		return nil, fmt.Errorf("the answer is called %q", got)
	}
	return io.ReadAll(io.LimitReader(response.Body, maxContent))
}
