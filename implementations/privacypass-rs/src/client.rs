//! A client: request and token are the crate's, the directory and the HTTP are the shim's.
use blind_rsa_signatures::reexports::rand::rng;
use p384::NistP384;
use privacypass::auth::authenticate::TokenChallenge;
use privacypass::common::private::deserialize_public_key;
use privacypass::{private_tokens as private, public_tokens as public, Serialize};
use serde_json::{json, Value};
use url::Url;

use crate::http1::{field, Exchange, Fields, Reply};
use crate::{exact, octets, refused, Answer, Fail, BLIND_RSA, VOPRF};

const DIRECTORY: &str = "/.well-known/private-token-issuer-directory";
const DIRECTORY_TYPE: &str = "application/private-token-issuer-directory";
const REQUEST_TYPE: &str = "application/private-token-request";
const RESPONSE_TYPE: &str = "application/private-token-response";

/// Confirms vectors: whether the crate takes a key.
pub fn decode_key(with: &Value) -> Answer {
    let key = octets(with, "token_key")?;
    match with["token_type"].as_u64() {
        Some(VOPRF) => deserialize_public_key::<NistP384>(&key).map(drop).map_err(refused("key"))?,
        Some(BLIND_RSA) => public::PublicKey::from_spki(&key).map(drop).map_err(refused("key"))?,
        kind => return Err(Fail::Unsupported(format!("no type {kind:?}"))),
    }
    Ok(json!({}))
}

/// Confirms vectors: whether the crate takes a challenge.
pub fn decode_challenge(with: &Value) -> Answer {
    TokenChallenge::deserialize(&octets(with, "challenge")?).map_err(refused("challenge"))?;
    Ok(json!({}))
}

type Finish = Box<dyn FnOnce(&[u8]) -> Answer<Vec<u8>>>;

pub fn issue(with: &Value) -> Answer {
    let key = octets(with, "token_key")?;
    let challenge = TokenChallenge::deserialize(&octets(with, "challenge")?).map_err(refused("challenge"))?;
    let (request, finish) = begin(with["type"].as_u64(), &key, &challenge)?;
    let issuer = with["issuer"].as_str().ok_or("issuer: no string".to_owned())?;
    let directory = Url::parse(issuer).and_then(|u| u.join(DIRECTORY)).map_err(|e| e.to_string())?;
    let said: Value = serde_json::from_slice(&get(&directory)?).map_err(refused("directory"))?;
    let uri = said["issuer-request-uri"].as_str().ok_or(Fail::Refused("directory", "no URL".into()))?;
    let target = directory.join(uri).map_err(refused("directory"))?;
    let token = finish(&post(&target, &request)?)?;
    Ok(json!({"token": hex::encode(token)}))
}

fn begin(kind: Option<u64>, key: &[u8], challenge: &TokenChallenge) -> Answer<(Vec<u8>, Finish)> {
    match kind {
        Some(VOPRF) => {
            let key = deserialize_public_key::<NistP384>(key).map_err(refused("key"))?;
            let made = private::TokenRequest::<NistP384>::new(key, challenge).map_err(refused("request"))?;
            let (request, state) = made;
            let finish = move |octets: &[u8]| {
                let response =
                    private::TokenResponse::<NistP384>::try_from_bytes(octets).map_err(refused("response"))?;
                let token = response.issue_token(&state).map_err(refused("response"))?;
                token.tls_serialize_detached().map_err(|e| Fail::Broken(e.to_string()))
            };
            Ok((request.tls_serialize_detached().map_err(|e| e.to_string())?, Box::new(finish)))
        }
        Some(BLIND_RSA) => {
            let key = public::PublicKey::from_spki(key).map_err(refused("key"))?;
            let made = public::TokenRequest::new(&mut rng(), key, challenge).map_err(refused("request"))?;
            let (request, state) = made;
            let finish = move |octets: &[u8]| {
                let response: public::TokenResponse = exact(octets).map_err(|e| Fail::Refused("response", e))?;
                let token = response.issue_token(&state).map_err(refused("response"))?;
                token.tls_serialize_detached().map_err(|e| Fail::Broken(e.to_string()))
            };
            Ok((request.tls_serialize_detached().map_err(|e| e.to_string())?, Box::new(finish)))
        }
        kind => Err(Fail::Unsupported(format!("no type {kind:?}"))),
    }
}

fn get(url: &Url) -> Answer<Vec<u8>> {
    let accept = (b"accept".to_vec(), DIRECTORY_TYPE.into());
    let reply = exchanged(b"GET", url, vec![accept], b"")?;
    match reply.status {
        200 => Ok(reply.content),
        status => Err(Fail::Refused("directory", format!("status {status}"))),
    }
}

fn post(url: &Url, request: &[u8]) -> Answer<Vec<u8>> {
    let fields = vec![(b"content-type".to_vec(), REQUEST_TYPE.into()), (b"accept".to_vec(), RESPONSE_TYPE.into())];
    let reply = exchanged(b"POST", url, fields, request)?;
    let kind =
        field(&reply.fields, "content-type").unwrap_or_default().split(|o| *o == b';').next().unwrap_or_default();
    match (reply.status, kind.trim_ascii().eq_ignore_ascii_case(RESPONSE_TYPE.as_bytes())) {
        (200, true) => Ok(reply.content),
        (status, _) => {
            Err(Fail::Refused("response", format!("status {status}, called {:?}", String::from_utf8_lossy(kind))))
        }
    }
}

fn exchanged(method: &[u8], url: &Url, fields: Fields, content: &[u8]) -> Answer<Reply> {
    let authority = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(80));
    let path = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let exchange = Exchange { method, path: path.as_bytes(), authority: &authority, fields, content };
    exchange.run().map_err(refused("network"))
}
