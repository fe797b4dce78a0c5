import type { Proof } from '../../../api/data';
import type { Messages } from '../../../i18n/messages';
import { logInCode } from '../../../lib/codes';
import type { Refusals } from '../../../ui/form.svelte';

type Words = Pick<Messages['data'], 'needCode' | 'wrongPassword' | 'wrongCode'>;

export function proofOf(password: string, code: string, codeNeeded: boolean): Proof {
  return { password, code: codeNeeded ? logInCode(code) : null };
}

/** What is missing, by field. */
export function missing(password: string, code: string, codeNeeded: boolean, words: Words, needPassword: string): Record<string, string> {
  return { password: password ? '' : needPassword, code: codeNeeded && !code.trim() ? words.needCode : '' };
}

export function refusalsOf(words: Words): Refusals {
  return { '422 password': words.wrongPassword, '422 code': words.wrongCode };
}
