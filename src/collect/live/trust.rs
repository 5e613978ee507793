//! The one HTTP client of a run. With `AWS_CA_BUNDLE` it trusts the certificates of that bundle and no others, as the AWS CLI does.
//!
//! All services, Regions and accounts share it: the system's certificates are read once, and connections are used again.
//! The SDK reads the variable nowhere, and panics on certificates it cannot read: they are read here first.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::collect::CollectError;

/// A client that trusts this PEM text's certificates, or the system's; proxies come from the environment, as with the SDK's
/// own client.
pub(super) fn client(bundle: Option<&[u8]>) -> Result<SharedHttpClient, CollectError> {
    let context = bundle.map_or_else(|| Ok(TlsContext::default()), context)?;
    Ok(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = ConnectorBuilder::default()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(context.clone())
            .proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.build()
    }))
}

/// A connection of its own, for what is no call of a service; it trusts what [`client`] would.
pub(super) fn connector(bundle: Option<&[u8]>) -> Result<Connector, CollectError> {
    let builder = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    let builder = match bundle {
        Some(bundle) => builder.tls_context(context(bundle)?),
        None => builder,
    };
    Ok(builder.proxy_config(ProxyConfig::from_env()).build())
}

/// The certificates of a bundle.
fn context(bundle: &[u8]) -> Result<TlsContext, CollectError> {
    let bad = |because: &str| CollectError::BadCaBundle { because: because.to_owned() };
    let mut roots = RootCertStore::empty();
    for (index, certificate) in CertificateDer::pem_slice_iter(bundle).enumerate() {
        let unreadable = || bad(&format!("certificate {} in it cannot be read", index + 1));
        roots.add(certificate.map_err(|_| unreadable())?).map_err(|_| unreadable())?;
    }
    if roots.is_empty() {
        return Err(bad("there is no certificate in it"));
    }
    TlsContext::builder()
        .with_trust_store(TrustStore::empty().with_pem_certificate(bundle))
        .build()
        .map_err(|_| bad("its certificates cannot be used"))
}
