//! A step that is another workflow, in a run of its own.

use std::{path::Path, time::Duration};

use futures_util::StreamExt as _;
use replay::ids::{By, Revision};
use serde_json::Value;
use uuid::Uuid;

use super::{
    super::{Effects, desk::folded_of},
    Done,
    child::{StopsChild, Waited, id},
};
use crate::{
    entities::run::{
        self, Run, child_of,
        event::{Parent, Requested, StepKind, StepOutcome},
        reuse::Resume,
        state::{State, Status, Step},
    },
    host::Job,
    scripts::{Found, Source},
    workspace::trusted,
};

impl Effects {
    /// Runs another workflow, in a run of its own.
    pub(super) async fn nested(&self, job: &Job, state: &State, number: u32, step: &Step) -> Done {
        let Some(about) = &state.about else {
            return Done::failed("Internal", "the run is of nothing. This is a bug; please report it.");
        };
        if about.parent.is_some() {
            let what = "a workflow that runs within another cannot run a third: call it from the outer one";
            return Done::failed("LimitReached", what);
        }
        let payload: Value =
            serde_json::from_str(&self.bodies.read(&job.stream, &step.payload).await).unwrap_or_default();
        let name = payload["name"].as_str().unwrap_or_default();
        let Some(stream) = child_of(about.run, number, step.tries.len(), StepKind::Workflow) else {
            return Done::failed("Internal", "a workflow has no stream. This is a bug; please report it.");
        };
        let requested = match self.requested_by(about, stream.uuid().unwrap_or_default(), name, &payload).await {
            Ok(requested) => Requested {
                budget: about.budget.map(|budget| budget.saturating_sub(state.usage.output)),
                parent: Some(Parent { run: about.run, step: number }),
                resume: self.earlier(state, number, step).await,
                anew: about.anew,
                ..requested
            },
            Err(why) => return Done::failed("WorkflowError", why),
        };
        let command = run::Command::RequestRun(Box::new(requested));
        if let Err(error) =
            job.host.submit(stream.clone(), command.into(), By::agent(&about.workflow), id("request")).await
        {
            return Done::failed("WorkflowError", format!("it could not be started: {error}"));
        }
        let stops = StopsChild::new(&job.host, &stream, job);
        let over = |kind: &str| matches!(kind, "RunFinished" | "RunFailed" | "RunCancelled" | "RunDiverged");
        // It has limits of its own; a person may keep it waiting for days.
        let ended = self.until(&stream, Duration::from_hours(24 * 365), over).await;
        stops.disarm();
        if let Err(Waited::Failed(why)) = ended {
            return Done::failed("WorkflowError", why);
        }
        match folded_of::<Run>(&self.log, stream).await {
            Ok(folded) => nested_outcome(folded.state()),
            Err(why) => Done::failed("WorkflowError", why),
        }
    }
}

impl Effects {
    /// What a run is asked for that another run names, if its script may run.
    async fn requested_by(
        &self,
        about: &Requested,
        run: Uuid,
        name: &str,
        payload: &Value,
    ) -> Result<Requested, String> {
        let found = self.found(about.project, name).await?;
        let kept = |error: replay::blobs::BlobError| error.to_string();
        let script = self.bodies.write(found.pinned()).await.map_err(kept)?;
        let arguments = match payload.get("args") {
            Some(arguments) => Some(self.bodies.write(arguments.to_string()).await.map_err(kept)?),
            None => None,
        };
        let model = about.model.clone();
        // It is part of the time of the run that asked for it.
        let time_limit_ms = None;
        Ok(Requested {
            arguments,
            time_limit_ms,
            seed: about.seed,
            ..found.request(run, about.session, about.project, script, model)
        })
    }

    /// The run that the same step was in the run that this one goes on from.
    async fn earlier(&self, state: &State, number: u32, step: &Step) -> Option<Resume> {
        let resume = state.about.as_ref()?.resume.as_ref()?;
        let before = state.steps.range(..number).filter(|(_, before)| before.call == step.call).count();
        let step = self.resumed(resume).await?.like(&step.call, before)?.step;
        let stream = child_of(resume.run, step, 0, StepKind::Workflow)?;
        let first = self.log.read_stream(stream.clone(), Revision::ZERO).next().await;
        first.is_some().then(|| stream.uuid().map(|run| Resume { run, from_step: None }))?
    }

    /// The workflow of a name, for a project. What the project brings itself must be trusted as it is now.
    pub(in crate::effects) async fn found(&self, project: Uuid, name: &str) -> Result<Found, String> {
        let (project, scripts, name) = (self.project(project).await?, self.scripts.clone(), name.to_owned());
        let looked = tokio::task::spawn_blocking(move || {
            let folder = Path::new(&*project.path);
            let found = scripts.find(folder, &name).map_err(|error| error.to_string())?;
            if found.source == Source::Project {
                let shown = trusted::survey(folder).map_err(|error| error.to_string())?;
                if project.trusted.as_deref() != Some(&*shown.digest) {
                    return Err(found.untrusted());
                }
            }
            Ok(found)
        });
        looked.await.map_err(|error| error.to_string())?
    }
}

fn nested_outcome(state: &State) -> Done {
    let outcome = match &state.status {
        Status::Finished { result } => StepOutcome::Succeeded { value: result.clone() },
        Status::Failed { error } => StepOutcome::Failed { name: error.name.clone(), message: error.message.clone() },
        Status::Diverged { step, .. } => StepOutcome::Failed {
            name: "Diverged".into(),
            message: format!("step {step} of it is not what it was before").into(),
        },
        Status::Cancelled | Status::Running | Status::Queued | Status::Paused => StepOutcome::Stopped,
    };
    Done::ended(outcome, state.usage)
}
