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

/** Neighbouring gap buckets as spans, in unix seconds and never beyond `now`; the last bucket ends at `end`. */
export function gapSpans(
  starts: readonly number[],
  values: readonly (number | null)[],
  end: number,
  now: number,
): Span[] {
  const spans: Span[] = [];
  for (let i = 0; i < starts.length; i++) {
    const from = starts[i];
    if (from === undefined || values[i] !== null || from >= now) continue;
    const to = Math.min(starts[i + 1] ?? end, now);
    const last = spans.at(-1);
    if (last && last.to === from) last.to = to;
    else spans.push({ from, to });
  }
  return spans;
}

/** The longest gaps in the order of the day, and how many seconds all the others have together. */
export function nameGaps(spans: readonly Span[], most: number, shortest: number): { named: Span[]; rest: number } {
  const length = (span: Span): number => span.to - span.from;
  const named = spans
    .filter((span) => length(span) >= shortest)
    .sort((a, b) => length(b) - length(a))
    .slice(0, most)
    .sort((a, b) => a.from - b.from);
  const rest = spans.reduce((sum, span) => sum + length(span), 0) - named.reduce((sum, span) => sum + length(span), 0);
  return { named, rest };
}
