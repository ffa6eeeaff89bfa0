/** The context key of calls that wait for a connection. */
import { type ContextKey, createContextKey } from '@connectrpc/connect'

/**
 * Whether a call waits for a connection instead of failing when connecting fails (gRPC Wait for Ready). Default: as set for the method in the
 * service config, else false.
 */
export const waitForReady: ContextKey<boolean | undefined> = createContextKey<boolean | undefined>(undefined, {
  description: 'wait for a connection rather than fail',
})
