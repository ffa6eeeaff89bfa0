/**
 * Adds health and reflection to the services of a user. They are ordinary services, and reflection shows itself too.
 */
import type { DescMethod, DescService, Registry } from '@bufbuild/protobuf'
import { Health } from '../gen/health/v1/health_pb.js'
import { type CollectedRoutes, collectRoutes, joinRoutes, registeredTwice } from './rpc/collect-routes.ts'
import type { Middleware } from './rpc/middleware.ts'
import { createHealthService } from './services/health/health-service.ts'
import type { HealthStatus } from './services/health/health-status.ts'
import { ReflectedTypes } from './services/reflection/descriptor-index.ts'
import { reflectionServicesOf } from './services/reflection/reflection-services.ts'

/** Whether to serve reflection: of all services, of none, or of those with these names or beginnings of names (`shop.v1.`). */
export type Reflected = boolean | readonly string[]

/** Which standard services to add. */
export interface StandardServices {
  /** Undefined for no health service. */
  readonly health: HealthStatus | undefined
  readonly reflection: Reflected
  /** Types that reflection shows in addition to those that services use. */
  readonly registry: Registry | undefined
  /** Those with services of their own, which are served after the user's. */
  readonly middleware: readonly Middleware[]
  /** Undefined for no console. */
  readonly console?: object | undefined
}

/**
 * What the plugins of one server serve under one prefix: each method once, and one health and one reflection service
 * for all.
 */
export class ServedRoutes {
  readonly #methods = new Map<string, DescMethod>()
  readonly #reflected = new ReflectedTypes()
  /** The services of plugins with a console: others have not agreed to be described. */
  readonly #described = new ReflectedTypes()
  #health: HealthStatus | undefined
  #hasReflection = false

  /** What the console shows: the same as reflection, or the services of all plugins that have it if there is no reflection. */
  get described(): ReflectedTypes {
    return this.#hasReflection ? this.#reflected : this.#described
  }

  /**
   * Returns the routes of a further plugin, with the standard services that no earlier plugin has added.
   *
   * @throws RangeError for a method that is already served
   */
  add(own: CollectedRoutes, { health, reflection, registry, middleware, console }: StandardServices): CollectedRoutes {
    const isNewHealth = health !== undefined && health !== this.#health
    if (isNewHealth && own.services.some(({ typeName }) => typeName === Health.typeName)) {
      throw registeredTwice(
        Health.method.check,
        'leave it out of routes, or turn off health (servesHealth of createApp)',
      )
    }
    const shown = isNewHealth ? joinRoutes(own, routesOfHealth(health)) : own
    const added = middleware.flatMap(({ services }) => services ?? [])
    const managing = added.map(({ routes, isVisibleTo }) => ({ ...collectRoutes(routes), isVisibleTo }))
    const routes = joinRoutes(shown, ...managing)
    this.#claim(routes)
    this.#health ??= health
    if (console !== undefined) {
      this.#described.add(shown.services, registry)
      for (const restricted of managing) this.#described.addRestricted(restricted)
    }
    if (reflection === false) return routes
    if (reflection === true) this.#reflected.add(shown.services, registry)
    else this.#reflected.add(reflectedOf(shown.services, reflection))
    for (const restricted of managing) this.#reflected.addRestricted(restricted)
    if (this.#hasReflection) return routes
    this.#hasReflection = true
    const reflecting = routesOfReflection(this.#reflected)
    this.#claim(reflecting)
    return joinRoutes(routes, reflecting)
  }

  #claim({ methods }: CollectedRoutes): void {
    for (const [path, method] of methods) if (this.#methods.has(path)) throw registeredTwice(method)
    for (const [path, method] of methods) this.#methods.set(path, method)
  }
}

const BY_SERVER = new WeakMap<object, Map<string, ServedRoutes>>()

/** Returns what is served on a server under a prefix. */
export function servedRoutesOf(server: object, prefix: string): ServedRoutes {
  const byPrefix = BY_SERVER.get(server) ?? new Map<string, ServedRoutes>()
  const served = byPrefix.get(prefix) ?? new ServedRoutes()
  BY_SERVER.set(server, byPrefix.set(prefix, served))
  return served
}

/** @throws RangeError for a name that fits no service: a list that hides too much is found at start */
function reflectedOf(services: readonly DescService[], names: readonly string[]): readonly DescService[] {
  const fits = (name: string, { typeName }: DescService) =>
    name.endsWith('.') ? typeName.startsWith(name) : typeName === name
  const unknown = names.filter((name) => !services.some((service) => fits(name, service)))
  if (unknown.length > 0)
    throw new RangeError(`portico: reflection of ${unknown.join(', ')}: no such service is served`)
  return services.filter((service) => names.some((name) => fits(name, service)))
}

function routesOfHealth(health: HealthStatus): CollectedRoutes {
  return collectRoutes((router) => router.service(Health, createHealthService(health)))
}

function routesOfReflection(types: ReflectedTypes): CollectedRoutes {
  return collectRoutes((router) => {
    for (const { service, implementation } of reflectionServicesOf(types)) router.service(service, implementation)
  })
}
