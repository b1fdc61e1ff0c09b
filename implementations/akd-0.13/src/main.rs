//! Adapter (JSON Lines on the standard streams) around the published crates `akd` and `akd_core`.
//!
//! One source for both versions of the crates. Proofs cross the line as protobuf; their reading and verification, and
//! the directory that makes honest ones (`akd.publish`, `akd.lookup`, `akd.audit`), are the crates' work.
use std::collections::HashMap;
use std::io::{BufRead, Write};

use akd::ecvrf::{VRFKeyStorage, VrfError};
use akd::storage::{memory::AsyncInMemoryDatabase, StorageManager};
use akd::{AkdLabel, AkdValue, Digest, Directory, EpochHash};
use akd_core::configuration::Configuration;
use akd_core::proto::specs::types as pb;
use protobuf::Message;
use serde_json::{json, Value};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const OPERATIONS: [&str; 6] =
    ["akd.verify-lookup", "akd.verify-audit", "akd.new", "akd.publish", "akd.lookup", "akd.audit"];

/// Why there is no `ok`: the three other keys of an answer.
enum Fail {
    Refused(String),
    Unsupported(String),
    Broken(String),
}

type Answer = Result<Value, Fail>;
type Directories<TC> = HashMap<(), Directory<TC, AsyncInMemoryDatabase, Key>>;

fn refused(error: impl std::fmt::Debug) -> Fail {
    Fail::Refused(format!("{error:?}"))
}

fn broken(error: impl std::fmt::Debug) -> Fail {
    Fail::Broken(format!("{error:?}"))
}

#[derive(Clone)]
struct Key(Vec<u8>);

#[async_trait::async_trait]
impl VRFKeyStorage for Key {
    async fn retrieve(&self) -> Result<Vec<u8>, VrfError> {
        Ok(self.0.clone())
    }
}

fn octets(value: &Value) -> Result<Vec<u8>, Fail> {
    hex::decode(value.as_str().ok_or_else(|| Fail::Broken("octets are missing".into()))?).map_err(broken)
}

fn digest(value: &Value) -> Result<Digest, Fail> {
    Digest::try_from(octets(value)?.as_slice()).map_err(broken)
}

fn number(value: &Value) -> Result<u64, Fail> {
    value.as_u64().ok_or_else(|| Fail::Broken("a number is missing".into()))
}

fn epoch_hash(e: EpochHash) -> (u64, String) {
    (e.epoch(), hex::encode(e.hash()))
}

fn verify_lookup<TC: Configuration>(with: &Value) -> Answer {
    let (public_key, root) = (octets(&with["public_key"])?, digest(&with["root"])?);
    let (epoch, label, proof) = (number(&with["epoch"])?, AkdLabel(octets(&with["label"])?), octets(&with["proof"])?);
    let proof = pb::LookupProof::parse_from_bytes(&proof).map_err(refused)?;
    let proof = akd::LookupProof::try_from(&proof).map_err(refused)?;
    let found = akd::client::lookup_verify::<TC>(&public_key, root, epoch, label, proof).map_err(refused)?;
    Ok(json!({"epoch": found.epoch, "version": found.version, "value": hex::encode(found.value.0)}))
}

async fn verify_audit<TC: Configuration>(with: &Value) -> Answer {
    let hashes = with["hashes"].as_array().ok_or_else(|| Fail::Broken("hashes are missing".into()))?;
    let hashes = hashes.iter().map(digest).collect::<Result<Vec<_>, Fail>>()?;
    let proof = pb::AppendOnlyProof::parse_from_bytes(&octets(&with["proof"])?).map_err(refused)?;
    let proof = akd::AppendOnlyProof::try_from(&proof).map_err(refused)?;
    akd::auditor::audit_verify::<TC>(hashes, proof).await.map_err(refused)?;
    Ok(json!({}))
}

