import type { Usage } from '../api/types';
import type { Bar } from './buckets';
import { wallClock, weekdayOf } from './days';

type Row = Usage['sockets'][number];

/** Puts an answer's hours together to bars of several hours, or its days to weeks; sums stay exact. */
export function coalesce(usage: Usage, bar: Bar, zone: string, now: number): Usage {
  const first = firsts(usage.starts, bar, zone);
  if (first.length === usage.starts.length) return usage;
  const weights = usage.starts.map((start, i) => Math.max(0, Math.min(now, endOf(usage, i)) - start));
  const sums = (values: readonly (number | null)[]): (number | null)[] =>
    grouped(values, first).map((group) => sum(group));
  const means = (values: readonly number[]): number[] => {
    const [value, weight] = [grouped(values, first), grouped(weights, first)];
    return value.map((group, i) => mean(group, weight[i] ?? []));
  };
  const row = <T extends Pick<Row, 'energy_j' | 'coverage' | 'cost_n'>>(part: T): T => ({
    ...part,
    energy_j: sums(part.energy_j),
    coverage: means(part.coverage),
    ...(part.cost_n ? { cost_n: sums(part.cost_n) } : {}),
  });
  return {
    ...usage,
    starts: first.flatMap((at) => usage.starts[at] ?? []),
    sockets: usage.sockets.map(row),
    total: row(usage.total),
  };
}

/** The same for values beside an answer. */
export function coalesceValues(
  values: readonly (number | null)[],
  starts: readonly number[],
  bar: Bar,
  zone: string,
): (number | null)[] {
  return grouped(values, firsts(starts, bar, zone)).map((group) => sum(group));
}

export function endOf(usage: Pick<Usage, 'starts' | 'to'>, bucket: number): number {
  return usage.starts[bucket + 1] ?? Date.parse(usage.to) / 1000;
}

export function endsOf(usage: Pick<Usage, 'starts' | 'to'>): number[] {
  return usage.starts.map((_, i) => endOf(usage, i));
}

/** Where each bar begins among the buckets, by the wall clock: an hour that comes twice stays in its bar. */
function firsts(starts: readonly number[], bar: Bar, zone: string): number[] {
  const hours = bar === '3h' ? 3 : bar === '6h' ? 6 : 0;
  if (hours === 0 && bar !== '1w') return starts.map((_, i) => i);
  const found: number[] = [];
  let last = '';
  starts.forEach((start, i) => {
    const { day, hour } = wallClock(start, zone);
    const key = hours > 0 ? `${day} ${Math.floor(hour / hours)}` : weekdayOf(day) === 0 || i === 0 ? day : last;
    if (key !== last) found.push(i);
    last = key;
  });
  return found;
}

function grouped<T>(values: readonly T[], first: readonly number[]): T[][] {
  return first.map((at, i) => values.slice(at, first[i + 1] ?? values.length));
}

function sum(values: readonly (number | null)[]): number | null {
  return values.reduce((all, value) => (value === null ? all : (all ?? 0) + value), null);
}

/** What has not happened yet weighs nothing, as in the service's own buckets. */
function mean(values: readonly number[], weights: readonly number[]): number {
  let all = 0;
  let weight = 0;
  values.forEach((value, i) => {
    all += value * (weights[i] ?? 0);
    weight += weights[i] ?? 0;
  });
  return weight > 0 ? all / weight : 0;
}
