/** The names of methods and codes in gRPC's spelling. */
import type { DescMethod } from '@bufbuild/protobuf'
import { Code, type ConnectError } from '@connectrpc/connect'

/** `OK`, `CANCELLED`, `DEADLINE_EXCEEDED`, ... by code. Connect spells one of them otherwise. */
const NAMES: ReadonlyMap<Code, string> = new Map(
  Object.values(Code)
    .filter((code) => typeof code === 'number')
    .map((code) => [code, code === Code.Canceled ? 'CANCELLED' : toSnakeCase(Code[code])]),
)

/** Returns the status name of a call or an attempt. `error` is null for OK. */
export function statusName(error: ConnectError | null): string {
  return error === null ? 'OK' : (NAMES.get(error.code) ?? 'UNKNOWN')
}

/** Returns `package.Service/Method`; undefined without a method. */
export function methodName(method: DescMethod | undefined): string | undefined {
  return method === undefined ? undefined : `${method.parent.typeName}/${method.name}`
}

function toSnakeCase(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, '_$&').toUpperCase()
}
