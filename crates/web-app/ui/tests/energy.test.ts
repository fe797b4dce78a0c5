import { describe, expect, it } from 'vitest';
import { addSeries, JOULES_PER_KWH, kwh, parseKey, socketKey, sumJoules } from '../src/lib/energy';
import { createFormat } from '../src/lib/format';

const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ');
const en = createFormat('en-GB', 'en-GB');
const us = createFormat('en-US', 'en-US');
const de = createFormat('de-DE', 'de-DE');

describe('sums of joules', () => {
  it('skips gaps and stays in whole joules', () => {
    expect(sumJoules([1, null, 2, 3])).toBe(6);
    const many = Array.from({ length: 8640 }, (_, i) => (i * 7919) % 30_011);
    expect(Number.isSafeInteger(sumJoules(many))).toBe(true);
  });
  it('adds series and keeps a gap only where all have one', () => {
    expect(addSeries([[1, null, null], [2, 3, null]], 3)).toEqual([3, 3, null]);
  });
  it('finds the hub and the number of a socket again', () => {
    expect(parseKey(socketKey('5f0c-7', 21))).toEqual({ hub: '5f0c-7', socket: 21 });
  });
  it('converts to kilowatt-hours', () => {
    expect(kwh(JOULES_PER_KWH)).toBe(1);
  });
});

describe('formats', () => {
  it('writes kilowatt-hours in the reader’s way', () => {
    expect(plain(en.kwh(9.984 * JOULES_PER_KWH))).toBe('9.98 kWh');
    expect(plain(de.kwh(9.984 * JOULES_PER_KWH))).toBe('9,98 kWh');
    expect(plain(en.kwh(1234.5 * JOULES_PER_KWH))).toBe('1,234.5 kWh');
  });
  it('does not call a little energy nothing', () => {
    expect(plain(en.kwhNumber(0))).toBe('0.00');
    expect(plain(en.kwhNumber(3600))).toBe('< 0.01');
    expect(plain(en.share(1, 1000))).toBe('< 1%');
  });
  it('writes watts without decimals, and changes with a true minus', () => {
    expect(plain(en.watts(1233.6))).toBe('1,234 W');
    expect(plain(en.delta(1900))).toBe('+1,900 W');
    expect(plain(en.delta(-57.4))).toBe('−57 W');
    expect(plain(de.delta(-1900))).toBe('−1.900 W');
  });
  it('writes watt-hours with a decimal only where it says something', () => {
    expect(plain(en.wattHours(676 * 3600))).toBe('676 Wh');
    expect(plain(en.wattHours(23.14 * 3600))).toBe('23.1 Wh');
    expect(plain(en.wattHours(0))).toBe('0 Wh');
  });
  it('rounds coverage down, so that only the whole is called the whole', () => {
    expect(plain(en.coverage(0.99999))).toBe('99.9%');
    expect(plain(en.coverage(0.991))).toBe('99.1%');
    expect(plain(en.coverage(1))).toBe('100%');
    expect(plain(de.coverage(0.991))).toBe('99,1 %');
  });
  it('writes hours as the reader’s clock does', () => {
    expect(en.axisHour(24)).toBe('24:00');
    expect(plain(us.axisHour(15))).toBe('3 PM');
    expect(en.time(0, 'Europe/Berlin')).toBe('01:00');
  });
});
