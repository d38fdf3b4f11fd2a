//! `search_text`: lines by regular expression, in time linear in the size of the files.

use super::arguments::{schema_of, typed};
use super::globs::Globs;
use super::matches::{COUNTED, Cancellable, Line, Matches};
use super::output::{Page, ToolOutput, counted, grouped};
use super::tool::{Running, Tool, ToolClass, ToolContext, on_disk};
use crate::workspace::{Kind, Located, OpenFile, Walk, Workspace};
use grep_matcher::LineTerminator;
use grep_regex::{ErrorKind, RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::io;
use std::ops::ControlFlow;
use tokio_util::sync::CancellationToken;

/// Matches shown at most.
const LIMIT: u64 = 100;
/// Files with longer lines than this are not searched, in bytes.
const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;
/// Files whose number of matches is shown, at most.
const COUNTED_FILES: usize = 20;

/// Searches the text of files.
#[derive(Clone, Copy, Debug)]
pub struct SearchText;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// What to search: a regular expression for one line (no look-around, no back-references).
    pattern: String,
    /// The folder or file to search, relative to the project.
    #[serde(default = "project")]
    path: String,
    /// Searches only files that match a glob, or several: `*.rs`, `src/**/*.ts`; one that begins with `!` excludes.
    #[serde(default = "everything")]
    glob: Globs,
    /// `smart`: capitals count when the pattern has any.
    #[serde(default)]
    case: Case,
    /// Takes the pattern as plain text, not as a regular expression.
    #[serde(default)]
    literal: bool,
    /// Lines shown before and after each match.
    #[serde(default)]
    #[schemars(range(min = 0, max = 10))]
    context: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Case {
    #[default]
    Smart,
    Sensitive,
    Insensitive,
}

fn project() -> String {
    ".".to_owned()
}

fn everything() -> Globs {
    Globs::One("**".to_owned())
}

impl Tool for SearchText {
    fn name(&self) -> &'static str {
        "search_text"
    }

    fn description(&self) -> &'static str {
        "Searches the text of the project's files by regular expression and shows matching lines as path:line:text \
         (lines of context as path-line-text). Binary files and files that ignore files (.gitignore) hide are left out. \
         Shows 100 matches at most; narrow with `path` and `glob`. To read around a match, use read_file with offset."
    }

    fn parameters(&self) -> Value {
        schema_of::<Arguments>()
    }

    fn class(&self) -> ToolClass {
        ToolClass::Reading
    }

    fn run<'a>(&'a self, arguments: Value, context: &'a ToolContext) -> Running<'a> {
        Box::pin(async move {
            match typed::<Arguments>(arguments) {
                Ok(arguments) => on_disk(context, move |workspace, cancel| search(workspace, cancel, &arguments)).await,
                Err(refused) => ToolOutput::failed(refused),
            }
        })
    }
}

fn matcher(wanted: &Arguments) -> Result<RegexMatcher, String> {
    if wanted.pattern.is_empty() {
        return Err("The argument `pattern` of search_text is empty. Say what to search.".to_owned());
    }
    let mut builder = RegexMatcherBuilder::new();
    builder
        .crlf(true)
        .multi_line(true)
        .fixed_strings(wanted.literal)
        .case_smart(wanted.case == Case::Smart)
        .case_insensitive(wanted.case == Case::Insensitive);
    let refused = |reason: &dyn fmt::Display| {
        format!(
            "The pattern is not a regular expression that can be searched: {reason}\nCorrect it, or set literal to true \
             to search for it as plain text."
        )
    };
    // Its message draws the pattern with a caret beneath the place that is wrong; the builder's own would point into a
    // pattern with something put around it.
    if !wanted.literal {
        let mut parser = regex_syntax::ParserBuilder::new().utf8(false).build();
        parser.parse(&wanted.pattern).map_err(|error| refused(&error))?;
    }
    builder.build(&wanted.pattern).map_err(|error| match error.kind() {
        ErrorKind::NotAllowed(_) => {
            "The pattern cannot hold a line break: search works line by line. Search for one of the lines.".to_owned()
        }
        _ => refused(&error),
    })
}

