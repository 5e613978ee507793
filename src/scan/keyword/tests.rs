//! Tests of what keywords are references, and which are none.
