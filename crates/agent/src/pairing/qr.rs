//! A QR code in a terminal, half a character for each module, and on a label, to be printed.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

/// Modules around the code that the standard wants light (ISO/IEC 18004).
const QUIET: i32 = 4;
/// Of the first line of a label and of the others, in modules.
const LARGE: i32 = 6;
const SMALL: i32 = 3;
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

/// An SVG of the code with these lines of text below it, the first one large. `None`: the text is too long for any code.
///
/// The size is of modules: whoever prints it makes it as large as the label is.
pub(super) fn label(text: &str, lines: &[&str]) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let width = code.size() + 2 * QUIET;
    let height = width + LARGE + SMALL * i32::try_from(lines.len()).ok()?;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" shape-rendering=\"crispEdges\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n<path d=\""
    );
    let all = 0..code.size();
    for (x, y) in all.clone().flat_map(|y| all.clone().map(move |x| (x, y))) {
        if code.get_module(x, y) {
            write!(svg, "M{} {}h1v1h-1z", x + QUIET, y + QUIET).ok()?;
        }
    }
    svg.push_str("\"/>\n<g font-family=\"monospace\" text-anchor=\"middle\">\n");
    let (middle, widest) = (f64::from(width) / 2.0, f64::from(width - 2));
    let mut below = width;
    for (place, line) in lines.iter().enumerate() {
        let room = if place == 0 { LARGE } else { SMALL };
        below += room;
        // A character of a monospaced font is three fifths as wide as it is high.
        let characters = f64::from(i32::try_from(line.chars().count()).ok()?.max(1));
        let size = f64::from(room - 1).min(widest / (0.6 * characters));
        let baseline = below - 1;
        writeln!(
            svg,
            "<text x=\"{middle}\" y=\"{baseline}\" font-size=\"{size:.2}\">{}</text>",
            escaped(line)
        )
        .ok()?;
    }
    svg.push_str("</g>\n</svg>\n");
    Some(svg)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
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
    fn a_label_has_the_modules_as_squares_and_the_words_below_them() {
        let svg = label(LINK, &["ABCD-EFGH", "a < b & c"]).unwrap();
        let code = QrCode::encode_text(LINK, QrCodeEcc::Medium).unwrap();
        let (_, path) = svg.split_once("<path d=\"M").unwrap();
        let (path, words) = path.split_once("h1v1h-1z\"/>").unwrap();
        let squares = path.split("h1v1h-1zM").map(|square| {
            let (x, y) = square.split_once(' ').unwrap();
            (x.parse::<i32>().unwrap() - QUIET, y.parse::<i32>().unwrap() - QUIET)
        });
        let all = 0..code.size();
        let dark = all.clone().flat_map(|y| all.clone().map(move |x| (x, y)));
        assert!(squares.eq(dark.filter(|&(x, y)| code.get_module(x, y))));
        assert!(words.contains(">ABCD-EFGH<") && words.contains(">a &lt; b &amp; c<"), "{words}");
    }

    #[test]
    fn what_no_code_can_hold_is_not_shown() {
        assert_eq!(picture(&"x".repeat(3_000)), None);
        assert_eq!(label(&"x".repeat(3_000), &[]), None);
    }
}
