//! Finds what cannot accept the updated issuer and holds no issuer text: Cognito authorizers of REST APIs in each of
//! their spellings, and load balancers that authenticate with Cognito.
//!
//! Not here: references by text (`walk`).

use super::PoolRef;
use super::eval::{TooComplex, Val, call, flatten};
use super::text::{Kind, Text};
use super::walk::{Step, Walker};
use crate::scan::pattern::{self, Confidence};
use crate::yaml::{Node, Place};

/// The key by which an `OpenAPI` body says what kind of authorizer a scheme is.
const AUTHTYPE: &str = "x-amazon-apigateway-authtype";
/// The key by which an `OpenAPI` body configures an authorizer.
const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
/// The type of an authorizer that takes user pools.
const USER_POOLS: &str = "COGNITO_USER_POOLS";

impl<'a> Walker<'a> {
    /// Looks at one mapping.
    pub(super) fn blockers(&mut self, node: &'a Node) -> Result<(), TooComplex> {
        if node.get(AUTHTYPE).is_some() || node.get(AUTHORIZER).is_some() {
            self.openapi(node)?;
        }
        // A branch of `Fn::If` is where its function stands.
        let at: Vec<Step<'a>> = self.path.iter().copied().filter(|step| !matches!(step, Step::Branch(_))).collect();
        match (at.as_slice(), self.resource_type) {
            ([_, _, Step::Key("Properties")], Some("AWS::ApiGateway::Authorizer")) => self.authorizer(node),
            ([.., Step::Key("Authorizers"), Step::Key(_)], Some("AWS::Serverless::Api"))
            | ([Step::Key("Globals"), Step::Key("Api"), .., Step::Key("Authorizers"), Step::Key(_)], _) => {
                self.sam(node)
            }
            (_, Some("AWS::ElasticLoadBalancingV2::Listener" | "AWS::ElasticLoadBalancingV2::ListenerRule")) => {
                self.load_balancer(node)
            }
            _ => Ok(()),
        }
    }

    /// A security scheme of an `OpenAPI` body.
    fn openapi(&mut self, node: &'a Node) -> Result<(), TooComplex> {
        let authorizer = node.get(AUTHORIZER);
        let kind = authorizer.and_then(|authorizer| authorizer.get("type"));
        if !(self.says(node.get(AUTHTYPE), USER_POOLS)? || self.says(kind, USER_POOLS)?) {
            return Ok(());
        }
        let label = ("cognito_user_pools", Confidence::Definite);
        self.keyword = node.get(AUTHTYPE).or(kind).map(|node| node.place);
        if let Some(arns) = authorizer.and_then(|authorizer| authorizer.get("providerARNs")) {
            return self.pools(label, arns, &[Step::Key(AUTHORIZER), Step::Key("providerARNs")]);
        }
        let key = if node.get(AUTHTYPE).is_some() { AUTHTYPE } else { AUTHORIZER };
        let place = node.get(key).unwrap_or(node).place;
        self.block(label, nothing("providerARNs"), place, &[Step::Key(key)])
    }

    /// The properties of a REST API's authorizer.
    fn authorizer(&mut self, node: &'a Node) -> Result<(), TooComplex> {
        let kind = node.get("Type");
        let arns = node.get("ProviderARNs");
        let stated = self.says(kind, USER_POOLS)?;
        let undecided = match kind {
            Some(kind) if !stated => self.eval.texts(kind)?.iter().any(Text::has_hole),
            _ => false,
        };
        self.keyword = kind.map(|node| node.place);
        // Only user pool authorizers have provider ARNs.
        let confidence = if stated { Confidence::Definite } else { Confidence::Likely };
        match arns {
            Some(arns) if stated || undecided => {
                self.pools((USER_POOLS, confidence), arns, &[Step::Key("ProviderARNs")])
            }
            None if stated => {
                let place = kind.unwrap_or(node).place;
                self.block((USER_POOLS, confidence), nothing("ProviderARNs"), place, &[Step::Key("Type")])
            }
            _ => Ok(()),
        }
    }

