//! Reads a Rust file as tokens: which rooms and crates its paths name, and what stands outside tests.
//!
//! Tokens and not text, so that comments and strings never count, and what stands in macros does.

use std::{collections::BTreeSet, iter::Peekable};

use proc_macro2::{Delimiter, TokenStream, TokenTree, token_stream::IntoIter};

/// A path as it is written, resolved as far as it goes: `super::` and `self::` become `crate::…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// The line it begins on.
    pub line: usize,
    /// Its parts; the first is `crate` or the name of a crate.
    pub parts: Vec<String>,
}

/// What a file says outside its tests.
#[derive(Debug, Default)]
pub struct Source {
    /// Every path of two parts or more.
    pub paths: Vec<Path>,
    /// Every identifier, keywords too, with its line.
    pub words: Vec<(usize, String)>,
    /// Every literal as it is written, with its line and the identifier before it.
    pub literals: Vec<(usize, String, String)>,
    /// Lines with `.unwrap()`.
    pub unwraps: Vec<usize>,
    /// Modules declared as `#[cfg(test)] mod NAME;`: their files are tests.
    pub test_modules: BTreeSet<String>,
}

impl Source {
    /// Reads the text of a file whose module is `module` (`["host", "actor"]` for `src/host/actor.rs`).
    pub fn read(text: &str, module: &[String]) -> Self {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{module:?} is not Rust: {error}"));
        let mut source = Self::default();
        source.walk(tokens, module);
        source
    }

    fn walk(&mut self, tokens: TokenStream, module: &[String]) {
        let mut tokens = tokens.into_iter().peekable();
        let mut test_only = false;
        let mut before = String::new();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    if let Some(TokenTree::Group(attribute)) = tokens.peek() {
                        test_only |= attribute.stream().to_string().replace(' ', "") == "cfg(test)";
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == '.' => {
                    if let Some(TokenTree::Ident(name)) = tokens.peek()
                        && *name == "unwrap"
                    {
                        self.unwraps.push(name.span().start().line);
                    }
                }
                TokenTree::Punct(_) => {}
                TokenTree::Literal(literal) => {
                    self.literals.push((literal.span().start().line, literal.to_string(), before.clone()));
                }
                // What is only there for tests: an item ends with its braces or its semicolon.
                TokenTree::Ident(word) if test_only => {
                    self.skip_item(&word.to_string(), &mut tokens);
                    test_only = false;
                }
                TokenTree::Ident(word) if word == "mod" => {
                    let Some(TokenTree::Ident(name)) = tokens.next() else { continue };
                    if let Some(TokenTree::Group(_)) = tokens.peek()
                        && let Some(TokenTree::Group(body)) = tokens.next()
                    {
                        let inner: Vec<String> = module.iter().cloned().chain([name.to_string()]).collect();
                        self.walk(body.stream(), &inner);
                    }
                }
                TokenTree::Ident(word) => {
                    let line = word.span().start().line;
                    before = word.to_string();
                    self.words.push((line, word.to_string()));
                    self.path(line, vec![word.to_string()], &mut tokens, module);
                }
                TokenTree::Group(group) => self.walk(group.stream(), module),
            }
        }
    }

    fn skip_item(&mut self, first: &str, tokens: &mut Peekable<IntoIter>) {
        let mut last = first.to_owned();
        let mut is_module = first == "mod";
        for token in tokens.by_ref() {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
                TokenTree::Punct(punct) if punct.as_char() == ';' => {
                    if is_module {
                        self.test_modules.insert(last);
                    }
                    return;
                }
                TokenTree::Ident(word) => {
                    is_module |= word == "mod";
                    last = word.to_string();
                }
                TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// Goes on with a path whose first parts were read, into the braces of a `use` as well.
    fn path(&mut self, line: usize, mut parts: Vec<String>, tokens: &mut Peekable<IntoIter>, module: &[String]) {
        while colons(tokens) {
            match tokens.peek() {
                Some(TokenTree::Ident(_)) => {
                    let Some(TokenTree::Ident(next)) = tokens.next() else { return };
                    self.words.push((next.span().start().line, next.to_string()));
                    parts.push(next.to_string());
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    let branches = group.stream();
                    tokens.next();
                    self.branches(&parts, branches, module);
                    return;
                }
                // A glob, or the generics of an expression: the path is named far enough.
                _ => break,
            }
        }
        self.keep(line, parts, module);
    }

    fn branches(&mut self, stem: &[String], branches: TokenStream, module: &[String]) {
        let mut tokens = branches.into_iter().peekable();
        while let Some(token) = tokens.next() {
            if let TokenTree::Ident(word) = token {
                let line = word.span().start().line;
                self.words.push((line, word.to_string()));
                if word == "as" {
                    tokens.next();
                    continue;
                }
                let parts = stem.iter().cloned().chain([word.to_string()]).collect();
                self.path(line, parts, &mut tokens, module);
            }
        }
    }

    fn keep(&mut self, line: usize, parts: Vec<String>, module: &[String]) {
        if parts.len() < 2 {
            return;
        }
        let parts = match parts[0].as_str() {
            "self" => absolute(module, &parts[1..]),
            "super" => {
                let ups = parts.iter().take_while(|part| *part == "super").count();
                absolute(&module[..module.len().saturating_sub(ups)], &parts[ups..])
            }
            _ => parts,
        };
        self.paths.push(Path { line, parts });
    }
}

fn absolute(module: &[String], rest: &[String]) -> Vec<String> {
    let crate_root = || "crate".to_owned();
    std::iter::once(crate_root()).chain(module.iter().cloned()).chain(rest.iter().cloned()).collect()
}

/// Takes `::` off the tokens if it comes next.
fn colons(tokens: &mut Peekable<IntoIter>) -> bool {
    let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    let mut ahead = tokens.clone();
    if is_colon(ahead.next().as_ref()) && is_colon(ahead.next().as_ref()) {
        tokens.next();
        tokens.next();
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let module = ["host".to_owned(), "actor".to_owned()];
        Source::read(text, &module).paths.into_iter().map(|path| path.parts.join("::")).collect()
    }

    #[test]
    fn a_use_tree_is_every_path_in_it() {
        let text = "use crate::{a::{b, c as d}, e}; use std::fmt;";
        assert_eq!(paths(text), ["crate::a::b", "crate::a::c", "crate::e", "std::fmt"]);
    }

    #[test]
    fn super_and_self_are_resolved_in_nested_modules_too() {
        assert_eq!(paths("use super::super::api::x;"), ["crate::api::x"]);
        assert_eq!(
            paths("mod inner { use super::super::table::T; use self::y::z; }"),
            ["crate::host::table::T", "crate::host::actor::inner::y::z"]
        );
    }

    #[test]
    fn paths_in_expressions_and_macros_count_and_those_in_comments_and_strings_do_not() {
        let text = r#"fn f() { json!({"x": crate::cli::y()}); /* crate::a::b */ let _ = "crate::c::d"; }"#;
        assert_eq!(paths(text), ["crate::cli::y"]);
    }

    #[test]
    fn what_is_only_there_for_tests_does_not_count() {
        let source = Source::read(
            "#[cfg(test)] mod tests { use crate::a::b; } #[cfg(test)] mod wide; fn f() { g.unwrap() }",
            &[],
        );
        assert_eq!(source.paths, []);
        assert_eq!(source.unwraps, [1]);
        assert!(source.test_modules.contains("wide"));
    }
}
