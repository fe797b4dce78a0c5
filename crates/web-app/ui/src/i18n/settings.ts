import { m as start, say } from '.';
import { settings as de } from './de/settings';
import { settings as en } from './en/settings';
import type { Messages } from './messages';

export * from '.';
export const m = { ...start, settings: say<Messages['settings']>({ en, de }) };
