//! `reenact provider`: the providers of models, and their keys.

use std::io::{self, IsTerminal as _, Read as _};

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    client::Client,
    connect::{Connection, Purpose},
    exit::{Ended, Exit, Failure},
    screen::{Screen, Tone, json_line, short},
    settings::Loaded,
};
use crate::models::ProviderInfo;

/// Lists the providers of models, sets and forgets their keys, and tries them out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  reenact provider ls                                where each key comes from
  reenact provider set-key openai                    asks for it unseen
  pass show openai | reenact provider set-key openai
  reenact provider test openai                       does it answer?")]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists the providers, or with `--models` asks one for the models that it has.
    Ls {
        /// The provider to ask for its models.
        #[arg(long, value_name = "PROVIDER")]
        models: Option<String>,
    },
    /// Sets the key of a provider: it is asked for, or read from standard input, and never an argument.
    SetKey {
        /// The provider, as `openai`.
        provider: String,
    },
    /// Forgets the key that was set for a provider.
    ForgetKey {
        /// The provider.
        provider: String,
    },
    /// Tries a provider out: asks a model for one word.
    Test {
        /// The provider.
        provider: String,
        /// The model to ask; the provider's own choice where absent.
        #[arg(short, long)]
        model: Option<String>,
    },
}

#[derive(Debug, Deserialize)]
struct List {
    providers: Vec<ProviderInfo>,
}

#[derive(Debug, Deserialize)]
struct Trial {
    ok: bool,
    message: String,
    code: Option<String>,
}

/// Does what was asked.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    // Read before a server is started for it: nobody wants to wait with the key on the tongue.
    let key = match &arguments.what {
        What::SetKey { provider } => Some(read_key(provider)?),
        What::Ls { .. } | What::ForgetKey { .. } | What::Test { .. } => None,
    };
    let connection = Connection::open(loaded, Purpose::Change).await?;
    let client = &connection.client;
    let ended = match &arguments.what {
        What::Ls { models: None } => ls(client, json).await,
        What::Ls { models: Some(provider) } => models(client, provider, json).await,
        What::SetKey { provider } => {
            let body = json!({ "key": key });
            told(client.put(&format!("/api/providers/{provider}/key"), &body).await?, json, |provider| {
                let origin = provider.key.as_ref().and_then(|key| key.origin.as_deref()).unwrap_or_default();
                format!(
                    "the key of {} is kept in {origin}; `reenact provider test {}` tries it",
                    provider.label, provider.id
                )
            })
        }
        What::ForgetKey { provider } => {
            client.delete(&format!("/api/providers/{provider}/key")).await?;
            let answer: Value = client.get("/api/providers").await?;
            let of_provider = |info: &&Value| info["id"].as_str() == Some(provider);
            let info = answer["providers"].as_array().and_then(|list| list.iter().find(of_provider)).cloned();
            told(info.unwrap_or_default(), json, |provider| format!("the key of {} is forgotten", provider.label))
        }
        What::Test { provider, model } => test(client, provider, model.as_deref(), json).await,
    };
    connection.close().await?;
    ended
}

fn told(answer: Value, json: bool, words: impl FnOnce(&ProviderInfo) -> String) -> Ended {
    if json {
        json_line(&answer)?;
    } else {
        Screen::new().line(Tone::Plain, &words(&serde_json::from_value(answer)?))?;
    }
    Ok(Exit::Done)
}

/// The key as a person types it, unseen, or as a program pipes it.
fn read_key(provider: &str) -> Result<String, Failure> {
    let mut key = String::new();
    if io::stdin().is_terminal() {
        key = rpassword::prompt_password(format!("Key of {provider}: "))?;
    } else {
        io::stdin().take(64 * 1024).read_to_string(&mut key)?;
    }
    let key = key.trim();
    if key.is_empty() {
        return Err(Failure::usage("no key came: type it, or pipe it to standard input"));
    }
    Ok(key.to_owned())
}

async fn ls(client: &Client, json: bool) -> Ended {
    let mut answer: Value = client.get("/api/providers").await?;
    // One that needs no setting up is there or not: it is looked for, so that the list is right at once.
    let unasked = |provider: &&Value| provider["configured"] == false && provider["key"]["needed"] == false;
    let unasked: Vec<Value> = answer["providers"].as_array().into_iter().flatten().filter(unasked).cloned().collect();
    for id in unasked.iter().filter_map(|provider| provider["id"].as_str()) {
        if client.get::<Value>(&format!("/api/providers/{id}/models")).await.is_ok() {
            answer = client.get("/api/providers").await?;
        }
    }
    if json {
        answer["providers"].as_array().into_iter().flatten().try_for_each(json_line)?;
        return Ok(Exit::Done);
    }
    let list: List = serde_json::from_value(answer)?;
    let cells = |provider: &ProviderInfo| {
        let key = match &provider.key {
            None => "–".to_owned(),
            Some(key) => {
                key.origin.clone().unwrap_or_else(|| if key.needed { "none" } else { "not needed" }.to_owned())
            }
        };
        let names: Vec<&str> = provider.models.iter().map(|model| model.id.as_str()).collect();
        let ready = if provider.configured { "ready" } else { "not set up" };
        vec![provider.id.clone(), ready.to_owned(), key, short(&names.join(" "), 60)]
    };
    let rows: Vec<_> = list.providers.iter().map(cells).collect();
    Screen::new().table(&["provider", "", "key", "models"], &rows)?;
    Ok(Exit::Done)
}

async fn models(client: &Client, provider: &str, json: bool) -> Ended {
    let answer: Value = client.get(&format!("/api/providers/{provider}/models")).await?;
    let models = answer["models"].as_array().cloned().unwrap_or_default();
    if json {
        models.iter().try_for_each(json_line)?;
        return Ok(Exit::Done);
    }
    let number = |value: &Value| value.as_u64().map_or_else(|| "–".to_owned(), |number| number.to_string());
    let yes = |value: &Value| match value.as_bool() {
        Some(true) => "yes".to_owned(),
        Some(false) => "no".to_owned(),
        None => "–".to_owned(),
    };
    let cells = |model: &Value| {
        let id = model["id"].as_str().unwrap_or_default().to_owned();
        let (window, output) = (number(&model["context_window"]), number(&model["max_output"]));
        vec![id, window, output, yes(&model["images"]), yes(&model["tools"]), yes(&model["reasoning"])]
    };
    let rows: Vec<_> = models.iter().map(cells).collect();
    Screen::new().table(&["model", "context", "output", "images", "tools", "reasoning"], &rows)?;
    Ok(Exit::Done)
}

async fn test(client: &Client, provider: &str, model: Option<&str>, json: bool) -> Ended {
    let body = json!({ "model": model });
    let answer: Value = client.post(&format!("/api/providers/{provider}/test"), &body).await?;
    let trial: Trial = serde_json::from_value(answer.clone())?;
    if json {
        json_line(&answer)?;
        return Ok(if trial.ok { Exit::Done } else { Exit::Failed });
    }
    if !trial.ok {
        let failure = Failure::failed(trial.message);
        return Err(Failure { code: trial.code, ..failure });
    }
    Screen::new().line(Tone::Plain, &trial.message)?;
    Ok(Exit::Done)
}
