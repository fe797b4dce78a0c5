import type { Nano } from '../api/types';

/** One unit of a currency (1 €). */
export const UNIT: Nano = 1_000_000_000;

/** Where prices of a kWh are usually told in the hundredth part of the currency. */
const HUNDREDTHS: Record<string, string> = {
  EUR: 'ct',
  USD: '¢',
  CAD: '¢',
  AUD: 'c',
  NZD: 'c',
  GBP: 'p',
  CHF: 'Rp.',
  DKK: 'øre',
  NOK: 'øre',
  SEK: 'öre',
};

export interface PriceUnit {
  symbol: string;
  /** How many nano-units of the currency it is. */
  nano: Nano;
}

/** What a price of a kWh is typed and shown in. */
export function priceUnit(currency: string): PriceUnit {
  const symbol = HUNDREDTHS[currency];
  return symbol === undefined ? { symbol: currency, nano: UNIT } : { symbol, nano: UNIT / 100 };
}

/** How many digits after the point still make whole nano-units. */
function places(unit: Nano): number {
  return Math.round(Math.log10(unit));
}

/**
 * A typed amount in nano-units; null where it is no number or finer than a nano-unit. Comma and point are both read
 * as the decimal separator: whoever types 33.9 on a German keyboard means the same. Only with both of them, or with
 * one of them twice, are the earlier ones for thousands.
 */
export function parseAmount(text: string, unit: Nano = UNIT): Nano | null {
  const compact = text.replaceAll(/[\s\u00a0\u202f’']/g, '').replace('−', '-');
  const parts = /^(-?)(\d[\d.,]*|[.,]\d+)$/.exec(compact);
  const digits = parts?.[2];
  if (digits === undefined) return null;
  const seps: string[] = digits.match(/[.,]/g) ?? [];
  const last = seps.at(-1);
  const decimal = last !== undefined && (seps.length === 1 || seps.indexOf(last) === seps.length - 1) ? last : null;
  const at = decimal === null ? -1 : digits.lastIndexOf(decimal);
  const [whole, fraction] = at < 0 ? [digits, ''] : [digits.slice(0, at), digits.slice(at + 1)];
  if (/[.,]/.test(whole) && !/^\d{1,3}([.,]\d{3})+$/.test(whole)) return null;
  const figures = whole.replaceAll(/[.,]/g, '') || '0';
  const trimmed = fraction.replace(/0+$/, '');
  if (trimmed.length > places(unit) || figures.length > 9) return null;
  const nano = Number(figures) * unit + Number(trimmed.padEnd(places(unit), '0') || '0');
  return parts?.[1] === '-' && nano !== 0 ? -nano : nano;
}

/** An amount as it is typed: no thousands, no needless zeros, at least `least` digits after the separator. */
export function amountText(nano: Nano, separator: string, unit: Nano = UNIT, least = 2): string {
  const size = Math.abs(nano);
  const whole = Math.floor(size / unit);
  const fraction = String(size % unit).padStart(places(unit), '0').replace(/0+$/, '').padEnd(least, '0');
  return `${nano < 0 ? '-' : ''}${whole}${fraction ? separator + fraction : ''}`;
}

