import { describe, expect, it } from 'vitest';
import { bounds, moved } from '../src/screens/history/chart/selection';

const reach = { stride: 1, page: 7, last: 20 };

describe('the cursor of a chart', () => {
  it('begins at the first bar, or at the last one going back', () => {
    expect(moved('ArrowRight', null, reach)).toBe(0);
    expect(moved('ArrowLeft', null, reach)).toBe(19);
  });
  it('stays between the first bar and now', () => {
    expect(moved('ArrowLeft', 0, reach)).toBe(0);
    expect(moved('PageDown', 18, reach)).toBe(20);
    expect([moved('Home', 9, reach), moved('End', 9, reach)]).toEqual([0, 20]);
  });
  it('leaves other keys to others', () => {
    expect(moved('Enter', 3, reach)).toBeUndefined();
    expect(moved('Tab', 3, reach)).toBeUndefined();
  });
});

it('a selection is the same from both of its ends', () => {
  expect(bounds({ anchor: 7, head: 3 })).toEqual({ first: 3, last: 7 });
  expect(bounds({ anchor: 3, head: 7 })).toEqual({ first: 3, last: 7 });
});
