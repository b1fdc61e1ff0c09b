//! Adapter (JSON Lines on the standard streams) around the published crate `privacypass`: issuer, origin and client of
//! types 1 and 2. Messages, header fields, keys and cryptography are the crate's; HTTP, statuses, the directory and the
//! account of challenges are the shim's.
mod client;
mod http1;
mod server;

use std::future::Future;
use std::io::{BufRead, Write};

use privacypass::Deserialize;
use serde_json::{json, Value};

const VERSION: &str = env!("CARGO_PKG_VERSION");
pub const VOPRF: u64 = 1;
pub const BLIND_RSA: u64 = 2;

/// Why there is no `ok`: the three other keys of an answer.
pub enum Fail {
    Refused(&'static str, String),
    Unsupported(String),
    Broken(String),
}

impl From<String> for Fail {
    fn from(detail: String) -> Self {
        Self::Broken(detail)
    }
}

pub type Answer<T = Value> = Result<T, Fail>;

/// The crate's errors have no texts of their own: their names say what they are.
pub fn refused<E: std::fmt::Debug>(class: &'static str) -> impl Fn(E) -> Fail {
    move |error| Fail::Refused(class, format!("{error:?}"))
}

/// The crate's functions are asynchronous for the sake of key stores; those here wait for nothing.
pub fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(work)
}

/// Shim: the crate reads from the front, and leaves it to its caller whether something may follow.
pub fn exact<T: Deserialize>(octets: &[u8]) -> Result<T, String> {
    let mut rest = octets;
    let value = T::tls_deserialize(&mut rest).map_err(|e| format!("{e:?}"))?;
    match rest.len() {
        0 => Ok(value),
        n => Err(format!("{n} octets too many")),
    }
}

pub fn octets(with: &Value, key: &str) -> Answer<Vec<u8>> {
    let text = with[key].as_str().ok_or(format!("{key}: no string"))?;
    hex::decode(text).map_err(|e| Fail::Broken(format!("{key}: {e}")))
}

fn hello() -> Value {
    let both = json!({"variants": {"http": [1], "type": [VOPRF, BLIND_RSA]}});
    json!({
        "protocol": 1, "name": "privacypass-rs", "version": VERSION, "language": "rust",
        "source": [format!("pkg:cargo/privacypass@{VERSION}")],
        "roles": {"privacypass.issuer": both, "privacypass.origin": both,
            "privacypass.client": {"variants": {"type": [VOPRF, BLIND_RSA]}}},
        "operations": ["privacypass.client.issue", "privacypass.key.decode", "privacypass.challenge.decode"], "parallel": 1, "controls": [],
    })
}

fn answer(serving: &mut Option<http1::Listener>, operation: &str, with: &Value) -> Answer {
    match operation {
        "hello" => return Ok(hello()),
        "serve" => {
            if let Some(old) = serving.take() {
                old.stop();
            }
            let (url, listener) = match with["role"].as_str() {
                Some("privacypass.issuer") => server::issuer()?,
                Some("privacypass.origin") => server::origin(&with["options"]["issuer"])?,
                role => return Err(Fail::Unsupported(format!("no role {role:?}"))),
            };
            *serving = Some(listener);
            return Ok(json!({"url": url}));
        }
        "stop" => {
            if let Some(old) = serving.take() {
                old.stop();
            }
        }
        "privacypass.client.issue" => return client::issue(with),
        "privacypass.key.decode" => return client::decode_key(with),
        "privacypass.challenge.decode" => return client::decode_challenge(with),
        "ping" | "bye" => {}
        _ => return Err(Fail::Unsupported(format!("no operation {operation}"))),
    }
    Ok(json!({}))
}

fn main() -> std::io::Result<()> {
    // A panic on a server's thread must end the process too.
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        told(info);
        std::process::exit(101);
    }));
    let mut serving = None;
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?).unwrap_or(Value::Null);
        let operation = question["do"].as_str().unwrap_or("");
        let (key, content) = match answer(&mut serving, operation, &question["with"]) {
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
