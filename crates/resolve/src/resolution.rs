//! The outcome for each binding of a port.

use std::fmt;

use crate::step::{Order, Step};

/// The binding that answers a connection, and why the others do not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Resolution<'a, B> {
    /// The binding that answers, and the step at which it is found. `None`: the connection is reset.
    pub winner: Option<(Step, &'a B)>,
    /// Every binding of the port, in the order of the steps.
    pub candidates: Vec<Candidate<'a, B>>,
    /// The orders of other sources in which another binding would answer.
    pub alternatives: Vec<Alternative<'a, B>>,
}

/// A binding of the port.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Candidate<'a, B> {
    /// The step at which it is considered.
    pub step: Step,
    /// The binding.
    pub binding: &'a B,
    /// Whether it answers, or why it does not.
    pub outcome: Outcome,
}

/// Another order, in which another binding answers.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Alternative<'a, B> {
    /// The order.
    pub order: Order,
    /// The binding that answers, and the step at which it is found.
    pub winner: Option<(Step, &'a B)>,
}

/// Whether a binding answers a connection, or why it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It answers.
    Wins,
    /// It matches, and a binding of this earlier step answers.
    ComesAfter(Step),
    /// It is for another address.
    OtherAddress,
    /// It is for the other version of IP.
    OtherFamily,
    /// It is for another host name.
    OtherName,
    /// The client sends no server name.
    NoName,
}

impl Outcome {
    /// The identifier of the outcome in JSON.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Wins => "wins",
            Self::ComesAfter(_) => "comes_after",
            Self::OtherAddress => "other_address",
            Self::OtherFamily => "other_family",
            Self::OtherName => "other_name",
            Self::NoName => "no_name",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wins => f.write_str("answers"),
            Self::ComesAfter(step) => write!(f, "matches, but comes after {}", step.name()),
            Self::OtherAddress => f.write_str("is for another address"),
            Self::OtherFamily => f.write_str("is for IPv6 connections only"),
            Self::OtherName => f.write_str("is for another host name"),
            Self::NoName => f.write_str("needs a server name, and the client sends none"),
        }
    }
}
