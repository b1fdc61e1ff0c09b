// Adapter for @cloudflare/privacypass-ts: JSON Lines on the standard streams, as docs/adapter.md describes.
//
// Messages, tokens and header fields are the library's. It has no server and throws errors without a type: the HTTP, the
// directory, the choice of type and key, the account of challenges and nonces, and that an error is a refusal, are the
// shim's.
import { createHash, randomBytes, webcrypto } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

globalThis.crypto ??= webcrypto;
const {
  AuthorizationHeader, Token, TokenChallenge, TOKEN_TYPES, WWWAuthenticateHeader, privateVerif, publicVerif,
} = await import('@cloudflare/privacypass-ts');

const VERSION = '0.9.0';
const DIRECTORY = '/.well-known/private-token-issuer-directory';
const DIRECTORY_TYPE = 'application/private-token-issuer-directory';
const REQUEST_TYPE = 'application/private-token-request';
const RESPONSE_TYPE = 'application/private-token-response';
const PROTECTED = '/protected';
const PSS = publicVerif.BlindRSAMode.PSS;

class Unsupported extends Error {}

const hex = (octets) => Buffer.from(octets).toString('hex');
const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'));
const sha256 = (octets) => createHash('sha256').update(octets).digest();
const base64url = (octets) => Buffer.from(octets).toString('base64url').padEnd(Math.ceil(octets.length / 3) * 4, '=');
const essence = (value) => (value ?? '').split(';')[0].trim().toLowerCase();

// --- HTTP ------------------------------------------------------------------------------------------------------------

let serving = null;

function stop() {
  serving?.closeAllConnections();
  serving?.close();
  serving = null;
}

