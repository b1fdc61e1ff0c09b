package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/cloudflare/circl/hpke"
	"github.com/openpcc/ohttp"
	labels "github.com/openpcc/ohttp/encoding/bhttp"
	"github.com/openpcc/twoway"
)

// adapter keeps what handles name. Keys stay; a context serves one response and is forgotten with it.
type adapter struct {
	server    *server
	handles   int
	keys      map[int]ohttp.KeyPair
	senders   map[int]*twoway.RequestSealer
	receivers map[int]receiver
}

// receiver is an opened request, with the source of the response nonce, which the library reads only when it seals.
type receiver struct {
	opener *twoway.RequestOpener
	nonce  *nonceSource
}

type nonceSource struct{ io.Reader }

func newAdapter() *adapter {
	a := &adapter{}
	a.reset(nothing{})
	return a
}

func (a *adapter) reset(nothing) answer {
	a.keys = map[int]ohttp.KeyPair{}
	a.senders = map[int]*twoway.RequestSealer{}
	a.receivers = map[int]receiver{}
	return ok(nothing{})
}

func keep[T any](a *adapter, into map[int]T, value T) int {
	a.handles++
	into[a.handles] = value
	return a.handles
}

type entryJSON struct {
	KeyID     uint8       `json:"key_id"`
	KEM       uint16      `json:"kem"`
	PublicKey octets      `json:"public_key"`
	Suites    [][2]uint16 `json:"suites"`
}

func decodeKeys(with struct{ Keys octets }) answer {
	if with.Keys == nil {
		return broken(errors.New("keyconfig.decode wants keys"))
	}
	var configs ohttp.KeyConfigs
	if err := configs.UnmarshalBinary(with.Keys); err != nil {
		return refused("keys", err)
	}
	entries := []entryJSON{}
	for _, config := range configs {
		public, err := config.PublicKey.MarshalBinary()
		if err != nil {
			return broken(err)
		}
		suites := [][2]uint16{}
		for _, algorithm := range config.SymmetricAlgorithms {
			suites = append(suites, [2]uint16{uint16(algorithm.KDFID), uint16(algorithm.AEADID)})
		}
		entries = append(entries, entryJSON{config.KeyID, uint16(config.KemID), public, suites})
	}
	return ok(map[string]any{"entries": entries})
}

type encodeKeysWith struct {
	KeyID      uint8       `json:"key_id"`
	KEM        uint16      `json:"kem"`
	Suites     [][2]uint16 `json:"suites"`
	PrivateKey octets      `json:"private_key"`
}

func (a *adapter) encodeKeys(with encodeKeysWith) answer {
	kem := hpke.KEM(with.KEM)
	if !kem.IsValid() { // there is no key to put into a configuration
		return unsupported("circl has no such KEM")
	}
	public, private, err := kem.Scheme().GenerateKeyPair()
	if err != nil {
		return broken(err)
	}
	if len(with.PrivateKey) > 0 {
		if private, err = kem.Scheme().UnmarshalBinaryPrivateKey(with.PrivateKey); err != nil {
			return refused("private-key", err)
		}
		public = private.Public()
	}
	config := ohttp.KeyConfig{KeyID: with.KeyID, KemID: kem, PublicKey: public}
	for _, suite := range with.Suites {
		config.SymmetricAlgorithms = append(config.SymmetricAlgorithms,
			ohttp.SymmetricAlgorithm{KDFID: hpke.KDF(suite[0]), AEADID: hpke.AEAD(suite[1])})
	}
	keys, err := ohttp.KeyConfigs{config}.MarshalBinary()
	if err != nil {
		return refused("keys", err)
	}
	handle := keep(a, a.keys, ohttp.KeyPair{SecretKey: private, KeyConfig: config})
	return ok(map[string]any{"keys": octets(keys), "key": handle})
}

type encapsulateRequestWith struct{ Keys, Request, Ephemeral octets }

