//! The keys of providers: set, tried, forgotten, over HTTP and from the command line; and that nobody ever sees one.

use std::{
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Output, Stdio},
};

use reqwest::Method;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path},
};

use super::{
    process::Ground,
    served::{problem, serve},
};

const SECRET: &str = "sk-nobody-sees-this";

#[actix_web::test]
async fn a_key_is_set_used_at_once_and_forgotten() {
    let served = serve().await;
    let chat = json!({"session": served.session().await.1, "model": "openai/gpt-6-sol"});
    let (status, refused) = served.refused(&Method::POST, "/api/chats", &chat).await;
    assert_eq!((status, refused["code"].as_str()), (422, Some("bad_key")), "{refused}");

    let set = served.send(&Method::PUT, "/api/providers/openai/key", &json!({"key": SECRET})).await;
    assert_eq!((&set["configured"], &set["key"]["changeable"]), (&json!(true), &json!(true)), "{set}");
    assert!(set["key"]["origin"].as_str().unwrap().contains("secrets") && !set.to_string().contains(SECRET), "{set}");
    served.send(&Method::POST, "/api/chats", &chat).await;

    let forgotten = served.with(&served.key, &Method::DELETE, "/api/providers/openai/key").send().await.unwrap();
    let forgotten: Value = forgotten.json().await.unwrap();
    assert_eq!((&forgotten["configured"], &forgotten["key"]["origin"]), (&json!(false), &Value::Null));
    let events = served.get("/api/streams/system/host").await;
    let changes: Vec<_> =
        events["items"].as_array().unwrap().iter().filter(|event| event["data"]["provider"] == "openai").collect();
    let told: Vec<_> = changes.iter().map(|event| (&event["type"], &event["by"]["name"])).collect();
    assert_eq!(told.len(), 2, "{events}");
    assert_eq!((told[0].0, told[1].0), (&json!("ProviderKeySet"), &json!("ProviderKeyForgotten")), "{events}");
    assert!(!events.to_string().contains(SECRET));
    let (status, again) =
        problem(served.with(&served.key, &Method::DELETE, "/api/providers/openai/key").send().await.unwrap()).await;
    assert_eq!((status, again["code"].as_str()), (404, Some("no_provider_key")));
}

#[actix_web::test]
async fn keys_are_for_admins_and_bad_ones_are_refused_in_words() {
    let served = serve().await;
    let operator = served.key("op", "operator").await;
    for (method, path) in [
        (Method::PUT, "/api/providers/openai/key"),
        (Method::DELETE, "/api/providers/openai/key"),
        (Method::POST, "/api/providers/openai/test"),
    ] {
        let request = served.with(&operator, &method, path).json(&json!({"key": "k"}));
        let (status, refused) = problem(request.send().await.unwrap()).await;
        assert_eq!((status, refused["code"].as_str()), (403, Some("forbidden")), "{method} {path}");
    }
    for (provider, key, status, code) in [
        ("openai", "two words", 422, "bad_provider_key"),
        ("openai", "", 422, "bad_provider_key"),
        ("deepseek", "k", 409, "key_stands_elsewhere"),
        ("offline", "k", 404, "no_provider"),
        ("nobody", "k", 404, "no_provider"),
    ] {
        let path = format!("/api/providers/{provider}/key");
        let (found, refused) = served.refused(&Method::PUT, &path, &json!({"key": key})).await;
        assert_eq!((found, refused["code"].as_str()), (status, Some(code)), "{provider}: {refused}");
    }
}

#[actix_web::test]
async fn a_trial_answers_in_words_whether_it_worked() {
    let served = serve().await;
    let offline = served.send(&Method::POST, "/api/providers/offline/test", &json!({})).await;
    assert_eq!((&offline["ok"], &offline["model"]), (&json!(true), &json!("offline")));
    let openai = served.send(&Method::POST, "/api/providers/openai/test", &json!({})).await;
    assert_eq!((&openai["ok"], &openai["code"]), (&json!(false), &json!("bad_key")));
    assert!(openai["message"].as_str().unwrap().contains("OPENAI_API_KEY"), "{openai}");
    let (status, unknown) = served.refused(&Method::POST, "/api/providers/nobody/test", &json!({})).await;
    assert_eq!((status, unknown["code"].as_str()), (404, Some("no_provider")));
}

