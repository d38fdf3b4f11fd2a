//! What a chat answers, rule by rule.
