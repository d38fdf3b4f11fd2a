//! What holds after any sequence of commands and of what effects say.

use std::collections::{BTreeSet, HashMap};

use proptest::{prelude::*, sample::Index};
use replay::{
    decider::Class,
    entity::{Decision, Entity, Sender},
    event::{decode, encode},
    fork::{Copied, Copies},
    ids::{CommandId, Position, Revision, StreamId},
    log::{Appended, Chain, Link, LogId},
    ports::Ids,
    record::{Data, NewRecord, Record},
    snapshot::Snapshot,
};
use serde_json::{Value, value::to_raw_value};

use super::{
    generators::{Step, any_event, steps},
    *,
};
use crate::entities::chat::{
    fork::{Fork, forked},
    prompt::{Part, prompt},
};

/// Ids one after another.
#[derive(Default)]
struct Counter(std::sync::atomic::AtomicU64);

impl Ids for Counter {
    fn fresh(&self) -> Uuid {
        let n = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Uuid::from_u128(0xA000_0000 + u128::from(n))
    }
}

/// An entity with its log, and what was seen of it so far.
struct World {
    entity: Entity<Chat>,
    records: Vec<Record>,
    /// The state after each record.
    states: Vec<State>,
    now: Micros,
    ids: Counter,
    work: HashMap<EffectKey, Work>,
    gone: BTreeSet<EffectKey>,
    sent: Vec<Part>,
}

impl World {
    fn new() -> Self {
        let entity = Entity::new(StreamId::new("chat", id(1)));
        let (records, states) = (vec![], vec![State::default()]);
        let (work, gone, sent) = (HashMap::new(), BTreeSet::new(), vec![]);
        let mut world = Self { entity, records, states, now: Micros(0), ids: Counter::default(), work, gone, sent };
        world.command(open_titled(""));
        world
    }

    /// The same chat up to a cut, as another one.
    fn forked(&self, cut: usize, run: bool) -> Self {
        let stream = StreamId::new("chat", id(2));
        let (records, states, ids) = (vec![], vec![State::default()], Counter::default());
        let (work, gone, sent) = (HashMap::new(), BTreeSet::new(), vec![]);
        let entity = Entity::new(stream.clone());
        let mut fork = Self { entity, records, states, now: self.now, ids, work, gone, sent };
        let mut copies = Copies::to(stream);
        let records = self.records[..cut].iter().map(|record| copies.copy(record)).collect();
        let copied = Copied { from: Revision(0), records };
        let sender = fork.sender(Some(CommandId::fresh()));
        let (from, at) = (self.entity.stream().clone(), Revision(cut as u64 - 1));
        let rules = |state: &State| vec![forked(state, Fork { from, at, model: None, run })];
        let decision = fork.entity.fork(copied, rules, &sender, &fork.ids).unwrap();
        fork.append(decision);
        fork
    }

    fn sender(&self, command: Option<CommandId>) -> Sender {
        Sender { by: By::person("owner"), command, cause: None, now: self.now }
    }

    fn command(&mut self, command: Command) {
        let sender = self.sender(Some(CommandId::fresh()));
        if let Ok(decision) = self.entity.handle(command, sender, &self.ids) {
            self.append(decision);
        }
    }

    fn effect(&mut self, command: EffectCommand<Piece, Outcome>) -> bool {
        let sender = self.sender(None);
        match self.entity.settle(command, sender, &self.ids) {
            Ok(decision) => {
                self.append(decision);
                true
            }
            Err(error) => {
                assert!(matches!(error, replay::entity::HandleError::Rejected(_)), "{error}");
                false
            }
        }
    }

    /// Appends, and checks everything that must hold.
    fn append(&mut self, decision: Decision) {
        let (first, count) = (self.records.len() as u64, decision.records.len() as u64);
        if count > 0 {
            self.entity.landed(Appended { position: Position(first), revision: Revision(first), count });
        }
        for event in decision.records {
            let n = self.records.len() as u64;
            let stream = self.entity.stream().clone();
            self.append_one(Record { position: Position(n), revision: Revision(n), stream, event });
        }
        self.now = self.now.plus_ms(100);
        self.check();
    }