    /// An authorizer of a SAM REST API.
    fn sam(&mut self, node: &'a Node) -> Result<(), TooComplex> {
        self.keyword = key_place(node, "UserPoolArn");
        match node.get("UserPoolArn") {
            Some(arn) => self.pools(("UserPoolArn", Confidence::Definite), arn, &[Step::Key("UserPoolArn")]),
            None => Ok(()),
        }
    }

    /// An action of a listener or of its rule.
    fn load_balancer(&mut self, node: &'a Node) -> Result<(), TooComplex> {
        let label = ("authenticate-cognito", Confidence::Definite);
        let kind = node.get("Type").map(|node| node.place);
        self.keyword = kind.or_else(|| key_place(node, "AuthenticateCognitoConfig"));
        if let Some(config) = node.get("AuthenticateCognitoConfig") {
            let steps = [Step::Key("AuthenticateCognitoConfig"), Step::Key("UserPoolArn")];
            return match config.get("UserPoolArn") {
                Some(arn) => self.pools(label, arn, &steps),
                None => self.block(label, nothing("AuthenticateCognitoConfig"), config.place, &steps[..1]),
            };
        }
        match node.get("Type") {
            Some(kind) if self.says(Some(kind), "authenticate-cognito")? => {
                self.block(label, nothing("UserPoolArn"), kind.place, &[Step::Key("Type")])
            }
            _ => Ok(()),
        }
    }

    /// Whether a node may evaluate to a word, case aside.
    fn says(&mut self, node: Option<&'a Node>, word: &str) -> Result<bool, TooComplex> {
        let Some(node) = node else { return Ok(false) };
        Ok(self.eval.texts(node)?.iter().any(|text| text.buf.eq_ignore_ascii_case(word)))
    }

    /// One hit for each pool that an ARN or a list of ARNs names.
    fn pools(&mut self, label: (&str, Confidence), node: &'a Node, steps: &[Step<'a>]) -> Result<(), TooComplex> {
        let written = if call(node).is_none() { node.list() } else { None };
        let before = self.hits();
        for (index, item) in written.unwrap_or_default().iter().enumerate() {
            let mut steps = steps.to_vec();
            steps.push(Step::Index(index));
            self.each_pool(label, item, &steps)?;
        }
        if written.is_none() {
            self.each_pool(label, node, steps)?;
        }
        if self.hits() == before {
            let name = match steps.last() {
                Some(Step::Key(name)) => name,
                _ => "an empty list",
            };
            self.block(label, nothing(name), node.place, steps)?;
        }
        Ok(())
    }

    fn each_pool(&mut self, label: (&str, Confidence), node: &'a Node, steps: &[Step<'a>]) -> Result<(), TooComplex> {
        let value = self.eval.value(node)?;
        let mut texts = Vec::new();
        strings(value, &mut texts);
        for text in texts {
            self.block(label, pool_of(&text), node.place, steps)?;
        }
        Ok(())
    }
}

/// Every string in a value, lists included.
fn strings(value: Val, out: &mut Vec<Text>) {
    match value {
        Val::List(items) | Val::Either(items) => {
            for item in items {
                strings(item, out);
            }
        }
        other @ (Val::Text(_) | Val::Nothing) => flatten(other, out),
    }
}

/// The pool an evaluated ARN names.
fn pool_of(text: &Text) -> PoolRef {
    let start = text.buf.rfind("userpool/").map_or(0, |at| at + "userpool/".len());
    if let Some(pool) = text.buf.get(start..).and_then(pattern::pool_id) {
        return PoolRef::Id(pool.id);
    }
    let range = start..text.buf.len();
    let hole = text.marks_in(&range, Kind::Hole).last();
    match hole.or_else(|| text.marks_in(&range, Kind::Value).last()) {
        Some(mark) => PoolRef::Unresolved { what: mark.what.clone() },
        None => nothing("an ARN that is no user pool's"),
    }
}

/// Where a mapping's key stands.
fn key_place(node: &Node, key: &str) -> Option<Place> {
    node.map()?.iter().find(|(name, _)| name.text() == Some(key)).map(|(name, _)| name.place)
}

fn nothing(what: &str) -> PoolRef {
    PoolRef::Unresolved { what: what.to_owned() }
}
