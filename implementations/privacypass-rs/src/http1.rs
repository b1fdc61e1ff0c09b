//! The shim's HTTP/1.1, both sides, on blocking sockets: small enough to read, and a connection that is reset early ends
//! nobody else.
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(60);
const LONGEST_LINE: u64 = 64 << 10;
const LARGEST: u64 = 64 << 20;

pub type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// A connection that gives up when the time is over, however slowly octets arrive.
struct Patient(TcpStream, Instant);

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let left = self.1.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.0.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        self.0.read(buffer)
    }
}

// What both sides share

fn bad(reason: &str) -> Error {
    Error::new(ErrorKind::InvalidData, reason)
}

/// The value of the first field of a name, names being in lower case.
pub fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a [u8]> {
    fields.iter().find(|(n, _)| n == name.as_bytes()).map(|(_, value)| &value[..])
}

fn read_line(reader: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    if reader.take(LONGEST_LINE).read_until(b'\n', &mut line)? as u64 == LONGEST_LINE {
        return Err(bad("line too long"));
    }
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

/// The content of a message with a length or in chunks, and its trailers. None: its fields give no framing.
fn read_content(reader: &mut impl BufRead, fields: &Fields) -> Result<Option<(Vec<u8>, Fields)>> {
    let mut content = Vec::new();
    let mut read_exactly = |reader: &mut dyn BufRead, length: u64| {
        if length > LARGEST - content.len() as u64 {
            return Err(bad("too large"));
        }
        match reader.take(length).read_to_end(&mut content)? as u64 == length {
            true => Ok(()),
            false => Err(ErrorKind::UnexpectedEof.into()),
        }
    };
    if let Some(coding) = field(fields, "transfer-encoding") {
        if !coding.eq_ignore_ascii_case(b"chunked") {
            return Err(bad("transfer-encoding"));
        }
        loop {
            let line = String::from_utf8_lossy(&read_line(reader)?).into_owned();
            let size = line.split(';').next().unwrap_or("").trim();
            let size = u64::from_str_radix(size, 16).map_err(|_| bad("chunk size"))?;
            if size == 0 {
                let trailers = read_fields(reader)?;
                return Ok(Some((content, trailers)));
            }
            read_exactly(reader, size)?;
            if !read_line(reader)?.is_empty() {
                return Err(bad("chunk end"));
            }
        }
    }
    let Some(length) = field(fields, "content-length") else { return Ok(None) };
    read_exactly(reader, String::from_utf8_lossy(length).parse().map_err(|_| bad("content-length"))?)?;
    Ok(Some((content, Fields::new())))
}

// The client

pub struct Exchange<'a> {
    pub method: &'a [u8],
    pub path: &'a [u8],
    pub authority: &'a str,
    pub fields: Fields,
    pub content: &'a [u8],
}

pub struct Reply {
    pub status: u16,
    pub fields: Fields,
    pub content: Vec<u8>,
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
        let mut reader = BufReader::new(Patient(stream, deadline));
        let reply = read_reply(&mut reader, self.method == b"HEAD");
        reply.map_err(|e| written.err().unwrap_or(e))
    }

    fn octets(&self) -> Vec<u8> {
        let mut out = [self.method, b" ", self.path, b" HTTP/1.1\r\nhost: ", self.authority.as_bytes()].concat();
        out.extend(b"\r\nconnection: close\r\n");
        if self.method == b"POST" {
            out.extend(format!("content-length: {}\r\n", self.content.len()).bytes());
        }
        for (name, value) in &self.fields {
            out.extend([&name[..], b": ", value, b"\r\n"].concat());
        }
        out.extend(b"\r\n");
        out.extend(self.content);
        out
    }
}

fn read_reply(reader: &mut impl BufRead, head: bool) -> Result<Reply> {
    let (status, fields) = loop {
        let line = String::from_utf8_lossy(&read_line(reader)?).into_owned();
        let status = line.split(' ').nth(1).and_then(|s| s.parse::<u16>().ok()).ok_or_else(|| bad("status line"))?;
        let fields = read_fields(reader)?;
        if !(100..200).contains(&status) {
            break (status, fields);
        }
    };
    let content = if head || status == 204 || status == 304 {
        Vec::new()
    } else if let Some((content, _)) = read_content(reader, &fields)? {
        content
    } else {
        let mut rest = Vec::new();
        reader.take(LARGEST).read_to_end(&mut rest)?;
        rest
    };
    Ok(Reply { status, fields, content })
}

