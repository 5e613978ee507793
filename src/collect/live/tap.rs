//! Sees the bytes of every answer before the SDK makes types of them, so that nothing a newer AWS adds is lost.
//!
//! The tap keeps the last attempt only, and tells of every one of them. What the bytes mean is decided in `ask`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef, InterceptorContext,
};
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// `x-amzn-errortype`
    pub(super) error_type: Option<String>,
    /// The body, unless it broke off.
    pub(super) body: Option<Vec<u8>>,
}

/// Who is told of the attempts of one call, which the SDK makes by itself.
pub(super) trait Watcher: std::fmt::Debug + Send + Sync {
    /// The call is made once more.
    fn repeated(&self);
    /// An attempt was answered.
    fn answered(&self, answer: &Answer);
}

/// The interceptor of one call.
#[derive(Debug, Clone)]
pub(super) struct Tap {
    last: Arc<Mutex<Option<Answer>>>,
    begun: Arc<AtomicBool>,
    watcher: Arc<dyn Watcher>,
}

impl Tap {
    /// The tap of a call whose attempts somebody watches.
    pub(super) fn new(watcher: Arc<dyn Watcher>) -> Self {
        Self { last: Arc::default(), begun: Arc::default(), watcher }
    }

    /// The answer to the last attempt, if there was one.
    pub(super) fn take(&self) -> Option<Answer> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, answer: Option<Answer>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }
}

impl Intercept for Tap {
    fn name(&self) -> &'static str {
        "mrready evidence"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.set(None);
        if self.begun.swap(true, Ordering::Relaxed) {
            self.watcher.repeated();
        }
        Ok(())
    }

    // Runs whether or not the SDK could read the answer; a body that broke off is gone by now and has no bytes.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let answer = Answer {
            status: response.status().as_u16(),
            error_type: response.headers().get("x-amzn-errortype").map(str::to_owned),
            body: response.body().bytes().map(<[u8]>::to_vec),
        };
        self.watcher.answered(&answer);
        self.set(Some(answer));
        Ok(())
    }
}

/// Has a successful answer that the SDK cannot read asked for again, as a broken connection is.
#[derive(Debug)]
pub(super) struct UnreadableIsTransient;

impl ClassifyRetry for UnreadableIsTransient {
    fn name(&self) -> &'static str {
        "mrready unreadable answers"
    }

    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let success = context.response().is_some_and(|response| response.status().is_success());
        let failed = context.output_or_error().is_some_and(|outcome| outcome.is_err());
        if success && failed { RetryAction::transient_error() } else { RetryAction::NoActionIndicated }
    }
}
