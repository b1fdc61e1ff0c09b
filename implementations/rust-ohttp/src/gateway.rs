//! An HTTP/1.1 gateway around the crates. Keys, encapsulation and Binary HTTP are theirs; statuses, media types, the
//! choice of targets and the forwarding are the shim's.
use bhttp::{FieldSection, Message, Mode, StatusCode};
use ohttp::{KeyConfig, Server};

use crate::http1::{self, Answer, Listener, Request};
use crate::Fail;

const RESOURCE: &str = "/.well-known/ohttp-gateway";
/// One key for each of these KEMs that the crate knows; key identifiers count from 1.
pub const KEMS: [u16; 2] = [crate::X25519, crate::P256];

struct Gateway {
    keys: Vec<u8>,
    servers: Vec<Server>,
    targets: Vec<String>,
}

/// Starts a gateway for some targets, with new keys; also gives the URL of its resource.
pub fn start(targets: &[String]) -> Result<(String, Listener), Fail> {
    let mut servers = Vec::new();
    for (key_id, kem) in (1..).zip(KEMS.into_iter().filter(|kem| !crate::supported(*kem).is_empty())) {
        servers.push(Server::new(crate::key_config(key_id, kem, &crate::supported(kem))?)?);
    }
    let keys = KeyConfig::encode_list(&servers.iter().map(Server::config).collect::<Vec<_>>())?;
    let targets = targets.iter().map(|t| t.trim_end_matches('/').to_lowercase()).collect();
    let gateway = Gateway { keys, servers, targets };
    let listener = Listener::start(move |request| gateway.answer(request)).map_err(|e| e.to_string())?;
    Ok((format!("http://{}{RESOURCE}", listener.address), listener))
}

fn plain(status: u16, text: impl Into<String>) -> Answer {
    Answer { status, media_type: "text/plain", content: text.into().into_bytes() }
}

impl Gateway {
    fn answer(&self, request: &Request) -> Answer {
        if request.path != RESOURCE {
            return plain(404, "no such resource");
        }
        match request.method.as_str() {
            "GET" | "HEAD" => {
                return Answer { status: 200, media_type: "application/ohttp-keys", content: self.keys.clone() }
            }
            "POST" => {}
            _ => return plain(405, "method"),
        }
        let media_type = http1::field(&request.fields, "content-type").unwrap_or_default();
        let media_type = media_type.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii();
        if !media_type.eq_ignore_ascii_case(b"message/ohttp-req") {
            return plain(415, "media type");
        }
        // A server of the crate holds one key. With no octet or an unknown one, any of them gives the refusal.
        let named = |s: &&Server| s.config().encode().is_ok_and(|octets| octets.first() == request.content.first());
        let server = self.servers.iter().find(named).unwrap_or(&self.servers[0]);
        let (inner, context) = match server.decapsulate(&request.content) {
            Ok(opened) => opened,
            Err(e) => return plain(400, e.to_string()),
        };
        let reply = self.forward(&inner).unwrap_or_else(|(status, text)| message(status, text));
        let sealed = crate::encode(&reply, Mode::KnownLength).map_err(Fail::from);
        match sealed.and_then(|octets| Ok(context.encapsulate(&octets)?)) {
            Ok(content) => Answer { status: 200, media_type: "message/ohttp-res", content },
            Err(_) => plain(500, "the crate could not make the response"),
        }
    }

    /// Shim: what becomes of a decapsulated request. An error is a status, and the text that explains it.
    fn forward(&self, inner: &[u8]) -> Result<Message, (u16, String)> {
        let request = crate::decode(inner).map_err(|e| (400, e.to_string()))?;
        let control = request.control();
        let [Some(method), Some(scheme)] = [control.method(), control.scheme()] else {
            return Err((400, "a response where a request belongs".into()));
        };
        if method == b"CONNECT" {
            return Err((400, "CONNECT has no meaning here".into()));
        }
        let fields = pairs(request.header());
        if fields.iter().any(|(n, v)| n.eq_ignore_ascii_case(b"expect") && v.eq_ignore_ascii_case(b"100-continue")) {
            return Err((417, "100-continue has no meaning here".into()));
        }
        // RFC 9292, section 3.4: an absent authority may stand in the Host field.
        let host = fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(b"host")).map(|(_, v)| &v[..]);
        let authority = control.authority().or(host).unwrap_or_default();
        let [scheme, authority] = [scheme, authority].map(|v| String::from_utf8_lossy(v).to_lowercase());
        if !self.targets.contains(&format!("{scheme}://{authority}")) {
            return Err((403, format!("{scheme}://{authority} is not a target of this gateway")));
        }
        if scheme != "http" {
            return Err((502, format!("no transport for {scheme}")));
        }
        let question = http1::Exchange {
            method,
            path: control.path().unwrap_or(b"/"),
            authority: &authority,
            fields,
            content: request.content(),
            trailers: pairs(request.trailer()),
        };
        let answer = question.run().map_err(|e| match e.kind() {
            std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof => (502, e.to_string()),
            _ => (504, e.to_string()),
        })?;
        let status = StatusCode::try_from(answer.status).map_err(|e| (502, e.to_string()))?;
        let mut response = Message::response(status);
        answer.fields.into_iter().for_each(|(name, value)| response.put_header(name, value));
        response.write_content(answer.content);
        answer.trailers.into_iter().for_each(|(name, value)| response.put_trailer(name, value));
        Ok(response)
    }
}

fn pairs(section: &FieldSection) -> http1::Fields {
    section.iter().map(|field| (field.name().to_vec(), field.value().to_vec())).collect()
}

fn message(status: u16, text: String) -> Message {
    let mut response = Message::response(StatusCode::try_from(status).expect("a status of the shim"));
    response.put_header("content-type", "text/plain");
    response.write_content(text);
    response
}
