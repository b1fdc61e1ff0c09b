//! Adapter (JSON Lines on the standard streams) around the published crates `ohttp` and `bhttp`.
//!
//! One source for all versions of the crates: what a version can do is asked of the crate when the adapter starts.
//! Encapsulation, key configurations and Binary HTTP are the crates' work. The shim carries octets in and out; its own
//! decisions are marked "Shim:".
mod client;
mod gateway;
mod http1;

use std::collections::HashMap;
use std::io::{BufRead, Cursor, Write};

use bhttp::{FieldSection, Message, Mode, StatusCode};
use ohttp::hpke::{Aead, Kdf, Kem};
use ohttp::{ClientRequest, ClientResponse, KeyConfig, Server, ServerResponse, SymmetricSuite};
use serde_json::{json, Map, Value};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const ALGORITHMS: [u16; 3] = [1, 2, 3];
pub const X25519: u16 = 0x0020;
pub const P256: u16 = 0x0010;
const XWING: u16 = 0x647a;
const OPERATIONS: [&str; 9] = [
    "bhttp.decode",
    "bhttp.encode",
    "keyconfig.decode",
    "keyconfig.encode",
    "ohttp.request.encapsulate",
    "ohttp.response.decapsulate",
    "ohttp.request.decapsulate",
    "ohttp.response.encapsulate",
    "ohttp.client.fetch",
];

/// Why there is no `ok`: the three other keys of an answer.
pub enum Fail {
    Refused(String, String),
    Unsupported(String),
    Broken(String),
}

impl Fail {
    fn refused(error: &(impl std::fmt::Debug + std::fmt::Display)) -> Self {
        let debug = format!("{error:?}");
        let class = debug.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
        Self::Refused(class.to_lowercase(), error.to_string())
    }
}

impl From<ohttp::Error> for Fail {
    fn from(error: ohttp::Error) -> Self {
        Self::refused(&error)
    }
}

impl From<bhttp::Error> for Fail {
    fn from(error: bhttp::Error) -> Self {
        Self::refused(&error)
    }
}

impl From<String> for Fail {
    fn from(detail: String) -> Self {
        Self::Broken(detail)
    }
}

pub type Answer<T = Value> = Result<T, Fail>;

/// What outlives a question. A handle is the number under which a thing was stored.
#[derive(Default)]
struct State {
    handles: u64,
    keys: HashMap<u64, Server>,
    sent: HashMap<u64, ClientResponse>,
    received: HashMap<u64, ServerResponse>,
    gateway: Option<http1::Listener>,
}

impl State {
    fn handle(&mut self) -> u64 {
        self.handles += 1;
        self.handles
    }
}

pub fn octets(with: &Value, key: &str) -> Answer<Vec<u8>> {
    let text = with[key].as_str().ok_or(format!("{key}: no string"))?;
    hex::decode(text).map_err(|e| Fail::Broken(format!("{key}: {e}")))
}

fn number(with: &Value, key: &str) -> Answer<u64> {
    with[key].as_u64().ok_or(Fail::Broken(format!("{key}: no number")))
}

/// Shim: an option that the crate has no parameter for is `unsupported`, never silently dropped.
fn absent(with: &Value, key: &str, reason: &str) -> Answer<()> {
    match with[key].is_null() {
        true => Ok(()),
        false => Err(Fail::Unsupported(reason.into())),
    }
}

// Key configurations

/// A configuration's parts. The crate shows them only in encoded form, so the shim reads that back.
struct Entry {
    key_id: u8,
    kem: u16,
    public_key: Vec<u8>,
    suites: Vec<[u16; 2]>,
}

fn entry(config: &KeyConfig) -> Answer<Entry> {
    let octets = config.encode()?;
    let kem = u16::from_be_bytes([octets[1], octets[2]]);
    let (public_key, rest) = octets[3..].split_at(Kem::try_from(kem)?.n_pk());
    let pair = |p: &[u8]| [u16::from_be_bytes([p[0], p[1]]), u16::from_be_bytes([p[2], p[3]])];
    let suites = rest[2..].chunks_exact(4).map(pair).collect();
    Ok(Entry { key_id: octets[0], kem, public_key: public_key.to_vec(), suites })
}

