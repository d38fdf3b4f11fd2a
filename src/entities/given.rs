//! Tests of rules as sentences: `given(events).when(command).then(events)`.

use std::{collections::BTreeMap, fmt::Debug};

use replay::{
    decider::{Context, Decider, EffectCommand, EffectKey, Stale, Want},
    ids::{By, Micros},
};
use uuid::Uuid;

/// The time at which every command of a test is decided. Given events happened one second apart before it.
pub const NOW: Micros = Micros(1_000_000_000);

/// What has happened.
pub struct Given<D: Decider> {
    state: D::State,
}

/// A state that the given events amount to.
#[track_caller]
pub fn given<D: Decider>(events: impl IntoIterator<Item = D::Event>) -> Given<D> {
    let mut state = D::State::default();
    for (second, event) in (0..).zip(events) {
        D::evolve(&mut state, &event, Micros(second * 1_000_000));
    }
    Given { state }
}

impl<D: Decider> Given<D> {
    /// The state itself.
    pub fn state(&self) -> &D::State {
        &self.state
    }

    /// What a page sees.
    pub fn view(&self) -> D::View {
        D::view(&self.state)
    }

    /// What is wanted.
    pub fn wants(&self) -> BTreeMap<EffectKey, Want<D::Work>> {
        D::wants(&self.state)
    }

    /// The answer to a command from outside.
    pub fn when(&self, command: D::Command) -> Answered<D::Event, D::Rejection> {
        Answered(D::decide(&self.state, command, &context()))
    }

    /// The answer to what an effect says.
    pub fn when_effect(&self, command: EffectCommand<D::Piece, D::Outcome>) -> Answered<D::Event, Stale> {
        Answered(D::settle(&self.state, command, &context()))
    }
}

/// What rules answered.
#[must_use]
pub struct Answered<E, R>(pub Result<Vec<E>, R>);

impl<E: Debug + PartialEq, R: Debug + PartialEq> Answered<E, R> {
    /// Expects exactly these events.
    #[track_caller]
    pub fn then(self, events: impl IntoIterator<Item = E>) {
        assert_eq!(self.0, Ok(events.into_iter().collect()));
    }

    /// Expects this rejection.
    #[track_caller]
    pub fn then_rejected(self, rejection: R) {
        assert_eq!(self.0, Err(rejection));
    }

    /// The events, for a test that looks at parts of them.
    #[track_caller]
    pub fn events(self) -> Vec<E> {
        self.0.expect("the command is accepted")
    }
}

fn context() -> Context {
    Context { now: NOW, by: By::person("owner"), fresh: Uuid::nil() }
}
