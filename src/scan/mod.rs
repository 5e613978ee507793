//! Finding issuer references.
