//! An issuer and an origin over HTTP/1.1 around the crate.
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::{engine::general_purpose::URL_SAFE, Engine};
use blind_rsa_signatures::reexports::rand::rng;
use http::HeaderValue;
use p384::NistP384;
use privacypass::auth::{authenticate as authn, authorize as authz};
use privacypass::common::private::serialize_public_key;
use privacypass::private_tokens::{self as private, server::Server, PrivateToken};
use privacypass::public_tokens::server::{self as pubsrv, IssuerServer, OriginKeyStore, OriginServer};
use privacypass::public_tokens::{self as public, PublicToken};
use privacypass::test_utils::nonce_store::MemoryNonceStore;
use privacypass::test_utils::private_memory_store::MemoryKeyStoreVoprf;
use privacypass::test_utils::public_memory_store::{IssuerMemoryKeyStore, OriginMemoryKeyStore};
use privacypass::{Serialize, TokenType};
use serde_json::{json, Value};
use typenum::{U256, U48};

use crate::http1::{self, field, plain, Listener, Request};
use crate::{exact, octets, wait, Answer, Fail, BLIND_RSA, VOPRF};

const DIRECTORY: &str = "/.well-known/private-token-issuer-directory";
const PROTECTED: &str = "/protected";

fn debug<E: std::fmt::Debug>(error: E) -> String {
    format!("{error:?}")
}

// The issuer

#[derive(Default)]
struct Issuer {
    voprf: MemoryKeyStoreVoprf<NistP384>,
    rsa: IssuerMemoryKeyStore,
    directory: Vec<u8>,
}

/// Starts an issuer with a new key of each type; also gives its URL.
pub fn issuer() -> Result<(String, Listener), Fail> {
    let mut issuer = Issuer::default();
    let point = wait(Server::<NistP384>::new().create_keypair(&issuer.voprf)).map_err(debug)?;
    let pair = wait(IssuerServer::new().create_keypair(&mut rng(), &issuer.rsa)).map_err(debug)?;
    let keys = [
        (VOPRF, serialize_public_key::<NistP384>(point)),
        (BLIND_RSA, pubsrv::serialize_public_key(&pair).map_err(debug)?),
    ];
    let listed = keys.map(|(kind, key)| json!({"token-type": kind, "token-key": URL_SAFE.encode(key)}));
    issuer.directory = json!({"issuer-request-uri": "/token-request", "token-keys": listed}).to_string().into();
    let listener = Listener::start(move |request| issuer.answer(request)).map_err(debug)?;
    Ok((format!("http://{}", listener.address), listener))
}

impl Issuer {
    fn answer(&self, request: &Request) -> http1::Answer {
        match (request.path.as_str(), request.method.as_str()) {
            (DIRECTORY, "GET" | "HEAD") => http1::Answer {
                status: 200,
                media_type: "application/private-token-issuer-directory",
                fields: vec![("cache-control", "max-age=3600".into())],
                content: self.directory.clone(),
            },
            ("/token-request", "POST") => {
                let kind = field(&request.fields, "content-type").unwrap_or_default();
                let kind = kind.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii();
                if !kind.eq_ignore_ascii_case(b"application/private-token-request") {
                    return plain(415, "media type");
                }
                match self.issue(&request.content) {
                    Ok(content) => http1::Answer {
                        status: 200,
                        media_type: "application/private-token-response",
                        fields: Vec::new(),
                        content,
                    },
                    Err(why) => plain(422, &why),
                }
            }
            (DIRECTORY | "/token-request", _) => plain(405, "method"),
            _ => plain(404, "no such resource"),
        }
    }

    fn issue(&self, octets: &[u8]) -> Result<Vec<u8>, String> {
        match octets.get(..2) {
            Some([0, 1]) => {
                let request = exact(octets)?;
                let server = Server::<NistP384>::new();
                let response = wait(server.issue_token_response(&self.voprf, request)).map_err(debug)?;
                response.tls_serialize_detached().map_err(debug)
            }
            Some([0, 2]) => {
                let request = exact(octets)?;
                let response = wait(IssuerServer::new().issue_token_response(&self.rsa, request)).map_err(debug)?;
                response.tls_serialize_detached().map_err(debug)
            }
            kind => Err(format!("no type {kind:?}")),
        }
    }
}

// The origin

struct Origin {
    issuer: String,
    keys: Vec<(u64, Vec<u8>)>,
    voprf: MemoryKeyStoreVoprf<NistP384>,
    rsa: OriginMemoryKeyStore,
    spent: MemoryNonceStore,
    challenges: Mutex<HashMap<[u8; 32], u64>>,
}

