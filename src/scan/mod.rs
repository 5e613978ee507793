//! Finding what pins a Cognito user pool's present issuer.
//!
//! `pattern` reads text, `template` evaluates `CloudFormation` and SAM templates; `source` puts together what the
//! detectors (`code`, `document`, `terraform`, `library`, `indirect`) find in one file; `walk` reads trees of them,
//! `files` takes them from elsewhere. All but `walk` are pure: no disk, no clock, no AWS. None decides whether a reference
//! matters for a pool; that is a rule's business.

pub mod classes;
pub mod code;
pub mod document;
pub mod files;
pub mod found;
pub mod indirect;
pub mod keyword;
pub mod language;
pub mod library;
pub mod pattern;
mod prefilter;
pub mod source;
pub mod template;
pub mod terraform;
pub mod text;
pub mod walk;
mod words;
