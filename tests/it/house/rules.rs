//! The rules themselves, each a function from a file to its breaches, and a proof for each that it has teeth.

use std::fmt;

use super::source::{Path, Source};

/// A room, and the rooms it may use besides itself.
const FLOORS: &[(&str, &[&str])] = &[
    (
        "cli",
        &["api", "effects", "host", "models", "tools", "workspace", "projections", "scripts", "agents", "entities"],
    ),
    ("api", &["host", "projections", "entities", "workspace", "models", "scripts", "agents"]),
    ("effects", &["host", "models", "tools", "workspace", "projections", "scripts", "agents", "entities"]),
    ("host", &["entities", "projections"]),
    ("models", &["entities"]),
    ("tools", &["workspace", "entities"]),
    ("workspace", &["entities"]),
    ("projections", &["entities"]),
    ("scripts", &["entities"]),
    ("agents", &[]),
    ("entities", &[]),
];

/// A library, and the rooms that may name it (`replay` stands for the crate). What is not listed may be named anywhere.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("actix", &["host", "api", "cli"]),
    ("actix_rt", &["host", "api", "cli"]),
    ("actix_web", &["api"]),
    ("actix_ws", &["api"]),
    ("base64", &["effects"]),
    ("cap_std", &["workspace"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("confique", &["cli"]),
    ("crc32c", &["replay"]),
    ("eventsource_stream", &["models"]),
    ("governor", &["api"]),
    ("grep_regex", &["tools", "workspace"]),
    ("grep_searcher", &["tools", "workspace"]),
    ("ignore", &["tools", "workspace"]),
    ("jsonschema", &["effects", "models"]),
    ("landlock", &["cli"]),
    ("notify", &["scripts"]),
    ("nucleo_matcher", &["workspace"]),
    ("owo_colors", &["cli"]),
    ("prometheus_client", &["api"]),
    ("reqwest", &["models", "cli"]),
    ("rpassword", &["cli"]),
    ("rust_embed", &["api", "scripts", "agents"]),
    ("rustls", &["models", "cli"]),
    ("sled", &["replay", "projections", "host"]),
    ("tokio_tungstenite", &["cli"]),
    ("tracing_subscriber", &["cli"]),
    ("workflow", &["scripts", "effects"]),
    ("yaml_rust2", &["agents"]),
];

/// What the rules of entities must not see.
const IMPURE: &[&str] = &[
    "tokio",
    "actix",
    "actix_rt",
    "actix_web",
    "reqwest",
    "rand",
    "async",
    "await",
    "SystemTime",
    "Instant",
    "thread",
    "now_v7",
    "new_v4",
    "File",
    "static_mut",
    "thread_local",
    "println",
    "eprintln",
];
const IMPURE_STD: &[&str] = &["fs", "net", "process", "thread", "env", "io", "time"];

/// What names the wire: the protocol, its error type, and the tag of its frames (`#[serde(tag = "op")]`).
const WIRE: &[&str] = &["\"reenact.v1\"", "\"application/problem+json\""];
const FRAME_TAG: (&str, &str) = ("tag", "\"op\"");

/// Words with which records are handed to the log: only `host` says them.
const APPENDING: &[&str] = &["Append", "NewRecord"];
/// The word with which work reports: the rules hear it, `host` says it.
const REPORTING: &[&str] = &["EffectCommand"];

/// The most lines a file may have.
const LINES: usize = 600;

/// A rule that a file does not keep.
#[derive(Debug, PartialEq, Eq)]
pub struct Breach {
    file: String,
    line: usize,
    what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// A file of the product, read.
pub struct File {
    /// Its path from the root of the workspace.
    pub name: String,
    source: Source,
}

impl File {
    /// Reads it.
    pub fn read(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), source: Source::read(text, &module(name)) }
    }

    /// The room it stands in; `None` for `lib.rs` and `main.rs`, which only open the doors, and outside `src`.
    pub fn room(&self) -> Option<&str> {
        let rest = self.name.strip_prefix("src/")?;
        rest.split_once('/').map(|(room, _)| room).or_else(|| {
            let stem = rest.strip_suffix(".rs")?;
            (stem != "lib" && stem != "main").then_some(stem)
        })
    }

    /// The files of the modules that it declares for tests only.
    pub fn test_files(&self) -> Vec<String> {
        let folder = self
            .name
            .trim_end_matches(".rs")
            .trim_end_matches("/mod")
            .trim_end_matches("/lib")
            .trim_end_matches("/main");
        self.source.test_modules.iter().map(|module| format!("{folder}/{module}.rs")).collect()
    }

    fn breach(&self, line: usize, what: String) -> Breach {
        Breach { file: self.name.clone(), line, what }
    }
}

