//! Dates and times of day in UTC, from seconds since the Unix epoch.

/// A day, such as `2026-11-20`, from seconds since the Unix epoch.
pub fn date(unix_s: u64) -> String {
    let (year, month, day) = civil_from_days(unix_s / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A moment by RFC 3339, such as `2026-11-20T10:24:05Z`, from seconds since the Unix epoch.
pub fn rfc3339(unix_s: u64) -> String {
    let (hour, minute, second) = (unix_s / 3600 % 24, unix_s / 60 % 60, unix_s % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", date(unix_s))
}

/// Gregorian date of a day counted from 1970-01-01, after Howard Hinnant's `civil_from_days`.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    //! Goal: a moment is told as everybody else tells it. Method: known moments, leap days among them.

    use super::*;

    #[test]
    fn moments_are_told_as_everybody_tells_them() {
        for (unix_s, told) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_170_245, "2026-11-20T10:24:05Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(unix_s), told);
            assert_eq!(date(unix_s), told[..10]);
        }
    }
}
