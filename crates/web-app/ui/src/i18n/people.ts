import { m as start, say } from '.';
import * as de from './de/people';
import * as en from './en/people';
import type { Messages } from './messages';

export * from '.';
export const m = { ...start, ...say<Pick<Messages, 'people' | 'audit'>>({ en, de }) };
