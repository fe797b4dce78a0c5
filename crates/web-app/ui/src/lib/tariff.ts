import { WEEKDAYS, type Band, type Nano, type Tariff, type Weekday } from '../api/types';
import { isDay } from './days';
import { UNIT } from './money';

export const QUARTERS = 96;
const WEEK = 7 * QUARTERS;
const QUARTER_MINUTES = 15;
const MAX_NAME = 80;
const MAX_BANDS = 50;
const MAX_PRICE = 1000 * UNIT;
const MAX_STANDING = 1_000_000 * UNIT;

/** A quarter hour of the week. */
export interface Moment {
  day: Weekday;
  /** `HH:MM` */
  time: string;
}

export type Fault =
  | { field: string; kind: 'name' | 'date' | 'sameDay' | 'standing' | 'price' | 'quarter' | 'empty' | 'noDays' | 'noBands' }
  | { field: string; kind: 'hole'; at: Moment }
  | { field: string; kind: 'overlap'; at: Moment; names: [string, string] };

/** Minutes since midnight of `HH:MM`, 24:00 included; null where it is no such time. */
function minutesOf(time: string): number | null {
  const found = /^(\d\d):(\d\d)$/.exec(time);
  if (!found) return null;
  const minutes = Number(found[1]) * 60 + Number(found[2]);
  return Number(found[2]) < 60 && minutes <= 1440 ? minutes : null;
}

