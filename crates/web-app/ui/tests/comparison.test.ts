import { describe, expect, it } from 'vitest';
import type { Usage } from '../src/api/types';
import { coalesce, coalesceValues, endsOf } from '../src/lib/coalesce';
import { alongside } from '../src/lib/comparison';
import { periodOf, type Kind } from '../src/lib/periods';
import { usageOf } from './usage';

const BERLIN = 'Europe/Berlin';
const FAR = 4_000_000_000;

/** A home of one socket that uses `joules(i)` in bucket i, beside another period that uses `then(i)`. */
function pair(kind: Kind, at: string, before: string, seconds: number, joules: (i: number) => number | null, then: (i: number) => number | null): Usage {
  const [here, there] = [periodOf(kind, at, null, BERLIN), periodOf(kind, before, null, BERLIN)];
  const count = (period: { from: number; to: number }): number => (period.to - period.from) / seconds;
  const of = (length: number, value: (i: number) => number | null): (number | null)[] => Array.from({ length }, (_, i) => value(i));
  const usage = usageOf([of(count(here), joules)], seconds, here.from);
  const other = usageOf([of(count(there), then)], seconds, there.from);
  return {
    ...usage,
    bucket: seconds === 900 ? '15m' : seconds === 3600 ? '1h' : '1d',
    compare: { ...other.total, from: other.from, to: other.to, starts: other.starts },
  };
}

describe('another period beside this one', () => {
  it('puts eight o’clock beside eight o’clock where an hour is missing or comes twice', () => {
    // Hours of 24 March are worth their own number; the day of 23 hours has none between two and three.
    const short = pair('day', '2026-03-29', '2026-03-24', 3600, () => 1, (i) => i);
    expect(alongside(short, BERLIN)).toEqual([0, 1, ...Array.from({ length: 21 }, (_, i) => i + 3)]);
    const long = pair('day', '2026-10-25', '2026-10-24', 3600, () => 1, (i) => i);
    expect(alongside(long, BERLIN).slice(0, 6)).toEqual([0, 1, 2, null, 3, 4]);
  });
  it('puts the days of a month side by side and leaves the 31st alone', () => {
    const days = (i: number): number => i + 1;
    const march = periodOf('month', '2026-05-10', null, BERLIN);
    expect(march.to - march.from).toBe(31 * 86_400);
    const ghost = alongside(pair('month', '2026-05-10', '2026-04-10', 86_400, days, days), BERLIN);
    expect(ghost.slice(-2)).toEqual([30, null]);
  });
});

describe('bars of several buckets', () => {
  const day = periodOf('day', '2026-10-25', null, BERLIN);
  const usage = { ...usageOf([Array.from({ length: 25 }, (_, i) => i), new Array<null>(25).fill(null)], 3600, day.from), bucket: '1h' };
  const bars = coalesce(usage, '6h', BERLIN, FAR);
  it('lie on the wall clock: the hour that comes twice stays in its bar', () => {
    expect(endsOf(bars).map((end, i) => (end - (bars.starts[i] ?? 0)) / 3600)).toEqual([7, 6, 6, 6]);
  });
  it('keep every sum', () => {
    const sum = (values: readonly (number | null)[]): number => values.reduce<number>((all, j) => all + (j ?? 0), 0);
    expect(sum(bars.total.energy_j)).toBe(usage.total.total_j);
    expect(sum(bars.sockets[0]?.energy_j ?? [])).toBe(usage.sockets[0]?.total_j);
    expect(bars.sockets[0]?.energy_j).toEqual(coalesceValues(usage.sockets[0]?.energy_j ?? [], usage.starts, '6h', BERLIN));
  });
  it('stay gaps where nothing was measured', () => {
    expect(bars.sockets[1]?.energy_j).toEqual([null, null, null, null]);
  });
  it('weigh the coverage by what has already happened', () => {
    const half = coalesce(usage, '6h', BERLIN, day.from + 3600 * 1.5);
    expect(half.total.coverage[0]).toBeCloseTo(0.5);
    expect(half.total.coverage[3]).toBe(0);
  });
  it('are weeks that begin on Monday', () => {
    const period = periodOf('range', '2026-11-20', '2026-12-05', BERLIN);
    const days = usageOf([new Array<number>(15).fill(1)], 86_400, period.from);
    expect(coalesce(days, '1w', BERLIN, FAR).total.energy_j).toEqual([3, 7, 5]);
  });
});
