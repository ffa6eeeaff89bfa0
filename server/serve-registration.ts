/** Combines `--registry` and `--advertise` with the registrations that a program sets in code. */

import type { RegistrarLog } from '../registry/contracts/registrar.ts'
import { systemClock } from '../wire/http2/http2.ts'
import type { OptionValues } from './config/option-table.ts'
import { normalizeRegistrations, type RegistrationOptions } from './registry/registration-options.ts'
import { registrationOf } from './registry-engines.ts'
import type { ServeSettings } from './serve-options.ts'
import { StartFailure } from './start-failure.ts'
import type { PrimaryLink, WorkerLink } from './workers/contracts/worker-link.ts'

/**
 * Returns the registrations of a server. The registries of the flag replace those in code, and the version of the program is a fact about
 * its instances. The advertised address holds for all. A worker registers by its primary.
 *
 * @throws StartFailure that names the flag, for a registry that is not valid, or whose packages are not installed
 */
export async function serveRegistrations(
  settings: ServeSettings,
  values: OptionValues,
  worker?: WorkerLink,
): Promise<readonly RegistrationOptions[]> {
  const registrations = await chosenRegistrations(settings, values)
  if (worker === undefined) return registrations
  const { workerRegistrar } = await import('./registry/worker-registrar.ts')
  return registrations.map((each, index) => ({ ...each, registrar: workerRegistrar(worker, each.registrar, index) }))
}

/**
 * Registers a server with workers, once for all of them.
 *
 * @returns removes the server from its registries
 * @throws as `serveRegistrations`, and RangeError for options in code that are not valid
 */
export async function registerByPrimary(
  link: PrimaryLink,
  {
    settings,
    values,
    log,
  }: { readonly settings: ServeSettings; readonly values: OptionValues; readonly log: RegistrarLog },
): Promise<() => Promise<void>> {
  const registrations = normalizeRegistrations('serve', await serveRegistrations(settings, values))
  const { servePrimaryRegistrations } = await import('./registry/primary-registrations.ts')
  return servePrimaryRegistrations(link, registrations, { clock: systemClock, random: Math.random, log })
}

async function chosenRegistrations(
  { registration = [], version }: ServeSettings,
  { registry: urls, advertise }: OptionValues,
): Promise<readonly RegistrationOptions[]> {
  const fromFlags = await Promise.all(urls.map(registrationOfFlag))
  const versioned = fromFlags.map((each) => ({ ...each, metadata: { ...(version && { version }), ...each.metadata } }))
  const chosen = urls.length > 0 ? versioned : [registration].flat()
  if (advertise === null) return chosen
  const { host, port } = advertise
  return chosen.map((each) => ({ ...each, host, ...(port !== undefined && { port }) }))
}

async function registrationOfFlag(url: string): Promise<RegistrationOptions> {
  try {
    return await registrationOf(url)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new StartFailure(`--registry: ${error.message}`, { cause: error })
  }
}
