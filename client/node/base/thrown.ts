/** Reads values that foreign code throws, which may be anything. */
import { type Code, ConnectError } from '@connectrpc/connect'

/** Returns the message of an error, or any other value as text. Never throws. */
export function reasonOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown)
  } catch {
    return 'an error without text'
  }
}

/**
 * Returns a `ConnectError` unchanged, and wraps any other value with the given code.
 *
 * @param prefix text before the reason
 */
export function connectErrorOf(thrown: unknown, code: Code, prefix = ''): ConnectError {
  if (thrown instanceof ConnectError) return thrown
  return new ConnectError(prefix + reasonOf(thrown), code, undefined, undefined, thrown)
}