/// The KDF/AEAD pairs that the crate does with a KEM: it strips the others from a configuration.
pub fn supported(kem: u16) -> Vec<[u16; 2]> {
    let Ok(kem) = Kem::try_from(kem) else { return Vec::new() };
    let known = |pair: (u16, u16)| Some(SymmetricSuite::new(Kdf::try_from(pair.0).ok()?, Aead::try_from(pair.1).ok()?));
    let all = ALGORITHMS.iter().flat_map(|kdf| ALGORITHMS.iter().map(|aead| (*kdf, *aead))).filter_map(known);
    let entry = KeyConfig::new(0, kem, all.collect()).map_err(Fail::from).and_then(|config| entry(&config));
    entry.map_or(Vec::new(), |entry| entry.suites)
}

pub fn key_config(key_id: u8, kem: u16, pairs: &[[u16; 2]]) -> Answer<KeyConfig> {
    let suite = |p: &[u16; 2]| Ok(SymmetricSuite::new(Kdf::try_from(p[0])?, Aead::try_from(p[1])?));
    let suites = pairs.iter().map(suite).collect::<Result<Vec<_>, ohttp::Error>>()?;
    Ok(KeyConfig::new(key_id, Kem::try_from(kem)?, suites)?)
}

fn keyconfig_decode(with: &Value) -> Answer {
    let mut entries = Vec::new();
    for config in KeyConfig::decode_list(&octets(with, "keys")?)? {
        let e = entry(&config)?;
        let key = hex::encode(e.public_key);
        entries.push(json!({"key_id": e.key_id, "kem": e.kem, "public_key": key, "suites": e.suites}));
    }
    Ok(json!({"entries": entries}))
}

fn keyconfig_encode(state: &mut State, with: &Value) -> Answer {
    absent(with, "private_key", "a private key is made or derived by the crate, never imported")?;
    let id = |v: &Value| v.as_u64().and_then(|n| u16::try_from(n).ok());
    let kem = id(&with["kem"]).ok_or(format!("kem: {}", with["kem"]))?;
    let key_id = u8::try_from(number(with, "key_id")?).map_err(|e| e.to_string())?;
    let mut pairs = Vec::new();
    for pair in with["suites"].as_array().into_iter().flatten() {
        let pair = [id(&pair[0]), id(&pair[1])].map(|n| n.ok_or(format!("suites: {pair}")));
        let [kdf, aead] = pair;
        pairs.push([kdf?, aead?]);
    }
    // Shim: the crate drops suites that it does not do, and panics (as documented) when none is left.
    if let Some(pair) = pairs.iter().find(|pair| !supported(kem).contains(pair)) {
        return Err(Fail::Unsupported(format!("not a suite of the crate: {}", suite(kem, *pair))));
    }
    let config = key_config(key_id, kem, &pairs)?;
    let keys = KeyConfig::encode_list(&[&config])?;
    let handle = state.handle();
    state.keys.insert(handle, Server::new(config)?);
    Ok(json!({"keys": hex::encode(keys), "key": handle}))
}

// Encapsulation

fn request_encapsulate(state: &mut State, with: &Value) -> Answer {
    absent(with, "ephemeral", "the crate makes the ephemeral key itself")?;
    let client = ClientRequest::from_encoded_config_list(&octets(with, "keys")?)?;
    let (request, context) = client.encapsulate(&octets(with, "request")?)?;
    let handle = state.handle();
    state.sent.insert(handle, context);
    Ok(json!({"request": hex::encode(request), "context": handle}))
}

fn response_decapsulate(state: &mut State, with: &Value) -> Answer {
    let response = octets(with, "response")?;
    let context = state.sent.remove(&number(with, "context")?).ok_or("unknown context".to_string())?;
    Ok(json!({"response": hex::encode(context.decapsulate(&response)?)}))
}

