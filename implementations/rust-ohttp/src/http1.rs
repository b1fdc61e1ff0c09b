//! The shim's HTTP/1.1 client towards targets. It passes methods, fields and content as the Binary HTTP decoder gave them,
//! without checks of its own: what the decoder lets through shall be seen at the target.
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(5);
const LARGEST: u64 = 64 << 20;
const HOP_BY_HOP: [&str; 7] =
    ["connection", "proxy-connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

pub type Fields = Vec<(Vec<u8>, Vec<u8>)>;

pub struct Exchange<'a> {
    pub method: &'a [u8],
    pub path: &'a [u8],
    pub authority: &'a str,
    pub fields: Fields,
    pub content: &'a [u8],
    pub trailers: Fields,
}

pub struct Reply {
    pub status: u16,
    pub fields: Fields,
    pub content: Vec<u8>,
    pub trailers: Fields,
}

/// A connection that gives up when the time is over, however slowly octets arrive.
struct Patient(TcpStream, Instant);

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let left = self.1.saturating_duration_since(Instant::now());
        self.0.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        self.0.read(buffer)
    }
}

impl Exchange<'_> {
    pub fn run(&self) -> Result<Reply> {
        let deadline = Instant::now() + PATIENCE;
        let (host, port) = match self.authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(80)),
            _ => (self.authority, 80),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let address = (host, port).to_socket_addrs()?.next().ok_or(ErrorKind::AddrNotAvailable)?;
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        // A target may answer and close before it has read everything: its answer counts, not our failure to write.
        let written = stream.write_all(&self.octets());
        let mut reader = BufReader::new(Patient(stream, deadline).take(LARGEST));
        let reply = read_reply(&mut reader, self.method == b"HEAD");
        reply.map_err(|e| written.err().unwrap_or(e))
    }

    fn octets(&self) -> Vec<u8> {
        let mut out = [self.method, b" ", self.path, b" HTTP/1.1\r\nhost: ", self.authority.as_bytes()].concat();
        out.extend(b"\r\nconnection: close\r\n");
        // Framing is made anew from the content; a length or transfer coding of the client's is worth nothing here.
        let announced = self.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"content-length"));
        if !self.trailers.is_empty() {
            out.extend(b"transfer-encoding: chunked\r\n");
        } else if announced || !self.content.is_empty() {
            out.extend(format!("content-length: {}\r\n", self.content.len()).bytes());
        }
        write_fields(&mut out, &end_to_end(&self.fields, &["host", "content-length"]));
        out.extend(b"\r\n");
        if self.trailers.is_empty() {
            out.extend(self.content);
        } else {
            if !self.content.is_empty() {
                out.extend([format!("{:x}\r\n", self.content.len()).as_bytes(), self.content, b"\r\n"].concat());
            }
            out.extend(b"0\r\n");
            write_fields(&mut out, &end_to_end(&self.trailers, &[]));
            out.extend(b"\r\n");
        }
        out
    }
}

/// The fields that go on: without hop-by-hop ones, those that Connection names, and `more`.
fn end_to_end(fields: &Fields, more: &[&str]) -> Fields {
    let mut gone: Vec<String> = HOP_BY_HOP.iter().chain(more).map(|name| (*name).to_owned()).collect();
    for (_, value) in fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"connection")) {
        gone.extend(String::from_utf8_lossy(value).split(',').map(|name| name.trim().to_owned()));
    }
    let stays = |name: &[u8]| !gone.iter().any(|g| name.eq_ignore_ascii_case(g.as_bytes()));
    fields.iter().filter(|(name, _)| stays(name)).cloned().collect()
}

fn write_fields(out: &mut Vec<u8>, fields: &Fields) {
    for (name, value) in fields {
        out.extend([&name[..], b": ", value, b"\r\n"].concat());
    }
}

fn bad(reason: &str) -> Error {
    Error::new(ErrorKind::InvalidData, reason)
}

fn read_line(reader: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}

fn read_fields(reader: &mut impl BufRead) -> Result<Fields> {
    let mut fields = Fields::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Ok(fields);
        }
        let colon = line.iter().position(|octet| *octet == b':').ok_or_else(|| bad("field without colon"))?;
        fields.push((line[..colon].to_ascii_lowercase(), line[colon + 1..].trim_ascii().to_vec()));
    }
}

fn read_reply(reader: &mut impl BufRead, head: bool) -> Result<Reply> {
    let (status, fields) = loop {
        let line = String::from_utf8_lossy(&read_line(reader)?).into_owned();
        let status = line.split(' ').nth(1).and_then(|s| s.parse::<u16>().ok()).ok_or_else(|| bad("status line"))?;
        let fields = read_fields(reader)?;
        // Informational responses are dropped: the crate has no call that adds them to a message.
        if !(100..200).contains(&status) {
            break (status, fields);
        }
    };
    let get = |wanted: &[u8]| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.to_ascii_lowercase());
    let (mut content, mut trailers) = (Vec::new(), Fields::new());
    if head || status == 204 || status == 304 {
    } else if get(b"transfer-encoding").is_some_and(|value| value.ends_with(b"chunked")) {
        loop {
            let line = String::from_utf8_lossy(&read_line(reader)?).into_owned();
            let size = line.split(';').next().unwrap_or("").trim();
            let size = u64::from_str_radix(size, 16).map_err(|_| bad("chunk size"))?;
            if size == 0 {
                break;
            }
            read_exactly(reader, size, &mut content)?;
            read_line(reader)?;
        }
        trailers = read_fields(reader)?;
    } else if let Some(length) = get(b"content-length") {
        let length = String::from_utf8_lossy(&length).parse().map_err(|_| bad("content-length"))?;
        read_exactly(reader, length, &mut content)?;
    } else {
        reader.read_to_end(&mut content)?;
    }
    Ok(Reply { status, fields: end_to_end(&fields, &[]), content, trailers: end_to_end(&trailers, &[]) })
}

fn read_exactly(reader: &mut impl BufRead, length: u64, content: &mut Vec<u8>) -> Result<()> {
    match reader.take(length).read_to_end(content)? as u64 == length {
        true => Ok(()),
        false => Err(ErrorKind::UnexpectedEof.into()),
    }
}
