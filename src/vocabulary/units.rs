//! Durations, sizes and modes as people write them on a command line.

use std::time::Duration;

/// Reads a duration such as `500ms`, `10s` or `2m`.
///
/// # Errors
/// Says what was not understood and shows the form that is; the caller names the flag.
pub fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write a duration like 500ms, 10s or 2m"))
}

/// Reads a size in bytes such as `512B`, `64KiB` or `1MiB`.
///
/// # Errors
/// Says what was not understood and shows the form that is; the caller names the flag.
pub fn size(text: &str) -> Result<usize, String> {
    let bytes = parse_size::parse_size(text)
        .map_err(|error| format!("{error}; write a size like 512B, 64KiB or 1MiB"))?;
    usize::try_from(bytes).map_err(|_| "larger than this machine can address".to_owned())
}

/// Reads the mode of a file, in octal digits such as `660`.
///
/// # Errors
/// Says what was not understood and shows the form that is; the caller names the flag.
pub fn mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok();
    mode.filter(|mode| *mode <= 0o777)
        .ok_or_else(|| "not a mode; write one in octal digits like 660, up to 777".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_with_their_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        assert!(duration("10").unwrap_err().contains("500ms, 10s or 2m"));
    }

    #[test]
    fn sizes_are_written_with_their_unit() {
        assert_eq!(size("512B"), Ok(512));
        assert_eq!(size("64KiB"), Ok(64 << 10));
        assert_eq!(size("1MiB"), Ok(1 << 20));
        assert!(size("many").unwrap_err().contains("512B, 64KiB or 1MiB"));
    }

    #[test]
    fn modes_are_octal() {
        assert_eq!(mode("660"), Ok(0o660));
        assert_eq!(mode("0600"), Ok(0o600));
        for text in ["", "rw-rw----", "680", "1777", "-1"] {
            assert!(mode(text).unwrap_err().contains("like 660"), "{text}");
        }
    }
}
