/** Runs a user's `routes` function once, and keeps what it registered, so that every lane can mount it. */
import type { DescMethod, DescService } from '@bufbuild/protobuf'
import { type ConnectRouter, type ConnectRouterOptions, createConnectRouter } from '@connectrpc/connect'
import type { ProtocolSwitches } from './lane.ts'

/** What holds for every service of a router, whatever options a service has of its own. */
export interface RouterDefaults extends Pick<ConnectRouterOptions, 'interceptors' | 'requestGate'> {
  /** Protocols that are off whatever a service says. Default: none. */
  readonly switches?: ProtocolSwitches
}

/** What a `routes` function registered. */
export interface CollectedRoutes {
  /** The services of all registered methods, each once, in the order of their registration. */
  readonly services: readonly DescService[]
  /** Every method, by its request path, `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, DescMethod>
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
    methods: new Map(checked.handlers.map(({ requestPath, method }) => [requestPath, method])),
    mount(router, defaults) {
      for (const register of registrations) register(router, defaults)
    },
  }
}

/**
 * A service that has options of its own replaces those of the router in Connect, and gets every protocol. Here guards add up:
 * its interceptors and its gate run after those of the router, and a protocol that the router disables stays disabled.
 */
function mergeOptions(defaults: RouterDefaults, options: ServiceOptions | undefined): ServiceOptions {
  const requestGate = inOrder(defaults.requestGate, options?.requestGate)
  return {
    ...options,
    ...(requestGate === undefined ? {} : { requestGate }),
    interceptors: [...(defaults.interceptors ?? []), ...(options?.interceptors ?? [])],
    ...switchesOf(options, defaults.switches),
  }
}

/** Each switch of the router, off where either says so. */
export function switchesOf(options: object | undefined, switches: ProtocolSwitches = {}): ProtocolSwitches {
  const own = options as Readonly<Record<string, unknown>> | undefined
  return Object.fromEntries(Object.entries(switches).map(([name, isOn]) => [name, isOn && own?.[name] !== false]))
}

type RequestGate = NonNullable<ConnectRouterOptions['requestGate']>

/** The second gate sees no call that the first one refuses. */
function inOrder(first: RequestGate | undefined, second: RequestGate | undefined): RequestGate | undefined {
  if (first === undefined || second === undefined) return first ?? second
  return async (context) => {
    await first(context)
    await second(context)
  }
}
