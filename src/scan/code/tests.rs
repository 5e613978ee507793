//! Tests of what the text alone says.