async fn open<TC: Configuration + 'static>(
    secret: Vec<u8>,
) -> Result<Directory<TC, AsyncInMemoryDatabase, Key>, akd::errors::AkdError> {
    let storage = StorageManager::new_no_cache(AsyncInMemoryDatabase::new());
    #[cfg(feature = "v11")]
    return Directory::new(storage, Key(secret)).await;
    #[cfg(not(feature = "v11"))]
    return Directory::new(storage, Key(secret), Default::default()).await;
}

async fn made<TC: Configuration + 'static>(open: &mut Directories<TC>, operation: &str, with: &Value) -> Answer {
    let directory = open.get(&()).ok_or_else(|| Fail::Broken("no directory: akd.new comes first".into()))?;
    match operation {
        "akd.publish" => {
            let mut entries = Vec::new();
            for entry in with["entries"].as_array().into_iter().flatten() {
                entries.push((AkdLabel(octets(&entry[0])?), AkdValue(octets(&entry[1])?)));
            }
            let (epoch, root) = epoch_hash(directory.publish(entries).await.map_err(refused)?);
            Ok(json!({"epoch": epoch, "root": root}))
        }
        "akd.lookup" => {
            let (proof, e) = directory.lookup(AkdLabel(octets(&with["label"])?)).await.map_err(refused)?;
            let (epoch, root) = epoch_hash(e);
            let proof = pb::LookupProof::from(&proof).write_to_bytes().map_err(broken)?;
            Ok(json!({"epoch": epoch, "root": root, "proof": hex::encode(proof)}))
        }
        _ => {
            let proof = directory.audit(number(&with["start"])?, number(&with["end"])?).await.map_err(refused)?;
            let proof = pb::AppendOnlyProof::from(&proof).write_to_bytes().map_err(broken)?;
            Ok(json!({"proof": hex::encode(proof)}))
        }
    }
}

async fn asked<TC: Configuration + 'static>(open_: &mut Directories<TC>, operation: &str, with: &Value) -> Answer {
    match operation {
        "akd.verify-lookup" => verify_lookup::<TC>(with),
        "akd.verify-audit" => verify_audit::<TC>(with).await,
        "akd.new" => {
            let directory = open::<TC>(octets(&with["vrf_secret_key"])?).await.map_err(refused)?;
            let public_key = directory.get_public_key().await.map_err(broken)?;
            open_.insert((), directory);
            Ok(json!({"public_key": hex::encode(public_key.as_bytes())}))
        }
        _ => made::<TC>(open_, operation, with).await,
    }
}

fn hello() -> Value {
    json!({
        "protocol": 1, "name": "akd", "version": VERSION, "language": "rust",
        "source": [format!("pkg:cargo/akd@{VERSION}"), format!("pkg:cargo/akd_core@{VERSION}")],
        "roles": {"akd.verifier": {"features": [], "variants": {"configuration": ["whatsapp_v1", "experimental"]}}},
        "operations": OPERATIONS, "parallel": 1, "controls": [],
    })
}

/// A panic of the crates ends the process: nothing is caught, and the build's profile says `abort`.
#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let mut whatsapp = Directories::<akd::WhatsAppV1Configuration>::new();
    let mut experimental = Directories::<akd::ExperimentalConfiguration<akd::ExampleLabel>>::new();
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?).unwrap_or(Value::Null);
        let (operation, with) = (question["do"].as_str().unwrap_or(""), &question["with"]);
        let answer = match operation {
            "hello" => Ok(hello()),
            "ping" | "bye" => Ok(json!({})),
            "" => Err(Fail::Broken("not a question".into())),
            known if OPERATIONS.contains(&known) => match with["configuration"].as_str() {
                Some("whatsapp_v1") => asked(&mut whatsapp, operation, with).await,
                Some("experimental") => asked(&mut experimental, operation, with).await,
                Some(other) => Err(Fail::Unsupported(format!("configuration {other}"))),
                None => Err(Fail::Broken("configuration is missing".into())),
            },
            other => Err(Fail::Unsupported(format!("unknown operation {other}"))),
        };
        let (key, content) = match answer {
            Ok(fields) => ("ok", fields),
            Err(Fail::Refused(detail)) => ("refused", json!({"class": "refused", "detail": detail})),
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