/// Starts an origin that trusts an issuer: `name`, and `keys` of `type` and `public`, those of type 1 with `private`;
/// without keys it takes no token.
pub fn origin(issuer: &Value) -> Answer<(String, Listener)> {
    let mut origin = Origin {
        issuer: issuer["name"].as_str().unwrap_or("issuer.example").to_owned(),
        keys: Vec::new(),
        voprf: MemoryKeyStoreVoprf::default(),
        rsa: OriginMemoryKeyStore::default(),
        spent: MemoryNonceStore::default(),
        challenges: Mutex::default(),
    };
    for key in issuer["keys"].as_array().into_iter().flatten() {
        let octets_of = octets(key, "public")?;
        match key["type"].as_u64() {
            Some(VOPRF) => {
                let server = Server::<NistP384>::new();
                wait(server.set_key(&origin.voprf, &octets(key, "private")?)).map_err(debug)?;
                origin.keys.push((VOPRF, octets_of));
            }
            Some(BLIND_RSA) => {
                let public = public::PublicKey::from_spki(&octets_of).map_err(debug)?;
                let id = public::public_key_to_truncated_token_key_id(&public).map_err(debug)?;
                wait(origin.rsa.insert(id, public));
                origin.keys.push((BLIND_RSA, octets_of));
            }
            _ => {}
        }
    }
    let origin = Arc::new(origin);
    let listener = Listener::start(move |request| origin.answer(request)).map_err(debug)?;
    Ok((format!("http://{}{PROTECTED}", listener.address), listener))
}

impl Origin {
    fn answer(&self, request: &Request) -> http1::Answer {
        if request.path != PROTECTED {
            return plain(404, "no such resource");
        }
        let lines = request.fields.iter().filter(|(name, _)| name == b"authorization").collect::<Vec<_>>();
        let taken = match lines[..] {
            [] => Err("a token is wanted".to_owned()),
            [(_, value)] => self.redeem(value),
            _ => Err("several lines".to_owned()),
        };
        match taken {
            Ok(()) => plain(200, "here it is"),
            Err(why) => self.challenge(request, &why),
        }
    }

    fn challenge(&self, request: &Request, why: &str) -> http1::Answer {
        let host =
            field(&request.fields, "host").map(|h| String::from_utf8_lossy(h).to_lowercase()).unwrap_or_default();
        let mut answer = plain(401, why);
        for (kind, name) in [(BLIND_RSA, TokenType::Public), (VOPRF, TokenType::PrivateP384)] {
            let Some((_, key)) = self.keys.iter().find(|(of, _)| *of == kind) else { continue };
            let context: [u8; 32] = blind_rsa_signatures::reexports::rand::random();
            let challenge = authn::TokenChallenge::new(name, &self.issuer, Some(context), std::slice::from_ref(&host));
            let Ok(digest) = challenge.digest() else { return plain(500, "no digest") };
            self.challenges.lock().expect("no panic").insert(digest, kind);
            match authn::build_www_authenticate_header(&challenge, key, Some(600)) {
                Ok((_, value)) => {
                    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    answer.fields.push(("www-authenticate", text));
                }
                Err(why) => return plain(500, &debug(why)),
            }
        }
        answer
    }

    /// The header and the token are read by the crate, and the token is redeemed by it. Whether the challenge is one of
    /// this origin is left to the application, which is the shim.
    fn redeem(&self, value: &[u8]) -> Result<(), String> {
        let value = HeaderValue::from_bytes(value).map_err(debug)?;
        // The longer first: the crate reads a token from the front, and would find a short one in it.
        let octets = match authz::parse_authorization_header::<U256>(&value) {
            Ok(token) => token.tls_serialize_detached().map_err(debug)?,
            Err(_) => {
                let token = authz::parse_authorization_header::<U48>(&value).map_err(debug)?;
                token.tls_serialize_detached().map_err(debug)?
            }
        };
        let digest: [u8; 32] = octets.get(34..66).and_then(|d| d.try_into().ok()).ok_or("no digest")?;
        let kind = self.challenges.lock().expect("no panic").get(&digest).copied();
        match (octets.get(..2), kind) {
            (Some([0, 1]), Some(VOPRF)) => {
                let token = exact::<PrivateToken<NistP384>>(&octets)?;
                wait(private::server::Server::<NistP384>::new().redeem_token(&self.voprf, &self.spent, token))
                    .map_err(debug)
            }
            (Some([0, 2]), Some(BLIND_RSA)) => {
                let token = exact::<PublicToken>(&octets)?;
                wait(OriginServer::new().redeem_token(&self.rsa, &self.spent, token)).map_err(debug)
            }
            _ => Err("no challenge of this type and digest".to_owned()),
        }
    }
}
