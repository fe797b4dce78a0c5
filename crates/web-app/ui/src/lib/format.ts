import { JOULES_PER_KWH, JOULES_PER_WH } from './energy';

const NBSP = '\u00a0';

/** Numbers follow the reader's locale; words (weekdays, months) follow the language of the page. */
export function createFormat(numberLocale: string, textLocale: string) {
  const whole = new Intl.NumberFormat(numberLocale, { maximumFractionDigits: 0 });
  const signed = new Intl.NumberFormat(numberLocale, { maximumFractionDigits: 0, signDisplay: 'exceptZero' });
  const fixed = (digits: number): Intl.NumberFormat =>
    new Intl.NumberFormat(numberLocale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const digits = [fixed(0), fixed(1), fixed(2), fixed(3), fixed(4)] as const;
  const percent1 = new Intl.NumberFormat(numberLocale, { style: 'percent', maximumFractionDigits: 1 });
  const percent0 = new Intl.NumberFormat(numberLocale, { style: 'percent', maximumFractionDigits: 0 });
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

  return {
    decimal,
    kwhNumber,
    kwh: (joules: number): string => `${kwhNumber(joules)}${NBSP}kWh`,
    wattHours: (joules: number): string => {
      const value = joules / JOULES_PER_WH;
      return `${decimal(value, value === 0 || value >= 99.95 ? 0 : 1)}${NBSP}Wh`;
    },
    wattsNumber: (value: number): string => whole.format(Math.round(value)),
    watts: (value: number): string => `${whole.format(Math.round(value))}${NBSP}W`,
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
  };
}

export type Format = ReturnType<typeof createFormat>;
