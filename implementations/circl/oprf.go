package main

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"
	"github.com/cloudflare/circl/zk/dleq"
)

var suites = []oprf.Suite{oprf.SuiteP384, oprf.SuiteRistretto255, oprf.SuiteP256}

func suiteNamed(name string) (oprf.Suite, error) { return oprf.GetSuite(name) }

func randomSeed() []byte {
	seed := make([]byte, 32) // the library takes no other length, though RFC 9578, section 5.5, says 48 for P-384
	rand.Read(seed)
	return seed
}

func deriveKey(with struct {
	Suite      string
	Seed, Info octets
}) answer {
	suite, err := suiteNamed(with.Suite)
	if err != nil {
		return unsupported(err.Error())
	}
	key, err := oprf.DeriveKey(suite, oprf.VerifiableMode, with.Seed, with.Info)
	if err != nil {
		return refused("key", err)
	}
	private, err := key.MarshalBinary()
	if err != nil {
		return broken(err)
	}
	public, err := key.Public().MarshalBinary()
	if err != nil {
		return broken(err)
	}
	return ok(map[string]octets{"private": private, "public": public})
}

// elements reads octets by the library's own decoder. It refuses the identity no more than RFC 9497, section 3.3, lets
// a group do that: the functions of the protocol have to.
func elements(suite oprf.Suite, all []octets) ([]group.Element, error) {
	var read []group.Element
	for _, each := range all {
		element := suite.Group().NewElement()
		if err := element.UnmarshalBinary(each); err != nil {
			return nil, err
		}
		read = append(read, element)
	}
	return read, nil
}

func written(all []group.Element) ([]octets, error) {
	var found []octets
	for _, each := range all {
		element, err := each.MarshalBinaryCompress()
		if err != nil {
			return nil, err
		}
		found = append(found, element)
	}
	return found, nil
}

func blindEvaluate(with struct {
	Suite   string
	Private octets
	Blinded []octets
}) answer {
	suite, err := suiteNamed(with.Suite)
	if err != nil {
		return unsupported(err.Error())
	}
	var key oprf.PrivateKey
	if err := key.UnmarshalBinary(suite, with.Private); err != nil {
		return refused("key", err)
	}
	blinded, err := elements(suite, with.Blinded)
	if err != nil {
		return refused("element", err)
	}
	evaluation, err := oprf.NewVerifiableServer(suite, &key).Evaluate(&oprf.EvaluationRequest{Elements: blinded})
	if err != nil {
		return refused("evaluation", err)
	}
	evaluated, err := written(evaluation.Elements)
	if err != nil {
		return broken(err)
	}
	proof, err := evaluation.Proof.MarshalBinary()
	if err != nil {
		return broken(err)
	}
	return ok(map[string]any{"evaluated": evaluated, "proof": octets(proof)})
}

func finalize(with struct {
	Suite                     string
	Public, Proof             octets
	Inputs, Blinds, Evaluated []octets
}) answer {
	suite, err := suiteNamed(with.Suite)
	if err != nil {
		return unsupported(err.Error())
	}
	var key oprf.PublicKey
	if err := key.UnmarshalBinary(suite, with.Public); err != nil {
		return refused("key", err)
	}
	var blinds []oprf.Blind
	for _, each := range with.Blinds {
		blind := suite.Group().NewScalar()
		if err := blind.UnmarshalBinary(each); err != nil {
			return broken(fmt.Errorf("a blind: %w", err))
		}
		blinds = append(blinds, blind)
	}
	client := oprf.NewVerifiableClient(suite, &key)
	var inputs [][]byte
	for _, each := range with.Inputs {
		inputs = append(inputs, each)
	}
	state, request, err := client.DeterministicBlind(inputs, blinds)
	if err != nil {
		return refused("blind", err)
	}
	evaluated, err := elements(suite, with.Evaluated)
	if err != nil {
		return refused("element", err)
	}
	proof := new(dleq.Proof)
	if err := proof.UnmarshalBinary(suite.Group(), with.Proof); err != nil {
		return refused("proof", err)
	}
	outputs, err := client.Finalize(state, &oprf.Evaluation{Elements: evaluated, Proof: proof})
	if err != nil {
		return refused("proof", err)
	}
	blinded, err := written(request.Elements)
	if err != nil {
		return broken(err)
	}
	found := []octets{}
	for _, each := range outputs {
		found = append(found, each)
	}
	return ok(map[string]any{"outputs": found, "blinded": blinded})
}

var errIdentity = errors.New("the identity element")
