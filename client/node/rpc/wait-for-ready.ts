/** What a call that can wait for a connection says. */
import { type ContextKey, createContextKey } from '@connectrpc/connect'

/**
 * Whether a call waits for a connection rather than fail with the last attempt (gRPC Wait for Ready). Default: as the service
 * config says of the method, else false.
 */
export const waitForReady: ContextKey<boolean | undefined> = createContextKey<boolean | undefined>(undefined, {
  description: 'wait for a connection rather than fail',
})