/// The module of a file: `["host", "actor"]` for `src/host/actor.rs`, `["host"]` for `src/host/mod.rs`.
fn module(name: &str) -> Vec<String> {
    let stem = name.trim_start_matches("replay/").trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

/// The rooms that a room may use; `None` for one that has no floor.
pub fn floor(room: &str) -> Option<&'static [&'static str]> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, may)| *may)
}

/// Paths into rooms that stand above, or beside.
pub fn floors(file: &File) -> Vec<Breach> {
    let Some(room) = file.room() else { return vec![] };
    let may = floor(room).unwrap_or(&[]);
    let is_room = |name: &str| floor(name).is_some();
    let target = |path: &Path| -> Option<String> {
        let inside = matches!(path.parts[0].as_str(), "crate" | "reenact");
        inside.then(|| path.parts[1].clone()).filter(|other| is_room(other) && other != room)
    };
    let breach = |path: &Path| {
        let other = target(path).filter(|other| !may.contains(&other.as_str()))?;
        Some(file.breach(
            path.line,
            format!("`{room}` uses `{}`, but `{other}` does not stand below it", path.parts.join("::")),
        ))
    };
    file.source.paths.iter().filter_map(breach).collect()
}

/// Libraries named outside their rooms.
pub fn libraries(file: &File) -> Vec<Breach> {
    let room = if file.name.starts_with("replay/") { Some("replay") } else { file.room() };
    let Some(room) = room else { return vec![] };
    let breach = |path: &Path| {
        let (library, rooms) = LIBRARIES.iter().find(|(library, _)| *library == path.parts[0])?;
        let allowed = rooms.contains(&room);
        (!allowed).then(|| file.breach(path.line, format!("`{room}` names `{library}`, which stays in {rooms:?}")))
    };
    file.source.paths.iter().filter_map(breach).collect()
}

/// What makes a rule depend on more than its state and its command.
pub fn purity(file: &File) -> Vec<Breach> {
    let word = |(line, word): &(usize, String)| {
        IMPURE.contains(&word.as_str()).then(|| file.breach(*line, format!("a rule sees `{word}`")))
    };
    let path = |path: &Path| {
        let impure = matches!(path.parts[0].as_str(), "std" | "core") && IMPURE_STD.contains(&path.parts[1].as_str());
        impure.then(|| file.breach(path.line, format!("a rule sees `{}`", path.parts.join("::"))))
    };
    file.source.words.iter().filter_map(word).chain(file.source.paths.iter().filter_map(path)).collect()
}

/// Names of the wire outside `api` and the one file that is its client.
pub fn wire_names(file: &File) -> Vec<Breach> {
    if file.room() == Some("api") || file.name == "src/cli/socket.rs" {
        return vec![];
    }
    let breach = |(line, literal, before): &(usize, String, String)| {
        let named = WIRE.contains(&literal.as_str()) || (before.as_str(), literal.as_str()) == FRAME_TAG;
        named.then(|| file.breach(*line, format!("{literal} is a name of the wire")))
    };
    file.source.literals.iter().filter_map(breach).collect()
}

/// The environment of the process, read anywhere but in `cli`: everything else is told what was set.
pub fn environment(file: &File) -> Vec<Breach> {
    let Some(room) = file.room().filter(|room| *room != "cli") else { return vec![] };
    let is_read = |parts: &[String]| {
        let last = parts.last().map_or("", String::as_str);
        parts.iter().any(|part| part == "env") && matches!(last, "var" | "vars" | "var_os" | "vars_os" | "args")
    };
    let read = file.source.paths.iter().filter(|path| is_read(&path.parts));
    read.map(|path| file.breach(path.line, format!("`{room}` reads the environment: make it a setting"))).collect()
}

/// Appends to the log from anywhere but `host`.
pub fn appends(file: &File) -> Vec<Breach> {
    said(file, APPENDING, &["host"])
}

/// Reports of work from anywhere but `host`.
pub fn reports(file: &File) -> Vec<Breach> {
    said(file, REPORTING, &["host", "entities"])
}

fn said(file: &File, words: &[&str], rooms: &[&str]) -> Vec<Breach> {
    let Some(room) = file.room().filter(|room| !rooms.contains(room)) else { return vec![] };
    let found = file.source.words.iter().filter(|(_, word)| words.contains(&word.as_str()));
    found.map(|(line, word)| file.breach(*line, format!("`{room}` says `{word}`, which stays in {rooms:?}"))).collect()
}

/// `.unwrap()` outside tests.
pub fn unwraps(file: &File) -> Vec<Breach> {
    let what = "`unwrap` outside tests: use `?`, or `expect` with the reason why it cannot fail";
    file.source.unwraps.iter().map(|line| file.breach(*line, what.to_owned())).collect()
}

