import { m as start, say } from '.';
import { data as de } from './de/data';
import { data as en } from './en/data';
import type { Messages } from './messages';

export * from '.';
export const m = { ...start, data: say<Messages['data']>({ en, de }) };