export function timeOf(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

/** The quarter hours of the week, from Monday 00:00, that a band holds in; none where its times make no sense. */
function quartersOf(band: Pick<Band, 'from' | 'to' | 'days'>): number[] {
  const [start, end] = [minutesOf(band.from), minutesOf(band.to)];
  if (start === null || end === null || start === end || start % QUARTER_MINUTES || end % QUARTER_MINUTES) return [];
  const from = start / QUARTER_MINUTES;
  const to = end / QUARTER_MINUTES + (end <= start ? QUARTERS : 0);
  return band.days.flatMap((day) => {
    const first = WEEKDAYS.indexOf(day) * QUARTERS + from;
    return Array.from({ length: to - from }, (_, i) => (first + i) % WEEK);
  });
}

/** The bands that hold in each quarter hour of the week: exactly one, when all is well. */
function weekOf(bands: readonly Pick<Band, 'from' | 'to' | 'days'>[]): number[][] {
  const week: number[][] = Array.from({ length: WEEK }, () => []);
  bands.forEach((band, index) => {
    for (const quarter of quartersOf(band)) week[quarter]?.push(index);
  });
  return week;
}

function momentOf(quarter: number): Moment {
  const day = WEEKDAYS[Math.floor(quarter / QUARTERS)] ?? 'mon';
  return { day, time: timeOf((quarter % QUARTERS) * QUARTER_MINUTES) };
}

/** Everything that the server would refuse, by the field it would name. */
export function checkTariffs(tariffs: readonly Tariff[]): Fault[] {
  return tariffs.flatMap((tariff, n) => {
    const path = `tariffs[${n}]`;
    const faults = checkTariff(path, tariff);
    const twice = tariffs.slice(0, n).some((earlier) => earlier.valid_from === tariff.valid_from);
    if (twice) faults.push({ field: `${path}.valid_from`, kind: 'sameDay' });
    return faults;
  });
}

function checkTariff(path: string, tariff: Tariff): Fault[] {
  const faults: Fault[] = [];
  const { valid_from: from, standing_n: standing, feed_in_n: feedIn, bands } = tariff;
  if (!isName(tariff.name)) faults.push({ field: `${path}.name`, kind: 'name' });
  if (!isDay(from) || from < '1970-01-01' || from > '9000-12-31') faults.push({ field: `${path}.valid_from`, kind: 'date' });
  if (!(standing >= 0 && standing <= MAX_STANDING)) faults.push({ field: `${path}.standing_n`, kind: 'standing' });
  if (feedIn !== null && !isPrice(feedIn)) faults.push({ field: `${path}.feed_in_n`, kind: 'price' });
  if (bands.length === 0 || bands.length > MAX_BANDS) return [...faults, { field: `${path}.bands`, kind: 'noBands' }];
  const bandFaults = bands.flatMap((band, n) => checkBand(`${path}.bands[${n}]`, band));
  // Times that make no sense leave holes; naming those as well would only confuse.
  const timesFit = !bandFaults.some(({ kind }) => kind === 'quarter' || kind === 'empty' || kind === 'noDays');
  return [...faults, ...bandFaults, ...(timesFit ? checkWeek(path, bands) : [])];
}

function checkBand(path: string, band: Band): Fault[] {
  const faults: Fault[] = [];
  if (!isName(band.name)) faults.push({ field: `${path}.name`, kind: 'name' });
  if (!isPrice(band.price_n)) faults.push({ field: `${path}.price_n`, kind: 'price' });
  for (const end of ['from', 'to'] as const) {
    const minutes = minutesOf(band[end]);
    if (minutes === null || minutes % QUARTER_MINUTES || (end === 'from' && minutes === 1440)) {
      faults.push({ field: `${path}.${end}`, kind: 'quarter' });
    }
  }
  if (band.from === band.to) faults.push({ field: `${path}.to`, kind: 'empty' });
  if (band.days.length === 0) faults.push({ field: `${path}.days`, kind: 'noDays' });
  return faults;
}

function checkWeek(path: string, bands: readonly Band[]): Fault[] {
  const week = weekOf(bands);
  const overlap = week.findIndex((held) => held.length > 1);
  const [first, second] = week[overlap] ?? [];
  if (first !== undefined && second !== undefined) {
    const names: [string, string] = [bands[first]?.name ?? '', bands[second]?.name ?? ''];
    return [{ field: `${path}.bands[${second}].from`, kind: 'overlap', at: momentOf(overlap), names }];
  }
  const hole = week.findIndex((held) => held.length === 0);
  return hole < 0 ? [] : [{ field: `${path}.bands`, kind: 'hole', at: momentOf(hole) }];
}

function isName(name: string): boolean {
  // eslint-disable-next-line no-control-regex -- the server refuses exactly these
  return name.trim() !== '' && [...name].length <= MAX_NAME && !/[\u0000-\u001f\u007f-\u009f]/.test(name);
}

function isPrice(nano: Nano): boolean {
  return Number.isFinite(nano) && Math.abs(nano) <= MAX_PRICE;
}

/** A stretch of a day with the same bands: none is a hole, more than one an overlap. */
export interface Stretch {
  from: number;
  to: number;
  bands: number[];
}

/** Weekdays that have the same prices all day. */
export interface DayGroup {
  days: Weekday[];
  stretches: Stretch[];
}

/** The week as few strips: weekdays with equal bands share one. */
export function dayGroups(bands: readonly Pick<Band, 'from' | 'to' | 'days'>[]): DayGroup[] {
  const week = weekOf(bands);
  const groups = new Map<string, DayGroup>();
  WEEKDAYS.forEach((day, index) => {
    const stretches: Stretch[] = [];
    for (let quarter = 0; quarter < QUARTERS; quarter++) {
      const held = week[index * QUARTERS + quarter] ?? [];
      const last = stretches.at(-1);
      if (last && last.bands.join() === held.join()) last.to = quarter + 1;
      else stretches.push({ from: quarter, to: quarter + 1, bands: held });
    }
    const key = stretches.map((one) => `${one.to}:${one.bands.join('+')}`).join(' ');
    const group = groups.get(key);
    if (group) group.days.push(day);
    else groups.set(key, { days: [day], stretches });
  });
  return [...groups.values()];
}

/** Neighbouring weekdays as runs, for "Mon–Fri, Sun". */
export function dayRuns(days: readonly Weekday[]): [Weekday, Weekday][] {
  const runs: [Weekday, Weekday][] = [];
  for (const day of WEEKDAYS.filter((one) => days.includes(one))) {
    const last = runs.at(-1);
    if (last && WEEKDAYS.indexOf(last[1]) + 1 === WEEKDAYS.indexOf(day)) last[1] = day;
    else runs.push([day, day]);
  }
  return runs;
}

/** Lowest and highest price of a kWh. */
export function priceRange(tariff: Tariff): { low: Nano; high: Nano } {
  const prices = tariff.bands.map((band) => band.price_n);
  return { low: Math.min(...prices), high: Math.max(...prices) };
}

/** The place of the tariff that holds on a day; -1 before the first. */
export function tariffOn(tariffs: readonly Pick<Tariff, 'valid_from'>[], day: string): number {
  let found = -1;
  tariffs.forEach((tariff, n) => {
    const best = tariffs[found];
    if (tariff.valid_from <= day && (best === undefined || best.valid_from < tariff.valid_from)) found = n;
  });
  return found;
}

/** A tariff with one price all week: where most people begin. */
export function simpleTariff(valid_from: string, name: string, bandName: string): Tariff {
  const band: Band = { name: bandName, price_n: 0, from: '00:00', to: '24:00', days: [...WEEKDAYS] };
  return { valid_from, name, bands: [band], standing_n: 0, standing_per: 'month', feed_in_n: null };
}
