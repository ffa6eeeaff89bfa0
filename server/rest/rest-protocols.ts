/** REST as a list of protocols. */
import { createRestProtocols } from '../rpc/protocols/rest/calls/rest-protocol.ts'
import { resolveRestOptions } from '../rpc/protocols/rest/resolve-rest-options.ts'
import type { RestOptions } from '../rpc/protocols/rest/rest-options.ts'
import type { ServerProtocol } from '../rpc/protocols/server-protocol.ts'

/**
 * Creates the protocols that answer methods with `google.api.http` options by REST, for servers that list their protocols themselves, such
 * as those of `nodeHandler`:
 *
 *     nodeHandler({ routes, protocols: restProtocols() })
 *
 * Each server needs protocols of its own.
 *
 * @throws RangeError that names every invalid and every unknown option
 */
export function restProtocols(options: RestOptions = {}): readonly ServerProtocol[] {
  return createRestProtocols(resolveRestOptions(options))
}
