import { createFormat } from '../lib/format';
import * as de from './de/start';
import * as en from './en/start';
import type { Messages } from './messages';

/** What each language calls itself. */
export const languageNames = { en: 'English', de: 'Deutsch' };
export type Language = keyof typeof languageNames;

const KEY = 'wattline.language';

export function pickLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const base = tag.toLowerCase().split('-')[0] ?? '';
    if (base in languageNames) return base as Language;
  }
  return 'en';
}

/** The language that the reader chose here; null follows the browser. */
export function chosenLanguage(): Language | null {
  try {
    const chosen = localStorage.getItem(KEY);
    return chosen !== null && chosen in languageNames ? (chosen as Language) : null;
  } catch {
    return null;
  }
}

/** Takes effect with the next load of the page: every text and format is made once. */
export function chooseLanguage(wanted: Language | null): void {
  try {
    if (wanted === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, wanted);
  } catch {
    // Without storage the browser's language it is.
  }
}

const preferred = globalThis.navigator?.languages ?? ['en'];
const chosen = chosenLanguage();
export const language = chosen ?? pickLanguage(preferred);
/** A regional form of the page's own language ("en-GB") decides how its dates are written. */
const regional = preferred.find((tag) => tag.toLowerCase().startsWith(language)) ?? language;
/** Who chose a language wants its numbers too; otherwise they are the browser's. */
const reader = chosen === null ? (preferred[0] ?? language) : regional;

/** One of two catalogues, in the language of the page. */
export function say<T>(both: Record<Language, T>): T {
  return both[language];
}

/** What every screen needs. The texts of a screen come with it: `i18n/<screen>.ts` has these and its own. */
export const m: Pick<Messages, keyof typeof en> = say({ en, de });
export const fmt = createFormat(reader, regional);
