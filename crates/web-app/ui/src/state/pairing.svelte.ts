import { linkedCode } from '../lib/codes';

const KEY = 'wattline.pairing';
/** No hub waits for longer. */
const GOOD_MS = 600_000;

/**
 * The code of a hub that waits, from the link that it shows. It leaves the address bar at once, and outlasts a log-in,
 * a provider's too, until somebody sees it. Nothing sends it by itself.
 */
class Pairing {
  code = $state<string | null>(null);

  constructor() {
    const opened = fromAddress();
    this.code = opened ?? recall();
    if (opened !== null) keep(opened);
  }

  /** It is on screen: opening the page again does not bring it back. */
  seen(): void {
    keep(null);
  }

  forget(): void {
    this.code = null;
    keep(null);
  }
}

function fromAddress(): string | null {
  if (!/^\/settings\/hubs\/?$/.test(location.pathname) || location.search === '') return null;
  const code = linkedCode(new URLSearchParams(location.search).get('code') ?? '');
  history.replaceState(null, '', location.pathname);
  return code;
}

function keep(code: string | null): void {
  try {
    if (code === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, `${Date.now()} ${code}`);
  } catch {
    // Without storage it lasts as long as the page.
  }
}

function recall(): string | null {
  try {
    const [at, code] = (sessionStorage.getItem(KEY) ?? '').split(' ');
    return Date.now() - Number(at) < GOOD_MS ? linkedCode(code ?? '') : null;
  } catch {
    return null;
  }
}

export const pairing = new Pairing();
