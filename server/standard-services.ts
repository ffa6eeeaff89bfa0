/** Puts health and reflection beside the services of a user: they are services like any other; reflection shows itself too. */
import { Health } from '../gen/health/v1/health_pb.js'
import { type CollectedRoutes, collectRoutes, joinRoutes } from './rpc/collect-routes.ts'
import { createHealthService } from './services/health/health-service.ts'
import type { HealthStatus } from './services/health/health-status.ts'
import { createReflectionServices } from './services/reflection/reflection-services.ts'

/** Which of them are served. */
export interface StandardServices {
  /** Undefined: no health. */
  readonly health: HealthStatus | undefined
  readonly hasReflection: boolean
}

/** Returns the routes with the standard services behind them. */
export function withStandardServices(
  own: CollectedRoutes,
  { health, hasReflection }: StandardServices,
): CollectedRoutes {
  const withHealth =
    health === undefined
      ? own
      : joinRoutes(
          own,
          collectRoutes((router) => router.service(Health, createHealthService(health))),
        )
  if (!hasReflection) return withHealth
  const reflection = collectRoutes((router) => {
    for (const { service, implementation } of createReflectionServices(withHealth.services)) {
      router.service(service, implementation)
    }
  })
  return joinRoutes(withHealth, reflection)
}
