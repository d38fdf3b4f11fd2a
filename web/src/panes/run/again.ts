// Starts a run that goes on from another, or does the same again.
import { send } from "../../live/http.ts";
import type { RunRow, RunView } from "../../wire/index.ts";

interface Again {
  /** The first step of the earlier run that is done again. */
  fromStep?: number;
  /** Nothing is taken from it: only its workflow and its arguments are the same. */
  anew?: boolean;
}

/** The run that was started, in the same session. */
export async function runAgain(run: string, view: RunView, { fromStep, anew }: Again = {}): Promise<RunRow> {
  const about = view.about;
  if (!about) throw new Error("the run is not known yet");
  const body: Record<string, unknown> = {
    workflow: about.workflow,
    session: about.session,
    model: about.model,
  };
  if (about.budget != null) body.budget = about.budget;
  if (about.time_limit_ms != null) body.time_limit_ms = about.time_limit_ms;
  if (anew) {
    const given = about.arguments;
    if (typeof given === "string") body.args = JSON.parse(given);
    else if (given != null)
      throw new Error("its arguments are too long to be taken from here: start it from the workflows");
  } else {
    body.resume_from = run;
    if (fromStep !== undefined) body.from_step = fromStep;
  }
  return send<RunRow>("POST", "/api/runs", body);
}
