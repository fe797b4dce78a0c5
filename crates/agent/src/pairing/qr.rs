//! A QR code in a terminal: half a character for each module.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

/// Modules around the code that the standard wants light (ISO/IEC 18004).
const QUIET: i32 = 4;
/// Black on white out of the colours that no theme changes: a code in the colours of a dark terminal would be inverted,
/// which not every phone reads.
const COLOURS: &str = "\x1b[38;5;16;48;5;231m";
const RESET: &str = "\x1b[0m";

/// Two rows of modules in a line. `None`: the text is too long for any code.
pub(super) fn picture(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let all = -QUIET..code.size() + QUIET;
    let mut picture = String::new();
    for y in all.clone().step_by(2) {
        let line: String =
            all.clone().map(|x| character(code.get_module(x, y), code.get_module(x, y + 1))).collect();
        writeln!(picture, "  {COLOURS}{line}{RESET}").ok()?;
    }
    Some(picture)
}

const fn character(is_upper_dark: bool, is_lower_dark: bool) -> char {
    match (is_upper_dark, is_lower_dark) {
        (false, false) => ' ',
        (true, false) => '▀',
        (false, true) => '▄',
        (true, true) => '█',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://wattline.example/settings/hubs?code=ABCD-EFGH";

    /// The modules that a picture shows, dark ones as `true`, a row each.
    fn modules(picture: &str) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in picture.lines() {
            let line = line.strip_prefix("  ").and_then(|line| line.strip_prefix(COLOURS)).unwrap();
            let line = line.strip_suffix(RESET).unwrap();
            rows.push(line.chars().map(|shown| matches!(shown, '▀' | '█')).collect());
            rows.push(line.chars().map(|shown| matches!(shown, '▄' | '█')).collect());
        }
        rows
    }

    #[test]
    fn what_is_shown_is_the_code_with_four_light_modules_around_it() {
        let shown = modules(&picture(LINK).unwrap());
        let code = QrCode::encode_text(LINK, QrCodeEcc::Low).unwrap();
        let (quiet, size) = (usize::try_from(QUIET).unwrap(), usize::try_from(code.size()).unwrap());
        assert_eq!(quiet, 4);
        // An odd number of rows takes half a line more, which is light too.
        assert_eq!(shown.len(), size + 2 * quiet + 1);
        for (y, row) in (-QUIET..).zip(&shown) {
            assert_eq!(row.len(), size + 2 * quiet);
            for (x, is_dark) in (-QUIET..).zip(row) {
                let is_within = [x, y].iter().all(|place| (0..code.size()).contains(place));
                assert_eq!(*is_dark, is_within && code.get_module(x, y), "{x}, {y}");
            }
        }
    }

    #[test]
    fn it_fits_into_a_terminal_of_80_columns_and_24_lines() {
        let picture = picture(LINK).unwrap();
        assert!(picture.lines().count() <= 22);
        assert!(modules(&picture).iter().all(|row| row.len() + 2 <= 80));
    }

    #[test]
    fn what_no_code_can_hold_is_not_shown() {
        assert_eq!(picture(&"x".repeat(3_000)), None);
    }
}
