//! Answers that were given before: found when a script asks, so that what is known is settled in the same append in which it
//! is asked for, and takes nothing.

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use replay::{
    event::decode,
    ids::{Position, Revision, StreamId},
};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::super::Effects;
use crate::{
    entities::run::{
        Event,
        event::{Requested, StepKind, StepOutcome, StepRequest},
        reuse::{Basis, CachedFrom, Reason, Resume},
        state::State,
        work::{Answered, Asked},
    },
    workspace::git,
};

/// How long a run waits, at its start, until the step cache knows of all that ended before.
const CATCH_UP: Duration = Duration::from_secs(2);

/// The steps of a run that another goes on from.
pub(super) struct Resumed {
    stream: StreamId,
    /// By what was asked, in the order in which it was.
    steps: HashMap<Arc<str>, Vec<Earlier>>,
}

/// A step of a run that another goes on from.
pub(super) struct Earlier {
    pub step: u32,
    settled: Option<(Revision, StepOutcome)>,
}

impl Resumed {
    /// The step that asked for the same, so often before.
    pub(super) fn like(&self, call: &str, before: usize) -> Option<&Earlier> {
        self.steps.get(call)?.get(before)
    }

    fn read(stream: StreamId) -> Self {
        Self { stream, steps: HashMap::new() }
    }

    fn hear(&mut self, calls: &mut HashMap<u32, Arc<str>>, revision: Revision, event: Event) {
        match event {
            Event::StepRequested(asked) => {
                calls.insert(asked.step, asked.call.clone());
                self.steps.entry(asked.call).or_default().push(Earlier { step: asked.step, settled: None });
            }
            Event::StepSettled { step, outcome, .. } => {
                let of_call = calls.get(&step).and_then(|call| self.steps.get_mut(call));
                if let Some(earlier) = of_call.and_then(|steps| steps.iter_mut().find(|earlier| earlier.step == step)) {
                    earlier.settled = Some((revision, outcome));
                }
            }
            _ => {}
        }
    }
}

/// What is known of earlier answers while a script is driven once.
pub(super) struct Known<'a> {
    effects: &'a Effects,
    about: &'a Requested,
    resumed: Option<Arc<Resumed>>,
    /// How often each call was asked for so far, by its hash.
    calls: HashMap<Arc<str>, usize>,
    /// How many agents were asked for the very same so far, by the hashes of prompt and options.
    same: HashMap<(Arc<str>, Arc<str>), u32>,
    /// How many agents have a phase and a label so far.
    named: HashMap<(Option<Arc<str>>, Arc<str>), u32>,
    /// How many answers the script had heard before the first that is not what it was in the run that it goes on from.
    unchanged: Option<usize>,
    files: OnceCell<Option<String>>,
}

impl Effects {
    /// What is known when a script is driven.
    pub(super) async fn known<'a>(&'a self, about: &'a Requested, state: &State) -> Known<'a> {
        if let (Some(cache), None) = (&self.cache, state.advanced) {
            cache.reach(Position(self.log.head().0.saturating_sub(1)), CATCH_UP).await;
        }
        let resumed = match &about.resume {
            Some(resume) => self.resumed(resume).await,
            None => None,
        };
        let mut known = Known {
            effects: self,
            about,
            resumed,
            calls: HashMap::new(),
            same: HashMap::new(),
            named: HashMap::new(),
            unchanged: None,
            files: OnceCell::new(),
        };
        let mut likes = HashMap::new();
        for (number, step) in &state.steps {
            let before = known.call(&step.call);
            if let Some(resumed) = &known.resumed {
                likes.insert(*number, resumed.like(&step.call, before).and_then(|earlier| earlier.settled.clone()));
            }
            if let Some(basis) = &step.basis {
                let _same = known.agent(basis, step.phase.as_ref(), &step.label);
            }
        }
        if known.resumed.is_some() {
            let is_new = |number: &u32| {
                let of = state.steps.get(number).and_then(|step| step.outcome.as_ref());
                let earlier = likes.get(number).and_then(|settled| settled.as_ref()).map(|(_, outcome)| outcome);
                of != earlier
            };
            known.unchanged = state.settled.iter().position(is_new);
        }
        known
    }

    /// The steps of a run that another goes on from; kept for the next time that it is driven.
    pub(super) async fn resumed(&self, resume: &Resume) -> Option<Arc<Resumed>> {
        let stream = StreamId::new("run", resume.run);
        if let Some(resumed) = self.kept.resumed(&stream) {
            return Some(resumed);
        }
        let (mut resumed, mut calls) = (Resumed::read(stream.clone()), HashMap::new());
        let mut records = self.log.read_stream(stream.clone(), Revision::ZERO);
        while let Some(record) = records.next().await {
            let record = record.inspect_err(|error| tracing::warn!(%stream, %error, "nothing of it is reused")).ok()?;
            if let Ok(Some(event)) = decode::<Event>(&record) {
                resumed.hear(&mut calls, record.revision, event);
            }
        }
        let resumed = Arc::new(resumed);
        self.kept.keep_resumed(&stream, resumed.clone());
        Some(resumed)
    }

    /// The outcome of a step in the event that settled it.
    async fn settled_at(&self, stream: &StreamId, revision: Revision) -> Option<StepOutcome> {
        let record = self.log.read_stream(stream.clone(), revision).next().await?.ok()?;
        match decode::<Event>(&record).ok()?? {
            Event::StepSettled { outcome, .. } => Some(outcome),
            _ => None,
        }
    }

