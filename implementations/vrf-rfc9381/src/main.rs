//! Adapter (JSON Lines on the standard streams) around the published crate `vrf-rfc9381`.
//!
//! Keys, proofs and outputs are the crate's work; the shim carries octets in and out.
use std::io::{BufRead, Write};

use serde_json::{json, Value};
use vrf_rfc9381::ec::{edwards25519 as ed, p256};
use vrf_rfc9381::{Proof, Prover, Verifier, VRF};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const SUITES: [&str; 4] = [
    "ECVRF-P256-SHA256-TAI",
    "ECVRF-P256-SHA256-SSWU",
    "ECVRF-EDWARDS25519-SHA512-TAI",
    "ECVRF-EDWARDS25519-SHA512-ELL2",
];

/// Why there is no `ok`: the three other keys of an answer.
enum Fail {
    Refused(String),
    Unsupported(String),
    Broken(String),
}

type Answer = Result<Value, Fail>;

fn refused(error: impl std::fmt::Display) -> Fail {
    Fail::Refused(error.to_string())
}

fn octets(with: &Value, key: &str) -> Result<Vec<u8>, Fail> {
    let text = with[key].as_str().ok_or_else(|| Fail::Broken(format!("{key} is missing")))?;
    hex::decode(text).map_err(|why| Fail::Broken(format!("{key}: {why}")))
}

fn prove<V: VRF>(vrf: V, with: &Value) -> Answer {
    let (secret, alpha) = (octets(with, "secret_key")?, octets(with, "alpha")?);
    let prover = V::Prover::from_slice(&secret).map_err(refused)?;
    let proof = vrf.prove(&prover, &alpha).map_err(refused)?;
    let decoded = V::Proof::decode_pi(&proof).map_err(refused)?;
    let output = decoded.proof_to_hash(vrf.ciphersuite()).map_err(refused)?;
    Ok(json!({"proof": hex::encode(&proof), "output": hex::encode(output.as_slice())}))
}

fn verify<V: VRF>(vrf: V, with: &Value) -> Answer {
    let (public, alpha, proof) = (octets(with, "public_key")?, octets(with, "alpha")?, octets(with, "proof")?);
    let verifier = V::Verifier::from_slice(&public).map_err(refused)?;
    let output = vrf.verify(&verifier, &alpha, &proof).map_err(refused)?;
    Ok(json!({"output": hex::encode(output.as_slice())}))
}

fn asked<V: VRF>(vrf: V, operation: &str, with: &Value) -> Answer {
    match operation {
        "vrf.prove" => prove(vrf, with),
        _ => verify(vrf, with),
    }
}

fn answer(operation: &str, with: &Value) -> Answer {
    match operation {
        "hello" => {
            let offer = json!({"features": [], "variants": {"suite": SUITES}});
            Ok(json!({
                "protocol": 1, "name": "vrf-rfc9381", "version": VERSION, "language": "rust",
                "source": [format!("pkg:cargo/vrf-rfc9381@{VERSION}")],
                "roles": {"vrf.prover": offer, "vrf.verifier": offer},
                "operations": ["vrf.prove", "vrf.verify"], "parallel": 1, "controls": [],
            }))
        }
        "ping" | "bye" => Ok(json!({})),
        "vrf.prove" | "vrf.verify" => match with["suite"].as_str() {
            Some("ECVRF-P256-SHA256-TAI") => asked(p256::tai::EcVrfP256Tai, operation, with),
            Some("ECVRF-P256-SHA256-SSWU") => asked(p256::sswu::EcVrfP256Sswu, operation, with),
            Some("ECVRF-EDWARDS25519-SHA512-TAI") => asked(ed::tai::EdVrfEdwards25519Tai, operation, with),
            Some("ECVRF-EDWARDS25519-SHA512-ELL2") => asked(ed::elligator2::EdVrfEdwards25519Ell2, operation, with),
            Some(other) => Err(Fail::Unsupported(format!("suite {other}"))),
            None => Err(Fail::Broken("suite is missing".into())),
        },
        "" => Err(Fail::Broken("not a question".into())),
        other => Err(Fail::Unsupported(format!("unknown operation {other}"))),
    }
}

/// A panic of the crate ends the process: nothing is caught, and the build's profile says `abort`.
fn main() -> std::io::Result<()> {
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?).unwrap_or(Value::Null);
        let operation = question["do"].as_str().unwrap_or("");
        let (key, content) = match answer(operation, &question["with"]) {
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
