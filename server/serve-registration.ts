/** Combines `--registry` and `--advertise` with the registrations that a program sets in code. */
import type { OptionValues } from './config/option-table.ts'
import type { RegistrationOptions } from './registry/registration-options.ts'
import { registrationOf } from './registry-engines.ts'
import type { ServeSettings } from './serve-options.ts'

/**
 * Returns the registrations of a server. The registries of the flag replace those in code, and the version of the program is a fact about
 * its instances. The advertised address holds for all.
 *
 * @throws RangeError for a registry that is not valid
 */
export async function serveRegistrations(
  { registration = [], version }: ServeSettings,
  { registry: urls, advertise }: OptionValues,
): Promise<readonly RegistrationOptions[]> {
  const fromFlags = await Promise.all(urls.map(registrationOf))
  const versioned = fromFlags.map((each) => ({ ...each, metadata: { ...(version && { version }), ...each.metadata } }))
  const chosen = urls.length > 0 ? versioned : [registration].flat()
  if (advertise === null) return chosen
  const { host, port } = advertise
  return chosen.map((each) => ({ ...each, host, ...(port !== undefined && { port }) }))
}
