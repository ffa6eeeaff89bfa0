/** Registers servers in the key-value store of NATS. */
import { readTls } from '../../client/node/tls/read-tls.ts'
import type { Registrar } from '../contracts/registrar.ts'
import { KeptRegistration } from '../registrar/kept-registration.ts'
import { NatsHold } from './nats-hold.ts'
import { type NatsRegistrarOptions, normalizeNatsRegistrarOptions } from './nats-options.ts'

/**
 * Creates a registrar that keeps instances in a bucket of NATS JetStream, which it creates if there is none. NATS must be 2.10 or later.
 *
 *     await serve({ routes, registration: { registrar: natsRegistrar({ servers: ['10.0.0.5:4222'] }), service: 'greeter' } })
 *
 * An instance is written again before it expires, so that it is gone after a crash, and is removed while its server is not healthy.
 *
 * @throws RangeError that names the option, its value and its range, or the file of `tls` that cannot be used
 */
export function natsRegistrar(options: NatsRegistrarOptions = {}): Registrar {
  const resolved = normalizeNatsRegistrarOptions(options)
  if (resolved.tls !== undefined) readTls(resolved.tls)
  return Object.freeze({
    name: 'nats',
    register(instance, context) {
      return new KeptRegistration(new NatsHold(instance, resolved, context), instance, context)
    },
  } satisfies Registrar)
}
