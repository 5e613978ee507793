//! `risk.*`: threat protection's notifications to users, for the pool and for each app client that overrides it.
//!
//! Which risks users are told of is set in P and replicated; with whose address they are told is set in each Region.

use crate::model::{Absence, Cause, Fact, FieldType, Listed, Observed, Source};

use super::super::pool::word;
use super::super::{Answer, Field, PoolView, TEXTS, field};
use super::ses::{self, IDENTITY, Identity};
use super::{DESCRIBE, REPLICAS, described, fact, prerequisite, required};

const CLIENTS: &str = "cognito-idp:ListUserPoolClients";
const RISK: &str = "cognito-idp:DescribeRiskConfiguration";
/// What takes over an account: the only risk that users are told of.
const TAKEOVER: &str = "/RiskConfiguration/AccountTakeoverRiskConfiguration";
const NOTIFYING: &[&str] = &[DESCRIBE, CLIENTS, RISK];
const IN_REPLICA: &[&str] = &[DESCRIBE, REPLICAS, CLIENTS, RISK];

/// The fields.
pub(in crate::facts) const FIELDS: &[Field] = &[
    field(
        "risk.mails_from_primary",
        TEXTS,
        Absence::Unknown,
        IN_REPLICA,
        "Where the notifications of the replica are sent from SES in P, and so fail together with it.",
        |view| {
            in_replica(view, |place, identity, _| match identity {
                Observed::Known(identity) if identity.region == view.region => Observed::Known(place.name.clone()),
                Observed::Known(_) | Observed::Absent => Observed::Absent,
                Observed::Unknown(cause) => Observed::Unknown(cause),
            })
        },
    ),
    field(
        "risk.mails_unset",
        TEXTS,
        Absence::Unknown,
        IN_REPLICA,
        "Where users are to be notified and the replica has no SES identity to do it with.",
        |view| {
            in_replica(view, |place, identity, _| match identity {
                Observed::Absent => Observed::Known(place.name.clone()),
                Observed::Known(_) => Observed::Absent,
                Observed::Unknown(cause) => Observed::Unknown(cause),
            })
        },
    ),
    field(
        "risk.mails_unverified",
        TEXTS,
        Absence::Unknown,
        &[DESCRIBE, REPLICAS, CLIENTS, RISK, IDENTITY],
        "Where the SES identity that the replica notifies users with is not verified.",
        |view| {
            in_replica(view, |place, identity, sources| {
                identity.and_then(|identity| {
                    let (verified, of_identity) = ses::verified(view, &identity);
                    sources.extend(of_identity);
                    match verified {
                        Observed::Known(false) => Observed::Known(place.name.clone()),
                        Observed::Known(true) | Observed::Absent => Observed::Absent,
                        Observed::Unknown(cause) => Observed::Unknown(cause),
                    }
                })
            })
        },
    ),
    field(
        "risk.mode",
        FieldType::Word(&["OFF", "AUDIT", "ENFORCED"]),
        Absence::Default("OFF"),
        &[DESCRIBE],
        "The mode of threat protection; no add-ons means off.",
        |view| {
            let answer = view.primary(DESCRIBE);
            fact((mode(&answer), vec![answer.source("/UserPool/UserPoolAddOns")]))
        },
    ),
    field(
        "risk.notifies",
        TEXTS,
        Absence::Default("[]"),
        NOTIFYING,
        "Where threat protection notifies users: the pool, and the app clients with settings of their own.",
        |view| {
            let (places, sources) = notifying(view);
            let items = places.items.into_iter().map(|place| place.name).collect();
            Fact::known(Listed { items, incomplete: places.incomplete }, sources)
        },
    ),
];

/// The pool, or an app client with settings of its own.
struct Place {
    name: String,
    client: Option<String>,
}

impl Place {
    fn ask<'f>(&self, view: &PoolView<'f>, region: &str) -> Answer<'f> {
        match &self.client {
            Some(client) => view.ask(RISK, region, &[client, &view.key.id]),
            None => view.ask(RISK, region, &[&view.key.id]),
        }
    }
}

