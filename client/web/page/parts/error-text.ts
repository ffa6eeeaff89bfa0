/** Errors of calls as text for people. */
import { Code, ConnectError } from '@connectrpc/connect'

/** Returns the name of a code as gRPC writes it: `INVALID_ARGUMENT`. */
export function codeName(code: Code): string {
  return (Code[code] ?? `CODE_${code}`).replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()
}

/** Returns code and message in one line, for any thrown value. */
export function errorText(reason: unknown): string {
  const { code, rawMessage } = ConnectError.from(reason)
  return rawMessage === '' ? codeName(code) : `${codeName(code)}: ${rawMessage}`
}