// The server

pub struct Request {
    pub method: String,
    pub path: String,
    pub fields: Fields,
    pub content: Vec<u8>,
}

pub struct Answer {
    pub status: u16,
    pub media_type: &'static str,
    pub fields: Vec<(&'static str, String)>,
    pub content: Vec<u8>,
}

pub fn plain(status: u16, text: &str) -> Answer {
    Answer { status, media_type: "text/plain", fields: Vec::new(), content: text.as_bytes().to_vec() }
}

pub struct Listener {
    pub address: SocketAddr,
    stopping: Arc<AtomicBool>,
    acceptor: JoinHandle<()>,
}

impl Listener {
    /// Starts a server on a port of its own; a thread for each connection, so that a slow one holds up nobody else.
    pub fn start(handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (address, stopping, handler) =
            (listener.local_addr()?, Arc::new(AtomicBool::new(false)), Arc::new(handler));
        let stop = stopping.clone();
        let acceptor = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (stop, handler) = (stop.clone(), handler.clone());
                let connection = move |stream| drop(attend(stream, &stop, &*handler));
                let _ = stream.and_then(|s| std::thread::Builder::new().spawn(move || connection(s)));
            }
        });
        Ok(Self { address, stopping, acceptor })
    }

    pub fn stop(self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(self.address);
        let _ = self.acceptor.join();
    }
}

fn attend(stream: TcpStream, stop: &AtomicBool, handler: &dyn Fn(&Request) -> Answer) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut reader = BufReader::new(Patient(stream, Instant::now() + IDLE));
    loop {
        let (answer, head, last) = match read_request(&mut reader, &mut out) {
            Ok((request, last)) => (handler(&request), request.method == "HEAD", last || stop.load(Ordering::SeqCst)),
            Err(e) if e.kind() == ErrorKind::InvalidData => (plain(400, &e.to_string()), false, true),
            Err(e) => return Err(e),
        };
        let Answer { status, media_type, fields, content } = answer;
        let mut octets = format!("HTTP/1.1 {status} \r\ncontent-type: {media_type}\r\n").into_bytes();
        octets.extend(format!("content-length: {}\r\n", content.len()).bytes());
        for (name, value) in fields {
            octets.extend(format!("{name}: {value}\r\n").bytes());
        }
        octets.extend_from_slice(if last { b"connection: close\r\n\r\n" } else { b"\r\n" });
        octets.extend(if head { Vec::new() } else { content });
        out.write_all(&octets)?;
        reader.get_mut().1 = Instant::now() + IDLE;
        if last {
            // Closing with unread octets would reset the connection, and the answer might be lost with it.
            out.shutdown(Shutdown::Write)?;
            reader.get_mut().1 = Instant::now() + Duration::from_secs(1);
            std::io::copy(&mut reader.take(LARGEST), &mut std::io::sink())?;
            return Ok(());
        }
    }
}

/// The next request, and whether it is the connection's last. Invalid data deserves a 400; any other error ends it all.
fn read_request(reader: &mut impl BufRead, out: &mut TcpStream) -> Result<(Request, bool)> {
    let line = String::from_utf8(read_line(reader)?).map_err(|_| bad("request line"))?;
    let [method, target, version] = line.split(' ').collect::<Vec<_>>()[..] else { return Err(bad("request line")) };
    if !version.starts_with("HTTP/1.") {
        return Err(bad("version"));
    }
    let fields = read_fields(reader)?;
    if field(&fields, "content-length").is_some() && field(&fields, "transfer-encoding").is_some() {
        return Err(bad("two framings"));
    }
    if field(&fields, "expect").is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue")) {
        out.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let content = read_content(reader, &fields)?.map_or(Vec::new(), |(content, _)| content);
    let close = field(&fields, "connection").is_some_and(|v| v.to_ascii_lowercase().ends_with(b"close"));
    // The absolute form names the resource too.
    let path = target.split_once("://").map_or(target, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    let path = path.split('?').next().unwrap_or("").to_owned();
    Ok((Request { method: method.to_owned(), path, fields, content }, close || version == "HTTP/1.0"))
}
