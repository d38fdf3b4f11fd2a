//! The one table of routes: what registers them, what `openapi.json` is made of, and what the guard asks for roles.

use actix_web::{http::Method, web};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{
    agents, attachments, audit, blobs, chats, default_model, directories, files, fork, health, keys, messages, metrics,
    openapi, projects, providers, reading, replay, search, sessions, sign_in, socket, sources, step_cache, streams,
    trust, usage, workflows,
};
use crate::{
    entities::{chat::view::MessagesPage, system::Role},
    models::ProviderInfo,
    projections::{ChatRow, ProjectRow, RunRow, SessionRow},
};

/// Makes the schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// A route.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{name}` for what varies.
    pub path: &'static str,
    /// What one must be allowed to; `None`: nobody need be known.
    pub role: Option<Role>,
    /// What it does, in one line.
    pub summary: &'static str,
    /// What can stand in the query.
    pub query: Option<SchemaOf>,
    /// What is sent as JSON.
    pub request: Option<SchemaOf>,
    /// What is answered as JSON.
    pub response: Option<SchemaOf>,
    /// It becomes a WebSocket.
    pub socket: bool,
    /// Who shows no key is answered too, and told nothing but that there is an answer.
    pub bare: bool,
    /// What is sent is a file as it is.
    pub upload: bool,
    handler: fn() -> actix_web::Route,
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

macro_rules! routes {
    ($($method:ident $path:literal $role:ident $handler:path {
        $summary:literal $(, query $query:ty)? $(, takes $request:ty)? $(, gives $response:ty)? $(; $mark:ident)?
    })+) => {
        /// All routes.
        pub static ROUTES: &[Route] = &[$(Route {
            method: Method::$method,
            path: $path,
            role: routes!(@role $role),
            summary: $summary,
            query: routes!(@schema $($query)?),
            request: routes!(@schema $($request)?),
            response: routes!(@schema $($response)?),
            socket: routes!(@socket $($mark)?),
            bare: routes!(@bare $($mark)?),
            upload: routes!(@upload $($mark)?),
            handler: || web::method(Method::$method).to($handler),
        }),+];
    };
    (@role anyone) => { None };
    (@role viewer) => { Some(Role::Viewer) };
    (@role operator) => { Some(Role::Operator) };
    (@role admin) => { Some(Role::Admin) };
    (@schema) => { None };
    (@schema $type:ty) => { Some(of::<$type>) };
    (@socket) => { false };
    (@socket socket) => { true };
    (@socket bare) => { false };
    (@socket upload) => { false };
    (@bare) => { false };
    (@bare bare) => { true };
    (@bare socket) => { false };
    (@bare upload) => { false };
    (@upload) => { false };
    (@upload upload) => { true };
    (@upload socket) => { false };
    (@upload bare) => { false };
}

