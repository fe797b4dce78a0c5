import { describe, expect, it } from 'vitest';
import { addDays, dayOf, dayRange, hourMarks, instantOf, isDay } from '../src/lib/days';

const unix = (iso: string): number => Date.parse(iso) / 1000;
const hours = (day: string, zone: string): number => {
  const { from, to } = dayRange(day, zone);
  return (to - from) / 3600;
};

describe('days of a zone', () => {
  it('begin and end at local midnight', () => {
    expect(dayRange('2012-01-16', 'Europe/Berlin')).toEqual({
      from: unix('2012-01-15T23:00:00Z'),
      to: unix('2012-01-16T23:00:00Z'),
    });
  });
  it('have 23 hours in Berlin when summer time begins', () => {
    expect(hours('2026-03-29', 'Europe/Berlin')).toBe(23);
    expect(dayRange('2026-03-29', 'Europe/Berlin').from).toBe(unix('2026-03-28T23:00:00Z'));
  });
  it('have 25 hours in Berlin when summer time ends', () => {
    expect(hours('2026-10-25', 'Europe/Berlin')).toBe(25);
    expect(dayRange('2026-10-25', 'Europe/Berlin').to).toBe(unix('2026-10-25T23:00:00Z'));
  });
  it('follow Kathmandu’s offset of 5:45', () => {
    expect(dayRange('2026-06-01', 'Asia/Kathmandu')).toEqual({
      from: unix('2026-05-31T18:15:00Z'),
      to: unix('2026-06-01T18:15:00Z'),
    });
  });
  it('begin late where midnight itself is skipped', () => {
    expect(dayRange('2018-11-04', 'America/Sao_Paulo').from).toBe(unix('2018-11-04T03:00:00Z'));
    expect(hours('2018-11-04', 'America/Sao_Paulo')).toBe(23);
  });
  it('follow each other without a hole, all year round', () => {
    for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu']) {
      let day = '2026-01-01';
      let end = dayRange(day, zone).from;
      for (let i = 0; i < 366; i++) {
        const range = dayRange(day, zone);
        expect(range.from).toBe(end);
        expect(dayOf(range.from, zone)).toBe(day);
        expect(dayOf(range.to - 1, zone)).toBe(day);
        end = range.to;
        day = addDays(day, 1);
      }
    }
  });
});

describe('hours of a day', () => {
  it('name the first instant of an hour that comes twice', () => {
    expect(instantOf('2026-10-25', 2, 'Europe/Berlin')).toBe(unix('2026-10-25T00:00:00Z'));
  });
  it('stand at their true distance on a short day', () => {
    const marks = hourMarks('2026-03-29', 'Europe/Berlin', 6);
    expect(marks.map((mark) => mark.hour)).toEqual([0, 6, 12, 18, 24]);
    expect((marks[1]?.at ?? 0) - (marks[0]?.at ?? 0)).toBe(5 * 3600);
  });
});

it('tells a real date from a made-up one', () => {
  expect(isDay('2012-01-16')).toBe(true);
  expect(isDay('2012-02-30')).toBe(false);
  expect(isDay('tomorrow')).toBe(false);
});
