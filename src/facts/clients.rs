//! `pool.client*` and what all app clients of a pool add up to: OAuth in use, the longest token lifetime.

use crate::model::{Absence, Cause, Fact, FieldType, Listed, Observed, Source, Truth, Value};

use super::pool::{decided, word};
use super::{Answer, Field, PoolView, TEXTS, field};

const LIST: &str = "cognito-idp:ListUserPoolClients";
const DESCRIBE: &str = "cognito-idp:DescribeUserPoolClient";

/// Access and ID tokens live one hour unless a client says otherwise, and a validity without a unit is in hours.
/// Source: <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolClientType.html>.
const DEFAULT_MINUTES: i64 = 60;

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    field("pool.client_count", FieldType::Int, Absence::Unknown, &[LIST], "The number of app clients.", |view| {
        let answer = view.primary(LIST);
        let list = answer.list();
        let value = match list.incomplete {
            Some(cause) => Observed::Unknown(cause),
            None => Observed::Known(Value::Int(i64::try_from(list.items.len()).unwrap_or(i64::MAX))),
        };
        Fact { value, sources: vec![answer.source("/UserPoolClients")] }
    }),
    field("pool.clients", TEXTS, Absence::Default("[]"), &[LIST], "The names of the app clients.", |view| {
        let answer = view.primary(LIST);
        let list = answer.list();
        let mut items: Vec<String> = list.items.iter().map(|item| word(item, "ClientName")).collect();
        items.sort();
        Fact::known(Listed { items, incomplete: list.incomplete.clone() }, vec![answer.source("/UserPoolClients")])
    }),
    field(
        "pool.longest_token_minutes",
        FieldType::Int,
        Absence::Unknown,
        &[LIST, DESCRIBE],
        "The longest validity of an access or ID token over all app clients, in minutes.",
        |view| {
            let (clients, sources) = described(view);
            let mut longest = None;
            let mut cause = clients.incomplete;
            for client in &clients.items {
                for (validity, unit) in [("AccessTokenValidity", "AccessToken"), ("IdTokenValidity", "IdToken")] {
                    match minutes(client, validity, unit) {
                        Observed::Known(minutes) => longest = longest.max(Some(minutes)),
                        Observed::Absent => longest = longest.max(Some(DEFAULT_MINUTES)),
                        Observed::Unknown(why) => cause = cause.or(Some(why)),
                    }
                }
            }
            match (cause, longest) {
                (Some(cause), _) => Fact::unknown(cause, sources),
                (None, Some(minutes)) => Fact::known(minutes, sources),
                // No client, no token.
                (None, None) => Fact::known(0, sources),
            }
        },
    ),
    field(
        "pool.uses_oauth",
        FieldType::Bool,
        Absence::Unknown,
        &[LIST, DESCRIBE],
        "Whether an app client may use OAuth flows, which need a domain.",
        |view| {
            let (clients, sources) = described(view);
            let mut cause = clients.incomplete.clone();
            let truth = clients.any(|client| match client.texts("/UserPoolClient/AllowedOAuthFlows") {
                Observed::Known(flows) => (!flows.is_empty()).into(),
                Observed::Absent => Truth::False,
                Observed::Unknown(why) => {
                    cause.get_or_insert(why);
                    Truth::Unknown
                }
            });
            decided(truth, cause, sources)
        },
    ),
];

/// The description of every client that the list names.
pub(super) fn described<'f>(view: &PoolView<'f>) -> (Listed<Answer<'f>>, Vec<Source>) {
    let list = view.primary(LIST);
    let Listed { items, incomplete } = list.named("ClientId");
    let answers = items.iter().map(|(id, _)| view.ask(DESCRIBE, &view.region, &[id, &view.key.id])).collect();
    let described = view.source(DESCRIBE, &view.region, "/UserPoolClient");
    let sources = vec![list.source("/UserPoolClients"), described];
    (Listed { items: answers, incomplete }, sources)
}

fn minutes(client: &Answer<'_>, validity: &str, unit: &str) -> Observed<i64> {
    client.integer(&format!("/UserPoolClient/{validity}")).and_then(|amount| {
        if amount == 0 {
            return Observed::Known(DEFAULT_MINUTES);
        }
        match client.text(&format!("/UserPoolClient/TokenValidityUnits/{unit}")) {
            Observed::Known(unit) => match unit.as_str() {
                "seconds" => Observed::Known((amount + 59) / 60),
                "minutes" => Observed::Known(amount),
                "hours" => Observed::Known(amount.saturating_mul(60)),
                "days" => Observed::Known(amount.saturating_mul(24 * 60)),
                _ => Observed::Unknown(Cause::Unrecognised { value: unit }),
            },
            Observed::Absent => Observed::Known(amount.saturating_mul(60)),
            Observed::Unknown(cause) => Observed::Unknown(cause),
        }
    })
}