routes! {
    GET "/health" viewer health::show { "How the server is; without a key, only that it answers", gives health::Health; bare }
    GET "/metrics" viewer metrics::show { "What the server counts, as Prometheus reads it" }
    GET "/ws" viewer socket::open { "The WebSocket reenact.v1: docs/protocol.md"; socket }
    GET "/api/openapi.json" viewer openapi::show { "This description" }
    POST "/api/sign-in" anyone sign_in::sign_in { "Makes a key a cookie", takes sign_in::SignIn, gives sign_in::SignedIn }
    POST "/api/sign-out" anyone sign_in::sign_out { "Takes the cookie away" }
    GET "/api/keys" admin keys::list { "All keys that ever were, without anything secret", gives keys::KeysOut }
    POST "/api/keys" admin keys::make { "Makes a key, and shows it this once", takes keys::NewKey, gives keys::MadeKey }
    DELETE "/api/keys/{name}" admin keys::revoke { "Revokes a key; its sockets are closed", gives reading::Landed }
    GET "/api/providers" viewer providers::list { "The providers of models", gives providers::ProvidersOut }
    GET "/api/providers/{id}/models" viewer providers::models { "The models that a provider says it has", gives providers::ProviderModels }
    PUT "/api/providers/{id}/key" admin providers::set_key { "Sets the key of a provider and uses it from the next call on", takes providers::NewProviderKey, gives ProviderInfo }
    DELETE "/api/providers/{id}/key" admin providers::forget_key { "Forgets the key that was set for a provider", gives ProviderInfo }
    POST "/api/providers/{id}/test" admin providers::test { "Tries a provider out: asks a model for a word, or for the list of models", takes providers::NewTrial, gives providers::TrialOut }
    PUT "/api/default-model" admin default_model::choose { "Sets the model that new chats ask where nobody names one", takes default_model::NewDefaultModel, gives default_model::DefaultModel }
    GET "/api/usage" viewer usage::show { "The tokens of the turns that ended since a moment", query usage::UsageQuery, gives usage::UsageOut }
    GET "/api/directories" operator directories::list { "The folders of a folder of the machine", query directories::DirectoriesQuery, gives directories::Directories }
    GET "/api/projects" viewer projects::list { "Folders under care, the newest first", query reading::PageQuery, gives reading::Items<ProjectRow> }
    POST "/api/projects" operator projects::register { "Takes a folder under care", takes projects::NewProject, gives ProjectRow }
    GET "/api/projects/{id}" viewer projects::show { "A project", query reading::AtLeast, gives ProjectRow }
    DELETE "/api/projects/{id}" operator projects::remove { "Gives a project up; nothing of the folder is touched", gives reading::Landed }
    GET "/api/projects/{id}/files" viewer files::list { "Files and folders of a project by letters of their paths", query files::FilesQuery, gives files::Files }
    GET "/api/projects/{id}/trust" viewer trust::show { "What a project's files name that could run, and whether it is trusted", gives trust::Trust }
    POST "/api/projects/{id}/trust" admin trust::give { "Trusts what was shown", takes trust::NewTrust, gives trust::Trust }
    DELETE "/api/projects/{id}/trust" operator trust::withdraw { "Takes trust back", gives trust::Trust }
    GET "/api/projects/{id}/cache" viewer step_cache::list { "The answers of steps that are given again where the same is asked, the newest first", query reading::AtLeast, gives step_cache::CachedSteps }
    POST "/api/projects/{id}/cache/forget" operator step_cache::forget { "Does not give answers of steps again", takes crate::entities::project::Forget, gives reading::Landed }
    GET "/api/sessions" viewer sessions::list { "Sessions, the newest first", query reading::PageQuery, gives reading::Items<SessionRow> }
    POST "/api/sessions" operator sessions::open { "Opens a session", takes sessions::NewSession, gives SessionRow }
    GET "/api/sessions/{id}" viewer sessions::show { "A session", query reading::AtLeast, gives SessionRow }
    PATCH "/api/sessions/{id}" operator sessions::change { "Changes title or model of a session", takes sessions::SessionChange, gives SessionRow }
    POST "/api/sessions/{id}/archive" operator sessions::archive { "Puts a session away", gives SessionRow }
    POST "/api/sessions/{id}/unarchive" operator sessions::unarchive { "Brings a session back", gives SessionRow }
    GET "/api/chats" viewer chats::list { "Chats, the newest first", query reading::PageQuery, gives reading::Items<ChatRow> }
    POST "/api/chats" operator chats::open { "Opens a chat, with a first message if there is one", takes chats::NewChat, gives ChatRow }
    GET "/api/chats/{id}" viewer chats::show { "A chat", query reading::AtLeast, gives ChatRow }
    PATCH "/api/chats/{id}" operator chats::change { "Changes title or model of a chat", takes chats::ChatChange, gives ChatRow }
    GET "/api/chats/{id}/messages" viewer messages::list { "Messages of a chat, older ones page by page", query messages::MessagesQuery, gives MessagesPage }
    POST "/api/chats/{id}/messages" operator messages::post { "Says something in a chat", takes messages::NewMessage, gives messages::PostedMessage }
    GET "/api/chats/{id}/search" viewer search::find { "Finds words in a chat, the newest first", query search::SearchQuery, gives search::Finds }
    GET "/api/chats/{id}/written" viewer messages::written { "A long text of a call that was broken off", query messages::WrittenQuery }
    POST "/api/chats/{id}/cancel" operator chats::cancel { "Stops the open turn; what was written stays", gives reading::Landed }
    POST "/api/chats/{id}/compact" operator chats::compact { "Has the model sum up what was said; people still see everything", gives reading::Landed }
    POST "/api/chats/{id}/archive" operator chats::archive { "Puts a chat away; a message brings it back", gives ChatRow }
    POST "/api/chats/{id}/unarchive" operator chats::unarchive { "Brings a chat back", gives ChatRow }
    GET "/api/workflows" viewer workflows::workflows { "The workflows that there are, with what is wrong with those that cannot run", query workflows::WorkflowsQuery, gives workflows::Workflows }
    GET "/api/workflows/source" viewer sources::show { "The text of a workflow", query sources::SourceQuery, gives sources::WorkflowSource }
    PUT "/api/workflows/source" operator sources::save { "Saves a text as a workflow of a project; it runs once the project is trusted with it", takes sources::NewSource, gives crate::scripts::Listed }
    POST "/api/workflows/check" viewer sources::check { "What a text would be as a workflow, or what is wrong with it; nothing of it runs", takes sources::NewCheck, gives crate::scripts::Listed }
    GET "/api/agents" viewer agents::list { "The agents that workflows ask for by name, with what is wrong with those that cannot be used", query workflows::WorkflowsQuery, gives agents::AgentItems }
    GET "/api/orchestrator/workflows" viewer workflows::of_the_orchestrator { "The workflows that a name means, for clients of BooCode", query workflows::WorkflowsQuery, gives workflows::OrchestratorWorkflows }
    GET "/api/runs" viewer workflows::list { "Runs of workflows, the newest first", query reading::PageQuery, gives reading::Items<RunRow> }
    POST "/api/runs" operator workflows::start { "Runs a workflow", takes workflows::NewRun, gives RunRow }
    GET "/api/runs/{id}" viewer workflows::show { "A run; its steps are in its view", query reading::AtLeast, gives RunRow }
    POST "/api/runs/{id}/pause" operator workflows::pause { "Lets no more steps begin", gives reading::Landed }
    POST "/api/runs/{id}/resume" operator workflows::resume { "Lets a paused run go on", gives reading::Landed }
    POST "/api/runs/{id}/cancel" operator workflows::cancel { "Stops a run with all that it has begun", gives reading::Landed }
    POST "/api/runs/{id}/steps/{step}/stop" operator workflows::stop_step { "Stops one step: its script finds null", gives reading::Landed }
    POST "/api/runs/{id}/steps/{step}/message" operator workflows::tell { "Says something to the agent of a step; its answer is what it says last", takes workflows::NewStepMessage, gives reading::Landed }
    POST "/api/runs/{id}/steps/{step}/approval" operator workflows::approve { "Answers a question of a workflow", takes workflows::NewApproval, gives reading::Landed }
    POST "/api/attachments" operator attachments::store { "Stores a file for a message: an image or a text", gives attachments::StoredAttachment; upload }
    GET "/api/blobs/{sha256}" viewer blobs::show { "A long text, a large output or an attached file, as it was stored" }
    GET "/api/streams" viewer streams::list { "Every stream, the last changed first", query streams::StreamsQuery, gives reading::Items<streams::StreamItem> }
    GET "/api/streams/{kind}/{id}" viewer streams::events { "The events of a stream", query streams::EventsQuery, gives streams::Events }
    GET "/api/streams/{kind}/{id}/state" viewer streams::state { "The state of a stream at a revision", query streams::AtQuery, gives streams::StateOut }
    GET "/api/streams/{kind}/{id}/view" viewer streams::view { "What a page saw of a stream at a revision", query streams::AtQuery, gives streams::ViewOut }
    GET "/api/streams/{kind}/{id}/diff" viewer streams::diff { "What changed in a state between two revisions, as RFC 6902", query streams::DiffQuery, gives streams::Diff }
    POST "/api/streams/{kind}/{id}/fork" operator fork::fork { "Copies a chat up to a place; the copy goes on by itself", takes fork::NewFork, gives fork::Forked }
    GET "/api/streams/{kind}/{id}/steps" viewer replay::steps { "The events of a stream with what each of them changed", query replay::StepsQuery, gives replay::Steps }
    GET "/api/streams/{kind}/{id}/counts" viewer replay::counts { "How many events of which sort a stream has", gives replay::Counts }
    GET "/api/audit/export" admin audit::export { "The log as a file that a third party can verify, as JSON lines: docs/audit.md", query audit::AuditQuery }
}