fn request_decapsulate(state: &mut State, with: &Value) -> Answer {
    let key = state.keys.get(&number(with, "key")?).ok_or("unknown key".to_string())?;
    let (request, context) = key.decapsulate(&octets(with, "request")?)?;
    let handle = state.handle();
    state.received.insert(handle, context);
    Ok(json!({"request": hex::encode(request), "context": handle}))
}

fn response_encapsulate(state: &mut State, with: &Value) -> Answer {
    absent(with, "nonce", "the crate draws the response nonce itself")?;
    let response = octets(with, "response")?;
    let context = state.received.remove(&number(with, "context")?).ok_or("unknown context".to_string())?;
    Ok(json!({"response": hex::encode(context.encapsulate(&response)?)}))
}

// Binary HTTP

pub fn decode(octets: &[u8]) -> Result<Message, bhttp::Error> {
    Message::read_bhttp(&mut Cursor::new(octets))
}

pub fn encode(message: &Message, mode: Mode) -> Result<Vec<u8>, bhttp::Error> {
    let mut out = Vec::new();
    message.write_bhttp(mode, &mut out)?;
    Ok(out)
}

fn fields_json(section: &FieldSection) -> Value {
    section.iter().map(|field| json!([hex::encode(field.name()), hex::encode(field.value())])).collect()
}

pub fn message_json(message: &Message) -> Value {
    let control = message.control();
    let mut out = Map::new();
    if let Some(status) = control.status() {
        let block = |i: &bhttp::InformationalResponse| json!([i.status().code(), fields_json(i.fields())]);
        out.insert("status".into(), status.code().into());
        out.insert("informational".into(), message.informational().iter().map(block).collect());
    } else {
        let parts = [control.method(), control.scheme(), control.authority(), control.path()];
        for (name, part) in ["method", "scheme", "authority", "path"].into_iter().zip(parts) {
            // The crate says "none" for an authority or path of no octets.
            out.insert(name.into(), hex::encode(part.unwrap_or_default()).into());
        }
    }
    out.insert("fields".into(), fields_json(message.header()));
    out.insert("content".into(), hex::encode(message.content()).into());
    out.insert("trailers".into(), fields_json(message.trailer()));
    out.into()
}

fn bhttp_decode(with: &Value) -> Answer {
    Ok(json!({"message": message_json(&decode(&octets(with, "message")?)?)}))
}

pub fn message(given: &Value) -> Answer<Message> {
    if !given.is_object() {
        return Err(Fail::Broken("there is no message".into()));
    }
    let part = |key: &str| if given[key].is_null() { Ok(Vec::new()) } else { octets(given, key) };
    let mut message = if given["status"].is_null() {
        Message::request(part("method")?, part("scheme")?, part("authority")?, part("path")?)
    } else {
        Message::response(StatusCode::try_from(number(given, "status")?)?)
    };
    if given["informational"].as_array().is_some_and(|blocks| !blocks.is_empty()) {
        return Err(Fail::Unsupported("the crate cannot add informational responses to a message".into()));
    }
    for (key, trailer) in [("fields", false), ("trailers", true)] {
        for field in given[key].as_array().into_iter().flatten() {
            let [name, value] = [&field[0], &field[1]].map(|v| octets(&json!({"field": v}), "field"));
            match trailer {
                false => message.put_header(name?, value?),
                true => message.put_trailer(name?, value?),
            }
        }
    }
    message.write_content(part("content")?);
    Ok(message)
}

fn bhttp_encode(with: &Value) -> Answer {
    let message = message(&with["message"])?;
    let mode = match with["framing"].as_str() {
        None | Some("known") => Mode::KnownLength,
        Some("indeterminate") => Mode::IndeterminateLength,
        Some(other) => return Err(Fail::Unsupported(format!("framing {other}"))),
    };
    Ok(json!({"message": hex::encode(encode(&message, mode)?)}))
}

// The protocol

fn suite(kem: u16, pair: [u16; 2]) -> String {
    format!("{kem:04x}/{:04x}/{:04x}", pair[0], pair[1])
}

