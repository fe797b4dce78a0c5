export interface Axis {
  step: number;
  top: number;
  ticks: number[];
  decimals: number;
}

/** The smallest 1, 2 or 5 times a power of ten that divides `max` into at most `most` steps. */
export function niceStep(max: number, most: number): number {
  if (!(max > 0)) return 1;
  const rough = max / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  for (const factor of [1, 2, 5, 10]) {
    if (factor * power >= rough * (1 - 1e-9)) return clean(factor * power);
  }
  return clean(10 * power);
}

export function niceAxis(max: number, most = 5): Axis {
  const step = niceStep(max, most);
  const count = Math.max(1, Math.ceil((max / step) * (1 - 1e-9)));
  const ticks = Array.from({ length: count + 1 }, (_, i) => clean(i * step));
  return { step, top: clean(count * step), ticks, decimals: decimalsOf(step) };
}

export function decimalsOf(step: number): number {
  return Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
}

/** 3 × 0.1 is 0.30000000000000004, which would reach the labels. */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}
