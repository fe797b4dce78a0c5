import { describe, expect, it } from 'vitest';
import { createFormat } from '../src/lib/format';
import { amountText, parseAmount, priceUnit, UNIT } from '../src/lib/money';

const cents = (n: number): number => Math.round((n * UNIT) / 100);
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ');

describe('a typed amount', () => {
  it('has a comma or a point', () => {
    for (const text of ['33.9', '33,9', ' 33,90 ', '33.900']) expect(parseAmount(text, cents(1)), text).toBe(cents(33.9));
    expect(parseAmount('12')).toBe(12 * UNIT);
    expect(parseAmount('.5')).toBe(UNIT / 2);
    expect(parseAmount('−8,11', cents(1))).toBe(cents(-8.11));
    expect(parseAmount('-0')).toBe(0);
  });
  it('may have thousands where that is beyond doubt', () => {
    for (const text of ['1,234.50', '1.234,50', '1 234,50', "1'234.50"]) expect(parseAmount(text), text).toBe(1234.5 * UNIT);
    expect(parseAmount('1.234.567')).toBe(1_234_567 * UNIT);
  });
  it('is exact to the nano-unit, and nothing finer', () => {
    expect(parseAmount('0.339000001')).toBe(339_000_001);
    expect(parseAmount('0.3390000015')).toBeNull();
    expect(parseAmount('33.90000011', cents(1))).toBeNull();
  });
  it('that is none is refused', () => {
    for (const text of ['', 'ten', '1,2,3', '1.23.4', '12,34.567,8', '--1', '5€', '.', '1e3']) expect(parseAmount(text), text).toBeNull();
  });
  it('comes back as it was typed', () => {
    for (const text of ['33,90', '8,11', '-0,50', '0,3399999']) {
      expect(amountText(parseAmount(text, cents(1)) ?? NaN, ',', cents(1))).toBe(text);
    }
    expect(amountText(95 * UNIT, '.', UNIT, 0)).toBe('95');
  });
});

it('a price is told in the unit people use', () => {
  expect(priceUnit('EUR')).toEqual({ symbol: 'ct', nano: cents(1) });
  expect(priceUnit('PLN')).toEqual({ symbol: 'PLN', nano: UNIT });
  expect(plain(createFormat('de-DE', 'de-DE').price(cents(33.9), 'EUR'))).toBe('33,9 ct');
});

it('money follows the reader, and a little is not nothing', () => {
  const german = createFormat('de-DE', 'de-DE');
  const british = createFormat('en-GB', 'en-GB');
  expect(plain(german.money(2.024 * UNIT, 'EUR'))).toBe('2,02 €');
  expect(british.money(2.024 * UNIT, 'EUR')).toBe('€2.02');
  expect(plain(british.money(UNIT / 1000, 'EUR'))).toBe('< €0.01');
  expect(british.money(0, 'EUR')).toBe('€0.00');
  expect(british.moneyAbout(248.8 * UNIT, 'EUR')).toBe('€249');
  expect(plain(german.change(-12, 100))).toBe('−12 %');
  expect(german.separator).toBe(',');
});
