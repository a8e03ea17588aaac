//! Figures as people read them.

/// A time in the unit that suits it, with three digits.
pub fn time(us: f64) -> String {
    if us < 999.5 {
        format!("{us:.0} us")
    } else if us < 999_500.0 {
        three_digits(us / 1000.0) + " ms"
    } else {
        three_digits(us / 1_000_000.0) + " s"
    }
}

fn three_digits(figure: f64) -> String {
    let decimals = match figure {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{figure:.decimals$}")
}

/// A number of bytes in the unit that suits it.
pub fn bytes(bytes: f64) -> String {
    if bytes < 10_240.0 {
        format!("{bytes:.0} B")
    } else if bytes < 10_485_760.0 {
        format!("{:.1} KiB", bytes / 1024.0)
    } else {
        format!("{:.1} MiB", bytes / 1_048_576.0)
    }
}

/// A size as it is asked for: whole, in the largest unit of which it is a multiple.
pub fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let whole = units
        .into_iter()
        .find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    let (unit, name) = whole.unwrap_or((1, "B"));
    format!("{} {name}", grouped(bytes / unit))
}

/// So many of what is called `one`, such as `1 client` and `2 000 clients`.
pub fn counted(count: u64, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {one}{plural}", grouped(count))
}

/// A count with its thousands apart.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number with its thousands apart if it is whole, and otherwise with three digits behind the point at most.
pub fn number(figure: f64) -> String {
    if figure.fract() == 0.0 {
        return rounded(figure);
    }
    let digits = format!("{figure:.3}");
    digits
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

/// A figure of a result, whose name tells its unit, as it is shown wherever it is.
pub fn with_unit(figure: f64, unit: &str) -> String {
    match unit {
        // What costs less than that is told with its fractions.
        "us" if figure < 10.0 => number(figure) + " us",
        "us" => time(figure),
        "s" => time(figure * 1e6),
        "B" => bytes(figure),
        "B/s" => bytes(figure) + "/s",
        "/s" if figure >= 100.0 => rounded(figure) + "/s",
        "/s" => number(figure) + "/s",
        _ => number(figure),
    }
}

/// A figure as the count next to it, with its thousands apart.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are positive and far below 2^64"
)]
pub fn rounded(figure: f64) -> String {
    grouped(figure.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_shown_in_the_unit_that_suits_them() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1 234 567");
        assert_eq!(rounded(99_999.6), "100 000");
        assert_eq!(number(1000.0), "1 000");
        assert_eq!(number(0.5), "0.5");
        assert_eq!(number(1.0 / 3.0), "0.333");
        assert_eq!(time(999.4), "999 us");
        assert_eq!(time(1500.0), "1.50 ms");
        assert_eq!(time(14_440.0), "14.4 ms");
        assert_eq!([99_960.0, 999_700.0].map(time), ["100 ms", "1.00 s"]);
        assert_eq!(time(2_500_000.0), "2.50 s");
        assert_eq!(
            [1, 2, 2000].map(|n| counted(n, "client")),
            ["1 client", "2 clients", "2 000 clients"]
        );
        assert_eq!(
            [0, 64, 1024, 1536, 1 << 20].map(size),
            ["0 B", "64 B", "1 KiB", "1 536 B", "1 MiB"]
        );
        assert_eq!(bytes(512.0), "512 B");
        assert_eq!(bytes(20_480.0), "20.0 KiB");
    }

    #[test]
    fn a_figure_of_a_result_is_shown_with_its_unit() {
        for (figure, unit, shown) in [
            (22_265.855, "us", "22.3 ms"),
            (0.1234, "us", "0.123 us"),
            (1.5, "s", "1.50 s"),
            (20_480.0, "B", "20.0 KiB"),
            (20_480.0, "B/s", "20.0 KiB/s"),
            (123_456.7, "/s", "123 457/s"),
            (0.5, "/s", "0.5/s"),
            (200.0, "", "200"),
            (0.123_456, "", "0.123"),
        ] {
            assert_eq!(with_unit(figure, unit), shown);
        }
    }
}
