import { describe, expect, it } from 'vitest';
import { niceAxis, niceStep } from '../src/lib/axis';
import { gapSpans, measured, nameGaps } from '../src/lib/gaps';
import { settle } from '../src/lib/order';
import { historyRoute, href, parseRoute } from '../src/lib/route';
import type { HomePoint } from '../src/lib/live';
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

const point = (at: number, watts: number, seconds = 10): HomePoint => ({ at, seconds, watts });

it('the sparkline of ticks of a minute is a line', () => {
  expect(sparkPath([point(0, 0, 60), point(60, 50, 60), point(120, 100, 60)], 0, 200, 100).line).toBe(
    'M0 100L300 50L600 0',
  );
  expect(sparkPath([point(0, 0, 60), point(120, 100, 60)], 0, 200, 100).line).toBe('M0 100M600 0');
});

it('the sparkline breaks at a pause', () => {
  const path = sparkPath([point(0, 0), point(10, 50), point(90, 100)], 0, 100, 100);
  expect(path.line).toBe('M0 100L100 50M900 0');
  expect(path.end).toEqual({ x: 0.9, y: 0 });
});
