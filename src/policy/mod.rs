//! Evaluation of IAM policy documents.
