//! HTTP: every route, good and bad; who may come in; what is said to those who may not.

use reenact::api::Tickets;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::served::{Served, problem, serve, serve_with, status};

const ANY: &str = "00000000-0000-7000-8000-000000000000";

fn methods() -> [Method; 3] {
    [Method::POST, Method::PATCH, Method::DELETE]
}

/// Every method and path of the description, with something in the place of what varies.
async fn routes(served: &Served) -> Vec<(Method, String, Value)> {
    let description = served.get("/api/openapi.json").await;
    let mut routes = Vec::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let path = path
                .replace("{id}", ANY)
                .replace("{step}", "1")
                .replace("{kind}", "chat")
                .replace("{name}", "nobody")
                .replace("{sha256}", &"0".repeat(64));
            routes.push((method.to_uppercase().parse().unwrap(), path, operation.clone()));
        }
    }
    assert!(routes.len() > 30, "{}", routes.len());
    routes
}

#[actix_web::test]
async fn every_route_wants_a_key_and_says_so() {
    let served = serve().await;
    for (method, path, operation) in routes(&served).await {
        if operation["x-role"].is_null() {
            continue;
        }
        let bare = served.bare(&method, &path).send().await.unwrap();
        if path == "/health" {
            assert_eq!(bare.json::<Value>().await.unwrap(), json!({ "status": "up" }), "it lives, and tells no more");
        } else {
            let (status, body) = problem(bare).await;
            assert_eq!((status, body["code"].as_str().unwrap()), (401, "unauthorized"), "{method} {path}");
        }
        let (status, body) = problem(served.with("rk_wrong", &method, &path).send().await.unwrap()).await;
        assert_eq!((status, body["code"].as_str().unwrap()), (401, "bad_key"), "{method} {path}");
    }
}

