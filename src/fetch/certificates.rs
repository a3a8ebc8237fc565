//! Checks the certificates of sites, and says what is wrong with one and who can mend it. Reads the system's certificates.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError,
    PeerIncompatible, RootCertStore, SignatureScheme,
};
use webpki::EndEntityCert;

/// How many of a certificate's names are told.
const MAX_NAMES: usize = 3;

/// The longest name told, in characters.
const MAX_NAME_CHARS: usize = 60;

/// Checks the text of a file for `ca`.
///
/// # Errors
/// A message, if it has no certificate, or one that cannot be read.
pub fn check_ca(pem: &str) -> Result<(), &'static str> {
    let certificates = certificates(pem).map_err(|_| "not a PEM file")?;
    if certificates.is_empty() {
        return Err("no certificate in it: it must have a line -----BEGIN CERTIFICATE-----");
    }
    let mut roots = RootCertStore::empty();
    let mut added = certificates.into_iter().map(|one| roots.add(one));
    added.try_for_each(|added| added.map_err(|_| "a certificate in it is damaged"))
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).collect()
}

/// The TLS settings of a client that trusts the system's certificates and those of `ca`.
///
/// # Errors
/// There are no certificates.
pub(super) fn tls_config(ca: Option<&str>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let trusted = ca.map(certificates).and_then(Result::ok).unwrap_or_default();
    let system = rustls_platform_verifier::Verifier::new_with_extra_roots(
        trusted.iter().cloned(),
        Arc::clone(&provider),
    )?;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let verifier = Arc::new(Verifier { system, trusted });
    let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The system's verifier, which knows the chain when it refuses it.
#[derive(Debug)]
struct Verifier {
    system: rustls_platform_verifier::Verifier,
    /// The certificates of `ca`.
    trusted: Vec<CertificateDer<'static>>,
}

/// Why no trusted authority has signed a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UntrustedChain {
    SignedByItself,
    WithoutIssuer,
    UnknownAuthority,
}

impl fmt::Display for UntrustedChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UntrustedChain::SignedByItself => {
                "its certificate is signed by itself: if you know the site, save the certificate and set \
                 `ca = \"file.pem\"` for the source"
            }
            UntrustedChain::WithoutIssuer => {
                "incomplete chain: it sends its certificate without that of the issuer. The site's owner must add \
                 it (fullchain.pem); or save the issuer's and set `ca = \"file.pem\"` for the source"
            }
            UntrustedChain::UnknownAuthority => {
                "unknown issuer: no authority that this machine trusts has signed its certificate. Update \
                 ca-certificates here; for an authority of your own set `ca = \"file.pem\"` for the source"
            }
        })
    }
}

impl std::error::Error for UntrustedChain {}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.system.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                let untrusted = untrusted_chain(end_entity, intermediates);
                Err(CertificateError::Other(OtherError(Arc::new(untrusted))).into())
            }
            // What `openssl req -x509` makes is an authority's certificate. Who names it means this very one.
            Err(Error::InvalidCertificate(CertificateError::Other(error)))
                if is_authority(&error) && self.trusted.contains(end_entity) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.system.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.system.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.system.supported_verify_schemes()
    }
}

/// Whether a site uses an authority's certificate as its own.
fn is_authority(error: &OtherError) -> bool {
    matches!(error.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

fn untrusted_chain(end_entity: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> UntrustedChain {
    let Ok(site) = EndEntityCert::try_from(end_entity) else { return UntrustedChain::UnknownAuthority };
    let is_issuer = |one: &CertificateDer<'_>| {
        EndEntityCert::try_from(one).is_ok_and(|one| one.subject() == site.issuer())
    };
    if site.issuer() == site.subject() {
        UntrustedChain::SignedByItself
    } else if intermediates.iter().any(is_issuer) {
        UntrustedChain::UnknownAuthority
    } else {
        UntrustedChain::WithoutIssuer
    }
}

/// What is wrong, as the end of a sentence about the site.
pub(super) fn words(error: &Error) -> String {
    let words = match error {
        Error::InvalidCertificate(error) => return certificate_words(error),
        Error::PeerIncompatible(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig)
        | Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13)
        | Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            "it speaks only versions of TLS before 1.2: the site's owner must update its server"
        }
        Error::AlertReceived(AlertDescription::HandshakeFailure) | Error::PeerIncompatible(_) => {
            "it and Siftwire have no kind of encryption in common: the site's owner must update its server"
        }
        Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            "it knows no site of this name: check the host in the address"
        }
        Error::InvalidMessage(_) => {
            "what answers there speaks no TLS: perhaps the address begins with http://"
        }
        error => return error.to_string(),
    };
    words.to_owned()
}

fn certificate_words(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired => expired(None),
        CertificateError::ExpiredContext { not_after, .. } => expired(Some(*not_after)),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet: check the clock of this machine".to_owned()
        }
        CertificateError::NotValidForName => wrong_name("other names"),
        CertificateError::NotValidForNameContext { presented, .. } => {
            // Written as `DnsName("example.org")`.
            let names = presented.iter().map(|name| name.split('"').nth(1).unwrap_or(name));
            let names = names.take(MAX_NAMES).map(|name| name.chars().take(MAX_NAME_CHARS).collect());
            let mut names: Vec<String> = names.collect();
            if presented.len() > MAX_NAMES {
                names.push("others".to_owned());
            }
            wrong_name(if names.is_empty() { "no name".to_owned() } else { names.join(", ") }.as_str())
        }
        CertificateError::Revoked => {
            "its certificate was revoked: the site's owner must get a new one".to_owned()
        }
        CertificateError::Other(error) if is_authority(error) => {
            "its certificate is that of an authority, not of a site: if you know it, save the certificate and set \
             `ca = \"file.pem\"` for the source"
                .to_owned()
        }
        CertificateError::Other(error) if error.0.is::<UntrustedChain>() => error.0.to_string(),
        error => format!("its certificate is invalid ({error})"),
    }
}

fn expired(on: Option<UnixTime>) -> String {
    let second = on.and_then(|on| i64::try_from(on.as_secs()).ok());
    let date = second.and_then(|second| Timestamp::from_second(second).ok());
    let on = date.map(|date| date.strftime(" on %-d %b %Y").to_string()).unwrap_or_default();
    format!(
        "its certificate expired{on}: the site's owner must renew it, unless the clock of this machine is wrong"
    )
}

fn wrong_name(names: &str) -> String {
    format!(
        "its certificate is for {names}, not for this host: check the address (with or without www.), or ask the \
         site's owner"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_for_ca_must_have_certificates() {
        assert_eq!(check_ca(include_str!("../../tests/whole/tls/certificate.pem")), Ok(()));
        assert!(check_ca("").is_err_and(|error| error.starts_with("no certificate")));
        assert!(check_ca(include_str!("../../tests/whole/tls/key.pem")).is_err());
        let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(check_ca(damaged), Err("a certificate in it is damaged"));
        assert_eq!(check_ca("-----BEGIN CERTIFICATE-----\n!!\n"), Err("not a PEM file"));
    }

    #[test]
    fn what_the_owner_cannot_know_is_said_in_words() {
        let of = |error: Error| words(&error);
        assert!(of(Error::AlertReceived(AlertDescription::ProtocolVersion)).contains("before 1.2"));
        assert!(of(Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)).contains("http://"));
        assert!(of(CertificateError::Revoked.into()).contains("revoked"));
        assert!(of(CertificateError::BadEncoding.into()).starts_with("its certificate is invalid ("));
    }
}