    fn append_one(&mut self, record: Record) {
        let event = decode::<Event>(&record).unwrap().unwrap();
        let mut state = self.states.last().unwrap().clone();
        if let Event::TurnFinished { digest: written, .. } | Event::TurnCancelled { digest: written, .. } = &event {
            assert_eq!(**written, *digest(&state).unwrap(), "the digest is that of the state just before");
        }
        Chat::evolve(&mut state, &event, record.event.at);
        match &event {
            Event::ModelCallStarted { attempt: Attempt(1), .. } => self.check_prompt(&state),
            // From here on, prompts begin with the summary.
            Event::Compacted { .. } => self.sent.clear(),
            _ => {}
        }
        self.states.push(state);
        self.records.push(record);
    }

    fn check_prompt(&mut self, state: &State) {
        let mut now = prompt(state);
        if state.turn.as_ref().is_some_and(|turn| turn.limit.is_some()) {
            now.pop();
        }
        assert!(now.starts_with(&self.sent), "a prompt begins with the former one");
        let asked = now.iter().map(|part| if let Part::Assistant { tools, .. } = part { tools.len() } else { 0 });
        let answers = now.iter().filter(|part| matches!(part, Part::Tool { .. })).count();
        assert_eq!(asked.sum::<usize>(), answers, "every tool that was asked for is answered");
        self.sent = now;
    }

    fn check(&mut self) {
        let state = self.entity.state().clone();
        assert_eq!(Some(&state), self.states.last(), "the fold of the log is the state in memory");
        let wants = self.entity.wants().unwrap();
        let of_the_turn = wants.values().filter(|want| !matches!(want.work, Work::GiveTitle { .. })).count();
        let asked_for = state.context.compaction.is_some();
        assert_eq!(state.turn.is_some() || asked_for, of_the_turn > 0, "an open turn, and no other, wants something");
        assert!(state.turn.is_some() || state.queue.is_empty(), "nothing waits for nothing");
        for (key, want) in &wants {
            let known = self.work.entry(key.clone()).or_insert_with(|| want.work.clone());
            assert_eq!(*known, want.work, "`{key}` names one piece of work for ever");
            assert!(!self.gone.contains(key), "`{key}` is wanted again");
            can_end(&state, key, want, self.now);
        }
        self.gone = self.work.keys().filter(|key| !wants.contains_key(key)).cloned().collect();
        let mut ids = BTreeSet::new();
        let posted = state.messages.iter().filter_map(|message| match message {
            Message::User(posted) => Some(posted.message),
            Message::Call(_) | Message::End(_) => None,
        });
        let mut all = posted.chain(state.queue.iter().map(|queued| queued.message));
        assert!(all.all(|id| ids.insert(id)), "each message has an id of its own");
        let mut calls = BTreeSet::new();
        assert!(state.messages.iter().filter_map(call_of).all(|call| calls.insert(call.call)), "so has each call");
    }

    fn pick(&self, index: Index) -> Option<(EffectKey, Want<Work>)> {
        let wants: Vec<_> = self.entity.wants().unwrap().into_iter().collect();
        (!wants.is_empty()).then(|| index.get(&wants).clone())
    }

    fn play(&mut self, steps: impl IntoIterator<Item = Step>) {
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Command(command) => self.command(command),
            Step::Begin(want) => {
                let Some((key, _)) = self.pick(want) else { return };
                self.effect(EffectCommand::Begin { key });
            }
            Step::Write { want, text, shift, reasoning } => {
                let (Some((key, want)), Some(call)) = (self.pick(want), self.entity.state().current()) else { return };
                let attempt = want.begun.unwrap_or_default();
                let body = if reasoning { &call.reasoning } else { &call.text };
                let (offset, text) = (body.bytes() + shift, text.into());
                let piece = if reasoning { Piece::Reasoning { offset, text } } else { Piece::Text { offset, text } };
                let accepted = self.effect(EffectCommand::Progress { key, attempt, piece });
                assert!(!accepted || shift == 0, "a gap is stale");
            }
            Step::Report { want, outcome, late } => {
                let Some((key, want)) = self.pick(want) else { return };
                let attempt = Attempt(want.begun.unwrap_or_default().0.saturating_sub(late));
                self.effect(EffectCommand::Report { key, attempt, outcome });
            }
            Step::Serve { want, call, tool } => {
                let Some((key, want)) = self.pick(want) else { return };
                if want.begun.is_none() && want.class != Class::Free {
                    self.effect(EffectCommand::Begin { key: key.clone() });
                }
                let attempt = self.entity.wants().unwrap()[&key].begun.unwrap_or_default();
                let outcome = match want.work {
                    Work::CallModel { .. } => call,
                    Work::RunTool { .. } => tool,
                    Work::Compact { .. } => summed("All of it."),
                    Work::GiveTitle { .. } => titled("Oil"),
                    Work::Wait { .. } => Outcome::Elapsed,
                };
                assert!(self.effect(EffectCommand::Report { key, attempt, outcome }));
            }
            Step::Lose { want, late } => {
                let Some((key, want)) = self.pick(want) else { return };
                let attempt = Attempt(want.begun.unwrap_or_default().0.saturating_sub(late));
                self.effect(EffectCommand::Lost { key, attempt });
            }
        }
    }

    /// Does everything that is wanted until nothing is.
    fn drain(&mut self) {
        for _ in 0..1000 {
            let Some((key, want)) = self.entity.wants().unwrap().into_iter().next() else { return };
            match (want.class, want.begun) {
                (Class::Once, Some(attempt)) => assert!(self.effect(EffectCommand::Lost { key, attempt })),
                (Class::Free, _) => {
                    let outcome = outcome_for(&want.work, true);
                    assert!(self.effect(EffectCommand::Report { key, attempt: Attempt(0), outcome }));
                }
                (Class::Once | Class::Repeat | Class::Keyed, _) => {
                    assert!(self.effect(EffectCommand::Begin { key: key.clone() }));
                    if let Some(attempt) = self.entity.wants().unwrap().get(&key).and_then(|want| want.begun) {
                        let outcome = outcome_for(&want.work, true);
                        assert!(self.effect(EffectCommand::Report { key, attempt, outcome }));
                    }
                }
            }
        }
        panic!("a chat that is served comes to rest");
    }
}

