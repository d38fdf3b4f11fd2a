//! How long a provider asks to wait before the next try.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

/// The longest wait that is believed: a day.
const LONGEST: Duration = Duration::from_hours(24);

/// The wait in milliseconds that `retry-after-ms` or `retry-after` (seconds or an HTTP date, RFC 9110) asks for.
pub fn retry_after_ms(headers: &HeaderMap, now: SystemTime) -> Option<u64> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let milliseconds = header("retry-after-ms").and_then(|text| number(text, 1000.0));
    let wait = milliseconds.or_else(|| {
        let text = header("retry-after")?;
        number(text, 1.0).or_else(|| {
            let until = httpdate::parse_http_date(text).ok()?;
            Some(until.duration_since(now).unwrap_or(Duration::ZERO))
        })
    })?;
    u64::try_from(wait.min(LONGEST).as_millis()).ok()
}

/// The wait in milliseconds of a `retryDelay`: `34.5s`, as Google's errors have it.
pub fn retry_delay_ms(text: &str) -> Option<u64> {
    let wait = number(text.trim().strip_suffix('s')?, 1.0)?;
    u64::try_from(wait.min(LONGEST).as_millis()).ok()
}

fn number(text: &str, per_second: f64) -> Option<Duration> {
    let seconds = text.parse::<f64>().ok()? / per_second;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::*;

    fn wait(headers: &[(&'static str, &'static str)]) -> Option<u64> {
        let pairs = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        // Fri, 31 Dec 1999 23:59:59 GMT
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(946_684_799);
        retry_after_ms(&pairs.collect(), now)
    }

    #[test]
    fn seconds_milliseconds_and_dates_are_understood() {
        assert_eq!(wait(&[("retry-after", "20")]), Some(20_000));
        assert_eq!(wait(&[("retry-after", "1.5")]), Some(1_500));
        assert_eq!(wait(&[("retry-after", "20"), ("retry-after-ms", "250")]), Some(250));
        assert_eq!(wait(&[("retry-after", "Sat, 01 Jan 2000 00:00:29 GMT")]), Some(30_000));
    }

    #[test]
    fn a_date_in_the_past_is_now_and_nonsense_is_nothing() {
        assert_eq!(wait(&[("retry-after", "Fri, 31 Dec 1999 00:00:00 GMT")]), Some(0));
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[("retry-after", "-5")]), None);
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn googles_delay_is_understood() {
        assert_eq!(retry_delay_ms("34.074824224s"), Some(34_074));
        assert_eq!(retry_delay_ms("34"), None);
        assert_eq!(retry_delay_ms("-1s"), None);
    }

    #[test]
    fn nobody_is_made_to_wait_longer_than_a_day() {
        assert_eq!(wait(&[("retry-after", "99999999999")]), Some(86_400_000));
    }
}
