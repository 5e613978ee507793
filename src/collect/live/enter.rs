//! Entering accounts: from the credentials of the run to those of a role in another account, and new ones when they expire.
//!
//! A refusal is evidence, so STS is asked as every other service is. Credentials go from the answer to the signer and nowhere
//! else; neither do the external id and the caller's identity.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use jiff::Timestamp;
use serde_json::Value;

use super::ask::{Query, failed, now, read};
use super::aws::{Aws, Failure};
use super::limits::{Limits, Over};
use super::rates::{Rates, Speed};
use super::tap::Tap;
use crate::collect::{Request, RoleArn};
use crate::snapshot::{Call, CallError};

/// Credentials that end sooner than this are replaced.
const NEARLY_OVER: Duration = Duration::from_mins(5);

/// The identity that a run starts with, as it enters accounts.
#[derive(Debug)]
pub(super) struct Door {
    config: SdkConfig,
    aws: Aws,
    rates: Rates,
    /// Of new credentials for a role: the calls that wait for them keep their places in flight, so these take none of those.
    again: Rates,
    /// Where STS is asked: in a Region, so that what it gives is taken in every Region.
    region: String,
}

impl Door {
    /// With the rates at which accounts are entered.
    pub(super) fn new(config: SdkConfig, request: &Request, region: &str, rates: Rates) -> Arc<Self> {
        Arc::new(Self {
            aws: Aws::new(config.clone(), request.call_timeout).with_external_id(request.external_id.clone()),
            config,
            rates,
            again: Rates::new(Speed::of(request)),
            region: region.to_owned(),
        })
    }

    /// The configuration with which the role's account is asked, or the refusal.
    pub(super) async fn enter(self: &Arc<Self>, role: &RoleArn, limits: &Limits) -> Result<SdkConfig, Box<Call>> {
        let query = Query::new("sts", "AssumeRole", &self.region, &[("RoleArn", role.as_str())]);
        match self.assume(&query, limits, &self.rates).await {
            Ok(credentials) => {
                let inside = Inside { door: Arc::clone(self), query, held: Mutex::new(credentials) };
                let config = self.config.clone().into_builder();
                // The account's own cache, which ends with it.
                let cache = IdentityCache::lazy().build();
                let provider = SharedCredentialsProvider::new(inside);
                Ok(config.credentials_provider(provider).identity_cache(cache).build())
            }
            Err(error) => {
                let mut entry = query.entry(None, now());
                role.account().clone_into(&mut entry.account);
                entry.error = Some(error);
                Err(Box::new(entry))
            }
        }
    }

    async fn assume(&self, query: &Query, limits: &Limits, rates: &Rates) -> Result<Credentials, CallError> {
        let mut turn = limits.turn(rates.turn(query)).await.map_err(Over::error)?;
        let tap = Tap::new(turn.watcher(query.operation));
        let sent = limits.send(&mut turn, Box::pin(self.aws.send(query, None, &tap))).await.map_err(Over::error)?;
        drop(turn);
        let page = read(query.operation, sent, tap.take())?;
        credentials(&page.answer).ok_or_else(|| failed(Failure::Unreadable.code(), None))
    }
}

/// The credentials in STS's answer.
fn credentials(answer: &Value) -> Option<Credentials> {
    let text = |name: &str| answer.get("Credentials")?.get(name)?.as_str().map(str::to_owned);
    let expires: Timestamp = text("Expiration")?.parse().ok()?;
    let (id, secret, token) = (text("AccessKeyId")?, text("SecretAccessKey")?, text("SessionToken")?);
    Some(Credentials::new(id, secret, Some(token), Some(SystemTime::from(expires)), "sts:AssumeRole"))
}

/// The credentials of a role, for as long as its account is asked.
struct Inside {
    door: Arc<Door>,
    query: Query,
    held: Mutex<Credentials>,
}

impl std::fmt::Debug for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inside")
    }
}

impl Inside {
    fn held(&self) -> Credentials {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn current(&self) -> Result<Credentials, CredentialsError> {
        let held = self.held();
        let soon = SystemTime::from(now()) + NEARLY_OVER;
        if held.expiry().is_none_or(|end| end > soon) {
            return Ok(held);
        }
        let assumed = self.door.assume(&self.query, &Limits::default(), &self.door.again).await;
        let fresh =
            assumed.map_err(|error| CredentialsError::provider_error(format!("sts:AssumeRole: {}", error.code)))?;
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = fresh.clone();
        Ok(fresh)
    }
}

impl ProvideCredentials for Inside {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(self.current())
    }
}
