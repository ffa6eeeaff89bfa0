/** The standard health service, grpc.health.v1.Health, used by probes, load balancers and gRPC clients. */
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import { type Health, HealthCheckResponse_ServingStatus as WireStatus } from '../../../gen/health/v1/health_pb.js'
import { type HealthStatus, MAX_SERVICE_NAME_LENGTH } from './health-status.ts'
import { watchHealth } from './watch-health.ts'

/** The largest number of services that List returns (gRFC A90). */
const MAX_LISTED_SERVICES = 100

/**
 * Creates the service:
 * - Check: the status of a service, or NOT_FOUND if it is not set.
 * - Watch: the status at once and after each change; SERVICE_UNKNOWN while it is not set. See `watchHealth`.
 * - List: all services that are set, or RESOURCE_EXHAUSTED if there are more than 100.
 */
export function createHealthService(health: HealthStatus): ServiceImpl<typeof Health> {
  return {
    check(request) {
      const status = health.getStatus(request.service)
      if (status === undefined) throw new ConnectError('unknown service', Code.NotFound)
      return { status: WireStatus[status] }
    },
    watch(request, context) {
      if (request.service.length > MAX_SERVICE_NAME_LENGTH) {
        throw new ConnectError(
          `service name is longer than ${MAX_SERVICE_NAME_LENGTH} characters`,
          Code.InvalidArgument,
        )
      }
      return watchHealth(health, request.service, context.signal)
    },
    list() {
      const statuses = health.listStatuses()
      if (statuses.size > MAX_LISTED_SERVICES) {
        throw new ConnectError(`more than ${MAX_LISTED_SERVICES} services`, Code.ResourceExhausted)
      }
      return {
        statuses: Object.fromEntries(
          [...statuses].map(([service, status]) => [service, { status: WireStatus[status] }]),
        ),
      }
    },
  }
}
