//! A test entity: jobs of every class, some of which lead to others, and a count that shows whether a command was done twice.

use std::collections::BTreeMap;

use replay::{
    decider::{Attempt, Class, Context, Decider, EffectCommand, EffectKey, Lane, Rejection, Stale, Want},
    ids::{Micros, StreamId},
    log::Ack,
    projection::{Projection, Rows},
    record::Record,
};
use serde::{Deserialize, Serialize};

use super::{
    dice::Dice,
    story::{End, Performance, Story},
};

pub enum Jobs {}

/// The class of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    Free,
    Repeat,
    Keyed,
    Once,
}

const SORTS: [Sort; 4] = [Sort::Free, Sort::Repeat, Sort::Keyed, Sort::Once];

impl Sort {
    fn class(self) -> Class {
        match self {
            Self::Free => Class::Free,
            Self::Repeat => Class::Repeat,
            Self::Keyed => Class::Keyed,
            Self::Once => Class::Once,
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Free => Self::Repeat,
            Self::Repeat => Self::Keyed,
            Self::Keyed => Self::Once,
            Self::Once => Self::Free,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    Counted {},
    /// `then` more follow this one.
    Added {
        job: String,
        sort: Sort,
        then: u32,
        until: Micros,
    },
    Begun {
        job: String,
        sort: Sort,
        attempt: Attempt,
    },
    Noted {
        job: String,
        attempt: Attempt,
        nth: u32,
    },
    Ended {
        job: String,
        sort: Sort,
        outcome: String,
    },
}

impl replay::event::Event for Event {}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Command {
    Count,
    Add { sort: Sort, then: u32 },
}

#[derive(Debug, thiserror::Error)]
#[error("no")]
pub enum Never {}

impl Rejection for Never {
    fn code(&self) -> &'static str {
        match *self {}
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    sort: Sort,
    then: u32,
    until: Micros,
    since: Micros,
    attempt: Option<Attempt>,
    notes: u32,
    outcome: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    count: u32,
    added: u32,
    jobs: BTreeMap<String, Job>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    job: String,
    until: Option<Micros>,
}

const KNOWN: &str = "done";
const UNKNOWN: &str = "unknown";

impl Decider for Jobs {
    const KIND: &'static str = "jobs";
    const VERSION: u32 = 1;
    type State = State;
    type Event = Event;
    type Command = Command;
    type Rejection = Never;
    type Work = Work;
    type Piece = u32;
    /// How many notes it made: one that is missing was lost with a failed disk.
    type Outcome = u32;
    type View = u32;

    fn decide(state: &State, command: Command, context: &Context) -> Result<Vec<Event>, Never> {
        Ok(match command {
            Command::Count => vec![Event::Counted {}],
            Command::Add { sort, then } => {
                vec![Event::Added { job: state.added.to_string(), sort, then, until: context.now.plus_ms(1_000) }]
            }
        })
    }

    fn settle(state: &State, command: EffectCommand<u32, u32>, context: &Context) -> Result<Vec<Event>, Stale> {
        let (EffectCommand::Begin { key }
        | EffectCommand::Progress { key, .. }
        | EffectCommand::Report { key, .. }
        | EffectCommand::Lost { key, .. }) = &command;
        let stale = |attempt| Stale { key: key.clone(), attempt };
        let job = state.jobs.get(key.as_str()).filter(|job| job.outcome.is_none()).ok_or_else(|| stale(None))?;
        let (name, sort) = (key.as_str().to_owned(), job.sort);
        let is = |attempt: Attempt| {
            if sort == Sort::Free || job.attempt == Some(attempt) { Ok(()) } else { Err(stale(Some(attempt))) }
        };
        match command {
            EffectCommand::Begin { .. } if sort == Sort::Free || sort == Sort::Once && job.attempt.is_some() => {
                Err(stale(None))
            }
            EffectCommand::Begin { .. } => {
                Ok(vec![Event::Begun { job: name, sort, attempt: Attempt::after(job.attempt) }])
            }
            EffectCommand::Progress { attempt, piece, .. } => {
                is(attempt)?;
                let fits = piece == job.notes;
                fits.then(|| vec![Event::Noted { job: name, attempt, nth: piece }]).ok_or_else(|| stale(Some(attempt)))
            }
            EffectCommand::Report { attempt, outcome: notes, .. } => {
                is(attempt)?;
                let whole = notes == job.notes;
                whole.then(|| ended(job, name, KNOWN, context)).ok_or_else(|| stale(Some(attempt)))
            }
            EffectCommand::Lost { attempt, .. } => {
                is(attempt)?;
                let once = sort == Sort::Once;
                once.then(|| ended(job, name, UNKNOWN, context)).ok_or_else(|| stale(Some(attempt)))
            }
        }
    }

    fn evolve(state: &mut State, event: &Event, at: Micros) {
        match event {
            Event::Counted {} => state.count += 1,
            Event::Added { job, sort, then, until } => {
                state.added += u32::from(!job.contains('.'));
                let (sort, then, until) = (*sort, *then, *until);
                let added = Job { sort, then, until, since: at, attempt: None, notes: 0, outcome: None };
                state.jobs.insert(job.clone(), added);
            }
            Event::Begun { job, attempt, .. } => {
                if let Some(job) = state.jobs.get_mut(job) {
                    (job.attempt, job.notes) = (Some(*attempt), 0);
                }
            }
            Event::Noted { job, .. } => {
                if let Some(job) = state.jobs.get_mut(job) {
                    job.notes += 1;
                }
            }
            Event::Ended { job, outcome, .. } => {
                if let Some(job) = state.jobs.get_mut(job) {
                    job.outcome = Some(outcome.clone());
                }
            }
        }
    }

    fn wants(state: &State) -> BTreeMap<EffectKey, Want<Work>> {
        let want = |(name, job): (&String, &Job)| {
            let lane =
                Lane { name: if job.sort == Sort::Free { "timers" } else { "jobs" }.into(), group: "all".into() };
            let until = (job.sort == Sort::Free).then_some(job.until);
            let work = Work { job: name.clone(), until };
            let want = Want { class: job.sort.class(), begun: job.attempt, lane, since: job.since, work };
            (EffectKey::new(name.as_str()), want)
        };
        state.jobs.iter().filter(|(_, job)| job.outcome.is_none()).map(want).collect()
    }

    fn ack(event: &Event) -> Ack {
        match event {
            Event::Begun { sort, .. } | Event::Ended { sort, .. } => sort.class().begin_ack(),
            // What follows from work that can be had again can be had again.
            Event::Added { job, .. } if job.contains('.') => Ack::Written,
            Event::Counted {} | Event::Added { .. } => Ack::Durable,
            Event::Noted { .. } => Ack::Written,
        }
    }

    fn view(state: &State) -> u32 {
        state.count
    }
}

fn ended(job: &Job, name: String, outcome: &str, context: &Context) -> Vec<Event> {
    let next = job.then.checked_sub(1).map(|then| Event::Added {
        job: format!("{name}.{}", job.then),
        sort: job.sort.next(),
        then,
        until: context.now.plus_ms(1_000),
    });
    let mut events = vec![Event::Ended { job: name, sort: job.sort, outcome: outcome.into() }];
    events.extend(next);
    events
}

/// How many events of which type there are in each stream.
#[derive(Default)]
pub struct Counts;

impl Projection for Counts {
    const NAME: &'static str = "counts";
    const VERSION: u32 = 1;

    fn project(&mut self, rows: &mut Rows<'_>, record: &Record) {
        let key = format!("{} {}", record.stream, record.event.kind);
        let before = rows.get(&key).map_or(0, |count| count[0]);
        rows.insert(key, vec![before.wrapping_add(1)]);
    }
}

impl Story for Jobs {
    type Script = Vec<(StreamId, Vec<Command>)>;
    type Lists = Counts;

    fn script(dice: &mut Dice) -> Self::Script {
        let command = |dice: &mut Dice| {
            if dice.one_in(3) {
                return Command::Count;
            }
            Command::Add { sort: dice.pick(&SORTS), then: u32::try_from(dice.below(4)).unwrap() }
        };
        let mut client = |name: &str| {
            let count = 2 + dice.below(3);
            (name.parse().unwrap(), (0..count).map(|_| command(dice)).collect())
        };
        vec![client("jobs/a"), client("jobs/b")]
    }

    fn clients(script: &Self::Script) -> Vec<(StreamId, Vec<Command>)> {
        script.clone()
    }

    fn perform(_: &Self::Script, state: &State, work: &Work) -> Performance<Self> {
        let pieces = match state.jobs[&work.job].sort {
            // How far the work came is not known either, if its end is not.
            Sort::Free | Sort::Once => vec![],
            Sort::Repeat | Sort::Keyed => vec![0, 1],
        };
        let notes = u32::try_from(pieces.len()).unwrap();
        Performance { not_before: work.until, pieces, outcome: notes }
    }

    fn ended(event: &Event) -> Option<(EffectKey, End)> {
        let Event::Ended { job, outcome, .. } = event else { return None };
        let end = if outcome == UNKNOWN { End::Unknown } else { End::Known };
        Some((EffectKey::new(job.as_str()), end))
    }
}
