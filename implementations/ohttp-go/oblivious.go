package main

import (
	"encoding/binary"
	"errors"
	"fmt"

	ohttp "github.com/chris-wood/ohttp-go"
	"github.com/cloudflare/circl/hpke"
)

// adapter keeps what handles name. Keys stay; a context serves one response and is forgotten with it.
type adapter struct {
	server    *server
	handles   int
	keys      map[int]ohttp.Gateway
	senders   map[int]ohttp.EncapsulatedRequestContext
	receivers map[int]ohttp.DecapsulateRequestContext
}

func newAdapter() *adapter {
	a := &adapter{}
	a.reset(nothing{})
	return a
}

func (a *adapter) reset(nothing) answer {
	a.keys = map[int]ohttp.Gateway{}
	a.senders = map[int]ohttp.EncapsulatedRequestContext{}
	a.receivers = map[int]ohttp.DecapsulateRequestContext{}
	return ok(nothing{})
}

func keep[T any](a *adapter, into map[int]T, value T) int {
	a.handles++
	into[a.handles] = value
	return a.handles
}

// readCollection splits a collection (RFC 9458, section 3.2), which the library leaves to its user: it only reads the
// entries. So the length prefixes, and the skipping of entries whose KEM circl lacks, are the shim's. What the library
// refuses inside an entry spoils the collection, because its errors do not tell unknown from malformed.
func readCollection(raw []byte) ([]ohttp.PublicConfig, error) {
	entries := []ohttp.PublicConfig{}
	for len(raw) > 0 {
		if len(raw) < 2 || len(raw)-2 < int(binary.BigEndian.Uint16(raw)) {
			return nil, errors.New("an entry's length does not fit the collection")
		}
		end := 2 + int(binary.BigEndian.Uint16(raw))
		entry := raw[2:end]
		raw = raw[end:]
		if len(entry) >= 3 && !hpke.KEM(binary.BigEndian.Uint16(entry[1:])).IsValid() {
			continue
		}
		config, err := ohttp.UnmarshalPublicConfig(entry)
		if err != nil {
			return nil, err
		}
		entries = append(entries, config)
	}
	if len(entries) == 0 {
		return nil, errors.New("the collection holds no usable entry")
	}
	return entries, nil
}

type entryJSON struct {
	KeyID     uint8       `json:"key_id"`
	KEM       uint16      `json:"kem"`
	PublicKey octets      `json:"public_key"`
	Suites    [][2]uint16 `json:"suites"`
}

func decodeKeys(with struct{ Keys octets }) answer {
	configs, err := readCollection(with.Keys)
	if err != nil {
		return refused("keys", err)
	}
	entries := []entryJSON{}
	for _, config := range configs {
		suites := [][2]uint16{}
		for _, suite := range config.Suites {
			suites = append(suites, [2]uint16{uint16(suite.KDFID), uint16(suite.AEADID)})
		}
		entries = append(entries, entryJSON{config.ID, uint16(config.KEMID), config.PublicKeyBytes, suites})
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
	switch {
	case len(with.PrivateKey) > 0:
		return unsupported("private keys are derived from a seed only")
	case len(with.Suites) == 0:
		return unsupported("a private configuration is made for one suite")
	}
	kem := hpke.KEM(with.KEM)
	config, err := ohttp.NewConfig(with.KeyID, kem, hpke.KDF(with.Suites[0][0]), hpke.AEAD(with.Suites[0][1]))
	if err != nil {
		return refused("suite", err)
	}
	gateway := ohttp.NewDefaultGateway([]ohttp.PrivateConfig{config})
	keys := gateway.MarshalConfigs()
	if len(with.Suites) > 1 {
		// A private configuration has one suite, a public one as many as are set. The library decapsulates with
		// any suite whatever is listed, so only the list and its prefix are made here.
		public := config.Config()
		public.Suites = nil
		for _, suite := range with.Suites {
			public.Suites = append(public.Suites,
				ohttp.ConfigCipherSuite{KDFID: hpke.KDF(suite[0]), AEADID: hpke.AEAD(suite[1])})
		}
		entry := public.Marshal()
		keys = append(binary.BigEndian.AppendUint16(nil, uint16(len(entry))), entry...)
	}
	return ok(map[string]any{"keys": octets(keys), "key": keep(a, a.keys, gateway)})
}

type encapsulateRequestWith struct{ Keys, Request, Ephemeral octets }

func (a *adapter) encapsulateRequest(with encapsulateRequestWith) answer {
	if len(with.Ephemeral) > 0 {
		return unsupported("the ephemeral key cannot be set")
	}
	configs, err := readCollection(with.Keys)
	if err != nil {
		return refused("keys", err)
	}
	// The first entry is the shim's choice, the first suite in it the library's.
	request, context, err := ohttp.NewDefaultClient(configs[0]).EncapsulateRequest(with.Request)
	if err != nil {
		return refused("encapsulate", err)
	}
	return ok(map[string]any{"request": octets(request.Marshal()), "context": keep(a, a.senders, context)})
}

type responseWith struct {
	Context  int
	Response octets
	Nonce    octets
}

func (a *adapter) decapsulateResponse(with responseWith) answer {
	context, known := a.senders[with.Context]
	if !known {
		return broken(fmt.Errorf("unknown context %d", with.Context))
	}
	delete(a.senders, with.Context)
	encapsulated, err := ohttp.UnmarshalEncapsulatedResponse(with.Response)
	if err != nil {
		return refused("layout", err)
	}
	response, err := context.DecapsulateResponse(encapsulated)
	if err != nil {
		return refused("decapsulate", err)
	}
	return ok(map[string]any{"response": octets(response)})
}

type decapsulateRequestWith struct {
	Key     int
	Request octets
}

func (a *adapter) decapsulateRequest(with decapsulateRequestWith) answer {
	gateway, known := a.keys[with.Key]
	if !known {
		return broken(fmt.Errorf("unknown key %d", with.Key))
	}
	encapsulated, err := ohttp.UnmarshalEncapsulatedRequest(with.Request)
	if err != nil {
		return refused("layout", err)
	}
	request, context, err := gateway.DecapsulateRequest(encapsulated)
	if err != nil {
		return refused("decapsulate", err)
	}
	return ok(map[string]any{"request": octets(request), "context": keep(a, a.receivers, context)})
}

func (a *adapter) encapsulateResponse(with responseWith) answer {
	context, known := a.receivers[with.Context]
	switch {
	case !known:
		return broken(fmt.Errorf("unknown context %d", with.Context))
	case len(with.Nonce) > 0:
		return unsupported("the response nonce cannot be set")
	}
	delete(a.receivers, with.Context)
	response, err := context.EncapsulateResponse(with.Response)
	if err != nil {
		return refused("encapsulate", err)
	}
	return ok(map[string]any{"response": octets(response.Marshal())})
}
