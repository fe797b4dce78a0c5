import { JOULES_PER_KWH, JOULES_PER_WH } from './energy';
import { priceUnit, UNIT } from './money';

const NBSP = '\u00a0';
/** Noon of some Monday. */
const MONDAY = Date.UTC(2024, 0, 1, 12);

/** Numbers follow the reader's locale; words (weekdays, months) follow the language of the page. */
export function createFormat(numberLocale: string, textLocale: string) {
  const whole = new Intl.NumberFormat(numberLocale, { maximumFractionDigits: 0 });
  const signed = new Intl.NumberFormat(numberLocale, { maximumFractionDigits: 0, signDisplay: 'exceptZero' });
  const fixed = (digits: number): Intl.NumberFormat =>
    new Intl.NumberFormat(numberLocale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const digits = [fixed(0), fixed(1), fixed(2), fixed(3), fixed(4)] as const;
  const percent1 = new Intl.NumberFormat(numberLocale, { style: 'percent', maximumFractionDigits: 1 });
  const percent0 = new Intl.NumberFormat(numberLocale, { style: 'percent', maximumFractionDigits: 0 });
  const signedPercent = new Intl.NumberFormat(numberLocale, { style: 'percent', maximumFractionDigits: 0, signDisplay: 'exceptZero' });
  const list = new Intl.ListFormat(textLocale, { type: 'conjunction' });
  const cache = new Map<string, Intl.DateTimeFormat>();
  const date = (zone: string, id: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
    const key = `${zone}|${id}`;
    let found = cache.get(key);
    if (!found) {
      found = new Intl.DateTimeFormat(textLocale, { timeZone: zone, ...options });
      cache.set(key, found);
    }
    return found;
  };
  const twelve = date('UTC', 'probe', { hour: 'numeric' }).resolvedOptions().hour12 === true;

  const decimal = (value: number, places: number): string =>
    (digits[Math.min(places, 4)] ?? digits[4]).format(value);

  const kwhNumber = (joules: number): string => {
    const value = joules / JOULES_PER_KWH;
    if (joules > 0 && value < 0.005) return `<${NBSP}${decimal(0.01, 2)}`;
    return decimal(value, value >= 99.95 ? 1 : 2);
  };

  const noon = (day: string): number => Date.parse(`${day}T12:00:00Z`);
  const ofDay = (id: string, options: Intl.DateTimeFormatOptions) => (day: string): string =>
    date('UTC', id, options).format(noon(day));
  const coins = new Map<string, Intl.NumberFormat>();
  const coin = (currency: string, whole: boolean): Intl.NumberFormat => {
    const key = `${currency}|${whole}`;
    let found = coins.get(key);
    if (!found) {
      const digits = whole ? { maximumFractionDigits: 0 } : {};
      found = new Intl.NumberFormat(numberLocale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...digits });
      coins.set(key, found);
    }
    return found;
  };
  const least = (currency: string): number => 10 ** -(coin(currency, false).resolvedOptions().maximumFractionDigits ?? 2);
  const money = (nano: number, currency: string): string => {
    const value = nano / UNIT;
    const smallest = least(currency);
    if (nano > 0 && value < smallest / 2) return `<${NBSP}${coin(currency, false).format(smallest)}`;
    return coin(currency, false).format(value).replace('-', '−');
  };
  const separator = fixed(1).formatToParts(0.5).find((part) => part.type === 'decimal')?.value ?? '.';

  return {
    decimal,
    /** What stands before the digits after the point. */
    separator,
    /** What is above nothing is never written as nothing. */
    money,
    /** Where it is about how much, roughly: no cents from ten on. */
    moneyAbout: (nano: number, currency: string): string =>
      Math.abs(nano) >= 9.995 * UNIT ? coin(currency, true).format(nano / UNIT).replace('-', '−') : money(nano, currency),
    currencySymbol: (currency: string): string =>
      coin(currency, true).formatToParts(0).find((part) => part.type === 'currency')?.value ?? currency,
    /** Of a kWh, in the unit it is usually told in: 33.9 ct. */
    price: (nano: number, currency: string): string => {
      const unit = priceUnit(currency);
      const value = nano / unit.nano;
      const digits = unit.nano === UNIT ? 4 : 2;
      const text = new Intl.NumberFormat(numberLocale, { minimumFractionDigits: 1, maximumFractionDigits: digits }).format(value);
      return `${text.replace('-', '−')}${NBSP}${unit.symbol}`;
    },
    /** A difference as a share, with its sign: −12 %. */
    change: (part: number, all: number): string => signedPercent.format(part / all).replace('-', '−'),
    /** Of a month, `YYYY-MM`. */
    monthLong: (month: string): string => ofDay('ml', { month: 'long' })(`${month}-15`),
    dateOf: ofDay('do', { day: 'numeric', month: 'short', year: 'numeric' }),
    dateTime: (unix: number, zone: string): string =>
      date(zone, 'dt', { day: 'numeric', month: 'short', year: 'numeric', hour: twelve ? 'numeric' : '2-digit', minute: '2-digit' }).format(
        unix * 1000,
      ),
    dateAt: (unix: number, zone: string): string =>
      date(zone, 'da', { day: 'numeric', month: 'short', year: 'numeric' }).format(unix * 1000),
    weekdayLong: ofDay('wl', { weekday: 'long' }),
    /** Monday is 0. */
    weekdayName: (index: number): string => date('UTC', 'wn', { weekday: 'long' }).format(MONDAY + index * 86_400_000),
    weekdayShort: (index: number): string => date('UTC', 'ws', { weekday: 'short' }).format(MONDAY + index * 86_400_000),
    kwhNumber,
    kwh: (joules: number): string => `${kwhNumber(joules)}${NBSP}kWh`,
    wattHours: (joules: number): string => {
      const value = joules / JOULES_PER_WH;
      return `${decimal(value, value === 0 || value >= 99.95 ? 0 : 1)}${NBSP}Wh`;
    },
    wattsNumber: (value: number): string => whole.format(Math.round(value)),
    watts: (value: number): string => `${whole.format(Math.round(value))}${NBSP}W`,
    /** With a decimal where that says something: standby is often less than a few watts. */
    wattsFine: (value: number): string => `${value > 0 && value < 9.95 ? decimal(value, 1) : whole.format(Math.round(value))}${NBSP}W`,
    delta: (value: number): string => `${signed.format(Math.round(value)).replace('-', '−')}${NBSP}W`,
    count: (value: number): string => whole.format(value),
    list: (items: readonly string[]): string => list.format(items),
    /** Rounded down, so that 100 % is said only where nothing is missing. */
    coverage: (ratio: number): string => percent1.format(Math.floor(ratio * 1000 + 1e-6) / 1000),
    share: (part: number, all: number): string => {
      if (all <= 0 || part <= 0) return percent0.format(0);
      return part / all < 0.005 ? `<${NBSP}${percent0.format(0.01)}` : percent0.format(part / all);
    },
    time: (unix: number, zone: string): string =>
      date(zone, 't', { hour: twelve ? 'numeric' : '2-digit', minute: '2-digit' }).format(unix * 1000),
    timeSeconds: (unix: number, zone: string): string =>
      date(zone, 's', { hour: twelve ? 'numeric' : '2-digit', minute: '2-digit', second: '2-digit' }).format(unix * 1000),
    axisHour: (hour: number): string =>
      twelve
        ? date('UTC', 'h', { hour: 'numeric' }).format((hour % 24) * 3_600_000)
        : `${String(hour).padStart(2, '0')}:00`,
    day: (day: string): string =>
      date('UTC', 'd', { weekday: 'long', day: 'numeric', month: 'long' }).format(Date.parse(`${day}T12:00:00Z`)),
    dayYear: (day: string): string =>
      date('UTC', 'dy', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(
        Date.parse(`${day}T12:00:00Z`),
      ),
    dayShort: (day: string): string =>
      date('UTC', 'ds', { weekday: 'short', day: 'numeric', month: 'short' }).format(Date.parse(`${day}T12:00:00Z`)),
    /** The end of a day as one writes it: 24:00, or 12 a.m. where the clock has twelve hours. */
    midnight: twelve ? date('UTC', 't', { hour: 'numeric', minute: '2-digit' }).format(0) : '24:00',
    /** A change, rounded to whole per cent, without its sign: words say whether it is more or less. */
    percent: (ratio: number): string => percent0.format(Math.abs(ratio)),
    month: ofDay('m', { month: 'long', year: 'numeric' }),
    monthLetter: ofDay('ml', { month: 'narrow' }),
    monthShort: ofDay('ms', { month: 'short' }),
    monthYear: ofDay('my', { month: 'short', year: 'numeric' }),
    year: ofDay('y', { year: 'numeric' }),
    weekday: ofDay('wd', { weekday: 'short' }),
    weekdayDay: ofDay('wdd', { weekday: 'short', day: 'numeric' }),
    dayOfMonth: (day: string): string => whole.format(Number(day.slice(8, 10))),
    date: ofDay('dm', { day: 'numeric', month: 'short' }),
    /** From one day to another, both included; the year where it is not `year`. */
    days: (first: string, last: string, year: string, short = false): string => {
      const same = first.startsWith(year) && last.startsWith(year);
      const options: Intl.DateTimeFormatOptions = { day: 'numeric', month: short ? 'short' : 'long' };
      if (!same) options.year = 'numeric';
      return date('UTC', `r${String(same)}${String(short)}`, options).formatRange(noon(first), noon(last));
    },
  };
}

export type Format = ReturnType<typeof createFormat>;
