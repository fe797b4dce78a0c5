import { describe, expect, it } from 'vitest';
import { niceAxis, niceStep } from '../src/lib/axis';
import { gapSpans, measured, nameGaps } from '../src/lib/gaps';
import { settle } from '../src/lib/order';
import { historyRoute, href, parseRoute } from '../src/lib/route';
import { findRuns } from '../src/lib/runs';
import { sparkPath } from '../src/lib/spark';

describe('axis steps', () => {
  it('are 1, 2 or 5 times a power of ten', () => {
    for (let max = 0.003; max < 20_000; max *= 1.37) {
      const { step, top, ticks } = niceAxis(max, 5);
      const lead = step / 10 ** Math.floor(Math.log10(step) + 1e-9);
      expect([1, 2, 5]).toContain(Math.round(lead * 1000) / 1000);
      expect(top).toBeGreaterThanOrEqual(max * (1 - 1e-9));
      expect(ticks.length).toBeLessThanOrEqual(6);
    }
  });
  it('carry no dust of binary fractions', () => {
    expect(niceAxis(0.8, 4).ticks).toEqual([0, 0.2, 0.4, 0.6, 0.8]);
    expect(niceStep(0, 5)).toBe(1);
  });
});

describe('gaps', () => {
  it('tell what was not measured from what is still to come', () => {
    expect(measured(0, null, 100, 50, 300)).toBe('none');
    expect(measured(0, null, 300, 50, 200)).toBe('future');
    expect(measured(0.5, 10, 100, 50, 200)).toBe('part');
    expect(measured(1, 10, 100, 50, 200)).toBe('full');
  });
  it('do not count the rest of the present bucket as missing', () => {
    expect(measured(0.9, 10, 0, 900, 300)).toBe('full');
    expect(measured(0.5, 10, 0, 900, 600)).toBe('part');
    expect(measured(0, null, 0, 900, 20)).toBe('future');
  });
  it('join neighbours and end at now', () => {
    expect(gapSpans([0, 10, 20, 30, 40], [1, null, null, 2, null], 50, 45)).toEqual([
      { from: 10, to: 30 },
      { from: 40, to: 45 },
    ]);
  });
  it('are named from the longest, and the rest is a sum', () => {
    const spans = [10, 400, 20, 900, 700].map((length, i) => ({ from: i * 1000, to: i * 1000 + length }));
    const { named, rest } = nameGaps(spans, 2, 300);
    expect(named.map((span) => span.from)).toEqual([3000, 4000]);
    expect(rest).toBe(430);
    expect(nameGaps(spans.slice(0, 1), 2, 300)).toEqual({ named: [], rest: 10 });
  });
});

describe('order of rows', () => {
  const watts = (entries: [string, number][]): Map<string, number> => new Map(entries);
  it('sorts by power', () => {
    expect(settle([], watts([['a', 10], ['b', 90], ['c', 50]]))).toEqual(['b', 'c', 'a']);
  });
  it('leaves nearly equal rows where they are', () => {
    expect(settle(['a', 'b'], watts([['a', 100], ['b', 103]]))).toEqual(['a', 'b']);
    expect(settle(['a', 'b'], watts([['a', 100], ['b', 130]]))).toEqual(['b', 'a']);
  });
  it('drops who left and places who came', () => {
    expect(settle(['a', 'gone'], watts([['a', 10], ['new', 2000]]))).toEqual(['new', 'a']);
  });
});

describe('runs of an appliance', () => {
  const starts = (length: number): number[] => Array.from({ length }, (_, i) => i * 10);
  const day = (period: number, on: number, watts: number): number[] =>
    starts(8640).map((at) => (at % period < on ? watts * 10 : 0));

  it('are counted for a refrigerator', () => {
    const joules = day(3600, 1200, 120).map((j, i) => (i < 30 ? 0 : j));
    const found = findRuns(starts(8640), joules, 10);
    expect(found.runs).toHaveLength(24);
    expect(found.meanSeconds).toBeCloseTo((23 * 1200 + 900) / 24, 5);
    expect(Math.round(found.typical)).toBe(120);
  });
  it('are not split by a lost tick, but end at a long gap', () => {
    const joules: (number | null)[] = day(3600, 1200, 120);
    joules[50] = null;
    expect(findRuns(starts(8640), joules, 10).runs).toHaveLength(24);
    for (let i = 40; i < 80; i++) joules[i] = null;
    expect(findRuns(starts(8640), joules, 10).runs).toHaveLength(25);
  });
  it('ignore standby', () => {
    const joules = day(21_600, 180, 1900).map((j) => j + 8);
    expect(findRuns(starts(8640), joules, 10).runs).toHaveLength(4);
    expect(findRuns(starts(100), new Array<number>(100).fill(12), 10).runs).toHaveLength(0);
  });
});

describe('addresses', () => {
  it('lead to a screen and back', () => {
    expect(parseRoute('/', '')).toEqual({ screen: 'now' });
    expect(parseRoute('/costs', '')).toEqual({ screen: 'costs' });
    const socket = parseRoute('/sockets/hub:7', '');
    expect(socket).toEqual({ screen: 'sockets', socket: 'hub:7' });
    expect(href(socket)).toBe('/sockets/hub:7');
    for (const [path, query] of [
      ['/history/day', ''],
      ['/history/day/2012-01-16', '?socket=hub:7'],
      ['/history/week/2012-01-16', '?group=room&compare=previous'],
      ['/history/year/2012-01-01', '?compare=year'],
      ['/history/range/2012-01-16/2012-02-29', '?group=room&compare=year&socket=hub:7'],
      ['/history/range/2012-01-16T18:00/2012-01-16T22:15', ''],
    ] as const) {
      expect(href(parseRoute(path, query))).toBe(path + query);
    }
  });
  it('of earlier versions lead to the same day', () => {
    expect(parseRoute('/today', '')).toEqual(historyRoute());
    expect(parseRoute('/today/2012-01-16', '?socket=hub:7')).toEqual(historyRoute({ at: '2012-01-16', socket: 'hub:7' }));
  });
  it('that make no sense lead to something near', () => {
    expect(parseRoute('/today/never', '')).toEqual(historyRoute());
    expect(parseRoute('/history/decade/2012-01-16', '')).toEqual(historyRoute());
    expect(parseRoute('/history/week/2012-02-30', '')).toEqual(historyRoute({ kind: 'week' }));
    expect(parseRoute('/history/range/2012-01-16', '?group=zone&compare=never')).toEqual(historyRoute());
    expect(parseRoute('/history/range/2012-01-16T24:00/2012-01-17', '')).toEqual(historyRoute());
    expect(parseRoute('/sockets/%E0%A4%A', '').screen).toBe('sockets');
    expect(parseRoute('/nowhere', '')).toEqual({ screen: 'now' });
  });
});

it('the sparkline breaks at a pause', () => {
  const path = sparkPath([{ at: 0, watts: 0 }, { at: 10, watts: 50 }, { at: 90, watts: 100 }], 0, 100, 100);
  expect(path.line).toBe('M0 100L100 50M900 0');
  expect(path.end).toEqual({ x: 0.9, y: 0 });
});
