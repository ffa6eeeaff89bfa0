/** Errors of calls, for people. */
import { Code, ConnectError } from '@connectrpc/connect'

/** The name of a code as gRPC writes it: `INVALID_ARGUMENT`. */
export function codeName(code: Code): string {
  return (Code[code] ?? `CODE_${code}`).replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()
}

/** Code and message in one line. Anything that was thrown will do. */
export function errorText(reason: unknown): string {
  const { code, rawMessage } = ConnectError.from(reason)
  return rawMessage === '' ? codeName(code) : `${codeName(code)}: ${rawMessage}`
}
