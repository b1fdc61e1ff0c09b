//! An HTTP/1.1 gateway around the crates. Keys, encapsulation and Binary HTTP are theirs; statuses, media types, the choice
//! of targets and the forwarding are the shim's.
use std::io::Read;
use std::sync::Arc;
use std::thread::JoinHandle;

use bhttp::{FieldSection, Message, Mode, StatusCode};
use ohttp::{KeyConfig, Server};
use tiny_http::{Header, Request, Response};

use crate::{http1, Fail};

const RESOURCE: &str = "/.well-known/ohttp-gateway";
const LARGEST: u64 = 16 << 20;
/// One key for each of these KEMs that the crate knows; key identifiers count from 1.
pub const KEMS: [u16; 2] = [crate::X25519, crate::P256];

pub struct Running {
    pub url: String,
    http: Arc<tiny_http::Server>,
    acceptor: JoinHandle<()>,
}

impl Running {
    pub fn stop(self) {
        self.http.unblock();
        let _ = self.acceptor.join();
    }
}

struct Gateway {
    keys: Vec<u8>,
    servers: Vec<Server>,
    targets: Vec<String>,
}

pub fn start(targets: Vec<String>) -> Result<Running, Fail> {
    let mut servers = Vec::new();
    for (key_id, kem) in (1..).zip(KEMS.into_iter().filter(|kem| !crate::supported(*kem).is_empty())) {
        servers.push(Server::new(crate::key_config(key_id, kem, &crate::supported(kem))?)?);
    }
    let keys = KeyConfig::encode_list(&servers.iter().map(Server::config).collect::<Vec<_>>())?;
    let targets = targets.iter().map(|t| t.trim_end_matches('/').to_lowercase()).collect();
    let gateway = Arc::new(Gateway { keys, servers, targets });

    exit_on_panic();
    let http = Arc::new(tiny_http::Server::http("127.0.0.1:0").map_err(|e| e.to_string())?);
    let url = format!("http://{}{RESOURCE}", http.server_addr());
    let incoming = http.clone();
    let acceptor = std::thread::spawn(move || {
        // A thread for each request, so that a slow target holds up nobody else.
        for request in incoming.incoming_requests() {
            let gateway = gateway.clone();
            let _ = std::thread::Builder::new().name("request".into()).spawn(move || gateway.handle(request));
        }
    });
    Ok(Running { url, http, acceptor })
}

/// A panic on a request's thread ends the process, as it would on the main one. The HTTP server's own threads are left out:
/// they panic when a connection is reset early, which says nothing about the crates.
fn exit_on_panic() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            print(info);
            if std::thread::current().name() == Some("request") {
                std::process::exit(101);
            }
        }));
    });
}

type Reply = (u16, &'static str, Vec<u8>);

fn plain(status: u16, text: impl Into<String>) -> Reply {
    (status, "text/plain", text.into().into_bytes())
}

impl Gateway {
    fn handle(&self, mut request: Request) {
        let (status, media_type, content) = self.reply(&mut request);
        let header = |name: &str, value: &str| Header::from_bytes(name, value).expect("ASCII");
        let mut response = Response::from_data(content).with_status_code(status);
        response.add_header(header("Content-Type", media_type));
        if status == 405 {
            response.add_header(header("Allow", "GET, HEAD, POST"));
        }
        let _ = request.respond(response);
    }

    fn reply(&self, request: &mut Request) -> Reply {
        if request.url() != RESOURCE {
            return plain(404, "no such resource");
        }
        match request.method().as_str() {
            "GET" | "HEAD" => return (200, "application/ohttp-keys", self.keys.clone()),
            "POST" => {}
            _ => return plain(405, "method"),
        }
        let media_type = request.headers().iter().find(|h| h.field.equiv("Content-Type"));
        let media_type = media_type.map_or("", |h| h.value.as_str().split(';').next().unwrap_or("").trim());
        if !media_type.eq_ignore_ascii_case("message/ohttp-req") {
            return plain(415, "media type");
        }
        let mut sealed = Vec::new();
        match request.as_reader().take(LARGEST + 1).read_to_end(&mut sealed) {
            Err(e) => return plain(400, e.to_string()),
            Ok(_) if sealed.len() as u64 > LARGEST => return plain(413, "too large"),
            Ok(_) => {}
        }
        // A server of the crate holds one key. With no octet or an unknown one, any of them gives the refusal.
        let named = |s: &&Server| sealed.first() == s.config().encode().ok().and_then(|e| e.first().copied()).as_ref();
        let server = self.servers.iter().find(named).unwrap_or(&self.servers[0]);
        let (inner, context) = match server.decapsulate(&sealed) {
            Ok(opened) => opened,
            Err(e) => return plain(400, e.to_string()),
        };
        let inner_reply = self.forward(&inner).unwrap_or_else(|(status, text)| message(status, text));
        // A reply that the crate cannot encode would be the shim's mistake: the status was valid, and all else is octets.
        let octets = crate::encode(&inner_reply, Mode::KnownLength).expect("a reply that can be encoded");
        match context.encapsulate(&octets) {
            Ok(sealed) => (200, "message/ohttp-res", sealed),
            Err(e) => plain(500, e.to_string()),
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
