/** From cheap to dear. */
const SCALE = ['--c0', '--c2', '--c5', '--c1', '--c3'];

/** A colour for each price: the same price has the same one, the cheapest green, the dearest red where there are many. */
export function bandColors(prices: readonly number[]): string[] {
  const ranks = [...new Set(prices.filter((price) => Number.isFinite(price)))].sort((a, b) => a - b);
  // Two prices are green and orange, three have blue between them: the ends are as far apart as they need to be.
  const scales: Record<number, number[]> = { 1: [0], 2: [0, 3], 3: [0, 1, 3], 4: [0, 1, 2, 3] };
  const places = scales[ranks.length] ?? ranks.map((_, i) => Math.round((i / (ranks.length - 1)) * (SCALE.length - 1)));
  return prices.map((price) => {
    const rank = ranks.indexOf(price);
    return rank < 0 ? 'var(--c6)' : `var(${SCALE[places[rank] ?? 0] ?? '--c6'})`;
  });
}