/// A file without a word on what it is, or too long.
pub fn shape(name: &str, text: &str) -> Vec<Breach> {
    let breach = |what: String| Breach { file: name.to_owned(), line: 1, what };
    let silent = !text.starts_with("//!");
    let lines = text.lines().count();
    let silent = silent.then(|| breach("the file does not open with `//!` and what it is".into()));
    let long =
        (lines > LINES).then(|| breach(format!("{lines} lines: more than {LINES}, look for the second room in it")));
    silent.into_iter().chain(long).collect()
}

#[cfg(test)]
mod teeth {
    use super::*;

    #[track_caller]
    fn one(breaches: Vec<Breach>, expected: &str) {
        let told: Vec<String> = breaches.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(expected), "{}", told[0]);
    }

    #[test]
    fn a_room_that_reaches_upwards_is_found_in_every_spelling() {
        for text in [
            "use crate::api::frames::Frame;",
            "use crate::{entities::Kind, api::frames};",
            "use super::super::api::frames;",
            "fn f() -> crate::api::Frame { todo() }",
            "fn f() { tracing::info!(\"{}\", crate::api::name()); }",
            "mod inner { use super::super::super::api::frames; }",
        ] {
            one(floors(&File::read("src/host/actor.rs", text)), "`host` uses `crate::api");
        }
        assert_eq!(floors(&File::read("src/api/mod.rs", "use crate::{host::Host, entities::Kind};")), []);
    }

    #[test]
    fn a_neighbour_is_found_too() {
        one(floors(&File::read("src/models/mod.rs", "use crate::tools::Toolbox;")), "src/models/mod.rs:1: `models`");
        assert_eq!(floors(&File::read("src/tools/mod.rs", "use crate::workspace::Space;")), []);
    }

    #[test]
    fn a_library_in_the_wrong_room_is_found() {
        one(libraries(&File::read("src/effects/chat.rs", "use reqwest::Client;")), "`effects` names `reqwest`");
        one(libraries(&File::read("replay/src/log.rs", "fn f(_: &actix::System) {}")), "`replay` names `actix`");
    }

    #[test]
    fn a_clock_a_file_and_a_future_in_a_rule_are_found() {
        let found = |text: &str| purity(&File::read("src/entities/chat/decide.rs", text));
        one(found("fn f() { let now = std::time::UNIX_EPOCH; }"), "std::time");
        one(found("use std::{fs, sync::Arc};"), "std::fs");
        one(found("async fn f() {}"), "`async`");
        one(found("fn f() -> Uuid { Uuid::now_v7() }"), "`now_v7`");
        assert_eq!(found("#[cfg(test)] mod tests { use std::fs; }"), []);
    }

    #[test]
    fn a_name_of_the_wire_outside_the_api_is_found() {
        let text = r#"#[serde(tag = "op")] enum Frame {}"#;
        one(wire_names(&File::read("src/host/frames.rs", text)), "\"op\"");
        assert_eq!(wire_names(&File::read("src/api/frames.rs", text)), []);
    }

    #[test]
    fn a_variable_read_in_a_room_below_is_found() {
        let text = r#"fn f() { std::env::var("KEY"); }"#;
        one(environment(&File::read("src/models/mod.rs", text)), "`models` reads the environment");
        assert_eq!(environment(&File::read("src/cli/screen.rs", text)), []);
    }

    #[test]
    fn an_append_and_a_report_from_elsewhere_are_found() {
        let append = "fn f(log: &dyn EventLog) { log.append(Append { stream }) }";
        one(appends(&File::read("src/effects/chat.rs", append)), "`effects` says `Append`");
        assert_eq!(appends(&File::read("src/host/batch.rs", append)), []);
        let report = "fn f() { host.settle(EffectCommand::Report { key }) }";
        one(reports(&File::read("src/api/socket.rs", report)), "`api` says `EffectCommand`");
    }

    #[test]
    fn an_unwrap_is_found_and_one_in_a_test_is_not() {
        one(unwraps(&File::read("src/cli/ask.rs", "fn f() {\n x.unwrap(); }")), "src/cli/ask.rs:2");
        assert_eq!(unwraps(&File::read("src/cli/ask.rs", "#[cfg(test)] mod tests { fn f() { x.unwrap() } }")), []);
        assert_eq!(unwraps(&File::read("src/cli/ask.rs", "fn f() { x.unwrap_or(1); } // .unwrap()")), []);
    }

    #[test]
    fn a_long_file_and_a_silent_one_are_found() {
        one(shape("src/a.rs", "fn f() {}\n"), "does not open with");
        one(shape("src/a.rs", &format!("//! A.\n{}", "\n".repeat(LINES))), "601 lines");
    }
}
