import type { AuditEntry, Role } from '../../../api/types';
import { m } from '../../../i18n/people';

const ROLES = ['owner', 'member', 'guest'] as const;

function roleIn(text: string): Role | null {
  return ROLES.find((role) => role === text) ?? null;
}

/** "ada@example.org: guest" is somebody and what they are; ": guest" is somebody whose name is not known any more. */
function partsOf(about: string, nameless: string): { whom: string; role: string } {
  const at = about.lastIndexOf(': ');
  const role = roleIn(about.slice(at + 2));
  if (at < 0 || role === null) return { whom: about, role: m.audit.something };
  return { whom: about.slice(0, at) || nameless, role: m.audit.roles[role] };
}

/** Who did what, in a sentence. */
export function auditSentence({ by, by_name: name, action, about }: Pick<AuditEntry, 'by' | 'by_name' | 'action' | 'about'>): string {
  const who = name ?? (by === null ? m.audit.nobody : m.audit.gone);
  const say = m.audit.sentences;
  // Once an invitation is accepted or over its address is forgotten.
  const { whom, role } = partsOf(about, action === 'member_invited' ? m.audit.somebody : m.audit.goneWhom);
  switch (action) {
    case 'member_invited':
    case 'member_changed':
      return say[action](who, whom, role);
    case 'member_joined': {
      const its = roleIn(about);
      return say.member_joined(who, its === null ? m.audit.something : m.audit.roles[its]);
    }
    case 'settings_changed':
    case 'member_left':
    case 'archive_taken':
      return say[action](who);
    case 'invitation_withdrawn':
      return say.invitation_withdrawn(who, about || m.audit.somebody);
    case 'member_removed':
      return say.member_removed(who, about || m.audit.goneWhom);
    case 'household_founded':
    case 'hub_labelled':
    case 'hub_added':
    case 'hub_released':
    case 'token_made':
    case 'token_deleted':
      return say[action](who, about);
    default:
      // A newer server may write down what this page has no sentence for.
      return say.other(who, `${String(action).replaceAll('_', ' ')} ${about}`.trim());
  }
}
