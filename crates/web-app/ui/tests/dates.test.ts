import { describe, expect, it } from 'vitest';
import { createFormat } from '../src/lib/format';

const english = createFormat('en-GB', 'en-GB');
const german = createFormat('de-DE', 'de-DE');
const spaces = (text: string): string => text.replaceAll(/[\u00a0\u2009\u202f]/g, ' ');

describe('stretches of days in words', () => {
  it('say the month once where it is one', () => {
    expect(spaces(english.days('2026-11-16', '2026-11-22', '2026'))).toMatch(/^16\s?–\s?22 November$/);
    expect(spaces(german.days('2026-11-16', '2026-11-22', '2026'))).toMatch(/^16\.\s?–\s?22\. November$/);
  });
  it('say the year where it is not the present one', () => {
    expect(english.days('2025-12-29', '2026-01-04', '2026')).toMatch(/2025.*2026/);
    expect(english.days('2026-12-28', '2026-12-31', '2026')).not.toMatch(/2026/);
  });
  it('are one day where they are one day', () => {
    expect(english.days('2026-11-16', '2026-11-16', '2026')).toBe('16 November');
  });
});

it('a change is told without its sign, for the words that say its direction', () => {
  expect(english.percent(-0.123)).toBe('12%');
  expect(spaces(german.percent(0.123))).toBe('12 %');
});
