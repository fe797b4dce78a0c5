import { m as start, say } from '.';
import { newHome as de } from './de/new-home';
import { newHome as en } from './en/new-home';
import type { Messages } from './messages';

export * from '.';
export const m = { ...start, newHome: say<Messages['newHome']>({ en, de }) };
