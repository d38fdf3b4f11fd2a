//! The work that entities want, done with models, tools and the workspace. Rules stay in `entities`: nothing here decides
//! what happens next.

mod bodies;
mod compaction;
mod desk;
mod markup;
mod model_call;
mod pieces;
mod prompt;
mod run;
mod structured;
mod title;
mod tool_call;
mod workflows;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::future::BoxFuture;
use replay::{blobs::BlobStore, log::EventLog, ports::Clock};

use crate::{
    agents::Agents,
    entities::{
        Outcome, StateAt, Work,
        chat::{
            self,
            event::{CallError, Retry, ToolOutcome},
        },
    },
    host::{Job, Perform},
    models::Providers,
    projections::StepCache,
    scripts::Scripts,
    tools::Toolbox,
};
use bodies::Bodies;
use run::Kept;

/// Performs the effects of every kind. Cheap to clone.
#[derive(Clone)]
pub struct Effects {
    providers: Arc<Providers>,
    toolbox: Arc<Toolbox>,
    bodies: Bodies,
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    data: Option<Arc<Path>>,
    context_window: Option<u64>,
    scripts: Scripts,
    kept: Kept,
    cache: Option<StepCache>,
    agents: Agents,
}

impl Effects {
    /// With the models and tools that there are, and the blobs and the log of the host that they are for.
    pub fn new(
        providers: Arc<Providers>,
        toolbox: Arc<Toolbox>,
        blobs: Arc<BlobStore>,
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let bodies = Bodies::new(blobs, log.clone());
        let (scripts, kept) = (Scripts::new(None, vec![]), Kept::default());
        Self {
            providers,
            toolbox,
            bodies,
            log,
            clock,
            data: None,
            context_window: None,
            scripts,
            kept,
            cache: None,
            agents: Agents::default(),
        }
    }

    /// Runs workflows with these scripts and their engine.
    #[must_use]
    pub fn with_scripts(self, scripts: Scripts) -> Self {
        Self { scripts, ..self }
    }

    /// Gives steps these agents.
    #[must_use]
    pub fn with_agents(self, agents: Agents) -> Self {
        Self { agents, ..self }
    }

    /// Answers steps from what earlier runs were answered.
    #[must_use]
    pub fn with_cache(self, cache: StepCache) -> Self {
        Self { cache: Some(cache), ..self }
    }

    /// Keeps the server's data folder, with its key and its log, from every tool, wherever the folder lies.
    #[must_use]
    pub fn guarding(self, data: &Path) -> Self {
        let data: PathBuf = data.canonicalize().unwrap_or_else(|_| data.to_owned());
        Self { data: Some(data.into()), ..self }
    }

    /// How many tokens a model takes where nobody says it of that model.
    #[must_use]
    pub fn with_context_window(self, tokens: Option<u64>) -> Self {
        Self { context_window: tokens, ..self }
    }

    async fn chat(&self, job: &Job, state: &chat::State, work: &chat::Work) -> chat::Outcome {
        match work {
            chat::Work::CallModel { .. } => self.call_model(job, state).await,
            chat::Work::RunTool { tool_call } => self.run_tool(job, state, *tool_call).await,
            chat::Work::Compact { .. } => self.compact(&job.stream, state).await,
            chat::Work::GiveTitle { .. } => self.give_title(&job.stream, state).await,
            chat::Work::Wait { until, .. } => {
                crate::host::sleep_until(&*self.clock, *until).await;
                chat::Outcome::Elapsed
            }
        }
    }
}

impl Perform for Effects {
    fn perform(&self, job: Job) -> BoxFuture<'static, Outcome> {
        let effects = self.clone();
        Box::pin(async move {
            match (&job.work, &job.state) {
                (Work::Chat(work), StateAt::Chat(state)) => Outcome::Chat(effects.chat(&job, state, work).await),
                (Work::Run(work), StateAt::Run(state)) => Outcome::Run(effects.run(&job, state, work).await),
                (Work::Chat(_) | Work::Run(_), StateAt::Chat(_) | StateAt::Run(_)) => {
                    unreachable!("work is handed the state that wanted it")
                }
            }
        })
    }

    fn panicked(&self, work: &Work, message: &str) -> Outcome {
        match work {
            Work::Chat(chat::Work::CallModel { .. } | chat::Work::Compact { .. } | chat::Work::GiveTitle { .. }) => {
                Outcome::Chat(chat::Outcome::CallFailed(CallError {
                    code: "internal".into(),
                    message: format!(
                        "The server failed while it asked the model: {message}. This is a bug; please report it."
                    )
                    .into(),
                    retry: Retry::Never,
                    retry_after_ms: None,
                }))
            }
            Work::Chat(chat::Work::RunTool { .. }) => Outcome::Chat(chat::Outcome::ToolEnded {
                outcome: ToolOutcome::Failed,
                output: format!("The tool failed inside the server: {message}. Try another way.").as_str().into(),
                latency_ms: 0,
                truncated: false,
            }),
            Work::Chat(chat::Work::Wait { .. }) => Outcome::Chat(chat::Outcome::Elapsed),
            Work::Run(work) => Outcome::Run(run::panicked(work, message)),
        }
    }
}