fn suites(kems: &[u16]) -> Vec<String> {
    kems.iter().flat_map(|kem| supported(*kem).into_iter().map(|pair| suite(*kem, pair))).collect()
}

fn hello() -> Value {
    let hpke = json!({"features": [], "variants": {"suite": suites(&[X25519, P256, XWING])}});
    let framing = json!({"features": [], "variants": {"framing": ["known", "indeterminate"]}});
    let client = json!({"features": ["plain", "chunked"], "variants": {"suite": suites(&[X25519, P256, XWING])}});
    let gateway = json!({"features": [], "variants": {"http": [1], "suite": suites(&gateway::KEMS)}});
    json!({
        "protocol": 1, "name": "ohttp", "version": VERSION, "language": "rust",
        "source": [format!("pkg:cargo/ohttp@{VERSION}"), format!("pkg:cargo/bhttp@{VERSION}")],
        "roles": {
            "ohttp.gateway": gateway, "ohttp.client": client, "ohttp.sender": hpke, "ohttp.receiver": hpke, "bhttp.decoder": framing,
            "bhttp.encoder": framing, "keyconfig.decoder": hpke, "keyconfig.encoder": hpke,
        },
        "operations": OPERATIONS, "parallel": 1, "controls": ["reset"],
    })
}

fn serve(state: &mut State, with: &Value) -> Answer {
    if with["role"] != "ohttp.gateway" {
        return Err(Fail::Unsupported(format!("no server role {}", with["role"])));
    }
    if state.gateway.is_some() {
        return Err(Fail::Broken("already serving".into()));
    }
    let targets = with["options"]["targets"].as_array().into_iter().flatten();
    let targets: Vec<String> = targets.filter_map(Value::as_str).map(str::to_owned).collect();
    let (url, listener) = gateway::start(&targets)?;
    state.gateway = Some(listener);
    Ok(json!({"url": url}))
}

fn answer(state: &mut State, operation: &str, with: &Value) -> Answer {
    match operation {
        "hello" => Ok(hello()),
        "ping" | "bye" => Ok(json!({})),
        "reset" => {
            let gateway = state.gateway.take();
            *state = State { gateway, handles: state.handles, ..State::default() };
            Ok(json!({}))
        }
        "serve" => serve(state, with),
        "stop" => {
            if let Some(listener) = state.gateway.take() {
                listener.stop();
            }
            Ok(json!({}))
        }
        "bhttp.decode" => bhttp_decode(with),
        "bhttp.encode" => bhttp_encode(with),
        "keyconfig.decode" => keyconfig_decode(with),
        "keyconfig.encode" => keyconfig_encode(state, with),
        "ohttp.request.encapsulate" => request_encapsulate(state, with),
        "ohttp.response.decapsulate" => response_decapsulate(state, with),
        "ohttp.request.decapsulate" => request_decapsulate(state, with),
        "ohttp.response.encapsulate" => response_encapsulate(state, with),
        "ohttp.client.fetch" => client::fetch(with),
        "" => Err(Fail::Broken("not a question".into())),
        other => Err(Fail::Unsupported(format!("unknown operation {other}"))),
    }
}

/// A panic of the crates ends the process, on whatever thread: nothing is caught, and the build's profile says `abort`.
fn main() -> std::io::Result<()> {
    let mut state = State::default();
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?).unwrap_or(Value::Null);
        let operation = question["do"].as_str().unwrap_or("");
        let (key, content) = match answer(&mut state, operation, &question["with"]) {
            Ok(fields) => ("ok", fields),
            Err(Fail::Refused(class, detail)) => ("refused", json!({"class": class, "detail": detail})),
            Err(Fail::Unsupported(reason)) => ("unsupported", json!({"reason": reason})),
            Err(Fail::Broken(detail)) => ("error", json!({"detail": detail})),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", json!({"id": question["id"], key: content}))?;
        out.flush()?;
        if operation == "bye" {
            break;
        }
    }
    Ok(())
}