fn outcome_for(work: &Work, well: bool) -> Outcome {
    match (work, well) {
        (Work::CallModel { .. }, true) => answered(vec![]),
        (Work::CallModel { .. } | Work::Compact { .. }, false) => failed(Retry::Soon),
        (Work::RunTool { .. }, true) => ended(ToolOutcome::Succeeded, "done"),
        (Work::RunTool { .. }, false) => ended(ToolOutcome::Failed, "no"),
        (Work::Compact { .. }, true) => summed("All of it."),
        (Work::GiveTitle { .. }, true) => titled("Oil"),
        (Work::GiveTitle { .. }, false) => titled(""),
        (Work::Wait { .. }, _) => Outcome::Elapsed,
    }
}

/// Every way in which wanted work ends is accepted, and then it is wanted no more.
fn can_end(state: &State, key: &EffectKey, want: &Want<Work>, now: Micros) {
    let context = Context { now, by: By::system(), fresh: id(7) };
    let fold = |state: &State, events: &[Event]| {
        let mut state = state.clone();
        for event in events {
            Chat::evolve(&mut state, event, now);
        }
        state
    };
    let mut begun = state.clone();
    let again = want.class != Class::Once || want.begun.is_none();
    if want.class != Class::Free && again {
        let events = Chat::settle(state, EffectCommand::Begin { key: key.clone() }, &context).expect("it may begin");
        begun = fold(state, &events);
    }
    let Some(want) = Chat::wants(&begun).remove(key) else {
        return; // It was begun too often.
    };
    let attempt = want.begun.unwrap_or_default();
    for well in [true, false] {
        let outcome = outcome_for(&want.work, well);
        let command = EffectCommand::Report { key: key.clone(), attempt, outcome };
        let events = Chat::settle(&begun, command, &context).expect("its report is accepted");
        assert!(!Chat::wants(&fold(&begun, &events)).contains_key(key), "`{key}` is wanted after its report");
    }
    if want.class == Class::Once {
        let events = Chat::settle(&begun, EffectCommand::Lost { key: key.clone(), attempt }, &context).unwrap();
        assert!(!Chat::wants(&fold(&begun, &events)).contains_key(key), "`{key}` is wanted after it was lost");
    }
}

