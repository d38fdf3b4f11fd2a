//! Reads a list of models. `OpenAI` gives names alone; others say what their models can do, each in its own words.

use serde_json::Value;

use crate::models::ModelInfo;

/// What `OpenAI`'s list holds besides models that one can chat with.
const NO_CHAT: [&str; 14] = [
    "audio",
    "babbage",
    "dall-e",
    "davinci",
    "embedding",
    "image",
    "live",
    "moderation",
    "realtime",
    "sora",
    "transcribe",
    "tts",
    "translate",
    "whisper",
];

/// The models of a list; `None` where it is none.
pub fn read(list: &Value, openai: bool) -> Option<Vec<ModelInfo>> {
    let entries = list.get("data")?.as_array()?.iter().filter_map(entry);
    Some(entries.filter(|info| !openai || !NO_CHAT.iter().any(|word| info.id.contains(word))).collect())
}

fn entry(entry: &Value) -> Option<ModelInfo> {
    let number = |pointers: &[&str]| pointers.iter().find_map(|pointer| entry.pointer(pointer)?.as_u64());
    let has = |pointer: &str, word: &str| {
        let words = entry.pointer(pointer)?.as_array()?;
        Some(words.iter().any(|found| found.as_str() == Some(word)))
    };
    Some(ModelInfo {
        id: entry.get("id")?.as_str()?.to_owned(),
        // OpenRouter and Groq, vLLM, llama.cpp.
        context_window: number(&[
            "/context_length",
            "/context_window",
            "/max_model_len",
            "/meta/n_ctx",
            "/meta/n_ctx_train",
        ]),
        max_output: number(&["/top_provider/max_completion_tokens", "/max_completion_tokens", "/max_output_tokens"]),
        images: has("/architecture/input_modalities", "image"),
        tools: has("/supported_parameters", "tools"),
        reasoning: has("/supported_parameters", "reasoning"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_servers_say_of_their_models_is_read() {
        let list = json!({"object": "list", "data": [
            {"id": "a/b", "context_length": 8192, "top_provider": {"max_completion_tokens": 4096},
             "architecture": {"input_modalities": ["text", "image"]}, "supported_parameters": ["tools", "temperature"]},
            {"id": "vllm", "max_model_len": 32768},
            {"id": "llama.cpp", "meta": {"n_ctx_train": 131_072}},
            {"name": "no id"},
        ]});
        let expected = ModelInfo {
            id: "a/b".into(),
            context_window: Some(8192),
            max_output: Some(4096),
            images: Some(true),
            tools: Some(true),
            reasoning: Some(false),
        };
        let models = read(&list, false).unwrap();
        assert_eq!(models[0], expected);
        assert_eq!(
            (models[1].context_window, models[2].context_window, models.len()),
            (Some(32_768), Some(131_072), 3)
        );
        assert_eq!(read(&json!({"models": []}), false), None);
    }

    #[test]
    fn what_cannot_chat_is_left_out_of_openais_list() {
        let list = json!({"data": [{"id": "gpt-6-sol"}, {"id": "text-embedding-3-small"}, {"id": "gpt-realtime-2"}]});
        let names = |openai: bool| read(&list, openai).unwrap().into_iter().map(|info| info.id).collect::<Vec<_>>();
        assert_eq!(names(true), ["gpt-6-sol"]);
        assert_eq!(names(false).len(), 3);
    }
}
