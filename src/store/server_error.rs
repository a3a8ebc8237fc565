//! What PostgreSQL, or the way to it, refuses: in words, with what to do. Pure.

use std::error::Error as StdError;
use std::io;

use rustls::{CertificateError, Error as TlsError};

pub(super) const NO_PASSWORD: &str = "the server wants a password, and there is none";

/// The error in words. The client's own text has only its kind.
pub(super) fn in_words(error: &tokio_postgres::Error) -> String {
    if let Some(refusal) = error.as_db_error() {
        let message = refusal.message();
        if message.contains("startup parameter") {
            return format!(
                "{message}: this is a pooler such as PgBouncer; name the server itself in the URL"
            );
        }
        return remedy(refusal.code().code())
            .map_or_else(|| message.to_owned(), |remedy| format!("{message}: {remedy}"));
    }
    if let Some(words) = tls_error(error).and_then(certificate_in_words) {
        return words.to_owned();
    }
    let text = with_causes(error);
    if text.contains("password missing") {
        return format!("{NO_PASSWORD}: write `password` in [store], or a line in ~/.pgpass");
    }
    let known = [
        (
            "server does not support TLS",
            "the server does not offer TLS, and sslmode wants it: turn on `ssl` there",
        ),
        (
            "Connection refused",
            "the connection is refused: does PostgreSQL run there, and listen on this address?",
        ),
    ];
    known.iter().find(|(part, _)| text.contains(part)).map_or(text, |(_, words)| (*words).to_owned())
}

/// What to do about a state of <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
fn remedy(state: &str) -> Option<&'static str> {
    Some(match state {
        "28P01" => "the user or the password is wrong",
        "28000" => {
            "the server lets this user not in from here: see its pg_hba.conf; sslmode decides about encryption"
        }
        "3D000" => "an administrator of the server creates it: CREATE DATABASE",
        "42501" => {
            "the user needs a schema `siftwire` of its own, or the right to create it: GRANT CREATE ON DATABASE"
        }
        "25006" => "this server is a standby, or read-only: name the primary in the URL",
        "53100" => "make room on the disk of the server",
        "53300" => "raise max_connections there; each siftwire needs five",
        "55P03" => "another siftwire, or an administrator, holds a lock for too long",
        "57014" => "the server is overloaded, or an administrator has ended it",
        "57P01" => "the server shuts down, or an administrator has ended the connection",
        _ => return None,
    })
}

fn tls_error(error: &tokio_postgres::Error) -> Option<&TlsError> {
    error.source()?.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref()
}

fn certificate_in_words(error: &TlsError) -> Option<&'static str> {
    let TlsError::InvalidCertificate(error) = error else { return None };
    Some(match error {
        CertificateError::UnknownIssuer => {
            "the certificate of the server is signed by nobody that is trusted: name its authority as `root_certificate` in \
             [store], or as sslrootcert in the URL"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate of the server is for another name: name the server as its certificate does"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate of the server has expired, or the clock of this machine is wrong"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate of the server is not valid yet, or the clock of this machine is wrong"
        }
        _ => return None,
    })
}

fn with_causes(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let more = next.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = next.source();
    }
    text
}
