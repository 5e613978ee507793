//! Finding what pins a Cognito user pool's present issuer.
//!
//! `pattern` reads text, `template` evaluates `CloudFormation` and SAM templates. Both are pure: no disk, no clock, no
//! AWS. Neither decides whether a reference matters for a pool; that is a rule's business.

pub mod pattern;
pub mod template;