#[actix_web::test]
async fn every_route_answers_with_json_or_a_problem_that_is_not_the_servers() {
    let served = serve().await;
    for (method, path, operation) in routes(&served).await {
        let takes_json = !operation["requestBody"]["content"]["application/json"].is_null();
        let mut request = served.with(&served.key, &method, &path);
        if takes_json {
            request = request.json(&json!({ "no": "such field" }));
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        assert!(status.as_u16() < 500, "{method} {path}: {status}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{method} {path}");
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self';"), "{policy}");
        assert_eq!(response.headers()["referrer-policy"], "no-referrer");
        if status.is_success() {
            // Numbers are text: tests/it/metrics.rs reads them.
            if status != StatusCode::NO_CONTENT && path != "/metrics" {
                // What comes piece by piece is one value a line.
                let text = response.text().await.unwrap();
                text.lines().for_each(|line| drop(serde_json::from_str::<Value>(line).unwrap()));
            }
        } else {
            problem(response).await;
        }
        if takes_json {
            assert_eq!(status, 422, "{method} {path} takes what does not fit");
        }
    }
}

#[actix_web::test]
async fn a_key_comes_in_a_header_and_in_the_address_of_a_socket_alone() {
    let served = serve().await;
    let get = || served.bare(&Method::GET, "/api/chats");
    assert_eq!(status(get().header("x-api-key", &served.key)).await, StatusCode::OK);
    assert_eq!(status(get().header("authorization", format!("bearer {}", served.key))).await, StatusCode::OK);
    let by_address = served.bare(&Method::GET, &format!("/api/chats?api_key={}", served.key));
    assert_eq!(status(by_address).await, StatusCode::UNAUTHORIZED);
    let cli = served.with(&served.key, &Method::POST, "/api/keys").header("x-reenact-client", "cli");
    cli.json(&json!({ "name": "ci", "role": "viewer" })).send().await.unwrap();
    let events = served.get("/api/streams/system/host").await;
    assert_eq!(events["items"].as_array().unwrap().last().unwrap()["by"]["kind"], "person");
}

#[actix_web::test]
async fn a_socket_without_a_handshake_is_a_problem() {
    let served = serve().await;
    let (status, body) = problem(served.with(&served.key, &Method::GET, "/ws").send().await.unwrap()).await;
    assert_eq!((status, &body["code"]), (400, &json!("not_a_websocket")));
}

#[actix_web::test]
async fn a_role_goes_only_so_far() {
    let served = serve().await;
    let keys = [("viewer", served.key("looks", "viewer").await), ("operator", served.key("acts", "operator").await)];
    let rank = |role: &str| ["viewer", "operator", "admin"].iter().position(|known| *known == role).unwrap();
    for (method, path, operation) in routes(&served).await {
        let Some(needed) = operation["x-role"].as_str() else { continue };
        for (role, key) in &keys {
            let response = served.with(key, &method, &path).json(&json!({})).send().await.unwrap();
            let refused = response.status() == StatusCode::FORBIDDEN;
            assert_eq!(refused, rank(role) < rank(needed), "{role} at {method} {path}");
        }
    }
}

#[actix_web::test]
async fn what_is_not_there_is_a_problem_that_helps() {
    let served = serve().await;
    let get = |path: &str| served.with(&served.key, &Method::GET, path).send();
    let (status, body) = problem(get("/api/nothing").await.unwrap()).await;
    assert_eq!((status, &body["code"]), (404, &json!("no_route")));
    let response = served.with(&served.key, &Method::DELETE, "/api/chats").send().await.unwrap();
    assert_eq!(response.headers()["allow"], "GET, POST");
    assert_eq!(problem(response).await.0, 405);
    for (path, code) in [
        (format!("/api/chats/{ANY}"), "no_chat"),
        ("/api/chats/x".into(), "bad_id"),
        (format!("/api/projects/{ANY}/trust"), "no_project"),
        (format!("/api/streams/chat/{ANY}"), "no_stream"),
        (format!("/api/streams/dance/{ANY}"), "unknown_kind"),
        ("/api/streams/Chat/x".into(), "bad_stream"),
        (format!("/api/blobs/{}", "0".repeat(64)), "no_blob"),
        ("/api/blobs/x".into(), "bad_blob_id"),
        ("/api/providers/nobody/models".into(), "no_provider"),
        ("/api/directories?path=/no/such/folder".into(), "path_not_found"),
    ] {
        let (status, body) = problem(get(&path).await.unwrap()).await;
        assert_eq!((status, body["code"].as_str().unwrap()), (404, code), "{path}");
    }
    let (status, body) = problem(get("/api/chats?limit=many").await.unwrap()).await;
    assert_eq!((status, &body["code"]), (400, &json!("bad_query")));
}

#[actix_web::test]
async fn a_write_is_json_and_not_too_large() {
    let served = serve().await;
    let post = || served.with(&served.key, &Method::POST, "/api/projects");
    for (request, status, code) in [
        (post().body(r#"{"path":"/"}"#).header("content-type", "text/plain"), 415, "unsupported_media_type"),
        (post().body(r#"{"path":"/"}"#), 415, "unsupported_media_type"),
        (post().body("{").header("content-type", "application/json"), 400, "bad_json"),
        (post().json(&json!({ "path": "x".repeat(5 * 1024 * 1024) })), 413, "body_too_large"),
        (post().json(&json!({ "path": "relative" })), 422, "invalid_path"),
        (post().json(&json!({ "path": "/no/such/folder" })), 404, "path_not_found"),
        (post().json(&json!({ "path": "/tmp", "idea": 1 })), 422, "bad_body"),
        (post().json(&json!({ "path": "/tmp" })).header("idempotency-key", "ä"), 400, "bad_idempotency_key"),
    ] {
        let (found, body) = problem(request.send().await.unwrap()).await;
        assert_eq!((found, body["code"].as_str().unwrap()), (status, code));
    }
}

#[actix_web::test]
async fn foreign_names_and_origins_stay_outside() {
    let served = serve().await;
    let own = format!("http://{}", served.address);
    let get = |host: &str| served.with(&served.key, &Method::GET, "/api/projects").header("host", host);
    assert_eq!(status(get("localhost:1")).await, StatusCode::OK);
    for host in ["evil.example", "127.0.0.1.evil.example:7717"] {
        let (status, body) = problem(get(host).send().await.unwrap()).await;
        assert_eq!((status, &body["code"]), (403, &json!("foreign_host")));
        let page = served.bare(&Method::GET, "/").header("host", host);
        assert_eq!(page.send().await.unwrap().status(), StatusCode::FORBIDDEN, "the page neither");
    }
    let post = || served.with(&served.key, &Method::POST, "/api/sessions").json(&json!({}));
    assert_eq!(status(post()).await, StatusCode::UNPROCESSABLE_ENTITY, "a program sends no origin");
    assert_eq!(status(post().header("origin", &own)).await, StatusCode::UNPROCESSABLE_ENTITY);
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let (status, body) = problem(post().header("origin", origin).send().await.unwrap()).await;
        assert_eq!((status, &body["code"]), (403, &json!("foreign_origin")), "{origin}");
        let socket = served.with(&served.key, &Method::GET, "/ws").header("origin", origin);
        assert_eq!(problem(socket.send().await.unwrap()).await.1["code"], "foreign_origin");
    }
}

#[actix_web::test]
async fn a_browser_signs_in_by_address_and_writes_only_from_this_page() {
    let served = serve().await;
    let page = served.bare(&Method::GET, &format!("/?key={}", served.key)).send().await.unwrap();
    assert_eq!((page.status(), page.headers()["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/"));
    let cookie = page.headers()["set-cookie"].to_str().unwrap().to_owned();
    for word in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    assert!(!cookie.contains(&served.key), "the key itself is not in the cookie");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let with = |method: Method, path: &str| served.bare(&method, path).header("cookie", &cookie);
    assert_eq!(status(with(Method::GET, "/api/projects")).await, StatusCode::OK);
    let make = || with(Method::POST, "/api/keys").json(&json!({ "name": "ci", "role": "operator" }));
    let (_, body) = problem(make().send().await.unwrap()).await;
    assert_eq!(body["code"], "no_origin", "a cookie comes along by itself, an origin does not");
    let own = format!("http://{}", served.address);
    let made = make().header("origin", &own).send().await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    let events = served.get("/api/streams/system/host?limit=500").await;
    let made = events["items"].as_array().unwrap().iter().find(|event| event["data"]["name"] == "ci").unwrap();
    assert_eq!(made["by"], json!({ "kind": "person", "id": "owner" }));
    let (status_code, body) = problem(served.bare(&Method::GET, "/?key=wrong").send().await.unwrap()).await;
    assert_eq!((status_code, &body["code"]), (401, &json!("bad_key")));
    let shown = served.bare(&Method::GET, "/?key=wrong").header("accept", "text/html,*/*;q=0.8").send().await.unwrap();
    assert_eq!(shown.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(shown.headers()["content-type"], "text/html; charset=utf-8");
    let (start, last) = cookie.split_at(cookie.len() - 1);
    let tampered = format!("{start}{}", if last == "0" { "1" } else { "0" });
    assert_eq!(
        status(served.bare(&Method::GET, "/api/projects").header("cookie", tampered)).await,
        StatusCode::UNAUTHORIZED
    );
    let signed_in = served.bare(&Method::POST, "/api/sign-in").json(&json!({ "key": served.key }));
    assert_eq!(signed_in.send().await.unwrap().json::<Value>().await.unwrap()["user"]["kind"], "person");
    let wrong = served.bare(&Method::POST, "/api/sign-in").json(&json!({ "key": "rk_wrong" })).send().await.unwrap();
    assert_eq!(problem(wrong).await.1["code"], "bad_key");
}

#[actix_web::test]
async fn a_ticket_signs_one_browser_in_once() {
    let tickets = Tickets::default();
    let served = serve_with("", |settings| settings.tickets = tickets.clone()).await;
    let path = format!("/?ticket={}", tickets.issue());
    assert_eq!(status(served.bare(&Method::HEAD, &path)).await, StatusCode::OK, "who only looks takes nothing");
    let first = served.bare(&Method::GET, &path).send().await.unwrap();
    assert_eq!((first.status(), first.headers()["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/"));
    let cookie = first.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let with_cookie = served.bare(&Method::GET, "/api/projects").header("cookie", &cookie);
    assert_eq!(status(with_cookie).await, StatusCode::OK);
    let second = served.bare(&Method::GET, &path).send().await.unwrap();
    assert_eq!((second.status(), second.headers()["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/"));
    assert!(second.headers().get("set-cookie").is_none(), "nobody is signed in by it again");
}

#[actix_web::test]
async fn a_revoked_key_is_good_no_more_and_neither_is_its_cookie() {
    let served = serve().await;
    let key = served.key("ci", "operator").await;
    let signed_in = served.bare(&Method::POST, "/api/sign-in").json(&json!({ "key": key })).send().await.unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(
        signed_in.json::<Value>().await.unwrap()["user"],
        json!({ "kind": "key", "id": "ci" }),
        "a program stays one"
    );
    let by_cookie = || served.bare(&Method::GET, "/api/chats").header("cookie", &cookie);
    assert_eq!(status(by_cookie()).await, StatusCode::OK);
    served.send(&Method::DELETE, "/api/keys/ci", &json!({})).await;
    assert_eq!(status(by_cookie()).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(served.with(&key, &Method::GET, "/api/chats")).await, StatusCode::UNAUTHORIZED);
    let (status, body) = served.refused(&Method::DELETE, "/api/keys/owner", &json!({})).await;
    assert_eq!((status, &body["code"]), (409, &json!("last_admin")));
    let (status, body) = served.refused(&Method::POST, "/api/keys", &json!({ "name": "ci", "role": "viewer" })).await;
    assert_eq!((status, &body["code"]), (409, &json!("key_known")));
}

#[actix_web::test]
async fn keys_and_their_hashes_are_for_admins() {
    let served = serve().await;
    let key = served.key("acts", "operator").await;
    let hidden = served.with(&key, &Method::GET, "/api/streams/system/host");
    assert_eq!(problem(hidden.send().await.unwrap()).await.0, 403);
    let streams: Value = served.with(&key, &Method::GET, "/api/streams").send().await.unwrap().json().await.unwrap();
    assert_eq!(streams["items"], json!([]));
    assert_eq!(served.get("/api/keys").await["items"].as_array().unwrap().len(), 2);
    assert!(!served.get("/api/keys").await.to_string().contains("sha256"));
}

#[actix_web::test]
async fn who_asks_too_often_is_told_to_wait() {
    let served = serve_with("", |settings| {
        settings.requests_per_second = 1.try_into().unwrap();
        settings.burst = 3.try_into().unwrap();
    })
    .await;
    let get = || served.with(&served.key, &Method::GET, "/health");
    let mut last = get().send().await.unwrap();
    for _ in 0..5 {
        last = get().send().await.unwrap();
    }
    assert_eq!(last.headers()["retry-after"], "1");
    let (status, body) = problem(last).await;
    assert_eq!((status, &body["code"]), (429, &json!("rate_limited")));
}

#[actix_web::test]
async fn a_project_is_registered_trusted_and_given_up() {
    let served = serve().await;
    let path = served.project.path().canonicalize().unwrap();
    std::fs::write(path.join(".mcp.json"), "{}").unwrap();
    let (id, _) = served.session().await;
    let row = served.get(&format!("/api/projects/{id}")).await;
    assert_eq!((&row["path"], &row["trusted"]), (&json!(path), &json!(false)));
    let again = served
        .send(&Method::POST, "/api/projects", &json!({ "path": path.join("..").join(path.file_name().unwrap()) }))
        .await;
    assert_eq!(again["id"], row["id"], "one folder is one project, however it is written");

    let trust = format!("/api/projects/{id}/trust");
    let shown = served.get(&trust).await;
    assert_eq!((&shown["trusted"], &shown["items"][0]["path"]), (&json!(false), &json!(".mcp.json")));
    let given = served.send(&Method::POST, &trust, &json!({ "digest": shown["digest"] })).await;
    assert_eq!(given["trusted"], true);
    std::fs::write(path.join(".mcp.json"), r#"{"mcpServers":{}}"#).unwrap();
    assert_eq!(served.get(&trust).await["trusted"], false, "what changed is trusted no more");
    let (status, body) = served.refused(&Method::POST, &trust, &json!({ "digest": shown["digest"] })).await;
    assert_eq!((status, &body["code"]), (409, &json!("digest_changed")));
    assert_eq!(served.send(&Method::DELETE, &trust, &json!({})).await["trusted"], false);

    served.send(&Method::DELETE, &format!("/api/projects/{id}"), &json!({})).await;
    assert_eq!(served.get("/api/projects").await["items"], json!([]));
    let (status, body) = served.refused(&Method::POST, "/api/sessions", &json!({ "project": id })).await;
    assert_eq!((status, &body["code"]), (404, &json!("no_project")));
}

#[actix_web::test]
async fn a_chat_is_opened_and_answered_and_its_messages_are_read() {
    let served = serve().await;
    let (project, session) = served.session().await;
    let body = json!({ "session": session, "message": "read README.md" });
    let post = || served.with(&served.key, &Method::POST, "/api/chats").json(&body).header("idempotency-key", "once");
    let chat: Value = post().send().await.unwrap().json().await.unwrap();
    let id = chat["id"].as_str().unwrap();
    assert_eq!((&chat["last"], &chat["project"]), (&json!("read README.md"), &json!(project)));
    let again: Value = post().send().await.unwrap().json().await.unwrap();
    assert_eq!(again["id"], chat["id"], "the same key is done once");

    let mut socket = served.socket().await;
    socket.send(json!({ "op": "subscribe", "sub": 1, "stream": format!("chat/{id}"), "view": false })).await;
    let events = socket.until(|frame| frame["type"] == "TurnFinished").await;
    assert_eq!(events.iter().filter(|frame| frame["type"] == "MessagePosted").count(), 1);
    let finished = events.last().unwrap();
    let row = served.get(&format!("/api/chats/{id}?at_least={}", finished["position"])).await;
    assert_eq!((&row["state"], &row["turns"]), (&json!("idle"), &json!(1)));
    assert!(row["usage"]["output"].as_u64().unwrap() > 0, "{row}");

    let messages = served.get(&format!("/api/chats/{id}/messages")).await;
    let all = messages["messages"].as_array().unwrap().len();
    assert_eq!((&messages["first"], &messages["messages"][0]["kind"]), (&json!(0), &json!("user")));
    let older = served.get(&format!("/api/chats/{id}/messages?before={}&limit=1", all - 1)).await;
    assert_eq!((&older["first"], &older["messages"][0]), (&json!(all - 2), &messages["messages"][all - 2]));
    let said = messages["messages"][0]["message"].as_str().unwrap();
    for (message, first) in [(said, 0), ("1.1", 1), ("1.2", 2)] {
        let found = served.get(&format!("/api/chats/{id}/messages?with={message}&limit=1")).await;
        assert_eq!((&found["first"], &found["messages"][0]), (&json!(first), &messages["messages"][first]));
    }
    let nowhere = served.with(&served.key, &Method::GET, &format!("/api/chats/{id}/messages?with=9.9"));
    let (status, refused) = problem(nowhere.send().await.unwrap()).await;
    assert_eq!((status, &refused["code"]), (404, &json!("no_message")));

    let posted =
        served.send(&Method::POST, &format!("/api/chats/{id}/messages"), &json!({ "text": "search It" })).await;
    assert!(posted["message"].is_string());
    socket.until(|frame| frame["type"] == "TurnFinished").await;
    for (path, body, status, code) in [
        (format!("/api/chats/{id}/messages"), json!({ "text": "" }), 422, "empty_message"),
        (format!("/api/chats/{id}/messages"), json!({ "text": "x".repeat(1024 * 1024 + 1) }), 413, "message_too_long"),
        (format!("/api/chats/{ANY}/messages"), json!({ "text": "x" }), 404, "not_open"),
        (format!("/api/chats/{id}/cancel"), json!({}), 409, "no_turn"),
        ("/api/chats".into(), json!({ "session": ANY }), 404, "no_session"),
        ("/api/chats".into(), json!({ "session": session, "model": "nobody/x" }), 422, "unknown_model"),
    ] {
        let (found, problem) = served.refused(&Method::POST, &path, &body).await;
        assert_eq!((found, problem["code"].as_str().unwrap()), (status, code), "{path}");
    }
    let renamed = served.send(&Method::PATCH, &format!("/api/chats/{id}"), &json!({ "title": "New" })).await;
    assert_eq!(renamed["title"], "New");
}

#[actix_web::test]
async fn a_long_message_becomes_a_blob() {
    let served = serve().await;
    let id = served.chat().await;
    let text = "word ".repeat(10_000);
    served.send(&Method::POST, &format!("/api/chats/{id}/messages"), &json!({ "text": text })).await;
    let messages = served.get(&format!("/api/chats/{id}/messages")).await;
    let body = &messages["messages"][0]["text"];
    assert_eq!((body["bytes"].as_u64().unwrap(), body["head"].as_str().unwrap().len()), (50_000, 2048));
    let blob = served.with(&served.key, &Method::GET, &format!("/api/blobs/{}", body["blob"].as_str().unwrap()));
    let blob = blob.send().await.unwrap();
    assert_eq!(blob.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(blob.text().await.unwrap(), text);
}

#[actix_web::test]
async fn sessions_are_listed_the_newest_first_page_by_page() {
    let served = serve().await;
    let (project, first) = served.session().await;
    let mut ids = vec![first];
    for n in 0..4 {
        let session =
            served.send(&Method::POST, "/api/sessions", &json!({ "project": project, "title": format!("{n}") })).await;
        ids.push(session["id"].as_str().unwrap().to_owned());
    }
    ids.reverse();
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = served.get(&format!("/api/sessions?project={project}&limit=2&cursor={cursor}")).await;
        found.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(found, ids);
    assert_eq!(served.get(&format!("/api/sessions?project={ANY}")).await["items"], json!([]));
    let id = &ids[0];
    let changed =
        served.send(&Method::PATCH, &format!("/api/sessions/{id}"), &json!({ "title": "T", "model": "offline" })).await;
    assert_eq!((&changed["title"], &changed["model"]), (&json!("T"), &json!("offline")));
    assert_eq!(served.send(&Method::POST, &format!("/api/sessions/{id}/archive"), &json!({})).await["archived"], true);
    let (status, body) = served.refused(&Method::POST, "/api/chats", &json!({ "session": id })).await;
    assert_eq!((status, &body["code"]), (409, &json!("archived")));
}

#[actix_web::test]
async fn a_stream_is_read_folded_and_compared_at_any_revision() {
    let served = serve().await;
    let id = served.chat().await;
    served.send(&Method::PATCH, &format!("/api/chats/{id}"), &json!({ "title": "Later" })).await;
    let stream = format!("/api/streams/chat/{id}");
    let events = served.get(&format!("{stream}?limit=1")).await;
    assert_eq!((&events["items"][0]["type"], &events["next_cursor"]), (&json!("ChatOpened"), &json!("1")));
    let rest = served.get(&format!("{stream}?cursor=1")).await;
    assert_eq!((&rest["items"][0]["type"], &rest["next_cursor"]), (&json!("ChatRenamed"), &json!(null)));
    assert_eq!(served.get(&format!("{stream}/state?at=0")).await["state"]["about"]["title"], "Talk");
    let view = served.get(&format!("{stream}/view")).await;
    assert_eq!((&view["view"]["about"]["title"], &view["revision"]), (&json!("Later"), &json!(1)));
    let diff = served.get(&format!("{stream}/diff?from=0&to=1")).await;
    assert_eq!(diff["patch"], json!([{ "op": "replace", "path": "/about/title", "value": "Later" }]));
    let (status, body) =
        problem(served.with(&served.key, &Method::GET, &format!("{stream}/state?at=9")).send().await.unwrap()).await;
    assert_eq!((status, &body["code"]), (404, &json!("no_revision")));
    let kinds = served.get("/api/streams?kind=chat").await;
    assert_eq!(
        kinds["items"],
        json!([{ "stream": format!("chat/{id}"), "revision": 1, "position": rest["items"][0]["position"] }])
    );
}

#[actix_web::test]
async fn waiting_for_what_is_not_written_ends_after_a_while() {
    let served = serve().await;
    let (status, body) =
        problem(served.with(&served.key, &Method::GET, "/api/chats?at_least=999999").send().await.unwrap()).await;
    assert_eq!((status, &body["code"]), (503, &json!("behind")));
}

#[actix_web::test]
async fn models_folders_and_health_are_told() {
    let served = serve().await;
    let providers = served.get("/api/providers").await;
    assert_eq!((&providers["default_model"], &providers["providers"][0]["id"]), (&json!("offline"), &json!("offline")));
    let offline = json!({ "id": "offline", "images": false, "tools": true, "reasoning": false });
    assert_eq!(served.get("/api/providers/offline/models").await, json!({ "models": [offline] }));
    let path = served.project.path().canonicalize().unwrap();
    std::fs::create_dir(path.join("inner")).unwrap();
    let folders = served.get(&format!("/api/directories?path={}", path.display())).await;
    assert_eq!(folders["entries"][0]["name"], "inner");
    for list in ["projects", "sessions", "chats", "streams"] {
        for cursor in ["garbage", "1.chat", "1.garbage.x", "9999999999999999999999.chat.x", "1.system.host"] {
            let (status, body) =
                served.refused(&Method::GET, &format!("/api/{list}?cursor={cursor}"), &json!({})).await;
            assert_eq!((status, &body["code"]), (400, &json!("bad_cursor")), "{list} {cursor}");
        }
    }
    let health = served.get("/health").await;
    assert_eq!((&health["status"], &health["version"]), (&json!("ok"), &json!("0.1.0+test")));
}

#[actix_web::test]
async fn the_page_is_served_to_anyone_and_writes_to_it_are_not() {
    let served = serve().await;
    for path in ["/", "/chats/abc"] {
        let page = served.bare(&Method::GET, path).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    }
    let (status, body) = problem(served.bare(&Method::GET, "/assets/none.js").send().await.unwrap()).await;
    assert_eq!((status, &body["code"]), (404, &json!("no_file")));
    for method in methods() {
        assert_eq!(problem(served.bare(&method, "/").send().await.unwrap()).await.0, 405);
    }
}

#[actix_web::test]
async fn a_position_that_no_log_reaches_is_waited_for_and_breaks_nothing() {
    let served = serve().await;
    let path = format!("/api/chats?at_least={}", u64::MAX);
    let (status_code, body) = problem(served.with(&served.key, &Method::GET, &path).send().await.unwrap()).await;
    assert_eq!((status_code, &body["code"]), (503, &json!("behind")));
    let answer = served.with(&served.key, &Method::GET, "/api/chats").send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store", "what needs a key stays in no cache");
}
