import type { Band, Tariff, Weekday } from '../../api/types';
import { amountText, parseAmount, UNIT, type PriceUnit } from '../../lib/money';

/** A band as it is being typed. */
export interface BandDraft {
  id: number;
  name: string;
  price: string;
  /** As a time field has them: midnight is 00:00 at both ends. */
  from: string;
  to: string;
  days: Weekday[];
}

/** A tariff as it is being typed. */
export interface Draft {
  valid_from: string;
  name: string;
  bands: BandDraft[];
  standing: string;
  standing_per: Tariff['standing_per'];
  feedIn: string;
}

let nextId = 0;

export function draftOf(tariff: Tariff, separator: string, unit: PriceUnit, priced: boolean): Draft {
  return {
    valid_from: tariff.valid_from,
    name: tariff.name,
    bands: tariff.bands.map((band) => ({
      id: nextId++,
      name: band.name,
      price: priced ? amountText(band.price_n, separator, unit.nano, 1) : '',
      from: band.from,
      to: band.to === '24:00' ? '00:00' : band.to,
      days: [...band.days],
    })),
    standing: tariff.standing_n === 0 ? '' : amountText(tariff.standing_n, separator),
    standing_per: tariff.standing_per,
    feedIn: tariff.feed_in_n === null ? '' : amountText(tariff.feed_in_n, separator, unit.nano, 1),
  };
}

export function newBand(days: readonly Weekday[]): BandDraft {
  return { id: nextId++, name: '', price: '', from: '00:00', to: '00:00', days: [...days] };
}

/** What the draft means; an amount that cannot be read is NaN, which the checks refuse. */
export function tariffOf(draft: Draft, unit: PriceUnit): Tariff {
  const amount = (text: string, nano: number): number => parseAmount(text, nano) ?? NaN;
  return {
    valid_from: draft.valid_from,
    name: draft.name.trim(),
    bands: draft.bands.map((band) => bandOf(band, unit)),
    standing_n: draft.standing.trim() === '' ? 0 : amount(draft.standing, UNIT),
    standing_per: draft.standing_per,
    feed_in_n: draft.feedIn.trim() === '' ? null : amount(draft.feedIn, unit.nano),
  };
}

export function bandOf(band: BandDraft, unit: PriceUnit): Band {
  return {
    name: band.name.trim(),
    price_n: parseAmount(band.price, unit.nano) ?? NaN,
    from: band.from,
    to: band.to === '00:00' ? '24:00' : band.to,
    days: [...band.days],
  };
}
