/** Finds servers whose protos state who may call, and that have nothing that enforces it. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { Middleware, PreparedServer } from '../rpc/middleware.ts'

/** The number of both extensions of portico/options/v1/options.proto. Comparing numbers loads no descriptor. */
const OPTION_NUMBER = 50_713

/** Logs a warning with the methods whose protos have options of authentication, if the server has no middleware `authenticate`. */
export function warnOfUnenforcedAuth(
  middleware: readonly Pick<Middleware, 'name'>[],
  { methods, log }: Pick<PreparedServer, 'methods' | 'log'>,
): void {
  if (middleware.some(({ name }) => name === 'authenticate')) return
  const unenforced = methods.filter(hasOption).map(({ parent, name }) => `${parent.typeName}/${name}`)
  if (unenforced.length === 0) return
  log.warn({ methods: unenforced }, 'protos state who may call, and there is no middleware authenticate to enforce it')
}

function hasOption({ proto, parent }: DescMethod): boolean {
  return [proto.options, parent.proto.options].some((options) =>
    options?.$unknown?.some(({ no }) => no === OPTION_NUMBER),
  )
}