/// The route of a method and a pattern.
pub fn find(method: &Method, pattern: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.method == *method && route.path == pattern)
}

/// The methods that a pattern answers to.
pub fn methods(pattern: &str) -> Vec<&'static str> {
    ROUTES.iter().filter(|route| route.path == pattern).map(|route| route.method.as_str()).collect()
}

/// Registers all routes.
pub fn register(config: &mut web::ServiceConfig) {
    let mut paths: Vec<&str> = ROUTES.iter().map(|route| route.path).collect();
    paths.dedup();
    for path in paths {
        let mut resource = web::resource(path);
        for route in ROUTES.iter().filter(|route| route.path == path) {
            resource = resource.route((route.handler)());
        }
        config.service(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_stands_once_and_those_of_one_path_together() {
        let mut seen: Vec<&str> = Vec::new();
        for route in ROUTES {
            assert_eq!(
                ROUTES.iter().filter(|other| other.path == route.path && other.method == route.method).count(),
                1
            );
            if seen.last() != Some(&route.path) {
                assert!(!seen.contains(&route.path), "{} stands in two places", route.path);
                seen.push(route.path);
            }
        }
    }

    #[test]
    fn nobody_unknown_gets_further_than_the_door() {
        let open: Vec<_> = ROUTES.iter().filter(|route| route.role.is_none()).map(|route| route.path).collect();
        assert_eq!(open, ["/api/sign-in", "/api/sign-out"]);
    }
}