async function listening(handler) {
  stop();
  serving = createServer(async (request, response) => {
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // the client is gone
    }
    const answer = await handler(request, new Uint8Array(Buffer.concat(chunks)));
    response.writeHead(answer.status, { 'content-type': 'text/plain', ...answer.fields });
    response.end(request.method === 'HEAD' ? undefined : answer.content ?? '');
  });
  await new Promise((resolve) => serving.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${serving.address().port}`;
}

const plain = (status, content = '') => ({ status, fields: {}, content });

// --- The issuer ------------------------------------------------------------------------------------------------------

async function issuer() {
  const voprf = await privateVerif.keyGen();
  const pair = await publicVerif.Issuer.generateKey(PSS, {
    modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]),
  });
  const spki = publicVerif.convertEncToRSASSAPSS(await publicVerif.getPublicKeyBytes(pair.publicKey));
  const types = {
    1: {
      key: voprf.publicKey, read: (octets) => privateVerif.TokenRequest.deserialize(octets),
      issuer: new privateVerif.Issuer('issuer.example', voprf.privateKey, voprf.publicKey),
    },
    2: {
      key: spki, read: (octets) => publicVerif.TokenRequest.deserialize(TOKEN_TYPES.BLIND_RSA, octets),
      issuer: new publicVerif.Issuer(PSS, 'issuer.example', pair.privateKey, pair.publicKey),
    },
  };
  const directory = JSON.stringify({
    'issuer-request-uri': '/token-request',
    'token-keys': Object.entries(types).map(([kind, { key }]) => (
      { 'token-type': Number(kind), 'token-key': base64url(key) })),
  });
  return listening(async (request, octets) => {
    const path = request.url.split('?')[0];
    if (path === DIRECTORY) {
      if (!['GET', 'HEAD'].includes(request.method)) return plain(405);
      return {
        status: 200, content: directory,
        fields: { 'content-type': DIRECTORY_TYPE, 'cache-control': 'max-age=3600' },
      };
    }
    if (path !== '/token-request') return plain(404);
    if (request.method !== 'POST') return plain(405);
    if (essence(request.headers['content-type']) !== REQUEST_TYPE) return plain(415);
    const chosen = octets.length < 3 ? undefined : types[octets[0] * 256 + octets[1]];
    if (chosen === undefined || sha256(chosen.key).at(-1) !== octets[2]) return plain(422, 'no such type or key');
    try {
      const response = await chosen.issuer.issue(chosen.read(octets));
      return { status: 200, fields: { 'content-type': RESPONSE_TYPE }, content: Buffer.from(response.serialize()) };
    } catch (error) {
      return plain(422, String(error));
    }
  });
}

// --- The origin ------------------------------------------------------------------------------------------------------

async function origin({ issuer: trusted = { name: 'issuer.example', keys: [] } } = {}) {
  const keys = trusted.keys.map((key) => ({
    type: key.type, octets: unhex(key.public), id: hex(sha256(unhex(key.public))),
    secret: key.private && unhex(key.private),
  }));
  const [challenges, spent] = [new Map(), new Set()];
  const challenge = (request) => {
    const lines = [2, 1].filter((kind) => keys.some((key) => key.type === kind)).map((kind) => {
      const [host, context] = [(request.headers.host ?? '').toLowerCase(), new Uint8Array(randomBytes(32))];
      const asked = new TokenChallenge(kind, trusted.name, context, [host]);
      challenges.set(hex(sha256(asked.serialize())), kind);
      return new WWWAuthenticateHeader(asked, keys.find((key) => key.type === kind).octets, 600).toString();
    });
    return { status: 401, fields: { 'www-authenticate': lines }, content: 'a token is wanted' };
  };
  const redeem = async (value) => {
    let token;
    for (const entry of [TOKEN_TYPES.BLIND_RSA, TOKEN_TYPES.VOPRF]) {
      try {
        [{ token }] = AuthorizationHeader.parse(entry, value);
        break;
      } catch (error) {
        if (entry === TOKEN_TYPES.VOPRF) throw error;
      }
    }
    const { tokenType, challengeDigest, tokenKeyId, nonce } = token.authInput;
    if (challenges.get(hex(challengeDigest)) !== tokenType) throw new Error('no challenge of this type and digest');
    const key = keys.find((known) => known.type === tokenType && known.id === hex(tokenKeyId));
    if (key === undefined) throw new Error('no such key');
    const holds = tokenType === 1
      ? await new privateVerif.Origin().verify(token, key.secret)
      : await new publicVerif.Origin(PSS).verify(token, await imported(key.octets));
    if (!holds || spent.has(hex(nonce))) throw new Error('not valid, or spent');
    spent.add(hex(nonce));
  };
  const url = await listening(async (request) => {
    if (request.url.split('?')[0] !== PROTECTED) return plain(404);
    const value = request.headers.authorization;
    if (value === undefined) return challenge(request);
    try {
      await redeem(value);
      return plain(200, 'here it is');
    } catch {
      return challenge(request);
    }
  });
  return url + PROTECTED;
}

async function imported(spki) {
  const octets = publicVerif.convertRSASSAPSSToEnc(spki);
  return crypto.subtle.importKey('spki', octets, TOKEN_TYPES.BLIND_RSA.rsaParams, true, ['verify']);
}

// --- The client ------------------------------------------------------------------------------------------------------

async function issue({ challenge, issuer: url, token_key: key, type }) {
  if (![1, 2].includes(type)) throw new Unsupported(`no type ${type}`);
  const client = type === 1 ? new privateVerif.Client() : new publicVerif.Client(PSS);
  const request = await client.createTokenRequest(TokenChallenge.deserialize(unhex(challenge)), unhex(key));
  const base = new URL(DIRECTORY, url);
  const directory = await fetched(base, { headers: { accept: DIRECTORY_TYPE } });
  const target = new URL(JSON.parse(Buffer.from(directory).toString())['issuer-request-uri'], base);
  const response = await fetched(target, {
    method: 'POST', body: request.serialize(), headers: { 'content-type': REQUEST_TYPE, accept: RESPONSE_TYPE },
  });
  const token = await client.finalize(client.deserializeTokenResponse(response));
  return { token: hex(token.serialize()) };
}

async function fetched(url, init) {
  const answer = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(5000) });
  const octets = new Uint8Array(await answer.arrayBuffer());
  if (answer.status !== 200 || essence(answer.headers.get('content-type')) !== init.headers.accept) {
    throw new Error(`status ${answer.status}, called ${answer.headers.get('content-type')}`);
  }
  return octets;
}

// --- What confirms vectors -------------------------------------------------------------------------------------------

class Refused extends Error {}

const entry = (octets) => {
  const found = [TOKEN_TYPES.VOPRF, TOKEN_TYPES.BLIND_RSA].find(({ value }) => value === octets[0] * 256 + octets[1]);
  if (found === undefined) throw new Refused('no such type');
  return found;
};

const reading = (read) => (given) => {
  try {
    read(given);
    return {};
  } catch (error) {
    throw new Refused(String(error));
  }
};

const some = (found) => {
  if (found.length === 0) throw new Refused('nothing of this scheme');
};

const READERS = {
  'privacypass.challenge.decode': reading(({ challenge }) => TokenChallenge.deserialize(unhex(challenge))),
  'privacypass.token.decode': reading(({ token }) => Token.deserialize(entry(unhex(token)), unhex(token))),
  'privacypass.authorization.decode': reading(({ field_value: value }) => {
    let kind = TOKEN_TYPES.BLIND_RSA;
    try {
      some(AuthorizationHeader.parse(kind, value));
    } catch {
      kind = TOKEN_TYPES.VOPRF;
      some(AuthorizationHeader.parse(kind, value));
    }
  }),
  'privacypass.challenge-field.decode': reading(({ field_value: value }) => some(WWWAuthenticateHeader.parse(value))),
  'privacypass.request.decode': reading(({ token_request: request }) => {
    const octets = unhex(request);
    if (entry(octets).value === 1) privateVerif.TokenRequest.deserialize(octets);
    else publicVerif.TokenRequest.deserialize(TOKEN_TYPES.BLIND_RSA, octets);
  }),
  'privacypass.response.check': reading(({ token_type: type, token_response: response }) => (
    type === 1 ? privateVerif : publicVerif).TokenResponse.deserialize(unhex(response))),
};

// --- The adapter -----------------------------------------------------------------------------------------------------

const both = { variants: { http: [1], type: [1, 2] } };
const HELLO = {
  protocol: 1, name: 'privacypass-ts', version: VERSION, language: 'javascript',
  source: [`pkg:npm/%40cloudflare/privacypass-ts@${VERSION}`],
  roles: {
    'privacypass.issuer': both, 'privacypass.origin': both, 'privacypass.client': { variants: { type: [1, 2] } },
  },
  operations: [], parallel: 1, controls: [],
};

HELLO.operations.push('privacypass.client.issue', ...Object.keys(READERS));

const OPERATIONS = {
  hello: () => HELLO,
  ping: () => ({}),
  bye: () => ({}),
  stop: () => (stop(), {}),
  serve: async ({ role, options }) => {
    if (role === 'privacypass.issuer') return { url: await issuer() };
    if (role === 'privacypass.origin') return { url: await origin(options) };
    throw new Unsupported(`no role ${role}`);
  },
  'privacypass.client.issue': issue,
  ...READERS,
};

async function answer(operation, given) {
  const known = OPERATIONS[operation];
  if (known === undefined) return { unsupported: { reason: `no operation ${operation}` } };
  try {
    return { ok: await known(given) };
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: { reason: error.message } };
    if (operation === 'privacypass.client.issue' || error instanceof Refused) {
      return { refused: { class: error.name.toLowerCase(), detail: String(error) } };
    }
    return { error: { detail: String(error?.stack ?? error) } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: operation, with: given } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ id, ...await answer(operation, given ?? {}) })}\n`);
  if (operation === 'bye') process.exit(0);
}
process.exit(0);
