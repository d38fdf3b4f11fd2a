//! What the server logs: every line about a request carries its id, in both forms, and no line carries a key.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

use crate::{
    process::{Ground, PATIENCE, Server},
    served::{problem, serve},
};

/// A server whose standard error goes to a file.
fn serve_telling(ground: &Ground, filter: &str, environment: &[(&str, &str)]) -> (Server, PathBuf) {
    let path = ground.project.path().join("stderr");
    let file = File::create(&path).unwrap();
    let server = ground.serve_as(|command| {
        command.args(["--log", filter, "--log-format", "json"]).stderr(file).envs(environment.iter().copied());
    });
    (server, path)
}

/// The lines, each of which is one JSON object.
fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn client() -> Client {
    reenact::models::install_crypto();
    Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build().unwrap()
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

#[actix_web::test]
async fn no_key_is_ever_logged_however_much_is_told() {
    const SECRET: &str = "sk-provider-secret";
    const WRONG: &str = "rk_wrong-but-still-secret";
    let provider = MockServer::start().await;
    let refusal = json!({"error": {"message": format!("the key {SECRET} is not good")}});
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(401).set_body_json(refusal)).mount(&provider).await;
    let base = format!("{}/v1", provider.uri());
    for filter in ["trace", "trace,reenact=trace"] {
        let ground = Ground::new("");
        let environment = [("OPENAI_API_KEY", SECRET), ("OPENAI_BASE_URL", base.as_str())];
        let (server, path) = serve_telling(&ground, filter, &environment);
        let client = client();
        let get = |path: &str| client.get(format!("{}{path}", server.address));
        let post = |path: &str| client.post(format!("{}{path}", server.address));

        let signed_in = get(&format!("/?key={}", server.key)).send().await.unwrap();
        let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let made: Value = post("/api/keys")
            .bearer_auth(&server.key)
            .json(&json!({"name": "ci", "role": "viewer"}))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let made = made["key"].as_str().unwrap();
        assert_eq!(status(get("/api/chats").header("x-api-key", made)).await, StatusCode::OK);
        assert_eq!(status(get("/api/chats").header("cookie", &cookie)).await, StatusCode::OK);
        assert_eq!(status(get(&format!("/?key={WRONG}"))).await, StatusCode::UNAUTHORIZED);
        assert_eq!(status(get(&format!("/api/chats?api_key={WRONG}"))).await, StatusCode::UNAUTHORIZED);
        assert_eq!(status(post("/api/sign-in").json(&json!({"key": WRONG}))).await, StatusCode::UNAUTHORIZED);
        let models = get("/api/providers/openai/models").bearer_auth(&server.key);
        assert_eq!(status(models).await, StatusCode::BAD_GATEWAY);
        drop(server.socket().await);

        let secrets = [&server.key, made, SECRET, WRONG, cookie.split_once('=').unwrap().1].map(str::to_owned);
        server.kill();
        let told = fs::read_to_string(&path).unwrap();
        assert!(told.contains("/api/providers/openai/models"), "{filter} tells nothing of the requests");
        for secret in secrets {
            let line = told.lines().find(|line| line.contains(&secret));
            assert_eq!(line, None, "`{filter}` tells a key");
        }
    }
}

#[actix_web::test]
async fn every_answer_has_an_id_and_what_is_logged_and_refused_carries_it() {
    let served = serve().await;
    let ask = |path: &str| served.with(&served.key, &Method::GET, path);
    let good = ask("/api/chats").header("x-request-id", "theirs-1").send().await.unwrap();
    assert_eq!(good.headers()["x-request-id"], "theirs-1");
    for (refused, status) in [
        (ask("/api/chats/nonsense"), 404),
        (ask("/api/nothing"), 404),
        (served.bare(&Method::GET, "/api/chats"), 401),
        (served.with(&served.key, &Method::DELETE, "/api/chats"), 405),
        (served.with(&served.key, &Method::POST, "/api/chats").json(&json!({"no": 1})), 422),
    ] {
        let response = refused.header("x-request-id", "not sane, as it has spaces").send().await.unwrap();
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(id.parse::<uuid::Uuid>().is_ok(), "{id}");
        let (was, problem) = problem(response).await;
        assert_eq!((was, problem["request_id"].as_str()), (status, Some(id.as_str())));
    }
    let page = served.bare(&Method::GET, "/").send().await.unwrap();
    assert!(page.headers().contains_key("x-request-id"), "the page is an answer too");
}

#[actix_web::test]
async fn lines_about_a_request_a_socket_and_a_command_carry_its_id() {
    let ground = Ground::new("");
    let (server, path) = serve_telling(&ground, "debug", &[]);
    let asked = client().get(format!("{}/api/nothing?secret=1", server.address)).bearer_auth(&server.key);
    assert_eq!(status(asked.header("x-request-id", "request-1")).await, StatusCode::NOT_FOUND);

    let mut request = format!("{}/ws", server.address.replace("http://", "ws://")).into_client_request().unwrap();
    for (name, value) in [("sec-websocket-protocol", "reenact.v1"), ("x-request-id", "socket-1")] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request.headers_mut().insert("authorization", format!("Bearer {}", server.key).parse().unwrap());
    let (mut socket, response) = tokio_tungstenite::connect_async(request).await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "socket-1");
    let (_, session) = server.desk(&ground).await;
    let chat = server.chat(&session).await;
    for (id, command) in [("good-1", "RenameChat"), ("bad-1", "Sing")] {
        let command = json!({"type": command, "title": "Tides"});
        let frame = json!({"op": "command", "id": id, "stream": chat, "command": command});
        futures_util::SinkExt::send(&mut socket, frame.to_string().into()).await.unwrap();
        let answered = async {
            loop {
                let message = futures_util::StreamExt::next(&mut socket).await.unwrap().unwrap();
                if message.is_text() && message.to_text().unwrap().contains(id) {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, answered).await.unwrap();
    }
    server.kill();

    let lines = lines(&path);
    let of = |name: &str, id: &str| -> Vec<&Value> {
        let is = |span: &Value| span["name"] == name && span["id"] == id;
        lines.iter().filter(|line| line["spans"].as_array().into_iter().flatten().any(is)).collect()
    };
    let request = of("request", "request-1");
    assert!(request.iter().any(|line| line["code"] == "no_route" && line["message"] == "refused"), "{request:?}");
    assert!(request.iter().any(|line| line["status"] == 404 && line["message"] == "answered"), "{request:?}");
    let socket = of("request", "socket-1");
    assert!(socket.iter().any(|line| line["code"] == "bad_command"), "{socket:?}");
    let command = of("command", "good-1");
    assert!(command.iter().any(|line| line["message"] == "accepted" && line["revision"].is_u64()), "{command:?}");
    assert!(socket.iter().any(|line| line["message"] == "accepted"), "a command knows its socket: {socket:?}");
    assert!(lines.iter().all(|line| line["timestamp"].is_string() && line["level"].is_string()));
    assert!(!fs::read_to_string(&path).unwrap().contains("secret=1"), "the query stays out");
}
