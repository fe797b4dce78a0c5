import { describe, expect, it } from 'vitest';
import { findRuns } from '../src/lib/runs';
import { measuredSeconds, ticksOf, type Ticks } from '../src/lib/ticks';
import { usageOf } from './usage';

const DAY_S = 86_400;

/** A day in ticks of `step` seconds, of joules in each second. */
function day(step: number, wattsAt: (second: number) => number | null): Ticks {
  const joules = Array.from({ length: DAY_S / step }, (_, i) => {
    let sum: number | null = null;
    for (let second = i * step; second < (i + 1) * step; second++) {
      const power = wattsAt(second);
      if (power !== null) sum = (sum ?? 0) + power;
    }
    return sum;
  });
  return of(joules, step);
}

function of(joules: (number | null)[], step: number): Ticks {
  const usage = usageOf([joules], step);
  const [row] = usage.sockets;
  if (!row) throw new Error('no row');
  return ticksOf(usage, row);
}

const cycled = (period: number, on: number, watts: number) => (second: number) => (second % period < on ? watts : 0);

describe('the power of a tick', () => {
  it.each([1, 5, 10, 60])('is its energy through its own length, here %i s', (step) => {
    const ticks = day(step, () => 120);
    expect(new Set(ticks.watts)).toEqual(new Set([120]));
    expect(ticks.bucketSeconds).toBe(step);
  });
  it('is that of what was measured where a bucket of several ticks has lost some', () => {
    // A hub of ticks of 1 s beside one of 60 s: of the second minute only 7 s are there, of the third nothing.
    const usage = { ...usageOf([[6000, 700, null]], 60), bucket_s: 60 };
    const row = { energy_j: [6000, 700, null], coverage: [1, Math.floor((7 / 60) * 1e4) / 1e4, 0] };
    expect(ticksOf(usage, row).watts).toEqual([100, 100, null]);
  });
  it('is exact for every number of seconds, though the coverage is rounded down', () => {
    for (const bucket of [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60]) {
      for (let seconds = 0; seconds <= bucket; seconds++) {
        const coverage = Math.floor((seconds / bucket) * 10_000) / 10_000;
        expect(measuredSeconds(coverage, bucket)).toBe(seconds);
      }
    }
  });
  it('is known of answers that do not say how long their buckets are', () => {
    const { starts, sockets } = usageOf([[120, 240]], 20);
    const [row] = sockets;
    expect(row && ticksOf({ starts }, row).watts).toEqual([6, 12]);
  });
});

describe('runs of an appliance', () => {
  it.each([1, 5, 10, 60])('are counted for a refrigerator with ticks of %i s', (step) => {
    const power = cycled(3600, 1200, 120);
    const found = findRuns(day(step, (second) => (second < 300 ? 0 : power(second))));
    expect(found.runs).toHaveLength(24);
    expect(found.meanSeconds).toBeCloseTo((23 * 1200 + 900) / 24, 5);
    expect(Math.round(found.typical)).toBe(120);
    expect(found.measuredSeconds).toBe(DAY_S);
    expect(found.workingSeconds).toBe(23 * 1200 + 900);
  });
  it('are not split by a lost tick, but end at a long gap', () => {
    const lost = (from: number, to: number) => (second: number) =>
      second >= from && second < to ? null : cycled(3600, 1200, 120)(second);
    expect(findRuns(day(10, lost(500, 510))).runs).toHaveLength(24);
    expect(findRuns(day(60, lost(480, 540))).runs).toHaveLength(24);
    expect(findRuns(day(10, lost(400, 800))).runs).toHaveLength(25);
  });
  it('have the power of what was measured of them', () => {
    const usage = usageOf([[0, 12_000, 6000, 12_000, 0]], 60);
    const row = { energy_j: [0, 12_000, 6000, 12_000, 0], coverage: [1, 1, 0.5, 1, 1] };
    const found = findRuns(ticksOf(usage, row));
    expect(found.runs).toEqual([{ from: 60, to: 240, joules: 30_000, measured: 150, open: false }]);
    expect(found.typical).toBe(200);
    expect(found.measuredSeconds).toBe(270);
  });
  it('ignore standby', () => {
    expect(findRuns(day(10, (second) => cycled(21_600, 180, 190)(second) + 0.8)).runs).toHaveLength(4);
    expect(findRuns(day(10, () => 1.2)).runs).toHaveLength(0);
  });
});
