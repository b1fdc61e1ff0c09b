// Adapter for @noble/curves: JSON Lines on the standard streams, as docs/adapter.md describes.
//
// The library has VOPRF over P-384 (RFC 9497). Everything that Privacy Pass puts around that is the shim's, but what is
// left of a request behind its first three octets goes to the library as it is, and what it throws is a refusal.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { p384_oprf } from '@noble/curves/nist.js';

const { voprf } = p384_oprf;
const VERSION = '2.4.0';
const DIRECTORY = '/.well-known/private-token-issuer-directory';
const DIRECTORY_TYPE = 'application/private-token-issuer-directory';
const REQUEST_TYPE = 'application/private-token-request';
const RESPONSE_TYPE = 'application/private-token-response';
const INFO = new TextEncoder().encode('PrivacyPass');
const POINT = 49;

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
  // The library takes seeds of no other length, though RFC 9578, section 5.5, says 48.
  const { secretKey, publicKey } = voprf.deriveKeyPair(new Uint8Array(randomBytes(32)), INFO);
  const id = sha256(publicKey).at(-1);
  const directory = JSON.stringify({
    'issuer-request-uri': '/token-request',
    'token-keys': [{ 'token-type': 1, 'token-key': base64url(publicKey) }],
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
    if (octets.length < 3 || octets[0] !== 0 || octets[1] !== 1 || octets[2] !== id) return plain(422);
    try {
      const { evaluated, proof } = voprf.blindEvaluate(secretKey, publicKey, octets.slice(3));
      const content = Buffer.concat([evaluated, proof]);
      return { status: 200, fields: { 'content-type': RESPONSE_TYPE }, content };
    } catch (error) {
      return plain(422, String(error));
    }
  });
}

// --- The client ------------------------------------------------------------------------------------------------------

async function issue({ challenge, issuer: url, token_key: key, type }) {
  if (type !== 1) throw new Unsupported(`no type ${type}`);
  const publicKey = unhex(key);
  const id = sha256(publicKey);
  const input = new Uint8Array(Buffer.concat([Buffer.from([0, 1]), randomBytes(32), sha256(unhex(challenge)), id]));
  const { blind, blinded } = voprf.blind(input);
  const base = new URL(DIRECTORY, url);
  const directory = await fetched(base, { headers: { accept: DIRECTORY_TYPE } });
  const target = new URL(JSON.parse(Buffer.from(directory).toString())['issuer-request-uri'], base);
  const response = await fetched(target, {
    method: 'POST', body: Buffer.concat([Buffer.from([0, 1, id.at(-1)]), blinded]),
    headers: { 'content-type': REQUEST_TYPE, accept: RESPONSE_TYPE },
  });
  const [evaluated, proof] = [response.slice(0, POINT), response.slice(POINT)];
  const authenticator = voprf.finalize(input, blind, evaluated, blinded, publicKey, proof);
  return { token: hex(Buffer.concat([input, authenticator])) };
}

async function fetched(url, init) {
  const answer = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(5000) });
  const octets = new Uint8Array(await answer.arrayBuffer());
  if (answer.status !== 200 || essence(answer.headers.get('content-type')) !== init.headers.accept) {
    throw new Error(`status ${answer.status}, called ${answer.headers.get('content-type')}`);
  }
  return octets;
}

// --- The adapter -----------------------------------------------------------------------------------------------------

const HELLO = {
  protocol: 1, name: 'noble-curves', version: VERSION, language: 'javascript',
  source: [`pkg:npm/%40noble/curves@${VERSION}`],
  roles: {
    'privacypass.issuer': { variants: { http: [1], type: [1] } }, 'privacypass.client': { variants: { type: [1] } },
  },
  operations: ['privacypass.client.issue'], parallel: 1, controls: [],
};

const OPERATIONS = {
  hello: () => HELLO,
  ping: () => ({}),
  bye: () => ({}),
  stop: () => (stop(), {}),
  serve: async ({ role }) => {
    if (role === 'privacypass.issuer') return { url: await issuer() };
    throw new Unsupported(`no role ${role}`);
  },
  'privacypass.client.issue': issue,
};

async function answer(operation, given) {
  const known = OPERATIONS[operation];
  if (known === undefined) return { unsupported: { reason: `no operation ${operation}` } };
  try {
    return { ok: await known(given) };
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: { reason: error.message } };
    if (operation === 'privacypass.client.issue') {
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
