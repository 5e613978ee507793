//! The least policy the tool needs, for four readers: IAM (JSON), the security review (Markdown), a `CloudFormation` stack
//! set and Terraform.
//!
//! What is needed, kept and dropped comes from the operation table and the rules; here it is only written down. Nothing
//! in it allows a write.

use std::io::{self, Write};

use serde_json::{Value, json};

/// One IAM action and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRow {
    /// The action.
    pub action: String,
    /// The resources it is limited to; `*` where IAM knows none for it or the tool needs all.
    pub resources: Vec<String>,
    /// The calls it allows, as `service:Operation`.
    pub calls: Vec<String>,
    /// The rules that cannot be decided without it.
    pub rules: Vec<String>,
    /// What of the answers is kept, as pointers.
    pub kept: Vec<String>,
    /// What secret the answers can hold, all of it dropped.
    pub secrets: Vec<String>,
}

/// Whose policy it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The identity that asks in an account.
    Role,
    /// The identity that a run starts with, which finds other accounts and enters them.
    Caller,
}

impl Whose {
    fn policy_name(self) -> &'static str {
        match self {
            Self::Role => "mrready-read-only",
            Self::Caller => "mrready-caller",
        }
    }
}

/// The statements: actions on the same resources stand together.
fn statements(rows: &[ActionRow]) -> Vec<(Vec<&str>, &[String])> {
    let mut statements: Vec<(Vec<&str>, &[String])> = Vec::new();
    for row in rows {
        match statements.iter_mut().find(|(_, resources)| *resources == row.resources.as_slice()) {
            Some((actions, _)) => actions.push(&row.action),
            None => statements.push((vec![&row.action], &row.resources)),
        }
    }
    statements
}

/// A name that no other statement has: statements differ in the service whose resources they name.
fn sid(actions: &[&str], resources: &[String]) -> String {
    let service = resources.first().and_then(|resource| resource.split(':').nth(2)).unwrap_or_default();
    let mut letters = service.chars().filter(char::is_ascii_alphanumeric);
    let name: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    match name.as_str() {
        _ if actions.contains(&"sts:AssumeRole") => "MrreadyEntersAccounts".to_owned(),
        "" => "MrreadyReadsOnly".to_owned(),
        _ => format!("MrreadyReads{name}"),
    }
}

/// The policy document.
fn document(rows: &[ActionRow]) -> Value {
    let statements: Vec<Value> = statements(rows)
        .into_iter()
        .map(|(actions, resources)| {
            let resource = if let [only] = resources { json!(only) } else { json!(resources) };
            json!({ "Sid": sid(&actions, resources), "Effect": "Allow", "Action": actions, "Resource": resource })
        })
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The policy as IAM takes it.
pub fn write_json(rows: &[ActionRow], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{:#}", document(rows))
}

/// The policy for a security review: per action what it is for, what is kept, and which secret is dropped.
pub fn write_markdown(rows: &[ActionRow], whose: Whose, out: &mut dyn Write) -> io::Result<()> {
    match whose {
        Whose::Role => writeln!(out, "# Permissions of mrready\n")?,
        Whose::Caller => writeln!(
            out,
            "# Permissions of the identity that enters accounts\n\nFor `--role-arn` and `--org-role`. The roles in the \
             accounts need none of this; name yours in place of `mrready-read-only`.\n"
        )?,
    }
    let what = match whose {
        Whose::Role => "All of them read; none changes",
        Whose::Caller => "One reads, the other gives a session in an account; none changes",
    };
    writeln!(
        out,
        "{} actions. {what}, bills or counts a user. What an answer holds beyond the members named here is dropped \
         before anything is written.\n",
        rows.len()
    )?;
    let code = |words: &[String]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let or_none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    for row in rows {
        writeln!(out, "## {}\n", row.action)?;
        writeln!(out, "- calls: {}", code(&row.calls))?;
        writeln!(out, "- on: {}", code(&row.resources))?;
        writeln!(out, "- rules that are unknown without it: {}", or_none(code(&row.rules)))?;
        writeln!(out, "- kept: {}", code(&row.kept))?;
        writeln!(out, "- secret that the answer can hold, dropped: {}\n", or_none(row.secrets.join("; ")))?;
    }
    writeln!(out, "## Policy\n\n```json\n{:#}\n```", document(rows))
}

/// For a role: a template for a stack set, with a role that one account may assume, with an external id. For the caller: a
/// template with a managed policy.
pub fn write_cloudformation(rows: &[ActionRow], whose: Whose, out: &mut dyn Write) -> io::Result<()> {
    let template = match whose {
        Whose::Role => role_template(rows),
        Whose::Caller => json!({
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": "What an identity needs that enters other accounts with mrready",
            "Resources": {
                "Policy": {
                    "Type": "AWS::IAM::ManagedPolicy",
                    "Properties": { "ManagedPolicyName": whose.policy_name(), "PolicyDocument": document(rows) }
                }
            },
            "Outputs": { "PolicyArn": { "Value": { "Ref": "Policy" } } }
        }),
    };
    writeln!(out, "{template:#}")
}

fn role_template(rows: &[ActionRow]) -> Value {
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "A read-only role for mrready, to be assumed from one account with an external id",
        "Parameters": {
            "AuditAccountId": {
                "Type": "String",
                "AllowedPattern": "^[0-9]{12}$",
                "Description": "The account that may assume the role"
            },
            "ExternalId": {
                "Type": "String",
                "MinLength": 8,
                "MaxLength": 1224,
                "NoEcho": true,
                "Description": "What the caller has to give; keep it with the caller"
            },
            "RoleName": { "Type": "String", "Default": "mrready-read-only" }
        },
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": { "Ref": "RoleName" },
                    "MaxSessionDuration": 3600,
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [{
                            "Effect": "Allow",
                            "Principal": { "AWS": { "Fn::Sub": "arn:${AWS::Partition}:iam::${AuditAccountId}:root" } },
                            "Action": "sts:AssumeRole",
                            "Condition": { "StringEquals": { "sts:ExternalId": { "Ref": "ExternalId" } } }
                        }]
                    },
                    "Policies": [{ "PolicyName": "mrready-read-only", "PolicyDocument": document(rows) }]
                }
            }
        },
        "Outputs": { "RoleArn": { "Value": { "Fn::GetAtt": ["Role", "Arn"] } } }
    })
}

