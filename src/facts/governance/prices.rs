//! The table of prices, and money in whole millionths of a dollar: no floating point, the same text everywhere.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::yaml;

/// The embedded table; empty if it could not be read, which a test rules out.
pub(super) static PRICES: LazyLock<Prices> =
    LazyLock::new(|| Prices::parse(include_str!("../../../rules/data/prices.yaml")).unwrap_or_default());

/// The table's file, for provenance.
pub(super) const FILE: &str = "rules/data/prices.yaml";

/// What the table says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Prices {
    /// The day or month in which it was true.
    pub(super) as_of: String,
    /// The users that a plan includes.
    pub(super) free_users: u64,
    /// What tokens of machine clients cost more.
    pub(super) machine_surcharge_percent: u64,
    plans: BTreeMap<String, Plan>,
}

/// The prices of a plan per monthly active user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// Of the plan itself.
    pub(super) base: Micros,
    /// Of the replica.
    pub(super) addon: Micros,
}

/// Millionths of a dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Micros(u128);

impl Prices {
    fn parse(text: &str) -> Option<Self> {
        let root = yaml::parse(text).ok()?;
        let text = |node: &yaml::Node, key: &str| node.get(key).and_then(yaml::Node::text).map(str::to_owned);
        let number = |key: &str| text(&root, key)?.parse().ok();
        let mut plans = BTreeMap::new();
        for plan in root.get("plans").and_then(yaml::Node::list)? {
            let price = |key: &str| Micros::parse(&text(plan, key)?);
            plans.insert(text(plan, "plan")?, Plan { base: price("base")?, addon: price("addon")? });
        }
        Some(Self {
            as_of: text(&root, "as_of")?,
            free_users: number("free_users")?,
            machine_surcharge_percent: number("machine_surcharge_percent")?,
            plans,
        })
    }

    /// The prices of a plan, if it is one that has a price per user.
    pub(super) fn plan(&self, name: &str) -> Option<Plan> {
        self.plans.get(name).copied()
    }
}

impl Micros {
    /// `0.0045`: at most six digits after the point.
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if whole.is_empty() || fraction.len() > 6 {
            return None;
        }
        let digits = format!("{whole}{fraction:0<6}");
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok().map(Self))?
    }

    /// This much for each of so many.
    pub(super) fn times(self, number: u64) -> Self {
        Self(self.0.saturating_mul(u128::from(number)))
    }

    /// In cents, rounded: `$1,350.00`.
    pub(super) fn dollars(self) -> String {
        let cents = self.0.saturating_add(5_000) / 10_000;
        format!("${}.{:02}", grouped(cents / 100), cents % 100)
    }
}

/// As a price for one: `$0.0045`.
impl std::fmt::Display for Micros {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fraction = format!("{:06}", self.0 % 1_000_000);
        write!(f, "${}.{:0<2}", self.0 / 1_000_000, fraction.trim_end_matches('0'))
    }
}

/// `100,000`.
pub(super) fn grouped(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_is_whole() {
        let prices = &*PRICES;
        assert_eq!((prices.free_users, prices.machine_surcharge_percent), (10_000, 30));
        assert!(!prices.as_of.is_empty());
        assert!(prices.plan("ESSENTIALS").is_some() && prices.plan("PLUS").is_some() && prices.plan("LITE").is_none());
    }

    #[test]
    fn money_is_whole_millionths() {
        let show = |text: &str, users: u64| {
            let price = Micros::parse(text).unwrap();
            format!("{price} {}", price.times(users).dollars())
        };
        assert_eq!(show("0.0045", 100_000), "$0.0045 $450.00");
        assert_eq!(show("0.015", 90_000), "$0.015 $1,350.00");
        assert_eq!(show("0.02", 0), "$0.02 $0.00");
        assert_eq!(show("0.0045", 1), "$0.0045 $0.00");
        assert_eq!(show("0.006", 1), "$0.006 $0.01");
        assert_eq!(show("1", 1_234_567), "$1.00 $1,234,567.00");
        for odd in ["", ".", ".5", "x", "0.1234567", "-1", "1e3"] {
            assert_eq!(Micros::parse(odd), None, "{odd}");
        }
        // As many users as a number can hold.
        assert!(Micros::parse("0.006").unwrap().times(u64::MAX).dollars().starts_with("$110,680,464,442,257,"));
    }
}
