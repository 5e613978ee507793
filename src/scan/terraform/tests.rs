//! Tests of evaluating Terraform.
