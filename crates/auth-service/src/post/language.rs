use serde::Deserialize;
use utoipa::ToSchema;

/// Of a letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    #[default]
    En,
    De,
}

impl Language {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// The one with the highest weight, of two the first, in an `Accept-Language` (RFC 9110, 12.5.4); English when there is
    /// neither. What follows the language in a tag, such as a country, makes no difference.
    pub(crate) fn preferred(accepted: &str) -> Self {
        let mut best = (0.0, Self::default());
        for range in accepted.split(',') {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight = weight(parameters);
            match Self::of_tag(tag.trim()) {
                Some(language) if weight > best.0 => best = (weight, language),
                _ => {}
            }
        }
        best.1
    }

    fn of_tag(tag: &str) -> Option<Self> {
        let language = tag.split('-').next()?;
        [Self::En, Self::De].into_iter().find(|known| language.eq_ignore_ascii_case(known.code()))
    }
}

/// 0, which is never, when it is not to be understood.
fn weight(parameters: &str) -> f32 {
    let parameters = parameters.trim();
    let weight = parameters.strip_prefix("q=").or_else(|| parameters.strip_prefix("Q="));
    weight.and_then(|weight| weight.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_the_highest_weight_is_taken() {
        for (accepted, expected) in [
            ("de", "de"),
            ("de-AT", "de"),
            ("DE-ch , en;q=0.5", "de"),
            ("en-GB,en;q=0.9,de;q=0.8", "en"),
            ("fr,en;q=0.2,de;q=0.7", "de"),
            ("fr-CH, fr;q=0.9, de;q=0.8, *;q=0.5", "de"),
            ("en;q=0.5, de;q=0.5", "en"),
            ("de; q=0.9, en; q=1.0", "en"),
            ("de;Q=0.9, en;q=0.5", "de"),
            // Not wanted at all.
            ("de;q=0", "en"),
            // Others only, and what is no header of this kind.
            ("fr", "en"),
            ("*", "en"),
            ("den, deutsch", "en"),
            ("", "en"),
            (";;,,q=1,-", "en"),
            ("de;q=much, de;level=1, de;q=NaN", "en"),
        ] {
            assert_eq!(Language::preferred(accepted).code(), expected, "{accepted:?}");
        }
    }
}
