import { describe, expect, it } from 'vitest';
import { addMonths, weekNumber } from '../src/lib/days';
import { between, holds, isMoment, lastDay, momentOf, periodOf, present, step } from '../src/lib/periods';

const BERLIN = 'Europe/Berlin';
const ZONES = [BERLIN, 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Asia/Kolkata', 'America/Sao_Paulo'];
const unix = (iso: string): number => Date.parse(iso) / 1000;
const hours = ({ from, to }: { from: number; to: number }): number => (to - from) / 3600;

describe('periods of a household', () => {
  it('hold the day they were asked for', () => {
    expect(periodOf('week', '2026-11-24', null, BERLIN)).toMatchObject({ first: '2026-11-23', end: '2026-11-30' });
    expect(periodOf('week', '2026-11-29', null, BERLIN)).toMatchObject({ first: '2026-11-23', end: '2026-11-30' });
    expect(periodOf('month', '2024-02-29', null, BERLIN)).toMatchObject({ first: '2024-02-01', end: '2024-03-01' });
    expect(periodOf('year', '2026-12-31', null, BERLIN)).toMatchObject({ first: '2026-01-01', end: '2027-01-01' });
  });
  it('have an hour less or more where the clocks change', () => {
    expect(hours(periodOf('week', '2026-03-29', null, BERLIN))).toBe(167);
    expect(hours(periodOf('week', '2026-10-25', null, BERLIN))).toBe(169);
    expect(hours(periodOf('month', '2026-10-01', null, BERLIN))).toBe(31 * 24 + 1);
    expect(hours(periodOf('year', '2026-10-01', null, BERLIN))).toBe(365 * 24);
    expect(hours(periodOf('day', '2026-04-05', null, 'Australia/Lord_Howe'))).toBe(24.5);
  });
  it('follow each other without a hole, in every zone', () => {
    for (const zone of ZONES) {
      for (const kind of ['day', 'week', 'month', 'year'] as const) {
        let period = periodOf(kind, '2018-01-01', null, zone);
        for (let i = 0; i < 14; i++) {
          const next = step(period, 1, zone);
          expect(next.from).toBe(period.to);
          expect(next.first).toBe(period.end);
          expect(step(next, -1, zone)).toEqual(period);
          expect(lastDay(period, zone) < period.end).toBe(true);
          period = next;
        }
      }
    }
  });
  it('hold their first second and not the one after their last', () => {
    const day = periodOf('day', '2026-11-24', null, BERLIN);
    expect([holds(day, day.from), holds(day, day.to - 1), holds(day, day.to)]).toEqual([true, true, false]);
  });
});

describe('free ranges', () => {
  it('are days or minutes of the wall clock', () => {
    expect(isMoment('2026-11-24')).toBe(true);
    expect(isMoment('2026-11-24T18:45')).toBe(true);
    expect(isMoment('2026-11-24T24:00')).toBe(false);
    expect(isMoment('2026-11-31')).toBe(false);
    expect(isMoment('2026-11-24 18:45')).toBe(false);
  });
  it('begin and end where they say, in zones of half and of three quarter hours too', () => {
    const nepal = periodOf('range', '2026-11-24T18:00', '2026-11-25', 'Asia/Kathmandu');
    expect(nepal.from).toBe(unix('2026-11-24T12:15:00Z'));
    expect(nepal.to).toBe(unix('2026-11-24T18:15:00Z'));
  });
  it('come back from their own address', () => {
    for (const zone of ZONES) {
      for (let from = unix('2026-10-24T00:00:00Z'); from < unix('2026-10-26T00:00:00Z'); from += 6300) {
        const range = between(from, from + 900 * 7, zone);
        const again = periodOf('range', range.first, range.end, zone);
        // An hour that comes twice has one name: the range may only have become longer.
        expect(again.from).toBeLessThanOrEqual(range.from);
        expect(again.to).toBeGreaterThanOrEqual(range.to);
        expect(hours(again) - hours(range)).toBeLessThanOrEqual(2);
      }
    }
  });
  it('of an hour that comes twice have both', () => {
    const range = periodOf('range', '2026-10-25T02:00', '2026-10-25T02:30', BERLIN);
    expect(hours(range)).toBe(1.5);
  });
  it('are never empty, never backwards, and at most ten years', () => {
    expect(hours(periodOf('range', '2026-11-24', '2026-11-24', BERLIN))).toBe(0.25);
    expect(hours(periodOf('range', '2026-11-24', '2025-11-24', BERLIN))).toBe(0.25);
    expect(hours(periodOf('range', '1990-01-01', '2026-11-24', BERLIN)) / 24).toBeLessThanOrEqual(3651);
  });
  it('move by their own length: months as months, days as days, hours as hours', () => {
    const move = (at: string, to: string, count: 1 | -1): string[] => {
      const { first, end } = step(periodOf('range', at, to, BERLIN), count, BERLIN);
      return [first, end];
    };
    expect(move('2026-03-01', '2026-06-01', -1)).toEqual(['2025-12-01', '2026-03-01']);
    expect(move('2026-03-20', '2026-04-03', 1)).toEqual(['2026-04-03', '2026-04-17']);
    expect(move('2026-11-24T18:00', '2026-11-24T22:00', -1)).toEqual(['2026-11-24T14:00', '2026-11-24T18:00']);
  });
  it('start with the last two weeks', () => {
    expect(present('range', '2026-11-24', BERLIN)).toMatchObject({ first: '2026-11-11', end: '2026-11-25' });
  });
  it('name midnight as the day, also where midnight is skipped', () => {
    expect(momentOf(unix('2018-11-04T03:00:00Z'), 'America/Sao_Paulo')).toBe('2018-11-04');
    expect(momentOf(unix('2018-11-04T03:30:00Z'), 'America/Sao_Paulo')).toBe('2018-11-04T01:30');
  });
});

it('months are counted across years', () => {
  expect([addMonths('2026-01-31', -1), addMonths('2026-11-05', 14)]).toEqual(['2025-12-01', '2028-01-01']);
});
it('weeks are numbered as ISO 8601 does', () => {
  const numbers = ['2026-01-01', '2027-01-01', '2020-12-31', '2021-01-04', '2026-11-24'].map(weekNumber);
  expect(numbers).toEqual([1, 53, 53, 1, 48]);
});
