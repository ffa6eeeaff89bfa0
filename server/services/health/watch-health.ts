/** Follows the health of a service for one client. */
import { Code, ConnectError } from '@connectrpc/connect'
import { HealthCheckResponse_ServingStatus as WireStatus } from '../../../gen/health/v1/health_pb.js'
import type { HealthStatus } from './health-status.ts'

/**
 * Yields the status of the service at once and after each change; SERVICE_UNKNOWN while it is not set. Nothing is
 * queued: a client that reads slowly gets the status at the time of reading.
 *
 * Only `signal` ends it, also while it waits. It then throws the signal's reason if that is a ConnectError (such as a
 * deadline), otherwise CANCELLED. From then on nothing is held, even if the generator is never resumed.
 */
export async function* watchHealth(
  health: HealthStatus,
  service: string,
  signal: AbortSignal,
): AsyncGenerator<{ status: WireStatus }, never> {
  let change = Promise.withResolvers<void>()
  const wake = () => change.resolve()
  const unwatch = health.watch(service, wake)
  const release = () => {
    unwatch()
    wake()
  }
  signal.addEventListener('abort', release)
  try {
    let sent: WireStatus | undefined
    while (!signal.aborted) {
      change = Promise.withResolvers()
      const status = wireStatusOf(health, service)
      if (status !== sent) {
        sent = status
        yield { status }
      }
      await change.promise
    }
    throw endOf(signal)
  } finally {
    signal.removeEventListener('abort', release)
    unwatch()
  }
}

function wireStatusOf(health: HealthStatus, service: string): WireStatus {
  return WireStatus[health.getStatus(service) ?? 'SERVICE_UNKNOWN']
}

function endOf(signal: AbortSignal): ConnectError {
  return signal.reason instanceof ConnectError ? signal.reason : new ConnectError('health watch ended', Code.Canceled)
}