fn mode(answer: &Answer<'_>) -> Observed<String> {
    let pointer = "/UserPool/UserPoolAddOns/AdvancedSecurityMode";
    answer.at("/UserPool/UserPoolAddOns").and_then(|_| required(answer.text(pointer), answer, pointer))
}

/// Where an action of P notifies users. Nothing is asked while threat protection is off.
fn notifying(view: &PoolView<'_>) -> (Listed<Place>, Vec<Source>) {
    let pool = view.primary(DESCRIBE);
    let mut sources = vec![pool.source("/UserPool/UserPoolAddOns")];
    let mut found = Listed::complete(Vec::new());
    match mode(&pool) {
        Observed::Absent => return (found, sources),
        Observed::Known(mode) if mode == "OFF" => return (found, sources),
        Observed::Known(mode) if mode == "AUDIT" || mode == "ENFORCED" => {}
        Observed::Known(mode) => found.incomplete = Some(Cause::Unrecognised { value: mode }),
        Observed::Unknown(cause) => found.incomplete = Some(prerequisite(RISK, cause)),
    }
    if found.incomplete.is_some() {
        return (found, sources);
    }
    let list = view.primary(CLIENTS);
    let clients = list.named("ClientId");
    let mut places = vec![Place { name: "the pool".to_owned(), client: None }];
    places.extend(clients.items.iter().map(|(id, item)| Place {
        name: format!("app client {} ({id})", word(item, "ClientName")),
        client: Some((*id).to_owned()),
    }));
    sources.push(list.source("/UserPoolClients"));
    sources.push(view.source(RISK, &view.region, &format!("{TAKEOVER}/Actions")));
    found.incomplete = clients.incomplete;
    for place in places {
        match notifies(&place.ask(view, &view.region)) {
            Observed::Known(true) => found.items.push(place),
            Observed::Known(false) | Observed::Absent => {}
            Observed::Unknown(cause) => drop(found.incomplete.get_or_insert(cause)),
        }
    }
    (found, sources)
}

/// Whether an action notifies users. Without settings of its own, a client has none of these members.
fn notifies(answer: &Answer<'_>) -> Observed<bool> {
    let actions = format!("{TAKEOVER}/Actions");
    let mut unknown = None;
    for level in ["LowAction", "MediumAction", "HighAction"] {
        let (action, notify) = (format!("{actions}/{level}"), format!("{actions}/{level}/Notify"));
        match answer.at(&action).and_then(|_| required(answer.boolean(&notify), answer, &notify)) {
            Observed::Known(true) => return Observed::Known(true),
            Observed::Known(false) | Observed::Absent => {}
            Observed::Unknown(cause) => drop(unknown.get_or_insert(cause)),
        }
    }
    unknown.map_or(Observed::Known(false), Observed::Unknown)
}

/// The places for which `test` gives a name, by the identity that the replica has for them; it adds what else it read.
fn in_replica(
    view: &PoolView<'_>,
    test: impl Fn(&Place, Observed<Identity>, &mut Vec<Source>) -> Observed<String>,
) -> Fact {
    let pointer = format!("{TAKEOVER}/NotifyConfiguration/SourceArn");
    let region = match described(view) {
        (Observed::Known(answer), _) => answer.region.into_owned(),
        (Observed::Absent, sources) => return Fact::absent(sources),
        (Observed::Unknown(cause), sources) => return Fact::unknown(prerequisite(RISK, cause), sources),
    };
    let (places, mut sources) = notifying(view);
    sources.push(view.source(RISK, &region, &pointer));
    let mut found = Listed { items: Vec::new(), incomplete: places.incomplete };
    for place in &places.items {
        let answer = place.ask(view, &region);
        match test(place, answer.text(&pointer).and_then(|arn| Identity::parse(&arn)), &mut sources) {
            Observed::Known(name) => found.items.push(name),
            Observed::Absent => {}
            Observed::Unknown(cause) => drop(found.incomplete.get_or_insert(cause)),
        }
    }
    Fact::known(found, sources)
}