/// Puts a field that nobody knows into every object.
fn with_news(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(with_news);
            fields.insert("from_the_future".into(), serde_json::json!({ "kind": "news" }));
        }
        Value::Array(values) => values.iter_mut().for_each(with_news),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_rules_hold(steps in steps()) {
        let mut world = World::new();
        world.play(steps);
        world.drain();
        prop_assert!(world.entity.state().turn.is_none() && world.entity.state().queue.is_empty());

        let mut anew = Entity::<Chat>::new(world.entity.stream().clone());
        world.records.iter().for_each(|record| anew.apply(record).unwrap());
        prop_assert_eq!(anew.state(), world.entity.state(), "the fold from zero is the state in memory");
        prop_assert_eq!(anew.wants().unwrap(), world.entity.wants().unwrap());
    }

    #[test]
    fn a_snapshot_and_its_tail_are_the_full_fold_at_every_cut(steps in steps()) {
        let mut world = World::new();
        world.play(steps.into_iter().take(40));
        let whole = snapshot_of(&world.entity);
        let mut folded = Entity::<Chat>::new(world.entity.stream().clone());
        for (cut, record) in world.records.iter().enumerate() {
            folded.apply(record).unwrap();
            let snapshot = Snapshot::read(snapshot_of(&folded)).unwrap();
            let mut entity = Entity::<Chat>::of_snapshot(&snapshot, "test", folded.stream().clone()).unwrap();
            world.records[cut + 1..].iter().for_each(|record| entity.apply(record).unwrap());
            prop_assert_eq!(entity.state(), world.entity.state());
            prop_assert_eq!(&snapshot_of(&entity), &whole, "answers and causes too");
        }
    }

    #[test]
    fn a_fork_at_any_event_keeps_the_rules_and_comes_to_rest(steps in steps(), cut in any::<Index>(), run in any::<bool>()) {
        let mut world = World::new();
        world.play(steps);
        let cut = cut.index(world.records.len()) + 1;
        let mut fork = world.forked(cut, run);
        prop_assert_eq!(&fork.states[cut], &world.states[cut], "up to the cut it is the original");
        prop_assert!(run || fork.entity.wants().unwrap().is_empty());
        prop_assert!(fork.entity.state().queue.is_empty());
        let open = fork.entity.state().turn.as_ref().map(|turn| turn.turn);
        let last = decode::<Event>(fork.records.last().unwrap()).unwrap().unwrap();
        prop_assert!(matches!(last, Event::Forked { turn, .. } if turn == open), "{:?}", last);
        fork.command(post(900, "And then?"));
        fork.drain();
        prop_assert!(fork.entity.state().turn.is_none() && fork.entity.state().queue.is_empty());
    }

    #[test]
    fn every_event_comes_back_as_it_was_written_and_news_in_it_is_passed_over(steps in steps()) {
        let mut world = World::new();
        world.play(steps);
        for record in &world.records {
            let event = decode::<Event>(record).unwrap().unwrap();
            let encoded = encode(&event).unwrap();
            prop_assert_eq!(&encoded.kind, &record.event.kind);
            prop_assert_eq!(&encoded.data, &record.event.data);
            let mut data: Value = serde_json::from_str(record.event.data.json()).unwrap();
            with_news(&mut data);
            let data = Data::Json(to_raw_value(&data).unwrap().into());
            let later = Record { event: NewRecord { data, ..record.event.clone() }, ..record.clone() };
            prop_assert_eq!(decode::<Event>(&later).unwrap().unwrap(), event);
        }
    }

    #[test]
    fn no_sequence_of_events_makes_the_rules_panic(events in proptest::collection::vec(any_event(), 0..60)) {
        let mut state = State::default();
        Chat::evolve(&mut state, &opened(), Micros(0));
        let context = Context { now: Micros(5), by: By::system(), fresh: id(9) };
        for event in events {
            Chat::evolve(&mut state, &event, Micros(1));
            prop_assert_eq!(decode::<Event>(&record_of(&event)).unwrap().unwrap(), event);
            for (key, _) in Chat::wants(&state) {
                let _ = Chat::settle(&state, EffectCommand::Begin { key }, &context);
            }
            let _ = Chat::decide(&state, cancel(), &context);
            let _ = Chat::decide(&state, post(50, "x"), &context);
            let (_, _) = (prompt(&state), Chat::view(&state));
        }
    }
}

fn snapshot_of(entity: &Entity<Chat>) -> Vec<u8> {
    let (log, position) = (LogId { id: id(8), epoch: 0 }, entity.next_revision().before().unwrap().0);
    let link = Link { position: Position(position), chain: Chain([1; 32]) };
    entity.snapshot("test", log, link).unwrap().unwrap()
}

fn record_of(event: &Event) -> Record {
    let encoded = encode(event).unwrap();
    let event = NewRecord {
        id: id(1),
        at: Micros(1),
        kind: encoded.kind,
        version: encoded.version,
        by: By::system(),
        cause: None,
        corr: None,
        cmd: None,
        copy_of: None,
        data: encoded.data,
    };
    Record { position: Position(0), revision: Revision(0), stream: StreamId::new("chat", id(1)), event }
}