    /// A fingerprint of the files of the run's project; nothing without git.
    pub(super) async fn files_of(&self, about: &Requested) -> Option<String> {
        let path = self.project_path(about.project).await.ok()?;
        tokio::task::spawn_blocking(move || git::project_state(Path::new(&*path))).await.ok()?
    }
}

impl Known<'_> {
    fn call(&mut self, call: &Arc<str>) -> usize {
        let count = self.calls.entry(call.clone()).or_default();
        *count += 1;
        *count - 1
    }

    /// How many agents before were asked for the same, and how many, with this one, have its phase and label.
    fn agent(&mut self, basis: &Basis, phase: Option<&Arc<str>>, label: &Arc<str>) -> u32 {
        *self.named.entry((phase.cloned(), label.clone())).or_default() += 1;
        let same = self.same.entry((basis.prompt.clone(), basis.options.clone())).or_default();
        *same += 1;
        *same - 1
    }

    /// A step as it is asked for, with its answer where one is known. `heard`: how many answers the script had heard by then.
    pub(super) async fn asked(&mut self, mut asked: StepRequest, given: &Value, heard: u32) -> Asked {
        let before = self.call(&asked.call);
        let answered = self.answered(&mut asked, given, heard, before).await;
        match answered {
            Some(answered) => {
                asked.reason = Some(Reason::Hit);
                Asked::Answered(Box::new(asked), answered)
            }
            None => Asked::Step(Box::new(asked)),
        }
    }

    async fn answered(
        &mut self,
        asked: &mut StepRequest,
        given: &Value,
        heard: u32,
        before: usize,
    ) -> Option<Answered> {
        if asked.refused.is_some() {
            return None;
        }
        let off = given["cache"] == false;
        let resumed = self.resumed.clone();
        let earlier = resumed.as_ref().and_then(|resumed| resumed.like(&asked.call, before));
        let from_step = self.about.resume.as_ref().and_then(|resume| resume.from_step);
        let again = earlier.is_some_and(|earlier| from_step == Some(earlier.step));
        let unchanged = self.unchanged.is_none_or(|first| heard as usize <= first);
        // Another workflow goes on from its own earlier run.
        if let (Some(resumed), Some(earlier)) = (&resumed, earlier)
            && let Some((revision, outcome @ StepOutcome::Succeeded { .. })) = &earlier.settled
            && unchanged
            && !off
            && asked.kind != StepKind::Workflow
            && from_step.is_none_or(|from| earlier.step < from)
        {
            if asked.kind == StepKind::Agent {
                self.name(asked, given, off).await;
            }
            let from = CachedFrom { stream: resumed.stream.clone(), revision: *revision };
            return Some(Answered { outcome: outcome.clone(), from });
        }
        let because = earlier.map(|earlier| match &earlier.settled {
            _ if again => Reason::Retried,
            Some((_, StepOutcome::Succeeded { .. })) => Reason::AfterAMiss,
            Some(_) | None => Reason::EarlierFailed,
        });
        match asked.kind {
            StepKind::Agent => {}
            StepKind::Tool | StepKind::Approve => {
                asked.reason = resumed.is_some().then(|| because.unwrap_or(Reason::New));
                return None;
            }
            StepKind::Workflow | StepKind::Sleep => return None,
        }
        self.name(asked, given, off).await;
        if off || self.about.anew {
            asked.reason = Some(Reason::CacheOff);
            return None;
        }
        let Some(cache) = &self.effects.cache else { return None };
        let project = self.about.project;
        if !again
            && let Some(key) = &asked.key
            && let Some(known) = cache.hit(project, key)
        {
            let stream = StreamId::new("run", known.run);
            if let Some(outcome) = self.effects.settled_at(&stream, known.revision).await {
                return Some(Answered { outcome, from: CachedFrom { stream, revision: known.revision } });
            }
        }
        asked.reason = Some(because.unwrap_or_else(|| {
            let (Some(like), Some(basis)) = (cache.like(project, &self.about.workflow, asked), &asked.basis) else {
                return Reason::New;
            };
            match &like.basis {
                _ if !like.good => Reason::EarlierFailed,
                was if was.prompt != basis.prompt => Reason::PromptChanged,
                was if was.options != basis.options => Reason::OptionsChanged,
                _ if asked.key.is_none() => Reason::NoGit,
                was if was.files != basis.files => Reason::ProjectChanged,
                _ => Reason::Forgotten,
            }
        }));
        None
    }

    /// Gives an agent what its answer is found by.
    async fn name(&mut self, asked: &mut StepRequest, given: &Value, off: bool) {
        let found = json!({ "model": asked.model, "agent": asked.agent, "brief": asked.brief });
        // Without a tool it reads no file.
        let reads = asked.brief.as_ref().and_then(|brief| brief.tools.as_ref()).is_none_or(|tools| !tools.is_empty());
        let files =
            if reads { self.files.get_or_init(|| self.effects.files_of(self.about)).await.clone() } else { None };
        let mut basis = Basis::new(given, &found, files.as_deref(), 0);
        let same = self.agent(&basis, asked.phase.as_ref(), &asked.label);
        basis.nth = self.named[&(asked.phase.clone(), asked.label.clone())];
        // Its tools read the files: without git nothing tells whether those are what they were.
        asked.key = if off || (reads && files.is_none()) { None } else { basis.key(given, &found, same) };
        asked.basis = Some(basis);
    }
}
