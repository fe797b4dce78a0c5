import { describe, expect, it } from 'vitest';
import { WEEKDAYS, type Band, type Tariff, type Weekday } from '../src/api/types';
import { UNIT } from '../src/lib/money';
import { checkTariffs, dayGroups, dayRuns, priceRange, simpleTariff, tariffOn } from '../src/lib/tariff';

const workdays = WEEKDAYS.slice(0, 5);
const weekend = WEEKDAYS.slice(5);
const band = (from: string, to: string, days: readonly Weekday[] = WEEKDAYS, price = 0.3): Band => ({
  name: `${from} to ${to}`,
  price_n: price * UNIT,
  from,
  to,
  days: [...days],
});
const tariff = (...bands: Band[]): Tariff => ({ ...simpleTariff('2026-01-01', 'Home', 'All day'), bands });
const faults = (...bands: Band[]): string[] => checkTariffs([tariff(...bands)]).map(({ field, kind }) => `${field} ${kind}`);

describe('a tariff', () => {
  it('covers the week in bands, also over midnight', () => {
    expect(faults(band('00:00', '24:00'))).toEqual([]);
    expect(faults(band('07:00', '22:00'), band('22:00', '07:00'))).toEqual([]);
    expect(faults(band('06:15', '00:00'), band('00:00', '06:15'))).toEqual([]);
    expect(
      faults(band('06:15', '22:00', workdays), band('22:00', '06:15', workdays.slice(0, 4)), band('22:00', '24:00', ['fri']), band('00:00', '24:00', weekend), band('00:00', '06:15', ['mon'])),
    ).toEqual([]);
  });
  it('names a hole and an overlap as the server does', () => {
    expect(checkTariffs([tariff(band('00:00', '23:45'))])).toEqual([
      { field: 'tariffs[0].bands', kind: 'hole', at: { day: 'mon', time: '23:45' } },
    ]);
    expect(checkTariffs([tariff(band('00:00', '24:00'), band('12:00', '13:00', ['sun']))])).toEqual([
      { field: 'tariffs[0].bands[1].from', kind: 'overlap', at: { day: 'sun', time: '12:00' }, names: ['00:00 to 24:00', '12:00 to 13:00'] },
    ]);
  });
  it('names what makes no sense by its field', () => {
    expect(faults(band('00:10', '24:00'))).toEqual(['tariffs[0].bands[0].from quarter']);
    expect(faults(band('00:00', '23:59'))).toEqual(['tariffs[0].bands[0].to quarter']);
    expect(faults(band('08:00', '08:00'))).toEqual(['tariffs[0].bands[0].to empty']);
    expect(faults(band('24:00', '08:00'))).toEqual(['tariffs[0].bands[0].from quarter']);
    expect(faults(band('00:00', '24:00', []))).toEqual(['tariffs[0].bands[0].days noDays']);
    expect(faults()).toEqual(['tariffs[0].bands noBands']);
    expect(faults({ ...band('00:00', '24:00'), name: ' ' })).toEqual(['tariffs[0].bands[0].name name']);
    expect(faults(band('00:00', '24:00', WEEKDAYS, 1001))).toEqual(['tariffs[0].bands[0].price_n price']);
    const odd = { ...tariff(band('00:00', '24:00')), valid_from: '2026-02-30', standing_n: -1, feed_in_n: NaN };
    expect(checkTariffs([odd]).map(({ kind }) => kind)).toEqual(['date', 'standing', 'price']);
  });
  it('does not begin on the day of another', () => {
    const one = tariff(band('00:00', '24:00'));
    expect(checkTariffs([one, one]).map(({ field, kind }) => `${field} ${kind}`)).toEqual(['tariffs[1].valid_from sameDay']);
  });
});

it('weekdays with equal bands share a strip', () => {
  const groups = dayGroups([band('22:00', '06:00'), band('06:00', '22:00', workdays), band('06:00', '21:00', weekend)]);
  expect(groups.map(({ days }) => days)).toEqual([workdays, weekend]);
  expect(groups[0]?.stretches).toEqual([
    { from: 0, to: 24, bands: [0] },
    { from: 24, to: 88, bands: [1] },
    { from: 88, to: 96, bands: [0] },
  ]);
  expect(groups[1]?.stretches.find(({ bands }) => bands.length === 0)).toEqual({ from: 84, to: 88, bands: [] });
});

it('weekdays are told as runs', () => {
  expect(dayRuns(['sun', 'mon', 'tue', 'wed', 'fri'])).toEqual([['mon', 'wed'], ['fri', 'fri'], ['sun', 'sun']]);
});

it('a tariff tells its lowest and its highest price', () => {
  const { low, high } = priceRange(tariff(band('00:00', '06:00', WEEKDAYS, 0.2), band('06:00', '24:00', WEEKDAYS, 0.4)));
  expect([low, high].map((nano) => nano / UNIT)).toEqual([0.2, 0.4]);
});

it('a tariff holds until the next begins', () => {
  const list = [{ valid_from: '2026-07-01' }, { valid_from: '2026-01-01' }];
  expect(tariffOn(list, '2025-12-31')).toBe(-1);
  expect(tariffOn(list, '2026-06-30')).toBe(1);
  expect(tariffOn(list, '2026-07-01')).toBe(0);
});
