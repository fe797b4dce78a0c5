//! From samples of a wave to what it is worth.

/// The root mean square around the mean: a clamp's signal stands on half of the supply.
pub fn rms(samples: &[f64]) -> Option<f64> {
    let middle = mean(samples)?;
    let squares: Vec<f64> = samples.iter().map(|sample| (sample - middle).powi(2)).collect();
    Some(mean(&squares)?.sqrt())
}

/// The mean of what two waves are together: `mean(v · i)`, each around its mean. Of the same instants, as many of each.
pub fn mean_product(voltages: &[f64], currents: &[f64]) -> Option<f64> {
    let (v, i) = (mean(voltages)?, mean(currents)?);
    let products: Vec<f64> = voltages.iter().zip(currents).map(|(a, b)| (a - v) * (b - i)).collect();
    mean(&products)
}

fn mean(samples: &[f64]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "some thousand samples")]
    let count = samples.len() as f64;
    (!samples.is_empty()).then(|| samples.iter().sum::<f64>() / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten cycles of a wave, with 86 samples a cycle.
    fn wave(amplitude: f64, phase: f64, middle: f64) -> Vec<f64> {
        (0..860)
            .map(|n| middle + amplitude * (f64::from(n) / 86.0 * std::f64::consts::TAU + phase).sin())
            .collect()
    }

    #[test]
    fn a_sine_is_worth_its_amplitude_over_the_root_of_two() {
        let rms = rms(&wave(1.0, 0.3, 1.65)).unwrap();
        assert!((rms - std::f64::consts::FRAC_1_SQRT_2).abs() < 1e-9);
        assert_eq!(super::rms(&[]), None);
    }

    #[test]
    fn waves_a_quarter_apart_do_no_work() {
        let (volts, amps) = (wave(325.0, 0.0, 1.65), wave(10.0, 0.0, 1.65));
        assert!((mean_product(&volts, &amps).unwrap() - 1_625.0).abs() < 1e-6);
        let late = wave(10.0, std::f64::consts::FRAC_PI_2, 0.0);
        assert!(mean_product(&volts, &late).unwrap().abs() < 1e-6);
    }
}
