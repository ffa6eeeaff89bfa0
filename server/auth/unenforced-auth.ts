/** Finds servers whose protos state who may call, and that have nothing that enforces it. */
import type { DescMethod } from '@bufbuild/protobuf'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import type { Middleware, PreparedServer } from '../rpc/middleware.ts'

/**
 * The number of both extensions of portico/options/v1/options.proto, and that of `auth` in their messages. Comparing numbers loads no
 * descriptor.
 */
const OPTION_NUMBER = 50_713
const AUTH_NUMBER = 1

/** Logs a warning with the methods whose protos have options of authentication, if the server has no middleware `authenticate`. */
export function warnOfUnenforcedAuth(
  middleware: readonly Pick<Middleware, 'name'>[],
  { methods, log }: Pick<PreparedServer, 'methods' | 'log'>,
): void {
  if (middleware.some(({ name }) => name === 'authenticate')) return
  const unenforced = methods.filter(hasAuth).map(({ parent, name }) => `${parent.typeName}/${name}`)
  if (unenforced.length === 0) return
  log.warn({ methods: unenforced }, 'protos state who may call, and there is no middleware authenticate to enforce it')
}

function hasAuth({ proto, parent }: DescMethod): boolean {
  return [proto.options, parent.proto.options].some((options) =>
    options?.$unknown?.some(({ no, data }) => no === OPTION_NUMBER && hasField(data, AUTH_NUMBER)),
  )
}

/** Whether a field is set in a message, which its length precedes. */
function hasField(data: Uint8Array, number: number): boolean {
  const reader = new BinaryReader(data)
  reader.uint32()
  while (reader.pos < reader.len) {
    const [no, wireType] = reader.tag()
    if (no === number) return true
    reader.skip(wireType, no)
  }
  return false
}
