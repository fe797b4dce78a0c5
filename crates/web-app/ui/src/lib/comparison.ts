import type { Usage } from '../api/types';
import { dayOf, daysBetween, wallClock } from './days';

type Other = NonNullable<Usage['compare']>;

/** The other period's energy, one value for each bucket of this one; null where it has none that belongs there. */
export function alongside(usage: Usage, zone: string): (number | null)[] {
  const other = usage.compare;
  if (!other) return [];
  const there = keys(other, usage.bucket, zone);
  const byKey = new Map(there.map((key, i) => [key, other.energy_j[i] ?? null]));
  return keys(usage, usage.bucket, zone).map((key) => byKey.get(key) ?? null);
}

/** Where a bucket stands within its period: on a day of 23 hours, eight o'clock still belongs to eight o'clock. */
function keys(answer: Pick<Usage | Other, 'starts'>, bucket: string, zone: string): string[] {
  const first = answer.starts[0];
  if (first === undefined) return [];
  if (bucket === '1mo' || bucket === '1y') return answer.starts.map((_, i) => String(i));
  const day = dayOf(first, zone);
  const seen = new Map<string, number>();
  return answer.starts.map((start) => {
    const clock = wallClock(start, zone);
    const key = `${daysBetween(day, clock.day)} ${bucket === '1d' ? '' : `${clock.hour}:${clock.minute}`}`;
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return `${key} ${count}`;
  });
}
