//! The house keeps its own rules: floors, sizes, and what must be absent. See `docs/ARCHITECTURE.md`.

mod rules;
mod source;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use rules::{Breach, File};

/// Every Rust file of the workspace below `folders`, by its path from the root.
fn files(folders: &[&str]) -> Vec<(String, String)> {
    fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in folders {
        collect(&root.join(folder), &mut paths);
    }
    paths.sort();
    let name = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// The product's files, without those that are only there for tests.
fn product(folders: &[&str]) -> Vec<File> {
    let all: Vec<File> = files(folders).iter().map(|(name, text)| File::read(name, text)).collect();
    let tests: BTreeSet<String> = all.iter().flat_map(File::test_files).collect();
    let is_test = |name: &str| {
        tests.iter().any(|test| name == test || name.starts_with(&format!("{}/", test.trim_end_matches(".rs"))))
    };
    all.into_iter().filter(|file| !is_test(&file.name)).collect()
}

#[track_caller]
fn none(breaches: Vec<Breach>) {
    let lines: Vec<String> = breaches.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

#[test]
fn the_rooms_of_the_house_are_the_folders_of_src() {
    let rooms: BTreeSet<String> = product(&["src"]).iter().filter_map(File::room).map(str::to_owned).collect();
    let unknown: Vec<&String> = rooms.iter().filter(|room| rules::floor(room).is_none()).collect();
    assert!(unknown.is_empty(), "rooms without a floor: {unknown:?}; give them one in tests/it/house/rules.rs");
    assert!(rooms.contains("entities"), "the walk found no rooms at all");
}

#[test]
fn a_room_uses_only_what_stands_below_it() {
    none(product(&["src"]).iter().flat_map(rules::floors).collect());
}

#[test]
fn every_library_stays_in_its_rooms() {
    none(product(&["src", "replay/src"]).iter().flat_map(rules::libraries).collect());
}

#[test]
fn the_rules_of_entities_see_no_clock_no_disk_no_network_and_no_chance() {
    none(product(&["src/entities"]).iter().flat_map(rules::purity).collect());
}

#[test]
fn the_names_of_the_wire_stand_in_the_api_only() {
    none(product(&["src", "replay/src"]).iter().flat_map(rules::wire_names).collect());
}

#[test]
fn only_the_command_line_reads_the_environment() {
    none(product(&["src"]).iter().flat_map(rules::environment).collect());
}

#[test]
fn only_the_host_appends() {
    none(product(&["src"]).iter().flat_map(rules::appends).collect());
}

#[test]
fn reports_of_work_are_said_in_the_host_only() {
    none(product(&["src"]).iter().flat_map(rules::reports).collect());
}

#[test]
fn nothing_is_unwrapped_outside_tests() {
    none(product(&["src", "replay/src", "workflow/src"]).iter().flat_map(rules::unwraps).collect());
}

#[test]
fn every_file_says_what_it_is_and_fits_into_a_head() {
    let all = files(&[
        "src",
        "replay/src",
        "replay/tests",
        "replay/benches",
        "workflow/src",
        "workflow/tests",
        "tests",
        "benches",
    ]);
    assert!(all.len() > 20, "the walk found only {} files", all.len());
    none(all.iter().flat_map(|(name, text)| rules::shape(name, text)).collect());
}

#[test]
fn the_engine_knows_no_ai_no_http_and_no_actor() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("replay/Cargo.toml")).unwrap();
    for name in ["actix", "reqwest", "reenact", "hyper", "workflow"] {
        let named = manifest.lines().any(|line| line.starts_with(name));
        assert!(!named, "replay/Cargo.toml names `{name}`");
    }
}

/// The tests that stand in the last column of the tables of a page.
fn named_tests(tables: &str) -> Vec<&str> {
    let shown_by = tables.lines().filter_map(|line| line.strip_prefix("| ")?.rsplit(" | ").next());
    shown_by.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_test_that_the_architecture_names_is_there() {
    let page = |name: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let architecture = page("docs/ARCHITECTURE.md");
    let absent = architecture.split("## What is absent").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let faults = page("docs/faults.md");
    let all = files(&["src", "replay/src", "tests"]);
    for (name, tables, least) in [("docs/ARCHITECTURE.md", absent, 15), ("docs/faults.md", &faults, 50)] {
        let named = named_tests(tables);
        assert!(named.len() > least, "{name} names only {named:?}");
        let is_there = |test: &str| all.iter().any(|(_, text)| text.contains(&format!("fn {test}(")));
        let missing: Vec<&&str> = named.iter().filter(|test| !is_there(test)).collect();
        assert!(missing.is_empty(), "{name} names tests that are not there: {missing:?}");
    }
}
