// Adapter for @hpke/core: JSON Lines on the standard streams, as docs/adapter.md describes.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

import {
  Aes128Gcm,
  Aes256Gcm,
  CipherSuite,
  DhkemP256HkdfSha256,
  DhkemP384HkdfSha384,
  DhkemP521HkdfSha512,
  DhkemX25519HkdfSha256,
  DhkemX448HkdfSha512,
  ExportOnly,
  HkdfSha256,
  HkdfSha384,
  HkdfSha512,
} from "@hpke/core";

const version = createRequire(import.meta.url)("@hpke/core/package.json").version;

class Unsupported extends Error {}
class Refused extends Error {}

/** Octets from hex; Buffer.from alone would stop silently at the first wrong digit. */
function octets(hex) {
  if (typeof hex !== "string" || !/^([0-9a-f]{2})*$/.test(hex)) throw new Error(`not hex: ${hex}`);
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** What the library throws, of whatever class, is its refusal: it has no other way to say no. */
async function library(call) {
  try {
    return await call();
  } catch (error) {
    throw new Refused(error.message, { cause: error });
  }
}

const kems = {
  "0010": DhkemP256HkdfSha256,
  "0011": DhkemP384HkdfSha384,
  "0012": DhkemP521HkdfSha512,
  "0020": DhkemX25519HkdfSha256,
  "0021": DhkemX448HkdfSha512,
};
const kdfs = { "0001": HkdfSha256, "0002": HkdfSha384, "0003": HkdfSha512 };
const aeads = { "0001": Aes128Gcm, "0002": Aes256Gcm, ffff: ExportOnly };

function cipherSuite(name) {
  const [kem, kdf, aead] = name.split("/");
  if (!(kem in kems && kdf in kdfs && aead in aeads)) throw new Unsupported(`no suite ${name}`);
  return new CipherSuite({ kem: new kems[kem](), kdf: new kdfs[kdf](), aead: new aeads[aead]() });
}

/** The key pair of a private key, which the library takes for the ephemeral key but does not derive in public. */
async function keyPair(suite, raw) {
  const privateKey = await suite.kem.deserializePrivateKey(raw);
  const { x, y = "" } = await crypto.subtle.exportKey("jwk", privateKey);
  const point = [x, y].map((coordinate) => Buffer.from(coordinate, "base64url"));
  const publicKey = await suite.kem.deserializePublicKey(Buffer.concat(y ? [Buffer.of(4), ...point] : point));
  return { privateKey, publicKey };
}

async function seal({ suite: name, public_key, info, messages, ephemeral }) {
  const suite = cipherSuite(name);
  const [key, about] = [octets(public_key), octets(info)];
  const own = ephemeral ? octets(ephemeral) : undefined;
  const plain = messages.map(({ aad, plaintext }) => [octets(plaintext), octets(aad)]);
  return library(async () => {
    const recipientPublicKey = await suite.kem.deserializePublicKey(key);
    const ekm = own && (await keyPair(suite, own));
    const context = await suite.createSenderContext({ recipientPublicKey, info: about, ekm });
    const ciphertexts = [];
    for (const [plaintext, aad] of plain) ciphertexts.push(hex(await context.seal(plaintext, aad)));
    return { enc: hex(context.enc), ciphertexts };
  });
}

async function recipient({ suite: name, private_key, enc, info }) {
  const suite = cipherSuite(name);
  const [key, encapsulated, about] = [octets(private_key), octets(enc), octets(info)];
  return library(async () => {
    const recipientKey = await suite.kem.deserializePrivateKey(key);
    return suite.createRecipientContext({ recipientKey, enc: encapsulated, info: about });
  });
}

async function open(parameters) {
  const sealed = parameters.messages.map(({ aad, ciphertext }) => [octets(ciphertext), octets(aad)]);
  const context = await recipient(parameters);
  return library(async () => {
    const plaintexts = [];
    for (const [ciphertext, aad] of sealed) plaintexts.push(hex(await context.open(ciphertext, aad)));
    return { plaintexts };
  });
}

async function exportSecrets(parameters) {
  const wanted = parameters.exports.map(({ context, length }) => [octets(context), length]);
  const context = await recipient(parameters);
  return library(async () => {
    const secrets = [];
    for (const [about, length] of wanted) secrets.push(hex(await context.export(about, length)));
    return { secrets };
  });
}

// Every combination that seals; the export-only AEAD, which nothing but hpke.export could use, is not listed.
const names = (table) => Object.keys(table).filter((name) => name !== "ffff").sort();
const suites = names(kems).flatMap((kem) =>
  names(kdfs).flatMap((kdf) => names(aeads).map((aead) => `${kem}/${kdf}/${aead}`)),
);

const operations = {
  hello: () => ({
    protocol: 1,
    name: "hpke-core",
    version,
    language: "javascript",
    source: [`pkg:npm/%40hpke/core@${version}`],
    roles: {
      "hpke.sender": { features: ["ephemeral"], variants: { suite: suites } },
      "hpke.receiver": { variants: { suite: suites } },
    },
    operations: ["hpke.seal", "hpke.open", "hpke.export"],
    parallel: 1,
    controls: [],
  }),
  ping: () => ({}),
  bye: () => ({}),
  "hpke.seal": seal,
  "hpke.open": open,
  "hpke.export": exportSecrets,
};

async function answer({ do: name, with: parameters = {} }) {
  if (!Object.hasOwn(operations, name)) return { unsupported: { reason: `no operation ${name}` } };
  try {
    return { ok: await operations[name](parameters) };
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: { reason: error.message } };
    if (error instanceof Refused) return { refused: { class: error.cause.constructor.name, detail: error.message } };
    return { error: { detail: String(error) } };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const question = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ id: question.id, ...(await answer(question)) })}\n`);
  if (question.do === "bye") break;
}
process.stdin.destroy();
