import { createFormat } from '../lib/format';
import { de } from './de';
import { en, type Messages } from './en';

export const catalogues = { en, de } satisfies Record<string, Messages>;
export type Language = keyof typeof catalogues;

export function pickLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const base = tag.toLowerCase().split('-')[0] ?? '';
    if (base in catalogues) return base as Language;
  }
  return 'en';
}

const preferred = globalThis.navigator?.languages ?? ['en'];
export const language = pickLanguage(preferred);
const reader = preferred[0] ?? language;
/** A regional form of the page's own language ("en-GB") decides how its dates are written. */
const regional = preferred.find((tag) => tag.toLowerCase().startsWith(language)) ?? language;

export const m: Messages = catalogues[language];
export const fmt = createFormat(reader, regional);
