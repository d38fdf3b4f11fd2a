//! The models that are known by name, and what they can do: as their makers' documentation said in November 2026.
//!
//! The table is small on purpose. It goes stale as all such tables do: what a server says of its own models goes before
//! it, and `models` of a provider in `reenact.toml` goes before both.

use super::{ModelInfo, Wire};

/// A family of models: every name that begins with `prefix`.
struct Row {
    prefix: &'static str,
    /// It is offered by its name; otherwise it is only described where somebody names it.
    listed: bool,
    context_window: u64,
    max_output: u64,
    images: bool,
    reasoning: bool,
}

const fn row(prefix: &'static str, context_window: u64, max_output: u64, images: bool, reasoning: bool) -> Row {
    Row { prefix, listed: false, context_window, max_output, images, reasoning }
}

const fn offered(row: Row) -> Row {
    Row { listed: true, ..row }
}

const ANTHROPIC: &[Row] = &[
    offered(row("claude-sonnet-5-5", 1_000_000, 128_000, true, true)),
    offered(row("claude-opus-5-5", 1_000_000, 128_000, true, true)),
    offered(row("claude-fable-5-2", 1_000_000, 128_000, true, true)),
    offered(row("claude-haiku-5-5", 1_000_000, 128_000, true, true)),
    row("claude-fable-5", 1_000_000, 128_000, true, true),
    row("claude-opus-5", 1_000_000, 128_000, true, true),
    row("claude-sonnet-5", 1_000_000, 128_000, true, true),
    row("claude-opus-4-8", 1_000_000, 128_000, true, true),
    row("claude-opus-4-7", 1_000_000, 128_000, true, true),
    row("claude-opus-4-6", 1_000_000, 128_000, true, true),
    row("claude-sonnet-4-6", 1_000_000, 64_000, true, true),
    row("claude-opus-4-5", 200_000, 64_000, true, true),
    row("claude-sonnet-4-5", 200_000, 64_000, true, true),
    row("claude-haiku-4-5", 200_000, 64_000, true, true),
    row("claude-opus-4", 200_000, 32_000, true, true),
    row("claude-sonnet-4", 200_000, 64_000, true, true),
];

const GEMINI: &[Row] = &[
    offered(row("gemini-3.8-flash", 1_048_576, 65_536, true, true)),
    offered(row("gemini-4-argon", 1_048_576, 1_048_576, true, true)),
    offered(row("gemini-3.5-flash-lite", 1_048_576, 65_536, true, true)),
    row("gemini-3", 1_048_576, 65_536, true, true),
    row("gemini-2.5", 1_048_576, 65_536, true, true),
    row("gemini-2.0", 1_048_576, 8_192, true, false),
];

const OPENAI: &[Row] = &[
    offered(row("gpt-6-sol", 1_050_000, 128_000, true, true)),
    offered(row("gpt-6-astra", 1_050_000, 128_000, true, true)),
    offered(row("gpt-6-luna", 1_050_000, 128_000, true, true)),
    row("gpt-5.6", 1_050_000, 128_000, true, true),
    row("gpt-5.5", 1_050_000, 128_000, true, true),
    row("gpt-5.4-mini", 400_000, 128_000, true, true),
    row("gpt-5.4", 1_050_000, 128_000, true, true),
    row("gpt-5-chat", 128_000, 16_384, true, false),
    row("gpt-5", 400_000, 128_000, true, true),
    row("gpt-4.1", 1_047_576, 32_768, true, false),
    row("gpt-4o", 128_000, 16_384, true, false),
    row("o4-mini", 200_000, 100_000, true, true),
    row("o3", 200_000, 100_000, true, true),
];

const DEEPSEEK: &[Row] = &[
    offered(row("deepseek-flash", 1_000_000, 384_000, true, true)),
    offered(row("deepseek-v4-pro", 1_000_000, 384_000, false, true)),
    row("deepseek-v4-flash", 1_000_000, 384_000, true, true),
];

/// The tables that hold for a provider. `DeepSeek`'s models are open, and smaller elsewhere than at its own servers.
fn tables(wire: Wire, deepseek: bool) -> &'static [Row] {
    match wire {
        Wire::OpenAi if deepseek => DEEPSEEK,
        Wire::OpenAi => OPENAI,
        Wire::Anthropic => ANTHROPIC,
        Wire::Gemini => GEMINI,
        Wire::Ollama => &[],
    }
}

/// The models that a provider's own servers are known to have.
pub(super) fn offers(wire: Wire, deepseek: bool) -> Vec<ModelInfo> {
    tables(wire, deepseek).iter().filter(|row| row.listed).map(|row| row.describe(row.prefix)).collect()
}

/// What is known of a model by its name. Gateways put the maker before it: `anthropic/claude-opus-5-5`.
pub(super) fn describe(wire: Wire, deepseek: bool, model: &str) -> ModelInfo {
    let name = model.rsplit('/').next().unwrap_or(model);
    let rows = tables(wire, deepseek).iter();
    let found = rows.filter(|row| name.starts_with(row.prefix)).max_by_key(|row| row.prefix.len());
    found.map_or_else(|| ModelInfo::named(model), |row| row.describe(model))
}

impl Row {
    fn describe(&self, id: &str) -> ModelInfo {
        ModelInfo {
            id: id.to_owned(),
            context_window: Some(self.context_window),
            max_output: Some(self.max_output),
            images: Some(self.images),
            tools: Some(true),
            reasoning: Some(self.reasoning),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_that_fits_is_the_model() {
        let window = |model: &str| describe(Wire::OpenAi, false, model).context_window;
        assert_eq!(window("gpt-5.4-mini-2026-03-17"), Some(400_000));
        assert_eq!(window("gpt-5.4-2026-03-05"), Some(1_050_000));
        assert_eq!(window("openai/gpt-5-nano"), Some(400_000));
        assert_eq!(window("llama-4"), None);
    }

    #[test]
    fn a_table_holds_for_its_own_wire_alone() {
        assert_eq!(describe(Wire::OpenAi, false, "deepseek-v4-pro"), ModelInfo::named("deepseek-v4-pro"));
        assert_eq!(describe(Wire::OpenAi, true, "deepseek-v4-pro").images, Some(false));
        assert_eq!(describe(Wire::Ollama, false, "gpt-5"), ModelInfo::named("gpt-5"));
    }

    #[test]
    fn what_is_offered_is_described_as_when_it_is_named() {
        for (wire, deepseek) in
            [(Wire::OpenAi, false), (Wire::OpenAi, true), (Wire::Anthropic, false), (Wire::Gemini, false)]
        {
            let offers = offers(wire, deepseek);
            assert!(!offers.is_empty());
            for offer in offers {
                assert_eq!(describe(wire, deepseek, &offer.id), offer);
                assert!(offer.max_output <= offer.context_window, "{offer:?}");
            }
        }
    }
}
