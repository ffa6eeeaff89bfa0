/** Runs a user's `routes` function once, and keeps what it registered, so that every lane can mount it. */
import type { DescService } from '@bufbuild/protobuf'
import { type ConnectRouter, type ConnectRouterOptions, createConnectRouter } from '@connectrpc/connect'

/** What holds for every service of a router, whatever options a service has of its own. */
export type RouterDefaults = Pick<ConnectRouterOptions, 'interceptors' | 'grpc' | 'grpcWeb' | 'connect'>

/** What a `routes` function registered. */
export interface CollectedRoutes {
  /** The services of all registered methods, each once, in the order of their registration. */
  readonly services: readonly DescService[]
  /** The request path of every method, `/package.Service/Method`. */
  readonly paths: readonly string[]
  /** Registers everything again, on a router that a lane serves. */
  mount(router: ConnectRouter, defaults: RouterDefaults): void
}

type Registration = (router: ConnectRouter, defaults: RouterDefaults) => void
type ServiceOptions = Partial<ConnectRouterOptions>

/** Collects; Connect's own checks (a method without implementation answers UNIMPLEMENTED, and so on) run as always. */
export function collectRoutes(routes: (router: ConnectRouter) => void): CollectedRoutes {
  const registrations: Registration[] = []
  const checked = createConnectRouter()
  const recorder: ConnectRouter = {
    handlers: checked.handlers,
    service(service, implementation, options) {
      checked.service(service, implementation, options)
      registrations.push((router, defaults) => {
        router.service(service, implementation, mergeOptions(defaults, options))
      })
      return recorder
    },
    rpc(method, implementation, options) {
      checked.rpc(method, implementation, options)
      registrations.push((router, defaults) => {
        router.rpc(method, implementation, mergeOptions(defaults, options))
      })
      return recorder
    },
  }
  routes(recorder)
  return {
    services: [...new Set(checked.handlers.map((handler) => handler.service))],
    paths: checked.handlers.map((handler) => handler.requestPath),
    mount(router, defaults) {
      for (const register of registrations) register(router, defaults)
    },
  }
}

/**
 * Upstream replaces all interceptors of a service that has options of its own, and enables every protocol for it. Here its
 * interceptors come after those of the router, and a protocol that the router disables stays disabled.
 */
function mergeOptions(defaults: RouterDefaults, options: ServiceOptions | undefined): ServiceOptions {
  return {
    ...options,
    interceptors: [...(defaults.interceptors ?? []), ...(options?.interceptors ?? [])],
    grpc: defaults.grpc !== false && options?.grpc !== false,
    grpcWeb: defaults.grpcWeb !== false && options?.grpcWeb !== false,
    connect: defaults.connect !== false && options?.connect !== false,
  }
}