/// The same for Terraform: the policy document as a data source, and a policy made of it.
pub fn write_terraform(rows: &[ActionRow], whose: Whose, out: &mut dyn Write) -> io::Result<()> {
    let list = |words: &[String], out: &mut dyn Write| -> io::Result<()> {
        for word in words {
            writeln!(out, "      \"{word}\",")?;
        }
        Ok(())
    };
    writeln!(
        out,
        "{}",
        match whose {
            Whose::Role => "# The least policy that mrready needs. All of it reads.",
            Whose::Caller => "# What an identity needs that enters other accounts with mrready.",
        }
    )?;
    writeln!(out, "data \"aws_iam_policy_document\" \"mrready\" {{")?;
    for (index, (actions, resources)) in statements(rows).into_iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "  statement {{\n    sid = \"{}\"\n    actions = [", sid(&actions, resources))?;
        let actions: Vec<String> = actions.into_iter().map(str::to_owned).collect();
        list(&actions, out)?;
        writeln!(out, "    ]\n    resources = [")?;
        list(resources, out)?;
        writeln!(out, "    ]\n  }}")?;
    }
    writeln!(out, "}}\n")?;
    writeln!(out, "resource \"aws_iam_policy\" \"mrready\" {{")?;
    writeln!(out, "  name   = \"{}\"", whose.policy_name())?;
    writeln!(out, "  policy = data.aws_iam_policy_document.mrready.json\n}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<ActionRow> {
        let row = |action: &str, resource: &str| ActionRow {
            action: action.to_owned(),
            resources: vec![resource.to_owned()],
            calls: vec!["kms:DescribeKey".to_owned()],
            rules: vec!["key-enabled".to_owned()],
            kept: vec!["/KeyMetadata/KeyState".to_owned()],
            secrets: Vec::new(),
        };
        vec![
            row("apigateway:GET", "arn:aws:apigateway:*::/apis"),
            row("kms:DescribeKey", "*"),
            row("kms:GetKeyPolicy", "*"),
        ]
    }

    type Writer = fn(&[ActionRow], Whose, &mut dyn Write) -> io::Result<()>;

    fn text(write: Writer, whose: Whose) -> String {
        let mut out = Vec::new();
        write(&rows(), whose, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn as_json(rows: &[ActionRow], _: Whose, out: &mut dyn Write) -> io::Result<()> {
        write_json(rows, out)
    }

    #[test]
    fn actions_on_the_same_resources_stand_together() {
        let policy: Value = serde_json::from_str(&text(as_json, Whose::Role)).unwrap();
        assert_eq!(policy["Statement"].as_array().unwrap().len(), 2);
        assert_eq!(policy["Statement"][1]["Action"], json!(["kms:DescribeKey", "kms:GetKeyPolicy"]));
        assert_eq!(policy["Statement"][0]["Resource"], "arn:aws:apigateway:*::/apis");
        assert_ne!(policy["Statement"][0]["Sid"], policy["Statement"][1]["Sid"]);
    }

    #[test]
    fn the_template_carries_the_same_policy_and_asks_for_an_external_id() {
        let template: Value = serde_json::from_str(&text(write_cloudformation, Whose::Role)).unwrap();
        let role = &template["Resources"]["Role"]["Properties"];
        assert_eq!(role["Policies"][0]["PolicyDocument"], document(&rows()));
        let trust = &role["AssumeRolePolicyDocument"]["Statement"][0];
        assert_eq!(trust["Condition"]["StringEquals"]["sts:ExternalId"]["Ref"], "ExternalId");
    }

    #[test]
    fn every_action_stands_in_every_format() {
        let writers: [Writer; 4] = [as_json, write_markdown, write_cloudformation, write_terraform];
        for (write, whose) in writers.into_iter().flat_map(|write| [(write, Whose::Role), (write, Whose::Caller)]) {
            let text = text(write, whose);
            assert!(rows().iter().all(|row| text.contains(&row.action)), "{text}");
        }
        assert!(text(write_markdown, Whose::Role).contains("`key-enabled`"));
    }
}
