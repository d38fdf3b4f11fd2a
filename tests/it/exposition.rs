//! Reads `OpenMetrics` text 1.0 strictly: whatever the specification forbids fails, so that no scraper stumbles over it.

use std::collections::{BTreeMap, BTreeSet};

/// A family of metrics.
#[derive(Debug, Clone, Default)]
pub struct Family {
    /// Its type.
    pub kind: String,
    /// Its unit; empty where it has none.
    pub unit: String,
    /// What it says of itself.
    pub help: String,
    /// Its samples.
    pub samples: Vec<Sample>,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The family's name, and a suffix where the type has one.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

/// What was scraped.
#[derive(Debug, Clone, Default)]
pub struct Scrape(pub BTreeMap<String, Family>);

impl Scrape {
    /// Reads a whole exposition.
    pub fn read(text: &str) -> Self {
        let mut families: BTreeMap<String, Family> = BTreeMap::new();
        let mut open: Option<String> = None;
        let lines = text.strip_suffix("# EOF\n").expect("it ends with # EOF, and nothing behind it").lines();
        for line in lines {
            assert!(!line.is_empty() && line.trim() == line, "`{line}` has blanks where none belong");
            if let Some(rest) = line.strip_prefix("# ") {
                let (what, rest) = rest.split_once(' ').expect(line);
                let (name, words) = rest.split_once(' ').expect(line);
                assert!(is_name(name), "{line}");
                if open.as_deref() != Some(name) {
                    let before = families.insert(name.to_owned(), Family::default());
                    assert!(before.is_none(), "the family {name} stands in two places");
                    open = Some(name.to_owned());
                }
                let family = families.get_mut(name).unwrap();
                assert!(family.samples.is_empty(), "{line} stands behind the samples");
                let place = match what {
                    "TYPE" => &mut family.kind,
                    "UNIT" => &mut family.unit,
                    "HELP" => &mut family.help,
                    _ => panic!("{line}"),
                };
                assert!(place.is_empty() && !words.is_empty(), "{line}");
                words.clone_into(place);
                continue;
            }
            let sample = sample(line);
            let name = open.clone().expect(line);
            assert!(sample.name.starts_with(&name), "{line} stands with {name}");
            families.get_mut(&name).unwrap().samples.push(sample);
        }
        for (name, family) in &families {
            check(name, family);
        }
        Self(families)
    }

    /// The sum of all samples of a name whose labels hold these.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let fits = |sample: &&Sample| {
            sample.name == name
                && labels.iter().all(|(key, value)| sample.labels.get(*key).is_some_and(|is| is == value))
        };
        self.0.values().flat_map(|family| &family.samples).filter(fits).map(|sample| sample.value).sum()
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.0.values().map(|family| family.samples.len()).sum()
    }
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    !name.is_empty() && name.bytes().all(fits) && !name.as_bytes()[0].is_ascii_digit()
}

fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).expect(line);
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (key, value) = rest.split_once("=\"").expect(line);
            assert!(is_name(key) && !key.contains(':'), "{line}");
            let (text, behind) = quoted(value).expect(line);
            assert!(labels.insert(key.to_owned(), text).is_none(), "{line} names {key} twice");
            rest = behind;
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').expect(line);
    }
    let value = rest.strip_prefix(' ').expect(line);
    let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}: `{value}` is no number"));
    assert!(value.is_finite(), "{line}");
    Sample { name: name.to_owned(), labels, value }
}

/// A text up to its closing quote, and what stands behind it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (mut read, mut characters) = (String::new(), text.char_indices());
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((read, &text[at + 1..])),
            '\\' => read.push(match characters.next()?.1 {
                'n' => '\n',
                escaped @ ('"' | '\\') => escaped,
                _ => return None,
            }),
            other => read.push(other),
        }
    }
    None
}

fn check(name: &str, family: &Family) {
    let Family { kind, unit, help, samples } = family;
    assert!(help.ends_with(['.', '`']) || !help.is_empty(), "{name} says nothing");
    assert!(unit.is_empty() || name.ends_with(&format!("_{unit}")), "{name} does not end with its unit {unit}");
    let suffixes: &[&str] = match kind.as_str() {
        "counter" => &["_total"],
        "gauge" => &[""],
        "info" => &["_info"],
        "histogram" => &["_bucket", "_sum", "_count"],
        _ => panic!("{name} has the type {kind}"),
    };
    let mut seen = BTreeSet::new();
    for sample in samples {
        let suffix = &sample.name[name.len()..];
        assert!(suffixes.contains(&suffix), "{} is no sample of a {kind}", sample.name);
        assert!(kind == "gauge" || sample.value >= 0.0, "{sample:?} is below 0");
        assert!(kind != "info" || (sample.value - 1.0).abs() < f64::EPSILON, "{sample:?}");
        assert!(seen.insert((sample.name.clone(), sample.labels.clone())), "{sample:?} stands there twice");
    }
    if kind == "histogram" {
        histogram(name, samples);
    }
}

/// For each set of labels: buckets that grow, the last without a limit and equal to the count, and a sum.
fn histogram(name: &str, samples: &[Sample]) {
    let mut groups: BTreeMap<BTreeMap<String, String>, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        let mut labels = sample.labels.clone();
        labels.remove("le");
        groups.entry(labels).or_default().push(sample);
    }
    for (labels, samples) in groups {
        let of = |suffix: &str| {
            let wanted = format!("{name}{suffix}");
            samples.iter().filter(move |sample| sample.name == wanted)
        };
        let buckets: Vec<(f64, f64)> = of("_bucket")
            .map(|sample| (sample.labels["le"].replace("+Inf", "inf").parse().unwrap(), sample.value))
            .collect();
        assert!(buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1), "{name}{labels:?}");
        let last = buckets.last().unwrap_or_else(|| panic!("{name}{labels:?} has no buckets"));
        let counts: Vec<f64> = of("_count").map(|sample| sample.value).collect();
        assert_eq!((last.0, vec![last.1]), (f64::INFINITY, counts), "{name}{labels:?}");
        assert_eq!(of("_sum").count(), 1, "{name}{labels:?}");
    }
}

#[cfg(test)]
mod teeth {
    use super::*;

    fn is_refused(text: &str) -> bool {
        let text = text.to_owned();
        std::panic::catch_unwind(move || Scrape::read(&text)).is_err()
    }

    #[test]
    fn what_the_specification_forbids_is_refused() {
        let good = "# HELP a A.\n# TYPE a counter\na_total{b=\"c\\\"d\"} 1\n# EOF\n";
        assert!((Scrape::read(good).sum("a_total", &[("b", "c\"d")]) - 1.0).abs() < f64::EPSILON);
        for (from, to) in [
            ("# EOF\n", ""),
            ("a_total", "a"),
            ("} 1", "} -1"),
            ("} 1", "}  1"),
            ("\\\"", "\""),
            ("counter", "sum"),
            ("a_total{b", "a_total{0b"),
            ("# EOF", "a_total{b=\"c\\\"d\"} 1\n# EOF"),
            ("# EOF", "# TYPE b gauge\nb 1\n# TYPE a counter\n# EOF"),
        ] {
            assert!(is_refused(&good.replacen(from, to, 1)), "`{to}` for `{from}` passes");
        }
        let histogram = "# HELP h H.\n# TYPE h histogram\nh_sum 1.0\nh_count 2\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\n# EOF\n";
        Scrape::read(histogram);
        assert!(is_refused(&histogram.replace("h_count 2", "h_count 3")));
        assert!(is_refused(&histogram.replace("\"+Inf\"", "\"2\"")));
    }
}
