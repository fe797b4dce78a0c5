import { describe, expect, it } from 'vitest';
import { inGroups, isLongEnough, isPairingCode, linkedCode, logInCode, looksLikeEmail, pairingCode, pairingCursor } from '../src/lib/codes';

describe('the code of a hub', () => {
  it('gets its dash and its capitals while it is typed', () => {
    const typed = ['a', 'ab', 'abc', 'abcd', 'abcde', 'ABCD-Ef', 'ABCD-EFg', 'ABCD-EFGh'];
    expect(typed.map(pairingCode)).toEqual(['A', 'AB', 'ABC', 'ABCD', 'ABCD-E', 'ABCD-EF', 'ABCD-EFG', 'ABCD-EFGH']);
  });
  it('is read however it is pasted, and no longer than it is', () => {
    for (const pasted of ['abcd-efgh', ' ABCD EFGH ', 'abcdefgh', 'ab-cd-ef-gh', 'ABCD–EFGH', 'ABCD-EFGH and more']) {
      expect(pairingCode(pasted), pasted).toBe('ABCD-EFGH');
      expect(isPairingCode(pairingCode(pasted))).toBe(true);
    }
    expect(isPairingCode('ABCD-EFG')).toBe(false);
    expect(pairingCode('')).toBe('');
  });
  it('is taken from a link only where it can be one', () => {
    for (const code of ['ABCD-EFGH', 'abcd-efgh', 'ABCDEFGH']) expect(linkedCode(code), code).toBe('ABCD-EFGH');
    for (const code of ['', 'ABCD', 'ABCD-EFG', 'ABCD-EFGHJ', 'ABCD EFGH', 'ABCD-EFG1', 'ABCD-EFGO', ' ABCD-EFGH', '<b>ABCD-EFGH']) {
      expect(linkedCode(code), code).toBeNull();
    }
  });
  it('loses its dash with the letter behind it, so that one can go back over it', () => {
    expect(pairingCode('ABCD-')).toBe('ABCD');
  });
  it('keeps the cursor behind the same letter', () => {
    expect(pairingCursor('abcd', 4)).toBe(4);
    expect(pairingCursor('abcde', 5)).toBe(6);
    expect(pairingCursor('abXcd-efgh', 3)).toBe(3);
    expect(pairingCursor('abcd efgh ijkl', 14)).toBe(9);
  });
});

it('a key is shown in groups', () => {
  expect(inGroups('GEZDGNBVGY3TQOJQ')).toBe('GEZD GNBV GY3T QOJQ');
  expect(inGroups('ABCDE')).toBe('ABCD E');
  expect(inGroups('')).toBe('');
});

it('a code of an app is sent without its spaces, a recovery code as it is', () => {
  expect(logInCode(' 123 456 ')).toBe('123456');
  expect(logInCode('123-456')).toBe('123456');
  expect(logInCode(' 7qk2m-xw9pt ')).toBe('7qk2m-xw9pt');
  expect(logInCode('12345')).toBe('12345');
});

it('an address has something on both sides', () => {
  expect(['a@b', ' ada@example.org '].every(looksLikeEmail)).toBe(true);
  expect(['', 'ada', 'ada@', '@b', 'a b@c', 'a@b@c'].some(looksLikeEmail)).toBe(false);
});

it('a password is as long as its bytes', () => {
  expect(isLongEnough('1234567')).toBe(false);
  expect(isLongEnough('12345678')).toBe(true);
  expect(isLongEnough('äöüß')).toBe(true);
});
