import { expect, test } from 'vitest';
import { measuredDays } from '../src/lib/socket-rows';

test('a year is a year only when it was measured', () => {
  expect(measuredDays([{ coverage_year: 0.0959 }, { coverage_year: 0.01 }])).toBe(35);
  expect(measuredDays([{ coverage_year: 0.999 }])).toBeNull();
  expect(measuredDays([])).toBe(1);
});