func (a *adapter) encapsulateRequest(with encapsulateRequestWith) answer {
	if len(with.Ephemeral) > 0 {
		return unsupported("the ephemeral key is derived from random octets and cannot be set")
	}
	var configs ohttp.KeyConfigs
	if err := configs.UnmarshalBinary(with.Keys); err != nil {
		return refused("keys", err)
	}
	if len(configs) == 0 {
		return unsupported("the library's clients start from one configuration, and here is none")
	}
	// The first entry is the shim's choice. Its first suite is what the library's transport takes, which offers only
	// whole HTTP exchanges, so that the octets are sealed by the module that it uses itself.
	config := configs[0]
	algorithm := config.SymmetricAlgorithms[0]
	suite := hpke.NewSuite(config.KemID, algorithm.KDFID, algorithm.AEADID)
	sender, err := twoway.NewRequestSender(suite, config.KeyID, config.PublicKey, rand.Reader)
	if err != nil {
		return refused("keys", err)
	}
	sealer, err := sender.NewRequestSealer(bytes.NewReader(with.Request), labels.RequestMediaType.Bytes())
	if err != nil {
		return refused("encapsulate", err)
	}
	request, err := io.ReadAll(sealer)
	if err != nil {
		return refused("encapsulate", err)
	}
	return ok(map[string]any{"request": octets(request), "context": keep(a, a.senders, sealer)})
}

type responseWith struct {
	Context  int
	Response octets
	Nonce    octets
}

func (a *adapter) decapsulateResponse(with responseWith) answer {
	sealer, known := a.senders[with.Context]
	if !known {
		return broken(fmt.Errorf("unknown context %d", with.Context))
	}
	delete(a.senders, with.Context)
	opener, err := sealer.NewResponseOpener(bytes.NewReader(with.Response), labels.ResponseMediaType.Bytes())
	if err != nil {
		return refused("decapsulate", err)
	}
	response, err := io.ReadAll(opener)
	if err != nil {
		return refused("decapsulate", err)
	}
	return ok(map[string]any{"response": octets(response)})
}

type decapsulateRequestWith struct {
	Key     int
	Request octets
}

// decapsulateRequest takes the steps of Gateway.Decapsulate, which starts from a whole HTTP request.
func (a *adapter) decapsulateRequest(with decapsulateRequestWith) answer {
	pair, known := a.keys[with.Key]
	if !known {
		return broken(fmt.Errorf("unknown key %d", with.Key))
	}
	header, err := twoway.ParseRequestHeaderFrom(with.Request)
	if err != nil {
		return refused("header", err)
	}
	secret, err := pair.FindSecretKey(context.Background(), header)
	if err != nil {
		return refused("key", err)
	}
	nonce := &nonceSource{rand.Reader}
	receives, err := twoway.NewRequestReceiverWithCustomSuite(secret.Suite, secret.KeyID, secret.Key, nonce)
	if err != nil {
		return refused("key", err)
	}
	opener, err := receives.NewRequestOpener(bytes.NewReader(with.Request), labels.RequestMediaType.Bytes())
	if err != nil {
		return refused("decapsulate", err)
	}
	request, err := io.ReadAll(opener)
	if err != nil {
		return refused("decapsulate", err)
	}
	handle := keep(a, a.receivers, receiver{opener, nonce})
	return ok(map[string]any{"request": octets(request), "context": handle})
}

func (a *adapter) encapsulateResponse(with responseWith) answer {
	receiver, known := a.receivers[with.Context]
	if !known {
		return broken(fmt.Errorf("unknown context %d", with.Context))
	}
	delete(a.receivers, with.Context)
	if len(with.Nonce) > 0 {
		receiver.nonce.Reader = bytes.NewReader(with.Nonce)
	}
	sealer, err := receiver.opener.NewResponseSealer(bytes.NewReader(with.Response), labels.ResponseMediaType.Bytes())
	if err != nil {
		return refused("encapsulate", err)
	}
	response, err := io.ReadAll(sealer)
	if err != nil {
		return refused("encapsulate", err)
	}
	return ok(map[string]any{"response": octets(response)})
}
