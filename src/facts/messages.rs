//! `mail.*`, `sms.*`, `risk.*`: what sends messages to users in the replica Region.

use super::Field;

/// The fields.
pub(super) const FIELDS: &[Field] = &[];
