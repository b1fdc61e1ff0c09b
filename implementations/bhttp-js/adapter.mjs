// Adapter for bhttp-js: JSON Lines on the standard streams, as docs/adapter.md describes.
//
// The library's messages are the Request and Response of the Fetch standard. What these cannot hold (informational
// responses, trailers, content of a GET, some methods and URLs) is lost in decoding, where the library drops it, and
// `unsupported` in encoding, where the library never sees it.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

import { BHttpDecoder, BHttpEncoder } from "bhttp-js";

const version = createRequire(import.meta.url)("bhttp-js/package.json").version.replace(/^v/, "");

class Unsupported extends Error {}
class Refused extends Error {}

/** Octets from hex; Buffer.from alone would stop silently at the first wrong digit. */
function octets(hex) {
  if (typeof hex !== "string" || !/^([0-9a-f]{2})*$/.test(hex)) throw new Error(`not hex: ${hex}`);
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** Strings of the Fetch standard's headers have one character an octet. */
const text = (value) => Buffer.from(octets(value)).toString("latin1");
const fromText = (value) => Buffer.from(value, "latin1").toString("hex");

/** What the library throws, of whatever class, is its refusal: it has no other way to say no. */
async function library(call) {
  try {
    return await call();
  } catch (error) {
    throw new Refused(error.message, { cause: error });
  }
}

/** What Request and Response themselves throw before the library is reached is not the library's refusal. */
function fetchObject(make) {
  try {
    return make();
  } catch (error) {
    throw new Unsupported(`the Fetch standard cannot hold this message: ${error.message}`);
  }
}

/** Fields as the library's user sees them: sorted and in lower case, repeated ones already joined. */
const lines = (headers) => [...headers].map(([name, value]) => [fromText(name), fromText(value)]);

/** The parts of a serialised URL, where the properties of a URL object would lose an empty query. */
const split = (url) => /^(?<scheme>[^:]*):\/\/(?<authority>[^/?#]*)(?<path>.*)$/s.exec(url).groups;

/**
 * The content as hex. More than an answer can carry ends the process.
 */
async function content(message) {
  const bytes = await message.arrayBuffer();
  if (bytes.byteLength > 1 << 26) {
    console.error(`${bytes.byteLength} octets of content: giving up`);
    process.exit(70);
  }
  return hex(bytes);
}

/** True for the framing indicators of responses (RFC 9292, section 3.3), which say what function a user would call. */
function isResponse(message) {
  const width = 1 << (message[0] >> 6);
  return message.length >= width && (message[width - 1] & 1) === 1;
}

async function decode({ message }) {
  const bytes = octets(message);
  const decoder = new BHttpDecoder();
  if (isResponse(bytes)) {
    const response = await library(() => decoder.decodeResponse(bytes));
    return {
      message: {
        status: response.status,
        informational: [],
        fields: lines(response.headers),
        content: await content(response),
        trailers: [],
      },
    };
  }
  const request = await library(() => decoder.decodeRequest(bytes));
  const { scheme, authority, path } = split(request.url);
  return {
    message: {
      method: fromText(request.method),
      scheme: fromText(scheme),
      authority: fromText(authority),
      path: fromText(path),
      fields: lines(request.headers),
      content: await content(request),
      trailers: [],
    },
  };
}

async function encode({ message, framing }) {
  if (framing !== "known") throw new Unsupported("only known lengths are written");
  if (message.trailers?.length || message.informational?.length) {
    throw new Unsupported("trailers and informational responses are not written");
  }
  const headers = (message.fields ?? []).map(([name, value]) => [text(name), text(value)]);
  const bytes = octets(message.content ?? "");
  const body = bytes.length > 0 ? bytes : undefined;
  const encoder = new BHttpEncoder();
  if ("status" in message) {
    const response = fetchObject(() => new Response(body, { status: message.status, headers }));
    return { message: hex(await library(() => encoder.encodeResponse(response))) };
  }
  const [method, scheme, authority, path] = ["method", "scheme", "authority", "path"].map((part) => text(message[part]));
  const request = fetchObject(() => {
    const made = new Request(`${scheme}://${authority}${path}`, { method, headers, body });
    const parts = split(made.url);
    if (made.method !== method || parts.scheme !== scheme || parts.authority !== authority || parts.path !== path) {
      throw new TypeError(`${made.method} ${made.url} is what becomes of it`);
    }
    return made;
  });
  return { message: hex(await library(() => encoder.encodeRequest(request))) };
}

const framing = { variants: { framing: ["known"] } };

const operations = {
  hello: () => ({
    protocol: 1,
    name: "bhttp-js",
    version,
    language: "javascript",
    source: [`pkg:npm/bhttp-js@${version}`],
    roles: {
      "bhttp.decoder": { variants: { framing: ["known", "indeterminate"] } },
      "bhttp.encoder": framing,
    },
    operations: ["bhttp.decode", "bhttp.encode"],
    parallel: 1,
    controls: [],
  }),
  ping: () => ({}),
  bye: () => ({}),
  "bhttp.decode": decode,
  "bhttp.encode": encode,
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