fn search(workspace: &Workspace, cancel: &CancellationToken, wanted: &Arguments) -> ToolOutput {
    let (matcher, globs) = match (matcher(wanted), wanted.glob.compile(workspace.root())) {
        (Ok(matcher), Ok(globs)) => (matcher, globs),
        (Err(refused), _) | (_, Err(refused)) => return ToolOutput::failed(refused),
    };
    let located = match workspace.locate(&wanted.path) {
        Ok(located) => located,
        Err(error) => return ToolOutput::failed(error.to_string()),
    };
    let mut found = Found { context: wanted.context > 0, ..Found::default() };
    let mut searcher = SearcherBuilder::new()
        .line_terminator(LineTerminator::crlf())
        .line_number(true)
        .before_context(wanted.context)
        .after_context(wanted.context)
        .binary_detection(BinaryDetection::quit(0))
        .heap_limit(Some(MAX_LINE_BYTES))
        .build();
    match located {
        Located::File(file) => {
            let path = file.path.clone();
            found.search(&mut searcher, &matcher, file, &path, cancel);
        }
        Located::Directory(start) => {
            let report = Walk::new(&start, cancel).run(&mut |entry| {
                if entry.kind == Kind::File && globs.matches(&entry.path, entry.beneath) {
                    match entry.open() {
                        Some(file) => {
                            found.search(&mut searcher, &matcher, file, &entry.path, cancel);
                        }
                        None => found.unreadable += 1,
                    }
                }
                if found.total > COUNTED { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            found.ignored = report.ignored;
            found.folders = report.unreadable + report.cut;
        }
    }
    found.page()
}

/// What was found so far.
#[derive(Debug, Default)]
struct Found {
    lines: Vec<Line>,
    context: bool,
    total: u64,
    shown: u64,
    /// Files with matches and how many.
    files: Vec<(String, u64)>,
    searched: u64,
    binary: u64,
    long_lines: u64,
    unreadable: u64,
    ignored: u64,
    folders: u64,
}

impl Found {
    fn search(
        &mut self,
        searcher: &mut Searcher,
        matcher: &RegexMatcher,
        file: OpenFile,
        path: &str,
        cancel: &CancellationToken,
    ) {
        let stored = self.lines.len();
        let room = LIMIT - self.shown;
        let mut sink =
            Matches { matcher, path, room, lines: &mut self.lines, total: 0, binary: false, context: self.context };
        let result = searcher.search_reader(matcher, Cancellable { file: file.file, cancel }, &mut sink);
        let (total, binary) = (sink.total, sink.binary);
        self.searched += 1;
        if binary || result.is_err() {
            self.lines.truncate(stored);
            match result {
                Ok(()) => self.binary += 1,
                Err(_) if cancel.is_cancelled() => {}
                Err(error) if error.kind() == io::ErrorKind::Other => self.long_lines += 1,
                Err(_) => self.unreadable += 1,
            }
            return;
        }
        if total > 0 {
            self.total += total;
            self.shown += total.min(room);
            self.files.push((path.to_owned(), total));
        }
    }

    fn page(self) -> ToolOutput {
        let files = self.files.len() as u64;
        let complete = self.total <= COUNTED;
        let at_least = if complete { "" } else { "at least " };
        let mut page = Page::default();
        page.line(&match self.total {
            0 => format!("no match in {}", counted(self.searched, "file", "files")),
            total => format!("{at_least}{} in {}", counted(total, "match", "matches"), counted(files, "file", "files")),
        });
        let mut shown = 0;
        for line in &self.lines {
            if !page.line(&line.text) {
                break;
            }
            shown += u64::from(line.is_match);
        }
        let truncated = shown < self.total;
        if truncated {
            page.note(&format!(
                "{} of {at_least}{} matches are shown; use a narrower pattern, path or glob",
                grouped(shown),
                grouped(self.total)
            ));
            let mut files = self.files;
            files.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            let most: Vec<String> =
                files.iter().take(COUNTED_FILES).map(|(path, count)| format!("{path}: {}", grouped(*count))).collect();
            let others = files.len().saturating_sub(COUNTED_FILES);
            let others = if others == 0 { String::new() } else { format!("; {others} more files") };
            page.note(&format!("matches per file: {}{others}", most.join("; ")));
        }
        if self.total == 0 && self.ignored > 0 {
            let hidden = counted(self.ignored, "entry was", "entries were");
            page.note(&format!("{hidden} left out by ignore files; to search a hidden folder, give it as path"));
        }
        if self.total == 0 && self.binary > 0 {
            page.note(&format!("{} left out", counted(self.binary, "binary file was", "binary files were")));
        }
        if self.long_lines > 0 {
            let those = counted(self.long_lines, "file", "files");
            page.note(&format!("{those} with lines over 4 MiB were left out"));
        }
        if self.unreadable + self.folders > 0 {
            let those = counted(self.unreadable + self.folders, "file or folder", "files or folders");
            page.note(&format!("{those} could not be searched whole"));
        }
        page.finish(truncated || self.folders > 0, shown, self.total)
    }
}
