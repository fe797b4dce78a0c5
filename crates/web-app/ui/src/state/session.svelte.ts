import { ApiError, closeSession, currentSession, openSession, whenUnauthorised } from '../api/client';
import type { HouseholdRef, Session } from '../api/types';

type Status = 'checking' | 'in' | 'out' | 'failed';

const KEY = 'wattline.household';

class SessionState {
  status = $state<Status>('checking');
  session = $state.raw<Session | null>(null);
  #chosen = $state<string | null>(recall());

  /** The household on screen: the one chosen last, else the first. */
  household: HouseholdRef | null = $derived.by(() => {
    const all = this.session?.households ?? [];
    return all.find((h) => h.id === this.#chosen) ?? all[0] ?? null;
  });

  constructor() {
    whenUnauthorised(() => this.expire());
  }

  async check(): Promise<void> {
    this.status = 'checking';
    try {
      this.#enter(await currentSession());
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.expire();
      else this.status = 'failed';
    }
  }

  /** Asks whether the session still stands, without disturbing what is on screen. */
  async probe(): Promise<void> {
    try {
      this.session = await currentSession();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.expire();
    }
  }

  async logIn(email: string, password: string): Promise<void> {
    this.#enter(await openSession(email, password));
  }

  async logOut(): Promise<void> {
    try {
      await closeSession();
    } catch (error) {
      // An ended session is what was asked for; anything else must be seen.
      if (!(error instanceof ApiError && error.status === 401)) throw error;
    }
    this.expire();
  }

  /** Shows the log-in in place: the address stays, so that logging in leads back to it. */
  expire(): void {
    this.session = null;
    this.status = 'out';
  }

  choose(household: string): void {
    this.#chosen = household;
    try {
      localStorage.setItem(KEY, household);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  }

  #enter(session: Session): void {
    this.session = session;
    this.status = 'in';
  }
}

function recall(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export const session = new SessionState();