/// A provider that takes one key, in a settings file.
async fn home(ground: &Ground) -> MockServer {
    let server = MockServer::start().await;
    let right = format!("Bearer {SECRET}");
    let list = ResponseTemplate::new(200).set_body_json(json!({"data": [{"id": "small", "context_length": 4096}]}));
    let answer =
        "data: {\"choices\":[{\"delta\":{\"content\":\"ready\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let answer = ResponseTemplate::new(200).set_body_raw(answer, "text/event-stream");
    let wrong = ResponseTemplate::new(401).set_body_json(json!({"error": {"message": "Incorrect API key provided"}}));
    Mock::given(header("authorization", right.as_str()))
        .and(method("GET"))
        .and(path("/v1/models"))
        .respond_with(list)
        .mount(&server)
        .await;
    Mock::given(header("authorization", right.as_str()))
        .and(method("POST"))
        .and(path("/v1/chat/completions"))
        .respond_with(answer)
        .mount(&server)
        .await;
    Mock::given(wiremock::matchers::any()).respond_with(wrong).with_priority(9).mount(&server).await;
    let settings = format!("[[providers]]\nid = \"home\"\nbase_url = \"{}/v1\"\n", server.uri());
    std::fs::write(ground.data.path().join("reenact.toml"), settings).unwrap();
    server
}

async fn provider(ground: &Ground, arguments: &[&str], typed: &str) -> Output {
    provider_with(ground, &[], arguments, typed).await
}

async fn provider_with(ground: &Ground, environment: &[(&str, &str)], arguments: &[&str], typed: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reenact"));
    command
        .env_clear()
        .env("HOME", ground.data.path())
        .envs(environment.iter().copied())
        .arg("--data")
        .arg(ground.data.path())
        .arg("provider");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let typed = typed.to_owned();
    let run = move || {
        let mut child = command.spawn().unwrap();
        // A program that needs no key has not waited for one.
        let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
        child.wait_with_output().unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn a_key_is_piped_to_the_command_line_tried_and_forgotten_and_shown_nowhere() {
    let ground = Ground::new("");
    let _server = home(&ground).await;
    let mut all = String::new();
    for (arguments, typed, code, words) in [
        (&["test", "home"][..], "", 1, "wants a key"),
        (&["set-key", "home"], "sk-wrong\n", 0, "secrets"),
        (&["test", "home"], "", 1, "refused the key"),
        (&["set-key", "home"], "\n", 2, "no key came"),
        (&["set-key", "home"], &format!("{SECRET}\n"), 0, "`reenact provider test home`"),
        (&["test", "home"], "", 0, "it has 1 model"),
        (&["test", "home", "--model", "small"], "", 0, "`small` did within"),
        (&["ls"], "", 0, "ready"),
        (&["ls", "--models", "home"], "", 0, "4096"),
        (&["forget-key", "home"], "", 0, "forgotten"),
        (&["forget-key", "home"], "", 3, "nothing to forget"),
        (&["set-key", "nobody"], "k", 3, "nobody"),
    ] {
        let output = provider(&ground, arguments, typed).await;
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(words), "{arguments:?}: {}", said(&output));
        all.push_str(&said(&output));
    }
    assert!(!all.contains(SECRET), "{all}");
}

#[tokio::test]
async fn where_there_is_a_keyring_the_key_goes_there_and_not_into_the_file() {
    let ground = Ground::new("");
    let _server = home(&ground).await;
    let programs = tempfile::tempdir().unwrap();
    let program = programs.path().join("secret-tool");
    // What libsecret's program does, with a file.
    let text = "#!/bin/sh\nat=\"$(dirname \"$0\")/kept\"\ncase $1 in lookup) cat \"$at\" 2>/dev/null;; store) cat > \"$at\";; clear) rm \"$at\";; esac\n";
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", programs.path().display());
    let run = |arguments: &'static [&'static str], typed: &'static str| {
        let (ground, path) = (&ground, path.clone());
        async move { provider_with(ground, &[("PATH", path.as_str())], arguments, typed).await }
    };
    let set = run(&["set-key", "home"], SECRET).await;
    assert!(said(&set).contains("the system's keyring"), "{}", said(&set));
    assert_eq!(std::fs::read_to_string(programs.path().join("kept")).unwrap(), SECRET);
    assert!(!ground.data.path().join("secrets").exists());
    let tried = run(&["test", "home"], "").await;
    assert_eq!(tried.status.code(), Some(0), "another process finds it there: {}", said(&tried));
    let forgotten = run(&["forget-key", "home"], "").await;
    assert_eq!(forgotten.status.code(), Some(0), "{}", said(&forgotten));
    assert!(!programs.path().join("kept").exists());
}

#[tokio::test]
async fn a_key_stands_in_no_event_and_in_no_backup() {
    let ground = Ground::new("");
    let _server = home(&ground).await;
    let set = provider(&ground, &["set-key", "home"], SECRET).await;
    assert_eq!(set.status.code(), Some(0), "{}", said(&set));
    let secrets = ground.data.path().join("secrets");
    assert_eq!(std::fs::metadata(&secrets).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&secrets).unwrap().contains(SECRET));

    let copy = ground.data.path().join("copy");
    let copied = super::process::reenact(&ground, &["backup", copy.to_str().unwrap()]);
    assert!(copied.status.success(), "{copied:?}");
    let holding = [ground.data.path().join("log"), copy];
    for folder in holding {
        let found = Command::new("grep").args(["-r", "-l", SECRET]).arg(&folder).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&found.stdout), "", "the key stands in {}", folder.display());
    }
}
