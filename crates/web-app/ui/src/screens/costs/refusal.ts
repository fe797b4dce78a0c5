import { m } from '../../i18n/costs';

/** What to say beside a field of a tariff that the service refused although nothing was found wrong with it here. */
export function tariffRefusal(field: string): string {
  const { faults } = m.costs;
  switch (field.replace(/^bands\[\d+\]\./, '')) {
    case 'name':
      return faults.name;
    case 'price_n':
    case 'feed_in_n':
      return faults.price;
    case 'standing_n':
      return faults.standing;
    case 'days':
      return faults.noDays;
    default:
      return m.app.refused;
  }
}

/** The same where no field of the form is for it; `path` is the tariff in the form. */
export function tariffStray(field: string, path: string): string {
  if (field === `${path}.bands`) return m.app.refusedIn(m.costs.prices);
  if (field === `${path}.standing_per`) return m.app.refusedIn(m.costs.standingPer);
  return field.startsWith('tariffs') ? m.app.refusedIn(m.costs.tariffs) : m.app.notAccepted;
}
