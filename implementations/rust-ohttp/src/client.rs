//! A client around the crates. Keys, encapsulation and Binary HTTP are theirs; HTTP is the shim's: it posts, and takes
//! for an encapsulated response what comes with 200 and the right media type.
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

use bhttp::Mode;
use futures::executor::block_on;
use futures::io::{AllowStdIo, AsyncReadExt, AsyncWriteExt};
use ohttp::ClientRequest;
use serde_json::{json, Value};

use crate::http1::{self, Exchange};
use crate::{Answer, Fail};

/// What a stream of the crate has written.
#[derive(Clone, Default)]
struct Sink(Rc<RefCell<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn failed(error: std::io::Error) -> Fail {
    Fail::Refused("io".into(), error.to_string())
}

pub fn fetch(with: &Value) -> Answer {
    let request = crate::message(&with["request"])?;
    let url = with["url"].as_str().ok_or("url: no string".to_string())?;
    let client = ClientRequest::from_encoded_config_list(&crate::octets(with, "keys")?)?;
    // Shim: the crate writes both framings; the known length is what its own client program takes.
    let plain = crate::encode(&request, Mode::KnownLength)?;
    let opened = match with["chunked"].as_bool() {
        Some(true) => in_chunks(client, url, &plain)?,
        _ => {
            let (sealed, context) = client.encapsulate(&plain)?;
            context.decapsulate(&post(url, "message/ohttp-req", &sealed, "message/ohttp-res")?)?
        }
    };
    let response = crate::decode(&opened)?;
    match response.control().status() {
        Some(_) => Ok(json!({"response": crate::message_json(&response)})),
        None => Err(Fail::Refused("bhttp".into(), "a request where a response belongs".into())),
    }
}

fn in_chunks(client: ClientRequest, url: &str, plain: &[u8]) -> Answer<Vec<u8>> {
    let sink = Sink::default();
    let mut request = client.encapsulate_stream(AllowStdIo::new(sink.clone()))?;
    let written = block_on(async {
        request.write_all(plain).await?;
        request.close().await
    });
    written.map_err(failed)?;
    let sealed = sink.0.take();
    let content = post(url, "message/ohttp-chunked-req", &sealed, "message/ohttp-chunked-res")?;
    let mut opened = Vec::new();
    block_on(request.response(&content[..])?.read_to_end(&mut opened)).map_err(failed)?;
    Ok(opened)
}

/// Shim: one POST over HTTP/1.1.
fn post(url: &str, media_type: &str, content: &[u8], wanted: &str) -> Answer<Vec<u8>> {
    let (authority, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).unwrap_or(("", ""));
    let mut fields = vec![(b"content-type".to_vec(), media_type.as_bytes().to_vec())];
    if media_type.contains("chunked") {
        fields.push((b"incremental".to_vec(), b"?1".to_vec()));
    }
    let path = format!("/{path}");
    let question =
        Exchange { method: b"POST", path: path.as_bytes(), authority, fields, content, trailers: Vec::new() };
    let reply = question.run().map_err(failed)?;
    let said = http1::field(&reply.fields, "content-type").unwrap_or_default();
    let said = said.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii();
    if reply.status != 200 || !said.eq_ignore_ascii_case(wanted.as_bytes()) {
        let said = String::from_utf8_lossy(said);
        return Err(Fail::Refused("http".into(), format!("{} with {said}", reply.status)));
    }
    Ok(reply.content)
}
