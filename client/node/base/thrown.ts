/** Reads what code that is not ours throws: anything at all. */
import { type Code, ConnectError } from '@connectrpc/connect'

/** The message of an error; anything else as text. Never throws. */
export function reasonOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown)
  } catch {
    return 'an error without text'
  }
}

/**
 * A `ConnectError` as it is; of anything else the reason, with the code that is given.
 *
 * @param prefix put before the reason
 */
export function connectErrorOf(thrown: unknown, code: Code, prefix = ''): ConnectError {
  if (thrown instanceof ConnectError) return thrown
  return new ConnectError(prefix + reasonOf(thrown), code, undefined, undefined, thrown)
}
