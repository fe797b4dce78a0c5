import { describe, expect, it } from 'vitest';
import { barOf, bucketOf, opens, widen } from '../src/lib/buckets';
import { addDays } from '../src/lib/days';
import { axisMarks } from '../src/lib/marks';
import { between, periodOf } from '../src/lib/periods';

const BERLIN = 'Europe/Berlin';
const SECONDS = { '15m': 900, '1h': 3600, '3h': 10_800, '6h': 21_600, '1d': 86_400, '1w': 604_800, '1mo': 2_629_746 };
const range = (days: number, zone = BERLIN) => periodOf('range', '2024-03-09', addDays('2024-03-09', days), zone);

describe('bars of a range', () => {
  it('are those of their kind', () => {
    const bars = (['day', 'week', 'month', 'year'] as const).map((kind) => barOf(periodOf(kind, '2026-11-24', null, BERLIN)));
    expect(bars).toEqual(['15m', '1h', '1d', '1mo']);
  });
  it('are twenty to a hundred, whatever its length', () => {
    for (let days = 1; days <= 3000; days += days < 40 ? 1 : 17) {
      const period = range(days);
      const count = (period.to - period.from) / SECONDS[barOf(period)];
      // Between a hundred days and twenty weeks neither fits: the one that misses by less.
      const slack = days > 100 && days < 140 ? 1.2 : 1.01;
      expect(count).toBeLessThanOrEqual(100 * slack + 1);
      expect(count).toBeGreaterThanOrEqual(20 / slack);
    }
  });
  it('are quarter hours where hours would be too few', () => {
    const evening = between(1_800_000_000, 1_800_014_400, BERLIN);
    expect(barOf(evening)).toBe('15m');
  });
  it('ask the service for something it knows', () => {
    expect((['3h', '6h', '1w', '1mo', '15m'] as const).map(bucketOf)).toEqual(['1h', '1h', '1d', '1mo', '15m']);
  });
  it('widen the range to whole ones by the wall clock', () => {
    const odd = periodOf('range', '2026-11-20T17:45', '2026-11-22T08:15', 'Asia/Kathmandu');
    expect(widen(odd, '1h', 'Asia/Kathmandu')).toMatchObject({ first: '2026-11-20T17:00', end: '2026-11-22T09:00' });
    expect(widen(odd, '1d', 'Asia/Kathmandu')).toMatchObject({ first: '2026-11-20', end: '2026-11-23' });
    expect(widen(odd, '1mo', 'Asia/Kathmandu')).toMatchObject({ first: '2026-11-01', end: '2026-12-01' });
    expect(widen(odd, '15m', 'Asia/Kathmandu')).toEqual(odd);
  });
  it('of whole days stay as they are', () => {
    expect(widen(range(40), '1d', BERLIN)).toEqual(range(40));
    expect(widen(range(400), '1w', BERLIN)).toEqual(range(400));
  });
  it('open what they stand for', () => {
    expect(opens('1mo', 'year')).toBe('month');
    expect(opens('1d', 'month')).toBe('day');
    expect(opens('1h', 'week')).toBe('day');
    expect(opens('15m', 'day')).toBeNull();
  });
});

describe('labels under the bars', () => {
  const names = (period: Parameters<typeof axisMarks>[0], room: number): string[] =>
    axisMarks(period, barOf(period), BERLIN, room).map((mark) => (mark.names === 'hour' ? String(mark.hour) : mark.day));
  it('are hours on a day, with both of its ends', () => {
    expect(names(periodOf('day', '2026-03-29', null, BERLIN), 5)).toEqual(['0', '6', '12', '18', '24']);
  });
  it('are the seven days of a week', () => {
    expect(names(periodOf('week', '2026-10-25', null, BERLIN), 5)).toHaveLength(7);
  });
  it('are the twelve months of a year, each in the middle of its bar', () => {
    const year = periodOf('year', '2026-05-05', null, BERLIN);
    const marks = axisMarks(year, '1mo', BERLIN, 6);
    expect(marks.map((mark) => mark.day.slice(5, 7))).toEqual(Array.from({ length: 12 }, (_, i) => String(i + 1).padStart(2, '0')));
    const march = periodOf('month', '2026-03-01', null, BERLIN);
    expect(marks[2]?.at).toBe((march.from + march.to) / 2);
  });
  it('never crowd, and never lie outside', () => {
    for (let days = 1; days < 3600; days = Math.ceil(days * 1.3)) {
      for (const room of [5, 9]) {
        const period = range(days);
        const marks = axisMarks(period, barOf(period), BERLIN, room);
        expect(marks.length).toBeLessThanOrEqual(room + 4);
        expect(marks.every((mark) => mark.at >= period.from && mark.at <= period.to)).toBe(true);
        expect(marks.length).toBeGreaterThan(0);
      }
    }
  });
});
