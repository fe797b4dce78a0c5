const MARGIN_RATIO = 1.06;
const MARGIN_W = 2;

/**
 * Sorts by power, but a row overtakes the one above it only when it is clearly larger, so that two appliances of
 * nearly equal power do not swap places at every tick.
 */
export function settle(previous: readonly string[], watts: ReadonlyMap<string, number>): string[] {
  const known = previous.filter((key) => watts.has(key));
  const seen = new Set(known);
  const fresh = [...watts.keys()].filter((key) => !seen.has(key)).sort((a, b) => of(watts, b) - of(watts, a));
  const order = [...known];
  for (const key of fresh) {
    const at = order.findIndex((other) => of(watts, other) < of(watts, key));
    order.splice(at < 0 ? order.length : at, 0, key);
  }
  for (let i = 1; i < order.length; i++) {
    for (let j = i; j > 0; j--) {
      const above = order[j - 1] ?? '';
      const below = order[j] ?? '';
      if (of(watts, below) <= of(watts, above) * MARGIN_RATIO + MARGIN_W) break;
      order[j - 1] = below;
      order[j] = above;
    }
  }
  return order;
}

function of(watts: ReadonlyMap<string, number>, key: string): number {
  return watts.get(key) ?? 0;
}
