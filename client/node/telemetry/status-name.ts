/** The names of codes as gRPC writes them. */
import { Code, type ConnectError } from '@connectrpc/connect'

/** `OK`, `CANCELLED`, `DEADLINE_EXCEEDED`, ... by code. Connect spells one of them otherwise. */
const NAMES: ReadonlyMap<Code, string> = new Map(
  Object.values(Code)
    .filter((code) => typeof code === 'number')
    .map((code) => [code, code === Code.Canceled ? 'CANCELLED' : toSnakeCase(Code[code])]),
)

/** How a call or an attempt ended; null: it went well. */
export function statusName(error: ConnectError | null): string {
  return error === null ? 'OK' : (NAMES.get(error.code) ?? 'UNKNOWN')
}

function toSnakeCase(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, '_$&').toUpperCase()
}
