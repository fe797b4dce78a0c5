import { tick } from 'svelte';
import { ApiError } from '../api/client';
import { m } from '../i18n';
import { explain } from './explain';
import { referred, type Why } from './why';

/** Sentences for refusals, by `status field` or only by status. The server's own are in English, and for programs. */
export type Refusals = Record<string, string>;

/** A form on its way to the server: busy or not, what is wrong beside which field, and what became of it. */
export class Form {
  busy = $state(false);
  error = $state.raw<Why>('');
  done = $state('');
  faults = $state.raw<Record<string, string>>({});
  element = $state<HTMLFormElement>();

  /** `faults` are those seen without asking, by field; an empty sentence is none. With any of them nothing is sent. */
  async send(event: SubmitEvent, faults: Record<string, string>, work: () => Promise<void>, refusals: Refusals = {}): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    this.clear();
    this.faults = faults;
    if (Object.values(faults).some((fault) => fault !== '')) return this.#focusFault();
    this.busy = true;
    try {
      await work();
    } catch (cause) {
      this.refuse(cause, refusals);
    }
    this.busy = false;
  }

  /** Says why it was refused: beside the field it is about, where that is known. */
  refuse(cause: unknown, refusals: Refusals): void {
    const { status, problem } = cause instanceof ApiError ? cause : { status: 0, problem: {} };
    const beside = refusals[`${status} ${problem.field}`];
    if (beside !== undefined && problem.field) {
      this.faults = { [problem.field]: beside };
      void this.#focusFault();
    } else {
      const sentence = refusals[String(status)] ?? (status === 422 ? m.app.notAccepted : undefined);
      this.error = sentence === undefined ? explain(cause) : referred(sentence, cause);
    }
  }

  clear(): void {
    this.error = this.done = '';
    this.faults = {};
  }

  of(field: string): string {
    return this.faults[field] ?? '';
  }

  async #focusFault(): Promise<void> {
    await tick();
    this.element?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }
}
