/** Letters and digits of what was typed or pasted, in capitals. */
function bare(text: string): string {
  return text.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
}

const PAIRING_LENGTH = 8;
const HALF = PAIRING_LENGTH / 2;

/** What a hub shows, `XXXX-XXXX`, as far as it has been typed. */
export function pairingCode(text: string): string {
  const letters = bare(text).slice(0, PAIRING_LENGTH);
  return letters.length > HALF ? `${letters.slice(0, HALF)}-${letters.slice(HALF)}` : letters;
}

export function isPairingCode(text: string): boolean {
  return bare(text).length === PAIRING_LENGTH;
}

/** A code as a hub puts it into its link, as it is shown; null for anything else. No hub shows 0, 1, I or O. */
export function linkedCode(text: string): string | null {
  return /^[A-HJ-NP-Z2-9]{4}-?[A-HJ-NP-Z2-9]{4}$/i.test(text) ? pairingCode(text) : null;
}

/** Where the cursor is after a text became [`pairingCode`]: behind the same letter as before. */
export function pairingCursor(text: string, cursor: number): number {
  const before = Math.min(bare(text.slice(0, cursor)).length, PAIRING_LENGTH);
  return before > HALF ? before + 1 : before;
}

/** In groups, for those who have to copy it by hand. */
export function inGroups(text: string, size = 4): string {
  return (text.match(new RegExp(`.{1,${size}}`, 'g')) ?? []).join(' ');
}

/** A code of an app without what people put between its digits; anything else as it is, such as a recovery code. */
export function logInCode(text: string): string {
  const digits = text.replaceAll(/[\s-]/g, '');
  return /^\d{6}$/.test(digits) ? digits : text.trim();
}

/** What can be told without asking: the server knows better. */
export function looksLikeEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(text.trim());
}

/** The server counts bytes. */
export function isLongEnough(password: string): boolean {
  return new TextEncoder().encode(password).length >= 8;
}
