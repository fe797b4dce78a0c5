export type Measured = 'full' | 'part' | 'none' | 'future';

/** A few ticks lost in fifteen minutes are below what a mark could honestly show. */
const FULL = 0.99;
/** Readings are on their way for a while; that is not yet a gap. */
export const UNDERWAY_S = 90;

export function measured(
  coverage: number,
  value: number | null,
  start: number,
  bucketSeconds: number,
  now: number,
): Measured {
  const underway = start + bucketSeconds > now;
  if (value === null || coverage <= 0) return start >= now || (underway && now - start < UNDERWAY_S) ? 'future' : 'none';
  if (coverage >= FULL) return 'full';
  // Coverage is of what has already happened of a bucket: what is still to come is not missing.
  const missing = (1 - coverage) * (now - start);
  return underway && missing <= UNDERWAY_S ? 'full' : 'part';
}

export interface Span {
  from: number;
  to: number;
}

/** Neighbouring gap buckets as spans of at least `shortest` seconds, in unix seconds and never beyond `now`. */
export function gapSpans(
  starts: readonly number[],
  values: readonly (number | null)[],
  bucketSeconds: number,
  now: number,
  shortest = 0,
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
  return spans.filter((span) => span.to - span.from >= shortest);
}
