export type Measured = 'full' | 'part' | 'none' | 'future';

/** A few ticks lost in fifteen minutes are below what a mark could honestly show. */
const FULL = 0.99;

export function measured(coverage: number, value: number | null, start: number, now: number): Measured {
  if (value === null || coverage <= 0) return start >= now ? 'future' : 'none';
  return coverage >= FULL ? 'full' : 'part';
}

export interface Span {
  from: number;
  to: number;
}

/** Neighbouring gap buckets as spans, in unix seconds and never beyond `now`. */
export function gapSpans(
  starts: readonly number[],
  values: readonly (number | null)[],
  bucketSeconds: number,
  now: number,
): Span[] {
  const spans: Span[] = [];
  for (let i = 0; i < starts.length; i++) {
    const from = starts[i];
    if (from === undefined || values[i] !== null || from >= now) continue;
    const to = Math.min(from + bucketSeconds, now);
    const last = spans.at(-1);
    if (last && last.to === from) last.to = to;
    else spans.push({ from, to });
  }
  return spans;
}
