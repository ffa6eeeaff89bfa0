/** Adds REST to the protocols of a lane whose methods need it. The others do not load its code. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { RestOptions } from '../rpc/protocols/rest/rest-options.ts'
import type { ServerProtocol } from '../rpc/protocols/server-protocol.ts'

/** The number of `google.api.http` among the extensions of method options (google/api/annotations.proto). */
const HTTP_OPTION = 72_295_728

/** What decides whether REST is needed. */
interface RestChoice {
  /** In the order in which they are tried. */
  readonly protocols: readonly ServerProtocol[]
  readonly rest: boolean | RestOptions
}

/**
 * Returns the protocols, with those of REST before the last one unless the program has listed some.
 *
 * @throws RangeError that names every invalid and every unknown option of REST
 */
export async function withRest(
  { protocols, rest }: RestChoice,
  methods: readonly DescMethod[],
): Promise<readonly ServerProtocol[]> {
  const isListed = protocols.some(({ option }) => option === 'rest')
  if (isListed || !needsRest(rest, methods)) return protocols
  const { restProtocols } = await import('./rest-protocols.ts')
  const own = restProtocols(typeof rest === 'object' ? rest : {})
  // The last one takes every request for the path of a method, which a binding may have, too.
  return [...protocols.slice(0, -1), ...own, ...protocols.slice(-1)]
}

/** Whether a method may have a binding. */
export function needsRest(rest: boolean | RestOptions, methods: readonly DescMethod[]): boolean {
  return typeof rest === 'object' || (rest && methods.some(hasHttpOption))
}

/** Options are kept with their numbers, so no code of the extension is needed to find one. */
function hasHttpOption({ proto }: DescMethod): boolean {
  return proto.options?.$unknown?.some(({ no }) => no === HTTP_OPTION) === true
}
